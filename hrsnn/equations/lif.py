"""The default model: leaky integrate-and-fire neurons of two types, the reservoir of this package as Brian2 equations."""

from __future__ import annotations

from typing import Any

from hrsnn.distributions import Gamma, Uniform
from hrsnn.equations.amounts import Amount

#: Pair STDP with a trace on each side, which any weight can have: amplitudes are in w_max.
PAIR_STDP: dict[str, Any] = {
    "plasticity": (
        "dtrace_plus/dt = -trace_plus/tau_plus : 1 (event-driven)\n"
        "dtrace_minus/dt = -trace_minus/tau_minus : 1 (event-driven)"
    ),
    "plastic_on_pre": "trace_plus += arrivals\nw = clip(w - arrivals*a_minus*w_max*trace_minus, 0*w_max, w_max)",
    "plastic_on_post": "trace_minus += 1\nw = clip(w + a_plus*w_max*trace_plus, 0*w_max, w_max)",
    "plastic_input": True,
    "homeostasis": True,
    "synapse_parameters": {
        "tau_plus": Amount(Gamma(20, 0.5), "ms"),
        "tau_minus": Amount(Gamma(20, 0.5), "ms"),
        "a_plus": Amount(Gamma(0.001, 0.5)),
        "a_minus": Amount(Gamma(0.00105, 0.5)),
    },
}

#: What `BrianModel()` has beside the defaults of its fields.
LIF: dict[str, Any] = {
    "equations": (
        "dv/dt = (v_rest - v + I_exc + I_inh + i_bias + I_ext)/tau_m : volt (unless refractory)\n"
        "dI_exc/dt = -I_exc/tau_exc : volt\n"
        "dI_inh/dt = -I_inh/tau_inh : volt"
    ),
    "threshold": "v > v_threshold",
    "reset": "v = v_reset",
    "refractory": "refractory_period",
    "method": "exact",
    "record": "v",
    "drive": "I_ext",
    "on_pre": "I_exc_post += excitatory_pre*w\nI_inh_post -= inhibitory_pre*w",
    "input_on_pre": "I_exc_post += w",
    # the weights of the default reservoir of many neurons: 6 * 30 C f/k times its means
    "weight_ee": Amount(Gamma(25.92, 0.7), "mV"),
    "weight_ei": Amount(Gamma(8.64, 0.7), "mV"),
    "weight_ie": Amount(Gamma(10.8, 0.7), "mV"),
    "weight_ii": Amount(Gamma(2.52, 0.7), "mV"),
    "delay_exc": Amount(Uniform(1, 200), "ms"),
    "delay_inh": Amount(Uniform(1, 200), "ms"),
    "input_weight": Amount(Gamma(6.5, 0.7), "mV"),
    "input_gain": Amount(Uniform(-7, 7), "mV"),
    "parameters": {
        "tau_m_exc": Amount(Gamma(15, 0.577, 3, 200), "ms"),
        "tau_m_inh": Amount(Gamma(10, 0.577, 3, 200), "ms"),
        "tau_exc": Amount(3, "ms"),
        "tau_inh": Amount(6, "ms"),
        "v_threshold": Amount(15, "mV"),
        "v_reset": Amount(5, "mV"),
        "v_rest": Amount(0, "mV"),
        "i_bias": Amount(11.5, "mV"),
        "refractory_period_exc": Amount(3, "ms"),
        "refractory_period_inh": Amount(2, "ms"),
    },
    "initial": {"v": Amount(14, "mV")},
    **PAIR_STDP,
}
