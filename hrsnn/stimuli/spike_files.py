"""Reading and writing of spike train files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.errors import InputError
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.validation.arrays import ArrayRule
from hrsnn.validation.limits import check_name

_KIND, _VERSION = "spike_trains", 1
#: Rules for each array; the constructor of `SpikeTrains` checks that they are consistent.
_RULES = {
    "times": ArrayRule(("spike",), low=0, unit="ms"),
    "durations": ArrayRule(("sample",), above=0, unit="ms"),
    "channels": ArrayRule(("spike",), dtype=np.int32, low=0),
    "offsets": ArrayRule(("sample, and one",), dtype=np.int64, low=0),
}


def write_trains(path: PathLike, arrays: Mapping[str, np.ndarray], n_channels: int, labels: np.ndarray | None) -> None:
    """Write the arrays of spike trains, and labels if given, atomically to a ``.npz`` file."""
    more = {} if labels is None else {"labels": labels}
    write_npz(path, _KIND, _VERSION, {**arrays, **more}, {"n_channels": n_channels})


def read_trains(path: PathLike) -> tuple[dict[str, np.ndarray], Mapping[str, Any], np.ndarray | None]:
    """Return the arrays of a file, checked by their rules, its header, and its labels or None.

    Raises
    ------
    FileError
        When the file is missing, damaged or of another kind.
    """
    arrays, header = read_npz(path, _KIND, _VERSION)
    with refuse_damaged(path, "spike trains"):
        labels = arrays.pop("labels", None)
        found = {name: rule.converted(name, arrays.pop(name)) for name, rule in _RULES.items()}
        for name, rule in _RULES.items():
            rule.check(name, found[name], {})
        unknown = sorted({*arrays, *(set(header) - {"n_channels"})})
        if unknown:
            raise InputError("names", unknown, "are none of spike trains")
    return found, header, labels


def checked_labels(labels: ArrayLike, samples: int) -> np.ndarray:
    """Return labels as an array of finite numbers or strings, one for each sample.

    Raises
    ------
    InputError
        When `labels` are anything else.
    """
    for label in labels if isinstance(labels, (list, tuple)) else ():  # one long string would widen all of the array
        if isinstance(label, str):
            check_name("labels", label)
    values = np.asarray(labels)
    finite = values.dtype.kind != "f" or bool(np.isfinite(values).all())
    if values.shape != (samples,) or values.dtype.kind not in "biufU" or not finite:
        raise InputError("labels", values, f"must be {samples} finite numbers or strings, one for each sample")
    return values
