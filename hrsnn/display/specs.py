"""How specifications show themselves: what differs from the defaults, and a table of all parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from hrsnn.display.html import folded, table
from hrsnn.display.text import abbreviated, columns, line


def changed(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that differ from the defaults.

    Examples
    --------
    >>> changed({"a": 1, "b": np.ones(2)}, {"a": 1, "b": 3})
    {'b': array([1., 1.])}
    """
    return {name: value for name, value in values.items() if not _same(value, defaults[name])}


def spec_line(name: str, values: Mapping[str, Any]) -> str:
    """Return ``Spec(parameter=value, ...)`` in less than 300 characters.

    Examples
    --------
    >>> spec_line("ReservoirSpec", {"neurons": 30})
    'ReservoirSpec(neurons=30)'
    """
    return line(name, (f"{parameter}={abbreviated(value)}" for parameter, value in values.items()))


def spec_summary(name: str, values: Mapping[str, Any], unit: Callable[[str], str] = lambda _: "") -> str:
    """Return all parameters as text, a line each: name, value and unit in columns.

    Examples
    --------
    >>> print(spec_summary("ReservoirSpec", {"neurons": 30, "tau_exc": 3.5}, {"tau_exc": "ms"}.get))
    ReservoirSpec
    neurons  30
    tau_exc  3.5  ms
    """
    rows = [(parameter, abbreviated(value), unit(parameter) or "") for parameter, value in values.items()]
    return "\n".join((name, *columns(rows)))


def spec_table(
    name: str,
    sentence: str,
    values: Mapping[str, Any],
    defaults: Mapping[str, Any],
    about: Callable[[str], tuple[str, str]],
) -> str:
    """Return HTML with what differs from the defaults, and all parameters folded away.

    Parameters
    ----------
    name, sentence : str
        Title, and what the specification is of.
    values, defaults : mapping
        Parameters.
    about : callable
        Function from a parameter to its unit and its description.

    Returns
    -------
    str
    """

    def rows(names: Iterable[str]) -> Iterable[tuple[str, ...]]:
        for parameter in names:
            yield parameter, abbreviated(values[parameter]), *about(parameter)

    differ = changed(values, defaults)
    note = "" if differ else " All parameters have their defaults."
    return table(name, sentence + note, rows(differ), [folded(f"all {len(values)} parameters", table("", "", rows(values)))])


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and np.array_equal(one, other)
    return bool(one == other)
