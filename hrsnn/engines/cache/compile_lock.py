"""Lock of the compilation of one kernel, so that several processes do not compile it at once."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from pathlib import Path

logger = logging.getLogger("hrsnn")

#: time in s after which a kernel is compiled here too; the largest takes 25 s
_PATIENCE = 120.0


def compile_lock(path: Path) -> int | None:
    """Wait for the lock file `path`, and return its file descriptor: closing it, or the end of the process, releases it.

    Returns None, after which the kernel is compiled without the lock, where the folder cannot be written, the file system
    has no locks, or another process has the lock for two minutes. The lock is ``lockf`` of the operating system, which a
    forked process does not inherit.

    Examples
    --------
    >>> import tempfile
    >>> handle = compile_lock(Path(tempfile.mkdtemp()) / "kernel.lock")
    >>> os.close(handle)
    """
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    until, told = time.monotonic() + _PATIENCE, False
    while True:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except (BlockingIOError, PermissionError):  # POSIX allows either for a lock of another process
            if time.monotonic() > until:
                break
            if not told:
                logger.info("waiting for another process that compiles a kernel")
                told = True
            try:
                time.sleep(0.05)
            except BaseException:
                os.close(handle)
                raise
        except OSError:
            break
    os.close(handle)
    return None
