"""Checks of a model by Brian2: what cannot be parsed or integrated, unknown names, units that do not agree."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable, Mapping
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hrsnn.distributions import Distribution
from hrsnn.engines.brian.model_equations import (
    EVENTS,
    TYPES,
    equations_of,
    link_equations,
    neuron_constants,
    neuron_equations,
    with_arrivals,
)
from hrsnn.engines.brian.session import StateUpdateMethod, UnsupportedEquationsException, brian2, own_brian2
from hrsnn.engines.brian.unit_text import unit_of_text
from hrsnn.equations.amounts import Amount
from hrsnn.equations.fields import EQUATIONS, PAIRS, STATEMENTS, TABLES, TEXTS
from hrsnn.equations.grammar import check_equations, check_expression, check_statements, words_of
from hrsnn.errors import InputError, shortened

if TYPE_CHECKING:
    from hrsnn.equations.model import BrianModel

_FLAGS = {"unless refractory", "constant", "constant over dt", "shared", "event-driven", "clock-driven"}
_RANDOM = {"rand", "randn", "poisson"}
#: Integrators that `auto` tries, without and with noise.
_AUTO = (("exact", "exponential_euler", "euler"), ("euler", "heun"))
_MOST = 240  #: characters of a message of Brian2
#: Names of groups that are made to be checked, and never run: Brian2 would warn of each.
_PREFIX = "checked_"
logging.getLogger("brian2.core.base.unused_brian_object").addFilter(
    lambda record: f"The object '{_PREFIX}" not in record.getMessage()
)


class Checked(NamedTuple):
    """What Brian2 says of a model."""

    problem: str  #: the first, or nothing
    update: str = ""  #: code of a step of the neurons, which takes SymPy seconds for ``exact``
    link_updates: Mapping[tuple[str, bool], str] = MappingProxyType({})  #: of the links, by (side, whether plastic)
    random: bool = False  #: whether a run draws random numbers


def problems_of(model: BrianModel) -> list[str]:
    """Return what is wrong with a model, or nothing."""
    found = checked(model)
    return [found.problem] if found.problem else []


def checked(model: BrianModel) -> Checked:
    """Return what Brian2 says of a model; models of the same texts and units are checked once."""
    return _checked(_Texts(model))


class _Texts:
    """A model whose identity is all that its equations depend on."""

    def __init__(self, model: BrianModel) -> None:
        self.model = model
        names = (*TEXTS, "refractory", "method", "record", "drive", "plastic_input")
        units = [(f"weight_{pair}", getattr(model, f"weight_{pair}")) for pair in PAIRS]
        units += [(name, getattr(model, name)) for name in ("input_weight", "input_gain")]
        units += [(f"{table}.{name}", one) for table in TABLES for name, one in dict(vars(model)[table]).items()]
        shown = [(name, one.unit if isinstance(one, Amount) else one) for name, one in units]
        self._key = (*(vars(model)[name] for name in names), *shown)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Texts) and self._key == other._key


@functools.lru_cache(maxsize=256)
def _checked(texts: _Texts) -> Checked:
    model = texts.model
    try:
        _check_given(model)
        for name in EQUATIONS:
            _check_parsed(name, getattr(model, name))
        _check_names(model)
        with own_brian2("numpy"):
            found = _by_brian2(model)
        _check_used(model)
        return found
    except InputError as error:
        return Checked(str(error))


def _check_given(model: BrianModel) -> None:
    """Check that what a model needs is there."""
    for name in ("equations", "threshold"):
        if not getattr(model, name):
            raise InputError(name, "", "must be given")
    if model.on_pre and model.weight_of("ee") is None:
        raise InputError("weight_ee", None, 'must be given, with its unit, such as "0.5 mV": on_pre has links')
    if model.input_on_pre and model.input_weight is None:
        raise InputError("input_weight", None, "must be given, with its unit: input_on_pre has links")
    if model.drive and model.input_gain is None:
        raise InputError("input_gain", None, f"must be given, with its unit: analog input drives {model.drive}")
    if not (model.drive or model.input_on_pre):
        raise InputError("drive", "", "must be given, or input_on_pre: the network has no input")
    weights = [one for one in (getattr(model, f"weight_{pair}") for pair in PAIRS) if one is not None]
    for one in weights[1:]:
        if unit_of_text(one.unit).dim is not unit_of_text(weights[0].unit).dim or one.unit != weights[0].unit:
            raise InputError("weights", one, f"must all have one unit, {weights[0].unit}")


def _check_parsed(name: str, text: str) -> None:
    """Check equations before Brian2 evaluates their units, then the expressions that it found."""
    for unit in check_equations(name, text):
        if unit not in ("boolean", "integer"):
            _guarded(name, unit, functools.partial(unit_of_text, unit))
    parsed = _guarded(name, text, lambda: brian2.Equations(text))
    for one in parsed.values():
        if one.expr is not None:
            check_expression(name, str(one.expr))
        wrong = sorted(set(one.flags) - _FLAGS)
        if wrong:
            raise InputError(name, f"{one.varname} ({wrong[0]})", f"must have flags of {', '.join(sorted(_FLAGS))}")


def _check_names(model: BrianModel) -> None:
    """Check that each name stands for one thing, and that what is given is used."""
    own = {name: brian2.Equations(getattr(model, name)) for name in EQUATIONS}
    taken: dict[str, str] = dict.fromkeys(("w", "w_max", "arrivals", *TYPES), "a name of this package")
    for table in ("parameters", "synapse_parameters"):
        for name in vars(model)[table]:
            _guarded(table, name, functools.partial(brian2.Equations.check_identifier, name))
            if name in taken:
                raise InputError(table, name, f"must have another name: it is {taken[name]}")
            taken[name] = f"in {table}"
            for text, equations in own.items():
                if name in equations and equations[name].type != "parameter":
                    raise InputError(table, name, f"is computed by {text}: it can be in initial")
    for name in TEXTS:
        for word in sorted(words_of(getattr(model, name))):
            if not _takes(word):
                raise InputError(name, word, "must have another name: SymPy, which Brian2 uses, has a function of it")
    computed = {name for name, one in own["equations"].items() if one.type != "parameter"}
    if model.drive in {*computed, *model.parameters}:
        raise InputError("drive", model.drive, "must be a variable that no equation computes, and no parameter")
    constants = {*neuron_constants(model), *model.synapse_parameters, "w_max", model.drive} - {""}
    for name in STATEMENTS:
        text = getattr(model, name)
        if text:
            _, assigned = check_statements(name, text)
            bare = {one.removesuffix("_post").removesuffix("_pre") for one in assigned} | assigned
            if bare & constants:
                raise InputError(name, sorted(bare & constants)[0], "is a constant: declare a variable instead")
            if "w" in assigned and not name.startswith("plastic"):
                raise InputError(name, "w", "may change only in plasticity, plastic_on_pre and plastic_on_post")


def _takes(word: str) -> bool:
    """Return whether SymPy can have a variable of a name: it cannot of ``trace``, of which it has a plain function."""
    sympy: Any = sys.modules["sympy"]
    known = brian2.core.namespace.DEFAULT_FUNCTIONS
    return word in known or not isinstance(getattr(sympy, word, None), FunctionType)


def _check_used(model: BrianModel) -> None:
    """Check that every parameter is in a text; last, since a wrong name in a text leaves the right one unused."""
    merged = {f"{name}_{kind}" for name in model.by_type for kind in ("exc", "inh")}
    for table in ("parameters", "synapse_parameters"):
        for name in vars(model)[table]:
            if name not in model.words and name not in merged:
                raise InputError(table, name, "is used in no text of the model")


def _by_brian2(model: BrianModel) -> Checked:
    equations = _guarded("equations", model.equations, lambda: neuron_equations(model))
    for name, unit in neuron_constants(model).items():
        if name in equations and equations[name].dim is not unit.dim:
            raise InputError("parameters", name, f"must have the unit of its equation, {equations[name].unit!r}")
    refractory = model.refractory if isinstance(model.refractory, str) else (model.refractory or 0) * brian2.ms
    neurons = _guarded(
        "equations",
        model.equations,
        lambda: brian2.NeuronGroup(
            2, equations, threshold=model.threshold, reset=model.reset or None, refractory=refractory, method="euler",
            name=f"{_PREFIX}neurons", namespace={},
        ),
    )  # fmt: skip
    _check_use("equations", words_in(equations), neurons)
    _guarded("equations", model.equations, lambda: equations.check_units(neurons, {}))
    _statements("threshold", f"whether = {model.threshold}", model.threshold, neurons, boolean=True)
    if model.reset:
        _statements("reset", model.reset, model.reset, neurons)
    if isinstance(model.refractory, str):
        _check_refractory(model.refractory, neurons)
    update = _method("method", model.method or "auto", equations, neurons)
    _check_variables(model, equations)
    channels = brian2.NeuronGroup(
        2, "multiplicity : 1", threshold="multiplicity > 0", reset="", name=f"{_PREFIX}channels", namespace={}
    )
    updates: dict[tuple[str, bool], str] = {}
    found: dict[str, Any] = {}
    for side, source in (("recurrent", neurons), ("input", channels)):
        synapses, of_side = _links(model, side, source, neurons)
        updates |= of_side
        found |= equations_of(synapses)
    _check_initial(model, equations, found)
    words = set(model.words)
    random = bool(words & _RANDOM) or any(word == "xi" or word.startswith("xi_") for word in words)
    return Checked("", update, MappingProxyType(updates), random)


def words_in(equations: Any) -> set[str]:
    """Return the names in the expressions of equations."""
    return set().union(*(set(expression.identifiers) for _, expression in equations.eq_expressions), set())


def _links(model: BrianModel, side: str, source: Any, target: Any) -> tuple[Any, dict[Any, str]]:
    """Check the equations and statements of a side, and return the links and the code of their steps."""
    equations = _guarded("synapses", model.synapses, lambda: link_equations(model, side, False))
    if model.learns and (side == "recurrent" or model.plastic_input):
        equations = _guarded("plasticity", model.plasticity, lambda: link_equations(model, side, True))
    clashes = sorted(set(equations) & (set(target.equations) - {"w"}))
    if clashes:
        raise InputError("synapses" if clashes[0] in words_of(model.synapses or "") else "plasticity", clashes[0],
                         "must have another name: neurons have a variable of this name")  # fmt: skip
    field = "plasticity" if model.plasticity else "synapses"
    made = _guarded(
        field,
        getattr(model, field),
        lambda: brian2.Synapses(
            source, target, model=equations, on_pre="", on_post="", method="euler", name=_PREFIX + side, namespace={}
        ),
    )
    _check_use(field, words_in(equations), made)
    _guarded(field, getattr(model, field), lambda: equations.check_units(made, {}))
    updates = {}
    for plastic in (False, True):
        names = set(link_equations(model, side, plastic))
        here = brian2.Equations([one for one in made.equations.values() if one.varname in names])
        updates[side, plastic] = _method(field, "auto", here, made) if here.diff_eq_names else ""
    for (of, event), fields in EVENTS.items():
        for name in fields if of == side else ():
            text = getattr(model, name) if name else ""
            if text and not (name.startswith("plastic") and side == "input" and not model.plastic_input):
                _statements(name, with_arrivals(text, side, event), text, made)
    return made, updates


def _check_use(field: str, names: set[str], group: Any) -> dict[str, Any]:
    """Return what names stand for, or refuse one that stands for nothing."""
    unknown = {name for name in names if name not in group.variables and name != "xi" and not name.startswith("xi_")}
    for name in sorted(unknown):
        try:
            group.resolve_all({name}, {}, user_identifiers={name})
        except KeyError:
            raise InputError(field, name, "is not defined: it is no variable, parameter, unit or function") from None
    found: dict[str, Any] = _guarded(field, "", lambda: group.resolve_all(unknown, {}, user_identifiers=unknown))
    return {**group.variables, **found}


def _statements(field: str, code: str, shown: str, group: Any, boolean: bool = False) -> None:
    read, _ = check_statements(field, code)
    variables = _check_use(field, read, group)
    _guarded(field, shown, lambda: brian2.equations.unitcheck.check_units_statements(code, variables))
    if boolean:
        logical = _guarded(field, shown, lambda: brian2.parsing.expressions.is_boolean_expression(shown, variables))
        if not logical:
            raise InputError(field, shown, "must be a condition, such as v > v_threshold")


def _check_refractory(text: str, neurons: Any) -> None:
    variables = _check_use("refractory", check_expression("refractory", text), neurons)
    dim = _guarded("refractory", text, lambda: brian2.parsing.expressions.parse_expression_dimensions(text, variables))
    logical = _guarded("refractory", text, lambda: brian2.parsing.expressions.is_boolean_expression(text, variables))
    if dim is not brian2.second.dim and not logical:
        raise InputError("refractory", text, "must be a time or a condition")


def _method(field: str, wanted: str, equations: Any, group: Any) -> str:
    """Return the code of a step by the integrator that is wanted, or for auto by the first that can."""
    if wanted != "auto":
        return str(_guarded(field, wanted, lambda: _integrate(equations, group, wanted)))
    if not equations.diff_eq_names:
        return ""
    for one in _AUTO[equations.stochastic_type is not None]:
        try:
            return _integrate(equations, group, one)
        except UnsupportedEquationsException:
            continue
    raise InputError(field, wanted, "no integrator can integrate these equations")


def _integrate(equations: Any, group: Any, method: str) -> str:
    return str(StateUpdateMethod.apply_stateupdater(equations, group.variables, method, group_name=group.name))


def _check_variables(model: BrianModel, equations: Any) -> None:
    """Check the variable that is recorded, and that which analog input sets."""
    if model.record not in equations or equations[model.record].type == "subexpression":
        raise InputError("record", model.record, f"must be one of {', '.join(sorted(equations.diff_eq_names))}")
    if model.drive:
        gain = unit_of_text(model.input_gain.unit)
        if equations[model.drive].dim is not gain.dim:
            raise InputError("input_gain", model.input_gain, f"must have the unit of {model.drive}")
        if model.drive not in model.words:
            raise InputError("drive", model.drive, "is used in no text of the model")


def _check_initial(model: BrianModel, neurons: Any, links: Mapping[str, Any]) -> None:
    constants = neuron_constants(model)
    for name, one in model.initial.items():
        of = neurons if name in neurons else links
        fixed = name in constants or name in model.synapse_parameters or name in ("w", "w_max", model.drive)
        if name not in of or fixed or of[name].type == "subexpression":
            raise InputError("initial", name, "must be a variable of the neurons or links that changes")
        if isinstance(one, str) and (one not in constants or name not in neurons):
            raise InputError(f"initial.{name}", one, f"must be a value, or one of {', '.join(constants)}")
        if name not in neurons and model.plastic_input and isinstance(one, Amount) and isinstance(one.value, Distribution):
            raise InputError(f"initial.{name}", one, "must be a number: input links have the variable too")
        dim = constants[one].dim if isinstance(one, str) else unit_of_text(one.unit).dim
        if dim is not of[name].dim:
            raise InputError(f"initial.{name}", one, f"must have the unit of {name}, {of[name].unit!r}")


def _guarded(field: str, shown: object, call: Callable[[], Any]) -> Any:
    """Return what a call of Brian2 returns; its exceptions are errors of the field."""
    try:
        return call()
    except InputError as error:
        raise InputError(field, error.value, error.allowed) from None
    except brian2.DimensionMismatchError as error:
        raise InputError(field, shown, f"has units that do not agree: {_line(error)}") from None
    except Exception as error:
        raise InputError(field, shown, f"is refused by Brian2: {_line(error)}") from None


def _line(error: Exception) -> str:
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return shortened(" ".join(text.split()), _MOST)


__all__ = ["Checked", "checked", "problems_of", "words_in"]
