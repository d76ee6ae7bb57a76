"""Lock files that end with their process: one run at a time in a folder, or on a file."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from hrsnn.errors import FileError
from hrsnn.files.writing import made, sweep

#: Of a folder that a run works in; it is gone when the run ends, and stays where the run was killed.
LOCK = ".hrsnn-lock"


@contextlib.contextmanager
def hold_lock(lock: Path, subject: Path) -> Iterator[None]:
    """Hold the lock file `lock`, on behalf of `subject`, until leaving.

    The system releases the lock when the process ends, however that is. The file holds the process number; it is removed
    on leaving.

    Raises
    ------
    FileError
        When another process holds it (the message names `subject` and that process), or the file cannot be made.

    Notes
    -----
    ``flock`` of the operating system: it holds between processes of one machine, and between machines where their shared
    file system passes locks on.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with hold_lock(folder / "a.lock", folder / "a"):
    ...     int((folder / "a.lock").read_text()) == os.getpid()
    True
    >>> list(folder.iterdir())
    []
    """
    handle = _acquired(lock, subject)
    try:
        with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        # first the name and then the lock: a process that comes in between finds no file, and makes one of its own
        lock.unlink(missing_ok=True)
        os.close(handle)


def _acquired(lock: Path, subject: Path) -> int:
    while True:
        try:
            handle = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            raise FileError(subject, f"cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                current = os.path.samestat(os.stat(lock), os.fstat(handle))
            except FileNotFoundError:
                current = False
            if current:
                return handle
        except OSError as error:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
            os.close(handle)
            who = f"process {holder}" if holder.isdecimal() else "another process"
            raise FileError(subject, f"is in use by {who}: wait for it, or stop it") from error
        # the file was removed by its holder after it was opened here: what was locked has no name any more
        os.close(handle)


@contextlib.contextmanager
def working_in(folder: Path, *inside: str) -> Iterator[None]:
    """Have `folder` for one run: make it, lock it, and remove what a killed process left half-written in it.

    Folders that were made here and are empty on leaving are removed again.

    Parameters
    ----------
    folder : Path
        Its missing parents are made too.
    *inside : str
        Folders in it where the run writes too.

    Raises
    ------
    FileError
        When another process works in it (the message has that process's number), or it cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "new"
    >>> with working_in(folder):
    ...     folder.is_dir()
    True
    >>> folder.exists()
    False
    """
    with made(folder), hold_lock(folder / LOCK, folder):
        for place in (folder, *(folder / name for name in inside)):
            sweep(place)
        yield
