"""Stimuli as events in continuous time, for the exact engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrsnn.engines.background import background_spikes, repeat_pattern
from hrsnn.engines.input_rows import InputRows, delayed_drive
from hrsnn.reservoir import Reservoir
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.units import takes


@dataclass(frozen=True)
class Events:
    """One stimulus of `duration` ms, blank included; events of each kind are sorted by time (ms).

    With input delays, the channels are rows of input links (:class:`hrsnn.engines.input_rows.InputRows`), and the spikes
    are at the times of their arrival.
    """

    duration: float
    input_time: np.ndarray  #: (spikes,)
    input_channel: np.ndarray  #: (spikes,) int32, ascending within a time
    input_count: np.ndarray  #: (spikes,) float64: number of spikes of the channel at that time
    drive_time: np.ndarray  #: (changes,): times at which the analog drive changes
    drive: np.ndarray  #: (changes, N) mV
    background_time: np.ndarray  #: (spikes,)
    background_neuron: np.ndarray  #: (spikes,) int32, ascending within a time
    background_jump: np.ndarray  #: (spikes,) mV, added to the excitatory current
    own_time: np.ndarray  #: (changes,): with input delays, times at which the drive of single neurons changes
    own_neuron: np.ndarray  #: (changes,) int32
    own_drive: np.ndarray  #: (changes,) mV


@takes(blank="ms")
def events(reservoir: Reservoir, stimulus: SpikeTrains | Currents, index: int, blank: float = 0.0, seed: int = 0) -> Events:
    """Return stimulus `index` as events in continuous time.

    Parameters
    ----------
    reservoir : Reservoir
    stimulus : SpikeTrains or Currents
    index : int
    blank : float, ms
        Time without input after the stimulus.
    seed : int
        Seed of the background input; the grid engines round the same spike times.

    Examples
    --------
    >>> from hrsnn import Currents, ReservoirSpec, build
    >>> stimulus = Currents([[[1.0], [1.0], [2.0]]], dt=20)
    >>> events(build(ReservoirSpec(neurons=10)), stimulus, 0, blank=5).drive_time  # the second value changes nothing
    array([ 0., 40., 60.])
    """
    end = float(stimulus.durations[index])
    drive_time, drive = np.empty(0), np.empty((0, reservoir.neurons))
    times, channels, count = np.empty(0), np.empty(0, np.int32), np.empty(0)
    own = (np.empty(0), np.empty(0, np.int32), np.empty(0))
    links = reservoir.input
    delayed = bool(links.delay.any())
    if isinstance(stimulus, Currents) and delayed:
        values = stimulus.sample(index)
        begins = np.arange(len(values)) * stimulus.dt
        own = delayed_drive(begins, values, end, links, links.delay, reservoir.input_gain, end + blank)
    elif isinstance(stimulus, Currents):
        drive_time, drive = _drive(reservoir, stimulus.sample(index), stimulus.dt)
        if blank > 0:
            drive_time, drive = np.append(drive_time, end), np.vstack([drive, np.zeros(reservoir.neurons)])
    else:
        times, channels = stimulus.sample(index)
        order = np.lexsort((channels, times))
        times, channels = times[order], channels[order]
        first = np.append(True, (np.diff(times) > 0) | (np.diff(channels) > 0))[: len(times)]
        count = np.diff(np.append(np.flatnonzero(first), len(times))).astype(np.float64)
        times, channels = times[first], channels[first]
        if delayed:
            times, channels, count = InputRows.of(links, links.delay).arrivals(times, channels, count, end + blank)
    background = _background(reservoir, stimulus, index, end + blank, seed)
    return Events(end + blank, times, channels, count, drive_time, drive, *background, *own)


def _drive(reservoir: Reservoir, values: np.ndarray, hold: float) -> tuple[np.ndarray, np.ndarray]:
    from scipy.sparse import csr_array

    changed = np.append(True, (np.diff(values, axis=0) != 0).any(axis=1))
    gain = csr_array(
        (reservoir.input_gain, (reservoir.input_post, reservoir.input_channel)),
        shape=(reservoir.neurons, reservoir.channels),
    )
    drive = np.ascontiguousarray((gain @ np.ascontiguousarray(values[changed].T)).T)
    return np.flatnonzero(changed) * hold, drive


def _background(
    reservoir: Reservoir, stimulus: SpikeTrains | Currents, index: int, duration: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rate = reservoir.background_rate
    if not (rate > 0).any():
        return np.empty(0), np.empty(0, np.int32), np.empty(0)
    if reservoir.background_frozen:
        period = stimulus.dt if isinstance(stimulus, Currents) else duration
        times, neurons = repeat_pattern(*background_spikes(seed, 0, rate, period), period, duration)
        order = np.lexsort((neurons, times))  # times of a repetition can become equal by rounding
        times, neurons = times[order], neurons[order]
    else:
        times, neurons = background_spikes(seed, index, rate, duration)
    return times, neurons, reservoir.background_weight[neurons]
