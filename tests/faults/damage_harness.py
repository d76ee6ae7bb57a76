"""Damaged files of every format that is read: each is loaded and used in a process of its own, and the outcome is classed.

``python tests/faults/damage_harness.py --cases 1000 --seed 7``; the exit code is the number of faults, at most 100.
Outcomes:

refused
    with an error of the package that names the file
harmless
    the content is that of the intact file
valid
    another content that is valid by the rules of ``damage_rules``: a weight that differs
Faults: accepted (an invalid content was accepted), unnamed (refused without the file's name), traceback, signal, hang.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    # one thread: a fork copies no other
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import damage_rules as rules  # noqa: E402
import numpy as np  # noqa: E402
from specimens import Specimen, specimens  # noqa: E402

FAULTS = ("accepted", "unnamed", "traceback", "signal", "hang")
OUTCOMES = ("refused", "harmless", "valid", *FAULTS)
#: A damaged network may need a kernel of its own, such as that with background input, compiled here.
_CPU, _WALL, _MEMORY = 60, 300, 8 * 2**30  # s, s, bytes


@dataclass
class Tally:
    """Outcomes by format, and the faults one by one."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """A table, and a line for each fault."""
        lines = [f"{'format':16s}" + "".join(f"{outcome:>10s}" for outcome in OUTCOMES)]
        for name in dict.fromkeys(name for name, _ in self.counts):
            lines.append(f"{name:16s}" + "".join(f"{self.counts[name, outcome]:10d}" for outcome in OUTCOMES))
        totals = [sum(n for (_, found), n in self.counts.items() if found == outcome) for outcome in OUTCOMES]
        lines.append(f"{self.counts.total():<16d}" + "".join(f"{n:10d}" for n in totals))
        return "\n".join([*lines, *self.faults])


class Harness:
    """Intact files of all formats, what they hold, and the classing of damaged ones."""

    def __init__(self, folder: Path, formats: Sequence[str] = (), areas: Sequence[str] = ()) -> None:
        self.folder = folder
        made = specimens(folder / "intact", areas)
        self.specimens = {name: made[name] for name in formats or made}
        self.expected = {}
        for name, specimen in self.specimens.items():
            work = self._copy(specimen)
            specimen.rule(specimen.intact)  # the rules hold for what we write ourselves
            loaded = self.expected[name] = specimen.load(work)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for turn in (0, 1, 3):  # what is loaded and compiled on first use
                    specimen.use(loaded, turn)

    def _copy(self, specimen: Specimen) -> Path:
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(specimen.folder, work)
        return work

    def run(self, cases: int, seed: int, first: int = 0) -> Tally:
        """Damage `cases` files, each format and each way of damage in turn."""
        tally, names = Tally(), list(self.specimens)
        for case in range(first, first + cases):
            name = names[case % len(names)]
            ways = list(self.specimens[name].damages)
            way = ways[case // len(names) % len(ways)]
            outcome, said = self.one(name, way, seed, case)
            tally.counts[name, outcome] += 1
            if outcome in FAULTS:
                kept = self.folder / f"{case}-{Path(self.specimens[name].file).name}"
                kept.write_bytes(self.damaged(name, way, seed, case))  # the run may have written another one
                tally.faults.append(f"{outcome}: {name}, {way}, case {case}, {kept}: {said}")
        return tally

    def damaged(self, name: str, way: str, seed: int, case: int) -> bytes:
        """The damaged file of a case."""
        specimen = self.specimens[name]
        return specimen.damages[way](specimen.intact, np.random.default_rng([seed, case]))

    def one(self, name: str, way: str, seed: int, case: int) -> tuple[str, str]:
        """The outcome of one damaged file, and what was said."""
        specimen = self.specimens[name]
        work = self._copy(specimen)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = self.damaged(name, way, seed, case)
            (work / specimen.file).write_bytes(data)
            invalid = _invalid(specimen.rule, data)
        outcome, said = _in_a_child(lambda: _tried(specimen, work, self.expected[name], case))
        if outcome == "other":
            return ("accepted", f"invalid: {invalid}") if invalid else ("valid", said)
        return outcome, said


def _invalid(rule: rules.Rule, data: bytes) -> str:
    """Why a file is invalid; empty where it is not."""
    try:
        rule(data)
    except Exception as error:  # whatever the file makes the rules' readers raise
        return f"{type(error).__name__} {error}"[:150]
    return ""


def _tried(specimen: Specimen, work: Path, expected: Any, turn: int) -> tuple[str, str]:
    """In the child: load and use."""
    from hrsnn.errors import FileError, HrsnnError, InputError, SpecError

    try:
        loaded = specimen.load(work)
    except (FileError, InputError, SpecError) as error:
        return ("refused" if Path(specimen.file).name in str(error) or str(work) in str(error) else "unnamed"), str(error)
    try:
        if specimen.same(loaded, expected):
            return "harmless", ""
        specimen.use(loaded, turn)
    except HrsnnError as error:
        return ("other" if isinstance(error, ArithmeticError) else "refused"), str(error)
    return "other", ""


def _in_a_child(action: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    """The outcome of an action in a child of this process, within limits of time and memory."""
    if len(os.listdir("/proc/self/task")) > 1:
        raise SystemExit("threads are running: a forked child could wait for one that it does not have")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        outcome = "traceback", "died"
        try:
            os.close(read)
            null = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2):
                os.dup2(null, standard)
            resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU + 5))
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            warnings.simplefilter("ignore")
            outcome = action()
        except BaseException as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            outcome = (
                "traceback",
                f"{type(error).__name__}: {str(error)[:200]} at {Path(where.filename).name}:{where.lineno}",
            )
        finally:
            os.write(write, json.dumps([outcome[0], outcome[1][:1000]]).encode())
            os._exit(0)
    os.close(write)
    handle = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([handle], [], [], _WALL)
        if not ready:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said = os.read(read, 65536)
    finally:
        os.close(handle)
        os.close(read)
    if not ready or code == -signal.SIGXCPU:
        return "hang", f"more than {_CPU} s"
    if code:
        return "signal", signal.Signals(-code).name if code < 0 else f"exit code {code}"
    outcome, text = json.loads(said)
    return outcome, text


def main() -> int:
    """Read the command line, damage, and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first case: one case alone is --first N --cases 1"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--formats", nargs="+", default=[])
    parser.add_argument("--folder", type=Path, help="where files are made; those that made a fault stay there")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="damage-", dir=options.folder)).resolve()
    tally = Harness(folder, options.formats).run(options.cases, options.seed, options.first)
    print(tally.text)
    if not tally.faults:
        shutil.rmtree(folder)
    return min(len(tally.faults), 100)


if __name__ == "__main__":
    sys.exit(main())
