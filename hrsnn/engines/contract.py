"""The contract of an engine: from a reservoir and a batch of stimuli to spikes, stimulus by stimulus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hrsnn.engines.batch import Batch
from hrsnn.engines.network_state import Variables
from hrsnn.reservoir import Reservoir


@dataclass(frozen=True)
class Response:
    """What the network did during one stimulus."""

    spike_step: np.ndarray  #: (spikes,) int64, ascending
    spike_neuron: np.ndarray  #: (spikes,) int32, ascending within a step
    v: np.ndarray  #: (times, N) mV, after the steps that the presentation asked for
    end: Variables | None = None  #: after the last step, where the batch is one stimulus and the engine can go on from it
    spike_time: np.ndarray | None = None  #: (spikes,) ms, ascending, from an engine without a grid; else spike_step dt
    duration: float | None = None  #: ms, from an engine without a grid; else a whole number of steps


@dataclass(frozen=True)
class Weights:
    """The weights at the end of a run (mV)."""

    recurrent: np.ndarray
    input: np.ndarray


class Engine(Protocol):
    """Run a batch through a reservoir.

    Every engine keeps the order of events within a step: state update; threshold; background, then input spikes; recurrent
    pre events; recurrent post events; reset. Synapses are visited by (pre, post) at pre events, with delays by (step of the
    spike, pre, post), and by (post, pre) at post events. Every stimulus starts from rest: v_start, no current, no
    refractoriness, no trace, no spike in flight; weights carry over when the run is plastic. A batch of one stimulus may
    have a state to start from instead (``batch.start``); then a plastic run starts with the weights in it, if there are any.

    Parameters
    ----------
    reservoir : Reservoir
    batch : Batch
    plastic : bool
        Whether STDP runs; after each stimulus, homeostasis where the reservoir asks for it.
    deliver : callable
        Called with (index, response) once a stimulus, in order; nothing is kept after that.
    progress : callable
        Called with the number of steps done, now and then.

    Returns
    -------
    Weights
    """

    def __call__(
        self,
        reservoir: Reservoir,
        batch: Batch,
        plastic: bool,
        deliver: Callable[[int, Response], None],
        progress: Callable[[int], None],
    ) -> Weights: ...
