"""The types, checked on the built wheel: an editable installation hides three of the four folders from mypy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_mypy_strict_finds_nothing_in_the_wheel(root: Path, installed_wheel: Path) -> None:
    settings = ["--config-file", str(root / "setup.cfg"), "--cache-dir", str(root / ".mypy_cache")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *settings, "--package", "hrsnn"],
        cwd=installed_wheel,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
