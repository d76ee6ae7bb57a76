"""The tangent map of a recorded trajectory of spikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.lyapunov.tangent_kernel import ARRIVAL, RELEASE, SPIKE, Cells, Events, Links, Spikes, carry
from hrsnn.display import Displayed
from hrsnn.engines.exact.engine import Trajectory
from hrsnn.reservoir import Reservoir

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Columns that are propagated together, so that their rows stay in the cache between two events.
_COLUMNS = 128


@dataclass(frozen=True)
class TangentTime(Displayed):
    """Position of a tangent along its trajectory."""

    time: float  #: ms
    event: int  #: index of the next event
    refractory: NDArray[np.bool_]  #: (n,) which neurons are refractory
    flying: Whole  #: spikes in transit, one row of the tangent each, after the 3 n rows of the neurons


class SpikeTangent:
    """Propagator of tangent vectors along one trajectory of the exact engine.

    The rows are dv, dI_exc and dI_inh of the n neurons in `neurons`, then one p for each spike in transit. Between events
    each neuron's block is propagated by its exact exponential. With f_k- = dv_k/dt just before a spike of k and f_k+ at its
    release,

    - spike: p = dv_k / f_k-; the row of v_k is constant while k is refractory;
    - release: dv_k <- dv_k f_k+ / f_k-;
    - arrival at i, a delay after the spike: dI_i -= s w p / tau_s, and dv_i += s w p / tau_m,i unless i is refractory.

    Parameters
    ----------
    reservoir : Reservoir
    trajectory : Trajectory
        Trajectory of the same reservoir, from the exact engine.
    neurons : int array (n,)
        Ascending. All others are omitted, which is exact if they never spike: nothing then depends on them.
    drift_floor : float
        mV/ms; f_k- and f_k+ nearer to 0 than this are replaced by it, with their sign.
    """

    def __init__(self, reservoir: Reservoir, trajectory: Trajectory, neurons: Whole, drift_floor: float) -> None:
        n = len(neurons)
        place = np.full(reservoir.neurons, -1)
        place[neurons] = np.arange(n)
        self.n = n
        self.neurons = neurons
        self._cells = Cells(reservoir.tau_m[neurons], reservoir.tau_exc[neurons], reservoir.tau_inh[neurons])
        self._groups = _Groups(reservoir, place)
        self._links = self._groups.links(reservoir, neurons)

        time, who = trajectory.spike_time, place[trajectory.spike_neuron]
        before, after = _floored(trajectory.drift, drift_floor), _floored(trajectory.release_drift, drift_floor)
        released = np.isfinite(trajectory.release_drift) & (trajectory.release_time <= trajectory.duration)
        self.floored = int(
            (np.abs(trajectory.drift) < drift_floor).sum() + (np.abs(trajectory.release_drift[released]) < drift_floor).sum()
        )
        self.source = who
        self._last_arrival = time + self._groups.longest[who]
        delayed = self._groups.longest[who] > 0
        at_once = trajectory.release_time <= time
        self._spikes = Spikes(who, before, np.where(released, after / before, 1.0), delayed, at_once)
        self._events = self._merged(time, trajectory.release_time, released & ~at_once)
        self._row = np.zeros(len(who), np.int64)
        #: (releases,) time, neuron and log |f+ / f-| of each release, refractory or not
        order = np.argsort(trajectory.release_time[released], kind="stable")
        self.release_time = trajectory.release_time[released][order]
        self.release_neuron = who[released][order]
        self.release_growth = np.log(np.abs(after / before))[released][order]
        self._hold = time, trajectory.release_time

    def _merged(self, time: Array, release_time: Array, released: NDArray[np.bool_]) -> Events:
        """Return all events in the order in which they act: time, kind, spike, and its links a..b."""
        groups, spikes = self._groups, np.arange(len(time))
        first, last = groups.at_once[self.source].T
        spike, group = groups.delayed_of(self.source)
        releases = spikes[released]
        nothing = np.zeros(len(releases), np.int64)
        times = np.concatenate([time, time[spike] + groups.delay[group], release_time[releases]])
        kinds = np.repeat([SPIKE, ARRIVAL, RELEASE], [len(spikes), len(spike), len(releases)])
        order = np.lexsort((kinds, times))
        columns = (
            times,
            kinds,
            np.concatenate([spikes, spike, releases]),
            np.concatenate([first, groups.first[group], nothing]),
            np.concatenate([last, groups.last[group], nothing]),
        )
        return Events(*(np.ascontiguousarray(column[order]) for column in columns))

    def start(self) -> TangentTime:
        """Start of the trajectory: no neuron refractory, no spike in transit."""
        return TangentTime(0.0, 0, np.zeros(self.n, np.bool_), np.empty(0, np.int64))

    def __call__(self, moment: TangentTime, tangent: Array, length: float) -> tuple[TangentTime, Array]:
        """Propagate a tangent (3 n + spikes in transit, vectors) over `length` ms: an :class:`~.qr.Advance`."""
        stop = moment.time + length
        last = int(np.searchsorted(self._events.time, stop, side="left"))
        here = slice(moment.event, last)
        emitted = self._events.spike[here][self._events.kind[here] == SPIKE]
        emitted = emitted[self._spikes.delayed[emitted]]
        flying = np.concatenate([moment.flying, emitted])
        below = 3 * self.n
        self._row[flying] = below + np.arange(len(flying))
        carried = np.empty((below + len(flying), tangent.shape[1]))
        carried[: len(tangent)] = tangent
        for a in range(0, tangent.shape[1], _COLUMNS):
            refractory = moment.refractory.copy()
            b = min(a + _COLUMNS, tangent.shape[1])
            fixed = self._events, self._row, self._spikes, self._cells, self._links
            carry(carried, moment.event, last, moment.time, stop, refractory, *fixed, a, b)
        still = self._last_arrival[flying] >= stop
        if not still.all():
            carried = carried[np.append(np.ones(below, np.bool_), still)]
        return TangentTime(stop, last, refractory, flying[still]), carried

    def local_growth(self, start: float, stop: float) -> Array:
        """Log-determinants (n,) of each neuron's own block from `start` to `stop` (ms).

        ``-(time not refractory)/tau_m - time/tau_exc - time/tau_inh + sum over releases of log |f_k+ / f_k-|``; without
        delays their sum is exactly that of all exponents times the time: the effects of neurons on each other are shears.
        """
        spike_time, release_time = self._hold
        tau_m, tau_exc, tau_inh = self._cells
        time_refractory = np.clip(release_time, start, stop) - np.clip(spike_time, start, stop)
        refractory = np.bincount(self.source, time_refractory, minlength=self.n)
        inside = slice(*np.searchsorted(self.release_time, [start, stop], side="left"))
        jumps = np.bincount(self.release_neuron[inside], self.release_growth[inside], minlength=self.n)
        span = stop - start
        return np.asarray(jumps - (span - refractory) / tau_m - span / tau_exc - span / tau_inh)

    def reached(self) -> tuple[Array, Array]:
        """Effects of spikes on I_exc and I_inh: (n, groups of links) each, a column for every source and delay."""
        target, gain, on = self._links.target, self._links.gain_current, self._links.on_current
        owner = self._groups.owner
        exc, inh = np.zeros((2, self.n, len(self._groups.delay)))
        exc[target[on == 1], owner[on == 1]] = gain[on == 1]
        inh[target[on == 2], owner[on == 2]] = gain[on == 2]
        return exc[:, exc.any(axis=0)], inh[:, inh.any(axis=0)]


class _Groups:
    """Recurrent links between the given neurons, sorted by (source, delay, target): a group has one arrival time."""

    def __init__(self, reservoir: Reservoir, place: Whole) -> None:
        links, n = reservoir.recurrent, int(place.max(initial=-1)) + 1
        pre, post = place[links.pre], place[links.post]
        kept = np.flatnonzero((pre >= 0) & (post >= 0) & (links.weight > 0))
        kept = kept[np.lexsort((post[kept], links.delay[kept], pre[kept]))]
        self.kept, self.target = kept, post[kept]
        source, delay = pre[kept], links.delay[kept]
        new = np.ones(len(kept), np.bool_)
        new[1:] = (np.diff(source) != 0) | (np.diff(delay) != 0)
        self.first = np.flatnonzero(new)
        self.last = np.append(self.first[1:], len(kept))[: len(self.first)]
        self.owner = np.cumsum(new) - 1  # (links,) index of the group of each link
        self.delay, self._source = delay[self.first], source[self.first]
        self.longest = np.zeros(n)
        np.maximum.at(self.longest, self._source, self.delay)
        self.at_once = np.zeros((n, 2), np.int64)
        now = self.delay == 0
        self.at_once[self._source[now]] = np.stack([self.first, self.last], axis=1)[now]
        self._later = np.flatnonzero(~now)
        self._edges = np.searchsorted(self._source[self._later], np.arange(n + 1))

    def delayed_of(self, source: Whole) -> tuple[Whole, Whole]:
        """Return pairs (spike, group) of all groups with a delay, for spikes of these sources."""
        count = np.diff(self._edges)[source]
        spike = np.repeat(np.arange(len(source)), count)
        within = np.arange(len(spike)) - np.repeat(np.cumsum(count) - count, count)
        return spike, self._later[self._edges[source][spike] + within]

    def links(self, reservoir: Reservoir, neurons: Whole) -> Links:
        """Return the links in the form that the kernel reads."""
        excitatory = reservoir.is_excitatory[reservoir.pre[self.kept]]
        signed = np.where(excitatory, 1.0, -1.0) * reservoir.weight[self.kept]
        post = neurons[self.target]
        tau = np.where(excitatory, reservoir.tau_exc[post], reservoir.tau_inh[post])
        return Links(self.target, signed / tau, signed / reservoir.tau_m[post], np.where(excitatory, 1, 2))


def _floored(drift: Array, floor: float) -> Array:
    return np.asarray(np.copysign(np.maximum(np.abs(drift), floor), drift))
