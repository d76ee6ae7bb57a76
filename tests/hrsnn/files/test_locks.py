"""One run at a time in a folder, and nothing left of a killed one."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hrsnn.errors import FileError, HrsnnWarning
from hrsnn.files.locks import LOCK, hold_lock, working_in
from hrsnn.files.writing import TEMPORARY, write_text, writing

HOLD = """
import sys, time
from pathlib import Path
from hrsnn.files.locks import working_in
with working_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(root: Path, tmp_path: Path):
    """A process that works in tmp_path / "out"."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "out")]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_second_is_refused_with_the_number_of_the_first(holder, tmp_path: Path, root: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(FileError, match=f"out: is in use by process {holder.pid}: wait for it, or stop it"), working_in(out):
        pass
    command = [sys.executable, "-m", "hrsnn", "memory", "--neurons", "20", "--values", "600", "--out", str(out)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"hrsnn memory: {out}: is in use by process {holder.pid}: wait for it, or stop it\n"
    assert [path.name for path in out.iterdir()] == [LOCK]


def test_a_killed_holder_leaves_what_the_next_removes(holder, tmp_path: Path) -> None:
    out = tmp_path / "out"
    left = (f"{TEMPORARY}x.npz", f"runs/{TEMPORARY}y.json", f"{TEMPORARY}z/inside.png", f"runs/timing/{TEMPORARY}t.json")
    for name in left:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("half")
    (out / "runs" / "whole.json").write_text("{}")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with working_in(out, "runs"):
        assert (out / LOCK).read_text() == f"{os.getpid()}\n"
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*")) == ["runs", "runs/timing", "runs/whole.json"]


def test_temporary_names_are_swept_wherever_a_writer_died(tmp_path: Path) -> None:
    with writing(tmp_path / "a.json") as temporary:
        assert temporary.name.startswith(TEMPORARY)
        assert temporary.suffix == ".json"
        (tmp_path / f"{TEMPORARY}b.json").write_text("of another, killed")
    with working_in(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == [LOCK, "a.json"]


def test_folders_made_for_nothing_are_removed(tmp_path: Path) -> None:
    with working_in(tmp_path / "a" / "b"):
        pass
    assert list(tmp_path.iterdir()) == []
    with working_in(tmp_path / "a" / "b"):
        write_text(tmp_path / "a" / "b" / "c", "")
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["a", "a/b", "a/b/c"]


def test_of_many_that_start_at_once_one_works(root: Path, tmp_path: Path) -> None:
    """Locks are taken and removed all the time: no two may ever hold one together."""
    program = """
import os, sys, time
from pathlib import Path
from hrsnn.errors import FileError, HrsnnWarning
from hrsnn.files.locks import working_in
folder, inside = Path(sys.argv[1]), Path(sys.argv[1]).with_name("inside")
stop, worked = time.monotonic() + 2, 0
while time.monotonic() < stop:
    try:
        with working_in(folder):
            os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
            inside.unlink()
            worked += 1
    except FileError as error:
        assert "in use" in str(error) or "cannot be" in str(error), error
print(worked)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "out")]
    ran = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in ran:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert int(out) > 0
    # whoever made the folder last may have found it in use by another
    assert list(tmp_path.rglob("*")) in ([], [tmp_path / "out"])


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be made: Not a directory"), working_in(tmp_path / "file" / "out"):
        pass
    with pytest.raises(FileError, match="cannot be written"), hold_lock(tmp_path / "no" / "lock", tmp_path / "no"):
        pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_said_and_used(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refused)
    with pytest.warns(HrsnnWarning, match="is on a file system without locks"), working_in(tmp_path / "out"):
        (tmp_path / "out" / "a").touch()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]
