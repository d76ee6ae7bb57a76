"""Scores of links: weight, stability of their neighbourhood, or the drive that they carry."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.validation.numbers import count_of, float_vector, positive, whole_vector
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
ScoreName = Literal["paper", "weight", "literal", "drive"]

#: Number of links whose neighbourhoods are processed together.
_CHUNK = 20_000


@takes(exponents="Hz", least="Hz")
def contraction_rates(exponents: ArrayLike, least: float = 1.0) -> Array:
    """Return the contraction rate of each neuron, ``mu_i = max(-lambda_i, mu_min)``.

    Parameters
    ----------
    exponents : array (N,)
        Lyapunov exponent of each neuron (1/s).
    least : float
        mu_min (1/s): the harmonic mean is not defined for rates that are 0 or negative.

    Returns
    -------
    array (N,)
        1/s.

    Raises
    ------
    InputError
        When an exponent is not finite, or `least` is not positive.

    Examples
    --------
    >>> contraction_rates([-40.0, 3.0])
    array([40.,  1.])
    """
    values = float_vector("exponents", exponents)
    if not np.isfinite(values).all():
        raise InputError("exponents", values[~np.isfinite(values)][0], "must be finite (1/s)")
    return np.asarray(np.maximum(-values, positive("least", least, "1/s")))


@takes(rates="Hz")
def neighbourhood_rates(n: int, pre: ArrayLike, post: ArrayLike, rates: ArrayLike) -> Array:
    """Harmonic mean of the contraction rates around each link: the entries of the Lyapunov matrix on existing links.

    ``Lhat_ij = |S| / sum_{z in S} 1/mu_z``, ``S = N(i) u N(j)``, N(i) the neurons with a link to or from i.

    Parameters
    ----------
    n : int
        Number of neurons.
    pre, post : array of int (links,)
        Ends of the links; no self-links, each link once.
    rates : array (n,)
        mu, positive, from :func:`contraction_rates`.

    Returns
    -------
    array (links,)
        In the unit of `rates`, between their extremes.

    Raises
    ------
    InputError
        When an index or a rate is out of range.

    Notes
    -----
    S is a set: a common neighbour of both ends is counted once, and both ends belong to S, since each is a neighbour of the
    other. Time grows as links times the mean number of neighbours.

    Examples
    --------
    A chain 0 -> 1 -> 2. The neighbourhood of its first link is 0, 1 and 2.

    >>> neighbourhood_rates(3, [0, 1], [1, 2], [1.0, 1.0, 4.0]).round(4)
    array([1.3333, 1.3333])

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), eq. 13, which has a factor n that a mean does not have, and a union of values.
    """
    n = count_of("n", n)
    mu = float_vector("rates", rates)
    if mu.shape != (n,) or not ((mu > 0) & np.isfinite(mu)).all():
        raise InputError("rates", mu, f"must be {n} positive numbers")
    i, j = whole_vector("post", post, np.int64), whole_vector("pre", pre, np.int64)
    for name, ends in (("pre", j), ("post", i)):
        if ends.shape != i.shape or (ends.size and not 0 <= ends.min() <= ends.max() < n):
            raise InputError(name, ends, f"must be neurons, 0 to {n - 1}, one a link")
    ones = np.ones(len(i))
    either = csr_array((ones, (i, j)), shape=(n, n)) + csr_array((ones, (j, i)), shape=(n, n))
    either.data[:] = 1.0
    sizes, slowness = either.sum(axis=1), either @ (1 / mu)
    weighted = csr_array(either.multiply(1 / mu[None, :]))
    found = np.empty(len(i))
    for start in range(0, len(i), _CHUNK):
        part = slice(start, start + _CHUNK)
        a, b = either[i[part]], j[part]
        common = a.multiply(either[b]).sum(axis=1)
        shared = a.multiply(weighted[b]).sum(axis=1)
        union = sizes[i[part]] + sizes[b] - common
        found[part] = union / (slowness[i[part]] + slowness[b] - shared)
    return found


@takes(exponents="Hz", rates="Hz")
def link_scores(
    reservoir: Reservoir, kind: ScoreName, *, exponents: ArrayLike | None = None, rates: ArrayLike | None = None
) -> Array:
    """Compute the non-negative score of every recurrent link.

    ``paper``: ``|w_ij| Lhat_ij / mean(Lhat)``; ``weight``: ``|w_ij|``; ``literal``: ``Lhat_ij``;
    ``drive``: ``|w_ij| rate_j / tau_m,i``.

    Parameters
    ----------
    reservoir : Reservoir
    kind : {"paper", "weight", "literal", "drive"}
    exponents : array (N,), optional
        Lyapunov exponent of each neuron (1/s); for ``paper`` and ``literal``.
    rates : array (N,), optional
        Rates (Hz); for ``drive``.

    Returns
    -------
    array (S,)
        In mV, 1/s or mV/ms Hz, depending on the kind: only ratios matter.

    Raises
    ------
    InputError
        For an unknown kind, or when an argument that it needs is missing.

    Notes
    -----
    If a source was silent while rates were measured, the ``drive`` of all its links is 0: they are the first to be removed.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> bool((link_scores(reservoir, "weight") == reservoir.weight).all())
    True

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), eq. 16 (``literal``; ``paper`` adds the weights, without which the score does not
    depend on the strength of links). E. Moore & R. Chaudhuri, NeurIPS 33 (2020), for ``weight``.
    """
    if kind not in get_args(ScoreName):
        raise InputError("score", kind, f"must be one of {', '.join(get_args(ScoreName))}")
    n, pre, post = reservoir.neurons, reservoir.pre, reservoir.post
    if kind == "weight":
        return reservoir.weight.copy()
    if kind == "drive":
        if rates is None:
            raise InputError("rates", None, "score 'drive' needs them")
        hertz = float_vector("rates", rates)
        if len(hertz) != n:
            raise InputError("rates", hertz, f"must be {n} numbers, one a neuron")
        return np.asarray(reservoir.weight * hertz[pre] / reservoir.tau_m[post])
    if exponents is None:
        raise InputError("exponents", None, f"score {kind!r} needs them")
    around = neighbourhood_rates(n, pre, post, contraction_rates(exponents))
    if kind == "literal" or not len(around):
        return around
    return np.asarray(reservoir.weight * around / around.mean())
