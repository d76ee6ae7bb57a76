"""Runs of pruned networks through tasks, for tables IV and V and figures 11 and 12."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.scripts.recipes.data import task_of, why_not
from hrsnn.validation.numbers import count_of, repeats_of

if TYPE_CHECKING:
    from pathlib import Path

    from hrsnn.analysis.runs import SeriesRun
    from hrsnn.networks.studies.pruning_arms import Subnetwork
    from hrsnn.reservoir import Reservoir
    from hrsnn.spec import ReservoirSpec
    from hrsnn.tasks import ClassificationTask, SeriesTask

Array = NDArray[np.float64]
#: Arm and seed.
PrunedUnit = tuple[str, int]
DENSE, CONTROL = "dense", "no_recurrence"
#: Threshold of the valid time in the paper (standard deviations), starts of forecasts in closed loop, and their steps.
_THRESHOLD, _STARTS, _STEPS = 0.1, 5, 100


@dataclass(frozen=True)
class PrunedRunner:
    """Function from an arm of the pruning curve and a seed to the scores of its last network on all tasks, by task.

    Of classes: accuracy and operations per sample. Of series: NRMSE one and ten steps ahead, NRMSE and valid time in closed
    loop, and operations per value. Of all: the shares of links and neurons that are removed.
    """

    spec: ReservoirSpec
    #: Options of the recipe: iterations, sparsity, train, test, series_train, series_test, states, plastic.
    values: Mapping[str, Any]
    tasks: tuple[str, ...]
    engine: str
    data: Path | None

    def __call__(self, unit: PrunedUnit) -> dict[str, dict[str, float]]:
        from hrsnn.builder import build
        from hrsnn.networks.studies.pruning_arms import networks_of

        (arm, seed), sparsity = unit, self.values["sparsity"]
        made = networks_of(arm, self.spec, (sparsity,), iterations=self.values["iterations"], seed=seed, engine=self.engine)
        (left,) = made.values()
        whole = build(self.spec, seed)
        found = {
            "size": {
                "links": 1 - left.network.synapses / whole.synapses,
                "neurons": 1 - left.network.neurons / whole.neurons,
            }
        }
        return found | {task: self.scores(task, left, seed) for task in self.tasks}

    def scores(self, name: str, left: Subnetwork, seed: int) -> dict[str, float]:
        """Return the scores of a network on a task, with a readout trained anew."""
        from hrsnn.analysis.protocols.task_scores import task_scores
        from hrsnn.analysis.runs import RunOptions, SeriesRun
        from hrsnn.builder import build
        from hrsnn.networks.studies.pruned_scores import ScoredNetwork

        def dense(channels: int) -> Reservoir:
            return build(self.spec, seed, channels)

        network = ScoredNetwork(left.network, left.origin, dense).with_channels
        values = self.values
        options = RunOptions(seed=seed, plastic=values["plastic"], states=values["states"], engine=self.engine)
        choice = task_of(name, self.data)
        if choice is None:
            raise InputError("--data", None, f"task {name!r} {why_not(name)}")
        if choice.kind == "classes":
            classes: ClassificationTask = choice.load_classes(seed=seed)
            task = classes.subset(train=values["train"], test=values["test"], seed=seed)
            found = task_scores(network, task, options, ("accuracy", "operations"))
            return dict(found.scores)
        sizes = {"train": values["series_train"], "test": values["series_test"]}
        near, far = (choice.load_series(**sizes, horizon=ahead, seed=seed) for ahead in (1, 10))
        run = task_scores(network, near, options, ("nrmse", "operations"))
        assert isinstance(run.run, SeriesRun)
        values_shown = len(near.inputs)
        return {
            "nrmse": run.scores["nrmse"],
            "nrmse_ahead": _ahead(run.run, far),
            **closed_loop(run.run),
            "operations": run.scores["operations"] / values_shown,
        }


def _ahead(run: SeriesRun, far: SeriesTask) -> float:
    from dataclasses import replace

    ahead = replace(run, task=far)
    return ahead.error(ahead.forecast("states").prediction)


def closed_loop(run: SeriesRun) -> dict[str, float]:
    """Return NRMSE and valid time (Lyapunov times, threshold 0.1) of forecasts in closed loop, means over five starts.

    An error beyond 10 standard deviations counts as 10: a forecast that runs away has no larger one.
    """
    from hrsnn.analysis.forecasting.closed_loop import free_run
    from hrsnn.analysis.forecasting.errors import valid_times
    from hrsnn.analysis.forecasting.starts import starts_of_network

    task, options = run.task, run.options
    length = task.test.stop - task.test.start
    steps = min(_STEPS, length - _STARTS)  # starts are one value or more apart
    begin = starts_of_network(run.network, task, run.forecast("states"), "states", engine=options.engine, seed=options.seed)
    spread = task.targets[task.train].std(axis=0)
    errors, times = [], []
    for row in task.test.start + (length - steps) // _STARTS * np.arange(_STARTS):
        first, model = begin(int(row))
        made, true = free_run(model, first, steps), task.targets[row : row + steps]
        error = np.sqrt((((made - true) / spread) ** 2).mean(axis=1))
        errors.append(float(np.sqrt((np.minimum(np.nan_to_num(error, nan=10.0), 10.0) ** 2).mean())))
        times.append(float(valid_times(made, true, task)[_THRESHOLD]))
    return {"nrmse_closed": float(np.mean(errors)), "valid_time": float(np.mean(times))}


def check_pruning(values: Mapping[str, Any]) -> None:
    """Check the options of pruning.

    Raises
    ------
    InputError
        When one is out of its range.
    """
    repeats_of("--option iterations", values["iterations"], 1)
    if not 0 < values["sparsity"] < 1:
        raise InputError("--option sparsity", values["sparsity"], "must be a share that is removed, between 0 and 1")
    for name in ("train", "test", "series_train", "series_test"):
        if name in values:
            count_of(f"--option {name}", values[name], 2, 10**7)


def gathered(
    found: Mapping[PrunedUnit, Mapping[str, Mapping[str, float]]], arms: Iterable[str], seeds: Iterable[int]
) -> dict[str, dict[str, dict[str, Array]]]:
    """Return the results by task, score and arm, as arrays (seeds,)."""
    arms, seeds = list(arms), list(seeds)
    one = found[arms[0], seeds[0]]
    return {
        task: {
            score: {arm: np.array([found[arm, seed][task][score] for seed in seeds], dtype=np.float64) for arm in arms}
            for score in scores
        }
        for task, scores in one.items()
    }
