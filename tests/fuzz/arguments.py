"""Public functions with odd arguments: a result, or an error of this package."""

from __future__ import annotations

import contextlib
import inspect
import os
import traceback
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from hostile import Random, one_of
from isolation import Verdict
from odd_arguments import BY_FUNCTION, CHANGED, ODD, intact, networks
from target import Target

from hrsnn import HrsnnError

MODULES = ("hrsnn", "hrsnn.analysis", "hrsnn.networks")
#: Classes that users make; the others hold results.
CLASSES = ("SpikeTrains", "Currents", "Gamma", "LogNormal", "Uniform", "Constant", "LNP", "RandomPruning", "NoisePruning")
CLASSES += ("MagnitudePruning", "DrivePruning", "ActivityPruning", "NeuronActivityPruning", "SignalPruning", "ErdosRenyi")
ENCODERS = ("PoissonEncoder", "CurrentEncoder", "LatencyEncoder", "LevelCrossingEncoder", "ReceptiveFieldEncoder")
ENCODERS += ("TemporalDifferenceEncoder", "Cochleagram", "ReservoirTransformer")
#: Shapes of X that encoders of series and of videos take.
SHAPES = {"LevelCrossingEncoder": (2, 6, 1), "TemporalDifferenceEncoder": (2, 4, 3, 3)}
#: Parameters with which a call is short.
_SHORT = ("iterations", "resamples", "surrogates", "bootstrap", "max_delay")
#: Functions of whole tasks, which take minutes.
_LONG = ("score_network", "retune")
#: Parameters that are called: what a function of the user raises there is the user's own error.
_CALLED = ("progress", "advance", "score", "predict")
#: Parameters that a call may leave unread, or that take any object. No parameter at all is in A.
_UNUSED = ("progress", "out", "random", "jobs", "cluster")


def functions() -> dict[str, Any]:
    """Return public functions, classes and encoders by name."""
    found: dict[str, Any] = {}
    for module in map(import_module, MODULES):
        for name in module.__all__:
            one = getattr(module, name)
            if (inspect.isfunction(one) and name not in _LONG) or name in (*CLASSES, *ENCODERS):
                found[f"{module.__name__}.{name}"] = one
    return found


def parameters(function: Any) -> dict[str, tuple[str, bool]]:
    """Return the annotation of each parameter, and whether it must be given."""
    signature = inspect.signature(function)
    known = [one for one in signature.parameters.values() if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    return {one.name: (str(one.annotation), one.default is one.empty) for one in known}


def simpler(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the call without one of its odd arguments."""
    odd = given["odd"]
    return [{**given, "odd": {k: v for k, v in odd.items() if k != name}} for name in odd]


def call(given: dict[str, Any]) -> Any:
    """Call the function with intact arguments, but for the odd ones."""
    function = functions()[given["function"]]
    values: dict[str, Any] = {}
    for name, (annotation, needed) in parameters(function).items():
        odd = given["odd"].get(name)
        if odd in CHANGED:
            values[name] = CHANGED[odd](intact(given["function"], name, annotation))
        elif odd is not None:
            values[name] = ODD[odd]()
        elif needed or name in _SHORT or (given["function"].rpartition(".")[2], name) in BY_FUNCTION:
            values[name] = intact(given["function"], name, annotation)
    if given["function"].rpartition(".")[2] in ENCODERS:
        shape = SHAPES.get(given["function"].rpartition(".")[2], (4, 3))
        x = ODD[given["x"]]() if given["x"] else np.linspace(0, 1, int(np.prod(shape))).reshape(shape)
        return function(**values).fit(x).transform(x)
    return function(**values)


def check(given: dict[str, Any], folder: Path) -> Verdict:
    """Call the function."""
    try:
        call(given)
    except HrsnnError as error:
        text = str(error)
        return Verdict("refused" if text.isprintable() and 3 < len(text) <= 600 else "message", text)
    except (TypeError, ValueError) as error:
        # X of the estimators is checked by scikit-learn, whose errors are those that its users expect
        last = traceback.extract_tb(error.__traceback__)[-1].filename
        if given["function"].rpartition(".")[2] in ENCODERS and "sklearn" in last:
            return Verdict("refused", str(error))
        if any(given["odd"].get(name) in ("function", "class") for name in _CALLED):
            return Verdict("refused", str(error))
        raise
    used = {**given["odd"], **({"X": given["x"]} if given["x"] else {})}
    wrong = [name for name, one in used.items() if one == "amperes" and name not in _UNUSED]
    return Verdict("accepted", f"a quantity in A as {wrong[0]} at {given['function']}") if wrong else Verdict("result")


def made(folder: Path) -> Target:
    """Return the target."""
    known, odd = functions(), sorted(ODD)
    names = sorted(known)
    networks()
    folder.mkdir(parents=True, exist_ok=True)
    here = os.getcwd()
    os.chdir(folder)
    for make in ODD.values():
        make()
    for name in names:  # what is imported and compiled at the first call would be so again in every child
        with contextlib.suppress(HrsnnError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call({"function": name, "odd": {}, "x": None})
    os.chdir(here)

    def draw(random: Random) -> dict[str, Any]:
        name = one_of(names, random)
        its = sorted(parameters(known[name]))
        count = 1 + int(random.random() < 0.25)
        kinds = [sorted(CHANGED) if random.random() < 0.3 else odd for _ in range(count if its else 0)]
        chosen = {one_of(its, random): one_of(kind, random) for kind in kinds}
        x = one_of(odd, random) if random.random() < 0.5 else None
        return {"function": name, "odd": chosen, "x": x if name.rpartition(".")[2] in ENCODERS else None}

    return Target("arguments", draw, check, simpler=simpler, batch=60)
