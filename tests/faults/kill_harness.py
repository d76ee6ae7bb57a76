"""Commands killed with SIGKILL until they have finished: the result must be that of a run that was never disturbed.

``python tests/faults/kill_harness.py --command prune --kills 200 --seed 7``; without ``--command``, all of
them but single recipes, which ``--recipes`` has. The exit code is the number of folders that ended otherwise, at most 100.

Kills come in four modes:

operation
    a forked child kills itself before its k-th change to a file or folder, every k in turn
moment
    a forked child is killed after a time that is uniform over an undisturbed run
process, group
    the same of ``python -m hrsnn``, of one process and, with two jobs, of its whole process group
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import select
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "scripts"))  # of the sizes of recipes
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    # one thread: a fork copies no other
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np  # noqa: E402
from folder_difference import difference, json_differences  # noqa: E402
from tiny_recipes import DEEP, TINY, WORDS  # noqa: E402

_LONGEST = 600.0  # s, after which a run counts as hanging
_SHOWN = 40  # lines of a report on one folder
_TURNS = 12  # kills in one folder, then it may finish
#: Share of the kills in each mode.
SHARES = {"operation": 0.5, "moment": 0.4, "process": 0.05, "group": 0.05}
#: What no run may leave behind.
_LEFT = (".hrsnn-part-*", ".hrsnn-lock*", "*.lock", "*-journal", "*-wal", "*-shm", "*.tmp")
_DATABASE = "search.db"


@dataclass(frozen=True)
class Subject:
    """A command in a tiny size."""

    options: str
    parallel: str = "--jobs"  #: empty for a command that runs in one process
    resumes: bool = False  #: whether it has --resume, and takes it for a new folder too
    stores: bool = False  #: whether it works in a database
    reads: str = ""  #: name of the command whose out folder is its --trained: one of `SUBJECTS`, which is run before

    def arguments(self, place: Path, jobs: int, of: Path | None = None) -> list[str]:
        """The command line, for its files in `place`, and the folder that it reads."""
        more = ["--resume"] if self.resumes else []
        more += ["--trained", str(of)] if of is not None else []
        if self.stores:
            more += ["--storage", str(place / _DATABASE)] + ["--resume"] * (place / _DATABASE).exists()
        more += [self.parallel, str(jobs)] if jobs > 1 and self.parallel else []
        return [*shlex.split(self.options), *more, "--quiet", "--out", str(place / "out")]


SUBJECTS = {
    "prune": Subject(
        "prune --neurons 40 --iterations 5 --synapse-target 0.7 --neuron-target 0.1 --refresh 3 --duration 300 --seeds 2",
        resumes=True,
    ),
    "variants": Subject("variants --neurons 20 --seeds 2 --tasks memory --values 500"),
    "sweep": Subject("sweep memory --neurons 20 --values 500 --max-delay 4 --over weight_scale=2,6 --seeds 2"),
    "perturb": Subject("perturb --neurons 20 --seeds 2 --levels 0.3 --max-delay 4 --task-option values=500"),
    "pruning_curve": Subject(
        "pruning_curve --neurons 20 --seeds 2 --arms dense magnitude random --sparsities 0.5 0.8 --iterations 2"
        " --tasks memory",
    ),
    "reproduce": Subject(
        "reproduce fig10 --neurons 20 --seeds 2 --option iterations=2 --option train=200 --option test=50",
    ),
    "search": Subject(
        "search --neurons 20 --trials 6 --batch 2 --seeds 1 --fresh 2 --values 450", parallel="--workers", stores=True
    ),
}
if importlib.util.find_spec("torch") is not None:  # of the extra torch
    SUBJECTS["train"] = Subject("train --neurons 15 --set dt=1 --train 40 --test 20 --epochs 2 --batch 10", parallel="")
    _EPOCHS = "--epochs 2 --batch 20 --attack-steps 1"
    SUBJECTS["deep_train"] = Subject(
        f"deep train --task digits --train 60 --test 40 --model mlp --relu --robust pgd {_EPOCHS}", parallel=""
    )
    SUBJECTS["deep_prune"] = Subject(
        f"deep prune --kept 0.1 --method scores --score-epochs 1 {_EPOCHS}", parallel="", reads="deep_train"
    )
    SUBJECTS["deep_convert"] = Subject(
        f"deep convert --steps 3 --calibration-steps 5 --batches 2 {_EPOCHS}", parallel="", reads="deep_prune"
    )
    SUBJECTS["deep_attack"] = Subject(
        "deep attack --samples 6 --attacks fgsm pgd square --views rate relu --attack-steps 2 --queries 5 --restarts 1"
        " --eps 0.05 0.1",
        parallel="",
        reads="deep_convert",
    )


def recipe_subjects() -> dict[str, Subject]:
    """Every recipe that keeps runs, in the size of its tests; those of deep networks where there is PyTorch."""
    deep = {*DEEP, "robust-conversion", "table4-resnet"} if importlib.util.find_spec("torch") is None else set()
    found = {}
    for name, options in TINY.items():
        if name not in deep:
            chosen = [word for key, value in options.items() for word in ("--option", f"{key}={value}")]
            words = ["reproduce", name, *WORDS.get(name, ("--neurons", "20", "--seeds", "2")), *chosen]
            found[f"reproduce_{name}"] = Subject(shlex.join(words))
    return found


COMMANDS = tuple(SUBJECTS)
RECIPES = recipe_subjects()
SUBJECTS |= RECIPES


@dataclass
class Ended:
    """How one run ended."""

    code: int  #: negative: the signal
    seconds: float
    operations: int = 0
    said: str = ""


@dataclass
class Tally:
    """What was found of one command."""

    command: str
    kills: Counter[str] = field(default_factory=Counter)
    folders: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)  #: by folder, and how it was killed: what is wrong there

    @property
    def text(self) -> str:
        """The numbers, and every folder that ended otherwise."""
        by_mode = ", ".join(f"{mode} {self.kills[mode]}" for mode in SHARES if self.kills[mode])
        head = (
            f"{self.command}: {self.kills.total()} kills ({by_mode}) in {self.folders.total()} folders, "
            f"{len(self.wrong)} of which ended otherwise"
        )
        return "\n".join([head, *(line for where, lines in self.wrong.items() for line in (where, *lines[:_SHOWN]))])


class Harness:
    """One command, its reference folders, and where the others are made."""

    def __init__(self, command: str, folder: Path, seed: int, shares: dict[str, float]) -> None:
        self.command, self.folder, self.subject = command, folder, SUBJECTS[command]
        self.random = np.random.default_rng([seed, *command.encode()])
        self.shares = {mode: share for mode, share in shares.items() if share}
        self.tally = Tally(command)
        self.references: dict[str, Path] = {}
        self.whole: dict[str, Ended] = {}
        self.next_operation: list[int] = []
        self.of: Path | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def prepare(self) -> None:
        """The undisturbed runs: in this process, which loads and compiles everything; forked; and fresh ones."""
        if self.subject.reads:
            with lower_resolution():
                self.of = self._made(self.subject.reads)
        if {"operation", "moment"} & self.shares.keys():
            with lower_resolution():
                self._reference("forked", "warm", lambda place: ran_here(self.subject.arguments(place, 1, self.of), place))
                self.whole["operation"] = self.whole["moment"] = self._repeated("moment")
        if {"process", "group"} & self.shares.keys():
            self._reference("fresh", "fresh", lambda place: self._fresh(place, 1, None))
            for mode in {"process", "group"} & self.shares.keys():
                self.whole[mode] = self._repeated(mode)

    def _made(self, command: str) -> Path:
        """The out folder of another command, after those that it reads itself."""
        subject, place = SUBJECTS[command], new_place(self.folder / f"read-{command}")
        of = self._made(subject.reads) if subject.reads else None
        ended = ran_here(subject.arguments(place, 1, of), place)
        if ended.code:
            raise SystemExit(f"{command}, which {self.command} reads, ended with {ended.code}: {ended.said}")
        return place / "out"

    def _reference(self, kind: str, name: str, run: Any) -> None:
        place = new_place(self.folder / name)
        ended = run(place)
        if ended.code:
            raise SystemExit(f"{self.command}: an undisturbed run ended with {ended.code}: {ended.said}")
        self.references[kind] = place
        if left := leftovers(place):
            self.tally.wrong[f"undisturbed {name}:"] = left

    def _repeated(self, mode: str) -> Ended:
        """An undisturbed run of a mode, which must have the same bytes already."""
        place = new_place(self.folder / f"undisturbed-{mode}")
        ended = self._run(mode, place, None, None)
        self._compare(f"undisturbed {mode}", mode, place, [ended])
        return ended

    def run(self, kills: int) -> Tally:
        """Kill until the number is reached, in as many folders as that takes."""
        self.prepare()
        with lower_resolution():
            while self.tally.kills.total() < kills:
                mode = min(self.shares, key=lambda mode: self.tally.kills[mode] / self.shares[mode])
                place = new_place(self.folder / f"{self.tally.folders.total():04d}")
                self._one_folder(mode, place)
        return self.tally

    def _one_folder(self, mode: str, place: Path) -> None:
        history: list[str] = []
        while True:
            operation, moment = self._when(mode, first=not history)
            if len(history) == _TURNS:
                operation = moment = None
            ended = self._run(mode, place, operation, moment)
            if ended.code != -signal.SIGKILL or operation is moment is None:
                break
            self.tally.kills[mode] += 1
            history.append(f"operation {operation}" if operation is not None else f"{moment:.3f} s")
        self.tally.folders[mode] += 1
        self._compare(f"{mode}, killed at {', '.join(history) or 'no time'}", mode, place, [ended])

    def _when(self, mode: str, first: bool) -> tuple[int | None, float | None]:
        """The operation or the moment of the next kill; neither: the run may finish."""
        whole = self.whole[mode]
        if mode != "operation":
            return None, float(self.random.uniform(0, whole.seconds))
        if first:
            if not self.next_operation:
                self.next_operation = self.random.permutation(whole.operations).tolist()
            return self.next_operation.pop(), None
        return (int(self.random.integers(whole.operations)), None) if self.random.random() < 0.5 else (None, None)

    def _run(self, mode: str, place: Path, operation: int | None, moment: float | None) -> Ended:
        if mode in ("operation", "moment"):
            return forked(self.subject.arguments(place, 1, self.of), place, operation, moment)
        return self._fresh(place, 2 if mode == "group" else 1, moment)

    def _fresh(self, place: Path, jobs: int, moment: float | None) -> Ended:
        arguments = [sys.executable, "-m", "hrsnn", *self.subject.arguments(place, jobs, self.of)]
        environment = {**os.environ, "TMPDIR": str(place / "tmp"), "PYTHONPATH": str(ROOT)}
        begin = time.monotonic()
        with open(log_of(place), "wb") as log:
            process = subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
            try:
                code = process.wait(_LONGEST if moment is None else moment)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                code = process.wait()
        return Ended(code, time.monotonic() - begin, said=_last_line(place))

    def _compare(self, what: str, mode: str, place: Path, ended: list[Ended]) -> None:
        problems = [f"ended with {one.code}: {one.said}" for one in ended if one.code]
        problems += leftovers(place)
        if not problems:
            kind = "forked" if mode in ("operation", "moment") else "fresh"
            found = compare(self.references[kind], place, self.subject)
            problems += found.splitlines()
        if problems:
            self.tally.wrong[f"{place.name} ({what}):"] = [f"    {line}" for line in problems]
        else:
            shutil.rmtree(place)


def compare(reference: Path, place: Path, subject: Subject) -> str:
    """What differs between the folders of two runs that should be equal."""
    found = difference(reference, place, ignored=("timing.json", "timing", _DATABASE, "log.txt", "tmp"))
    if subject.stores:
        differences = list(json_differences(*(stored(one / _DATABASE) for one in (reference, place))))
        found = "\n".join([*found.splitlines(), *(f"{_DATABASE}: {line}" for line in differences[:10])])
    return found


def stored(database: Path) -> dict[str, Any]:
    """The studies in a SQLite file: everything but times and internal numbers."""
    trial = "study_id, number"
    queries = {
        "studies": "select study_name, direction from studies natural join study_directions order by 1",
        "settings": "select study_name, key, value_json from studies natural join study_user_attributes order by 1, 2",
        "trials": "select study_name, number, state from studies natural join trials order by 1, 2",
        "values": f"select number, objective, value from trials natural join trial_values order by {trial}, 2",
        "parameters": f"select number, param_name, param_value from trials natural join trial_params order by {trial}, 2",
        "attributes": f"select number, key, value_json from trials natural join trial_user_attributes order by {trial}, 2",
    }
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return {name: [list(row) for row in connection.execute(query)] for name, query in queries.items()}


def leftovers(place: Path) -> list[str]:
    """What a run should have removed: half-written files, locks, and anything in its temporary folder."""
    found = {path for pattern in _LEFT for path in place.rglob(pattern)}
    found |= set((place / "tmp").iterdir())
    expected = {"out", "tmp", "log.txt", _DATABASE}
    found |= {path for path in place.iterdir() if path.name not in expected}
    return [f"{path.relative_to(place)}: was left behind" for path in sorted(found)]


def new_place(place: Path) -> Path:
    """An empty folder for one run, with a temporary folder of its own."""
    shutil.rmtree(place, ignore_errors=True)
    (place / "tmp").mkdir(parents=True)
    log_of(place).touch()  # a run may be killed before it opens it
    return place


def log_of(place: Path) -> Path:
    return place / "log.txt"


def _last_line(place: Path) -> str:
    lines = log_of(place).read_text(errors="replace").splitlines()
    return lines[-1][:300] if lines else ""


@contextlib.contextmanager
def lower_resolution() -> Iterator[None]:
    """Pictures of forked runs in a few pixels: most of the time of so small a run would go into them."""
    from hrsnn.analysis import figures

    before, figures.save.__defaults__ = figures.save.__defaults__, (20,)
    try:
        yield
    finally:
        figures.save.__defaults__ = before


def ran_here(arguments: Sequence[str], place: Path, results: IO[str] | None = None) -> Ended:
    from hrsnn.scripts import main

    begin, name = time.monotonic(), tempfile.tempdir
    tempfile.tempdir = str(place / "tmp")
    try:
        with (
            open(log_of(place), "w") as log,
            contextlib.redirect_stdout(log if results is None else results),
            contextlib.redirect_stderr(log),
        ):
            code = main(arguments)
    finally:
        tempfile.tempdir = name
    return Ended(code, time.monotonic() - begin, said=_last_line(place))


def forked(
    arguments: Sequence[str],
    place: Path,
    operation: int | None = None,
    moment: float | None = None,
    before: Callable[[], object] = lambda: None,
    results: IO[str] | None = None,
) -> Ended:
    """The command in a child of this process, after `before`; killed at an operation, after some seconds, or not at all.

    What it prints of results goes to `results`, and without it to the log, as what it says on standard error.
    """
    threads = os.listdir("/proc/self/task")
    if len(threads) > 1:
        raise SystemExit(f"{len(threads)} threads are running: a forked child could wait for one that it does not have")
    read, write = os.pipe()
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.close(read)
            counter = _count_operations(place, operation)
            before()
            code = ran_here(arguments, place, results).code
            os.write(write, json.dumps(counter.total()).encode())
        finally:
            os._exit(code)
    os.close(write)
    handle = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([handle], [], [], _LONGEST if moment is None else moment)
        if not ready:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        counted = os.read(read, 100)
    finally:
        os.close(handle)
        os.close(read)
    return Ended(code, time.monotonic() - begin, json.loads(counted or b"0"), _last_line(place))


_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "os.link", "os.symlink")


def _count_operations(place: Path, fatal: int | None) -> Counter[str]:
    """Count what this process changes on disk from here on, and have it kill itself before change number `fatal`."""
    counter: Counter[str] = Counter()
    here = str(place)

    def count(event: str) -> None:
        if counter.total() == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        counter[event] += 1

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes and isinstance(path, (str, bytes)) and os.fsdecode(path).startswith(here):
                count(event)
        elif event in _CHANGES or event == "fcntl.flock":
            path = arguments[0]
            # a name without a folder is of a folder that is given by its handle, as shutil does
            if not isinstance(path, (str, bytes)) or not os.path.isabs(path) or os.fsdecode(path).startswith(here):
                count(event)

    sys.addaudithook(hook)
    sync = os.fsync

    def counted_sync(handle: int) -> None:
        count("os.fsync")
        sync(handle)

    os.fsync = counted_sync
    connect = sqlite3.connect

    def counted_connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        count("sqlite3.connect")
        connection = connect(*arguments, **options)
        connection.set_trace_callback(lambda statement: count("statement"))  # SQLite writes by itself
        return connection

    sqlite3.connect = counted_connect
    return counter


def main() -> int:
    """Read the command line, kill, and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--command", nargs="+", choices=SUBJECTS, default=[])
    parser.add_argument("--recipes", action="store_true", help="every recipe of `hrsnn reproduce`")
    parser.add_argument("--kills", type=int, default=200, help="of each command")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where the runs work; what ended otherwise stays there")
    parser.add_argument("--modes", nargs="+", choices=SHARES, default=list(SHARES))
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="kills-"))
    wrong = 0
    for command in [*options.command, *RECIPES] if options.recipes else options.command or COMMANDS:
        shares = {mode: SHARES[mode] for mode in options.modes}
        tally = Harness(command, folder.resolve() / command, options.seed, shares).run(options.kills)
        print(tally.text, flush=True)
        wrong += len(tally.wrong)
        if not tally.wrong:
            shutil.rmtree(folder / command)
    if not wrong and options.folder is None:
        shutil.rmtree(folder, ignore_errors=True)
    return min(wrong, 100)


if __name__ == "__main__":
    sys.exit(main())
