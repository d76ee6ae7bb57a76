"""The shape of the project: which way imports point, and what no file does."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Each folder may import itself and what stands before it.
LAYERS = ("hrsnn", "analysis", "networks", "scripts")
#: What authors of other packages inherit stands above all folders: it may import them all, and none imports it.
TESTING = Path("hrsnn/testing")
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
    allowed = LAYERS if path.is_relative_to(TESTING) else LAYERS[: LAYERS.index(path.parts[0]) + 1]
    ours = {layer_of(name) for name in imported(path) if layer_of(name) in LAYERS}
    assert ours <= set(allowed), f"{path} imports from {sorted(ours - set(allowed))}"


def test_the_tests_to_inherit_are_imported_by_tests_only() -> None:
    assert any(path.is_relative_to(TESTING) for path in FILES)
    importers = {path for path in FILES if any(f"{name}.".startswith("hrsnn.testing.") for name in imported(path))}
    assert {path for path in importers if not path.is_relative_to(TESTING)} == set()


@pytest.mark.parametrize("library", ["pytest", "hypothesis"])
def test_a_library_for_tests_is_imported_by_tests_only(library: str) -> None:
    importers = {path for path in FILES if any(name.split(".")[0] == library for name in imported(path))}
    assert importers
    assert {path for path in importers if not path.is_relative_to(TESTING)} == set()


HOMES = {
    "brian2": ["hrsnn/engines/brian"],
    "nest": ["hrsnn/engines/nest"],
    "pyNN": ["hrsnn/exchange"],
    "numba": ["hrsnn/engines"],
    "torch": ["hrsnn/engines/torch", "hrsnn/training", "hrsnn/deep"],
    "nir": ["hrsnn/exchange"],
    "neo": ["hrsnn/exchange"],
    "quantities": ["hrsnn/exchange"],
}


@pytest.mark.parametrize(("library", "homes"), HOMES.items(), ids=list(HOMES))
def test_a_library_is_imported_in_its_places(library: str, homes: list[str]) -> None:
    importers = {path for path in FILES if any(name.split(".")[0] == library for name in imported(path))}
    assert importers
    assert {path for path in importers if not any(path.is_relative_to(home) for home in homes)} == set()


def test_kernels_are_made_of_files_of_their_own_folder() -> None:
    """Compiled kernels are kept on disk until a file of their folder changes, or the one that all share."""
    made = {"hrsnn.engines.jit.jit", "hrsnn.engines.jit.kernel", "hrsnn.engines.jit.inlined"}
    shared = "hrsnn.engines.rounding_kernels"  # part of the edition of every folder
    files = [path for path in FILES if made & set(imported(path))]
    assert len(files) > 4
    for path in files:
        own = ".".join(path.parts[:-1] if path.parts[0] == "hrsnn" else ("hrsnn", *path.parts[:-1]))
        ours = {name for name in imported(path) if name.startswith("hrsnn.")}
        assert {name for name in ours - made if not name.startswith((f"{own}.", shared))} == set(), path


def test_no_private_name_crosses_a_file() -> None:
    crossing = {
        f"{path}: {name}"
        for path in FILES
        for name in imported(path)
        if name.startswith("hrsnn.") and name.split(".")[-1].startswith("_") and not name.startswith("hrsnn._version")
    }
    assert crossing == set()


def test_no_folder_holds_more_than_fifteen_files() -> None:
    """Folders with a file an entry, or a format, are not counted."""
    folders = Counter(path.parent for path in FILES if path.stem != "__init__")
    registries = {
        Path("scripts"),
        Path("hrsnn/tasks"),
        Path("networks/methods"),
        Path("scripts/recipes"),
        Path("hrsnn/formats"),
    }
    assert {str(folder): count for folder, count in folders.items() if count > 15 and folder not in registries} == {}


#: Tasks by name, but for "memory", which is also the name of a kind, a command, an objective and a score.
TASK_NAMES = {path.stem for path in FILES if path.parent == Path("hrsnn/tasks")} & {"digits", "file", "fsdd", "lorenz63"}
#: A command of its own kind, and recipes, which reproduce what was done with one task.
NAMING_TASKS = (Path("scripts/demo.py"), Path("scripts/recipes"))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_nothing_above_the_tasks_depends_on_the_name_of_one(path: Path) -> None:
    """No comparison with a task's name, no table keyed by one, and no import of its module; defaults may name one."""
    assert len(TASK_NAMES) == 4
    if path.is_relative_to("hrsnn/tasks") or any(path.is_relative_to(one) for one in NAMING_TASKS):
        pytest.skip("may name tasks")
    modules = {f"hrsnn.tasks.{name}" for name in TASK_NAMES}
    assert not [name for name in imported(path) if name.rpartition(".")[0] in modules or name in modules]
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        compared = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        keys = node.keys if isinstance(node, ast.Dict) else []
        for part in (one for whole in (*compared, *keys) if whole is not None for one in ast.walk(whole)):
            value = part.value if isinstance(part, ast.Constant) else None
            assert value not in TASK_NAMES, f"{path}:{part.lineno}: depends on the task {value!r}"  # type: ignore[attr-defined]


def test_nothing_is_pickled() -> None:
    picklers = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
    assert {path for path in FILES for name in imported(path) if name.split(".")[0] in picklers} == set()


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert {path for path in FILES if path.stem in {"util", "utils", "helper", "helpers", "misc", "common"}} == set()
