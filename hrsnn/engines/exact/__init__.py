"""The exact engine: event-driven simulation in continuous time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hrsnn.engines.capabilities import Engine

if TYPE_CHECKING:
    from hrsnn.engines.contract import EngineFunction


def _load() -> EngineFunction:
    from hrsnn.engines.exact.engine import run

    return run


EXACT = Engine(
    description="no grid: continuous time, event by event, with spike times from root finding",
    load=_load,
    can={
        "grid": "it solves for the times of spikes in continuous time",
        "delays_per_neuron": True,
        "delays_per_link": True,
        "zero_delays": True,
        "input_delays": True,
        "short_term_plasticity": "its kernel has no utilisation and no resources of links",
        "adaptation": True,
        "background": True,
        "state_bits": "it has no steps after which v would be rounded",
        "resumable_state": "a state is on the grid of an engine that has one",
        "chosen_neurons": True,
        "currents": True,
        "plasticity": True,
        "gradients": "it records no derivatives of weights and parameters",
        "batch_on_device": "its kernels are compiled for the processor",
    },
)
