"""Specifications of both kinds of networks from TOML and from texts by name: refused, or built, run and written again."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from hostile import TEXTS, Random, distribution, mutated, one_of, plausible, toml
from isolation import Verdict
from target import Target

from hrsnn import FileError, HrsnnError, InputError, ReservoirSpec, SpecError, SpikeTrains, simulate
from hrsnn.balanced import BalancedSpec
from hrsnn.balanced.spec import ABOUT
from hrsnn.kinds import build_network

SPECS: dict[str, Any] = {"reservoir": ReservoirSpec, "balanced": BalancedSpec}
#: Texts that some parameter takes.
WORDS = ("auto", "distance", "random", "in_degree", "networkx", "comonotone", "rotations", "delay", "oscillator", "tight")
TRUTHS = ("heterogeneous", "short_term", "psp_normalised", "background_frozen", "homeostasis")
#: Neurons of most cases, so that they are built and simulated, too.
_FEW, _MOST = 24, 200


def names_of(kind: str) -> list[str]:
    """Return the parameters of a kind of network."""
    return sorted(ReservoirSpec.model_fields if kind == "reservoir" else ABOUT)


def value(name: str, random: Random) -> str:
    """Return a value in TOML: most often one of the right type."""
    turn = random.random()
    if name.startswith(TRUTHS) and turn < 0.8:
        return one_of(("true", "false"), random)
    if name == "topology" and turn < 0.8:
        return (
            f'{{ function = "{one_of(("watts_strogatz_graph", "gnp_random_graph", "os.system"), random)}", k = 4, p = 0.1 }}'
        )
    if turn < 0.5:
        return plausible(random)
    if turn < 0.75:
        return distribution(random)
    if turn < 0.82:
        return f'"{one_of(WORDS, random)}"'
    if turn < 0.86:
        return "[" + ", ".join(plausible(random) for _ in range(int(random.integers(1, _FEW + 2)))) + "]"
    return mutated(plausible(random), random) if turn < 0.9 else toml(random)


def draw(random: Random) -> dict[str, Any]:
    """Return a kind, how the values are given, and the values as TOML by name."""
    kind = "reservoir" if random.random() < 0.75 else "balanced"
    known = names_of(kind)
    values = {"neurons": str(_FEW)}
    for _ in range(int(random.integers(1, 4))):
        name = one_of(known, random)
        if random.random() < 0.05:
            name = one_of((mutated(name, random), f"{name}.mean", f"{name}.cv", "self", one_of(TEXTS, random)), random)
        values[name] = value(name, random)
    return {"kind": kind, "by": one_of(("file", "text"), random), "values": values}


def simpler(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the input without one of its values."""
    values = given["values"]
    return [{**given, "values": {k: v for k, v in values.items() if k != name}} for name in values if name != "neurons"]


def check(given: dict[str, Any], folder: Path) -> Verdict:
    """Read, write and read again, build, and simulate."""
    kind, path = SPECS[given["kind"]], folder / "file.toml"
    try:
        if given["by"] == "file":
            text = "\n".join(f"{name} = {one}" for name, one in given["values"].items())
            path.write_text(text + "\n", encoding="utf-8", errors="surrogatepass")
            spec = kind.load(path)
        else:
            spec = kind().updated(given["values"])
    except (SpecError, InputError, FileError) as error:
        text = str(error)
        if given["by"] == "file" and path.name not in text:
            return Verdict("unnamed", text)
        return Verdict("refused" if _readable(text) else "message", text)
    spec.save(folder / "again.toml")
    if kind.load(folder / "again.toml") != spec:
        return Verdict("differs", f"not the same after writing and reading: {spec!r}")
    if spec.neurons > _MOST:
        return Verdict("result", "too large to build")
    try:
        return _run(build_network(spec, 1, 2))
    except HrsnnError as error:
        return Verdict("refused" if _readable(str(error)) else "message", str(error))


#: Words of Python's and NumPy's own errors: passed on in a message they say nothing of the parameter.
_PYTHONS = re.compile(
    r"unhashable type|object is not|unsupported operand|has no attribute|positional argument|unexpected keyword"
    r"|not supported between|could not be broadcast|could not convert|must be real number|object cannot be interpreted"
)


def _readable(text: str) -> bool:
    lines = text.splitlines()
    return bool(text.strip()) and not _PYTHONS.search(text) and all(len(one) < 2000 and one.isprintable() for one in lines)


def _run(network: Any) -> Verdict:
    trains = SpikeTrains(np.linspace(0, 19, 12), np.arange(12) % 2, [0, 12], 2, 20.0)
    activity = simulate(network, trains, record=("spikes", "v", "counts"))
    again = simulate(network, trains, record=("spikes", "v", "counts"))
    if not (activity.spikes.equals(again.spikes) and np.array_equal(activity.v, again.v)):
        return Verdict("differs", "not the same twice")
    if not math.isfinite(float(np.abs(activity.v).max(initial=0.0))):
        return Verdict("accepted", f"v is not finite: {activity.v.ravel()[:4]}")
    return Verdict("result")


def made(folder: Path) -> Target:
    """Return the target, after a run of each kind: what is compiled at the first run would be so again in every child."""
    rich = {"adaptation": "1", "background_rate": "20", "delay_ee": "2", "short_term_plasticity": "true"}
    for kind in SPECS.values():
        for values in ({}, rich) if kind is ReservoirSpec else ({},):
            _run(build_network(kind().updated({"neurons": str(_FEW), **values}), 1, 2))
    return Target("specs", draw, check, simpler=simpler, batch=60)
