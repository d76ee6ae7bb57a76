"""Rules for the array fields of data classes (shape, type, range, unit), given in annotations, and their checks."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.units import plain

_KINDS = {"b": "b", "i": "iu", "f": "fiu", "U": "U"}  # kinds of values that can be converted to each type


@dataclass(frozen=True)
class ArrayRule:
    """Shape, type, range and unit of an array.

    Parameters
    ----------
    shape : tuple of str and int
        Lengths; a named length must be the same in all arrays with that name.
    dtype : numpy type
        Type to which values are converted if that is lossless.
    low, high : float
        Inclusive bounds; numbers must be finite in any case.
    above : float, optional
        Exclusive lower bound, instead of `low`.
    unit : str
        Unit to which Brian2 quantities are converted; without one they are an error.
    optional : bool
        Whether the array may be empty, for networks that do not have it.
    """

    shape: tuple[str | int, ...]
    dtype: Any = np.float64
    low: float = -math.inf
    high: float = math.inf
    above: float | None = None
    unit: str = ""
    optional: bool = False

    def converted(self, name: str, value: Any) -> np.ndarray:
        """Return `value` as a read-only array of this type, without a copy where `value` is one already.

        Raises
        ------
        InputError
            When its values are of another kind or dimension, or a value is not an integer where integers are required.
        """
        array = np.asarray(plain(value, self.unit, name))
        kind = np.dtype(self.dtype).kind
        if kind != "b" and isinstance(value, (list, tuple)) and any(isinstance(one, bool) for one in value):
            raise InputError(name, value, f"must be {_WORDS[kind]}")  # NumPy makes 1 of True among numbers
        if array.dtype == self.dtype:
            return frozen(array, self.dtype)
        if array.dtype.kind == "f" and kind == "i" and array.size:
            whole = np.isfinite(array) & (array == np.floor(array))
            require(name, array, whole, "must be a whole number")
        elif array.size and array.dtype.kind not in _KINDS[kind]:
            raise InputError(name, value, f"must be {_WORDS[kind]}")
        if kind == "i" and array.size:
            limits = np.iinfo(self.dtype)
            require(name, array, (array >= limits.min) & (array <= limits.max), f"must be {limits.min} to {limits.max}")
        return frozen(array, self.dtype)

    def check(self, name: str, array: np.ndarray, sizes: dict[str, int]) -> None:
        """Check the shape and range of a converted array; named lengths that are not in `sizes` are added to it.

        Raises
        ------
        InputError
            With the index and the value of the first invalid element.
        """
        if self.optional and not array.size and array.ndim == len(self.shape):
            return
        if array.ndim != len(self.shape):
            raise InputError(name, array.shape, f"must have {_dimensions(len(self.shape))}")
        named = zip(self.shape, array.shape, strict=True)
        wanted = tuple(sizes.setdefault(length, size) if isinstance(length, str) else length for length, size in named)
        if array.shape != wanted:
            raise InputError(name, array.shape, f"must have shape {wanted}: one value for each {self.shape[0]}")
        if array.dtype.kind == "f":
            require(name, array, np.isfinite(array), "must be finite")
        if self.above is not None:
            allowed = "must be positive" if self.above == 0 else f"must be above {self.above:g}"
            require(name, array, array > self.above, self._with_unit(allowed))
        if self.low > -math.inf:
            allowed = "must not be negative" if self.low == 0 else f"must be at least {self.low:g}"
            require(name, array, array >= self.low, self._with_unit(allowed))
        if self.high < math.inf:
            require(name, array, array <= self.high, self._with_unit(f"must be at most {self.high:g}"))

    def _with_unit(self, allowed: str) -> str:
        return f"{allowed} ({self.unit})" if self.unit else allowed


_WORDS = {"b": "true or false", "i": "whole numbers", "f": "numbers", "U": "strings"}


def array(*shape: str | int, **rule: Any) -> ArrayRule:
    """Return the rule of an array field, for its annotation; the arguments are those of :class:`ArrayRule`.

    Examples
    --------
    >>> array("neuron", above=0, unit="ms").check("tau_m", np.array([3.0, -1.0]), {})
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: tau_m[1] = -1.0: must be positive (ms)
    """
    return ArrayRule(shape, **rule)


@cache
def rules_of(kind: Hashable) -> Mapping[str, ArrayRule]:
    """Return the rules of the array fields of a data class by name, in the order of the fields.

    Examples
    --------
    >>> from hrsnn.reservoir import ShortTerm
    >>> list(rules_of(ShortTerm))
    ['release', 'tau_recovery', 'tau_facilitation']
    """
    found = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        rules = [one for one in getattr(hint, "__metadata__", ()) if isinstance(one, ArrayRule)]
        if rules:
            found[name] = rules[0]
    return found


def convert_arrays(instance: Any, prefix: str = "") -> None:
    """Convert all array fields of a data class to their types, in place and read-only.

    Parameters
    ----------
    instance : object
        Instance of a data class whose array fields are annotated by :func:`array`.
    prefix : str
        Prefix of the names in messages.

    Raises
    ------
    InputError
        When a value cannot be converted without loss.
    """
    for name, rule in rules_of(instance.__class__).items():
        object.__setattr__(instance, name, rule.converted(prefix + name, getattr(instance, name)))


def check_arrays(instance: Any, sizes: dict[str, int] | None = None, prefix: str = "") -> dict[str, int]:
    """Check shape and range of all array fields of a data class, and return the named lengths.

    Parameters
    ----------
    instance : object
        Instance of a data class, after :func:`convert_arrays`.
    sizes : dict, optional
        Known lengths by name.
    prefix : str
        Prefix of the names in messages.

    Raises
    ------
    InputError
        With the name, the index and the value of the first invalid element.
    """
    sizes = dict(sizes or {})
    for name, rule in rules_of(instance.__class__).items():
        rule.check(prefix + name, getattr(instance, name), sizes)
    return sizes


def frozen(values: Any, dtype: Any) -> np.ndarray:
    """Return `values` as a contiguous read-only array whose memory no other array can write to; no copy if it is one."""
    result: np.ndarray = np.asarray(values, dtype=dtype, order="C")  # ascontiguousarray would make a scalar one-dimensional
    if result.flags.writeable or result.base is not None:  # another array may write to its memory
        result = result.copy()
        result.setflags(write=False)
    return result


def require(name: str, values: np.ndarray, holds: np.ndarray, allowed: str) -> None:
    """Check that a condition is true for every value.

    Raises
    ------
    InputError
        With the index and the value of the first for which it is false.
    """
    if not holds.all():
        place = np.unravel_index(int(np.argmin(holds)), holds.shape)
        index = ", ".join(map(str, place))
        raise InputError(f"{name}[{index}]", values[place], allowed)


def _dimensions(count: int) -> str:
    return "one dimension" if count == 1 else f"{count} dimensions"
