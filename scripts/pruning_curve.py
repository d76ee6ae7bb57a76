"""``hrsnn pruning_curve``: scores of pruned reservoirs against sparsity, for all methods, with paired seeds."""

from __future__ import annotations

import dataclasses
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.networks.studies.pruning_arms import ARMS, CONTROLS, DELAY_BANK, networks_of
from hrsnn.networks.studies.pruning_claims import Scores, beside_dense, family_sizes
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import Flag, ParallelCommand, execute
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.cli.task_arguments import FurtherScores, StatesOption, TaskArguments, tasks_of
from hrsnn.scripts.reports.pruning_curve_report import PruningCurveReport
from hrsnn.validation.numbers import repeats_of

if TYPE_CHECKING:
    from hrsnn.networks.studies.pruned_scores import TaskSuite
    from hrsnn.spec import ReservoirSpec

logger = logging.getLogger("hrsnn")

_SPARSITIES = (0.5, 0.8, 0.9, 0.95, 0.98)


@dataclass(frozen=True, kw_only=True)
class PruningCurve(TaskArguments, ParallelCommand):
    """Prune by all methods, score the networks at several sparsities, and test claims about pruning."""

    seeds: int = 10
    """Number of seeds, starting from --seed: methods are compared within a seed."""

    arms: Annotated[tuple[str, ...], tyro.conf.arg(metavar="ARM")] = (*CONTROLS, *ARMS)
    """Methods and controls to compare; all by default. With delays, the delay bank is one of the controls."""

    sparsities: Annotated[tuple[float, ...], tyro.conf.arg(metavar="S")] = _SPARSITIES
    """Shares of removed links, ascending."""

    iterations: int = 17
    """Iterations to the last sparsity; with 17 all default sparsities are reached within 0.2 %."""

    tasks: Annotated[
        tuple[str, ...], tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("memory", "series", "classes"))
    ] = ("memory", "lorenz63", "digits")
    """Tasks of any kind; `hrsnn tasks` describes all."""

    scores: FurtherScores = ()
    """Further scores, computed in the tasks that have them."""

    states: StatesOption = "windows"
    """States that a classifier sees: counts in 5 windows, in one, or filtered spikes at the end of a sample."""

    plastic: Flag = False
    """Run STDP over the training part of each task, after pruning."""

    def run(self) -> PruningCurveReport:
        """Run what is not yet in the out folder, and test the claims."""
        from hrsnn.analysis import verdicts_in_reach
        from hrsnn.networks.studies.pruned_scores import TaskSuite, score_names
        from hrsnn.spec import has_delays

        repeats_of("--seeds", self.seeds, 2)
        for option, names in (("--arms", self.arms), ("--tasks", self.tasks)):
            if not names:
                raise InputError(option, names, "must name at least one")
        for arm in self.arms:
            if arm not in ARMS and arm not in CONTROLS:
                raise InputError("--arms", arm, f"must be of {', '.join((*CONTROLS, *ARMS))}")
        arms = (*dict.fromkeys(self.arms), *((DELAY_BANK,) if has_delays(self.reservoir_spec()) else ()))
        choices = self.task_choices(self.tasks)
        shares = self.sparsities
        if not shares or list(shares) != sorted(set(shares)) or not 0 < shares[0] <= shares[-1] < 1:
            raise InputError("--sparsities", shares, "must be ascending, over 0 and below 1")
        suite = TaskSuite(
            tuple(choices.values()), plastic=self.plastic, engine=self.engine, scores=self.scores, states=self.states
        )
        kept = KeptRuns(None if self.out is None else (self.out / report.RUNS).absolute())
        plan = ArmRunner(self.reservoir_spec(), suite, shares, repeats_of("--iterations", self.iterations), kept)
        kept.prepare(plan.settings())
        seeds = range(self.seed, self.seed + self.seeds)
        units = [(seed, arm) for seed in seeds for arm in arms]
        families = family_sizes(self.arms, [name for task in suite.choices for name in score_names(task, self.scores)])
        if families:
            logger.info("%s, at each sparsity", verdicts_in_reach(families, self.seeds))
        found = self.all_of(plan, units)
        for arm in arms:
            kept.check_names({plan.name(unit): one for unit, one in zip(units, found, strict=True) if unit[1] == arm})
        runs = beside_dense(dict(zip(units, found, strict=True)))
        return PruningCurveReport(plan.spec, plan.settings(), Scores(seeds, shares, runs))


@dataclass(frozen=True)
class ArmRunner:
    """Function from a seed and an arm to scores by sparsity, read from a file if there is one."""

    spec: ReservoirSpec
    suite: TaskSuite
    sparsities: tuple[float, ...]
    iterations: int
    kept: KeptRuns

    def settings(self) -> dict[str, Any]:
        """Return everything that the scores of a unit depend on, except its seed and arm and the data of a task."""
        options = {task.name: task.settings for task in self.suite.choices if task.settings}
        suite = {
            "tasks": [task.name for task in self.suite.choices],
            "plastic": self.suite.plastic,
            "engine": self.suite.engine,
            **({"task_options": options} if options else {}),
            **({"further_scores": self.suite.scores} if self.suite.scores else {}),
            **({} if self.suite.states == "windows" else {"states": self.suite.states}),
        }
        return {
            "spec": self.spec.to_toml(),
            "exam": {**suite, **dataclasses.asdict(self.suite.sizes)},  # its name in metrics.json
            "sparsities": self.sparsities,
            "iterations": self.iterations,
            "versions": report.versions(),
        }

    def __call__(self, unit: tuple[int, str]) -> dict[str, dict[str, float]]:
        seed, arm = unit
        return self.kept.result(self.name(unit), lambda: self.scores(seed, arm))

    def name(self, unit: tuple[int, str]) -> str:
        """Return the name of the file of a unit."""
        seed, arm = unit
        return f"{arm}-{seed}"

    def scores(self, seed: int, arm: str) -> dict[str, dict[str, float]]:
        """Compute the scores of the networks by sparsity (``0`` if nothing is pruned, ``1`` without any link)."""
        from hrsnn.builder import build
        from hrsnn.networks.studies.pruned_scores import ScoredNetwork, score_network, spectrum_distance
        from hrsnn.reservoir import Reservoir

        def grown(channels: int) -> Reservoir:
            return build(self.spec, seed, channels=channels)

        dense, suite = grown(1), dataclasses.replace(self.suite, seed=seed)
        networks = networks_of(arm, self.spec, self.sparsities, iterations=self.iterations, seed=seed, engine=suite.engine)
        scores = {}
        for sparsity, left in networks.items():
            network, bank = left.network, arm == DELAY_BANK
            links = {"links": 0.0 if bank else float(network.synapses), "neurons": float(network.neurons)}
            # of the bank, whose input differs by task, as of the network without recurrent links
            alone = network.without_recurrence() if bank else network
            distance = spectrum_distance(alone, dense, seed=seed)
            candidate = ScoredNetwork(network, left.origin, grown)
            scores[sparsity] = {**links, **distance, **score_network(candidate, suite, bank=bank)}
        return scores


if __name__ == "__main__":
    sys.exit(execute(PruningCurve))
