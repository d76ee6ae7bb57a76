"""``hrsnn sweep``: another command over values of parameters and over seeds."""

from __future__ import annotations

import contextlib
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
from hrsnn.scripts.cli.task_arguments import TASK_OPTION, DataArguments, TaskArguments
from hrsnn.scripts.reports.sweep_report import SweepReport, SweptRun
from hrsnn.validation.annotations import is_number
from hrsnn.validation.numbers import count_of, repeats_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
            _check_task(options, self._keys)

    def run(self) -> SweepReport:
        """Run what is not yet in the out folder."""
        points, base = self.points(), self._base()
        kept = KeptRuns(None if self.out is None else (self.out / report.RUNS).absolute())
        kept.prepare(_settings(self.command, base))
        seeds = range(self.seed, self.seed + self.seeds)
        tasks = [(values, seed) for values in points for seed in seeds]
        log = logging.getLogger("hrsnn")
        many = f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
        log.info("%d point%s, %s ...", len(points), "s" if len(points) > 1 else "", many)
        with self._told(list(points)) as progress:
            found = run_all(
                SweepRunner(points, self._keys, kept), tasks, jobs=self.jobs, cluster=self.cluster, progress=progress
            )
        fields = (_field_of(base, key) for key in self._keys)
        return SweepReport(
            command=self.command,
            options={one.name: getattr(base, one.name) for one in dataclasses.fields(base) if one.name not in _OWN},
            swept=tuple(field for field in fields if field is not None),
            spec=base.network_spec(),
            engine=base.engine,
            keys=self._keys,
            seeds=tuple(seeds),
            runs=[SweptRun(values, seed, numbers) for (values, seed), numbers in zip(tasks, found, strict=True)],
        )

    @contextlib.contextmanager
    def _told(self, points: Sequence[tuple[str, ...]]) -> Iterator[bool | Callable[[float, float], None]]:
        """Context without the notes of single runs, that yields how progress is shown: a bar, or else a note a point."""
        log, own = logging.getLogger("hrsnn"), logging.getLogger("hrsnn.sweep")

        def note(done: float, _: float) -> None:
            point, rest = divmod(int(done), self.seeds)
            if not rest:
                own.info("point %d of %d: %s", point, len(points), _named(self._keys, points[point - 1]))

        level = log.level
        own.setLevel(level)
        log.setLevel(logging.WARNING)
        try:
            yield True if self.progress else note
        finally:
            log.setLevel(level)
            own.setLevel(logging.NOTSET)

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
    if key.startswith(_TASK) and hasattr(base, "task_option"):
        return "task_option", (f"{key.removeprefix(_TASK)}={value}",)
    field = _field_of(base, key)
    if field is not None:
        # a value is read as on the command line
        read = options_of(kind, [f"--{key.replace('_', '-')}", value], f"hrsnn sweep --over {key}")
        return field, getattr(read, field)
    known = list(vars(base.network_spec()))
    if key.split(".")[0] not in known:
        names = [*_fields(base), *known]
        close = [near for word in (key, key.split(".")[0]) for near in difflib.get_close_matches(word, names, n=1)]
        hint = f"did you mean {close[0]!r}? " if close else ""
        allowed = f"{hint}must be a parameter of the network (`hrsnn spec`), an option of the command, or task.KEY"
        raise InputError("--over", key, allowed)
    return "set_", (f"{key}={value}",)


def _fields(base: Command) -> dict[str, str]:
    """Return the fields of a command whose values can be swept, by the names of their options."""
    names = [one.name for one in dataclasses.fields(base)]
    return {name.rstrip("_"): name for name in names if name not in (*_OWN, *_APPENDED)}


def _field_of(base: Command, key: str) -> str | None:
    """Return the field of a command that a key names, or None: for a parameter of the network or the task."""
    return _fields(base).get(key.replace("-", "_"))


def _check_task(options: Command, keys: Sequence[str]) -> None:
    """Raise an error for a task that is not known or has not the options of a point, by the name of the key."""
    name = getattr(options, "task", None)
    if not isinstance(options, TaskArguments) or not isinstance(name, str):
        return
    try:
        if isinstance(options, DataArguments):
            options.chosen(name)
        else:
            options.task_choice(name)
    except InputError as error:
        option, _, of_type = error.field.partition(" ")
        own = of_type or str(error.value)
        key = next((one for one in keys if one.startswith(_TASK) and one.split(".")[-1] == own.split(".")[-1]), None)
        if option != TASK_OPTION or key is None:
            raise
        if of_type:
            raise InputError(f"--over {key}", error.value, error.allowed) from None
        raise InputError("--over", key, error.allowed) from None


def _named(keys: Sequence[str], values: Sequence[str]) -> str:
    return ", ".join(map("=".join, zip(keys, values, strict=True)))


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
            error.add_note(f"at {_named(self.keys, values)}, seed {seed}")
            raise
        # numbers of the protocol, such as how long a value is held, for methods.md
        numbers = {name: value for name, value in found.items() if is_number(value) and name != "seed"}
        return {**{name: found.get(name, {}) for name in ("scores", "baselines", "spikes")}, "details": numbers}

    def _name(self, values: tuple[str, ...]) -> str:
        """Return a file name that tells the point: its values, or their digest where they are long."""
        text = ",".join(f"{key}={value}" for key, value in zip(self.keys, values, strict=True))
        if len(text) <= 100 and re.fullmatch(r"[\w.,=+-]+", text):
            return text
        return hashlib.sha256(text.encode()).hexdigest()[:32]


if __name__ == "__main__":
    sys.exit(execute(Sweep))
