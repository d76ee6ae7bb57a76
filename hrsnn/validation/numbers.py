"""Validation and conversion of numbers and arrays of numbers."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_number, is_whole
from hrsnn.validation.limits import check_limit
from hrsnn.validation.units import plain

#: Maximum of counts: larger than any meaningful one, and small enough that sums and products do not overflow.
MOST = 10**15
#: Maximum number of channels, whose indices have 32 bits.
MOST_CHANNELS = 2**31 - 1
#: Maximum number of bits of a quantised weight or v, whose levels are then finer than any parameter is known.
MOST_BITS = 16


def positive(name: str, value: Any, unit: str, *, zero: bool = False) -> float:
    """Return `value` as a positive (with `zero`, non-negative) finite float; Brian2 quantities are converted to `unit`.

    A `unit` other than ms, mV and Hz is used in the message only; quantities are then an error.

    Raises
    ------
    InputError
        When `value` is anything else; the message names the field and the unit.

    Examples
    --------
    >>> positive("dt", 2, "ms")
    2.0
    """
    number = plain(value, unit, name)
    known = is_number(number)
    if known and isinstance(number, int) and number > sys.float_info.max:
        number = np.inf
    if not known or not 0 <= number < np.inf or (number == 0 and not zero):
        raise InputError(name, value, f"must be {'0 or more' if zero else 'positive'} ({unit})")
    return float(number)


def number_of(name: str, value: Any) -> float:
    """Return `value` as one float; nan is one.

    Raises
    ------
    InputError
        When it is no number, such as an array or text, or has a unit.

    Examples
    --------
    >>> number_of("threshold", 1)
    1.0
    """
    number = plain(value, "", name)
    if not is_number(number):
        raise InputError(name, value, "must be a number")
    if isinstance(number, int) and abs(number) > sys.float_info.max:  # float would raise an OverflowError
        return float("inf") if number > 0 else -float("inf")
    return float(number)


def bool_of(name: str, value: Any) -> bool:
    """Return `value` if it is True or False.

    Raises
    ------
    InputError
        When it is anything else, such as "no".
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(name, value, "must be True or False")
    return bool(value)


def duration_of(name: str, value: Any, *, zero: bool = False) -> float:
    """Return `value` as a :func:`positive` time in ms within the limit of durations.

    Raises
    ------
    InputError
        When `value` is anything else.
    """
    number = positive(name, value, "ms", zero=zero)
    check_limit("duration", name, number)
    return number


def count_of(name: str, value: Any, least: int = 1, most: int = MOST) -> int:
    """Return `value` as an int from `least` to `most`.

    Raises
    ------
    InputError
        When `value` is anything else.

    Examples
    --------
    >>> count_of("neurons", 40)
    40
    >>> count_of("neurons", 0)
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: neurons = 0: must be a whole number >= 1
    """
    if not is_whole(value) or value < least:
        raise InputError(name, value, f"must be a whole number >= {least}")
    if value > most:
        raise InputError(name, value, f"must be at most {most}")
    return int(value)


def state_bits_of(value: Any) -> int:
    """Return `value` as the number of bits of v: 0, or 2 to 16.

    Raises
    ------
    InputError
        When `value` is anything else.
    """
    if not is_whole(value) or (value != 0 and not 2 <= value <= MOST_BITS):
        raise InputError("state_bits", value, f"must be 0 (v is not rounded), or a whole number from 2 to {MOST_BITS}")
    return int(value)


def repeats_of(name: str, value: Any, least: int = 1) -> int:
    """Return `value` as an int >= `least` within the limit of seeds and other repetitions.

    Raises
    ------
    InputError
        When `value` is anything else.
    """
    number = count_of(name, value, least)
    check_limit("seeds", name, number)
    return number


def float_array(name: str, values: Any, unit: str = "") -> np.ndarray:
    """Return `values` as a new float64 array of any shape; Brian2 quantities are converted to `unit`.

    Raises
    ------
    InputError
        When they are not numbers, or quantities of another dimension (without a unit: any quantities).
    """
    try:
        return np.array(plain(values, unit, name), dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(name, values, "must be numbers") from error


def series_of(name: str, values: Any) -> np.ndarray:
    """Return `values` as finite float64 rows (times, columns), at least one of each; one dimension is one column.

    Raises
    ------
    InputError
        When `values` are anything else.

    Examples
    --------
    >>> series_of("inputs", [1, 2, 3]).shape
    (3, 1)
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not array.size:
        raise InputError(name, array.shape, "must have shape (times,) or (times, columns), not empty")
    if not np.isfinite(array).all():
        raise InputError(name, array[~np.isfinite(array)][0], "must be finite")
    return array


def float_vector(name: str, values: Any, unit: str = "") -> np.ndarray:
    """Return :func:`float_array` of one dimension.

    Raises
    ------
    InputError
        When they are not numbers, are quantities of another dimension, or not one-dimensional.
    """
    array = float_array(name, values, unit)
    if array.ndim != 1:
        raise InputError(name, array.shape, "must have one dimension")
    return array


def whole_vector(name: str, values: Any, dtype: type[np.signedinteger[Any]]) -> np.ndarray:
    """Return `values` as a new 1-D integer array; floats with integer values are accepted.

    Raises
    ------
    InputError
        When they are not integers, do not fit in `dtype`, or are not one-dimensional.

    Examples
    --------
    >>> whole_vector("channels", [0.0, 3.0], np.int32)
    array([0, 3], dtype=int32)
    """
    try:
        array = np.asarray(plain(values, "", name))
    except ValueError as error:  # rows of different lengths
        if isinstance(error, InputError):
            raise
        raise InputError(name, values, "must be whole numbers") from error
    if array.ndim != 1:
        raise InputError(name, array.shape, "must have one dimension")
    if array.dtype.kind == "f":
        bad = np.flatnonzero(~(np.isfinite(array) & (array == np.floor(array))))
        if len(bad):
            raise InputError(f"{name}[{bad[0]}]", array[bad[0]], "must be a whole number")
    elif array.dtype.kind not in "biu":
        raise InputError(name, values, "must be whole numbers")
    limits = np.iinfo(dtype)
    for extreme in (array.min(), array.max()) if array.size else ():
        if not limits.min <= extreme <= limits.max:
            raise InputError(name, extreme, f"must be {limits.min} to {limits.max}")
    return array.astype(dtype)
