"""The wheel holds the tree, and the commands start from wherever they are called."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import plain_wheel
import pytest

import hrsnn
from hrsnn import scripts
from hrsnn.scripts.cli.command import options_of

FOLDERS = {"hrsnn": "hrsnn", "networks": "hrsnn/networks", "analysis": "hrsnn/analysis", "scripts": "hrsnn/scripts"}


def python(*arguments: str, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python elsewhere, with `path` as its only PYTHONPATH."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_wheel_holds_every_module_and_nothing_else(root: Path, wheel: Path) -> None:
    tree = {
        f"{target}/{path.relative_to(root / folder).as_posix()}"
        for folder, target in FOLDERS.items()
        for path in (root / folder).rglob("*.py")
    }
    with zipfile.ZipFile(wheel) as file:
        packed = {name for name in file.namelist() if ".dist-info/" not in name}
    data = {"hrsnn/py.typed", *(f"hrsnn/scripts/recipes/{name}.toml" for name in ("claims", "paper"))}
    data |= {f"hrsnn/analysis/figures/{name}.mplstyle" for name in ("hrsnn", "two_columns")}
    data |= {f"hrsnn/scripts/methods/{name}" for name in ("protocols.toml", "references.bib")}
    assert packed == tree | data


def test_installed_wheel_runs_on_its_own(installed_wheel: Path, tmp_path: Path) -> None:
    done = python("-m", "hrsnn", "--version", cwd=tmp_path, path=installed_wheel)
    assert (done.returncode, done.stdout) == (0, f"hrsnn {hrsnn.__version__}\n"), done.stderr
    where = python("-c", "import hrsnn.networks as n; print(n.__file__)", cwd=tmp_path, path=installed_wheel)
    assert Path(where.stdout.strip()).is_relative_to(installed_wheel), where.stderr
    assert (installed_wheel / "bin" / "hrsnn").is_file()


@pytest.mark.parametrize("where", ["root", "elsewhere"])
@pytest.mark.parametrize("program", [["-m", "hrsnn"], ["-m", "hrsnn", "classify"], ["scripts/classify.py"]], ids=str)
def test_commands_start_uninstalled(root: Path, tmp_path: Path, program: list[str], where: str) -> None:
    script = program[0].endswith(".py")
    first = [str(root / program[0])] if script else program
    cwd = root if where == "root" else tmp_path
    # a script finds the checkout by itself, from anywhere
    done = python(*first, "--help", cwd=cwd, path=root if where == "elsewhere" and not script else None)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "usage: " in done.stdout
    assert ("classify" if program == ["-m", "hrsnn"] else "--task") in done.stdout


def test_every_command_is_run_from_the_plain_wheel() -> None:
    assert plain_wheel.COMMANDS.keys() == scripts.COMMANDS.keys()
    for verb, options in plain_wheel.COMMANDS.items():
        options_of(scripts.find(verb), options, f"hrsnn {verb}")


def test_import_is_light(root: Path, tmp_path: Path) -> None:
    heavy = {"brian2", "sklearn", "scipy", "numba", "matplotlib", "networkx", "networkit", "pydantic", "tyro"}
    code = f"import sys, hrsnn; print(sorted({heavy!r} & set(sys.modules)))"
    done = python("-c", code, cwd=tmp_path, path=root)
    assert done.stdout == "[]\n", done.stderr


PACKAGES = ("hrsnn", "hrsnn.analysis", "hrsnn.encoders", "hrsnn.networks", "hrsnn.tasks")


def test_public_names_do_not_depend_on_what_was_imported_before(root: Path, tmp_path: Path) -> None:
    # importing the submodule `x.y` sets the attribute `y` of `x`, over a function of that name
    modules = [
        ".".join([target.replace("/", "."), *path.relative_to(root / folder).with_suffix("").parts])
        for folder, target in FOLDERS.items()
        for path in sorted((root / folder).rglob("*.py"))
        if path.stem not in ("__init__", "__main__")
    ]
    code = (
        "import importlib, types\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"for package in map(importlib.import_module, {PACKAGES!r}):\n"
        "    for name in package.__all__:\n"
        "        assert not isinstance(getattr(package, name), types.ModuleType), f'{package.__name__}.{name}'\n"
        "    assert not hasattr(package, 'no_such_name')\n"
    )
    done = python("-c", code, cwd=tmp_path, path=root)
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1]
