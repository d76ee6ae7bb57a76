"""Models by name: published neurons, with links and input under which a network of them is active."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrsnn.distributions import Gamma, Uniform
from hrsnn.equations.amounts import Amount
from hrsnn.equations.lif import LIF, PAIR_STDP

_DELAYS = {"delay_exc": Amount(Uniform(1, 200), "ms"), "delay_inh": Amount(Uniform(1, 200), "ms")}
_CURRENTS = {
    "on_pre": "I_exc_post += excitatory_pre*w\nI_inh_post -= inhibitory_pre*w",
    "input_on_pre": "I_exc_post += w",
    "drive": "I_ext",
}
_CONDUCTANCES = {
    "on_pre": "g_exc_post += excitatory_pre*w\ng_inh_post += inhibitory_pre*w",
    "input_on_pre": "g_exc_post += w",
    "drive": "I_ext",
}

#: Adaptive exponential integrate-and-fire; the neuron of Brette & Gerstner (2005), its capacitance distributed.
ADEX: dict[str, Any] = {
    "dt": 0.1,
    "equations": (
        "dv/dt = (g_L*(E_L - v) + g_L*Delta_T*exp((v - V_T)/Delta_T) + I_exc + I_inh + I_bias + I_ext - u)/C : volt\n"
        "du/dt = (a*(v - E_L) - u)/tau_u : amp\n"
        "dI_exc/dt = -I_exc/tau_exc : amp\n"
        "dI_inh/dt = -I_inh/tau_inh : amp"
    ),
    "threshold": "v > V_T + 5*Delta_T",
    "reset": "v = v_reset\nu += b",
    "refractory": 0.0,
    "method": "rk2",
    "record": "v",
    **_CURRENTS,
    **_DELAYS,
    "parameters": {
        "C": Amount(Gamma(281, 0.5, 60, 1500), "pF"),
        "g_L": Amount(30, "nS"),
        "E_L": Amount(-70.6, "mV"),
        "V_T": Amount(-50.4, "mV"),
        "Delta_T": Amount(2, "mV"),
        "tau_u": Amount(144, "ms"),
        "a": Amount(4, "nS"),
        "b": Amount(80.5, "pA"),
        "v_reset": Amount(-70.6, "mV"),
        "I_bias": Amount(500, "pA"),
        "tau_exc": Amount(3, "ms"),
        "tau_inh": Amount(6, "ms"),
    },
    "initial": {"v": "E_L"},
    "weight_ee": Amount(Gamma(1200, 0.7), "pA"),
    "weight_ei": Amount(Gamma(400, 0.7), "pA"),
    "weight_ie": Amount(Gamma(800, 0.7), "pA"),
    "weight_ii": Amount(Gamma(200, 0.7), "pA"),
    "input_weight": Amount(Gamma(500, 0.7), "pA"),
    "input_gain": Amount(Uniform(-500, 500), "pA"),
    **PAIR_STDP,
}

#: Regular-spiking and fast-spiking neurons of Izhikevich (2003): v in mV and times in ms as numbers.
IZHIKEVICH: dict[str, Any] = {
    "dt": 0.5,
    "equations": (
        "dv/dt = (0.04*v**2 + 5*v + 140 - u + I_exc + I_inh + I_bias + I_ext)/ms : 1\n"
        "du/dt = a*(b*v - u)/ms : 1\n"
        "dI_exc/dt = -I_exc/tau_exc : 1\n"
        "dI_inh/dt = -I_inh/tau_inh : 1"
    ),
    "threshold": "v >= 30",
    "reset": "v = c\nu += d",
    "refractory": 0.0,
    "method": "euler",
    "record": "v",
    **_CURRENTS,
    **_DELAYS,
    "parameters": {
        "a_exc": Amount(0.02),
        "a_inh": Amount(Uniform(0.02, 0.1)),
        "b": Amount(0.2),
        "c": Amount(-65),
        "d_exc": Amount(Uniform(2, 8)),
        "d_inh": Amount(2),
        "I_bias": Amount(2.5),
        "tau_exc": Amount(3, "ms"),
        "tau_inh": Amount(6, "ms"),
    },
    "initial": {"v": Amount(-65), "u": Amount(-13)},
    "weight_ee": Amount(Gamma(12, 0.7)),
    "weight_ei": Amount(Gamma(4, 0.7)),
    "weight_ie": Amount(Gamma(8, 0.7)),
    "weight_ii": Amount(Gamma(2, 0.7)),
    "input_weight": Amount(Gamma(5, 0.7)),
    "input_gain": Amount(Uniform(-5, 5)),
    **PAIR_STDP,
}

#: Leaky integrate-and-fire with synaptic conductances; the neuron of Vogels & Abbott (2005), its capacitance distributed.
CONDUCTANCE_LIF: dict[str, Any] = {
    "dt": 0.5,
    "equations": (
        "dv/dt = (g_L*(E_L - v) + g_exc*(E_exc - v) + g_inh*(E_inh - v) + I_bias + I_ext)/C : volt (unless refractory)\n"
        "dg_exc/dt = -g_exc/tau_exc : siemens\n"
        "dg_inh/dt = -g_inh/tau_inh : siemens"
    ),
    "threshold": "v > v_threshold",
    "reset": "v = v_reset",
    "refractory": 3.0,
    "method": "exponential_euler",
    "record": "v",
    **_CONDUCTANCES,
    **_DELAYS,
    "parameters": {
        "C": Amount(Gamma(200, 0.5, 40, 2000), "pF"),
        "g_L": Amount(10, "nS"),
        "E_L": Amount(-60, "mV"),
        "v_threshold": Amount(-50, "mV"),
        "v_reset": Amount(-60, "mV"),
        "E_exc": Amount(0, "mV"),
        "E_inh": Amount(-80, "mV"),
        "I_bias": Amount(80, "pA"),
        "tau_exc": Amount(5, "ms"),
        "tau_inh": Amount(10, "ms"),
    },
    "initial": {"v": "E_L"},
    "weight_ee": Amount(Gamma(3.5, 0.7), "nS"),
    "weight_ei": Amount(Gamma(1.5, 0.7), "nS"),
    "weight_ie": Amount(Gamma(5, 0.7), "nS"),
    "weight_ii": Amount(Gamma(1, 0.7), "nS"),
    "input_weight": Amount(Gamma(1.5, 0.7), "nS"),
    "input_gain": Amount(Uniform(-80, 80), "pA"),
    **PAIR_STDP,
}

#: Hodgkin-Huxley neurons with the channels of Traub & Miles (1991), as in Brian2's example COBAHH (Brette et al. 2007).
HODGKIN_HUXLEY: dict[str, Any] = {
    "dt": 0.1,
    "equations": (
        "dv/dt = (g_L*(E_L - v) + g_exc*(E_exc - v) + g_inh*(E_inh - v) + I_bias + I_ext\n"
        "  - g_Na*m**3*h*(v - E_Na) - g_K*n**4*(v - E_K))/C : volt\n"
        "dm/dt = alpha_m*(1 - m) - beta_m*m : 1\n"
        "dn/dt = alpha_n*(1 - n) - beta_n*n : 1\n"
        "dh/dt = alpha_h*(1 - h) - beta_h*h : 1\n"
        "dg_exc/dt = -g_exc/tau_exc : siemens\n"
        "dg_inh/dt = -g_inh/tau_inh : siemens\n"
        "alpha_m = 0.32/mV*4*mV/exprel((13*mV - v + V_T)/(4*mV))/ms : Hz\n"
        "beta_m = 0.28/mV*5*mV/exprel((v - V_T - 40*mV)/(5*mV))/ms : Hz\n"
        "alpha_h = 0.128*exp((17*mV - v + V_T)/(18*mV))/ms : Hz\n"
        "beta_h = 4/(1 + exp((40*mV - v + V_T)/(5*mV)))/ms : Hz\n"
        "alpha_n = 0.032/mV*5*mV/exprel((15*mV - v + V_T)/(5*mV))/ms : Hz\n"
        "beta_n = 0.5*exp((10*mV - v + V_T)/(40*mV))/ms : Hz"
    ),
    "threshold": "v > -20*mV",
    "reset": "",
    "refractory": 3.0,
    "method": "exponential_euler",
    "record": "v",
    **_CONDUCTANCES,
    **_DELAYS,
    "parameters": {
        "C": Amount(Gamma(200, 0.3, 80, 600), "pF"),
        "g_L": Amount(10, "nS"),
        "E_L": Amount(-60, "mV"),
        "E_K": Amount(-90, "mV"),
        "E_Na": Amount(50, "mV"),
        "g_Na": Amount(20, "uS"),
        "g_K": Amount(6, "uS"),
        "V_T": Amount(-63, "mV"),
        "E_exc": Amount(0, "mV"),
        "E_inh": Amount(-80, "mV"),
        "I_bias": Amount(0, "pA"),
        "tau_exc": Amount(5, "ms"),
        "tau_inh": Amount(10, "ms"),
    },
    "initial": {"v": "E_L", "h": Amount(1)},
    "weight_ee": Amount(Gamma(20, 0.7), "nS"),
    "weight_ei": Amount(Gamma(8, 0.7), "nS"),
    "weight_ie": Amount(Gamma(20, 0.7), "nS"),
    "weight_ii": Amount(Gamma(4, 0.7), "nS"),
    "input_weight": Amount(Gamma(6, 0.7), "nS"),
    "input_gain": Amount(Uniform(-300, 300), "pA"),
    **PAIR_STDP,
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "lif": LIF,
    "adex": ADEX,
    "izhikevich": IZHIKEVICH,
    "conductance_lif": CONDUCTANCE_LIF,
    "hodgkin_huxley": HODGKIN_HUXLEY,
}
