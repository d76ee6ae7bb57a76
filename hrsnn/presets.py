"""Variants and presets of a reservoir by name, as changes of the default parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrsnn.distributions import Gamma, Uniform

#: Whether neurons and whether STDP are heterogeneous.
VARIANTS = {"HoNHoS": (False, False), "HeNHoS": (True, False), "HoNHeS": (False, True), "HeNHeS": (True, True)}

#: Many weak links by the distance law; input to 30 % of the neurons, which are slower.
_DENSE: Mapping[str, Any] = {
    "connectivity": "distance",
    "weight_scale": 4,
    "tau_m_exc": Gamma(30, 0.577, 3, 200),
    "tau_m_inh": Gamma(20, 0.577, 3, 200),
    "i_bias": 14,
    "input_fraction": 0.3,
    "input_channels": 4,
    "input_weight": Gamma(6, 0.7),
    "input_gain": Uniform(-8, 8),
}
#: Changes of the defaults, by name; docs/temporal.md and docs/pruning.md say how they were chosen.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    # the defaults before delays
    "dense": {**_DENSE, "weight_scale": 5, "delay_exc": 0, "delay_inh": 0},
    # with the delays of the defaults, at a similar rate: a network to prune
    "dense_delays": _DENSE,
}
