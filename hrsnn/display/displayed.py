"""Base class of what people meet in a terminal or a notebook."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from hrsnn.display.html import table
from hrsnn.display.text import abbreviated, columns, line
from hrsnn.validation.arrays import rules_of


class Row(NamedTuple):
    """A quantity of a summary: its name, its value as text, and its unit or what else there is to say of it."""

    name: str
    value: str
    unit: str = ""


class Displayed:
    """Object with a repr of less than 300 characters, a summary, and a table for notebooks.

    By default they show the fields of a data class, arrays by type and shape. A class that has more to say defines
    ``_parts``, for the repr, ``_rows``, for summary and table, or ``_pictures``, SVG below the table.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True)
    ... class Found(Displayed):
    ...     total: float
    ...     curve: np.ndarray
    >>> found = Found(0.5, np.zeros(100))
    >>> found
    Found(total=0.5, curve=float64 array (100,))
    >>> print(found.summary())
    Found
    total  0.5
    curve  float64 array (100,)
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # `dataclass` adds a repr with every value to a class that has none of its own
        if "__repr__" not in vars(cls):
            type.__setattr__(cls, "__repr__", Displayed.__repr__)

    def __repr__(self) -> str:
        return line(type(self).__name__, self._parts())

    def _repr_html_(self) -> str:
        return table(type(self).__name__, _sentence(type(self)), self._rows(), self._pictures())

    def summary(self) -> str:
        """Return the values as text, a line each: names, values and units in columns."""
        return "\n".join((type(self).__name__, *columns(self._rows())))

    def _parts(self) -> Iterable[str]:
        return (f"{name}={value}" for name, value, _ in Displayed._rows(self))

    def _rows(self) -> Iterable[Row]:
        units = units_of(type(self))
        for name, value in shown_fields(self):
            yield Row(name, abbreviated(value), units.get(name, ""))

    def _pictures(self) -> Iterable[str]:
        return ()


def shown_fields(displayed: object) -> Iterable[tuple[str, Any]]:
    """Yield names and values of the fields of a data class that are in its repr and neither None nor empty."""
    for field in dataclasses.fields(displayed):  # type: ignore[arg-type]
        value = getattr(displayed, field.name)
        empty = (
            value is None
            or (isinstance(value, np.ndarray) and not value.size)
            or (isinstance(value, Mapping | tuple | str) and not value)
        )
        if field.repr and not empty:
            yield field.name, value


def units_of(kind: type) -> dict[str, str]:
    """Return the units of the array fields of a data class that have one."""
    return {name: rule.unit for name, rule in rules_of(kind).items() if rule.unit}


def _sentence(kind: type) -> str:
    """Return the first line of the documentation, without its markup."""
    return re.sub(r":\w+:`~?([^`]*)`", r"\1", (inspect.getdoc(kind) or "").split("\n", 1)[0])
