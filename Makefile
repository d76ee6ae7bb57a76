# Two commands from a fresh clone, with nothing but Python 3.11 or newer: `make demo` and `make test`.
# `make check` has the slow jobs: run it before a release.
# Another Python or folder: make test PYTHON=python3.12 VENV=.venv312

PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python
INSTALLED = $(VENV)/.installed
# On Linux the PyTorch of PyPI brings gigabytes of CUDA. First a wheel that this machine offers to pip (find-links), then the
# index of builds for processors, alone; without both, pip takes what it finds
LOCAL_TORCH = --no-index --no-deps 'torch>=2.6'
CPU_ONLY = PIP_CONFIG_FILE=/dev/null PIP_EXTRA_INDEX_URL=
CPU_TORCH = --retries 1 --timeout 15 --index-url https://download.pytorch.org/whl/cpu 'torch>=2.6'

.PHONY: demo test check docs long properties lowest newest pythons audit wheel page kills stops disks bombs damage soak fuzz put-back lint typecheck
.PHONY: lock release bench-rivals clean

demo: $(INSTALLED)
	$(VENV)/bin/hrsnn demo

# Three processes, since some tests wait for others of their own, each with whole files: fixtures of a file are made once.
# Files are in the order of tests/conftest.py, those of long tests first
test: lint
	@start=$$(date +%s); \
	$(RUN) -m pytest -m "not long" --numprocesses 3 --dist loadfile --no-loadscope-reorder --durations 10 --durations-min 1; status=$$?; \
	seconds=$$(($$(date +%s) - start)); echo "make test took $$((seconds / 60)) min $$((seconds % 60)) s"; exit $$status

check: test properties docs long lowest wheel page kills stops disks bombs damage

# The site in build/docs, where a warning is an error; then every link between its pages, and every anchor
DOCS = $(VENV)/.docs
docs: $(INSTALLED) $(DOCS)
	$(RUN) -m sphinx -W --keep-going -q --jobs auto docs build/docs
	$(RUN) tests/project/site_links.py build/docs

$(DOCS): setup.cfg
	$(RUN) -m pip install --quiet --editable '.[docs]'
	@touch $@

# Tests of half a minute or more. Other simulators of the same files are installed in a folder of their own, without what they
# need: Norse would replace PyTorch. Where they cannot be had, their tests are skipped with the reason
RIVALS = $(VENV)/rivals
long: $(INSTALLED) $(RIVALS)
	$(RUN) -m pytest -m long

$(RIVALS):
	$(RUN) -m pip install --quiet --no-deps --target $@ snntorch norse nir nirtorch libsonata || true

# New examples for every test of a property: `make test` repeats the same ones
properties: $(INSTALLED)
	HYPOTHESIS_PROFILE=random $(RUN) -m pytest -m "hypothesis and not long" --numprocesses 2

# The lowest versions that setup.cfg declares, in an environment of their own
lowest: $(INSTALLED)
	$(RUN) tests/project/lowest_versions.py

# The newest versions that it allows, and the same with other Pythons: make pythons PYTHONS="python3.12 python3.13"
PYTHONS ?= python3.11 python3.12 python3.13
newest: $(INSTALLED)
	$(RUN) tests/project/newest_versions.py

pythons: $(INSTALLED)
	$(RUN) tests/project/newest_versions.py --python $(PYTHONS)

# Known vulnerabilities of what is installed; asks the database of PyPI over the network. The tool has a folder of its own
AUDIT = $(VENV)/audit
audit: $(INSTALLED)
	@test -d $(AUDIT) || $(RUN) -m pip install --quiet --target $(AUDIT) pip-audit
	PYTHONPATH=$(AUDIT) $(RUN) tests/project/audit.py

# The plain wheel, without extras, in an environment of its own: every command
wheel: $(INSTALLED)
	$(RUN) tests/project/plain_wheel.py

# The page of `hrsnn report`, clicked through in Chromium where there is one (Debian: chromium, chromium-driver)
page: $(INSTALLED)
	$(RUN) -m pytest tests/scripts/test_report_page.py

# 200 kills -9 of each command that goes on where it was, and 4 of each recipe
kills: $(INSTALLED)
	$(RUN) tests/faults/kill_harness.py --kills 200
	$(RUN) tests/faults/kill_harness.py --recipes --kills 4

# Ctrl-C at 50 moments
stops: $(INSTALLED)
	$(RUN) -m pytest tests/faults/test_stopping.py -k random_moments --moments 50

# Disks that are full, read-only, slow or without locks, clocks set back, two runs in one folder (Linux, with user namespaces)
disks: $(INSTALLED)
	$(RUN) tests/faults/disk_harness.py

# Small files that would unpack to gigabytes, each within 1 GB and a second
bombs: $(INSTALLED)
	$(RUN) tests/faults/bombs.py

# Mixed work in one process: memory, files, threads and temporary files in time, as a table and a picture
soak: $(INSTALLED)
	$(RUN) tests/faults/soak.py --minutes $(MINUTES)

damage: $(INSTALLED)
	$(RUN) tests/faults/damage_harness.py --cases 1000

# Odd input for everything, for as long as there is time: make fuzz MINUTES=60 SEED=3
MINUTES ?= 10
SEED ?= 0
fuzz: $(INSTALLED)
	$(RUN) tests/fuzz/run.py --minutes $(MINUTES) --seed $(SEED)

# Repaired faults, put back one at a time: each must be found
put-back: $(INSTALLED)
	$(RUN) tests/fuzz/put_back.py --minutes $(MINUTES)

lint: $(INSTALLED)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

typecheck: $(INSTALLED)
	$(RUN) -m pytest tests/project/test_types.py

# Versions of all libraries as they are installed, into requirements/: after `make test` has passed with them
lock: $(INSTALLED)
	$(RUN) tests/project/tested_versions.py

# Source distribution and wheel in dist/, checked, with the message of the tag; nothing is uploaded or tagged
release: $(INSTALLED)
	$(RUN) tests/project/release.py

# Speed beside snnTorch and Norse, in a folder of their own: they bring packages that this one does not need
bench-rivals: $(INSTALLED) $(RIVALS)
	PYTHONPATH=$(RIVALS) $(RUN) benchmarks/torch_rivals.py

$(INSTALLED): setup.cfg pyproject.toml
	@test -x $(RUN) || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'hrsnn needs Python 3.11 or newer, and "$(PYTHON)" is none; name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(RUN) -c 'import torch' 2>/dev/null || $(RUN) -m pip install --quiet $(LOCAL_TORCH) 2>/dev/null || \
		$(CPU_ONLY) $(RUN) -m pip install --quiet $(CPU_TORCH) 2>/dev/null || true
	$(RUN) -m pip install --quiet --editable '.[test]'
	@touch $@

clean:
	rm -rf .venv* build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find hrsnn networks analysis scripts tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
