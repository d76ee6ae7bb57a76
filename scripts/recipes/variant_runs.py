"""Runs of the variants, their baselines and trained networks through tasks, for tables I and III and figures 5 and 8."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Published, RecipeRow
from hrsnn.scripts.recipes.data import task_of, why_not
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from pathlib import Path

    from hrsnn.reservoir import Reservoir
    from hrsnn.spec import ReservoirSpec
    from hrsnn.tasks import ClassificationTask, SeriesTask, TaskChoice

Array = NDArray[np.float64]
#: Task, arm, number of neurons, number of training samples or values, seed.
VariantUnit = tuple[str, str, int, int, int]
VARIANTS = ("HoNHoS", "HeNHoS", "HoNHeS", "HeNHeS")
#: HeNHeS with one heterogeneity less or more: by default delays are heterogeneous, and thresholds are not.
FURTHER: Mapping[str, Mapping[str, Any]] = {
    "equal_delays": {"heterogeneous_delays": False},
    "different_thresholds": {"v_threshold": {"kind": "uniform", "low": 14.2, "high": 15.8}},
}
NO_RECURRENCE = "no_recurrence"
#: Baselines without a network.
BASELINES: Mapping[str, tuple[str, ...]] = {"classes": ("raw_input",), "series": ("last_value", "linear_autoregression")}
#: Models that are trained by back-propagation through time; with the names of the paper.
TRAINED = ("HoNB", "HeNB", "ASRNN")
NEEDS_TORCH = "needs an extra: pip install 'hrsnn[torch]'"


@dataclass(frozen=True)
class VariantRunner:
    """Function from a unit to its score, spikes per neuron, efficiency and parameters; of a baseline the score only.

    Scores are accuracies of classes, and NRMSEs of series; spikes are per sample, and per second of a series; the
    efficiency is the accuracy over the spikes, or 1 / (NRMSE times the spikes); parameters are the weights of all links and
    those of the readout with its biases, and what else learns. All networks but the trained ones learn by STDP from the
    training part, and are then scored with fixed weights.
    """

    spec: ReservoirSpec
    #: Options of the recipe: test, horizon, states, epochs.
    values: Mapping[str, Any]
    engine: str
    data: Path | None

    def __call__(self, unit: VariantUnit) -> dict[str, float]:
        name, arm, neurons, train, seed = unit
        task = self.task(name, train, seed)
        if arm in BASELINES[task.kind]:
            return {"score": _baseline(arm, task, neurons, seed)}
        spec = self.spec.updated({"neurons": str(neurons)})
        return self._trained(arm, spec, task, seed) if arm in TRAINED else self._by_stdp(arm, spec, task, seed)

    def task(self, name: str, train: int, seed: int) -> ClassificationTask | SeriesTask:
        """Load a task with a number of training samples or values, of which the smaller number is a part of the larger."""
        choice = task_of(name, self.data)
        if choice is None:
            raise InputError("--data", None, f"task {name!r} {why_not(name)}")
        if choice.kind == "classes":
            return _loaded(choice, train, self.values["test"], 0, seed)
        return _loaded(choice, train, self.values["series_test"], self.values["horizon"], seed)

    def _by_stdp(self, arm: str, spec: ReservoirSpec, task: ClassificationTask | SeriesTask, seed: int) -> dict[str, float]:
        from hrsnn.analysis.protocols.task_scores import task_scores
        from hrsnn.analysis.runs import RunOptions
        from hrsnn.builder import build
        from hrsnn.presets import VARIANTS as known
        from hrsnn.reservoir import Reservoir
        from hrsnn.tasks import ClassificationTask

        variant = spec.variant(arm) if arm in known else spec.variant("HeNHeS").updated(dict(FURTHER.get(arm, {})))

        def network(channels: int) -> Reservoir:
            built = build(variant, seed, channels)
            return built.without_recurrence() if arm == NO_RECURRENCE else built

        options = RunOptions(seed=seed, plastic=True, states=self.values["states"], engine=self.engine)
        names = ("accuracy" if task.kind == "classes" else "nrmse", "spikes_per_neuron", "efficiency")
        found = task_scores(network, task, options, names)
        scores = dict(zip(("score", "spikes", "efficiency"), found.scores.values(), strict=True))
        initial = found.run.initial
        assert isinstance(initial, Reservoir)
        outputs = len(task.classes) if isinstance(task, ClassificationTask) else task.targets.shape[1]
        return {**scores, "parameters": float(parameters_of(initial, outputs))}

    def _trained(self, arm: str, spec: ReservoirSpec, task: ClassificationTask | SeriesTask, seed: int) -> dict[str, float]:
        from hrsnn.analysis import spike_efficiency
        from hrsnn.analysis.protocols.gradient_forecasting import train_and_forecast
        from hrsnn.analysis.protocols.gradient_training import train_and_classify
        from hrsnn.tasks import ClassificationTask
        from hrsnn.training import TrainingOptions
        from hrsnn.training.models import MODELS

        model = MODELS.find(arm)
        network = functools.partial(_built, model.spec(spec), seed)
        options = TrainingOptions(epochs=self.values["epochs"], seed=seed)
        how: dict[str, Any] = {"controls": False, "engine": self.engine, "seed": seed}
        if isinstance(task, ClassificationTask):
            found = train_and_classify(task, network, model.learn, options, **how)
            spikes = float(found.activity.spike_counts.sum(axis=1).mean() / spec.neurons)
            score, efficiency = found.accuracy, spike_efficiency(spikes, accuracy=found.accuracy)
            parameters = found.parameters
        else:
            forecast = train_and_forecast(task, network, model.learn, options, **how)
            spikes = float(forecast.activity.rates.mean())
            score, efficiency = forecast.nrmse, spike_efficiency(spikes, nrmse=forecast.nrmse)
            parameters = forecast.parameters
        return {"score": score, "spikes": spikes, "efficiency": efficiency, "parameters": float(parameters)}


def parameters_of(network: Reservoir, outputs: int) -> int:
    """Return the number of weights of all links and of a readout of all neurons, with its biases.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> network = build(ReservoirSpec(neurons=30), seed=0, channels=2)
    >>> parameters_of(network, 3) - network.synapses - len(network.input_weight)
    93
    """
    return network.synapses + len(network.input_weight) + outputs * (network.neurons + 1)


@functools.lru_cache(maxsize=1)  # the same for all arms of a seed, which follow each other
def _loaded(choice: TaskChoice, train: int, test: int, horizon: int, seed: int) -> ClassificationTask | SeriesTask:
    if choice.kind == "classes":
        return choice.load_classes(spiking=True, seed=seed).subset(train=train, test=test, seed=seed)
    return choice.load_series(train=train, test=test, horizon=horizon, seed=seed)


def _built(spec: ReservoirSpec, seed: int, channels: int) -> Reservoir:
    from hrsnn.builder import build

    return build(spec, seed, channels)


def _baseline(arm: str, task: ClassificationTask | SeriesTask, neurons: int, seed: int) -> float:
    from sklearn.base import clone

    from hrsnn.analysis import nrmse
    from hrsnn.analysis.forecasting.models import MODELS
    from hrsnn.tasks import ClassificationTask

    if isinstance(task, ClassificationTask):
        model = clone(task.raw_baseline).fit(task.x_train, task.y_train)
        return float(np.mean(model.predict(task.x_test) == task.y_test))
    prediction = MODELS[arm](task, neurons, seed)
    return nrmse(prediction[task.test], task.targets[task.test], scale=task.targets[task.train].std(axis=0))


def gathered(found: Mapping[VariantUnit, Mapping[str, float]]) -> dict[str, dict[str, dict[str, Array]]]:
    """Return the results by task, arm and name, as arrays (seeds,)."""
    by: dict[str, dict[str, dict[str, list[float]]]] = {}
    for (task, arm, *_), scores in found.items():
        for name, value in scores.items():
            by.setdefault(task, {}).setdefault(arm, {}).setdefault(name, []).append(value)
    return {
        task: {arm: {name: np.array(values) for name, values in one.items()} for arm, one in arms.items()}
        for task, arms in by.items()
    }


def without_torch() -> bool:
    """Return whether PyTorch is missing."""
    return importlib.util.find_spec("torch") is None


def rows_not_run(quantity: str, task: str, arms: Iterable[str], published: Published) -> Iterator[RecipeRow]:
    """Yield rows of a task whose data are not there."""
    for arm in arms:
        yield RecipeRow(quantity, arm, published=published, not_run=why_not(task))


def numbers_in(option: str, text: str, least: int, most: int = 10**8) -> tuple[int, ...]:
    """Return two or more ascending whole numbers of an option, from `least` to `most`.

    Raises
    ------
    InputError
        When it is anything else.

    Examples
    --------
    >>> numbers_in("--option sizes", "50 100 200", 10)
    (50, 100, 200)
    """
    words = text.replace(",", " ").split()
    numbers = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 8]
    ascending = len(numbers) == len(words) > 1 and sorted(set(numbers)) == numbers
    if not ascending or not least <= numbers[0] <= numbers[-1] <= most:
        ends, example = (f"from {least}", "100 200") if most > 200 else (f"from {least} to {most}", "50 90")
        raise InputError(option, text, f"must be two or more ascending whole numbers {ends}, such as {example}")
    return tuple(numbers)


def check_sizes(values: Mapping[str, Any], *names: str) -> None:
    """Check that options are sizes of a task.

    Raises
    ------
    InputError
        When one is below 2, or too large for any task.
    """
    for name in names:
        count_of(f"--option {name}", values[name], 2, 10**7)
