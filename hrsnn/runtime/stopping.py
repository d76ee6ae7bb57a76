"""Handling of Ctrl-C, SIGTERM and SIGHUP: each ends a command once, and never within a critical section."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any

#: What ends a command, and the word for it; the exit code is 128 and the signal's number, as in a shell.
SIGNALS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
#: After how long it is seen that somebody swallowed the exception of a signal, and it is raised once more (s).
_AGAIN = 0.02
#: For how long further signals are taken for the same wish (s): a terminal, a shell and a batch system may each send one.
_SAME = 3.0
#: How long Python may take over its own end after a signal (s).
_END = 10.0


class Stop(KeyboardInterrupt):
    """A signal asked the command to end; whatever handles Ctrl-C handles it."""


class stopping:  # a context manager, as contextlib's own
    """Context in which Ctrl-C, SIGTERM and SIGHUP raise `Stop`, until it gets out; then one line is on standard error.

    Parameters
    ----------
    prog : str
        What the line begins with.
    last : bool
        The process ends after this context: further signals change nothing.

    Attributes
    ----------
    code : int
        0, or after a signal 130, 143 or 129: the context was left early, by an exception that ends here.

    Notes
    -----
    An exception that a signal raises may be lost: Python ignores those of finalizers and callbacks, some libraries have a
    bare ``except``. It is raised again until it arrives. Until then further signals are ignored for three
    seconds, so that a second Ctrl-C does not interrupt the putting away.

    Signals that the process was told to ignore, as by ``nohup``, stay ignored. In other threads than the main one, and
    within another such context, only the line's beginning changes.

    Examples
    --------
    >>> with stopping("example") as stopped:
    ...     pass
    >>> stopped.code
    0
    """

    def __init__(self, prog: str, last: bool = False) -> None:
        self.prog, self.code = prog, 0
        self._last = last
        self._number = 0
        self._since = 0.0
        self._begun = self._over = False
        self._raised: Callable[[], Stop | None] = lambda: None
        self._sending = threading.Lock()
        self._before: dict[int, Any] = {}
        self._around: stopping | None = None

    def __enter__(self) -> stopping:
        self._around = _around()
        if self._around is not None:
            self._around.prog = self.prog
            return self
        if threading.current_thread() is threading.main_thread():
            self._hook, sys.unraisablehook = sys.unraisablehook, self._lost
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if handler not in (signal.SIG_IGN, None):
                    self._before[number] = handler
                    signal.signal(number, self._asked)
        self._begun = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        self._over = True
        if self._around is not None:
            if self._around._number and isinstance(error, Exception):  # what the signal's exception was turned into
                raise self._around._made() from error
            return False
        with self._sending:  # nothing is sent any more
            pass
        stopped = error is not None and bool(self._number or isinstance(error, KeyboardInterrupt))
        if stopped:
            number = self._number or signal.SIGINT
            self.code = 128 + number
            with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
                print(f"{self.prog}: {SIGNALS[signal.Signals(number)]}", file=sys.stderr, flush=True)
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self._last else handler)
        if self._before:
            sys.unraisablehook = self._hook
        if stopped and self._last:
            import logging  # here, since whatever is imported before the first signal counts can be interrupted

            logging.disable()  # libraries log that unfinished work is discarded
            _thread.start_new_thread(_end, (self.code,))
        return stopped

    def _asked(self, number: int, frame: FrameType | None) -> None:
        """The handler of the signals."""
        if self._over or (frame is not None and frame.f_code is _EXIT):
            return  # too late: the work is done
        now = time.monotonic()
        if not self._number:
            self._number, self._since = number, now
            _thread.start_new_thread(self._remind, ())
        elif self._raised() is not None and now - self._since < _SAME:
            return
        if self._begun:
            raise self._made()

    def _made(self) -> Stop:
        # nothing but its way out keeps it alive
        error = Stop(SIGNALS[signal.Signals(self._number)])
        self._raised = weakref.ref(error)
        return error

    def _remind(self) -> None:
        """See to it that the exception arrives, in a thread of its own: where it is gone, somebody swallowed it."""
        while True:
            time.sleep(_AGAIN)
            with self._sending:
                if self._over:
                    return
                if self._raised() is None:
                    signal.pthread_kill(threading.main_thread().ident or 0, self._number)

    def _lost(self, unraisable: Any) -> None:
        """Python is about to tell of an exception that it ignores."""
        if not isinstance(unraisable.exc_value, Stop):
            self._hook(unraisable)


_EXIT = stopping.__exit__.__code__


def _around() -> stopping | None:
    """The context that has the signals now."""
    for number in SIGNALS:
        owner = getattr(signal.getsignal(number), "__self__", None)
        if isinstance(owner, stopping):
            return owner
    return None


def _end(code: int) -> None:
    """A thread or an exit handler of a library that hangs is not waited for."""
    time.sleep(_END)
    os._exit(code)


def check_stopped() -> None:
    """Raise `Stop` where a signal has come: for code that turns any exception into an ordinary outcome.

    Code in C may turn the exception of a signal into another one, and that would be taken for a failure of the work.

    Examples
    --------
    >>> check_stopped()
    """
    around = _around()
    if around is not None and around._number:
        raise around._made()


@contextlib.contextmanager
def signals_deferred(children: bool = False) -> Iterator[None]:
    """Context in which signals wait until its end, where an exception would leave something half done.

    Parameters
    ----------
    children : bool
        Processes and threads begun inside never get Ctrl-C: it is sent to all processes of a terminal, and they are ended by
        their parent.

    Examples
    --------
    >>> with signals_deferred():
    ...     pass
    """
    came: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: handler for number in SIGNALS if callable(handler := signal.getsignal(number))}
        for one in handlers:
            signal.signal(one, lambda number, frame: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT] if children else [])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for one, handler in handlers.items():
            signal.signal(one, handler)
        for number in came[:1]:
            signal.raise_signal(number)


@contextlib.contextmanager
def notice_signals() -> Iterator[Callable[[], None]]:
    """Context that gives a function which raises a Ctrl-C that was swallowed; one that still is raises at its end.

    Python ignores the exceptions of weakref callbacks and finalizers, and a library may have many. A handler that does not
    raise ``KeyboardInterrupt`` is somebody's decision and is left alone, as are other threads than the main one.

    Yields
    ------
    callable
        Without arguments: raises ``KeyboardInterrupt`` where one was raised inside this context and did not leave it.

    Examples
    --------
    >>> with notice_signals() as check:
    ...     check()
    """
    came: list[int] = []

    def check() -> None:
        if came:
            raise KeyboardInterrupt

    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler) or _around() is not None:
        yield check  # within `stopping`, which sees to it itself
        return

    def asked(number: int, frame: FrameType | None) -> None:
        try:
            handler(number, frame)
        except KeyboardInterrupt:
            came.append(number)
            raise

    signal.signal(signal.SIGINT, asked)
    try:
        yield check
        check()
    finally:
        signal.signal(signal.SIGINT, handler)


def follow(parent: int) -> None:
    """End this process as soon as its parent has ended, however that was: a killed one cannot end its workers.

    Parameters
    ----------
    parent : int
        The number of the parent's process.
    """
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
