"""Units as text, by Brian2's names of units, without evaluating the text as code."""

from __future__ import annotations

import ast
import functools
from typing import Any, NamedTuple

from hrsnn.engines.brian.session import brian2
from hrsnn.errors import InputError

_HIGHEST = 12  #: largest exponent of a unit
_NONE = brian2.get_dimensions(1)
_NAMES = brian2.core.namespace.DEFAULT_UNITS


class Unit(NamedTuple):
    """A unit: its dimension, as Brian2 has it, and its value in the base unit of SI."""

    dim: Any
    factor: float


@functools.cache
def unit_of_text(text: str) -> Unit:
    """Return the unit that a text such as ``"nS"``, ``"mV/ms"`` or ``"1"`` names.

    Products, quotients and whole powers of the names of Brian2's units are allowed.

    Raises
    ------
    InputError
        When it is anything else.

    Examples
    --------
    >>> unit_of_text("nS*mV/pA").dim, round(unit_of_text("mV/ms").factor, 12)
    (Dimension(), 1.0)
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError("unit", text, "must be a unit of Brian2, such as mV, nS or mV/ms") from None
    return _unit(node, text)


def name_of_unit(dim: Any) -> str:
    """Return the name of the base unit of a dimension, as in equations; "1" without one."""
    return "1" if dim is _NONE else repr(brian2.get_unit(dim))


def amount_of_quantity(value: Any) -> tuple[Any, str]:
    """Return a Brian2 quantity as its value and the name of its unit: ms, mV or Hz, else the base unit of SI."""
    dim = value.dim
    for name in ("ms", "mV", "Hz"):
        if unit_of_text(name).dim is dim:
            return float(f"{float(value) / unit_of_text(name).factor:.15g}"), name
    return float(f"{float(value):.15g}"), name_of_unit(dim)


def _unit(node: ast.expr, text: str) -> Unit:
    if isinstance(node, ast.Name) and node.id in _NAMES:
        one = _NAMES[node.id]
        return Unit(one.dim, float(one))
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value == 1:
        return Unit(_NONE, 1.0)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        left, right = _unit(node.left, text), _unit(node.right, text)
        if isinstance(node.op, ast.Mult):
            return Unit(left.dim * right.dim, left.factor * right.factor)
        return Unit(left.dim / right.dim, left.factor / right.factor)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        base, power = _unit(node.left, text), _whole(node.right)
        if power is not None and abs(power) <= _HIGHEST:
            return Unit(base.dim**power, base.factor**power)
    raise InputError("unit", text, "must be a unit of Brian2, such as mV, nS or mV/ms")


def _whole(node: ast.expr) -> int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _whole(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None
