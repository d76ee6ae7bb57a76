"""Classification: STDP on the training samples, a readout of frozen states, and three baselines."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from hrsnn.activity import Activity
from hrsnn.analysis.protocols.rates import Rates
from hrsnn.builder import build
from hrsnn.errors import HrsnnWarning
from hrsnn.readout import readout as classifier
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import ClassificationTask
from hrsnn.tasks.fsdd import window_means
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Classification:
    """Accuracy of a reservoir and its baselines, as returned by :func:`classify`."""

    #: Share of the test samples that are classified correctly.
    accuracy: float
    #: Accuracies of the baselines: ``raw_input``, ``encoder_counts`` (``encoder_means`` for an input of currents),
    #: ``no_recurrence``.
    baselines: Mapping[str, float]
    #: `y_test` and `predicted`: (samples,)
    y_test: NDArray[Any]
    predicted: NDArray[Any]
    #: `initial_reservoir` and `reservoir`: Reservoir before and after STDP.
    initial_reservoir: Reservoir
    reservoir: Reservoir
    #: Spikes of the first test sample.
    activity: Activity
    #: Rates on the test samples, after STDP.
    rates: Rates
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]


@takes(blank="ms")
def classify(
    task: ClassificationTask,
    spec: ReservoirSpec | None = None,
    *,
    seed: int = 0,
    plastic: bool = True,
    readout: str = "logistic",
    select: Callable[[Reservoir], NDArray[np.integer[Any]]] | None = None,
    windows: int = 5,
    blank: float = 100.0,
    engine: str = "auto",
    controls: bool = True,
    progress: bool = False,
) -> Classification:
    """Classify with a reservoir trained by STDP, and with three baselines.

    STDP runs once over the training samples, without their labels. The weights are then fixed, and the readout is trained
    on ``sqrt(counts)`` in `windows` equal windows of each training sample, and scored once on the test samples.

    Parameters
    ----------
    task : ClassificationTask
        From :func:`hrsnn.tasks.load_task`.
    spec : ReservoirSpec, optional
        Specification of the reservoir.
    seed : int
        Seed of the reservoir and its background input.
    plastic : bool
        Whether STDP is used.
    readout : {"logistic", "ridge", "sampled"}
        See :func:`hrsnn.readout.readout`.
    select : callable, optional
        Selection of neurons for the readout: takes the reservoir after STDP, returns indices; all by default.
    windows : int
    blank : float
        Time without input after each training sample during STDP (ms).
    engine : str
    controls : bool
        Whether to compute the baselines.
    progress : bool

    Returns
    -------
    Classification

    Raises
    ------
    InputError
        When an option is not allowed.

    Warns
    -----
    HrsnnWarning
        When no unit varies, as in a silent reservoir: the prediction is then the most frequent class.

    Notes
    -----
    The baselines: ``raw_input``, the task's own linear model without spikes; ``encoder_counts``, the same readout on
    the square root of the input's spike counts in the same windows, or ``encoder_means``, on the input's mean currents in
    them; ``no_recurrence``, the same reservoir without recurrent links, with the same training and a readout of the same
    neurons.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> from hrsnn.tasks import load_task
    >>> digits = load_task("digits").subset(train=40, test=20)
    >>> result = classify(digits, ReservoirSpec(neurons=30), plastic=False)
    >>> sorted(result.baselines)
    ['encoder_counts', 'no_recurrence', 'raw_input']
    """
    watch = Stopwatch()
    with watch("encode"):
        train, test = _encoded(task)
    initial = build(spec or ReservoirSpec(), seed, channels=train.n_channels)

    def features(reservoir: Reservoir, trains: Stimulus) -> tuple[Array, Activity]:
        # background noise depends on the seed and the position in the batch: separate seeds for STDP, training and test
        noise = seed + ((1 if trains is train else 2) << 32)
        ran = simulate(reservoir, trains, record=("counts",), windows=windows, engine=engine, seed=noise, progress=progress)
        return np.sqrt(ran.counts), ran

    def learn(reservoir: Reservoir) -> Reservoir:
        if not plastic:
            return reservoir
        ran = simulate(reservoir, train, plastic=True, record=(), blank=blank, engine=engine, seed=seed, progress=progress)
        return ran.reservoir

    def predict(x_train: Array, x_test: Array) -> NDArray[Any]:
        with watch("readout"):
            rows, others = x_train.reshape(len(x_train), -1), x_test.reshape(len(x_test), -1)
            model = classifier(readout, seed).fit(rows, task.y_train)
            if not model.best_estimator_["standardise"].kept_.any():
                warnings.warn("no unit varies: a readout can only name the most frequent class", HrsnnWarning, stacklevel=4)
                names, counts = np.unique(task.y_train, return_counts=True)
                return np.full(len(others), names[np.argmax(counts)])
            return np.asarray(model.predict(others))

    with watch("stdp"):
        reservoir = learn(initial)
    seen = np.arange(reservoir.neurons) if select is None else select(reservoir)
    with watch("states"):
        x_train, _ = features(reservoir, train)
        x_test, on_test = features(reservoir, test)
    predicted = predict(x_train[..., seen], x_test[..., seen])

    baselines = {}
    if controls:
        with watch("controls"):
            raw = clone(task.raw_baseline).fit(task.x_train, task.y_train).predict(task.x_test)
            uncoupled = learn(initial.without_recurrence())
            encoded = [_seen_by_the_reservoir(stimulus, windows) for stimulus in (train, test)]
            alone = [features(uncoupled, trains)[0][..., seen] for trains in (train, test)]
        baselines = {
            "raw_input": _accuracy(raw, task.y_test),
            "encoder_means" if isinstance(train, Currents) else "encoder_counts": _accuracy(predict(*encoded), task.y_test),
            "no_recurrence": _accuracy(predict(*alone), task.y_test),
        }
    return Classification(
        accuracy=_accuracy(predicted, task.y_test),
        baselines=baselines,
        y_test=np.asarray(task.y_test),
        predicted=predicted,
        initial_reservoir=initial,
        reservoir=reservoir,
        activity=simulate(reservoir, test[:1], engine=engine, seed=seed),
        rates=Rates.of(on_test),
        timing=watch.seconds,
    )


def _seen_by_the_reservoir(stimulus: Stimulus, windows: int) -> Array:
    """Return the features of the input in the same windows: square roots of spike counts, or means of currents."""
    if isinstance(stimulus, Currents):
        return window_means(list(stimulus.values), windows)
    return np.asarray(np.sqrt(stimulus.counts(windows)))


def _encoded(task: ClassificationTask) -> tuple[Stimulus, Stimulus]:
    """Encode training and test samples as spikes or currents, with an encoder fitted to the training samples only."""
    if task.encoder is None:
        return task.x_train, task.x_test
    encoder = clone(task.encoder)
    return encoder.fit(task.x_train).transform(task.x_train), encoder.transform(task.x_test)


def _accuracy(predicted: NDArray[Any], wanted: NDArray[Any]) -> float:
    return float(np.mean(np.asarray(predicted) == np.asarray(wanted)))
