"""The files of tested versions satisfy what setup.cfg declares."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tested_versions import FOLDER, declared

from hrsnn.runtime.left_out import LEFT_OUT

FILES = sorted(FOLDER.glob("*.txt"))


def pins(path: Path) -> dict[str, str]:
    """Versions by name; every line is one version of one package."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            (exact,) = Requirement(line).specifier
            assert exact.operator == "==", line
            found[canonicalize_name(Requirement(line).name)] = exact.version
    return found


def test_there_are_versions_for_a_python() -> None:
    assert {path.name for path in FILES} >= {"python3.11.txt", "core-python3.11.txt"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_tested_versions_satisfy_what_is_declared(path: Path) -> None:
    there, core = pins(path), path.name.startswith("core-")
    needed = {one.name: one for one in declared(path.stem.rpartition("python")[2])}
    assert len(needed) > 10
    for name, one in needed.items():
        if core and name in LEFT_OUT:
            assert canonicalize_name(name) not in there
        else:
            assert one.specifier.contains(there[canonicalize_name(name)]), f"{one}: renew the file by `make lock`"


def test_what_may_be_left_out_is_declared() -> None:
    assert set(LEFT_OUT) <= {one.name for one in declared("3.11")}


def test_the_versions_of_the_core_are_those_of_all() -> None:
    for core in (path for path in FILES if path.name.startswith("core-")):
        assert pins(core).items() < pins(core.with_name(core.name.removeprefix("core-"))).items()
