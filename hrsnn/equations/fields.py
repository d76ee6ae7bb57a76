"""Fields of a model: what each is, which values it may have, and a value as its type."""

from __future__ import annotations

import re
from typing import Any

from hrsnn.equations.amounts import Amount
from hrsnn.equations.grammar import check_equations, check_expression, check_statements, check_text
from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_number, is_whole
from hrsnn.validation.limits import check_name

ABOUT = {
    "neurons": "number of neurons N",
    "excitatory_fraction": "share of excitatory neurons",
    "dt": "time step (ms)",
    "equations": "of the neurons",
    "threshold": "condition under which a neuron spikes",
    "reset": "statements at a neuron's own spike",
    "refractory": "refractory period (ms), or an expression",
    "method": "integration: auto, exact, exponential_euler, euler, rk2, rk4, heun, milstein; auto: the first that can of "
    "exact, exponential_euler and euler, with noise of euler and heun",
    "record": "variable that is recorded as v",
    "drive": "parameter of the neurons that analog input sets; none: the network takes spikes only",
    "synapses": "further equations of recurrent links, such as those of short-term plasticity",
    "on_pre": "statements of a recurrent link at the arrival of a spike, with its weight w",
    "on_post": "statements of a recurrent link at a spike of its target",
    "input_on_pre": "statements of an input link at an input spike, with its weight w",
    "plasticity": "equations of links that run only with plasticity",
    "plastic_on_pre": "statements of links at the arrival of a spike that run only with plasticity, and may change w",
    "plastic_on_post": "statements of links at a spike of their target that run only with plasticity, and may change w",
    "plastic_input": "whether input links are plastic too",
    "homeostasis": "whether a neuron's sums of excitatory, inhibitory and input weights are restored after each stimulus",
    "connectivity": "in_degree: given numbers of links to each neuron; distance: P = C exp(-(D/length_scale)^2) on a grid "
    "of spacing 1; random: one probability",
    "in_degree_exc": "links from excitatory neurons to each neuron (in_degree)",
    "in_degree_inh": "links from inhibitory neurons to each neuron (in_degree)",
    "length_scale": "lambda of the distance law, in grid spacings (distance, in_degree)",
    "probability_ee": "C of links E -> E (distance)",
    "probability_ei": "C of links E -> I",
    "probability_ie": "C of links I -> E",
    "probability_ii": "C of links I -> I",
    "connection_probability": "of every pair (random)",
    "weight_ee": "weight of links E -> E, with its unit",
    "weight_ei": "weight of links E -> I",
    "weight_ie": "weight of links I -> E",
    "weight_ii": "weight of links I -> I",
    "weight_scale": "multiplies the weights of recurrent links",
    "w_max_factor": "w_max of a link = this times the mean weight of its pair type; draws are below it",
    "delay_exc": "axonal delay of an excitatory neuron, the same for all its links",
    "delay_inh": "axonal delay of an inhibitory neuron",
    "input_fraction": "share of the neurons that input reaches",
    "input_channels": "channels that reach a target neuron, on average",
    "input_weight": "weight of an input spike, with its unit",
    "input_gain": "drive by an analog input of 1, with the unit of the drive",
    "input_scale": "multiplies the weights and gains of input links",
}
#: Tables of values by name, after the other fields.
TABLES = {
    "parameters": "of the neurons, each with its unit; NAME_exc and NAME_inh together are NAME of the two types",
    "synapse_parameters": "of the links, each with its unit",
    "initial": "values at the onset of every stimulus, of neurons and links; a name: that of a parameter; by default 0",
}
#: Texts that become code: equations, statements, and expressions.
EQUATIONS = ("equations", "synapses", "plasticity")
STATEMENTS = ("reset", "on_pre", "on_post", "input_on_pre", "plastic_on_pre", "plastic_on_post")
TEXTS = (*EQUATIONS, *STATEMENTS, "threshold")
METHODS = ("auto", "exact", "exponential_euler", "euler", "rk2", "rk4", "heun", "milstein")
CONNECTIVITIES = ("in_degree", "distance", "random")
PAIRS = ("ee", "ei", "ie", "ii")
#: Bounds of numbers: lowest, highest, whether the lowest is allowed.
_BOUNDS: dict[str, tuple[float, float, bool]] = {
    "excitatory_fraction": (0, 1, False),
    "dt": (1e-4, 100, True),
    "length_scale": (0, 1e6, False),
    **{f"probability_{pair}": (0, 1, True) for pair in PAIRS},
    "connection_probability": (0, 1, True),
    "weight_scale": (0, 1e6, True),
    "w_max_factor": (1, 1e6, False),
    "input_fraction": (0, 1, False),
    "input_channels": (0, 1e9, False),
    "input_scale": (0, 1e6, True),
}
_COUNTS = {"neurons": (2, 10**7), "in_degree_exc": (0, 10**7), "in_degree_inh": (0, 10**7)}
AMOUNTS = (*(f"weight_{pair}" for pair in PAIRS), "delay_exc", "delay_inh", "input_weight", "input_gain")
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)


def checked(name: str, value: Any, unit: str | None = None) -> Any:
    """Return the value of a field converted to its type.

    Parameters
    ----------
    name : str
    value : object
    unit : str, optional
        Unit of amounts that are given without one; of tables it is that of each present value.

    Raises
    ------
    InputError
        When it is not allowed.
    """
    if name in TEXTS:
        return _text(name, value)
    if name in TABLES:
        raise InputError(name, value, "must be a table")
    if name in AMOUNTS:
        return _amount(name, value, unit)
    if name in _COUNTS:
        least, most = _COUNTS[name]
        if not is_whole(value) or not least <= value <= most:
            raise InputError(name, value, f"must be a whole number from {least} to {most}")
        return int(value)
    if name in ("plastic_input", "homeostasis"):
        if not isinstance(value, bool):
            raise InputError(name, value, "must be true or false")
        return value
    if name in ("record", "drive"):
        return _variable(name, value)
    if name == "refractory":
        return _refractory(value)
    allowed = {"method": METHODS, "connectivity": CONNECTIVITIES}.get(name)
    if allowed:
        if value not in allowed:
            raise InputError(name, value, f"must be one of {', '.join(allowed)}")
        return value
    low, high, closed = _BOUNDS[name]
    if not is_number(value) or not (low <= value <= high and (closed or value > low)):
        raise InputError(name, value, f"must be {'from' if closed else 'above'} {low:g} to {high:g}")
    return float(value)


def checked_table(name: str, given: Any, present: dict[str, Amount | str] | None = None) -> dict[str, Amount | str]:
    """Return a table of amounts; entries of ``initial`` may be the name of a parameter.

    Raises
    ------
    InputError
        When a name or a value is not allowed.
    """
    if not hasattr(given, "items"):
        raise InputError(name, given, "must be a table of values by name")
    found: dict[str, Amount | str] = {}
    for key, value in given.items():
        check_name(name, str(key))
        if not isinstance(key, str) or not _NAME.fullmatch(key):
            raise InputError(name, key, "must be names of variables")
        if key in ABOUT or key in TABLES:
            raise InputError(name, key, "is the name of a field of the model: choose another")
        if name == "initial" and isinstance(value, str) and _NAME.fullmatch(value):
            found[key] = value
            continue
        before = (present or {}).get(key)
        found[key] = Amount.of(key, value, before.unit if isinstance(before, Amount) else None)
    return found


def _text(name: str, value: Any) -> str:
    text = check_text(name, value)
    if name in EQUATIONS:
        check_equations(name, text)
    elif name == "threshold":
        check_expression(name, text)
    elif text:
        check_statements(name, text)
    return text


def _amount(name: str, value: Any, unit: str | None) -> Amount | None:
    if value is None:
        return None
    amount = Amount.of(name, value, unit or ("ms" if name.startswith("delay") else None))
    low, high = amount.distribution.support
    if name != "input_gain" and low < 0:
        raise InputError(name, value, "must not be negative: statements of links give the sign")
    if name.startswith("delay"):
        if amount.unit != "ms":
            raise InputError(name, value, "must be in ms")
        if not high <= 1000:
            raise InputError(name, value, "must be from 0 to 1000 ms")
    return amount


def _variable(name: str, value: Any) -> str:
    if not isinstance(value, str) or (value and not _NAME.fullmatch(value)) or (name == "record" and not value):
        raise InputError(name, value, "must be the name of a variable")
    return value


def _refractory(value: Any) -> float | str:
    if isinstance(value, str):
        text = check_text("refractory", value)
        check_expression("refractory", text)
        return text
    amount = Amount.of("refractory", value, "ms")
    if amount.unit != "ms" or not isinstance(amount.value, float) or not 0 <= amount.value <= 1e6:
        raise InputError("refractory", value, "must be a time from 0 to 1e6 ms, or an expression; 0: none")
    return amount.value
