"""What makes a file invalid, said a second time: by the documentation of the formats, not by the code that reads them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import struct
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from hrsnn.files.npz import digest

Rule = Callable[[bytes], None]

_LARGEST = 10**15
#: Name: (type, dimensions, lowest, highest); an open lower bound is the smallest number above it.
_ABOVE = 5e-324
_F = ("f", 1, -math.inf, math.inf)
_POSITIVE, _NOT_NEGATIVE = ("f", 1, _ABOVE, math.inf), ("f", 1, 0.0, math.inf)
_LINKS = {
    "pre": ("i", 1, 0, 2**31),
    "post": ("i", 1, 0, 2**31),
    **dict.fromkeys(("weight", "w_max", "a_plus", "a_minus"), _NOT_NEGATIVE),
    "delay": ("f", 1, 0.0, 1000.0),
    **dict.fromkeys(("tau_plus", "tau_minus"), _POSITIVE),
}
_NEURONS = {
    "is_excitatory": ("b", 1, 0, 1),
    "positions": ("f", 2, -math.inf, math.inf),
    **dict.fromkeys(("tau_m", "tau_exc", "tau_inh", "tau_adaptation"), _POSITIVE),
    **dict.fromkeys(("v_threshold", "v_reset", "v_rest", "v_start", "i_bias"), _F),
    "refractory": ("f", 1, 0.0, 1e6),
    "background_rate": ("f", 1, 0.0, 1e5),
    **dict.fromkeys(("background_weight", "adaptation"), _NOT_NEGATIVE),
    "cluster": ("i", 1, 0, 2**31),
}
_SHORT_TERM = {"release": ("f", 1, _ABOVE, 1.0), "tau_recovery": _POSITIVE, "tau_facilitation": _POSITIVE}
_STATE = {
    "refractory_steps": ("i", 1, 0, _LARGEST),
    "spike_age": ("i", 1, 1, _LARGEST),
    "spike_neuron": ("i", 1, 0, 2**31),
    "filtered": _NOT_NEGATIVE,
    **dict.fromkeys(("variables.v", "variables.exc", "variables.inh", "variables.adapted"), _F),
    **{
        f"variables.{side}{name}": _NOT_NEGATIVE
        for side in ("", "input_")
        for name in ("trace_plus", "trace_minus", "weight")
    },
    **dict.fromkeys(("variables.used", "variables.resources"), ("f", 1, 0.0, 1.0)),
    "variables.arrived": ("i", 1, 0, _LARGEST),
    "background.count": ("i", 1, 0, _LARGEST),
    "background.last": _NOT_NEGATIVE,
}


class Invalid(Exception):
    """The file is no file of its kind."""


def _need(holds: Any, reason: str) -> None:
    if not np.all(holds):
        raise Invalid(reason)


def _strict(text: str | bytes) -> Any:
    """JSON as its standard has it: no name twice, no nan or infinity."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        _need(len(dict(items)) == len(items), "a name twice in a JSON mapping")
        return dict(items)

    def number(text: str) -> float:
        _need(math.isfinite(float(text)), "a number beyond all bounds")
        return float(text)

    def constant(text: str) -> float:
        raise Invalid(f"{text} is no JSON")

    return json.loads(text, object_pairs_hook=pairs, parse_constant=constant, parse_float=number)


def _whole(value: Any, low: int, high: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _number(value: Any, low: float = -math.inf, high: float = math.inf) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and low <= value <= high


def _npz(data: bytes, kind: str, newest: int = 1) -> tuple[dict[str, np.ndarray], Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        _need(archive.testzip() is None, "a wrong sum")
    _need(len(set(names)) == len(names) and all(name.endswith(".npy") for name in names), "members")
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        arrays = dict(stored)
    about = arrays.pop("__about__")
    _need(about.shape == () and about.dtype.kind == "U", "what it says is no text")
    said = _strict(str(about))
    _need(isinstance(said, dict) and set(said) - {"sha256"} == {"kind", "version", "header"}, "what it says")
    _need(said["kind"] == kind and _whole(said["version"], 1, newest), "kind or version")
    if (claimed := said.pop("sha256", None)) is not None:
        _need(claimed == digest(said, arrays), "digest")
    _need(isinstance(said["header"], dict), "header")
    return arrays, said["header"]


def _checked(
    arrays: Mapping[str, np.ndarray], wanted: Mapping[str, tuple[str, int, float, float]], optional: bool = False
) -> None:
    for name, (kind, dimensions, low, high) in wanted.items():
        _need(name in arrays, f"{name} is missing")
        a = arrays[name]
        _need(a.ndim == dimensions, f"{name} has {a.ndim} dimensions")
        if optional and not a.size:
            continue
        _need(not a.size or a.dtype.kind in {"b": "b", "i": "iuf", "f": "iuf"}[kind], f"{name} is of type {a.dtype}")
        if kind == "b" and a.size:
            _need(a.view(np.uint8) < 2, f"{name} is no truth")
        if a.size and kind != "b":
            values = a.astype(np.float64) if kind == "f" else a
            _need(np.isfinite(values), f"{name} is not finite")
            _need((values >= low) & (values <= high), f"{name} is out of range")
            if kind == "i":
                _need(a == np.floor(a), f"{name} is not whole")


def _lengths(arrays: Mapping[str, np.ndarray], names: Iterable[str], length: int) -> None:
    for name in names:
        _need(len(arrays[name]) == length, f"{name} has length {len(arrays[name])}")


def reservoir(data: bytes) -> None:
    """A reservoir in an npz file."""
    arrays, header = _npz(data, "reservoir")
    _need(set(header) == {"channels", "dt", "background_frozen", "homeostasis"}, "names in the header")
    _need(_whole(header["channels"], 1) and _number(header["dt"], 1e-4, 100), "channels or dt")
    _need(all(isinstance(header[name], bool) for name in ("background_frozen", "homeostasis")), "truths")
    plastic = any(name.startswith("short_term.") for name in arrays)
    wanted = {**_NEURONS, "input_gain": _F} | {
        f"{side}.{n}": one for side in ("recurrent", "input") for n, one in _LINKS.items()
    }
    wanted |= {f"short_term.{name}": one for name, one in _SHORT_TERM.items()} if plastic else {}
    _need(set(arrays) - {"labels", "cell_types"} == set(wanted), "names of arrays")
    _checked(arrays, wanted)
    n = len(arrays["is_excitatory"])
    _need(n > 0, "no neurons")
    _lengths(arrays, _NEURONS, n)
    _need(arrays["positions"].shape == (n, 3), "positions")
    _need(arrays["v_reset"] < arrays["v_threshold"], "reset above threshold")
    for side, sources in (("recurrent", n), ("input", header["channels"])):
        pre, post, weight, top = (arrays[f"{side}.{name}"] for name in ("pre", "post", "weight", "w_max"))
        _lengths(arrays, [f"{side}.{name}" for name in _LINKS], len(pre))
        _need((pre < sources) & (post < n), f"{side}: no such neuron or channel")
        pairs = list(zip(pre.tolist(), post.tolist(), strict=True))
        _need(pairs == sorted(set(pairs)), f"{side}: not sorted, or twice")
        _need(weight <= top * (1 + 1e-9), f"{side}: weight above its bound")
    _lengths(arrays, ["input_gain"], len(arrays["input.pre"]))
    _need(arrays["recurrent.pre"] != arrays["recurrent.post"], "a link to itself")
    if plastic:
        _lengths(arrays, [f"short_term.{name}" for name in _SHORT_TERM], len(arrays["recurrent.pre"]))
    if "labels" in arrays:
        labels = arrays["labels"]
        _need(labels.shape == (n,) and labels.dtype.kind in "iuU" and len(set(labels.tolist())) == n, "labels")
        if labels.dtype.kind == "U":
            _need([bool(x) and x.isprintable() and len(x) <= 200 for x in labels.tolist()], "labels that cannot be printed")
    if "cell_types" in arrays:
        types = arrays["cell_types"]
        _need(types.shape == (n,) and types.dtype.kind == "U", "cell types")
        _need([x.isprintable() and len(x) <= 200 for x in types.tolist()], "cell types that cannot be printed")


def state_of(network: Any) -> Rule:
    """A state in an npz file, of this reservoir."""

    def state(data: bytes) -> None:
        arrays, header = _npz(data, "state")
        _need(set(header) == {"steps", "dt", "tau_state", "seed", "network"}, "names in the header")
        _need(_whole(header["steps"], 0, _LARGEST) and _whole(header["seed"], 0), "steps or seed")
        _need(header["dt"] == network.dt and _number(header["tau_state"], _ABOVE), "dt or tau_state")
        _need(header["network"] == network.fingerprint, "another network")
        _need(set(arrays) == set(_STATE), "names of arrays")
        _checked(arrays, _STATE, optional=True)
        n, links, inputs = network.neurons, network.synapses, len(network.input.pre)
        every = (
            "refractory_steps",
            "filtered",
            "variables.v",
            "variables.exc",
            "variables.inh",
            "background.count",
            "background.last",
        )
        _lengths(arrays, every, n)
        for name, length in [
            ("variables.adapted", n),
            *((f"variables.{x}", links) for x in ("used", "resources", "arrived")),
        ]:
            has = network.adaptation.any() if name.endswith("adapted") else network.short_term is not None
            _need(len(arrays[name]) == (length if has else 0), f"{name} has length {len(arrays[name])}")
        for side, length in (("", links), ("input_", inputs)):
            learnt = {len(arrays[f"variables.{side}{x}"]) for x in ("trace_plus", "trace_minus", "weight")}
            _need(learnt in ({0}, {length}), f"{side or 'recurrent'} traces")
        age, who = arrays["spike_age"], arrays["spike_neuron"]
        _need(len(age) == len(who) and np.all(who < n), "spikes under way")
        _need(age <= round(max(network.delay, default=0) / network.dt), "too old a spike")
        _need(len(set(zip(age.tolist(), who.tolist(), strict=True))) == len(age), "a spike twice")
        _need(np.diff(age) <= 0, "ages must descend")
        _need(arrays["refractory_steps"] <= np.round(network.refractory / network.dt), "refractory for too long")
        elapsed = header["steps"] * header["dt"]
        _need(arrays["background.last"] <= elapsed, "background ahead of its time")
        if (network.background_rate > 0).any() and not network.background_frozen:
            behind = (elapsed - arrays["background.last"]) * network.background_rate / 1000
            _need(behind <= 1000, "background far behind its time")

    return state


def spike_trains(data: bytes) -> None:
    """Spike trains in an npz file, with labels or without."""
    arrays, header = _npz(data, "spike_trains")
    _need(set(header) == {"n_channels"} and _whole(header["n_channels"], 1), "header")
    _need(set(arrays) - {"labels"} == {"times", "channels", "offsets", "durations"}, "names of arrays")
    wanted = {"times": _NOT_NEGATIVE, "durations": ("f", 1, _ABOVE, 1e9)}
    wanted |= {"channels": ("i", 1, 0, header["n_channels"] - 1), "offsets": ("i", 1, 0, len(arrays["times"]))}
    _checked(arrays, wanted)
    times, offsets = arrays["times"], arrays["offsets"]
    _need(len(offsets) and offsets[0] == 0 and offsets[-1] == len(times), "offsets")
    _need(np.diff(offsets.astype(np.int64)) >= 0, "offsets fall")
    samples = len(offsets) - 1
    _need(len(arrays["durations"]) == samples and len(arrays["channels"]) == len(times), "lengths")
    for k in range(samples):
        own = times[int(offsets[k]) : int(offsets[k + 1])]
        _need(np.diff(own) >= 0, "times fall")
        _need(own < arrays["durations"][k], "a spike after the end")
    if "labels" in arrays:
        labels = arrays["labels"]
        _need(labels.shape == (samples,) and labels.dtype.kind in "biufU", "labels")
        _need(labels.dtype.kind != "f" or np.isfinite(labels).all(), "labels that are no numbers")


def _sealed(data: bytes) -> dict[str, Any]:
    value = _strict(data)
    _need(isinstance(value, dict), "no mapping")
    said = value.pop("sha256", None)
    text = json.dumps(value, sort_keys=True)
    _need(said == hashlib.sha256(text.encode()).hexdigest(), "digest")
    return dict(value)


def _like(value: Any, model: Any) -> None:
    """The same names all the way down, and numbers (or null, for nan) where the model has them."""
    if isinstance(model, dict):
        _need(isinstance(value, dict) and value.keys() == model.keys(), "names")
        for key in model:
            _like(value[key], model[key])
    else:
        _need(value is None or _number(value), "no number")


def kept_run(intact: bytes) -> Rule:
    """A run of a study, whose names are those of the intact one."""
    return lambda data: _like(_sealed(data), _sealed(intact))


def settings(intact: bytes) -> Rule:
    """The settings of a study: these and no others."""
    return lambda data: _need(_sealed(data) == _sealed(intact), "other settings")


def deep_network(intact: bytes) -> Rule:
    """A checkpoint of a deep network with the settings and the epochs of the intact one."""

    def rule(data: bytes) -> None:
        arrays, header = _npz(data, "deep network", 2)
        model, said = _npz(intact, "deep network", 2)
        _need(arrays.keys() == model.keys(), "names of arrays")
        for name, array in arrays.items():
            _need(array.shape == model[name].shape, f"shape of {name}")
            _need(array.dtype.kind in "biuf" and np.isfinite(array).all(), f"{name} is of no finite numbers")
        _need(header.keys() == said.keys() and header["settings"] == said["settings"], "settings")
        _need(header["epoch"] == said["epoch"] and _whole(header["epoch"], 0), "epoch")
        _need(_whole(header["best_epoch"], 1, header["epoch"]), "best epoch")
        history = header["history"]
        _need(isinstance(history, list) and len(history) == len(said["history"]), "history")
        for row in history:
            _need(isinstance(row, dict) and all(map(_number, row.values())), "a row of the history")

    return rule


def packed_network(intact: bytes) -> Rule:
    """A packed network, which has a sum over everything at its end: no other bytes are one of this seal."""
    return lambda data: _need(data == intact, "another content")


_RECORD_LISTS = ("in_degrees", "out_degrees", "tau_excitatory", "tau_inhibitory")
_RECORD_COUNTS = ("iteration", "budget", "links", "neurons", "strong_component", "pieces")


def checkpoint(intact: bytes) -> Rule:
    """A checkpoint of a pruning run with the settings and the network of the intact one."""

    def rule(data: bytes) -> None:
        value, model = _sealed(data), _sealed(intact)
        _need(value.keys() == model.keys(), "names")
        _need(all(value[name] == model[name] for name in ("version", "settings", "iteration", "network")), "another run")
        neurons = len(model["origin"])
        origin = value["origin"]
        _need(isinstance(origin, list) and len(origin) == neurons, "origin")
        _need([_number(x, 0) and x == int(x) for x in origin] and np.diff(origin) > 0, "origin")
        _need(max(origin) < model["records"][0]["neurons"], "origin beyond the dense network")
        if value["exponents"] is not None:
            _need(len(value["exponents"]) == neurons and all(map(_number, value["exponents"])), "exponents")
        _need((value["exponents"] is None) == (model["exponents"] is None), "exponents")
        _need(isinstance(value["records"], list) and len(value["records"]) == len(model["records"]), "records")
        for record, other in zip(value["records"], model["records"], strict=True):
            _need(isinstance(record, dict) and record.keys() == other.keys(), "names in a record")
            _need(record["iteration"] == other["iteration"], "iteration")
            for name, one in record.items():
                if name in _RECORD_COUNTS:
                    _need(_whole(one, 0, _LARGEST), name)
                elif name in _RECORD_LISTS:
                    _need(isinstance(one, list) and all(_number(x) or x is None for x in one), name)
                    _need("degrees" not in name or all(_whole(x, 0) for x in one), name)
                elif name == "numbers":
                    _need(isinstance(one, dict) and all(x is None or _number(x) for x in one.values()), name)
                else:
                    _need(one is None or _number(one), name)

    return rule


def anything(data: bytes) -> None:
    """A file on which nothing depends."""


# TOML

_AUTO = ("input_probability", "a_minus")
_FLAGS = (
    *("heterogeneous_neurons", "heterogeneous_synapses", "heterogeneous_delays", "heterogeneous_thresholds"),
    *("short_term_plasticity", "psp_normalised", "background_frozen", "homeostasis"),
)
#: What a spec may leave out; of the ways of giving delays of recurrent links it has one.
_DELAYS = (
    {"delay_exc", "delay_inh"},
    {f"delay_{pair}" for pair in ("ee", "ei", "ie", "ii")},
    {"delay_speed"},
)
_OPTIONAL = {"delay_input", "graph", "graph_weights", *set().union(*_DELAYS)}
_COUNTS = {
    "neurons": (2, 10**7),
    "clusters": (1, 10**7),
    "in_degree_exc": (0, 10**7),
    "in_degree_inh": (0, 10**7),
}
_FLOATS = {
    "excitatory_fraction": (_ABOVE, 1),
    "dt": (1e-4, 100),
    "cluster_spread": (1, math.inf),
    "inter_cluster_share": (0, 1),
    "length_scale": (_ABOVE, math.inf),
    "weight_scale": (0, math.inf),
    "w_max_factor": (1, math.inf),
    "input_fraction": (_ABOVE, 1),
    "input_channels": (_ABOVE, math.inf),
    "depression_ratio": (0, math.inf),
    "connection_probability": (0, 1),
    **{f"probability_{pair}": (0, 1) for pair in ("ee", "ei", "ie", "ii")},
    "input_probability": (0, 1),
    "delay_speed": (_ABOVE, math.inf),
}
_DISTRIBUTIONS: Mapping[str, tuple[set[str], set[str]]] = {
    "constant": ({"value"}, set()),
    "uniform": ({"low", "high"}, set()),
    "gamma": ({"mean", "cv"}, {"low", "high"}),
    "lognormal": ({"mean", "cv"}, {"low", "high"}),
}


def traces(data: bytes) -> None:
    """Traces of neurons in an npz file; what was not recorded is empty."""
    arrays, header = _npz(data, "traces")
    _need(not header and set(arrays) == {"neurons", "times", "v", "currents", "adaptation"}, "names")
    _checked(arrays, {"neurons": ("i", 1, 0, 2**63 - 1), "times": ("f", 2, _ABOVE, math.inf)})
    recorded = {"v": ("f", 3, -math.inf, math.inf), "currents": ("f", 4, -math.inf, math.inf)}
    _checked(arrays, {**recorded, "adaptation": recorded["v"]}, optional=True)
    shape = (*arrays["times"].shape, len(arrays["neurons"]))
    there = {name: arrays[name].shape for name in (*recorded, "adaptation") if arrays[name].size}
    _need(there, "nothing was recorded")
    for name, found in there.items():
        _need(found == ((*shape, 2) if name == "currents" else shape), f"shape of {name}")
    for values in (arrays["neurons"].astype(np.float64), arrays["times"]):
        _need(np.diff(values, axis=-1) > 0, "is not ascending")


def spec(intact: bytes) -> Rule:
    """A spec in TOML; the names are those of the intact one, which has all but delays."""
    names = set(tomllib.loads(intact.decode())) | _OPTIONAL

    def rule(data: bytes) -> None:
        values = tomllib.loads(data.decode())
        _need(set(values) <= names, "an unknown name")
        ways = [any(name in values and (k > 0 or values[name] != 0) for name in way) for k, way in enumerate(_DELAYS)]
        _need(sum(ways) <= 1, "delays in two ways")
        for name, value in values.items():
            if name in _AUTO and value == "auto":
                continue
            if name in _FLAGS:
                _need(isinstance(value, bool), f"{name} is no truth")
            elif name in _COUNTS:
                _need(_whole(value, *_COUNTS[name]), name)
            elif name in _FLOATS:
                _need(_number(value, *_FLOATS[name]), name)
            elif name == "connectivity":
                _need(value in ("in_degree", "distance", "random"), name)  # networkx needs a topology
            elif name == "graph_weights":
                _need(value in ("linear", "log", "rank"), name)
            elif name == "stdp_pairing":
                _need(value in ("independent", "comonotone"), name)
            else:
                _parameter(value)

    return rule


def _parameter(value: Any) -> None:
    if isinstance(value, list):
        _need(value and all(map(_number, value)), "an array of other things than numbers")
    elif isinstance(value, dict):
        _need(value.get("kind") in _DISTRIBUTIONS, "kind")
        needed, more = _DISTRIBUTIONS[value["kind"]]
        _need(needed <= set(value) - {"kind"} <= needed | more, "names in a distribution")
        for name, one in value.items():
            infinite = name == "high" and one == math.inf
            _need(name == "kind" or infinite or _number(one), f"{name} is no number")
        _need("mean" not in value or (value["mean"] > 0 and 1e-6 <= value["cv"] <= 100), "mean or cv")
        _need(not {"low", "high"} <= set(value) or value["low"] < value["high"], "bounds")
    else:
        _need(_number(value), "no number")


def space(data: bytes) -> None:
    """A search space in TOML."""
    values = tomllib.loads(data.decode())
    _need(values, "is empty")
    for one in values.values():
        if isinstance(one, dict):
            _need("mean" in one and set(one) <= {"mean", "cv", "kind", "low", "high"}, "names of a range")
            _need(one.get("kind", "gamma") in ("gamma", "lognormal"), "kind")
            _need(all(isinstance(v, str) == (k == "kind") for k, v in one.items() if k not in ("mean", "cv")), "bounds")
            _need(
                all(_number(one[k]) or (k == "high" and one[k] == math.inf) for k in ("low", "high") if k in one), "bounds"
            )
        for pair in [one] if not isinstance(one, dict) else [one[k] for k in ("mean", "cv") if k in one]:
            _need(isinstance(pair, list) and len(pair) == 2 and all(map(_number, pair)) and pair[0] < pair[1], "a range")
            _need(not isinstance(one, dict) or pair[0] > 0, "a range below 0")


# Graphs


def graphml(data: bytes) -> None:
    """GraphML of one directed network: what is there twice, points nowhere, or is no value of its type."""
    root = ET.fromstring(data.decode())
    spaces = {"g": "http://graphml.graphdrawing.org/xmlns"}
    (graph,) = root.findall("g:graph", spaces)
    _need(graph.get("edgedefault") == "directed", "undirected")
    nodes, edges = graph.findall("g:node", spaces), graph.findall("g:edge", spaces)
    ids = [node.get("id") for node in nodes]
    pairs = [(edge.get("source"), edge.get("target")) for edge in edges]
    _need(len(set(ids)) == len(ids) >= 2 and None not in ids, "nodes")
    _need(len(set(pairs)) == len(pairs) and all({a, b} <= set(ids) and a != b for a, b in pairs), "edges")
    kinds = {
        (key.get("for"), key.get("id")): (key.get("attr.name"), key.get("attr.type"))
        for key in root.findall("g:key", spaces)
    }
    for kind, elements in (("node", nodes), ("edge", edges), ("graph", [graph])):
        for element in elements:
            given = [one.get("key") for one in element.findall("g:data", spaces)]
            _need(len(set(given)) == len(given) and all((kind, key) in kinds for key in given), f"data of a {kind}")
            said = {kinds[kind, one.get("key")][0]: one.text or "" for one in element.findall("g:data", spaces)}
            _graph_values(kind, said)
    labels = [
        one.text for node in nodes for one in node.findall("g:data", spaces) if kinds["node", one.get("key")][0] == "label"
    ]
    _need(len(set(labels)) == len(labels), "labels")


def _graph_values(kind: str, said: Mapping[Any, str]) -> None:
    rules = {"node": _NEURONS, "edge": {**_LINKS, **_SHORT_TERM, "weight": _F}}.get(kind, {})
    for name, text in said.items():
        if kind == "node" and name in ("x", "y", "z"):
            _need(math.isfinite(float(text)), "position")
        elif kind == "node" and name == "type":
            _need(text in ("E", "I"), "type")
        elif kind == "node" and name == "input":
            channels = _strict(text)
            _need(isinstance(channels, dict), "input")
            for channel, row in channels.items():
                _need(channel.isdecimal() and str(int(channel)) == channel, "channel")
                _need(len(row) == 8 and all(map(_number, row)) and min(row[:7]) >= 0 and row[1] == 0, "input")
        elif kind == "graph" and name == "weight_unit":
            _need(text == "mV", "unit of the weights")
        elif kind == "graph" and name == "dt":
            _need(1e-4 <= float(text) <= 100, "dt")
        elif name in rules:
            what, _, low, high = rules[name]
            _need(low <= float(text) <= high and math.isfinite(float(text)), f"{name} is out of range")
            _need(what != "i" or float(text) == int(float(text)), f"{name} is not whole")


def edges(data: bytes) -> None:
    """An edge list: three words a line, each pair once."""
    rows = [row for line in data.decode().splitlines() if (row := line.partition("#")[0].split())]
    _need(all(len(row) == 3 for row in rows), "words in a line")
    pairs = {(a, b) for a, b, _ in rows}
    _need(len(pairs) == len(rows) and all(a != b for a, b in pairs), "pairs")
    weights = [float(w) for _, _, w in rows]
    _need([math.isfinite(w) and w != 0 for w in weights], "weights")
    signs = {(a, w > 0) for (a, _, _), w in zip(rows, weights, strict=True)}
    _need(len({a for a, _ in signs}) == len(signs), "both signs from one neuron")


def links_table(data: bytes) -> None:
    """A csv table of links of a reservoir: cells under names, each pair once, values in the ranges of links."""
    head, *rows = [row for row in csv.reader(io.StringIO(data.decode().removeprefix("\ufeff"))) if row]
    _need({"source", "target"} <= set(head) and len(set(head)) == len(head), "names of the columns")
    _need(all(len(row) == len(head) for row in rows), "cells in a row")
    table = {name.strip(): [row[k].strip() for row in rows] for k, name in enumerate(head)}
    pairs = list(zip(table["source"], table["target"], strict=True))
    _need(len(set(pairs)) == len(pairs) and all(a and b and a != b for a, b in pairs), "pairs")
    for name, (_, _, low, high) in _LINKS.items():
        for cell in table.get(name, []) if name not in ("pre", "post", "weight") else []:
            _need(not cell or (math.isfinite(float(cell)) and low <= float(cell) <= high), f"{name} is out of range")
    signs = {(a, float(w) > 0) for (a, _), w in zip(pairs, table.get("weight_mV", ["1"] * len(pairs)), strict=True) if w}
    _need([math.isfinite(float(w)) and float(w) != 0 for w in table.get("weight_mV", []) if w], "weights")
    _need(len({a for a, _ in signs}) == len(signs), "both signs from one neuron")


def wav(data: bytes) -> None:
    """A wav file of 8 kHz, mono, 16 bit, whose chunks fill it."""
    _need(data[:4] == b"RIFF" and data[8:12] == b"WAVE", "magic")
    _need(struct.unpack("<I", data[4:8])[0] == len(data) - 8, "size")
    place, chunks = 12, []
    while place < len(data):
        name, size = struct.unpack("<4sI", data[place : place + 8])
        chunks.append((name, data[place + 8 : place + 8 + size]))
        _need(len(chunks[-1][1]) == size, "a chunk that is cut")
        place += 8 + size + size % 2
    _need([name for name, _ in chunks].count(b"data") == [name for name, _ in chunks].count(b"fmt ") == 1, "chunks")
    found = dict(chunks)
    _need(struct.unpack("<HHIIHH", found[b"fmt "][:16]) == (1, 1, 8000, 16000, 2, 16), "format")
    _need(len(found[b"data"]) > 0 and len(found[b"data"]) % 2 == 0, "samples")
