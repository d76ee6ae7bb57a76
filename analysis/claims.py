"""Verdicts on a family of claims, from tests of paired differences, and how many pairs one needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.paired_tests import EXACT_PAIRS, PairedTest, least_p_value
from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of, float_vector
from hrsnn.validation.units import takes

Verdict = Literal["supported", "refuted", "undecided", "no verdict possible"]


@takes()
def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust the p-values of a family by Holm's method, which controls the probability of any false rejection.

    ``p~(k) = max over j <= k of min(1, (m - j + 1) p(j))``, with p(1) <= ... <= p(m).

    Parameters
    ----------
    p_values : array (m,)

    Returns
    -------
    array (m,)
        Adjusted p-values in the given order.

    Raises
    ------
    InputError
        When a value is not in [0, 1].

    Notes
    -----
    Valid for any dependence between the tests.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005])
    array([0.03, 0.06, 0.06, 0.02])

    References
    ----------
    S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6 (1979).
    """
    p = float_vector("p_values", p_values)
    if not ((p >= 0) & (p <= 1)).all():
        raise InputError("p_values", p, "must be in [0, 1]")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order]))
    return adjusted


@takes()
def verdicts(tests: Sequence[PairedTest], claimed: Sequence[int], alpha: float = 0.05) -> list[Verdict]:
    """Decide the claims that differences are positive or negative, from a family of tests.

    Parameters
    ----------
    tests : sequence of PairedTest
        The whole family: the more claims, the stricter the test of each.
    claimed : sequence of int
        1 for the claim of a positive difference, -1 for that of a negative one.
    alpha : float
        Upper bound on the probability of any verdict other than "undecided" if there are no differences.

    Returns
    -------
    list of str
        "supported": the difference has the claimed sign, "refuted": it has the other, both with Holm's correction;
        "undecided": it may be 0; "no verdict possible": the pairs are too few for either, for any differences
        (see :func:`fewest_pairs`).

    Raises
    ------
    InputError
        When there is not one claim for each test.

    Examples
    --------
    >>> from hrsnn.analysis import paired_test
    >>> verdicts([paired_test(np.arange(1, 9)), paired_test([-1, 2, -3, 4, -5, 6, 7])], [1, 1])
    ['supported', 'undecided']
    >>> verdicts([paired_test(np.arange(1, 9)), paired_test([1, 2, 3, 4, 5])], [1, 1])
    ['supported', 'no verdict possible']
    """
    if len(claimed) != len(tests) or not set(claimed) <= {1, -1}:
        raise InputError("claimed", claimed, f"must be 1 or -1 for each of the {len(tests)} tests")
    adjusted = holm([test.p_value for test in tests])
    best = holm([least_p_value(len(test.differences)) for test in tests])

    def said(test: PairedTest, sign: int, p: float, least: float) -> Verdict:
        if p > alpha:
            return "undecided" if least <= alpha else "no verdict possible"
        return "supported" if test.mean * sign > 0 else "refuted"

    return list(map(said, tests, claimed, adjusted, best))


@takes()
def fewest_pairs(claims: int, alpha: float = 0.05) -> int:
    """Smallest number of pairs with which a verdict on one claim of a family is possible.

    The smallest n with ``claims 2 / 2^n <= alpha``: no sign-flip test of n pairs has a p-value below ``2 / 2^n``, and Holm's
    correction multiplies the smallest of a family by the number of its claims.

    Parameters
    ----------
    claims : int
        Number of claims of the family.
    alpha : float
        As for :func:`verdicts`.

    Returns
    -------
    int

    Raises
    ------
    InputError
        When `alpha` is not between 0 and 1, or so small that no number of pairs is enough: with more than 20 pairs 9999
        patterns of signs are drawn, and no p-value is below 1 / 10 000.

    Notes
    -----
    Verdicts on all claims need no more pairs: Holm multiplies the other p-values by less.

    Examples
    --------
    >>> fewest_pairs(1), fewest_pairs(8), fewest_pairs(60)
    (6, 9, 12)
    """
    claims = count_of("claims", claims)
    if not 0 < alpha < 1:
        raise InputError("alpha", alpha, "must be between 0 and 1")
    for pairs in range(2, EXACT_PAIRS + 1):
        if claims * least_p_value(pairs) <= alpha:
            return pairs
    raise InputError("claims", claims, f"are too many for a verdict at {alpha:g}")


@takes()
def verdicts_in_reach(families: Sequence[int], pairs: int, alpha: float = 0.05) -> str:
    """Describe in one line the verdicts that are possible with a number of pairs, for use before a study.

    Parameters
    ----------
    families : sequence of int
        Number of claims in each family.
    pairs : int
        Number of seeds of the study.
    alpha : float
        As for :func:`verdicts`.

    Returns
    -------
    str

    Examples
    --------
    >>> verdicts_in_reach([8, 2], 9)
    'with 9 seeds verdicts are possible on all 10 claims'
    >>> verdicts_in_reach([8, 2], 7)
    'with 7 seeds verdicts are possible on 2 of 10 claims: families of 8 need 9 seeds'
    >>> verdicts_in_reach([19], 5)
    'with 5 seeds no verdict is possible: families of 19 need 10 seeds'
    """
    # with more pairs than are tested exactly, the smallest possible p-value is larger again
    reached = {claims: claims * least_p_value(pairs) <= alpha for claims in families}
    within = sum(claims for claims in families if reached[claims])
    if within == sum(families):
        return f"with {pairs} seeds verdicts are possible on all {within} claims"
    what = f"verdicts are possible on {within} of {sum(families)} claims" if within else "no verdict is possible"
    missing = sorted(claims for claims, enough in reached.items() if not enough)
    needed = [f"families of {claims} need {fewest_pairs(claims, alpha)} seeds" for claims in missing]
    return f"with {pairs} seeds {what}: {', '.join(needed)}"
