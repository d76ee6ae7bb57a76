"""Odd input for specifications, commands, files, functions, sequences of calls and engines, until the time is over.

``python tests/fuzz/run.py --minutes 10 --seed 3``; the exit code is the number of different faults, at most 100. Inputs that
made faults are printed, reduced where that is possible, and kept in the folder. A case is drawn by seed, target and number
alone: ``--only specs --seed 3 --first 17 --cases 1`` repeats one. Inputs in ``tests/fuzz/kept`` come first.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
if __name__ == "__main__":
    beside = ("faults", "scripts", "project", "hrsnn/formats", "hrsnn/tasks", "hrsnn/validation")
    sys.path[:0] = [str(HERE), str(ROOT), *(str(ROOT / "tests" / name) for name in beside)]
    # one thread: a fork copies no other
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    os.environ.setdefault("MPLBACKEND", "Agg")

from isolation import FAULTS, GOOD, Verdict, verdicts  # noqa: E402
from target import Target, random_of  # noqa: E402

#: Targets, a file each.
TARGETS = ("specs", "options", "readers", "own_files", "arguments", "networks", "sequences")
_TRIALS = 40


@dataclass
class Tally:
    """Outcomes by target, how many inputs passed the first parser, processor time, and the faults one by one."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    parsed: Counter[tuple[str, bool]] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    found: dict[tuple[str, str], tuple[str, int, Any]] = field(default_factory=dict)  #: said, case, input

    def add(self, target: str, case: int, given: Any, verdict: Verdict) -> bool:
        """Count a verdict; return whether it is a fault that was not found before."""
        self.counts[target, verdict.outcome] += 1
        if verdict.parsed is not None:
            self.parsed[target, verdict.parsed] += 1
        new = verdict.is_fault and (target, verdict.signature) not in self.found
        if new:
            self.found[target, verdict.signature] = verdict.said, case, given
        return new

    @property
    def text(self) -> str:
        """A table, and a line for each fault."""
        columns = (*GOOD, *(one for one in FAULTS if any(self.counts[name, one] for name, _ in self.counts)))
        lines = [f"{'target':10s}" + "".join(f"{name:>10s}" for name in columns) + f"{'CPU s':>10s}"]
        for name in dict.fromkeys(name for name, _ in self.counts):
            row = "".join(f"{self.counts[name, outcome]:10d}" for outcome in columns)
            lines.append(f"{name:10s}{row}{self.seconds[name]:10.1f}")
        for name in dict.fromkeys(name for name, _ in self.parsed):
            passed, failed = self.parsed[name, True], self.parsed[name, False]
            lines.append(
                f"{name}: {passed} of {passed + failed} inputs pass the first parser ({passed / (passed + failed):.0%})"
            )
        for (name, signature), (said, case, given) in self.found.items():
            lines.append(f"{name}, case {case}: {signature}\n    {said[:300]}\n    {json.dumps(given)[:1500]}")
        return "\n".join(lines)


def kept_inputs(target: str) -> list[Any]:
    """Return the inputs that made faults once."""
    path = HERE / "kept" / f"{target}.json"
    return [one["input"] for one in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def cpu() -> float:
    """Return the processor time of this process and its children (s)."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def batches(target: Target, seed: int, first: int, fresh: bool = False) -> Iterator[list[tuple[int, Any]]]:
    """Yield inputs with the numbers of their cases: the kept ones, which have negative numbers, then random ones."""
    kept = kept_inputs(target.name) if not (first or fresh) else []
    if kept:
        yield [(k - len(kept), given) for k, given in enumerate(kept)]
    while True:
        yield [(case, target.draw(random_of(seed, target.name, case))) for case in range(first, first + target.batch)]
        first += target.batch


def reduced(target: Target, given: Any, signature: str, folder: Path) -> Any:
    """Return an input with as few parts as possible that makes the same fault."""
    tried = 0
    while tried < _TRIALS:
        for one in target.simpler(given):
            tried += 1
            (verdict,) = verdicts(target.check, [one], folder / f"reduced-{tried}", target.seconds)
            if verdict.signature == signature:
                given = one
                break
        else:
            break
    return given


@dataclass(frozen=True)
class Plan:
    """What to try: seed, number of the first case, cases of a target (None: any number), and when to end."""

    seed: int = 0
    first: int = 0
    cases: int | None = None
    seconds: float = 60.0  #: wall time
    stop: bool = False  #: with the first fault
    fresh: bool = False  #: without the kept inputs
    known: tuple[str, ...] = ()  #: signatures of faults that do not count


def fuzz(targets: Sequence[Target], plan: Plan, folder: Path) -> Tally:
    """Try the targets in turn, each for an equal part of the processor time, until cases or seconds are over."""
    tally, begun, last = Tally(), time.monotonic(), None if plan.cases is None else plan.first + plan.cases
    sources = {target.name: batches(target, plan.seed, plan.first, plan.fresh) for target in targets}
    while sources and time.monotonic() < begun + plan.seconds:
        target = min((one for one in targets if one.name in sources), key=lambda one: tally.seconds[one.name])
        batch, before = next(sources[target.name]), cpu()
        if last is not None:
            batch = [one for one in batch if one[0] < last]
        work = Path(tempfile.mkdtemp(dir=folder))
        found = verdicts(target.check, [given for _, given in batch], work, target.seconds)
        for (case, given), verdict in zip(batch, found, strict=True):
            if tally.add(target.name, case, given, verdict) and verdict.signature not in plan.known:
                smaller = reduced(target, given, verdict.signature, work)
                tally.found[target.name, verdict.signature] = verdict.said, case, smaller
                print(f"{time.monotonic() - begun:.1f} s: {target.name}, case {case}: {verdict.signature}", flush=True)
                if plan.stop:
                    tally.seconds[target.name] += cpu() - before
                    return tally
        tally.seconds[target.name] += cpu() - before
        if not batch or batch[-1][0] + 1 == last:
            del sources[target.name]
        shutil.rmtree(work, ignore_errors=True)
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, try, and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="wall time in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=TARGETS, metavar="NAME", help=", ".join(TARGETS))
    parser.add_argument("--areas", nargs="+", default=(), metavar="NAME", help="areas of specimens, for own_files")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--cases", type=int, help="cases of each target, instead of all that there is time for")
    parser.add_argument("--fresh", action="store_true", help="leave out the kept inputs")
    parser.add_argument("--stop", action="store_true", help="end with the first fault")
    parser.add_argument("--folder", type=Path, help="where files are made")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=options.folder)).resolve()
    begun = time.monotonic()
    targets = [
        import_module(name).made(folder / name, *([options.areas] if name == "own_files" else [])) for name in options.only
    ]
    left = 60 * options.minutes - (time.monotonic() - begun)
    plan = Plan(options.seed, options.first, options.cases, left, options.stop, options.fresh)
    tally = fuzz(targets, plan, folder)
    print(tally.text)
    os.chdir(ROOT)
    if tally.found:
        rows = [
            {"target": name, "fault": said, "case": case, "input": given}
            for (name, _), (said, case, given) in tally.found.items()
        ]
        (folder / "found.json").write_text(json.dumps(rows, indent=1))
        print(f"inputs: {folder / 'found.json'}")
    else:
        shutil.rmtree(folder)
    return min(len(tally.found), 100)


if __name__ == "__main__":
    sys.exit(main())
