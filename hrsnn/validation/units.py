"""Conversion of Brian2 quantities to plain numbers in ms, mV and Hz."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.annotations import check_of

P = ParamSpec("P")
T = TypeVar("T")

_TIME, _VOLTAGE, _RATE = (0, 0, 1, 0, 0, 0, 0), (2, 1, -3, -1, 0, 0, 0), (0, 0, -1, 0, 0, 0, 0)
#: Exponents of (metre, kilogram, second, ampere, kelvin, mole, candela), and the factor from SI to the unit.
_UNITS: dict[str, tuple[tuple[float, ...], float]] = {
    "ms": (_TIME, 1e3),
    "mV": (_VOLTAGE, 1e3),
    "Hz": (_RATE, 1.0),
    "s": (_TIME, 1.0),
    "us": (_TIME, 1e6),
}
#: Units used in this package, one for each dimension; the others are for data of other sources.
OURS = ("ms", "mV", "Hz")

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
#: Types without quantities: a list of these only is returned unchanged.
_SIMPLE = frozenset(
    {float, int, bool, str, bytes, complex, type(None), np.float64, np.float32, np.int64, np.int32, np.bool_, np.str_}
)
#: Powers of ten that are exact in float64.
_POWERS = np.array([float(f"1e{k}") for k in range(23)])
#: Edges of decades; a value rounded to 15 significant digits, times the power for its decade, is an integer.
_DECADES = np.array([float(f"1e{k}") for k in range(-8, 16)])


def plain(value: Any, unit: str, field: str = "value") -> Any:
    """Return `value` with every Brian2 quantity converted to a number in `unit`; other values are unchanged.

    Parameters
    ----------
    value : object
        A number, an array, a list, tuple or dictionary of them, nested to any depth, or anything else. Plain numbers are
        taken to be in `unit`, also next to quantities.
    unit : str
        "ms", "mV", "Hz", "s" or "us"; with any other value, numbers have no unit and quantities are an error.
    field : str
        Name of the value in messages.

    Raises
    ------
    InputError
        When a quantity has another dimension; the message gives its index in a list.

    Notes
    -----
    ``20*ms`` is stored as 0.02 s, and 0.02 times 1000 is not exactly 20; rounding to 15 significant digits corrects this.
    Brian2 is not imported: if it has not been imported elsewhere, there are no quantities and nothing is searched. Arrays
    of numbers are never searched, lists only if Brian2 has been imported.

    Examples
    --------
    >>> plain(3.0, "ms"), plain("auto", "ms")
    (3.0, 'auto')
    >>> from brian2 import ms, second
    >>> plain([20 * ms, 0.5 * second, 7], "ms")
    [20.0, 500.0, 7]
    """
    dimension = _dimension_class()
    return value if dimension is None else _shallow(value, unit, field, dimension)


def unit_of(value: Any, field: str = "value") -> str | None:
    """Return the unit of a Brian2 quantity in this package, "ms", "mV" or "Hz"; None for other values.

    Raises
    ------
    InputError
        When it is a quantity, but not a time, voltage or rate.

    Examples
    --------
    >>> from brian2 import second
    >>> unit_of(2 * second), unit_of(2)
    ('ms', None)
    """
    dimension = _dimension_class()
    found = None if dimension is None else getattr(value, "dim", None)
    if dimension is None or not isinstance(found, dimension) or not any(found._dims):  # type: ignore[attr-defined]
        return None
    for unit in OURS:
        if tuple(found._dims) == _UNITS[unit][0]:  # type: ignore[attr-defined]
            return unit
    raise InputError(field, value, "must be a time, a voltage or a rate")


def takes(**units: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function to accept Brian2 quantities, which :func:`plain` converts to the units given here by name.

    Arguments are also checked by their annotations (:mod:`hrsnn.validation.annotations`).

    Parameters
    ----------
    **units
        Unit of each parameter that has one. Quantities in any other argument are an error that names the argument.

    Examples
    --------
    >>> from brian2 import ms
    >>> @takes(duration="ms")
    ... def steps(duration, dt=0.5):
    ...     return duration / dt
    >>> steps(10 * ms), steps(10)
    (20.0, 20.0)
    >>> steps(10, dt=1 * ms)
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: dt = 1. * msecond: must be a number without a unit
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        parameters = inspect.signature(function).parameters
        names = list(parameters)
        checks = _checks({name: one.annotation for name, one in parameters.items() if one.kind not in _VARIADIC}, units)
        unknown = set(units) - set(names)
        if unknown:
            raise TypeError(f"{function.__qualname__} has no parameter {', '.join(sorted(unknown))}")

        @functools.wraps(function)
        def taking(*args: P.args, **kwargs: P.kwargs) -> T:
            if len(args) > len(names):
                return function(*args, **kwargs)
            given = [*zip(names, args, strict=False), *kwargs.items()]
            dimension = _dimension_class()
            if dimension is not None:
                given = [(name, _shallow(value, units.get(name, ""), name, dimension)) for name, value in given]
            taken: list[Any] = [checks[name](name, value) if name in checks else value for name, value in given]
            return function(*taken[: len(args)], **dict(zip(kwargs, taken[len(args) :], strict=True)))

        taking.units_taken = dict(units)  # type: ignore[attr-defined]
        return taking

    return decorate


def take_fields(options: Any, **units: str) -> None:
    """Convert and check the fields of a frozen dataclass as :func:`takes` does, in its ``__post_init__``."""
    kind: Any = type(options)
    checks = _checks_of_fields(kind)
    for name, value in list(vars(options).items()):
        number = plain(value, units.get(name, ""), name)
        object.__setattr__(options, name, checks[name](name, number) if name in checks else number)


def _checks(annotations: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Callable[[str, Any], Any]]:
    """Return the checks of those parameters whose annotations have one."""
    found = {name: check_of(one, units.get(name, "")) for name, one in annotations.items() if isinstance(one, str)}
    return {name: check for name, check in found.items() if check is not None}


@functools.cache
def _checks_of_fields(kind: Any) -> dict[str, Callable[[str, Any], Any]]:
    return _checks({one.name: one.type for one in dataclasses.fields(kind)}, {})


def _dimension_class() -> type | None:
    """Return Brian2's class of dimensions if Brian2 has been imported; otherwise there are no quantities."""
    module = sys.modules.get("brian2.units.fundamentalunits")
    return getattr(module, "Dimension", None)


def _shallow(value: Any, unit: str, field: str, dimension: type) -> Any:
    try:
        return _plain(value, unit, field, (), dimension)
    except RecursionError:  # a list that holds itself, or that is nested a thousand times
        raise InputError(field, type(value).__name__, "is nested too deeply") from None


def _plain(value: Any, unit: str, field: str, place: tuple[object, ...], dimension: type) -> Any:
    kind = type(value)
    if kind in _SIMPLE or (kind is np.ndarray and value.dtype != object):
        return value
    # by attribute rather than the class Quantity, which variables of groups and monitors are not instances of
    found = getattr(value, "dim", None)
    if isinstance(found, dimension):
        return _in_unit(value, tuple(found._dims), unit, field, place)  # type: ignore[attr-defined]
    if isinstance(value, Mapping):
        changed = {key: _plain(item, unit, field, (*place, key), dimension) for key, item in value.items()}
        return changed if any(changed[key] is not item for key, item in value.items()) else value
    if _holds_objects(value):
        items = np.asarray(value, dtype=object).tolist()
        taken = _plain(items, unit, field, place, dimension)
        return value if taken is items else taken
    if isinstance(value, Sequence) and not isinstance(value, range):
        if _SIMPLE.issuperset(set(map(type, value))):
            return value
        taken = [_plain(item, unit, field, (*place, index), dimension) for index, item in enumerate(value)]
        if all(new is old for new, old in zip(taken, value, strict=True)):
            return value
        return tuple(taken) if isinstance(value, tuple) else taken
    return value


def _holds_objects(value: Any) -> bool:
    """Return whether `value` is an array, or a pandas Series or DataFrame, of Python objects."""
    kinds = getattr(value, "dtypes", getattr(value, "dtype", None))
    return any(getattr(kind, "kind", "") == "O" for kind in np.ravel(np.array(kinds, dtype=object)))


def _in_unit(
    value: Any, dims: tuple[float, ...], unit: str, field: str, place: tuple[object, ...]
) -> float | np.ndarray | np.generic:
    bare = np.asarray(value)
    if any(dims):
        known = _UNITS.get(unit)
        if known is None or dims != known[0]:
            where = field + "".join(f"[{index!r}]" for index in place)
            allowed = f"must be a quantity in {unit}, or a number" if known else "must be a number without a unit"
            raise InputError(where, value, allowed)
        bare = _fifteen_digits(np.asarray(bare * known[1], dtype=np.float64))
    return bare if bare.ndim else bare.item()


def _fifteen_digits(values: np.ndarray) -> np.ndarray:
    """Round each number to 15 significant digits: ``float(f"{x:.15g}")``, except for ties."""
    size = np.abs(values)
    decade = np.searchsorted(_DECADES, size, side="right")  # 1 for 1e-8 to 1e-7, 23 for 1e14 to 1e15
    inside = (decade > 0) & (decade < len(_DECADES))
    power = _POWERS[np.where(inside, 23 - decade, 0)]
    # the quotient of an integer below 2^53 and an exact power of ten is the float64 nearest to the decimal number
    rounded = np.where(inside, np.rint(values * power) / power, values)
    odd = ~inside & (size > 0) & np.isfinite(values)
    if odd.any():
        rounded[odd] = [float(f"{x:.15g}") for x in values[odd]]
    return np.asarray(rounded)
