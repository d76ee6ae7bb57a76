"""The API reference has every public name once, and what it shows is complete; all read from the files, without Sphinx."""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from pathlib import Path

import pytest
from test_docs import FOLDERS, PAGES, ROOT, snippets

DOCS = ROOT / "docs"
PUBLIC = re.compile(r"^```\{public\} (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Pages with entries; the index lists them.
REFERENCE = sorted(path for path in (DOCS / "api").glob("*.md") if path.stem != "index")
PACKAGES = {
    ".".join([package, *path.parent.relative_to(ROOT / folder).parts]): path
    for folder, package in FOLDERS.items()
    for path in sorted((ROOT / folder).rglob("__init__.py"))
}
#: A definition: a module and a name in it.
Definition = tuple[str, str]


@functools.cache
def tree(module: str) -> ast.Module:
    _, *parts = module.split(".")
    inside = bool(parts) and parts[0] in FOLDERS  # `hrsnn.networks` is a folder beside `hrsnn`
    path = ROOT.joinpath(*parts) if inside else ROOT.joinpath("hrsnn", *parts)
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


@functools.cache
def names_in(module: str) -> dict[str, ast.stmt]:
    """The statements at the top of a module by the names that they define or import, also for type checkers only."""
    found: dict[str, ast.stmt] = {}
    body = tree(module).body
    for node in [*body, *(one for part in body if isinstance(part, ast.If) for one in part.body)]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.ImportFrom):
            found.update((alias.asname or alias.name, node) for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update((one.id, node) for one in targets if isinstance(one, ast.Name))
    return found


def defined(module: str, name: str) -> Definition:
    """Where a name of a module is defined."""
    node = names_in(module)[name]
    if isinstance(node, ast.ImportFrom):
        assert node.module is not None
        return defined(node.module, next(one.name for one in node.names if (one.asname or one.name) == name))
    return module, name


def entries(page: Path) -> list[Definition]:
    """What a page of the reference shows."""
    found = PUBLIC.findall(page.read_text(encoding="utf-8"))
    return [defined(package, name) for package, names in found for name in names.split()]


def exported() -> set[Definition]:
    """What the packages export by ``__all__``."""
    found = set()
    for package in PACKAGES:
        if "__all__" in names_in(package):
            names = ast.literal_eval(names_in(package)["__all__"].value)  # type: ignore[attr-defined]
            found |= {defined(package, name) for name in names}
    return found


@functools.cache
def shown() -> Counter[Definition]:
    """How often the pages of the reference show each definition."""
    return Counter(definition for page in REFERENCE for definition in entries(page))


def test_every_public_name_is_on_one_page() -> None:
    assert len(exported()) > 300
    assert exported() - set(shown()) == set()
    assert {definition for definition, count in shown().items() if count > 1} == set()


@pytest.mark.parametrize("page", [page for page in PAGES if snippets(page).strip()], ids=lambda page: page.name)
def test_what_the_manual_imports_is_in_the_reference(page: Path) -> None:
    imports = [node for node in ast.walk(ast.parse(snippets(page))) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imports if (node.module or "").partition(".")[0] == "hrsnn"]
    named = {(node.module or "", alias.name) for node in ours for alias in node.names}
    values = {(module, name) for module, name in named if f"{module}.{name}" not in PACKAGES}
    assert {definition for definition in values if defined(*definition) not in shown()} == set()


@pytest.mark.parametrize("page", REFERENCE, ids=lambda page: page.stem)
def test_entries_of_a_page_are_complete(page: Path) -> None:
    """A sentence on the page, for each entry a summary, for each function an example; an example on every page."""
    title, _, purpose, *_ = page.read_text(encoding="utf-8").splitlines()
    assert title.startswith("# ")
    assert purpose.count(".") > 0
    lacking, examples = [], 0
    for module, name in entries(page):
        node = names_in(module)[name]
        if isinstance(node, ast.FunctionDef | ast.ClassDef):  # the others are values, which a comment describes
            text = ast.get_docstring(node) or ""
            examples += ">>> " in text
            summarised = text.partition("\n\n")[0].endswith((".", ":"))
            lacking += [] if summarised else [f"{module}.{name}: a summary"]
            lacking += [f"{module}.{name}: an example"] if isinstance(node, ast.FunctionDef) and ">>> " not in text else []
    assert lacking == []
    assert examples > 0


def pages_of(index: Path) -> list[str]:
    """The pages in the tables of contents of a page."""
    blocks = TOCTREE.findall(index.read_text(encoding="utf-8"))
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith(":")]


def test_every_page_of_the_reference_is_in_its_index() -> None:
    assert sorted(pages_of(DOCS / "api" / "index.md")) == [page.stem for page in REFERENCE]


def test_the_site_and_the_list_on_github_have_the_same_pages() -> None:
    listed = re.findall(r"^\| \[[^]]*\]\(([^)]+)\.md\)", (DOCS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    # pages that are made of scripts or of files outside docs, and one whose name the site has for something else
    elsewhere, renamed = ["auto_gallery/index", "changelog", "contributing"], {"searching": "search"}
    assert listed == [renamed.get(page, page) for page in pages_of(DOCS / "index.md") if page not in elsewhere]
