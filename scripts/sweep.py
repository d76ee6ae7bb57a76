"""``hrsnn sweep``: another command over values of parameters and over seeds."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import itertools
import json
import logging
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import HrsnnError, InputError
from hrsnn.files.writing import to_json
from hrsnn.runtime.parallel import run_all
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import Cluster, Command, Draws, execute, options_of
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.cli.repeats import Repeatable
from hrsnn.scripts.cli.sweep_axes import Axis, axes_of
from hrsnn.scripts.reports.sweep_report import SweepReport, SweptRun
from hrsnn.validation.numbers import count_of, repeats_of

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Options of a command that a sweep gives itself, or that say only what is printed and written.
_OWN = ("seed", "seeds", "jobs", "cluster", "out", "json", "quiet", "version", "format", "save")
#: Options that are given once for each setting: a point appends to them.
_APPENDED = ("set_", "task_option")
#: Commands that can be swept beside those that are repeated over seeds by themselves.
_OTHERS = ("balance", "map", "prune", "compare")
#: Prefix of keys that are options of the task.
_TASK = "task."


@dataclass(frozen=True, kw_only=True)
class Sweep(Draws):
    """Carry out another command at every combination of values, for several seeds; all its options can be given."""

    carries_out: ClassVar[bool] = True

    command: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="COMMAND")]
    """Command with scores, such as classify, forecast, memory, measure, train or prune; its own options follow."""

    over: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUES"), tyro.conf.UseAppendAction] = ()
    """A parameter of the network, an option of the command or, as task.KEY, of the task: =2,4,8 or =10..100:10."""

    seed: int = 0
    """First seed."""

    seeds: int = 5
    """Number of seeds at each point, starting from --seed."""

    jobs: int = 1
    """Number of parallel processes; results do not depend on it."""

    cluster: Cluster = None
    """Dask scheduler (tcp://host:8786) or batch system (slurm, pbs, ...) to run on; all nodes must share the folders."""

    rest: Annotated[tuple[str, ...], tyro.conf.Suppress] = ()

    def check(self) -> None:
        """Raise an error before the work: for an unknown command or key, too many runs, or a point that is not allowed."""
        repeats_of("--seeds", self.seeds)
        count_of("--jobs", self.jobs)
        for options in self.points().values():
            options.check()

    def run(self) -> SweepReport:
        """Run what is not yet in the out folder."""
        points = self.points()
        kept = KeptRuns(None if self.out is None else (self.out / report.RUNS).absolute())
        kept.prepare(_settings(self.command, self._base()))
        seeds = range(self.seed, self.seed + self.seeds)
        tasks = [(values, seed) for values in points for seed in seeds]
        log = logging.getLogger("hrsnn")
        log.info("%d points, seeds %d to %d ...", len(points), seeds[0], seeds[-1])
        level = log.level
        log.setLevel(logging.WARNING)
        try:
            runner = SweepRunner(points, self._keys, kept)
            found = run_all(runner, tasks, jobs=self.jobs, cluster=self.cluster, progress=self.progress)
        finally:
            log.setLevel(level)
        runs = [SweptRun(values, seed, numbers) for (values, seed), numbers in zip(tasks, found, strict=True)]
        base = self._base()
        return SweepReport(
            command=self.command,
            spec=base.network_spec(),
            engine=base.engine,
            keys=self._keys,
            seeds=tuple(seeds),
            runs=runs,
        )

    @property
    def _axes(self) -> tuple[Axis, ...]:
        return axes_of(self.over, self.seeds)

    @property
    def _keys(self) -> tuple[str, ...]:
        return tuple(axis.key for axis in self._axes)

    def _class(self) -> type[Command]:
        from hrsnn import scripts

        swept = {name: scripts.find(name) for name in scripts.COMMANDS if name != "sweep"}
        known: dict[str, type[Command]] = {
            name: one
            for name, one in swept.items()
            if issubclass(one, Repeatable) or (name in _OTHERS and issubclass(one, Command))
        }
        if self.command not in known:
            close = difflib.get_close_matches(self.command, known, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise InputError("COMMAND", self.command, f"{hint}must be one of {', '.join(known)}")
        return known[self.command]

    def _base(self) -> Command:
        """Return the command with the options that all points share."""
        options = options_of(self._class(), self.rest, f"hrsnn sweep {self.command}")
        if not isinstance(options, Command):
            raise HrsnnError(f"hrsnn {self.command} --help has its options")
        if (file := getattr(options, "save", None)) is not None:
            raise InputError("the option save", file.name, "is of one run: cannot be given with a sweep")
        return dataclasses.replace(options, quiet=True)

    def points(self) -> Mapping[tuple[str, ...], Command]:
        """Return the command at each point, by the values of the keys."""
        base, axes = self._base(), self._axes
        changes = [[_change(base, self._class(), axis.key, value) for value in axis.values] for axis in axes]
        names = itertools.product(*(axis.values for axis in axes))
        return {
            values: _changed(base, combination)
            for values, combination in zip(names, itertools.product(*changes), strict=True)
        }


def _change(base: Command, kind: type[Command], key: str, value: str) -> tuple[str, Any]:
    """Return a field of the command and its value at a point; of `set_` and `task_option`, what is appended."""
    fields = {one.name.rstrip("_"): one.name for one in dataclasses.fields(base)}
    name = key.replace("-", "_")
    if key.startswith(_TASK) and "task_option" in fields:
        return "task_option", (f"{key.removeprefix(_TASK)}={value}",)
    own = {*_OWN, *_APPENDED}
    if name in fields and fields[name] not in own:
        # a value is read as on the command line
        read = options_of(kind, [f"--{name.replace('_', '-')}", value], f"hrsnn sweep --over {key}")
        return fields[name], getattr(read, fields[name])
    known = list(vars(base.network_spec()))
    if key.split(".")[0] not in known:
        names = [*(option for option, field in fields.items() if field not in own), *known]
        close = [near for word in (key, key.split(".")[0]) for near in difflib.get_close_matches(word, names, n=1)]
        hint = f"did you mean {close[0]!r}? " if close else ""
        allowed = f"{hint}must be a parameter of the network (`hrsnn spec`), an option of the command, or task.KEY"
        raise InputError("--over", key, allowed)
    return "set_", (f"{key}={value}",)


def _changed(base: Command, changes: Sequence[tuple[str, Any]]) -> Command:
    made: dict[str, Any] = {}
    for field, value in changes:
        made[field] = (*made.get(field, getattr(base, field)), *value) if field in _APPENDED else value
    return dataclasses.replace(base, **made)


def _settings(command: str, base: Command) -> dict[str, Any]:
    """Return what all runs in a folder share, so that values and seeds can be added to it later."""
    shared = {one.name: getattr(base, one.name) for one in dataclasses.fields(base) if one.name not in _OWN}
    plain: dict[str, Any] = json.loads(to_json({name: str(v) if isinstance(v, Path) else v for name, v in shared.items()}))
    return {"command": command, "options": plain, "hrsnn": report.versions()["hrsnn"]}


@dataclass(frozen=True)
class SweepRunner:
    """Function that makes the run of a point and a seed, unless it is stored."""

    points: Mapping[tuple[str, ...], Command]
    keys: tuple[str, ...]
    kept: KeptRuns

    def __call__(self, task: tuple[tuple[str, ...], int]) -> Mapping[str, Any]:
        values, seed = task
        return self.kept.result(f"{self._name(values)}_seed_{seed}", lambda: self._made(values, seed))

    def _made(self, values: tuple[str, ...], seed: int) -> Mapping[str, Any]:
        options = self.points[values]
        folder = None if self.kept.folder is None else self.kept.folder / f"{self._name(values)}_seed_{seed}"
        try:
            if isinstance(options, Repeatable):
                found = options.run_for(seed, folder).metrics()
            else:
                one: dict[str, Any] = {"seed": seed, **({"seeds": 1} if hasattr(options, "seeds") else {})}
                found = dataclasses.replace(options, **one).carry_out().metrics()
        except HrsnnError as error:
            error.add_note(f"at {', '.join(map('='.join, zip(self.keys, values, strict=True)))}, seed {seed}")
            raise
        return {name: found.get(name, {}) for name in ("scores", "baselines", "spikes")}

    def _name(self, values: tuple[str, ...]) -> str:
        """Return a file name that tells the point: its values, or their digest where they are long."""
        text = ",".join(f"{key}={value}" for key, value in zip(self.keys, values, strict=True))
        if len(text) <= 100 and re.fullmatch(r"[\w.,=+-]+", text):
            return text
        return hashlib.sha256(text.encode()).hexdigest()[:32]


if __name__ == "__main__":
    sys.exit(execute(Sweep))
