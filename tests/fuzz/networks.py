"""Random networks with all options together: engines against a plain loop, other units, other orders, and runs in parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hostile import Random, one_of
from isolation import Verdict
from target import Target
from transformed import in_times, in_voltages, permuted, stretched

from hrsnn import (
    Currents,
    DivergenceError,
    InputError,
    Reservoir,
    ReservoirSpec,
    SpecError,
    SpikeTrains,
    build,
    quantise,
    simulate,
)
from hrsnn.analysis import effective_dimension, effective_rank, entropy_rank, firing_rates
from hrsnn.engines import ENGINES, why_not_loaded
from hrsnn.engines.capabilities import needs
from hrsnn.testing.networks import HETEROGENEOUS, currents, trains
from hrsnn.testing.reference_engine import as_pairs, reference_run

#: Options, each a dictionary of parameters, of which a network has any that do not exclude each other.
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "delays": [
        {"delay_exc": 0, "delay_inh": 0},
        {"delay_exc": {"kind": "uniform", "low": 0, "high": 12}, "delay_inh": 3.3},
        {"delay_ee": {"kind": "uniform", "low": 0, "high": 9}, "delay_ei": 0.7, "delay_ie": 2},
        {"delay_ii": {"kind": "uniform", "low": 0, "high": 30}},
        {"delay_speed": 0.4},
    ],
    "input delays": [{}, {}, {"delay_input": {"kind": "uniform", "low": 0, "high": 5}}],
    "links": [
        {"connectivity": "distance", "length_scale": 3},
        {"connectivity": "in_degree", "in_degree_exc": 4},
        {"connectivity": "random", "connection_probability": 0.3},
        {"connectivity": "networkx", "topology": {"function": "watts_strogatz_graph", "k": 4, "p": 0.2}},
    ],
    "short-term plasticity": [{}, {"short_term_plasticity": True}],
    "adaptation": [{}, {"adaptation": {"kind": "uniform", "low": 0, "high": 2}, "tau_adaptation": 60}],
    "background": [{}, {}, {"background_rate": 60}, {"background_rate": 90, "background_frozen": True}],
    "clusters": [{}, {}, {"clusters": 2, "cluster_spread": 3, "inter_cluster_share": 0.3}],
    "refractoriness": [{}, {"refractory_exc": 0, "refractory_inh": 0, "v_reset": 13}, {"refractory_exc": 0.3}],
    "time constants": [{}, {"tau_m_exc": 3, "tau_m_inh": 6 + 1e-9, "v_reset": 12}],
    "learning": [{}, {"a_plus": 0.05}, {"a_plus": 0.3, "a_minus": 0.35, "homeostasis": False}],
    "psp": [{}, {"psp_normalised": True}],
    "step": [{}, {"dt": 0.1}, {"dt": 0.25}, {"dt": 1.0}, {"dt": 0.3}],
}
_CHANNELS = 3


def draw(random: Random) -> dict[str, Any]:
    """Return the parameters of a network, of a stimulus, and of a run."""
    chosen = {name: one_of(values, random) for name, values in OPTIONS.items()}
    if "topology" in chosen["links"]:
        chosen["clusters"] = {}
    return {
        "neurons": int(random.integers(4, 36)),
        "seed": int(random.integers(2**40)),
        "options": list(chosen.values()),
        "heterogeneous": bool(random.random() < 0.7),
        "state_bits": int(one_of((0, 0, 0, 0, 4, 8, 12), random)),
        "through_graph": bool(random.random() < 0.2),
        "analog": bool(random.random() < 0.4),
        "on_grid": bool(random.random() < 0.5),
        "stimuli": int(random.integers(1, 4)),
        "length": float(one_of((7.0, 20.0, 33.3, 45.0), random)),
        "blank": float(one_of((0.0, 0.0, 6.0, 4.7), random)),
        "plastic": bool(random.random() < 0.6),
        "brian2": bool(random.random() < 0.12),
    }


def simpler(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the input without one of its options, frozen, or without a graph."""
    without = [{**given, "options": given["options"][:k] + given["options"][k + 1 :]} for k in range(len(given["options"]))]
    plain = {
        "heterogeneous": False,
        "state_bits": 0,
        "through_graph": False,
        "plastic": False,
        "on_grid": False,
        "blank": 0.0,
        "stimuli": 1,
    }
    return [*without, *({**given, name: value} for name, value in plain.items() if given[name] != value)]


def network_of(given: dict[str, Any]) -> Reservoir:
    """Build the network."""
    changes: dict[str, Any] = dict(HETEROGENEOUS) if given["heterogeneous"] else {}
    for option in given["options"]:
        changes |= option
    spec = ReservoirSpec().updated({"neurons": given["neurons"], "input_fraction": 0.8, "i_bias": 14.2, **changes})
    reservoir = build(spec, seed=given["seed"], channels=_CHANNELS)
    return quantise(reservoir, state_bits=given["state_bits"]) if given["state_bits"] else reservoir


def check(given: dict[str, Any], folder: Path) -> Verdict:
    """Compare engines, units, orders and parts."""
    try:
        reservoir = network_of(given)
    except (InputError, SpecError) as error:
        return Verdict("refused", str(error))
    if given["through_graph"] and not given["state_bits"]:
        again = Reservoir.from_graph(reservoir.graph())
        if not again.equals(reservoir):
            return Verdict("differs", "the network that a graph gives back")
    seed, count = given["seed"] % 1000, given["stimuli"]
    stimulus: Any = trains(count, _CHANNELS, given["length"], 150, seed)
    if given["on_grid"]:
        stimulus = _on_grid(stimulus, reservoir.dt)
    if given["analog"]:
        hold = given["length"] / 4
        hold = max(1, round(hold / reservoir.dt)) * reservoir.dt if given["on_grid"] else hold
        stimulus = currents(count, _CHANNELS, 4, hold, seed)
    options = {"plastic": given["plastic"], "blank": given["blank"]}
    for compared in (_engines, _units, _parts, _orders):
        wrong = compared(reservoir, stimulus, options, given)
        if wrong:
            return Verdict("differs", wrong)
    return Verdict("result")


def _on_grid(stimulus: SpikeTrains, dt: float) -> SpikeTrains:
    """Return spikes at the beginnings of steps, ``k dt``, where rounding errors could put them into the step before."""
    times = np.floor(stimulus.times / dt) * dt
    return SpikeTrains(times, stimulus.channels, stimulus.offsets, stimulus.n_channels, stimulus.durations)


def _engines(reservoir: Reservoir, stimulus: Any, options: dict[str, Any], given: dict[str, Any]) -> str:
    wanted = reference_run(reservoir, stimulus, options["plastic"], options["blank"])
    needed = needs(reservoir, options["plastic"]) | {"grid"}
    for name in ENGINES:
        engine = ENGINES.find(name)
        if "reservoir" not in engine.kinds or engine.lacks(needed) or name in ("brian2", "brian2-cython", "torch-cuda"):
            continue
        if (name.startswith("brian2") and not given["brian2"]) or why_not_loaded(name):
            continue
        got = simulate(reservoir, stimulus, engine=name, record=("spikes", "v"), **options)
        for index, spikes in enumerate(wanted.spikes):
            if as_pairs(got.spikes, index, reservoir.dt) != spikes:
                return f"spikes of {name} and of the plain loop, stimulus {index}"
        for side in ("weight", "input_weight"):
            off = np.abs(getattr(got.reservoir, side) - np.array(getattr(wanted, side))).max(initial=0.0)
            if off > 1e-9:
                return f"{side} of {name} and of the plain loop, by {off:.2g} mV"
    return ""


def _units(reservoir: Reservoir, stimulus: Any, options: dict[str, Any], given: dict[str, Any]) -> str:
    engines = ["compiled", *(["exact"] if _exact_can(reservoir, options) else [])]
    for engine in engines:
        try:
            first = simulate(reservoir, stimulus, engine=engine, record=("spikes", "v"), **options)
        except DivergenceError:
            continue  # without refractoriness there may be no end of spikes in continuous time
        louder = simulate(in_voltages(reservoir, 4.0), stimulus, engine=engine, record=("spikes", "v"), **options)
        if not (first.spikes.equals(louder.spikes) and np.array_equal(first.v * 4.0, louder.v)):
            return f"{engine} with voltages in another unit"
        if not np.array_equal(first.reservoir.weight * 4.0, louder.reservoir.weight):
            return f"{engine}: weights with voltages in another unit"
        if reservoir.delay.max(initial=0.0) > 400 or reservoir.input.delay.max(initial=0.0) > 400:
            continue
        later = {**options, "blank": 2.0 * options["blank"]}
        slower = simulate(in_times(reservoir, 2.0), stretched(stimulus, 2.0), engine=engine, record=("spikes", "v"), **later)
        same = np.array_equal(first.spikes.channels, slower.spikes.channels)
        # the exact engine finds crossings to a time in ms, not to the last bit
        off = np.abs(first.spikes.times * 2.0 - slower.spikes.times).max(initial=0.0) if same else np.inf
        if off > (0.0 if engine == "compiled" else 1e-6):
            return f"spikes of {engine} with times in another unit"
    return ""


def _exact_can(reservoir: Reservoir, options: dict[str, Any]) -> bool:
    return not ENGINES.find("exact").lacks(needs(reservoir, options["plastic"]))


def _parts(reservoir: Reservoir, stimulus: Any, options: dict[str, Any], given: dict[str, Any]) -> str:
    if reservoir.input.delay.any():
        return ""  # a state holds no input in transit
    steps = 1 + int(given["seed"]) % 9
    step = steps * reservoir.dt
    values = np.random.default_rng(given["seed"]).uniform(-1, 1, (1, 6, _CHANNELS))
    cut = 1 + int(given["seed"]) % 5
    plastic = options["plastic"]
    whole = simulate(reservoir, Currents(values, step), engine="compiled", plastic=plastic, record=("spikes", "v"))
    first = simulate(reservoir, Currents(values[:, :cut], step), engine="compiled", plastic=plastic)
    rest = Currents(values[:, cut:], step)
    second = simulate(first.reservoir, rest, engine="compiled", plastic=plastic, record=("spikes", "v"), state=first.state)
    neurons = np.concatenate([first.spikes.channels, second.spikes.channels])
    if not np.array_equal(neurons, whole.spikes.channels) or np.abs(second.v - whole.v).max() > 1e-9:
        return "a run in parts and in one piece"
    if not plastic or not reservoir.homeostasis:  # between stimuli, which the parts are, sums are restored
        off = np.abs(second.reservoir.weight - whole.reservoir.weight).max(initial=0.0)
        return f"weights of a run in parts, by {off:.2g} mV" if off > 1e-9 else ""
    return ""


def _orders(reservoir: Reservoir, stimulus: Any, options: dict[str, Any], given: dict[str, Any]) -> str:
    if reservoir.background_rate.any() or reservoir.state_bits:
        return ""  # background is drawn by number; v that is rounded makes a rounding error a level
    order = np.random.default_rng(given["seed"]).permutation(reservoir.neurons)
    record: dict[str, Any] = {"record": ("spikes", "states"), "sample_times": 40, "engine": "compiled"}
    first = simulate(reservoir, stimulus, **record, **options)
    other = simulate(permuted(reservoir, order), stimulus, **record, **options)
    if sorted(zip(first.spikes.times, first.spikes.channels, strict=True)) != sorted(
        zip(other.spikes.times, order[other.spikes.channels], strict=True)
    ):
        return "spikes with neurons in another order"
    if not np.allclose(firing_rates(first.spikes)[order], firing_rates(other.spikes), rtol=1e-12):
        return "rates with neurons in another order"
    for score in (effective_rank, effective_dimension, entropy_rank):
        one, two = (score(activity.states.reshape(-1, reservoir.neurons)) for activity in (first, other))
        if not np.isclose(one, two, rtol=1e-6, atol=1e-6, equal_nan=True):
            return f"{score.__name__} with neurons in another order: {one} and {two}"
    return ""


def made(folder: Path) -> Target:
    """Return the target; what is compiled and imported on first use is compiled and imported before children are made."""
    few = {"neurons": 6, "seed": 1, "heterogeneous": False, "state_bits": 0, "through_graph": False, "analog": False}
    some = {"stimuli": 1, "length": 5.0, "blank": 0.0, "brian2": False, "on_grid": False}
    for plastic in (False, True):
        check({**few, **some, "options": [], "plastic": plastic}, folder)
    return Target("networks", draw, check, seconds=60, simpler=simpler)
