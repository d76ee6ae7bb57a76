"""Files of spike trains: what they hold, and the check of it."""

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
#: Of the arrays; the constructor of the trains checks how they fit together.
_RULES = {
    "times": ArrayRule(("spike",), low=0, unit="ms"),
    "durations": ArrayRule(("sample",), above=0, unit="ms"),
    "channels": ArrayRule(("spike",), dtype=np.int32, low=0),
    "offsets": ArrayRule(("sample, and one",), dtype=np.int64, low=0),
}


def write_trains(path: PathLike, arrays: Mapping[str, np.ndarray], n_channels: int, labels: np.ndarray | None) -> None:
    """Write the arrays of spike trains, and labels where there are some, to a ``.npz`` file, whole or not at all."""
    more = {} if labels is None else {"labels": labels}
    write_npz(path, _KIND, _VERSION, {**arrays, **more}, {"n_channels": n_channels})


def read_trains(path: PathLike) -> tuple[dict[str, np.ndarray], Mapping[str, Any], np.ndarray | None]:
    """The arrays of a file, each within its rule, its header, and its labels or None.

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
    """Labels as an array of finite numbers or strings, one for each sample.

    Raises
    ------
    InputError
        When they are none.
    """
    for label in labels if isinstance(labels, (list, tuple)) else ():  # an array of strings is as wide as its longest
        if isinstance(label, str):
            check_name("labels", label)
    values = np.asarray(labels)
    finite = values.dtype.kind != "f" or bool(np.isfinite(values).all())
    if values.shape != (samples,) or values.dtype.kind not in "biufU" or not finite:
        raise InputError("labels", values, f"must be {samples} finite numbers or strings, one for each sample")
    return values
