"""Runs of pruned networks through tasks, for tables IV and V and figures 11 and 12."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.scripts.recipes.data import task_of, why_not
from hrsnn.scripts.recipes.units import run_units
from hrsnn.scripts.recipes.variant_runs import NEEDS_TORCH, without_torch
from hrsnn.validation.numbers import count_of, repeats_of

if TYPE_CHECKING:
    from pathlib import Path

    from hrsnn.analysis.protocols.gradient_forecasting import TrainedForecasting
    from hrsnn.analysis.protocols.gradient_training import TrainedClassification
    from hrsnn.analysis.runs import SeriesRun
    from hrsnn.networks.studies.pruning_arms import Subnetwork
    from hrsnn.reservoir import Reservoir
    from hrsnn.scripts.recipes.contract import RecipeOptions
    from hrsnn.spec import ReservoirSpec
    from hrsnn.tasks import ClassificationTask, SeriesTask, TaskChoice

Array = NDArray[np.float64]
#: Arm and seed.
PrunedUnit = tuple[str, int]
#: Model, arm and seed.
ModelUnit = tuple[str, str, int]
DENSE, CONTROL = "dense", "no_recurrence"
#: Models of tables IV and V: CHRSNN has clusters.
STDP, TRAINED = ("HRSNN-STDP", "CHRSNN-STDP"), ("HRSNN-BP", "CHRSNN-BP")
_CLUSTERS = 4
#: The paper's images, and what stands in for them.
PAPER, STAND_IN = "cifar10", "digits"
#: Shares of the neurons that are removed, of that of the links. Of few neurons, as many links as 5 % need not be left.
NEURONS = ("half", "equal")
#: Threshold of the valid time in the paper (standard deviations), starts of forecasts in closed loop, and their steps.
_THRESHOLD, _STARTS, _STEPS = 0.1, 5, 100


@dataclass(frozen=True)
class PrunedRunner:
    """Function from an arm of the pruning curve and a seed to the scores of its last network on all tasks, by task.

    Of classes: accuracy and operations per sample. Of series: NRMSE one and ten steps ahead, NRMSE and valid time in closed
    loop, and operations per value. Of all: the shares of links and neurons that are removed.
    """

    spec: ReservoirSpec
    #: Options of the recipe: iterations, sparsity, train, test, series_train, series_test, states, plastic, epochs, and the
    #: size of images (0: as they are).
    values: Mapping[str, Any]
    tasks: tuple[str, ...]
    engine: str
    data: Path | None

    def __call__(self, unit: PrunedUnit) -> dict[str, dict[str, float]]:
        arm, seed = unit
        (left,) = self.networks(arm, (self.values["sparsity"],), seed).values()
        return {"size": self.removed(left, seed), **{task: self.scores(task, left, seed) for task in self.tasks}}

    def networks(self, arm: str, sparsities: Sequence[float], seed: int) -> dict[str, Subnetwork]:
        """Return the networks of an arm by sparsity."""
        from hrsnn.networks.studies.pruning_arms import networks_of

        iterations = self.values["iterations"]
        return networks_of(arm, self.spec, sparsities, iterations=iterations, seed=seed, engine=self.engine)

    def removed(self, left: Subnetwork, seed: int) -> dict[str, float]:
        """Return the shares of the links and of the neurons that are removed."""
        from hrsnn.builder import build

        whole, network = build(self.spec, seed), left.network
        return {"links": 1 - network.synapses / whole.synapses, "neurons": 1 - network.neurons / whole.neurons}

    def network(self, left: Subnetwork, seed: int) -> Callable[[int], Reservoir]:
        """Return a function from a number of channels to the network with the input of the dense one."""
        from hrsnn.builder import build
        from hrsnn.networks.studies.pruned_scores import ScoredNetwork

        return ScoredNetwork(left.network, left.origin, lambda channels: build(self.spec, seed, channels)).with_channels

    def choice(self, name: str) -> TaskChoice:
        """Return a task, of images with the size that the recipe has for them."""
        found = task_of(name, self.data)
        if found is None:
            raise InputError("--data", None, f"task {name!r} {why_not(name)}")
        if self.values.get("size") and "size" in found.declaration.options:
            found = replace(found, options={**found.options, "size": self.values["size"]})
        return found

    def scores(self, name: str, left: Subnetwork, seed: int) -> dict[str, float]:
        """Return the scores of a network on a task, with a readout trained anew."""
        from hrsnn.analysis.protocols.task_scores import task_scores
        from hrsnn.analysis.runs import RunOptions, SeriesRun

        network, values, choice = self.network(left, seed), self.values, self.choice(name)
        options = RunOptions(seed=seed, plastic=values["plastic"], states=values["states"], engine=self.engine)
        if choice.kind == "classes":
            task = _encoded(choice, values["train"], values["test"], seed)
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

    def trained(self, name: str, left: Subnetwork, learn: tuple[str, ...], seed: int) -> dict[str, float]:
        """Return accuracy or NRMSE one step ahead, and operations, of a network that learns by back-propagation."""
        from hrsnn.analysis import synaptic_operations
        from hrsnn.analysis.protocols.gradient_forecasting import train_and_forecast
        from hrsnn.analysis.protocols.gradient_training import train_and_classify
        from hrsnn.training import TrainingOptions

        network, values, choice = self.network(left, seed), self.values, self.choice(name)
        if not left.network.synapses:  # what is not there cannot learn
            learn = tuple(part for part in learn if part != "recurrent")
        training = TrainingOptions(epochs=values["epochs"], seed=seed)
        how: dict[str, Any] = {"controls": False, "engine": self.engine, "seed": seed}
        found: TrainedClassification | TrainedForecasting
        if choice.kind == "classes":
            task = choice.load_classes(seed=seed).subset(train=values["train"], test=values["test"], seed=seed)
            found = train_and_classify(task, network, learn, training, **how)
            score, shown = {"accuracy": found.accuracy}, 1
        else:
            series = choice.load_series(train=values["series_train"], test=values["series_test"], horizon=1, seed=seed)
            found = train_and_forecast(series, network, learn, training, **how)
            score, shown = {"nrmse": found.nrmse}, len(series.inputs)
        operations = synaptic_operations(found.activity.spike_counts, found.network.pre).mean()
        return {**score, "operations": float(operations) / shown}


@functools.lru_cache(maxsize=1)  # the same for all arms of a seed, which follow each other
def _encoded(choice: TaskChoice, train: int, test: int, seed: int) -> ClassificationTask:
    return choice.load_classes(seed=seed).subset(train=train, test=test, seed=seed).encoded()


def _ahead(run: SeriesRun, far: SeriesTask) -> float:
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


@dataclass(frozen=True)
class ModelRunner:
    """Function from a model, an arm and a seed to the scores on all tasks, by task, and the removed shares."""

    pruned: PrunedRunner

    def __call__(self, unit: ModelUnit) -> dict[str, dict[str, float]]:
        model, arm, seed = unit
        spec, runner = self.pruned.spec, self.pruned
        if model in STDP:
            clusters = {"clusters": _CLUSTERS} if model == STDP[1] else {}
            return replace(runner, spec=spec.updated(clusters))((arm, seed))
        from hrsnn.training.models import MODELS

        declared = MODELS.find(model)
        runner = replace(runner, spec=declared.spec(spec))
        (left,) = runner.networks(arm, (runner.values["sparsity"],), seed).values()
        scores = {task: runner.trained(task, left, declared.learn, seed) for task in runner.tasks}
        return {"size": runner.removed(left, seed), **scores}


def run_models(
    options: RecipeOptions, runner: ModelRunner, arms: Mapping[str, Sequence[str]]
) -> tuple[dict[str, dict[str, dict[str, dict[str, Array]]]], dict[str, str]]:
    """Run the arms of all models for every seed; of models that are trained, for as many as the option `trained` says.

    Returns
    -------
    dict, dict
        Results by model, task, score and arm, as arrays (seeds,); and why models were not run.

    Raises
    ------
    InputError
        When the option is not a number from 0 to that of the seeds.
    """
    trained = count_of("--option trained", options.values["trained"], 0, len(options.seeds))
    missing = {}
    if not trained or without_torch():
        reason = NEEDS_TORCH if without_torch() else "needs option trained, a number of seeds"
        missing = {model: reason for model in arms if model in TRAINED}
    seeds = {model: options.seeds[:trained] if model in TRAINED else options.seeds for model in arms if model not in missing}
    units = [(model, arm, seed) for seed in options.seeds for model in seeds if seed in seeds[model] for arm in arms[model]]
    found = run_units(options, runner, units, alike=lambda unit: unit[0] in TRAINED)
    by = {}
    for model, its in seeds.items():
        by[model] = gathered({(arm, seed): found[model, arm, seed] for arm in arms[model] for seed in its}, arms[model], its)
    return by, missing


def check_pruning(values: Mapping[str, Any]) -> None:
    """Check the options of pruning.

    Raises
    ------
    InputError
        When one is out of its range.
    """
    repeats_of("--option iterations", values["iterations"], 1)
    if "sparsity" in values and not 0 < values["sparsity"] < 1:
        raise InputError("--option sparsity", values["sparsity"], "must be a share that is removed, between 0 and 1")
    for name in ("train", "test", "series_train", "series_test"):
        if name in values:
            count_of(f"--option {name}", values[name], 2, 10**7)
    if "neurons" in values and values["neurons"] not in NEURONS:
        raise InputError("--option neurons", values["neurons"], f"must be one of {', '.join(NEURONS)}")
    if "size" in values:
        count_of("--option size", values["size"], 0, 32)


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
