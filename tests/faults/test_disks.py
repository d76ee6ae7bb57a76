"""Files on disks that are full or read-only, and the harness of commands on such disks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mounts import Disk, why_no_mounts, with_disk

from hrsnn import Reservoir, ReservoirSpec, build
from hrsnn.errors import FileError
from hrsnn.files.locks import working_in
from hrsnn.files.npz import write_npz
from hrsnn.files.writing import write_text

NO_MOUNTS = why_no_mounts()
pytestmark = pytest.mark.skipif(bool(NO_MOUNTS), reason=NO_MOUNTS or "mounts are possible")
SMALL = build(ReservoirSpec(neurons=6), seed=1)
WRITERS: dict[str, Callable[[Path], object]] = {
    "text": lambda path: write_text(path, "x" * 10**6),
    "arrays": lambda path: write_npz(path, "a", 1, {"x": np.arange(10**5)}),
    "network": lambda path: SMALL.replace(labels=np.array([f"{k}{'x' * 150}" for k in range(6)])).save(path),
}


@pytest.mark.parametrize(("condition", "said"), [("full", "No space left"), ("read-only", "Read-only file system")])
def test_what_cannot_be_written_leaves_what_was_there(condition: str, said: str, tmp_path: Path) -> None:
    def tried(disk: Disk) -> list[str]:
        kept = disk.place / "kept.npz"
        SMALL.save(kept)
        disk.resize(disk.used() + 4096) if condition == "full" else disk.read_only()
        found = []
        for name, write in WRITERS.items():
            try:
                write(kept)
            except FileError as error:
                found.append("" if said in str(error) and "kept.npz" in str(error) else f"{name}: {error}")
            else:
                found.append(f"{name} was written")
        disk.resize() if condition == "full" else disk.read_only(False)
        names = [path.name for path in disk.place.iterdir()]
        return [*found, *([] if names == ["kept.npz"] and Reservoir.load(kept).equals(SMALL) else [f"there is {names}"])]

    assert with_disk(tmp_path, tried) == ["", "", ""]


def test_a_read_only_folder_is_refused_by_name(tmp_path: Path) -> None:
    def tried(disk: Disk) -> str:
        disk.read_only()
        try:
            with working_in(disk.place / "out"):
                return "worked"
        except FileError as error:
            return str(error)

    assert with_disk(tmp_path, tried) == f"{tmp_path / 'out'}: cannot be made: Read-only file system"


@pytest.mark.long
def test_a_command_on_failing_disks_ends_with_the_same_bytes(root: Path) -> None:
    command = [sys.executable, str(root / "tests" / "faults" / "disk_harness.py"), "--command", "sweep"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
