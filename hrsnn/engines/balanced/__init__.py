"""The engine of balanced networks: the same grid in three forms, in Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hrsnn.engines.capabilities import Engine

if TYPE_CHECKING:
    from hrsnn.engines.contract import EngineFunction


def _load() -> EngineFunction:
    from hrsnn.engines.balanced.engine import run

    return run


_NO_LINK_TIMES = "spikes of a balanced network arrive at once, and input too"
BALANCED = Engine(
    description="Numba: balanced networks by their J states, by the V of each neuron, or with N x N weights",
    load=_load,
    can={
        "grid": True,
        "delays_per_neuron": _NO_LINK_TIMES,
        "delays_per_link": _NO_LINK_TIMES,
        "zero_delays": True,
        "input_delays": _NO_LINK_TIMES,
        "short_term_plasticity": "its weights are constant",
        "adaptation": "balanced neurons have no adaptation",
        "background": "balanced neurons have voltage noise instead of background spikes",
        "state_bits": True,
        "resumable_state": True,
        "chosen_neurons": True,
        "currents": "spikes and input act on V at once, without synaptic currents",
        "plasticity": "its weights follow from a decoder and a linear system",
        "gradients": "it records no derivatives, and a spike has none",
        "batch_on_device": "its kernels are compiled for the processor",
    },
    kinds=("balanced",),
    priority=20,
)
