"""Comparison of the four variants: one run is one variant, with or without recurrent links, on one task, from one seed.

Every reservoir is first trained by STDP on the training part (synaptic variants differ only in STDP), and then scored with
fixed weights on the test part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from hrsnn.activity import Activity
from hrsnn.analysis import (
    effective_dimension,
    effective_rank,
    entropy_rank,
    memory_capacity,
    nrmse,
    ridge_readout,
    spike_efficiency,
)
from hrsnn.analysis.protocols.series_runs import follow, learn
from hrsnn.builder import build
from hrsnn.errors import InputError
from hrsnn.files.writing import PathLike
from hrsnn.readout import readout as classifier
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import check_seed
from hrsnn.simulation import simulate
from hrsnn.spec import VARIANTS, ReservoirSpec
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks import ClassificationTask, SeriesTask, load_task
from hrsnn.tasks.lorenz63 import lorenz63
from hrsnn.tasks.memory import memory

Array = NDArray[np.float64]

_WINDOWS, _BLANK = 5, 100.0


@dataclass(frozen=True)
class VariantSizes:
    """Numbers of samples and values of each task in a run.

    Parameters
    ----------
    train, test : int
        Numbers of samples of digits and of spoken digits.
    values : int
        Number of input values of the memory task, each held for 20 ms.
    max_delay : int
        Longest delay, in values.
    series_train, series_test, horizon : int
        Numbers of values of Lorenz-63, and the number of values by which the target is ahead.
    """

    train: int = 1200
    test: int = 300
    values: int = 5000
    max_delay: int = 50
    series_train: int = 5000
    series_test: int = 500
    horizon: int = 10


@dataclass(frozen=True)
class VariantRun:
    """Variant, task and seed of one run of the comparison.

    Parameters
    ----------
    task : {"memory", "digits", "fsdd", "lorenz63"}
    variant : {"HoNHoS", "HeNHoS", "HoNHeS", "HeNHeS"}
    recurrent : bool
        False for the control, the same reservoir without its recurrent links.
    seed : int
        Seed of the reservoir, the task and all other random numbers: runs with the same seed are pairs.
    """

    task: str
    variant: str
    recurrent: bool
    seed: int

    def __post_init__(self) -> None:
        if self.task not in SCORES:
            raise InputError("task", self.task, f"must be one of {', '.join(SCORES)}")
        if self.variant not in VARIANTS:
            raise InputError("variant", self.variant, f"must be one of {', '.join(VARIANTS)}")
        check_seed(self.seed)


def run_variant(
    run: VariantRun,
    spec: ReservoirSpec | None = None,
    sizes: VariantSizes | None = None,
    *,
    path: PathLike | None = None,
    engine: str = "auto",
) -> dict[str, float]:
    """Compute the scores of one run: performance, spikes, and dimension of the states.

    Parameters
    ----------
    run : VariantRun
    spec : ReservoirSpec, optional
        Specification of the reservoir; its variant is replaced by that of `run`.
    sizes : VariantSizes, optional
    path : path, optional
        Folder of the recordings of ``fsdd``, which are encoded by level crossing.
    engine : str

    Returns
    -------
    dict
        By name: ``mean_rate`` (Hz), ``silent_share``, ``spikes_per_neuron`` (S: per stimulus, or per second of a series),
        ``effective_dimension`` of the states; for classification ``accuracy``, ``effective_rank`` and ``entropy_rank`` of
        the states at the end of the test stimuli, ``efficiency`` = accuracy / S; for memory ``memory_capacity`` and
        ``memory_capacity_v`` (read from spikes and from v), ``efficiency`` = capacity / S; for Lorenz-63 ``nrmse`` and
        ``nrmse_v``, ``efficiency`` = 1 / (nrmse S). nan if no neuron spikes.

    Raises
    ------
    InputError, FileError
        When an option is not allowed, or the recordings are missing.

    Notes
    -----
    With an analog series and without recurrent links, STDP changes no weights: the synaptic variants are then the same.

    Examples
    --------
    >>> sizes = VariantSizes(values=600, max_delay=5)
    >>> scores = run_variant(VariantRun("memory", "HeNHeS", True, seed=1), ReservoirSpec(neurons=30), sizes)
    >>> scores["memory_capacity"] <= 5
    True
    """
    spec = (spec or ReservoirSpec()).variant(run.variant)
    return SCORES[run.task](run, spec, sizes or VariantSizes(), path, engine)


def _classes(
    run: VariantRun, spec: ReservoirSpec, sizes: VariantSizes, path: PathLike | None, engine: str
) -> dict[str, float]:
    """Compute accuracy and rank on digits or spoken digits."""
    # encoded as spikes, since STDP does not act on links of currents and the input synapses are part of the comparison
    options = {"path": path, "encoding": "level_crossing"} if run.task == "fsdd" else {}
    task = load_task(run.task, seed=run.seed, **options)
    assert isinstance(task, ClassificationTask)
    task = task.subset(train=sizes.train, test=sizes.test, seed=run.seed)
    encoder = clone(task.encoder).fit(task.x_train)
    train, test = encoder.transform(task.x_train), encoder.transform(task.x_test)
    built = _built(run, spec, train.n_channels)
    reservoir = simulate(built, train, plastic=True, record=(), blank=_BLANK, engine=engine, seed=run.seed).reservoir

    def present(trains: SpikeTrains, branch: int) -> Activity:
        # noise depends on the seed and the position in the batch: a separate seed for each part
        record, noise = ("counts", "states"), run.seed + (branch << 32)
        return simulate(reservoir, trains, record=record, windows=_WINDOWS, engine=engine, seed=noise)

    on_train, on_test = present(train, 1), present(test, 2)
    rows, others = (np.sqrt(activity.counts).reshape(len(activity.counts), -1) for activity in (on_train, on_test))
    predicted = classifier("logistic", run.seed).fit(rows, task.y_train).predict(others)
    accuracy = float(np.mean(predicted == task.y_test))
    final = on_test.states[:, -1]
    spikes = float(on_test.spike_counts.sum(axis=1).mean() / reservoir.neurons)
    return {
        "accuracy": accuracy,
        "efficiency": spike_efficiency(spikes, accuracy=accuracy),
        "effective_rank": float(effective_rank(final)),
        "entropy_rank": float(entropy_rank(final)),
        **_activity(on_test, spikes, final),
    }


def _memory(
    run: VariantRun, spec: ReservoirSpec, sizes: VariantSizes, path: PathLike | None, engine: str
) -> dict[str, float]:
    """Compute the memory capacity from spikes and from v."""
    task = memory(values=sizes.values, seed=run.seed)
    activity = _follow(run, spec, task, engine)

    def capacity(states: Array) -> float:
        return memory_capacity(states, task.inputs[:, 0], sizes.max_delay, hold=task.hold, seed=run.seed).total

    spikes = float(activity.rates.mean())
    from_spikes = capacity(activity.states[0])
    return {
        "memory_capacity": from_spikes,
        "memory_capacity_v": capacity(activity.v[0]),
        "efficiency": from_spikes / spikes if spikes else float("nan"),
        **_activity(activity, spikes, activity.states[0, task.washout :]),
    }


def _lorenz63(
    run: VariantRun, spec: ReservoirSpec, sizes: VariantSizes, path: PathLike | None, engine: str
) -> dict[str, float]:
    """Compute the errors of a forecast from spikes and from v."""
    task = lorenz63(train=sizes.series_train, test=sizes.series_test, horizon=sizes.horizon, seed=run.seed)
    activity = _follow(run, spec, task, engine)

    def error(states: Array) -> float:
        readout = ridge_readout(states, task.targets, train=task.train.stop, washout=task.washout)
        return nrmse(readout.prediction[task.test], task.targets[task.test], scale=task.targets[task.train].std(axis=0))

    spikes = float(activity.rates.mean())
    from_spikes = error(activity.states[0])
    return {
        "nrmse": from_spikes,
        "nrmse_v": error(activity.v[0]),
        "efficiency": spike_efficiency(spikes, nrmse=from_spikes),
        **_activity(activity, spikes, activity.states[0, task.washout :]),
    }


#: Scoring function of each task.
SCORES: Mapping[str, Callable[[VariantRun, ReservoirSpec, VariantSizes, PathLike | None, str], dict[str, float]]] = {
    "memory": _memory,
    "digits": _classes,
    "fsdd": _classes,
    "lorenz63": _lorenz63,
}


def _follow(run: VariantRun, spec: ReservoirSpec, task: SeriesTask, engine: str) -> Activity:
    """Run STDP over segments of the training part, then the whole series with fixed weights."""
    reservoir = learn(_built(run, spec, task.inputs.shape[1]), task, run.seed, engine)
    return follow(reservoir, task, ("spikes", "states", "v"), run.seed, engine, progress=False)


def _built(run: VariantRun, spec: ReservoirSpec, channels: int) -> Reservoir:
    """Build the reservoir of a run, before STDP."""
    reservoir = build(spec, run.seed, channels=channels)
    return reservoir if run.recurrent else reservoir.without_recurrence()


def _activity(activity: Activity, spikes: float, states: Array) -> dict[str, float]:
    return {
        "mean_rate": float(activity.rates.mean()),
        "silent_share": float((activity.spike_counts.sum(axis=0) == 0).mean()),
        "spikes_per_neuron": spikes,
        "effective_dimension": float(effective_dimension(states)),
    }
