"""Cases in a child of this process, within limits of processor time and memory, with a verdict on each."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Outcomes that the package promises.
GOOD = ("result", "refused", "stopped")
#: What is a fault: an error that is not the package's own, a message of another form or without the file's name, an invalid
#: content taken for a valid one, results that differ, files left behind, and the ends of a process.
FAULTS = ("traceback", "message", "unnamed", "accepted", "differs", "left", "memory", "signal", "hang")
_WALL, _MEMORY = 300.0, 12 * 2**30  # s, bytes


@dataclass(frozen=True)
class Verdict:
    """The outcome of a case, what was said, and whether its input passed the first parser (None: there is none)."""

    outcome: str
    said: str = ""
    parsed: bool | None = None

    @property
    def is_fault(self) -> bool:
        """Whether the outcome is one that the package does not promise."""
        return self.outcome in FAULTS

    @property
    def signature(self) -> str:
        """What cases of the same fault have in common: the outcome, and the error with its place where there is one."""
        return f"{self.outcome}: {self.said.rpartition(' at ')[2] if ' at ' in self.said else self.said[:60]}"


#: Of an input and an empty folder, which is the working folder.
Check = Callable[[Any, Path], Verdict]


def _is_ours(name: str) -> bool:
    return not name.startswith("<") and not {"site-packages", "tests", "lib"} & set(Path(name).parts)


def error_verdict(error: BaseException) -> Verdict:
    """Return the verdict on an exception that is not the package's own, with the last place in a file of the package."""
    places = traceback.extract_tb(error.__traceback__)
    ours = [one for one in places if _is_ours(one.filename)] or places
    outcome = "memory" if isinstance(error, MemoryError) else "traceback"
    where = f"{Path(ours[-1].filename).name}:{ours[-1].name}"
    text = " ".join(str(error).split())[:200]
    return Verdict(outcome, f"{type(error).__name__}: {text} at {where}")


def verdicts(check: Check, inputs: Sequence[Any], folder: Path, seconds: int = 20) -> Iterator[Verdict]:
    """Yield the verdict on each input; a child that dies is replaced by another one for the inputs after it.

    Parameters
    ----------
    check : callable
        What is done with an input; errors that it lets out are faults.
    inputs : sequence
    folder : Path
        Working folder; each case has an empty folder in it.
    seconds : int
        Processor time of one case.
    """
    done = 0
    while done < len(inputs):
        for verdict in _of_a_child(check, inputs[done:], folder / str(done), seconds):
            done += 1
            yield verdict


def _of_a_child(check: Check, inputs: Sequence[Any], folder: Path, seconds: int) -> Iterator[Verdict]:
    """Yield verdicts as long as the child lives, and at its death the one on the case that it died of."""
    sys.stdout.flush()
    sys.stderr.flush()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            _in_the_child(check, inputs, folder, seconds, write)
        finally:
            os._exit(0)
    os.close(write)
    waited, text, given = time.monotonic(), b"", 0
    try:
        while given < len(inputs):
            ready, _, _ = select.select([read], [], [], max(0.0, waited + _WALL - time.monotonic()))
            part = os.read(read, 65536) if ready else b""
            if not part:
                break
            *lines, text = (text + part).split(b"\n")
            for line in lines:
                waited, given = time.monotonic(), given + 1
                yield Verdict(*json.loads(line))
    finally:
        os.close(read)
        handle = os.pidfd_open(child)
        if not select.select([handle], [], [], 0 if given < len(inputs) and time.monotonic() > waited + _WALL else 5)[0]:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        os.close(handle)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if given < len(inputs):
        over = code in (-signal.SIGXCPU, -signal.SIGKILL)
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        yield Verdict("hang", f"more than {seconds} s") if over else Verdict("signal", name)


def _in_the_child(check: Check, inputs: Sequence[Any], folder: Path, seconds: int, write: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.disable()  # the end of a child is no failure of the tests that run it
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    for number, one in enumerate(inputs):
        used = int(time.process_time()) + seconds + 1
        resource.setrlimit(resource.RLIMIT_CPU, (used, resource.RLIM_INFINITY))
        place = folder / str(number)
        place.mkdir(parents=True)
        os.chdir(place)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                verdict = check(one, place)
        except Exception as error:
            verdict = error_verdict(error)
        os.write(write, json.dumps([verdict.outcome, verdict.said[:1000], verdict.parsed]).encode() + b"\n")
