"""Preprocessing that all readouts share: selection and scaling of columns, and the validation part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_number

Array = NDArray[np.float64]

#: Share of the training part, from its end, that penalties are chosen on: of samples as of series.
VALIDATION_SHARE = 0.2
#: A column is read when its standard deviation in training is at least this share of the median column's.
LEAST_DEVIATION = 0.05
_RARE = 0.02
_ROUNDING = 1e-12
#: What varies by less than this share of what varies most is left out of the median.
_NEGLIGIBLE = 1e-6


class Standardiser:
    """Shifts and scales columns to mean 0, sd 1 on the `rows` it was made from, without the columns that hardly vary.

    What is left of a spike long ago varies by little, and smoothly: scaled up to sd 1, the neuron's next spike would be
    hundreds of standard deviations, and swamp every other state. A column is dropped when in `rows`

    * its sd is under `least_deviation` times the median column's, or
    * its sd is under 0.02 of its range, which no column escapes that is constant but for fewer than one row in 2500, or
    * its range is under 1e-12 of its size, which is rounding.

    The median is over the columns that pass the other two rules and vary by more than 1e-6 of what the most varying one
    does, so that silent neurons do not count. All rules are free of scale: states times any constant keep the same columns.
    Columns of several units should be standardised first: those of the smaller ones may be dropped, and a single column 10^6
    times as large as the others would be kept alone.

    Parameters
    ----------
    rows : array (times, units)
    least_deviation : float
        Between 0, which keeps a column however little it varies, and 1.

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
        # a mask would copy a large array once more
        scaled: Array = rows - self.mean if self.kept.all() else rows[:, self.kept] - self.mean[self.kept]
        scaled /= self.spread
        return scaled


def check_least_deviation(value: Any) -> None:
    """Raise an `InputError` where `value` is no share of the median column's standard deviation."""
    if not is_number(value) or not 0 <= value <= 1:
        raise InputError("least_deviation", value, "must be between 0 and 1, a share of the median column's")
