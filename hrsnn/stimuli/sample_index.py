"""Indexing of samples by the rules of NumPy and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrsnn.errors import InputError


def sample_rows(key: Any, samples: int) -> np.ndarray:
    """Return the row numbers selected by `key`: int, slice, integer array, boolean mask, or one of them as ``x[key, ...]``.

    Raises
    ------
    IndexError
        When a row is out of range (required by Python's sequence protocol).
    """
    if isinstance(key, tuple):
        # scikit-learn's cross-validation indexes objects with a shape as x[rows, ...]
        if len(key) == 0 or len(key) > 2 or (len(key) == 2 and key[1] is not Ellipsis):
            raise InputError("index", key, "only samples can be indexed: x[rows] or x[rows, ...]")
        key = key[0]
    if not isinstance(key, slice):
        key = np.asarray(key)
        if key.size == 0 and key.dtype != bool:
            key = key.astype(np.intp)
        if key.dtype.kind not in "biu":
            raise InputError("index", key, "must be whole numbers, a slice, or a mask of True and False")
    return np.atleast_1d(np.arange(samples)[key])
