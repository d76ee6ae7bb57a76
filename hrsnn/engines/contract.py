"""The interface of an engine, which simulates a reservoir for a batch of stimuli."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from hrsnn.balanced.state import BalancedVariables
from hrsnn.engines.batch import Batch
from hrsnn.engines.network_state import Variables
from hrsnn.engines.watched import Watched


@dataclass(frozen=True)
class Response:
    """Spikes and membrane potentials of one stimulus.

    Attributes
    ----------
    spike_step : array (spikes,) of int64
        Step of each spike, counted from 0 at the onset of the stimulus, ascending. A neuron spikes in step k if its v is
        above threshold after the update of step k; its time is k dt.
    spike_neuron : array (spikes,) of int32
        Neuron of each spike, ascending within a step.
    v : array (times, R) of float64
        Membrane potentials (mV) of the neurons ``batch.watched.neurons``, all N of them for an engine without
        "chosen_neurons", at the end of the steps ``v_step`` of the presentation, after input, links and resets; in an
        engine without a grid, at the times that :meth:`Batch.events` returns. Shape (0, R) if none are asked for.
    end : Variables or BalancedVariables, optional
        Variables after the last step, for a batch of one stimulus; of an engine that can continue ("resumable_state").
    spike_time : array (spikes,) of float64, optional
        Times of the spikes (ms), ascending, of an engine without a grid; they are then used instead of
        `spike_step`, which still has to be there and ascending.
    duration : float, optional
        Simulated time (ms), of an engine without a grid; otherwise the number of steps times dt.
    currents : array (times, R, 2) of float64, optional
        Excitatory and inhibitory synaptic currents (mV) of the same neurons at the same times, if
        ``batch.watched.currents``.
    adaptation : array (times, R) of float64, optional
        Their adaptation currents (mV), if ``batch.watched.adaptation``.
    """

    spike_step: np.ndarray
    spike_neuron: np.ndarray
    v: np.ndarray
    end: Variables | BalancedVariables | None = None
    spike_time: np.ndarray | None = None
    duration: float | None = None
    currents: np.ndarray | None = None
    adaptation: np.ndarray | None = None

    def fault(self, n: int, times: int, watched: Watched) -> str:
        """Return what is wrong for a network of `n` neurons, of which some are watched at `times` times, or nothing."""
        for name in ("spike_step", "spike_neuron", "spike_time"):
            spikes = getattr(self, name)
            if spikes is None and name == "spike_time":
                continue
            if (
                not isinstance(spikes, np.ndarray)
                or spikes.ndim != 1
                or spikes.dtype.kind not in ("f" if name == "spike_time" else "iu")
            ):
                return f"{name} must be a vector of {'numbers' if name == 'spike_time' else 'whole numbers'}"
            if len(spikes) != len(self.spike_neuron):
                return f"{name} has {len(spikes)} entries and spike_neuron {len(self.spike_neuron)}"
            if name != "spike_neuron" and (spikes[1:] < spikes[:-1]).any():
                return f"{name} must be ascending"
        if len(self.spike_neuron) and not 0 <= self.spike_neuron.min() <= self.spike_neuron.max() < n:
            return f"spike_neuron must be from 0 to {n - 1}"
        chosen = len(watched.neurons)
        shapes = {"v": (times, chosen), "currents": (times, chosen, 2), "adaptation": (times, chosen)}
        for name, shape in shapes.items():
            if getattr(watched, name) and np.shape(getattr(self, name)) != shape:
                return f"{name} has the shape {np.shape(getattr(self, name))} instead of {shape}"
        return ""


@dataclass(frozen=True)
class Weights:
    """The weights at the end of a run; those of the network itself where nothing is plastic.

    Attributes
    ----------
    recurrent : array (S,) of float64
        Weights of the recurrent links (mV), in the order of ``network.weight``.
    input : array (input links,) of float64
        Weights of the input links (mV), in the order of ``reservoir.input_weight``; of another kind of network, whatever its
        ``with_weights`` takes. Neither is read after a run with ``plastic=False``.
    """

    recurrent: np.ndarray
    input: np.ndarray

    def fault(self, network: Any) -> str:
        """Return what is wrong with the weights of a network after a plastic run, or nothing."""
        for name, before in (("recurrent", network.weight), ("input", getattr(network, "input_weight", self.input))):
            if np.shape(getattr(self, name)) != np.shape(before):
                return f"{name} has the shape {np.shape(getattr(self, name))} instead of {np.shape(before)}"
        return ""


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
        Called with (index, response) once for each stimulus, index being 0, 1, ..., ``len(batch) - 1`` in this order; the
        engine keeps no response.
    progress : callable
        Called from time to time, such as after each stimulus, with the number of steps done so far in the whole run: it
        never decreases, and ends at ``batch.steps.sum()``.

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


class PopulationFunction(Protocol):
    """Simulate several reservoirs of equal size and dt at once, frozen, each for a batch of stimuli of its own.

    Each network starts every stimulus from rest, as with :class:`EngineFunction`.

    Parameters
    ----------
    networks : sequence of Reservoir
    batches : sequence of Batch
        One for each network; numbers of stimuli may differ.
    deliver : callable
        Called with (index of the network, index of the stimulus, response) once for each stimulus, those of one network in
        their order.
    progress : callable
        Called with the number of steps done so far, over all networks.
    precision : str
        "float64" or "float32", of all variables and constants.
    """

    def __call__(
        self,
        networks: Sequence[Any],
        batches: Sequence[Batch],
        deliver: Callable[[int, int, Response], None],
        progress: Callable[[int], None],
        precision: str,
        /,
    ) -> None: ...
