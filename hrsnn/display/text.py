"""Values and objects in few characters."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

#: Characters of a repr at most.
MOST = 300
_VALUE, _ITEMS = 60, 4


def abbreviated(value: Any) -> str:
    """Return a value in at most 60 characters: numbers with six digits, arrays and large containers by their sizes.

    Examples
    --------
    >>> abbreviated(0.1 + 0.2), abbreviated(np.zeros((3, 4))), abbreviated((1, 2)), abbreviated(list(range(100)))
    ('0.3', 'float64 array (3, 4)', '(1, 2)', 'list of 100')
    >>> abbreviated({"accuracy": 0.91}), abbreviated("a" * 100)
    ("{'accuracy': 0.91}", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'")
    """
    text = _written(value)
    if len(text) <= _VALUE:
        return text
    if isinstance(value, str):
        return repr(value[: _VALUE - 5] + "...")
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, Mapping | Sequence | Set) else _cut(text)


def _written(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype.name} array {value.shape}" if value.size != 1 else _written(value.item())
    if isinstance(value, np.generic):
        return _written(value.item())
    if isinstance(value, float):
        return format(value, ".6g")
    if isinstance(value, Mapping):
        if len(value) > _ITEMS:
            return f"{type(value).__name__} of {len(value)}"
        return "{" + ", ".join(f"{name!r}: {_written(one)}" for name, one in value.items()) + "}"
    if isinstance(value, tuple | list) and type(value) in (tuple, list):
        if len(value) > _ITEMS:
            return f"{type(value).__name__} of {len(value)}"
        inside = ", ".join(map(_written, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside},)" if len(value) == 1 else f"({inside})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and len(repr(value)) > _VALUE:
        return f"{type(value).__name__}(...)"
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    return repr(value)


def _cut(text: str) -> str:
    return text[: _VALUE - 3] + "..."


def line(name: str, parts: Iterable[str]) -> str:
    """Return ``name(part, part, ...)`` in less than 300 characters: parts that do not fit are left out.

    Examples
    --------
    >>> line("Reservoir", ["30 neurons", "dt 0.5 ms"])
    'Reservoir(30 neurons, dt 0.5 ms)'
    """
    shown: list[str] = []
    room = MOST - len(name) - len("(, ...)") - 1
    for part in parts:
        room -= len(part) + 2
        if room < 0:
            shown.append("...")
            break
        shown.append(part)
    return f"{name}({', '.join(shown)})"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 spike", "3 spikes".

    Examples
    --------
    >>> counted(1, "stimulus", "stimuli"), counted(3, "stimulus", "stimuli"), counted(0, "spike")
    ('1 stimulus', '3 stimuli', '0 spikes')
    """
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines, with the cells of a column below each other.

    Examples
    --------
    >>> columns([("a", "12", "ms"), ("long", "1", "")])
    ['a     12  ms', 'long  1']
    """
    cells = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
