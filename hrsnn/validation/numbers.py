"""Checks of numbers and arrays of numbers from a caller."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_number, is_whole
from hrsnn.validation.limits import check_limit
from hrsnn.validation.units import plain

#: Larger than any count that means something; sums and products of a few of them still fit where they are computed.
MOST = 10**15
#: Channels are numbered in 32 bits.
MOST_CHANNELS = 2**31 - 1


def positive(name: str, value: Any, unit: str, *, zero: bool = False) -> float:
    """`value` as a positive (or, with `zero`, not negative) finite float; Brian2 quantities become numbers in `unit`.

    A `unit` that is none of ms, mV and Hz is a word for the message alone: such a number has no quantities.

    Raises
    ------
    InputError
        When it is none; the message names the field and the unit.

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


def bool_of(name: str, value: Any) -> bool:
    """`value` where it is True or False.

    Raises
    ------
    InputError
        When it is anything else, such as "no".
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(name, value, "must be True or False")
    return bool(value)


def duration_of(name: str, value: Any, *, zero: bool = False) -> float:
    """`value` as a :func:`positive` time in ms that is within the limit of durations.

    Raises
    ------
    InputError
        When it is none.
    """
    number = positive(name, value, "ms", zero=zero)
    check_limit("duration", name, number)
    return number


def count_of(name: str, value: Any, least: int = 1, most: int = MOST) -> int:
    """`value` as an int from `least` to `most`.

    Raises
    ------
    InputError
        When it is none.
    """
    if not is_whole(value) or value < least:
        raise InputError(name, value, f"must be a whole number >= {least}")
    if value > most:
        raise InputError(name, value, f"must be at most {most}")
    return int(value)


def repeats_of(name: str, value: Any, least: int = 1) -> int:
    """`value` as an int >= `least` that is within the limit of seeds and other repeats.

    Raises
    ------
    InputError
        When it is none.
    """
    number = count_of(name, value, least)
    check_limit("seeds", name, number)
    return number


def float_array(name: str, values: Any, unit: str = "") -> np.ndarray:
    """`values` as a new float64 array of any shape; Brian2 quantities become numbers in `unit`.

    Raises
    ------
    InputError
        When they are no numbers, or quantities that are not of the unit (without one: quantities at all).
    """
    try:
        return np.array(plain(values, unit, name), dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(name, values, "must be numbers") from error


def series_of(name: str, values: Any) -> np.ndarray:
    """`values` as finite float64 rows (times, columns), at least one of each; one dimension is one column.

    Raises
    ------
    InputError
        When they are none.

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
    """:func:`float_array` of one dimension.

    Raises
    ------
    InputError
        When they are no numbers or not of the unit, or have another dimension than one.
    """
    array = float_array(name, values, unit)
    if array.ndim != 1:
        raise InputError(name, array.shape, "must have one dimension")
    return array


def whole_vector(name: str, values: Any, dtype: type[np.signedinteger[Any]]) -> np.ndarray:
    """`values` as a new 1-D integer array; floats are taken where they are whole.

    Raises
    ------
    InputError
        When they are no whole numbers, do not fit in `dtype`, or have another dimension than one.

    Examples
    --------
    >>> whole_vector("channels", [0.0, 3.0], np.int32)
    array([0, 3], dtype=int32)
    """
    array = np.asarray(plain(values, "", name))
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
