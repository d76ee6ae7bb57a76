"""The shape of the project: which way imports point, and what no file does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Each folder may import itself and what stands before it.
LAYERS = ("hrsnn", "analysis", "networks", "scripts")
FILES = sorted(path.relative_to(ROOT) for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Dotted names of all modules that the file imports, at any depth of its code."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            # `from hrsnn import analysis` names the layer only in its list of names
            yield from (f"{node.module}.{name.name}" for name in node.names)


def layer_of(module: str) -> str:
    """The folder that a module of this project is in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS[1:] else parts[0]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_point_from_commands_to_simulator(path: Path) -> None:
    if path == Path("hrsnn/__main__.py"):
        pytest.skip("the entry point hands over to the commands")
    allowed = LAYERS[: LAYERS.index(path.parts[0]) + 1]
    ours = {layer_of(name) for name in imported(path) if layer_of(name) in LAYERS}
    assert ours <= set(allowed), f"{path} imports from {sorted(ours - set(allowed))}"


def test_brian2_is_imported_in_one_file() -> None:
    importers = {path for path in FILES if any(name.split(".")[0] == "brian2" for name in imported(path))}
    assert len(importers) == 1, importers
    assert importers.pop().parent == Path("hrsnn/engines/brian")


def test_nothing_is_pickled() -> None:
    picklers = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
    assert {path for path in FILES for name in imported(path) if name.split(".")[0] in picklers} == set()


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert {path for path in FILES if path.stem in {"util", "utils", "helper", "helpers", "misc", "common"}} == set()
