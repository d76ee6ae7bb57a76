"""The interface of an engine, which simulates a reservoir for a batch of stimuli."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from hrsnn.engines.batch import Batch
from hrsnn.engines.network_state import Variables


@dataclass(frozen=True)
class Response:
    """Spikes and membrane potentials of one stimulus."""

    spike_step: np.ndarray  #: (spikes,) int64, ascending
    spike_neuron: np.ndarray  #: (spikes,) int32, ascending within a step
    v: np.ndarray  #: (times, N) mV, after the steps ``v_step`` of the presentation
    end: Variables | None = None  #: after the last step, for a batch of one stimulus and an engine that can continue
    spike_time: np.ndarray | None = None  #: (spikes,) ms, ascending, from an engine without a grid; else spike_step dt
    duration: float | None = None  #: ms, from an engine without a grid; else a whole number of steps


@dataclass(frozen=True)
class Weights:
    """The weights at the end of a run (mV)."""

    recurrent: np.ndarray
    input: np.ndarray


class EngineFunction(Protocol):
    """Simulate a reservoir for a batch of stimuli.

    The order of events within a step is the same in every engine: state update; threshold; background, then input spikes;
    recurrent pre events; recurrent post events; reset. Synapses are processed by (pre, post) at pre events, with delays by
    (step of the spike, pre, post), and by (post, pre) at post events. Every stimulus starts from rest: v_start, no current,
    no refractoriness, no trace, no spike in transit; weights carry over in a plastic run. A batch of one stimulus may start
    from a state instead (``batch.start``); a plastic run then starts with the weights of the state, if it has any.

    Parameters
    ----------
    network : Network
        Of a kind that the engine declares: for "reservoir" a :class:`~hrsnn.Reservoir`.
    batch : Batch
    plastic : bool
        Whether STDP is on, with homeostasis after each stimulus if ``reservoir.homeostasis``.
    deliver : callable
        Called with (index, response) once for each stimulus, in order; the engine keeps no response.
    progress : callable
        Called from time to time with the number of steps done.

    Returns
    -------
    Weights
    """

    def __call__(
        self,
        network: Any,
        batch: Batch,
        plastic: bool,
        deliver: Callable[[int, Response], None],
        progress: Callable[[int], None],
        /,
    ) -> Weights: ...
