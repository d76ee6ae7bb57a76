"""Install the lowest versions that setup.cfg declares into a temporary environment, and run a quick part of the tests.

``python tests/project/lowest_versions.py``, or ``make check``. A bound that is not true fails here.
"""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What the tests themselves need, and no version of ours depends on.
TOOLS = ("pytest>=8", "pytest-timeout", "hypothesis>=6.100", "packaging")
#: A test file for each library that we depend on, and those of files and commands.
QUICK = (
    "test_files",
    "test_reservoir",
    "test_graph",
    "test_graphs",
    "test_spiking_h5",
    "test_image_folder",
    "test_spec",
    "test_spike_trains",
    "test_conformance",
    "test_torch_engine",
    "test_surrogates",
    "test_centrality",
    "test_transformer",
    "test_search",
    "test_parallel",
    "test_figures",
    "test_commands",
    "test_bad_input",
)
#: PyTorch without gigabytes of CUDA; where this index is out of reach, the tests that need it are skipped with the reason.
CPU_TORCH = ("--retries", "1", "--timeout", "15", "--index-url", "https://download.pytorch.org/whl/cpu")
#: Old libraries and the newest of what they themselves depend on warn of each other.
QUIET = ("-W", "ignore::DeprecationWarning")


def lowest(requirements: str) -> list[str]:
    """The requirements that hold for this Python, with ``==`` for ``>=`` and no upper bounds.

    >>> lowest('scipy>=1.15')
    ['scipy==1.15']
    """
    from packaging.requirements import Requirement

    found = []
    for line in requirements.splitlines():
        text = line.partition("#")[0].strip()
        if not text:
            continue
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate():
            (bound,) = (one.version for one in wanted.specifier if one.operator == ">=")
            found.append(f"{wanted.name}=={bound}")
    return found


def main() -> int:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    pins = lowest(config["options"]["install_requires"])
    print("lowest versions:", ", ".join(pins), flush=True)
    with tempfile.TemporaryDirectory(prefix="hrsnn-lowest-") as folder:
        venv.create(Path(folder) / "venv", with_pip=True)
        python = str(Path(folder) / "venv" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", *pins, *TOOLS], check=True)
        extra = lowest(config["options.extras_require"]["torch"])
        only = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": ""}
        command = [python, "-m", "pip", "install", "--quiet", *CPU_TORCH, *extra]
        if subprocess.run(command, env=only, check=False).returncode:
            print(f"{', '.join(extra)} cannot be installed here: its tests are skipped", flush=True)
        # a cache of its own: kernels of another Numba must not be read, nor left behind
        environment = {**os.environ, "XDG_CACHE_HOME": str(Path(folder) / "cache"), "MPLBACKEND": "Agg"}
        tests = [str(path) for name in QUICK for path in (ROOT / "tests").rglob(f"{name}.py")]
        command = [python, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *QUIET, *tests]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
