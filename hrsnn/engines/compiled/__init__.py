"""The compiled engine: the model on a time grid in Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hrsnn.engines.capabilities import Engine

if TYPE_CHECKING:
    from hrsnn.engines.contract import EngineFunction, PopulationFunction


def _load() -> EngineFunction:
    from hrsnn.engines.compiled.engine import run

    return run


def _load_population() -> PopulationFunction:
    from hrsnn.engines.compiled.engine import run_population

    return run_population


COMPILED = Engine(
    description="Numba: the same spikes as Brian2, much faster; compiled once, at the first use",
    load=_load,
    can={
        "grid": True,
        "delays_per_neuron": True,
        "delays_per_link": True,
        "zero_delays": True,
        "input_delays": True,
        "short_term_plasticity": True,
        "adaptation": True,
        "background": True,
        "state_bits": True,
        "resumable_state": True,
        "chosen_neurons": True,
        "currents": True,
        "plasticity": True,
        "gradients": "it records no derivatives, and a spike has none",
        "batch_on_device": "its kernels are compiled for the processor",
    },
    priority=20,
    load_population=_load_population,
)
