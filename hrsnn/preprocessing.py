"""Preprocessing shared by all readouts: selection and scaling of columns, and the size of the validation part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_number

Array = NDArray[np.float64]

#: Share of the training part, at its end, on which penalties are chosen, for samples and for series.
VALIDATION_SHARE = 0.2
#: A column is used when its standard deviation in training is at least this share of the median column's.
LEAST_DEVIATION = 0.05
_RARE = 0.02
_ROUNDING = 1e-12
#: Columns that vary by less than this share of the most variable column do not count for the median.
_NEGLIGIBLE = 1e-6


class Standardiser:
    """Standardisation of columns to the mean and standard deviation of `rows`, without the columns that hardly vary.

    The filtered state of a neuron that last fired long ago varies little and smoothly. Scaled to sd 1, the neuron's next
    spike would be hundreds of standard deviations and dominate all other states. A column is dropped when in `rows`

    * its sd is under `least_deviation` times the median column's, or
    * its sd is under 0.02 of its range, as in a column that is constant except in fewer than one row in 2500, or
    * its range is under 1e-12 of its magnitude, which is rounding.

    The median is over the columns that pass the other two rules and whose sd is more than 1e-6 of the largest one, so that
    silent neurons do not count. The rules do not depend on the scale: states times a constant keep the same columns.
    Columns in several units should be standardised first: those with smaller values may be dropped, and of columns next
    to one that is 10^6 times as large, only that one would be kept.

    Parameters
    ----------
    rows : array (times, units)
    least_deviation : float
        Between 0, with which this rule drops no column, and 1.

    Attributes
    ----------
    kept : array of bool (units,)
    mean : array (units,)
    spread : array (kept units,)

    Raises
    ------
    InputError
        When `least_deviation` is out of range.

    Examples
    --------
    >>> rows = np.array([[0.0, 5.0, 0.001], [2.0, 5.0, 0.0], [4.0, 5.0, 0.001]])
    >>> standardise = Standardiser(rows)
    >>> standardise.kept
    array([ True, False, False])
    >>> standardise(rows).std(axis=0)
    array([1.])
    """

    def __init__(self, rows: Array, least_deviation: float = LEAST_DEVIATION) -> None:
        check_least_deviation(least_deviation)
        self.mean = rows.mean(axis=0)
        high, low, spread = rows.max(axis=0), rows.min(axis=0), rows.std(axis=0)
        width = high - low
        size = np.maximum(np.abs(high), np.abs(low))
        varies = (width > _ROUNDING * size) & (spread > _RARE * width)
        counted = spread[varies & (spread > _NEGLIGIBLE * spread.max(where=varies, initial=0.0))]
        self.kept: NDArray[np.bool_] = varies & (spread >= least_deviation * (np.median(counted) if len(counted) else 0.0))
        self.spread = spread[self.kept]

    def __call__(self, rows: Array) -> Array:
        # indexing with a mask would make another copy of a large array
        scaled: Array = rows - self.mean if self.kept.all() else rows[:, self.kept] - self.mean[self.kept]
        scaled /= self.spread
        return scaled


def check_least_deviation(value: Any) -> None:
    """Raise an `InputError` unless `value` is a number between 0 and 1."""
    if not is_number(value) or not 0 <= value <= 1:
        raise InputError("least_deviation", value, "must be between 0 and 1, a share of the median column's")
