"""Networks and stimuli on which every engine is tested."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrsnn.builder import build
from hrsnn.distributions import Constant, Gamma, LogNormal, Uniform
from hrsnn.reservoir import Links, Reservoir
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains

#: Neurons and synapses that are all different.
HETEROGENEOUS = {
    "tau_m_exc": Gamma(12, 0.577, 3, 60),
    "tau_m_inh": Gamma(9, 0.577, 2, 60),
    "tau_exc": LogNormal(3, 0.4, 1, 9),
    "tau_inh": LogNormal(6, 0.4, 1, 20),
    "v_threshold": Uniform(14, 16),
    "v_reset": Uniform(3, 8),
    "v_rest": Uniform(-1, 1),
    "v_start": Uniform(5, 14.5),
    "i_bias": Uniform(13, 15.2),
    "refractory_exc": Uniform(0, 4),
    "refractory_inh": Uniform(0, 3),
    "a_plus": Gamma(0.02, 0.5),
}


def trains(samples: int, channels: int, duration: float, rate: float, seed: int) -> SpikeTrains:
    """Return Poisson spikes at real times, some of them several to a step, and one of each train in its last step."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rate * duration / 1000, size=(samples, channels))
    who = [np.repeat(np.arange(channels), row) for row in counts]
    pairs = [(np.append(rng.uniform(0, duration, len(w)), duration * (1 - 1e-12)), np.append(w, 0)) for w in who]
    return SpikeTrains.from_samples(pairs, channels, duration)


def currents(samples: int, channels: int, values: int, hold: float, seed: int) -> Currents:
    """Return random values in [-1, 1], each held for `hold` ms: `values` of them, one fewer in every other sample."""
    lengths = np.maximum(values - np.arange(samples) % 2, 1)
    return Currents(np.random.default_rng(seed).uniform(-1, 1, (samples, values, channels)), hold, lengths)


#: Changes of the default reservoir by name, of 20 neurons or so.
CASES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything heterogeneous": HETEROGENEOUS,
    "one delay": {"delay_ee": 1.5, "delay_ei": 1.5, "delay_ie": 1.5, "delay_ii": 1.5},
    "a delay for each pair type": {"delay_ee": 2, "delay_ei": 0.5, "delay_ie": 1.3, **HETEROGENEOUS},
    "a delay of each neuron": {"delay_exc": Uniform(0, 9), "delay_inh": Uniform(0, 4)},
    "delays from positions": {"delay_speed": 0.4},
    "delays of the input": {"delay_input": Uniform(0, 9), "delay_exc": 2},
    "delays of some input": {"delay_input": Uniform(0, 1.4), "input_fraction": 1, "input_probability": 0.5},
    "delays of every link": {"delay_ee": Uniform(0, 6), "delay_ie": Uniform(0, 6)},
    "tau_m equals tau_exc and nearly tau_inh": {"tau_m_exc": 3, "tau_m_inh": 6 + 1e-9, "v_reset": 13},
    "no refractoriness": {"refractory_exc": 0, "refractory_inh": 0, "v_reset": 13},
    "refractoriness below a step": {"refractory_exc": 0.1, "refractory_inh": 0.3},
    "half a step of refractoriness": {"refractory_exc": 1.25, "refractory_inh": 1.75},
    "starting above threshold": {"v_start": Uniform(10, 20)},
    "a step that is no binary fraction": {"dt": 0.1, "refractory_exc": 0.3},
    "background": {"background_rate": Uniform(0, 200), "background_weight": Uniform(0, 8)},
    "frozen background": {"background_rate": 100, "background_frozen": True},
    "adaptation": {"adaptation": Uniform(0, 2), "tau_adaptation": Uniform(40, 120)},
    "short-term plasticity": {"short_term_plasticity": True, "delay_ee": Uniform(0, 3)},
    "random links": {"connectivity": "random", "connection_probability": 0.4},
    "fast learning without homeostasis": {"homeostasis": False, "a_plus": 0.3, "a_minus": 0.35},
    "fast learning with homeostasis": {"a_plus": Gamma(0.2, 0.5), "a_minus": Gamma(0.2, 0.5)},
    "input at its bound": {"input_weight": Constant(8), "w_max_factor": 1.01, "a_plus": 0.1},
    "no recurrent links": {"connectivity": "random", "connection_probability": 0},
    "nobody inhibitory": {"excitatory_fraction": 1},
}


def single(**values: float) -> Reservoir:
    """Return two uncoupled neurons with one input link of weight 1 to the first, and dt 0.5 ms."""
    reservoir = build(
        ReservoirSpec.preset("dense", neurons=2, connectivity="random", connection_probability=0, dt=0.5), channels=1
    )
    one = np.ones(1)
    links = Links(np.zeros(1), np.zeros(1), one, 0 * one, 9 * one, 20 * one, 20 * one, 0 * one, 0 * one)
    neurons = {name: np.full(2, value) for name, value in values.items()}
    return reservoir.replace(is_excitatory=[True, False], input=links, input_gain=one, **neurons)
