"""Capacities of a reservoir under random input, with and without recurrent links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis import InformationCapacity, MemoryCapacity, information_capacity, memory_capacity
from hrsnn.analysis.runs.driving import follow
from hrsnn.analysis.runs.rates import Rates
from hrsnn.display import Displayed
from hrsnn.kinds import Network, NetworkSpec, build_network
from hrsnn.reading import has_decoder, read_states
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks.memory import memory as memory_task
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CapacityScores(Displayed):
    """Memory and information capacity of one matrix of states."""

    memory: MemoryCapacity
    information: InformationCapacity


@dataclass(frozen=True)
class Capacities(Displayed):
    """Capacities of a reservoir and its controls, as returned by :func:`capacity`."""

    #: `spikes` and `v`: Capacities of exponentially filtered spikes, and of membrane potentials.
    spikes: CapacityScores
    v: CapacityScores
    #: `spikes_uncoupled` and `v_uncoupled`: The same for the reservoir without recurrent links.
    spikes_uncoupled: CapacityScores
    v_uncoupled: CapacityScores
    #: Capacities of the present input value: an information capacity of 1, a memory capacity of 0.
    raw_input: CapacityScores
    reservoir: Network
    #: Spikes of the whole run.
    activity: Activity[Network]
    rates: Rates
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]
    #: `decoded`, `decoded_uncoupled` and `ideal`: Of the states that the network's own decoder makes of the spikes, with and
    #: without recurrent links, and of the system that it follows; None for a network without a decoder.
    decoded: CapacityScores | None = None
    decoded_uncoupled: CapacityScores | None = None
    ideal: CapacityScores | None = None


@takes(hold="ms")
def capacity(
    spec: NetworkSpec | None = None,
    *,
    seed: int = 0,
    values: int = 10_000,
    hold: float = 20.0,
    delays: Mapping[int, int] | None = None,
    engine: str = "auto",
    progress: bool = False,
) -> Capacities:
    """Compute memory and information capacity of a reservoir with fixed weights for values held for `hold` ms each.

    Parameters
    ----------
    spec : NetworkSpec, optional
        Specification of a network of any kind; by default a reservoir.
    seed : int
        Seed of the reservoir, the values, the background and the surrogates.
    values : int
        Number of values, uniform on (-1, 1).
    hold : float
        Time for which each value is held (ms).
    delays : mapping of int to int, optional
        For each degree the longest delay, in values; that of degree 1, at least 1, is also used for the memory capacity.
        Default: {1: 50, 2: 20, 3: 10}.
    engine : str
    progress : bool

    Returns
    -------
    Capacities

    Raises
    ------
    InputError
        When an option is not allowed, or there are too few values.

    Notes
    -----
    The information capacity is in-sample, and capacities under its threshold, about states / values, are set to 0: with
    many states it is lower than the held-out memory capacity at the same delays.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> result = capacity(ReservoirSpec(neurons=20), values=700, delays={1: 10, 2: 5})
    >>> round(result.raw_input.information.linear, 6)
    1.0
    """
    watch = Stopwatch()
    longest = {1: 50, 2: 20, 3: 10} if delays is None else dict(delays)
    task = memory_task(values=values, hold=hold, seed=seed)
    reservoir = build_network(spec or ReservoirSpec(), seed, channels=1)

    def run(one: Network) -> Activity[Network]:
        with watch("simulate"):
            return follow(one, task, ("spikes", "states", "v"), seed, engine, progress)

    def scores_of(states: Array) -> CapacityScores:
        u = task.inputs[:, 0]
        information = information_capacity(states, u, longest)
        most = max(1, longest.get(1, 1))
        memory = memory_capacity(states, u, most, hold=hold, seed=seed)
        return CapacityScores(memory, information)

    raw_input = scores_of(task.inputs)  # raises for too few values, before the simulation
    activity, uncoupled = run(reservoir), run(reservoir.without_recurrence())
    with watch("capacity"):
        decoded: dict[str, CapacityScores] = {}
        if has_decoder(reservoir):
            decoded = {
                "decoded": scores_of(read_states(activity, "decoded")[0]),
                "decoded_uncoupled": scores_of(read_states(uncoupled, "decoded")[0]),
                "ideal": scores_of(reservoir.ideal_states(task.inputs, hold)),
            }
        return Capacities(
            spikes=scores_of(activity.states[0]),
            v=scores_of(activity.v[0]),
            spikes_uncoupled=scores_of(uncoupled.states[0]),
            v_uncoupled=scores_of(uncoupled.v[0]),
            raw_input=raw_input,
            reservoir=reservoir,
            activity=activity,
            rates=Rates.of(activity),
            timing=watch.seconds,
            **decoded,
        )
