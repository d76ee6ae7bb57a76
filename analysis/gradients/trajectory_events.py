"""What happened along a trajectory of the exact engine, in the order in which it acted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.gradients.adjoint_kernel import ARRIVAL, EDGE, INPUT, RELEASE, SPIKE, Events
from hrsnn.engines.events import Events as Stimulation
from hrsnn.engines.exact.engine import Trajectory
from hrsnn.reservoir import Reservoir

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Order of events at one time: a release, arrivals, edges of the analog input, the spike, what it reaches at once.
_FIRST, _ARRIVING, _CHANGING, _SPIKING, _AT_ONCE = range(5)


def trajectory_events(
    reservoir: Reservoir, trajectory: Trajectory, stimulation: Stimulation, order: Whole, input_row: Whole, edges: Array
) -> Events:
    """Return all events of a trajectory before its end, sorted by time.

    Parameters
    ----------
    reservoir : Reservoir
    trajectory : Trajectory
    stimulation : Events
        Of the stimulus, in continuous time.
    order : (S,) array
        The recurrent links sorted by (source, delay, target).
    input_row : (input links,) array, ascending
        Channel of each input link or, with delays, its row.
    edges : array
        Times at which the values of an analog stimulus begin (ms).
    """
    time, who = trajectory.spike_time, trajectory.spike_neuron
    spike, first, last, delay = _arrivals(reservoir, who, order)
    released = np.flatnonzero(reservoir.refractory[who] > 0)
    row_start = np.searchsorted(input_row, np.arange(int(input_row.max(initial=-1)) + 2))
    heard = stimulation.input_channel < len(row_start) - 1  # of channels with links
    channel = stimulation.input_channel[heard].astype(np.int64)
    sizes = [len(released), len(spike), len(channel), len(time), len(edges)]

    def placed(parts: list[Whole], kinds: list[int]) -> Whole:
        """Return a column of whole numbers, 0 but for the given kinds."""
        column = [np.zeros(size, np.int64) for size in sizes]
        for part, kind in zip(parts, kinds, strict=True):
            column[kind] = part.astype(np.int64)
        return np.concatenate(column)

    kind = np.repeat([RELEASE, ARRIVAL, INPUT, SPIKE, EDGE], sizes)
    ranks = np.repeat([_FIRST, _ARRIVING, _ARRIVING, _SPIKING, _CHANGING], sizes)
    ranks[(kind == ARRIVAL) & (placed([np.asarray(delay == 0)], [1]) > 0)] = _AT_ONCE
    when = np.concatenate(
        [trajectory.release_time[released], time[spike] + delay, stimulation.input_time[heard], time, edges]
    )
    index = placed([released, spike, channel, np.arange(len(time)), np.arange(len(edges))], [0, 1, 2, 3, 4])
    begin, stop = placed([first, row_start[channel]], [1, 2]), placed([last, row_start[channel + 1]], [1, 2])
    count = np.ones(len(when))
    count[kind == INPUT] = stimulation.input_count[heard]
    found = np.lexsort((ranks, when))
    found = found[when[found] <= trajectory.duration]
    return Events(when[found], kind[found], index[found], begin[found], stop[found], count[found])


def _arrivals(reservoir: Reservoir, who: Whole, order: Whole) -> tuple[Whole, Whole, Whole, Array]:
    """Return spike, first and last link, and delay of each arrival: of all links of a source with one delay."""
    pre, delay = reservoir.pre[order], reservoir.delay[order]
    first = np.flatnonzero(np.append(True, (np.diff(pre) != 0) | (np.diff(delay) != 0))[: len(pre)])
    last = np.append(first[1:], len(pre))[: len(first)]
    bounds = np.searchsorted(pre[first], np.arange(reservoir.neurons + 1))
    groups = np.diff(bounds)[who]
    spike = np.repeat(np.arange(len(who)), groups)
    group = np.arange(len(spike)) - np.repeat(np.cumsum(groups) - groups, groups) + bounds[who[spike]]
    return spike, first[group], last[group], delay[first[group]]
