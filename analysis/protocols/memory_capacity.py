"""Memory capacity read from spikes and from v, with and without recurrent links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis import MemoryCapacity, memory_capacity
from hrsnn.analysis.protocols.rates import Rates
from hrsnn.analysis.protocols.series_runs import follow
from hrsnn.builder import build
from hrsnn.distributions import Distribution
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks.memory import memory as memory_task
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
Noise = Literal["none", "fresh", "frozen"]


@dataclass(frozen=True)
class Memory:
    """Memory capacities from spikes and from v, with and without recurrent links, as returned by :func:`memory`."""

    #: `spikes` and `v`: Memory capacity of exponentially filtered spikes, and of membrane potentials.
    spikes: MemoryCapacity
    v: MemoryCapacity
    #: `spikes_uncoupled` and `v_uncoupled`: The same for the reservoir without recurrent links.
    spikes_uncoupled: MemoryCapacity
    v_uncoupled: MemoryCapacity
    #: Memory capacity of the present input value.
    raw_input: MemoryCapacity
    reservoir: Reservoir
    #: Spikes of the whole run.
    activity: Activity
    rates: Rates
    #: Background input, as requested.
    noise: Noise | None
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]


@takes(hold="ms")
def memory(
    spec: ReservoirSpec | None = None,
    *,
    seed: int = 0,
    values: int = 4000,
    hold: float = 20.0,
    max_delay: int = 100,
    noise: Noise | None = None,
    engine: str = "auto",
    progress: bool = False,
) -> Memory:
    """Compute the linear memory capacity of a reservoir with fixed weights for values held for `hold` ms each.

    Parameters
    ----------
    spec : ReservoirSpec, optional
    seed : int
        Seed of the reservoir, the values, the background and the surrogates.
    values : int
        Number of values, uniform on (-1, 1).
    hold : float
        Time for which each value is held (ms).
    max_delay : int
        Longest delay, in values.
    noise : {"none", "fresh", "frozen"}, optional
        Background input: off, Poisson spikes that never repeat, or spikes that repeat at every value; with the rate and
        weight of the spec, 20 Hz if its rate is 0. Default: as in the spec.
    engine : str
    progress : bool

    Returns
    -------
    Memory

    Raises
    ------
    InputError
        When an option is not allowed, or there are too few values.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> result = memory(ReservoirSpec(neurons=30), values=600, max_delay=10)
    >>> result.spikes.total < result.reservoir.neurons
    True
    """
    watch = Stopwatch()
    task = memory_task(values=values, hold=hold, seed=seed)
    reservoir = build(_with_background(spec or ReservoirSpec(), noise), seed, channels=1)

    def run(one: Reservoir) -> Activity:
        with watch("simulate"):
            return follow(one, task, ("spikes", "states", "v"), seed, engine, progress)

    def capacity(states: Array) -> MemoryCapacity:
        with watch("capacity"):
            return memory_capacity(states, task.inputs[:, 0], max_delay, hold=hold, seed=seed)

    activity, uncoupled = run(reservoir), run(reservoir.without_recurrence())
    return Memory(
        spikes=capacity(activity.states[0]),
        v=capacity(activity.v[0]),
        spikes_uncoupled=capacity(uncoupled.states[0]),
        v_uncoupled=capacity(uncoupled.v[0]),
        raw_input=capacity(task.inputs),
        reservoir=reservoir,
        activity=activity,
        rates=Rates.of(activity),
        noise=noise,
        timing=watch.seconds,
    )


def _with_background(spec: ReservoirSpec, noise: Noise | None) -> ReservoirSpec:
    if noise is None:
        return spec
    if noise not in ("none", "fresh", "frozen"):
        raise InputError("noise", noise, "must be none, fresh or frozen")
    if noise == "none":
        return spec.updated({"background_rate": 0.0})
    rate = spec.background_rate
    off = (rate.support[1] if isinstance(rate, Distribution) else rate.max()) == 0
    return spec.updated({**({"background_rate": 20.0} if off else {}), "background_frozen": noise == "frozen"})
