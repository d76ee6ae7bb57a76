"""Types of the parameters of a spec: numbers, distributions or arrays within bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from pydantic import (
    BeforeValidator,
    Field,
)
from pydantic_core import PydanticCustomError

from hrsnn.distributions import Constant, Distribution, from_dict
from hrsnn.errors import InputError, SpecError
from hrsnn.validation.annotations import is_number


def _parameter(value: Any) -> Any:
    """Return a number, a distribution (or its dictionary) or an array as a distribution or a read-only array."""
    try:
        if isinstance(value, Distribution):
            return value
        if isinstance(value, dict):
            return from_dict(value)
        if is_number(value):
            return Constant(float(value))
        if isinstance(value, (list, tuple, np.ndarray)):
            return _array(value)
    except OverflowError:
        raise PydanticCustomError("parameter", "must be a number below 1e308", {}) from None
    except (InputError, SpecError, ValueError, TypeError) as error:
        raise PydanticCustomError("parameter", "{reason}", {"reason": str(error)}) from error
    raise PydanticCustomError("parameter", "must be a number, a distribution or an array", {})


def _array(value: Any) -> Any:
    try:
        # texts, which NumPy would convert, and truth values are no numbers here either
        array = None if np.asarray(value).dtype.kind in "USb" else np.array(value, dtype=np.float64)
    except (ValueError, TypeError):
        array = None
    if array is None:
        raise InputError("array", value, "must be one-dimensional, and of numbers")
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise InputError("array", value, "must be one-dimensional, not empty, and finite")
    array.setflags(write=False)
    return array


#: Maximum time: longer than any run, and short enough that the number of steps does not overflow.
_LONGEST = 1e6


class _Range:
    """Bounds for all values of a parameter; `open_low` excludes the lower bound."""

    def __init__(self, low: float, high: float = math.inf, open_low: bool = False) -> None:
        self.low, self.high, self.open_low = low, high, open_low

    def __call__(self, value: Any) -> Any:
        value = _parameter(value)
        lowest, highest = value.support if isinstance(value, Distribution) else (value.min(), value.max())
        if isinstance(value, Distribution) and math.isinf(highest):
            highest = 50 * value.truncated_mean  # an upper limit of the draws in any network
        # the draws of a distribution are above its lower bound with probability 1, which may equal an open bound
        touches = lowest == self.low and (isinstance(value, Constant) or not isinstance(value, Distribution))
        if lowest < self.low or highest > self.high or (self.open_low and touches):
            bounds = f"{'above' if self.open_low else 'at least'} {self.low:g}"
            if math.isfinite(self.high):
                bounds += f" and at most {self.high:g}"
            raise PydanticCustomError("range", "must be {bounds}", {"bounds": bounds})
        return value


def _number(value: Any) -> Any:
    """Reject strings and booleans, some of which pydantic would convert."""
    if isinstance(value, (str, bytes, bool, np.bool_)):
        raise PydanticCustomError("number", "must be a number", {})
    return value


def _truth(value: Any) -> Any:
    """Reject all values other than True and False, such as 1 and "yes"."""
    if not isinstance(value, (bool, np.bool_)):
        raise PydanticCustomError("truth", "must be true or false", {})
    return bool(value)


Parameter = Distribution | np.ndarray


Finite = Annotated[Parameter, BeforeValidator(_parameter)]


Positive = Annotated[Parameter, BeforeValidator(_Range(0, open_low=True))]


NonNegative = Annotated[Parameter, BeforeValidator(_Range(0))]


Duration = Annotated[Parameter, BeforeValidator(_Range(0, _LONGEST))]


def _or_none(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else check(value)


#: A delay that may be missing, which is not the same as 0: it is given in another way, or nowhere.
Delay = Annotated[Parameter | None, BeforeValidator(_or_none(_Range(0, 1000)))]


OptionalReal = Annotated[float | None, BeforeValidator(_or_none(_number))]


Rate = Annotated[Parameter, BeforeValidator(_Range(0, 1e5))]


Release = Annotated[Parameter, BeforeValidator(_Range(0, 1, open_low=True))]


Real = Annotated[float, BeforeValidator(_number)]


Truth = Annotated[bool, BeforeValidator(_truth)]


Probability = Annotated[Real, Field(ge=0, le=1)]
