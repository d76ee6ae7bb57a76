"""Keys and values of a sweep, from texts such as ``weight_scale=2,4,8`` and ``delay_exc.mean=10..100:10``."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hrsnn.errors import InputError
from hrsnn.scripts.cli.settings import pairs_of

#: Most runs of a sweep.
MOST_RUNS = 100_000
_RANGE = re.compile(r"([^:]+?)\.\.([^:]+?):([^:]+)")


@dataclass(frozen=True)
class Axis:
    """A key of a sweep with its values, as texts."""

    key: str
    values: tuple[str, ...]


def axes_of(texts: Sequence[str], seeds: int, option: str = "--over") -> tuple[Axis, ...]:
    """Return the axes of a sweep.

    Parameters
    ----------
    texts : sequence of str
        ``KEY=VALUES``: values separated by commas, each a value or a range ``first..last:step`` with both ends. Commas in
        brackets separate nothing.
    seeds : int
        Number of seeds at each point.
    option : str
        For messages.

    Raises
    ------
    InputError
        When there is no key, a key or a value is given twice, a value or a range is not of this form, or there would be
        more than `MOST_RUNS` runs.

    Examples
    --------
    >>> axes_of(["weight_scale=2,4,8", "delay_exc.mean=10..30:10"], seeds=2)
    (Axis(key='weight_scale', values=('2', '4', '8')), Axis(key='delay_exc.mean', values=('10', '20', '30')))
    """
    if not texts:
        raise InputError(option, None, "is needed: a key and its values, such as weight_scale=2,4,8")
    found: list[Axis] = []
    runs = seeds
    for key, text in pairs_of(texts, option):
        if any(axis.key == key for axis in found):
            raise InputError(option, key, "is given twice: name all its values at once")
        values: list[str] = []
        for item in _items(text):
            values += _values(option, f"{key}={text}", item, MOST_RUNS // runs)
        twice = next((value for value, count in Counter(map(_same, values)).items() if count > 1), None)
        if twice is not None:
            raise InputError(
                option,
                f"{key}={text}",
                f"has the value {twice if isinstance(twice, str) else f'{twice:g}'} twice: name each once",
            )
        runs *= len(values)
        _check_runs(option, f"{key}={text}", runs)
        found.append(Axis(key, tuple(values)))
    return tuple(found)


def _same(value: str) -> str | float:
    """Return what two values are compared by: 1 and 1.0 make the same point."""
    try:
        return float(value)
    except ValueError:
        return value


def _check_runs(option: str, text: str, runs: float) -> None:
    if runs > MOST_RUNS:
        raise InputError(option, text, f"makes {runs:.6g} runs or more: must be at most {MOST_RUNS}")


def _items(text: str) -> list[str]:
    """Split at commas that are in no brackets."""
    items, depth = [""], 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0:
            items.append("")
        else:
            items[-1] += letter
    return [item.strip() for item in items]


def _values(option: str, text: str, item: str, most: int) -> list[str]:
    if not item:
        raise InputError(option, text, "has an empty value")
    match = _RANGE.fullmatch(item)
    if match is None:
        if ".." in item:
            raise InputError(option, text, "has a range without its step: first..last:step")
        return [item]
    try:
        first, last, step = (float(part) for part in match.groups())
    except ValueError:
        raise InputError(option, text, f"has the range {item}: must be numbers, first..last:step") from None
    if not all(map(math.isfinite, (first, last, step))) or step == 0 or (last - first) / step < 0:
        raise InputError(option, text, f"has the range {item}: the step must lead from the first to the last")
    count = math.floor(min((last - first) / step * (1 + 1e-12) + 1e-9, 1e18)) + 1
    if count > most:
        _check_runs(option, text, MOST_RUNS / max(most, 1) * count)
    whole = all("." not in part and "e" not in part.lower() for part in match.groups())
    # twelve digits: 0.1 + 2 x 0.1 is 0.3
    return [str(round(first + k * step)) if whole else f"{first + k * step:.12g}" for k in range(count)]
