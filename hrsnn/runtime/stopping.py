"""Handling of Ctrl-C, SIGTERM and SIGHUP, which end a command once and not within a critical section."""

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

#: Signals that end a command, with the word for messages; the exit code is 128 plus the signal's number, as in a shell.
SIGNALS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
#: Interval at which a signal's exception that was discarded by other code is raised again (s).
_AGAIN = 0.02
#: Time in which further signals count as the same request (s): a terminal, a shell and a batch system may each send one.
_SAME = 3.0
#: Time that Python may take to exit after a signal (s).
_END = 10.0


class Stop(KeyboardInterrupt):
    """A signal requested the end of the command; a subclass of `KeyboardInterrupt`."""


class stopping:  # lower case like the context managers of contextlib
    """Context in which Ctrl-C, SIGTERM and SIGHUP raise `Stop`, which ends it and prints one line on standard error.

    Parameters
    ----------
    prog : str
        Beginning of the line.
    last : bool
        Whether the process ends after this context; further signals are then ignored.

    Attributes
    ----------
    code : int
        0, or 130, 143 or 129 if a signal ended the context early; its exception is not propagated.

    Notes
    -----
    The exception of a signal may be discarded: Python ignores those in finalizers and callbacks, and some libraries have a
    bare ``except``. It is raised again until it leaves the context. Until then further signals are ignored for three
    seconds, so that a second Ctrl-C does not interrupt the cleanup.

    Signals that the process was started to ignore, as by ``nohup``, remain ignored. In threads other than the main one, and
    within another such context, only the beginning of the line changes.

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
            if self._around._number and isinstance(error, Exception):  # code between has converted the signal's exception
                raise self._around._made() from error
            return False
        with self._sending:  # wait for a signal being sent; no further ones are
            pass
        stopped = error is not None and bool(self._number or isinstance(error, KeyboardInterrupt))
        if stopped:
            number = self._number or signal.SIGINT
            self.code = 128 + number
            with contextlib.suppress(OSError, ValueError):  # the terminal may have been closed
                print(f"{self.prog}: {SIGNALS[signal.Signals(number)]}", file=sys.stderr, flush=True)
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self._last else handler)
        if self._before:
            sys.unraisablehook = self._hook
        if stopped and self._last:
            import logging  # here, since imports before the signals are handled could be interrupted

            logging.disable()  # libraries would log that they discard unfinished work
            _thread.start_new_thread(_end, (self.code,))
        return stopped

    def _asked(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        if self._over or (frame is not None and frame.f_code is _EXIT):
            return  # too late: the context is being left
        now = time.monotonic()
        if not self._number:
            self._number, self._since = number, now
            _thread.start_new_thread(self._remind, ())
        elif self._raised() is not None and now - self._since < _SAME:
            return
        if self._begun:
            raise self._made()

    def _made(self) -> Stop:
        # only a weak reference is kept: when it is dead, the exception has been discarded
        error = Stop(SIGNALS[signal.Signals(self._number)])
        self._raised = weakref.ref(error)
        return error

    def _remind(self) -> None:
        """Send the signal again, from a separate thread, while its exception has been discarded."""
        while True:
            time.sleep(_AGAIN)
            with self._sending:
                if self._over:
                    return
                if self._raised() is None:
                    signal.pthread_kill(threading.main_thread().ident or 0, self._number)

    def _lost(self, unraisable: Any) -> None:
        """Hook for exceptions that Python ignores: report all but `Stop`."""
        if not isinstance(unraisable.exc_value, Stop):
            self._hook(unraisable)


_EXIT = stopping.__exit__.__code__


def _around() -> stopping | None:
    """Return the context that handles the signals now."""
    for number in SIGNALS:
        owner = getattr(signal.getsignal(number), "__self__", None)
        if isinstance(owner, stopping):
            return owner
    return None


def _end(code: int) -> None:
    """Exit after a while, if a thread or an exit handler of a library hangs."""
    time.sleep(_END)
    os._exit(code)


def check_stopped() -> None:
    """Raise `Stop` if a signal has been received, in code that converts any exception to an ordinary outcome.

    C code may convert the exception of a signal to another one, which would be taken for a failure of the computation.

    Examples
    --------
    >>> check_stopped()
    """
    around = _around()
    if around is not None and around._number:
        raise around._made()


def is_stopping() -> bool:
    """Whether a signal has been received: what libraries report then is a consequence of it.

    Examples
    --------
    >>> is_stopping()
    False
    """
    around = _around()
    return around is not None and bool(around._number)


@contextlib.contextmanager
def signals_deferred(children: bool = False) -> Iterator[None]:
    """Context in which signals are deferred until its end, for code that an exception would leave in an invalid state.

    Parameters
    ----------
    children : bool
        Whether Ctrl-C, which a terminal sends to all its processes, is blocked in processes and threads started inside;
        their parent ends them.

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
    """Context that yields a function that raises a discarded Ctrl-C again; the context also does so at its end.

    Python ignores exceptions in weakref callbacks and finalizers, of which a library may have many. Handlers that do not
    raise ``KeyboardInterrupt`` are not changed, nor are threads other than the main one.

    Yields
    ------
    callable
        Function without arguments that raises ``KeyboardInterrupt`` if one was raised inside this context and discarded.

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
        yield check  # within `stopping`, which raises it again itself
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
    """End this process when its parent has ended for any reason, since a killed process cannot end its workers.

    Parameters
    ----------
    parent : int
        Process number of the parent.
    """
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
