"""``hrsnn perturb``: scores of a reservoir after damage and under noise, with readouts fitted before."""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.runtime.seeds import SEEDS
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import ParallelCommand, execute
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.cli.task_arguments import DataArguments, FurtherScores, StatesOption, tasks_of
from hrsnn.scripts.reports.perturbation_report import ARMS, PerturbationReport
from hrsnn.validation.numbers import count_of, positive, repeats_of

if TYPE_CHECKING:
    from hrsnn.spec import ReservoirSpec
    from hrsnn.tasks import TaskChoice

logger = logging.getLogger("hrsnn")

#: Levels of every perturbation, unless others are asked for.
_LEVELS = (0.05, 0.1, 0.2, 0.4)


@dataclass(frozen=True, kw_only=True)
class Perturb(DataArguments, ParallelCommand):
    """Lose neurons, jitter weights and add noise to the input, and score a reservoir with readouts fitted before."""

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("memory", "series", "classes"))] = (
        "memory"
    )
    """Task of any kind; `hrsnn tasks` describes all."""

    perturbations: Annotated[
        tuple[str, ...], tyro.conf.arg(metavar="NAME", help_behavior_hint="(default: neurons weights input)")
    ] = ("neurons", "weights", "input")
    """neurons: lost; weights: random factors of all; input: noise."""

    levels: Annotated[tuple[float, ...], tyro.conf.arg(metavar="LEVEL")] = _LEVELS
    """Shares of neurons lost, deviations of the factors of weights, and of the noise over that of the input (of spikes:
    shares replaced)."""

    scores: FurtherScores = ()
    """Scores (default: those that matter most in the task)."""

    train: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: those of the task)")] = None
    """Number of training samples, or of training values of a series."""

    test: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: those of the task)")] = None
    """Number of test samples, or of test values of a series."""

    max_delay: int = 100
    """Longest delay of a memory task, in values."""

    states: StatesOption = "windows"
    """States that a classifier sees: counts in 5 windows, in one, or filtered spikes at the end of a sample."""

    seeds: int = 12
    """Number of seeds, starting from --seed: networks are compared within a seed."""

    def run(self) -> PerturbationReport:
        """Run what is not yet in the out folder, and report curves with intervals."""
        from hrsnn.analysis.protocols.task_scores import MAIN, check_score
        from hrsnn.analysis.studies.perturbations import PERTURBATIONS

        repeats_of("--seeds", self.seeds, 2)
        count_of("--jobs", self.jobs)
        count_of("--seed", self.seed, 0, SEEDS - 1)
        count_of("--max-delay", self.max_delay)
        if not self.perturbations:
            raise InputError("--perturbations", self.perturbations, f"must be of {', '.join(PERTURBATIONS)}")
        for name in self.perturbations:
            if name not in PERTURBATIONS:
                raise InputError("--perturbations", name, f"must be of {', '.join(PERTURBATIONS)}")
        levels = tuple(sorted({positive("--levels", one, "a share, or over the value itself") for one in self.levels}))
        if not levels:
            raise InputError("--levels", self.levels, "must be one at least")
        shares = [name for name in dict.fromkeys(self.perturbations) if PERTURBATIONS[name].share]
        if shares and levels[-1] > 1:
            raise InputError("--levels", levels[-1], f"must be at most 1: of {shares[0]} it is a share")
        choice = self.chosen(self.task)
        scores = tuple(dict.fromkeys(self.scores)) or MAIN[choice.kind]
        for name in scores:
            check_score(name, choice.kind)
        if choice.kind != "memory" and self.max_delay != 100:
            raise InputError("--max-delay", self.max_delay, "is of memory tasks")
        if choice.kind != "classes" and self.states != "windows":
            raise InputError("--states", self.states, "is of tasks with classes")
        kept = KeptRuns(None if self.out is None else (self.out / report.RUNS).absolute())
        runner = PerturbationRunner(
            spec=self.reservoir_spec(),
            choice=choice,
            sizes=self._sizes(choice),
            levels=dict.fromkeys(self.perturbations, levels),
            scores=scores,
            max_delay=self.max_delay,
            states=self.states,
            engine=self.engine,
            kept=kept,
        )
        kept.prepare(runner.settings())
        seeds = range(self.seed, self.seed + self.seeds)
        units = list(itertools.product(seeds, ARMS))
        logger.info("%d runs of %d scores ...", len(units), len(scores) * (1 + len(runner.levels) * len(levels)))
        found = dict(zip(units, self.all_of(runner, units), strict=True))
        kept.check_names({runner.name(unit): one for unit, one in found.items()})
        return PerturbationReport(
            title=f"perturb: {choice.name}, {runner.spec.neurons} neurons, seeds {seeds[0]} to {seeds[-1]}",
            spec=runner.spec,
            seeds=seeds,
            levels=runner.levels,
            curves=found,
            settings=runner.settings(),
        )

    def _sizes(self, choice: TaskChoice) -> dict[str, int]:
        given = {"train": self.train, "test": self.test}
        asked = {name: count_of(f"--{name}", value) for name, value in given.items() if value is not None}
        return asked if choice.kind == "classes" else self.sizes(choice, asked, {})


@dataclass(frozen=True, kw_only=True)
class PerturbationRunner:
    """Function from a seed and an arm to its scores by perturbation and level, read from a file if there is one."""

    spec: ReservoirSpec
    choice: TaskChoice
    sizes: Mapping[str, Any]
    levels: Mapping[str, tuple[float, ...]]
    scores: tuple[str, ...]
    max_delay: int
    states: StatesOption
    engine: str
    kept: KeptRuns

    def settings(self) -> dict[str, Any]:
        """Return everything that the scores of a run depend on, except its seed, its arm and the data of the task."""
        return {
            "spec": self.spec.to_toml(),
            "task": self.choice.name,
            "task_options": self.choice.settings,
            "sizes": dict(self.sizes),
            "levels": {name: list(one) for name, one in self.levels.items()},
            "score_names": list(self.scores),
            "max_delay": self.max_delay,
            "states": self.states,
            "engine": self.engine,
            "versions": report.versions(),
        }

    def __call__(self, unit: tuple[int, str]) -> dict[str, dict[str, float]]:
        return self.kept.result(self.name(unit), lambda: self._curves(*unit))

    def name(self, unit: tuple[int, str]) -> str:
        """Return the name of the file of a run."""
        seed, arm = unit
        return f"{arm}-{seed}"

    def _curves(self, seed: int, arm: str) -> dict[str, dict[str, float]]:
        from hrsnn.analysis.runs import RunOptions
        from hrsnn.analysis.studies.perturbation_curves import perturbation_curves
        from hrsnn.builder import build

        if self.choice.kind == "classes":
            task: Any = self.choice.load_classes(seed=seed).subset(**self.sizes, seed=seed)
        else:
            task = self.choice.load(**self.sizes, seed=seed)
        return perturbation_curves(
            lambda channels: build(self.spec, seed, channels),
            task,
            self.levels,
            RunOptions(seed=seed, engine=self.engine, max_delay=self.max_delay, states=self.states),
            self.scores,
            recurrent=arm == ARMS[0],
        )


if __name__ == "__main__":
    sys.exit(execute(Perturb))
