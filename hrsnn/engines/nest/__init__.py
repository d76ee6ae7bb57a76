"""The grid model on NEST: ``iaf_psc_exp`` with the spikes of the other engines; NEST is imported in this folder only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hrsnn.engines.capabilities import Engine

if TYPE_CHECKING:
    from hrsnn.engines.contract import EngineFunction


def _load() -> EngineFunction:
    from hrsnn.engines.nest.quiet_import import import_nest

    import_nest()
    from hrsnn.engines.nest.engine import run

    return run


NEST = Engine(
    description="NEST: iaf_psc_exp on threads of OpenMP, with the spikes of the compiled engine",
    load=_load,
    can={
        "grid": True,
        "delays_per_neuron": True,
        "delays_per_link": True,
        "zero_delays": "NEST's shortest delay is one step; set delay_exc, delay_inh, delay_ee, ... to dt or more",
        "input_delays": True,
        "short_term_plasticity": True,
        "adaptation": "iaf_psc_exp has no adaptation current",
        "background": True,
        "state_bits": "iaf_psc_exp keeps v in double precision",
        "resumable_state": "synaptic currents and spikes in transit cannot be set in NEST",
        "chosen_neurons": True,
        "currents": True,
        "plasticity": "stdp_synapse has one tau_minus a neuron, and links here have one each",
        "gradients": "it records no derivatives, and a spike has none",
        "batch_on_device": "NEST runs on the processor",
    },
)
