"""Accuracy, spikes and balance of a network that is read by a linear classifier, of its whole run and of its end."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.firing.coding import used_share
from hrsnn.analysis.firing.currents import currents
from hrsnn.analysis.firing.operations import UndefinedWarning
from hrsnn.analysis.firing.tightness import CurrentBalance, current_balance, filtered_anticorrelation
from hrsnn.balanced import BalancedNetwork
from hrsnn.balanced.decoding import filtered
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.readout import readout
from hrsnn.simulation import simulate
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Spikes that are held at a time, as a number of samples; and the times a ms at which the filtered spikes are averaged.
_SAMPLES, _STEP = 25, 5.0
#: Time constant of the low-pass filter of the currents (ms), and the time that is left out at the beginning.
_FILTER, _WASHOUT = 10.0, 100.0
BALANCES = ("correlation", "tightness", "filtered_anticorrelation")


@dataclass(frozen=True)
class Read(Displayed):
    """What a classifier reads of the samples of a part, (samples, neurons)."""

    counts: Array  #: spikes of a whole sample
    recall: Array  #: spikes filtered with `tau`, averaged over the end of a sample
    spikes: int  #: of all neurons and samples


@takes(tau="ms", end="ms")
def accuracy_and_balance(
    network: BalancedNetwork,
    task: ClassificationTask,
    tau: float = 15.0,
    end: float = 150.0,
    balanced_samples: int = 10,
    seed: int = 0,
    engine: str = "auto",
    simulated: Callable[[SpikeTrains], SpikeTrains] | None = None,
) -> dict[str, float]:
    """Train linear readouts of a network on a task of spike trains, and return their accuracies, the spikes and the balance.

    Only the readouts are trained, logistic regressions (:func:`hrsnn.readout.readout`). A network whose weights were
    trained otherwise is scored by the same call.

    Parameters
    ----------
    network : BalancedNetwork
    task : ClassificationTask
        Of spike trains, all of one duration.
    tau : float
        Time constant of the readout of the end of a sample (ms).
    end : float
        Length of the end of a sample (ms), over which the filtered spikes are averaged.
    balanced_samples : int
        Number of test samples, from the first on, whose currents are computed.
    seed : int
        Seed of the voltage noise.
    engine : str
    simulated : callable, optional
        Function from stimuli to the spikes of the network, in place of :func:`hrsnn.simulate`: of other synapses, for
        example. The balance of its currents is then nan.

    Returns
    -------
    dict of str to float
        ``accuracy``, of the counts of whole samples; ``accuracy_recall``, of the end; of the test part ``mean_rate`` (Hz),
        ``spikes_per_sample``, ``used_share`` (spikes over steps) and ``silent_share``; means over neurons and samples of
        ``correlation``, ``tightness`` and ``filtered_anticorrelation``.

    Raises
    ------
    InputError
        When samples are not spike trains of one duration, or a number is out of range.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> from hrsnn.tasks import load_task
    >>> task = load_task("cue", train=20, test=20)
    >>> network = build_balanced(BalancedSpec(system="inputs", neurons=100, leak=2.0, gain=0.1), channels=40)
    >>> found = accuracy_and_balance(network, task, balanced_samples=1)
    >>> found["spikes_per_sample"] > 10, 0 < found["tightness"] < 1
    (True, True)
    """
    if not isinstance(task.x_train, SpikeTrains) or task.encoder is not None:
        raise InputError("task", task.name, "must be of spike trains")
    durations = np.concatenate([task.x_train.durations, task.x_test.durations])
    if np.ptp(durations):
        raise InputError("task", task.name, "must have samples of one duration")
    duration, tau, end = float(durations[0]), positive("tau", tau, "ms"), positive("end", end, "ms")
    if end > duration:
        raise InputError("end", end, f"must be at most {duration:g} ms, the duration of a sample")
    count = count_of("balanced_samples", balanced_samples, 1, len(task.x_test))
    run = _simulation(network, seed, engine) if simulated is None else simulated
    found: dict[str, Read] = {}
    kept: list[SpikeTrains] = []
    for part in ("train", "test"):
        reads = []
        for spikes in _in_groups(run, getattr(task, f"x_{part}")):
            reads.append(_read(spikes, duration, tau, end))
            if part == "test" and len(kept) < count:
                kept += [spikes[k : k + 1] for k in range(min(len(spikes), count - len(kept)))]
        found[part] = Read(
            np.concatenate([one.counts for one in reads]),
            np.concatenate([one.recall for one in reads]),
            sum(one.spikes for one in reads),
        )
    train, test = found["train"], found["test"]

    def accuracy(name: str) -> float:
        model: Any = readout().fit(getattr(train, name), task.y_train)
        return float(model.score(getattr(test, name), task.y_test))

    samples = len(task.x_test)
    return {
        "accuracy": accuracy("counts"),
        "accuracy_recall": accuracy("recall"),
        "mean_rate": 1000 * test.spikes / (network.neurons * samples * duration),
        "spikes_per_sample": test.spikes / samples,
        "used_share": used_share(test.spikes, samples * duration, network.dt),
        "silent_share": float((test.counts.sum(axis=0) == 0).mean()),
        **(_balance(network, kept, task.x_test) if simulated is None else dict.fromkeys(BALANCES, float("nan"))),
    }


def _simulation(network: BalancedNetwork, seed: int, engine: str) -> Callable[[SpikeTrains], SpikeTrains]:
    # N x N weights cost least where spikes are rare, and give the same spikes
    fast = network if network.edited or not network.linked else network.with_matrices()
    return lambda stimulus: simulate(fast, stimulus, engine=engine, seed=seed).spikes


def _in_groups(run: Callable[[SpikeTrains], SpikeTrains], stimulus: SpikeTrains) -> Iterator[SpikeTrains]:
    """Yield the spikes of some samples at a time: an unbalanced network has millions."""
    for first in range(0, len(stimulus), _SAMPLES):
        yield run(stimulus[first : first + _SAMPLES])


def _read(spikes: SpikeTrains, duration: float, tau: float, end: float) -> Read:
    at = duration - end + _STEP * np.arange(1, int(end / _STEP) + 1) if end >= _STEP else np.array([duration])
    leak = np.full(spikes.n_channels, 1000 / tau)
    counts, recall = [], []
    for index in range(len(spikes)):
        times, neurons = spikes.sample(index)
        counts.append(np.bincount(neurons, minlength=spikes.n_channels).astype(np.float64))
        late = np.searchsorted(times, duration - end - 20 * tau)  # what came before is filtered out
        recall.append(filtered(times[late:], neurons[late:], at, leak).mean(axis=0))
    return Read(np.array(counts), np.array(recall), spikes.n_spikes)


def _balance(network: BalancedNetwork, kept: list[SpikeTrains], stimulus: SpikeTrains) -> dict[str, float]:
    """Return the means of the balance over the neurons and the samples whose spikes were kept."""
    found: list[CurrentBalance] = []
    published = []
    for index, spikes in enumerate(kept):
        flow = currents(network, spikes, stimulus[index : index + 1])
        washout = min(round(_WASHOUT / flow.dt), len(flow.net) // 2)
        found.append(current_balance(flow.excitation, flow.inhibition, flow.dt, _FILTER, washout=washout))
        published.append(float(filtered_anticorrelation(flow.excitation, flow.inhibition).mean()))
    with warnings.catch_warnings(action="ignore", category=UndefinedWarning):
        mean = {name: np.array([getattr(one, f"mean_{name}") for one in found]) for name in ("correlation", "tightness")}
    return {
        **{name: float(values.mean()) for name, values in mean.items()},
        "filtered_anticorrelation": float(np.mean(published)),
    }
