"""Arrays of NumPy in pickles: the calls by which they are pickled, carried out on objects of this file.

An array is ``_reconstruct(ndarray, (0,), b"b")`` with the state (version, shape, dtype, Fortran order, values as bytes); its
dtype is ``dtype("u1", False, True)`` with the state (version, byte order, ...). Python 3 pickles bytes for Python 2 as
``encode(text, "latin1")``, and none as ``bytes()``.

Source: ``numpy.ndarray.__reduce__`` and ``__setstate__``
(https://numpy.org/doc/stable/reference/generated/numpy.ndarray.html).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

#: What is recognised, by module and name as in the file.
NAMES = {
    **{f"numpy.{core}.multiarray _reconstruct": "array" for core in ("core", "_core")},
    "numpy ndarray": "ndarray",
    "numpy dtype": "dtype",
    "_codecs encode": "encode",
    "__builtin__ bytes": "bytes",
    "builtins bytes": "bytes",
}


@dataclass(frozen=True)
class PickledName:
    """A function or type that is recognised."""

    meaning: str


@dataclass
class PickledType:
    """The type of the values of an array."""

    code: str


@dataclass
class PickledArray:
    """An array, which gets its values after it was made."""

    values: np.ndarray | None = None


def exactly(kind: type, value: Any) -> Any:
    """Return a value if it is of exactly this type.

    Raises
    ------
    TypeError
        When it is of another.
    """
    if type(value) is not kind:
        raise TypeError(f"it has a {type(value).__name__} for a {kind.__name__}")
    return value


def called(meaning: str, arguments: tuple[Any, ...]) -> Any:
    """Return what one of the known functions would: an array or a type without its state yet, or bytes.

    Raises
    ------
    TypeError
        When it is called in another way than for plain arrays of numbers.
    """
    if meaning == "array":
        return PickledArray()
    if meaning == "dtype":
        code = arguments[0].decode("latin-1") if isinstance(arguments[0], bytes) else arguments[0]
        if not re.fullmatch(r"[biuf][1248]", exactly(str, code)):
            raise TypeError(f"values of type {code!r:.20} are none of bool, int, uint and float")
        return PickledType(code)
    if meaning == "encode" and len(arguments) == 2 and arguments[1] == "latin1":
        return exactly(str, arguments[0]).encode("latin-1")
    if meaning == "bytes" and not arguments:
        return b""
    raise TypeError(f"it calls {meaning} with {len(arguments)} arguments")


def set_state(target: Any, state: tuple[Any, ...]) -> None:
    """Give an array its values, or a type its byte order.

    Raises
    ------
    TypeError, ValueError
        When the state is not of the layout above, or the values are more or fewer than the shape says.
    """
    if isinstance(target, PickledType):
        order = state[1].decode("latin-1") if isinstance(state[1], bytes) else state[1]
        if exactly(str, order) not in ("<", ">", "|", "="):
            raise ValueError(f"{order!r:.20} is no byte order")
        target.code = order + target.code
        return
    _, shape, kind, fortran, raw = state
    raw = raw.encode("latin-1") if isinstance(raw, str) else exactly(bytes, raw)
    shape = tuple(exactly(int, one) for one in exactly(tuple, shape))
    dtype = np.dtype(exactly(PickledType, kind).code)
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError(f"an array of shape {shape} and type {dtype} has not {len(raw)} bytes")
    exactly(PickledArray, target).values = np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")
