"""Programs that are forks of one with the libraries behave as programs that are started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from forks import Forks

PROGRAMS = {
    "end": ["-c", "print('here')"],
    "number": ["-c", "import sys; print(sys.argv[1:], file=sys.stderr); sys.exit(3)", "a", "b c"],
    "message": ["-c", "raise SystemExit('no')"],
    "error": ["-c", "1 / 0"],
    "environment": ["-c", "import os; print(os.environ['X'], 'HOME' in os.environ, os.getcwd())"],
    "imports": ["-c", "import beside; print(beside.VALUE)"],
    "last words": ["-c", "import atexit; atexit.register(print, 'bye')"],
    "module": ["-m", "beside"],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_fork_is_as_a_program_of_its_own(name: str, forks: Forks, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("VALUE = 5\nif __name__ == '__main__':\n    print('run')\n")
    environment = {"X": "1", "PYTHONPATH": str(tmp_path)}
    found = forks.run(PROGRAMS[name], tmp_path, environment)
    wanted = subprocess.run(
        [sys.executable, *PROGRAMS[name]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (wanted.returncode, wanted.stdout)
    # frames of the server stand in a traceback
    assert found.stderr.splitlines()[-1:] == wanted.stderr.splitlines()[-1:]
