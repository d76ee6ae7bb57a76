"""What is said on standard error while kernels are compiled, which takes some seconds at the first use."""

from __future__ import annotations

import contextlib
import functools
import logging
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

from hrsnn.runtime.stopping import signals_deferred

logger = logging.getLogger("hrsnn")

#: Time in s after which a compilation is announced: small kernels take less.
PATIENCE = 1.0
#: Erases a line of a terminal.
_ERASE = "\r\x1b[K"
_BEGUN = "compiling kernels, once for each version of hrsnn and Numba (about 6 s, with STDP 16 s)"

#: Not empty during a compilation, which Numba's global lock protects: a kernel compiles those that it calls.
_present: list[bool] = []
_told: list[bool] = []  #: not empty once this process has said that it compiles


def announced(compile_: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that compiles and, where that takes over a second, says so, once in a process.

    Commands say it in their log, which ``--quiet`` switches off; elsewhere it is said on a terminal only, where the seconds
    are counted too. Workers say nothing.
    """

    @functools.wraps(compile_)
    def compiled(*arguments: Any, **options: Any) -> Any:
        with _said():
            return compile_(*arguments, **options)

    return compiled


@contextlib.contextmanager
def _said() -> Iterator[None]:
    say = None if _present else _voice()
    _present.append(True)
    notice = Notice(say, terminal=sys.stderr.isatty(), first=not _told) if say is not None else None
    try:
        if notice is not None:
            with signals_deferred():  # Ctrl-C while a thread starts could leave a lock acquired
                notice.start()
        yield
    finally:
        _present.pop()
        if notice is not None:
            with signals_deferred():
                notice.stop()


class Notice(Thread):
    """Thread that says after a second that kernels are compiled, counts the seconds on a terminal, and ends with a line.

    Parameters
    ----------
    say : callable
        Prints a line.
    terminal : bool
        Whether to count the seconds.
    first : bool
        Whether to print lines; otherwise only the seconds are counted.
    """

    def __init__(self, say: Callable[[str], None], terminal: bool, first: bool) -> None:
        super().__init__(daemon=True)
        self._say, self._terminal, self._first = say, terminal, first
        self._over, self._since = Event(), time.monotonic()
        self._announced = False

    def run(self) -> None:
        """Announce the compilation after a second, and count."""
        if self._over.wait(PATIENCE):
            return
        self._announced = True
        if self._first:
            _told.append(True)
            self._say(_BEGUN)
        while self._terminal:
            sys.stderr.write(f"{_ERASE}compiling: {self._seconds():.0f} s")
            sys.stderr.flush()
            if self._over.wait(1.0):
                sys.stderr.write(_ERASE)
                sys.stderr.flush()
                return

    def stop(self) -> None:
        """End the count, and say how long it took."""
        self._over.set()
        self.join()
        if self._announced and self._first:
            self._say(f"compiled in {self._seconds():.0f} s")

    def _seconds(self) -> float:
        return time.monotonic() - self._since


def _voice() -> Callable[[str], None] | None:
    """Return what prints a line: the log, where somebody reads it, or standard error, where that is a terminal."""
    if any(not isinstance(handler, logging.NullHandler) for handler in _handlers()):
        return logger.info if logger.isEnabledFor(logging.INFO) else None
    if multiprocessing.parent_process() is None and sys.stderr is not None and sys.stderr.isatty():
        return lambda text: print(f"hrsnn: {text}", file=sys.stderr)
    return None


def _handlers() -> Iterator[logging.Handler]:
    """Yield the handlers that messages of this package reach."""
    log: logging.Logger | None = logger
    while log is not None:
        yield from log.handlers
        log = log.parent if log.propagate else None
