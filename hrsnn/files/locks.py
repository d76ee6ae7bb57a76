"""Lock files, which restrict a folder or a file to one run at a time and are released when the process ends."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from hrsnn.errors import FileError, HrsnnWarning
from hrsnn.files.writing import made, sweep

#: Lock file in a folder that a run works in; it is removed at the end of the run, but remains if the run is killed.
LOCK = ".hrsnn-lock"
#: What systems answer for a file system without locks, such as Lustre that is mounted without them.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)


@contextlib.contextmanager
def hold_lock(lock: Path, subject: Path) -> Iterator[None]:
    """Context in which this process has the lock file `lock`, which protects `subject`.

    The operating system releases the lock when the process ends for any reason. The file contains the process number and
    is removed on leaving the context.

    Raises
    ------
    FileError
        When another process has the lock (the message names `subject` and that process), or the file cannot be created.

    Notes
    -----
    The lock is ``flock`` of the operating system, which works between processes of one machine, and between machines if
    their shared file system supports locks. On a file system without locks an :class:`~hrsnn.errors.HrsnnWarning` says so,
    and the run goes on without one.

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
        with contextlib.suppress(OSError):  # disk full: the lock is valid without the number
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        # remove the file before releasing the lock: a process that starts in between creates a new file
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
            if error.errno in _NO_LOCKS:
                _warn_of_no_locks(subject)
                return handle
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
            os.close(handle)
            who = f"process {holder}" if holder.isdecimal() else "another process"
            raise FileError(subject, f"is in use by {who}: wait for it, or stop it") from error
        # another process removed the file after it was opened here: the lock is on a file that no longer has a name
        os.close(handle)


def _warn_of_no_locks(subject: Path) -> None:
    message = f"{subject} is on a file system without locks: let no other run work in it at the same time"
    warnings.warn(message, HrsnnWarning, stacklevel=2)


@contextlib.contextmanager
def working_in(folder: Path, *inside: str) -> Iterator[None]:
    """Context of a run in `folder`: create it, lock it, and remove incomplete files of killed processes.

    Folders created here that are empty on leaving are removed.

    Parameters
    ----------
    folder : Path
        Its missing parents are created too.
    *inside : str
        Subfolders in which the run writes too, as in those that they have.

    Raises
    ------
    FileError
        When another process works in it (the message gives that process's number), or it cannot be created.

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
        others = [folder / name for name in inside]
        for place in (folder, *others, *(one for other in others for one in other.glob("*/"))):
            sweep(place)
        yield
