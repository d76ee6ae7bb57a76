"""Commands on disks that fail: full, read-only, without locks, slow, with clocks set back, or shared by two runs.

``python tests/faults/disk_harness.py --command prune sweep --seed 7``; without ``--command``, all of them. A command runs
on a disk with a condition, after which the condition is taken away and the command is given again. What is wrong: an outcome
other than exit code 0, or 2 with one line; files left behind; and a result other than that of a run on an ordinary disk. The
exit code is the number of runs with something wrong, at most 100.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    # one thread: a fork copies no other
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np  # noqa: E402
from kill_harness import SUBJECTS, Ended, compare, forked, leftovers, log_of, lower_resolution, new_place  # noqa: E402
from mounts import Disk, why_no_mounts, with_disk  # noqa: E402

COMMANDS = ("prune", "search", "sweep", "reproduce", "train")
_DAY = 86400.0


class Trial:
    """One command with its reference, on one disk after another."""

    def __init__(self, command: str, folder: Path, seed: int) -> None:
        self.command, self.subject = command, SUBJECTS[command]
        self.random = np.random.default_rng([seed, *command.encode()])
        self.folder = folder
        folder.mkdir(parents=True)
        self.reference, self.operations, self.used = folder / "reference", 0, 0
        self.place = self.reference

    def prepare(self) -> None:
        """Run it undisturbed, twice: the first run compiles."""
        for _ in range(2):
            ended = self._run(new_place(self.reference))
            if ended.code:
                raise SystemExit(f"{self.command}: an undisturbed run ended with {ended.code}: {ended.said}")
        self.operations = ended.operations
        self.used = sum(path.stat().st_blocks * 512 for path in self.reference.rglob("*"))

    def _run(self, place: Path, operation: int | None = None, before: Callable[[], object] = lambda: None) -> Ended:
        with open(os.devnull, "w") as results:
            return forked(self.subject.arguments(place, 1), place, operation, before=before, results=results)

    def on_a_disk(self, condition: Callable[[Trial, Disk], list[str]]) -> list[str]:
        """Return what is wrong after a run with a condition, in a place that is a disk, and one without it."""
        place, log = self.folder / "disk", self.folder / "log.txt"
        place.mkdir(exist_ok=True)

        def tried(disk: Disk) -> list[str]:
            self.place = place
            (place / "tmp").mkdir()
            log.write_text("")
            log_of(place).symlink_to(log)  # what is said is kept elsewhere
            wrong = condition(self, disk)
            return wrong + self._again()

        found: list[str] = with_disk(place, tried)
        return found

    def run(self, operation: int | None = None, before: Callable[[], object] = lambda: None) -> Ended:
        """Run the command on the disk."""
        return self._run(self.place, operation, before)

    def killed(self) -> None:
        """Run it on the disk, and kill it somewhere."""
        self.run(int(self.random.integers(self.operations // 4, self.operations)))

    def wrong(self, ended: Ended, codes: Sequence[int] = (0, 2)) -> list[str]:
        """Return what is wrong with the end of a run: another exit code, or more than one line of the command."""
        lines = log_of(self.place).read_text(errors="replace").splitlines()
        found = [] if ended.code in codes else [f"exit code {ended.code}: {ended.said}"]
        said = [line for line in lines if not line.startswith("hrsnn") or len(line) > 620]
        if said or (ended.code == 2 and sum("warning" not in line for line in lines) != 1):
            found.append(f"exit code {ended.code}, and said: {' / '.join(lines)[:400]}")
        found += [one for one in leftovers(self.place) if ended.code in codes]
        return found

    def _again(self) -> list[str]:
        ended = self.run()
        if found := self.wrong(ended, codes=(0,)):
            return [f"given again: {line}" for line in found]
        return [f"given again: {line}" for line in compare(self.reference, self.place, self.subject).splitlines()]


def full(trial: Trial, disk: Disk) -> list[str]:
    """Return what is wrong with a run for which there is too little room."""
    disk.resize(4096 * max(3, int(trial.used * trial.random.uniform(0.02, 0.98)) // 4096))
    wrong = trial.wrong(trial.run())
    disk.resize()
    return wrong


def read_only(trial: Trial, disk: Disk) -> list[str]:
    """Return what is wrong with a run that was killed, and goes on where it cannot write."""
    if trial.random.random() < 0.7:
        trial.killed()
    names = sorted(path.name for path in trial.place.iterdir())
    disk.read_only()
    wrong = [line for line in trial.wrong(trial.run(), codes=(2,)) if "left behind" not in line]
    disk.read_only(False)
    return wrong + ["made something"] * (names != sorted(path.name for path in trial.place.iterdir()))


def clock_set_back(trial: Trial, disk: Disk) -> list[str]:
    """Return what is wrong with a run whose clock is set back, again and again, in a folder with files of the future."""
    trial.killed()
    for path in trial.place.rglob("*"):
        os.utime(path, (time.time() + _DAY, time.time() + _DAY), follow_symlinks=False)

    def before() -> None:
        clock, calls = time.time, iter(range(10**9))
        time.time = lambda: clock() - 60.0 * next(calls)

    return trial.wrong(trial.run(before=before), codes=(0,))


def without_locks(trial: Trial, disk: Disk) -> list[str]:
    """Return what is wrong with a run on a file system that has no locks."""

    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    def before() -> None:
        fcntl.flock = fcntl.lockf = refused  # type: ignore[assignment]

    return trial.wrong(trial.run(before=before))


def slow(trial: Trial, disk: Disk) -> list[str]:
    """Return what is wrong with a run whose every change to the disk takes 5 ms, as on a file system of a network."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "fcntl.flock"):
            time.sleep(0.005)

    return trial.wrong(trial.run(before=lambda: sys.addaudithook(hook)), codes=(0,))


def two_runs(trial: Trial, disk: Disk) -> list[str]:
    """Return what is wrong with two runs of the same command that begin together in one folder."""
    other = trial.place / "tmp" / "other"
    child = os.fork()
    if child == 0:
        code = 70
        try:
            time.sleep(float(trial.random.uniform(0, 0.5)))
            new_place(other)
            with (
                open(log_of(other), "w") as log,
                open(os.devnull, "w") as results,
                contextlib.redirect_stdout(results),
                contextlib.redirect_stderr(log),
            ):
                from hrsnn.scripts import main

                code = main(trial.subject.arguments(trial.place, 1))
        finally:
            os._exit(code)
    ended = trial.run()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = log_of(other).read_text()
    shutil.rmtree(other)
    wrong = trial.wrong(ended)
    if {code, ended.code} - {0, 2} or 0 not in (code, ended.code):
        wrong.append(f"exit codes {ended.code} and {code}")
    if code == 2 and ("in use by" not in said or said.count("\n") != 1):
        wrong.append(f"the second said {said!r:.300}")
    return wrong


CONDITIONS: Mapping[str, tuple[Callable[[Trial, Disk], list[str]], int]] = {
    "full": (full, 3),
    "read-only": (read_only, 1),
    "clock set back": (clock_set_back, 1),
    "without locks": (without_locks, 1),
    "slow": (slow, 1),
    "two runs": (two_runs, 1),
}


def main() -> int:
    """Read the command line, try, and print a line for each condition, with what is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--command", nargs="+", choices=SUBJECTS, default=[one for one in COMMANDS if one in SUBJECTS])
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--runs", type=int, default=1, help="times the number of runs of each condition")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if why := why_no_mounts():
        print(f"nothing was tried: {why}")
        return 0
    bad = 0
    with tempfile.TemporaryDirectory(prefix="disks-") as folder, lower_resolution():
        for command in options.command:
            trial = Trial(command, Path(folder).resolve() / command, options.seed)
            trial.prepare()
            for name in options.conditions:
                condition, count = CONDITIONS[name]
                begun, wrong = time.monotonic(), []
                for _ in range(count * options.runs):
                    if found := trial.on_a_disk(condition):
                        wrong.append(found)
                bad += len(wrong)
                taken = time.monotonic() - begun
                print(f"{command}, {name}: {count * options.runs} runs, {len(wrong)} wrong ({taken:.0f} s)", flush=True)
                for line in (line for found in wrong for line in found[:10]):
                    print(f"    {line}", flush=True)
    return min(bad, 100)


if __name__ == "__main__":
    sys.exit(main())
