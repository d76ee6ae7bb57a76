"""Classification by the first spike of a readout layer of LIF neurons, at which the count of spikes stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.runs import share_correct
from hrsnn.errors import InputError
from hrsnn.readout import readout
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate
from hrsnn.tasks import ClassificationTask
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Times at which the readout layer is trained, of equal distance, up to the end of a sample.
_TRAINED_AT = 5
#: Thresholds that are tried: quantiles of the largest potential of a validation sample.
_THRESHOLDS = 41


@dataclass(frozen=True)
class FirstSpike:
    """Accuracy and spikes with the stopping rule, and in the whole sample, from :func:`classify_by_first_spike`."""

    #: Share of the test samples whose first output spike is that of their class; without a spike, the class with the
    #: highest potential at the end counts.
    accuracy: float
    #: Accuracy by the highest potential at the end of each sample.
    accuracy_at_end: float
    #: Spikes per neuron until the first output spike, mean over the test samples.
    spikes: float
    #: Spikes per neuron in the whole sample.
    spikes_in_all: float
    #: Mean time of the first output spike, or of the end (ms).
    time: float
    #: Share of the test samples in which an output neuron spikes.
    stopped: float
    #: Threshold of the readout layer, in units of its potential.
    threshold: float


@takes(step="ms", tau="ms")
def classify_by_first_spike(
    network: Reservoir,
    task: ClassificationTask,
    *,
    step: float = 2.0,
    tau: float = 20.0,
    tolerance: float = 0.02,
    engine: str = "auto",
    seed: int = 0,
) -> FirstSpike:
    """Classify samples by the first spike of a layer of LIF neurons, one for each class, that reads a fixed network.

    The potential of output neuron c is ``v_c(t) = b_c + sum_i w_ci x_i(t)``, with x_i the spikes of neuron i filtered with
    ``exp(-t / tau)``: that of a LIF neuron whose synapses have weights w_ci and no time constant of their own. Weights and
    biases are those of a logistic regression of the class on x, at five times of each training sample. The threshold is the
    lowest at which the accuracy on a validation part, 30 % of the training samples, is within `tolerance` of the best.

    Parameters
    ----------
    network : Reservoir
        With its final weights.
    task : ClassificationTask
        With samples of one duration.
    step : float
        Distance of the times at which thresholds are compared (ms).
    tau : float
        Time constant of the readout layer (ms).
    tolerance : float
        Accuracy that may be given up for fewer spikes.
    engine : str
    seed : int
        Of the background input and the readout.

    Returns
    -------
    FirstSpike

    Raises
    ------
    InputError
        When samples differ in duration, or an option is not allowed.

    Notes
    -----
    A spike in the step of the first output spike counts. The potential rises at spikes only where w_ci is positive, but a
    negative contribution that decays raises it too: between two times of `step` a crossing can be missed.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.tasks import load_task
    >>> task = load_task("digits").subset(train=60, test=20)
    >>> channels = task.encoded().x_train.n_channels
    >>> found = classify_by_first_spike(build(ReservoirSpec(neurons=40), seed=1, channels=channels), task)
    >>> found.spikes <= found.spikes_in_all, found.time <= 100
    (True, True)

    References
    ----------
    Chakraborty & Mukhopadhyay 2024, eq. 10 and table III: spikes are counted until the first spike of the readout layer.
    """
    step, tau = positive("step", step, "ms"), positive("tau", tau, "ms")
    if not 0 <= tolerance < 1:
        raise InputError("tolerance", tolerance, "must be a share below 1")
    encoded = task.encoded()
    durations = np.concatenate([encoded.x_train.durations, encoded.x_test.durations])
    if np.ptp(durations) > 0:
        raise InputError("task", task.name, "must have samples of one duration")
    times = np.arange(1, count_of("step", round(float(durations[0]) / step), _TRAINED_AT) + 1) * step
    times = times[times <= durations[0]]
    states, counts = [], []
    for place, part in enumerate((encoded.x_train, encoded.x_test)):
        ran = simulate(
            network,
            part,
            record=("states", "counts"),
            sample_times=times,
            windows=np.concatenate([[0.0], times]),
            tau_state=tau,
            engine=engine,
            seed=seed + (place << 32),
        )
        states.append(np.asarray(ran.states))
        counts.append(np.asarray(ran.counts.mean(axis=2)).cumsum(axis=1))
    fitted = round(0.7 * len(task.y_train))
    weight, bias, classes = _layer(states[0][:fitted], task.y_train[:fitted], seed)
    held_out = states[0][fitted:] @ weight.T + bias
    threshold = _threshold(held_out, classes, task.y_train[fitted:], tolerance)
    potential = states[1] @ weight.T + bias
    chosen, when, stopped = _first(potential, threshold)
    samples = np.arange(len(potential))
    return FirstSpike(
        accuracy=share_correct(classes[chosen], task.y_test),
        accuracy_at_end=share_correct(classes[potential[:, -1].argmax(axis=1)], task.y_test),
        spikes=float(counts[1][samples, when].mean()),
        spikes_in_all=float(counts[1][:, -1].mean()),
        time=float(times[when].mean()),
        stopped=float(stopped.mean()),
        threshold=threshold,
    )


def _layer(states: Array, labels: NDArray[Any], seed: int) -> tuple[Array, Array, NDArray[Any]]:
    """Return weights (classes, N), biases (classes,) and classes of a readout trained at several times of each sample."""
    at = np.linspace(0, states.shape[1] - 1, _TRAINED_AT + 1).round().astype(int)[1:]
    few = states[:, at]
    # the samples of a time follow each other, so that the last fifth of each class holds whole samples
    model = readout("logistic", seed).fit(few.reshape(-1, states.shape[2]), np.repeat(labels, _TRAINED_AT)).best_estimator_
    identity = np.vstack([np.zeros(states.shape[2]), np.eye(states.shape[2])])
    values = model.decision_function(identity)  # affine in the states: at 0 the biases, and the weights from unit vectors
    if values.ndim == 1:  # of two classes there is one decision
        values = np.column_stack([-values, values]) / 2
    return np.asarray((values[1:] - values[0]).T), np.asarray(values[0]), np.asarray(model.classes_)


def _first(potential: Array, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return output neuron, place of its time, and whether it spiked, from potentials (samples, times, classes)."""
    highest = np.asarray(potential.max(axis=2))
    crossed = np.asarray(highest >= threshold)
    stopped = np.asarray(crossed.any(axis=1))
    when = np.asarray(np.where(stopped, crossed.argmax(axis=1), potential.shape[1] - 1))
    return np.asarray(potential[np.arange(len(potential)), when].argmax(axis=1)), when, stopped


def _threshold(potential: Array, classes: NDArray[Any], labels: NDArray[Any], tolerance: float) -> float:
    """Return the lowest threshold whose accuracy is within the tolerance of the best."""
    tried = np.quantile(potential.max(axis=(1, 2)), np.linspace(0, 1, _THRESHOLDS))
    tried = np.unique(np.concatenate([np.linspace(potential.min(), tried[0], _THRESHOLDS), tried]))
    accuracies = np.array([share_correct(classes[_first(potential, one)[0]], labels) for one in tried])
    return float(tried[np.flatnonzero(accuracies >= accuracies.max() - tolerance)[0]])
