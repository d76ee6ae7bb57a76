"""Every example in a docstring and on a page runs, and shows what it says."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import itertools
import os
import re
import shlex
from pathlib import Path

import pytest
from forks import Forks

from hrsnn import scripts
from hrsnn.engines.nest.quiet_import import import_nest
from hrsnn.scripts import engines
from hrsnn.scripts.cli.command import options_of

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"hrsnn": "hrsnn", "networks": "hrsnn.networks", "analysis": "hrsnn.analysis", "scripts": "hrsnn.scripts"}
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
#: What the snippets of a page print, where the page shows it.
OUTPUT = re.compile(r"^```output\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def modules() -> list[str]:
    """Dotted names of all modules, from the files: in a checkout, walking the packages does not end."""
    names = []
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            names.append(".".join([package, *(part for part in parts if part != "__init__")]))
    return names


#: Packages and pages that need an extra.
NEEDS = {
    "torch": (
        *(
            "hrsnn.training",
            "hrsnn.engines.torch.",
            "hrsnn.deep",
            "hrsnn.simulation.population",
            "hrsnn.analysis.protocols.gradient",
        ),
        *("training.md", "populations.md", "deep.md", "robust.md"),
    ),
    "nest": ("hrsnn.engines.nest.", "hrsnn.exchange.nest", "exchange.md"),
    "nir": ("hrsnn.exchange.nir", "exchange.md"),
    "neo": ("hrsnn.exchange.neo", "exchange.md"),
    "sage": ("hrsnn.search.importance",),
    "pandas": ("hrsnn.exchange.tables", "exchange.md", "connectomes.md"),
}


def skip_without_extra(name: str) -> None:
    for library, needing in NEEDS.items():
        if name.startswith(needing):
            if library == "nest" and importlib.util.find_spec("nest"):
                import_nest()  # by itself it shares symbols with NetworKit, and Python aborts at its end
            pytest.importorskip(library, reason=f"{library} (the extra of that name) is not installed")


@pytest.mark.parametrize("name", modules())
def test_docstring_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without_extra(name)
    monkeypatch.chdir(tmp_path)
    if name.startswith("hrsnn.engines.brian"):  # examples with networks that Brian2 would compile for half a minute
        import brian2

        from hrsnn.engines.brian import session

        monkeypatch.setattr(session, "compiler_works", lambda: False)
        monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    report: list[str] = []
    for test in doctest.DocTestFinder().find(importlib.import_module(name)):
        runner.run(test, out=report.append)
    assert runner.failures == 0, "".join(report)


def snippets(page: Path) -> str:
    """All Python of a page, each line where it stands on the page; a page may show several whole files."""
    lines, inside = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = line == "```python"
        code = inside and line != "```python" and not line.startswith("from __future__")
        lines.append(line if code else "")
    return "\n".join(lines)


def commands() -> list[list[str]]:
    """All command lines ``hrsnn VERB ...`` in the shell blocks of the pages."""
    blocks = [block for page in PAGES for block in SHELL.findall(page.read_text(encoding="utf-8"))]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    split = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    cut = [list(itertools.takewhile(lambda word: word not in {"|", ">", "&&", ";"}, words)) for words in split]
    given = [words[1:] for words in cut if len(words) > 1 and words[0] == "hrsnn"]
    # a verb may have two words
    two = [" ".join(words[:2]) in scripts.COMMANDS for words in given]
    return [[" ".join(words[:2]), *words[2:]] if both else words for words, both in zip(given, two, strict=True)]


#: Pages whose examples take more than five seconds: those of the others run in every test run.
LONG_PAGES = ("equations.md", "estimators.md", "deep.md", "pruning.md", "training.md", "robust.md")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.name, marks=[pytest.mark.long] * (page.name in LONG_PAGES))
        for page in PAGES
        if snippets(page).strip()
    ],
)
def test_page_snippets(page: Path, tmp_path: Path, forks: Forks) -> None:
    skip_without_extra(page.name)
    # in a process of its own: a page may set global preferences of a library
    done = forks.run(["-c", snippets(page)], tmp_path, {**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, f"{page.name}\n{done.stderr}"
    shown = OUTPUT.findall(page.read_text(encoding="utf-8"))
    if shown:  # words as on the page, numbers within 3 %: libraries differ in their last bits, and so do scores
        said, wanted = done.stdout.split(), "".join(shown).split()
        assert len(said) == len(wanted), f"{page.name}\n{done.stdout}"
        assert [one for one in zip(said, wanted, strict=True) if not same_word(*one)] == [], page.name


def same_word(said: str, wanted: str) -> bool:
    """Whether two words are equal, or numbers that differ by less than 3 %.

    >>> same_word("0.81", "0.8"), same_word("0.9", "0.8"), same_word("network:", "bank:")
    (True, False, False)
    """
    try:
        return float(said) == pytest.approx(float(wanted), rel=0.03)
    except ValueError:
        return said == wanted


@pytest.mark.long
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if re.search(r"^class Test", snippets(page), re.MULTILINE)],
    ids=lambda page: page.name,
)
def test_the_entries_of_a_page_pass_the_tests_on_the_page(page: Path, tmp_path: Path, forks: Forks) -> None:
    (tmp_path / "test_page.py").write_text(snippets(page), encoding="utf-8")
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"]
    done = forks.run(command, tmp_path, {**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, f"{page.name}\n{done.stdout}"


def test_the_tables_of_engines_are_made_from_the_declarations(tmp_path: Path) -> None:
    page, copy = ROOT / "docs" / "engines.md", tmp_path / "engines.md"
    copy.write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
    engines.renew(copy)
    assert copy.read_text(encoding="utf-8") == page.read_text(encoding="utf-8"), (
        "renew it: python scripts/engines.py --page docs/engines.md"
    )


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_page_commands_exist(words: list[str]) -> None:
    verb, *options = words
    if verb.startswith("-"):
        assert verb in ("--help", "--version")
    elif "--help" not in options:
        options_of(scripts.find(verb), options, f"hrsnn {verb}")
