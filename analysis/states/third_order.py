"""Correlations of third order between units: structure of the states that pairwise correlations do not show."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.analysis.states.covariance import centred
from hrsnn.errors import HrsnnWarning
from hrsnn.validation.units import takes

#: Number of rows whose products with all others are computed at once.
_BLOCK = 512


@takes()
def third_order_correlation(states: ArrayLike) -> float:
    """Compute the mean squared third-order correlation over all triples of different units.

    ``mean over i < j < k of E[z_i z_j z_k]^2``, z the states minus their means over their standard deviations.

    Parameters
    ----------
    states : array, shape (times, units)

    Returns
    -------
    float
        0 for independent units, on average: the estimate is unbiased, and can be negative. Units that do not vary are
        omitted; nan with fewer than three others.

    Raises
    ------
    InputError
        When there are fewer than two rows or a value is not finite.

    Warns
    -----
    HrsnnWarning
        When fewer than three units vary.

    Notes
    -----
    The product of two expectations is taken over pairs of different rows s and t, so that chance correlations, of mean
    square 1 / T, do not count: with ``a_n = sum_i (z_si z_ti)^n``, the sum over ordered triples of different units is
    ``a_1^3 - 3 a_1 a_2 + 2 a_3``. Time grows as the square of the number of rows. Rows that are correlated in time bias the
    estimate upwards.

    Examples
    --------
    Three units of which any two are independent, while each is the product of the other two.

    >>> third_order_correlation([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    1.0

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), section VI, on higher-order correlations.
    """
    x = centred(states)
    deviation = x.std(axis=0)
    z = x[:, deviation > 0] / deviation[deviation > 0]
    rows, units = z.shape
    if units < 3:
        warnings.warn("fewer than three units vary: the correlation is nan", HrsnnWarning, stacklevel=3)
        return float("nan")
    powers, total = (z, z**2, z**3), 0.0
    for start in range(0, rows, _BLOCK):
        block = slice(start, start + _BLOCK)
        first, second, third = (power[block] @ power.T for power in powers)
        triples = first**3 - 3 * first * second + 2 * third
        total += float(triples.sum() - np.trace(triples, offset=start))  # without pairs of a row with itself
    return float(total / (rows * (rows - 1) * units * (units - 1) * (units - 2)))
