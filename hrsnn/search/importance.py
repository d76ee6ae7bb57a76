"""Importance of heterogeneities: exact Shapley values over all on/off combinations, and SAGE values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from hrsnn.builder import depression
from hrsnn.display import Displayed
from hrsnn.distributions import Distribution
from hrsnn.errors import HrsnnError, InputError
from hrsnn.spec import ReservoirSpec
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
_MOST = 6
#: Maximum number of permutations: with equal values, the standard error never becomes small relative to the differences.
_PERMUTATIONS = 2**20
NEEDS_EXTRA = "needs an extra: pip install 'hrsnn[importance]'"


@dataclass(frozen=True)
class Importance(Displayed):
    """Contributions of several heterogeneities."""

    names: tuple[str, ...]
    #: (names,)
    values: Array
    #: (names, 2) 95 % confidence intervals.
    interval: Array


@takes()
def combinations(count: int) -> NDArray[np.bool_]:
    """Return all on/off combinations of `count` heterogeneities: array (2^count, count), off first.

    Raises
    ------
    InputError
        For more than 6, which have too many combinations to simulate.

    Examples
    --------
    >>> combinations(2).astype(int).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    if not 1 <= count_of("count", count) <= _MOST:
        raise InputError("count", count, f"must be from 1 to {_MOST}")
    return np.array(list(itertools.product([False, True], repeat=count)))


@takes()
def switched(spec: ReservoirSpec, groups: Mapping[str, Sequence[str]], on: Sequence[bool]) -> ReservoirSpec:
    """Return the spec with some heterogeneities off, their distributions replaced by the mean after truncation.

    Parameters
    ----------
    spec : ReservoirSpec
    groups : mapping of str to sequence of str
        Parameters of each heterogeneity; `a_minus` = "auto" counts as the distribution that it stands for.
    on : sequence of bool
        Whether each group is on.

    Raises
    ------
    InputError
        When a parameter of a group is not a distribution, or is constant.

    Examples
    --------
    >>> switched(ReservoirSpec(), {"tau": ["tau_m_exc"]}, [False]).tau_m_exc
    Constant(value=15...)
    """
    changes: dict[str, Any] = {}
    for (group, names), keep in zip(groups.items(), on, strict=True):
        for name in names:
            value = depression(spec) if name == "a_minus" else getattr(spec, name, None)
            if not isinstance(value, Distribution) or value.support[0] == value.support[1]:
                raise InputError(f"parameters.{group}", name, "is no parameter with a distribution that has a spread")
            if not keep:
                changes[name] = value.truncated_mean
    return spec.updated(changes)


@takes()
def shapley_values(table: ArrayLike, names: Sequence[str] | None = None) -> Importance:
    """Return the exact Shapley values of heterogeneities.

    ``phi_i = sum over S without i of |S|! (k - |S| - 1)! / k! (v(S + i) - v(S))``

    Parameters
    ----------
    table : array (2^k, seeds)
        Score of each of :func:`combinations`, in that order, for each seed.
    names : sequence of str, optional

    Returns
    -------
    Importance
        In units of the score: the sum is the score with all on minus the score with all off. The interval is Student's
        over seeds.

    Raises
    ------
    InputError
        When the number of rows is not 2^k with k from 1 to 6, or the table is not finite.

    Examples
    --------
    >>> shapley_values([[0.0, 0.0], [1.0, 3.0], [1.0, 1.0], [3.0, 5.0]], ["a", "b"]).values
    array([1.5, 2.5])

    References
    ----------
    Shapley (1953), A value for n-person games.
    """
    v, k = _checked(table)
    phi = _shapley(v, k)
    mean = phi.mean(axis=1)
    half = np.full(k, np.nan)
    if v.shape[1] > 1:
        half = stats.t.ppf(0.975, v.shape[1] - 1) * phi.std(axis=1, ddof=1) / np.sqrt(v.shape[1])
    return Importance(_named(names, k), mean, np.stack([mean - half, mean + half], axis=1))


@takes()
def exact_sage(table: ArrayLike, names: Sequence[str] | None = None) -> Importance:
    """Return exact SAGE values, the Shapley values of the variance explained by the switches.

    ``v(S) = Var(E[f | x_S])``, with f the mean score of a combination and all combinations equally likely. There are no
    noise terms, since they do not depend on S and cancel.

    Parameters
    ----------
    table : array (2^k, seeds)
    names : sequence of str, optional

    Returns
    -------
    Importance
        In units of the squared score, never negative. The interval is from 400 bootstraps over seeds; with few seeds it is
        unreliable, and it is always above 0, as squared effects are.

    Raises
    ------
    InputError
        As :func:`shapley_values`.

    Examples
    --------
    >>> exact_sage([[0.0], [1.0], [0.0], [1.0]], ["a", "b"]).values
    array([0.  , 0.25])
    """
    v, k = _checked(table)

    def explained(means: Array) -> Array:
        """Return the values (k, columns) of means (2^k, columns)."""
        cube = means.reshape((2,) * k + (-1,))
        known = [cube.mean(axis=tuple(np.flatnonzero(~row))).reshape(-1, cube.shape[-1]) for row in combinations(k)]
        return _shapley(np.array([one.var(axis=0) for one in known]), k)

    seeds = v.shape[1]
    drawn = np.random.default_rng(0).integers(seeds, size=(400, seeds))
    spread = explained(v[:, drawn].mean(axis=2))
    return Importance(_named(names, k), explained(v.mean(axis=1))[:, 0], np.quantile(spread, [0.025, 0.975], axis=1).T)


@takes()
def sage_values(table: ArrayLike, names: Sequence[str] | None = None, *, seed: int = 0) -> Importance:
    """Return SAGE values: how much knowledge of each switch reduces the error of a prediction of the score.

    The model is the mean score of each combination, the data are all runs; squared error, marginal imputation.

    Parameters
    ----------
    table : array (2^k, seeds)
    names : sequence of str, optional
    seed : int
        Seed of the permutations.

    Returns
    -------
    Importance
        In units of the squared score; the interval is over permutations, not over seeds.

    Raises
    ------
    InputError
        As :func:`shapley_values`.
    HrsnnError
        When the extra ``importance`` is not installed.

    Notes
    -----
    Permutations are drawn until the largest standard error is 2 % of the difference between the largest and the smallest
    value, at most 2^20: with one parameter, or several of equal importance, that difference is 0.

    SAGE values have no sign; :func:`shapley_values` gives the direction. :func:`exact_sage` is the same without sampling.

    Examples
    --------
    Needs the extra ``importance``:

    >>> sage_values([[0.0], [1.0], [0.0], [1.0]], ["a", "b"]).values.round(2)
    array([0.  , 0.25])

    References
    ----------
    Covert et al. (2020), Understanding global feature contributions with additive importance measures, NeurIPS 33;
    Chakraborty & Mukhopadhyay (2024), fig. 4.
    """
    sage = sage_package()
    if sage is None:
        raise HrsnnError(f"SAGE by permutations {NEEDS_EXTRA}")
    v, k = _checked(table)
    every = combinations(k).astype(np.float64)
    mean, place = v.mean(axis=1), 2.0 ** np.arange(k)[::-1]

    def model(x: Array) -> Array:
        return np.asarray(mean[np.rint(x @ place).astype(int)][:, None])

    x, y = np.repeat(every, v.shape[1], axis=0), v.reshape(-1, 1)
    estimator = sage.PermutationEstimator(sage.MarginalImputer(model, every), "mse", random_state=seed % 2**32)
    found = estimator(x, y, batch_size=256, thresh=0.02, n_permutations=_PERMUTATIONS, bar=False, verbose=False)
    half = 1.96 * found.std
    return Importance(_named(names, k), found.values, np.stack([found.values - half, found.values + half], axis=1))


def sage_package() -> Any:
    """Return the library of the extra ``importance``; None where it is not installed."""
    try:
        import sage
    except ImportError:
        return None
    return sage


def _shapley(v: Array, k: int) -> Array:
    """Return the Shapley values (k, columns) of games (2^k, columns)."""
    every = combinations(k)
    phi = np.zeros((k, v.shape[1]))
    place = 2 ** np.arange(k)[::-1]
    for i in range(k):
        for row in every[~every[:, i]]:
            weight = math.factorial(int(row.sum())) * math.factorial(k - int(row.sum()) - 1) / math.factorial(k)
            without = int(row @ place)
            phi[i] += weight * (v[without + place[i]] - v[without])
    return phi


def _named(names: Sequence[str] | None, k: int) -> tuple[str, ...]:
    chosen = tuple(names or (str(i) for i in range(k)))
    if len(chosen) != k:
        raise InputError("names", chosen, f"must be {k}")
    return chosen


def _checked(table: ArrayLike) -> tuple[Array, int]:
    v = np.asarray(table, dtype=np.float64)
    k = round(math.log2(len(v))) if v.ndim == 2 and len(v) > 1 else 0
    if not 1 <= k <= _MOST or len(v) != 2**k or v.shape[1] < 1 or not np.isfinite(v).all():
        raise InputError("table", v.shape, f"must be finite, a row for each of 2^k combinations, k from 1 to {_MOST}")
    return v, k
