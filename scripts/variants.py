"""``hrsnn variants``: theorems on heterogeneity as hypotheses, tested on the four variants with paired seeds."""

from __future__ import annotations

import dataclasses
import itertools
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.runtime.seeds import SEEDS
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import ParallelCommand, execute
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.cli.task_arguments import FurtherScores, StatesOption, TaskArguments, tasks_of
from hrsnn.scripts.reports.variants_report import VariantsReport
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, repeats_of

if TYPE_CHECKING:
    from hrsnn.analysis.studies.variants import VariantRun, VariantSizes
    from hrsnn.spec import ReservoirSpec
    from hrsnn.tasks import TaskChoice

logger = logging.getLogger("hrsnn")

_TASKS = ("memory", "digits", "lorenz63")


@dataclass(frozen=True, kw_only=True)
class Variants(TaskArguments, ParallelCommand):
    """Run the four variants, with and without recurrent links, and test claims on heterogeneity."""

    seeds: int = 20
    """Number of seeds, starting from --seed: variants are compared within a seed."""

    tasks: Annotated[
        tuple[str, ...], tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("memory", "classes", "series"))
    ] = _TASKS
    """Tasks of any kind; `hrsnn tasks` describes all."""

    scores: FurtherScores = ()
    """Further scores, computed in the tasks that have them."""

    states: StatesOption = "windows"
    """States that a classifier sees: counts in 5 windows, in one, or filtered spikes at the end of a sample."""

    match: Literal["none", "psp", "best"] = "none"
    """How variants are compared: as drawn; psp: with postsynaptic potentials that do not depend on tau_m; best: with the
    best of three homogeneous twins, whose rate is matched by the input, the bias or the recurrent weights."""

    values: int = 5000
    """Number of input values of a memory task."""

    train: int = 1200
    """Number of training samples of a task with classes."""

    test: int = 300
    """Number of test samples of a task with classes."""

    series: int = 5000
    """Number of training values of a series; a tenth as many are forecast."""

    def run(self) -> VariantsReport:
        """Run what is not yet in the out folder, and test all claims."""
        from hrsnn.analysis import verdicts_in_reach
        from hrsnn.analysis.protocols.task_scores import scores_for
        from hrsnn.analysis.studies.variant_claims import claims_in, judge_claims
        from hrsnn.analysis.studies.variants import VariantSizes

        repeats_of("--seeds", self.seeds, 2)
        if self.variant is not None:
            raise InputError("--variant", self.variant, "cannot be given: all four are run")
        if not self.tasks:
            raise InputError("--tasks", self.tasks, "must name at least one task")
        choices = self.task_choices(self.tasks)
        for choice in choices.values():
            scores_for(self.scores, choice.kind)  # raises an error for an unknown score before the work
        count_of("--seed", self.seed, 0, SEEDS - 1)
        runs = self.runs()
        # the sizes of all runs are checked before the first one
        check_memory("--values", self.values, 8 * count_of("--values", self.values), "a memory task")
        check_memory("--series", self.series, 88 * count_of("--series", self.series), "a series")
        sizes = VariantSizes(
            train=self.train,
            test=self.test,
            values=self.values,
            series_train=self.series,
            series_test=max(1, self.series // 10),
        )
        spec = self.reservoir_spec()
        if self.match == "psp":
            spec = spec.updated({"psp_normalised": True})
        kept = KeptRuns(None if self.out is None else (self.out / report.RUNS).absolute())
        plan = VariantRunner(spec, sizes, self.engine, choices, self.scores, self.states, kept)
        kept.prepare(plan.settings())
        logger.info(verdicts_in_reach([len(claims_in(self.tasks))], self.seeds))
        found = self.all_of(plan, runs)
        scores = dict(zip(runs, found, strict=True))
        for alike in dict.fromkeys((run.task, bool(run.matched_by)) for run in runs):  # with the same names of scores
            kept.check_names({plan.name(run): scores[run] for run in runs if (run.task, bool(run.matched_by)) == alike})
        seeds = range(self.seed, self.seed + self.seeds)
        return VariantsReport(spec, plan.settings(), seeds, scores, judge_claims(scores))

    def runs(self) -> list[VariantRun]:
        """Return all runs, ordered by seed."""
        from hrsnn.analysis.runs.rate_matching import MATCHED_BY
        from hrsnn.analysis.studies.variants import VariantRun
        from hrsnn.presets import VARIANTS
        from hrsnn.spec import has_delays

        seeds = range(self.seed, self.seed + self.seeds)
        chosen = dict.fromkeys(self.tasks)  # without duplicates
        # with delays, the control that decides has them on its input
        networks = [(True, False, ""), (False, False, "")]
        if has_delays(self.reservoir_spec()):
            networks.append((False, True, ""))
        twins = [(True, False, by) for by in MATCHED_BY] if self.match == "best" else []
        return [
            VariantRun(task, variant, recurrent, seed, bank, matched_by)
            for seed, task, variant in itertools.product(seeds, chosen, VARIANTS)
            for recurrent, bank, matched_by in [*networks, *([] if VARIANTS[variant][0] else twins)]
        ]


@dataclass(frozen=True)
class VariantRunner:
    """Function from a run to its scores, read from a file if there is one."""

    spec: ReservoirSpec
    sizes: VariantSizes
    engine: str
    choices: Mapping[str, TaskChoice]
    scores: tuple[str, ...]
    states: StatesOption
    kept: KeptRuns

    def settings(self) -> dict[str, Any]:
        """Return everything that the scores of a run depend on, except the fields of `run` and the data of a task."""
        options = {name: choice.settings for name, choice in self.choices.items() if choice.settings}
        return {
            "spec": self.spec.to_toml(),
            "sizes": dataclasses.asdict(self.sizes),
            "engine": self.engine,
            "versions": report.versions(),
            **({"task_options": options} if options else {}),
            **({"further_scores": self.scores} if self.scores else {}),
            **({} if self.states == "windows" else {"states": self.states}),
        }

    def __call__(self, run: VariantRun) -> dict[str, float]:
        from hrsnn.analysis.studies.variants import run_variant

        return self.kept.result(
            self.name(run),
            lambda: run_variant(
                run,
                self.spec,
                self.sizes,
                choice=self.choices[run.task],
                scores=self.scores,
                states=self.states,
                engine=self.engine,
            ),
        )

    def name(self, run: VariantRun) -> str:
        """Return the name of the file of a run."""
        return f"{run.task}-{run.variant}-{run.control}-{run.seed}"


if __name__ == "__main__":
    sys.exit(execute(Variants))
