"""The largest Lyapunov exponent and the transient length from two nearby trajectories of the exact engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.lyapunov.stimulus import driven_by
from hrsnn.display import Displayed
from hrsnn.engines.exact.engine import Trajectory, trajectory
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Range of distances used (mV): below it rounding errors matter, above it spikes change their order.
_ROUNDING, _LARGE = 1e-11, 1e-2
#: Two runs agree if they do so from this share of the duration on.
_AGREED = 0.9


@dataclass(frozen=True)
class Divergence(Displayed):
    """Divergence of two nearby trajectories, as returned by :func:`largest_lyapunov`."""

    exponent: float  #: 1/s
    standard_error: float  #: 1/s, from the growth between windows
    times: Array  #: (windows,) ms, midpoints of the windows
    distance: Array  #: (windows,) mV; nan in windows without spikes


@takes(stimulus="ms", perturbation="mV", window="ms", washout="ms")
def largest_lyapunov(
    reservoir: Reservoir,
    stimulus: Stimulus | float,
    *,
    perturbation: float = 1e-6,
    window: float = 20.0,
    washout: float = 200.0,
    index: int = 0,
    seed: int = 0,
) -> Divergence:
    """Estimate lambda_1 of the neurons that spike from two nearby trajectories of the exact engine.

    ``d(t) = sqrt(mean over spikes in a window of (f_k- (t'_k - t_k))^2)``: the time difference of each spike, times the
    slope of v at the threshold, is a distance in v. The exponent is the slope of log d against time.

    Parameters
    ----------
    reservoir : Reservoir
        N neurons, without short-term plasticity.
    stimulus : SpikeTrains, Currents or float
        Input of both; a number is a duration (ms) without any input.
    perturbation : float
        mV; standard deviation of the random changes of v at the start.
    window : float
        ms over which the distance is averaged.
    washout : float
        ms at the beginning that are not used, in which the difference turns into the direction of fastest growth.
    index : int
        Index of the sample of the stimulus.
    seed : int
        Seed of the background input and of the perturbation.

    Returns
    -------
    Divergence

    Raises
    ------
    InputError
        When an option is out of range, or the distance is measurable (above rounding error, 1e-11 mV, and below 1e-2 mV) in
        fewer than four windows. Change the perturbation, washout or duration.

    Notes
    -----
    The method does not use the tangent and serves to check :func:`~hrsnn.analysis.lyapunov_spectrum`, which is more precise
    and gives the other exponents too.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30, i_bias=16), seed=1)
    >>> apart = largest_lyapunov(reservoir, 600.0)
    >>> bool(apart.exponent < 0 or np.nanmax(apart.distance) > 1e-6)
    True
    """
    perturbation, window = positive("perturbation", perturbation, "mV"), positive("window", window, "ms")
    washout = positive("washout", washout, "ms", zero=True)
    stimulus = driven_by(stimulus, reservoir.channels, index)
    windows = float(stimulus.durations[index]) / window
    check_memory("window", window, 64 * windows, f"{windows:.2g} windows")
    moved = reservoir.v_start + generator(seed, "perturbation").normal(scale=perturbation, size=reservoir.neurons)
    one = trajectory(reservoir, stimulus, index=index, seed=seed)
    other = trajectory(reservoir, stimulus, index=index, seed=seed, v_start=moved)

    first, second = _paired(one, other)
    shift = other.spike_time[second] - one.spike_time[first]
    bins = (one.spike_time[first] // window).astype(int)
    size = int(one.duration // window)
    inside = bins < size
    squares = np.bincount(bins[inside], ((shift * one.drift[first]) ** 2)[inside], minlength=size)
    spikes = np.bincount(bins[inside], minlength=size)
    with np.errstate(invalid="ignore"):
        distance = np.asarray(np.sqrt(squares / spikes), dtype=np.float64)
    times = np.asarray((np.arange(size) + 0.5) * window, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        lost = np.flatnonzero((distance > _LARGE) | (distance < _ROUNDING))
    end = lost[lost * window >= washout].min(initial=size)  # later windows are not meaningful
    used = np.flatnonzero((times > washout) & (np.arange(size) < end) & (spikes > 0))
    if len(used) < 4:
        raise InputError("perturbation", perturbation, "leaves fewer than four windows between rounding and 0.01 mV")
    t, log_distance = times[used], np.log(distance[used])
    slope = np.polyfit(t, log_distance, 1)[0]
    steps = np.diff(log_distance)
    error = steps.std(ddof=1) * np.sqrt(len(steps)) / (t[-1] - t[0])
    return Divergence(float(slope * 1000), float(error * 1000), times, distance)


@takes(stimulus="ms", change="mV", tolerance="ms")
def transient_length(
    reservoir: Reservoir,
    stimulus: Stimulus | float,
    *,
    change: float | None = None,
    starts: int = 4,
    tolerance: float = 0.1,
    index: int = 0,
    seed: int = 0,
) -> float:
    """Measure the time (ms) after which the spikes of a reservoir no longer depend on its initial state.

    The reservoir is simulated from other initial states with the same input. The transient ends with the last spike, in
    any of these runs, that has no counterpart within `tolerance`.

    Parameters
    ----------
    reservoir : Reservoir
    stimulus : SpikeTrains, Currents or float
        Input of all runs; a number is a duration (ms) without any input.
    change : float, optional
        mV; standard deviation of the change of v at the start. By default v is random between reset and threshold.
    starts : int
        Number of random initial states compared with the reservoir's own.
    tolerance : float
        Largest time difference of corresponding spikes (ms).
    index : int
        Index of the sample of the stimulus.
    seed : int
        Seed of the background input and of the initial states.

    Returns
    -------
    float
        In ms; inf when spikes still differ in the last tenth of the stimulus: the network is chaotic, or the stimulus too
        short.

    Raises
    ------
    InputError
        When an option is out of range.

    Notes
    -----
    A negative lambda_1 implies only that sufficiently small changes decay; vary `change` to find how small.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> transient_length(build(ReservoirSpec(neurons=20, i_bias=10), seed=1), 300.0)  # a silent network
    0.0
    """
    starts, tolerance = count_of("starts", starts), positive("tolerance", tolerance, "ms")
    size = None if change is None else positive("change", change, "mV")
    stimulus = driven_by(stimulus, reservoir.channels, index)
    one = trajectory(reservoir, stimulus, index=index, seed=seed)
    random = generator(seed, "starts")
    last = 0.0
    for _ in range(starts):
        if size is None:
            v_start = random.uniform(reservoir.v_reset, reservoir.v_threshold)
        else:
            v_start = reservoir.v_start + random.normal(scale=size, size=reservoir.neurons)
        other = trajectory(reservoir, stimulus, index=index, seed=seed, v_start=v_start)
        last = max(last, _last_alone(one, other, tolerance), _last_alone(other, one, tolerance))
    return last if last <= _AGREED * one.duration else float("inf")


def _paired(one: Trajectory, other: Trajectory) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices in both trajectories of the k-th spikes of each neuron."""
    order = [np.argsort(log.spike_neuron, kind="stable") for log in (one, other)]
    size = 1 + max(log.spike_neuron.max(initial=0) for log in (one, other))
    rank = [_within(log.spike_neuron[o], size) for log, o in zip((one, other), order, strict=True)]
    keys = [log.spike_neuron[o] * 10**9 + r for log, o, r in zip((one, other), order, rank, strict=True)]
    _, a, b = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    return order[0][a], order[1][b]


def _within(sorted_neurons: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    count = np.bincount(sorted_neurons, minlength=size)
    return np.arange(len(sorted_neurons)) - np.repeat(np.cumsum(count) - count, count)


def _last_alone(one: Trajectory, other: Trajectory, tolerance: float) -> float:
    """Time of the last spike of `one` without a spike of the same neuron in `other` within `tolerance`; 0 if none."""
    if not len(one.spike_time):
        return 0.0
    span = one.duration + 3 * tolerance  # neurons lie so far apart that spikes within `tolerance` are of the same one
    mine = one.spike_neuron * span + one.spike_time
    theirs = np.sort(other.spike_neuron * span + other.spike_time)
    at = np.searchsorted(theirs, mine)
    padded = np.concatenate([[-np.inf], theirs, [np.inf]])
    alone = np.minimum(mine - padded[at], padded[at + 1] - mine) > tolerance
    return float(one.spike_time[alone].max(initial=0.0))
