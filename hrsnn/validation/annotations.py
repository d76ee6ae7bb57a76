"""Checks of arguments by their annotations: booleans, strings, numbers, functions, classes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.errors import InputError

if TYPE_CHECKING:
    from typing_extensions import TypeIs

#: Classes in annotations; objects are recognised by the name of their class, so that no module is imported.
CLASSES = frozenset(
    {
        *("Activity", "ClassificationTask", "Currents", "Distribution", "Gamma", "LogNormal", "NetworkState"),
        *("PairedTest", "PruningContext", "Reservoir", "ReservoirSpec", "ScoredNetwork", "SeriesTask", "Space"),
        *("BalancedNetwork", "BalancedSpec", "BalancedState", "SpikeTrains", "TaskSuite", "Trajectory", "HawkesProcess"),
        *("Amount", "BrianModel", "BrianNetwork"),
        *("BaseSampler", "DiGraph", "Generator"),  # of Optuna, NetworkX and NumPy
    }
)
#: Descriptions of classes in messages, where the name is not enough.
_CALLED = {"DiGraph": "a networkx.DiGraph (networkx's graph.to_directed() makes one of a Graph)"}
#: Types whose values are shown in messages; for other objects the class is named.
_PLAIN = (str, bytes, int, float, complex, list, tuple, dict, type(None), np.generic, np.ndarray)


def is_whole(value: Any) -> TypeIs[int]:
    """Return whether a value is an integer of Python or NumPy; booleans are not.

    Examples
    --------
    >>> is_whole(3), is_whole(3.0), is_whole(True)
    (True, False, False)
    """
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))


def is_number(value: Any) -> TypeIs[float]:
    """Return whether a value is one real number of Python or NumPy; booleans are not.

    Examples
    --------
    >>> is_number(3), is_number(np.float32(0.5)), is_number("3"), is_number(False)
    (True, True, False, False)
    """
    return is_whole(value) or isinstance(value, (float, np.floating))


def _number(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return not value.ndim and value.dtype.kind in "iuf"
    return is_number(value)


def _numbers(value: Any) -> bool:
    try:
        array = value if type(value) is np.ndarray else np.asarray(value)
        if array.dtype.kind == "O" and not any(one is None for one in array.flat):  # integers beyond 64 bits
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):  # rows of different lengths, not a number, too large for a float
        return False
    return array.dtype.kind in "biuf"


def _is_of_a_kind(value: Any, method: str) -> bool:
    return isinstance(getattr(value, "kind", None), str) and hasattr(value, method)


def _listed(value: Any) -> bool:
    return np.iterable(value) and hasattr(value, "__len__")


def _listed_numbers(value: Any) -> bool:
    return _listed(value) and np.ndim(value) == 1 if _numbers(value) else False


def _picks(value: Any) -> bool:
    array = np.asarray(value) if _numbers(value) else np.zeros(())
    return array.ndim == 1 and (array.dtype.kind in "biu" or not array.size)


#: Check and description of a type, by the first word of an annotation.
_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "None": (lambda value: value is None, "None"),
    # of any kind (hrsnn.kinds), which are recognised by their attributes
    "NetworkType": (lambda value: _is_of_a_kind(value, "without_recurrence"), "a Reservoir, or a network of another kind"),
    "Network": (lambda value: _is_of_a_kind(value, "without_recurrence"), "a Reservoir, or a network of another kind"),
    "NetworkSpec": (lambda value: _is_of_a_kind(value, "updated"), "a ReservoirSpec, or the spec of another kind"),
    "bool": (lambda value: isinstance(value, (bool, np.bool_)), "True or False"),
    "str": (lambda value: isinstance(value, str), "text"),
    "int": (is_whole, "a whole number"),
    "float": (_number, "a number"),
    "ArrayLike": (_numbers, "numbers"),
    "Callable": (callable, "a function"),
    "Mapping": (lambda value: isinstance(value, Mapping), "a mapping"),
    "Mask": (_picks, "a list of truths or of whole numbers"),
    "PathLike": (lambda value: isinstance(value, (str, os.PathLike)), "a path"),
    "OutFolder": (
        lambda value: isinstance(value, (str, os.PathLike)),
        "a path, of one folder or table: `hrsnn collect DIRS --out table` makes one table of several",
    ),
    "Trains": (lambda value: hasattr(value, "durations"), "SpikeTrains"),
    "csr_array": (lambda value: hasattr(value, "tocsr"), "a sparse matrix"),
    "Sequence[float]": (_listed_numbers, "a list of numbers"),
    "Sequence[str]": (lambda value: _listed(value) and all(isinstance(one, str) for one in value), "a list of texts"),
    "Sequence": (_listed, "a list"),
}
#: Type aliases used in annotations.
_ALIASES = {
    "Advance": "Callable",
    "Array": "ArrayLike",
    "Covariance": "str",
    "Direction": "str",
    "Distances": "Callable",
    "Exponents": "str | Callable",
    "Indices": "Mask",
    "NDArray[np.int64]": "Mask",
    "Noise": "str",
    "Objective": "Callable",
    "Restore": "str",
    "ScoreName": "str",
    "StatesSeen": "str",
    "dict": "Mapping",
    "Sequence[int]": "Sequence[float]",
    "Sequence[bool]": "Sequence[float]",
    "Stimulus": "SpikeTrains | Currents",
    "tuple": "Sequence",
}


@cache
def check_of(annotation: str, unit: str = "") -> Callable[[str, Any], Any] | None:
    """Return the check for an annotation: a function of a parameter's name and a value that returns the value.

    Parameters
    ----------
    annotation : str
        Annotation as in the source, such as ``"Reservoir | None"``.
    unit : str
        Unit of the numbers, for messages.

    Returns
    -------
    callable or None
        It raises :class:`~hrsnn.InputError` for a value of another type. Lists of numbers are converted to arrays, so that
        they are checked only once. None where there is no check for the annotation.

    Examples
    --------
    >>> check_of("bool")("plastic", True)
    True
    >>> check_of("bool | Callable[[float], None]")("progress", "no")
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: progress = 'no': must be True or False or a function
    >>> check_of("State") is None
    True
    """
    kinds = [_kind(part) for part in _parts(annotation)]
    if not kinds or None in kinds:
        return None
    tests = [kind[0] for kind in kinds if kind]
    allowed = f"must be {' or '.join(dict.fromkeys(kind[1] for kind in kinds if kind))}{f' ({unit})' if unit else ''}"
    arrays, numbers = {_numbers, _picks} & set(tests), _number in tests and is_whole not in tests

    def check(name: str, value: Any) -> Any:
        kind, given = type(value), value
        if arrays and (kind is list or kind is tuple):
            value = _as_array(value)
        elif numbers and kind is int:
            value = _as_number(name, value)
        for test in tests:
            if test(value):
                return value
        raise InputError(name, given if isinstance(given, _PLAIN) else kind.__name__, allowed)

    return check


def _as_array(value: Any) -> Any:
    """Return a list of numbers as an array, another list unchanged."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return value
    return array if array.dtype.kind in "biuf" else value


def _as_number(name: str, value: int) -> int | float:
    """Return an integer that is too large for NumPy's types as the nearest float."""
    try:
        return value if -(2**63) <= value < 2**63 else float(value)
    except OverflowError:
        raise InputError(name, value, "must be a number below 1e308") from None


def _parts(annotation: str) -> list[str]:
    """Return the alternatives of an annotation, with aliases replaced."""
    found, level = [""], 0
    for character in annotation:
        level += {"[": 1, "]": -1}.get(character, 0)
        if character == "|" and not level:
            found.append("")
        else:
            found[-1] += character
    parts = []
    for part in map(str.strip, found):
        other = _ALIASES.get(part, _ALIASES.get(part.partition("[")[0]))
        parts += [part] if other is None else _parts(other)
    return parts


def _is_a(word: str, value: Any) -> bool:
    return any(one.__name__ == word for one in type(value).__mro__)


def _kind(part: str) -> tuple[Callable[[Any], bool], str] | None:
    """Return the check and description of one alternative; None where there is no check."""
    name, _, inside = part.removesuffix("]").partition("[")
    word = name.rpartition(".")[2]
    if word == "Literal":
        options = re.findall(r"'([^']*)'|\"([^\"]*)\"", part)
        # the function checks that it is one of them
        return _KINDS["str"][0], f"one of {', '.join(repr(one or other) for one, other in options)}"
    if word in CLASSES:
        return (lambda value: _is_a(word, value)), _CALLED.get(word, word)
    if word == "Sequence" and inside in CLASSES:
        return (lambda value: _listed(value) and all(_is_a(inside, one) for one in value)), f"a list of {inside}"
    return _KINDS.get(part) or _KINDS.get(word)
