"""Commands that are killed and go on: the harness on a few kills of each, and what it says of folders that differ."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from folder_difference import difference

#: `make kills` has all; `prune` and `search` are killed in tests of their own.
CHOSEN = ["sweep"]


@pytest.mark.slow
def test_killed_commands_end_with_the_same_bytes_and_leave_nothing(root: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(root / "tests" / "faults" / "kill_harness.py"),
        "--kills",
        "2",
        "--folder",
        str(tmp_path / "runs"),
        "--command",
        *CHOSEN,
    ]
    done = subprocess.run([*command, "--modes", "operation", "moment"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert done.stdout.count("0 of which ended otherwise") == len(CHOSEN)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_difference_is_named_within_a_screen(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder, value in ((first, 1.0), (second, 2.0)):
        (folder / "runs").mkdir(parents=True)
        (folder / "runs" / "one.json").write_text(json.dumps({"x": [{"y": value, "z": 0}] * 50}))
        (folder / "table.csv").write_text(f"a,b\n1,{value}\n2,2\n")
        (folder / "same.txt").write_text("same")
        (folder / "timing.json").write_text(f"{value}")
        np.savez(folder / "network.npz", weight=np.array([0.0, value]), same=np.arange(3))
    assert difference(first, first) == ""
    lines = difference(first, second).splitlines()
    assert "runs/one.json: $.x[0].y: 1.0 and 2.0" in lines
    assert "runs/one.json: and 44 more" in lines
    assert "network.npz: weight: 1 of 2 values, the first at (1,): 1.0 and 2.0" in lines
    assert "table.csv: line 2: '1,1.0' and '1,2.0'" in lines
    assert {line.split(":")[0] for line in lines} == {"runs/one.json", "network.npz", "table.csv"}
    for k in range(100):
        (second / f"{k}.txt").touch()
    lines = difference(first, second).splitlines()
    assert len(lines) == 40
    assert lines[-1].startswith("and ")
