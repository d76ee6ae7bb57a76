"""Step 4: the distribution of tau_m of a pruned network, searched for a spectrum like that of the dense one."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc, wasserstein_distance

from hrsnn.analysis import lyapunov_spectrum
from hrsnn.checks import count_of, positive
from hrsnn.presentation import Stimulus
from hrsnn.reservoir import Reservoir
from hrsnn.seeds import generator

Array = NDArray[np.float64]

#: Exponents that are compared, bounds of tau_m (ms), and by how much the mean and the spread may change.
_LEADING, _SHORTEST, _LONGEST, _FACTOR = 10, 3.0, 200.0, 2.0
#: A mean rate within this factor of the dense network's is as good as any; past it, what a factor of e costs (1/s^2).
_RATE_FACTOR, _RATE_COST = 1.5, 100.0
_CANDIDATES = 512


@dataclass(frozen=True)
class Retuned:
    """The outcome of :func:`retune`; the first trial is the network as it was."""

    reservoir: Reservoir  #: with the best time constants
    points: Array  #: (trials, 4) of the search, in [0, 1]: mean and spread of E, of I; 0.5 changes nothing
    objective: Array  #: (trials,) 1/s^2
    largest_exponents: Array  #: (trials,) 1/s
    best: int  #: which trial


def retune(
    reservoir: Reservoir,
    dense: Reservoir,
    stimulus: Stimulus,
    *,
    trials: int = 20,
    target: float = -1.0,
    alpha: float = 1.0,
    seed: int = 0,
) -> Retuned:
    """Change the distribution of tau_m so that the spectrum comes near the edge of chaos, and that of the dense network.

    ``objective = -(lambda_1 - lambda*)^2 - alpha W_1 - 100 max(0, |log(rate / rate_dense)| - log 1.5)^2``, W_1 between the
    ten leading exponents of both; of excitatory and of inhibitory neurons ``log tau' = log tau + a + (c - 1)(log tau - m)``,
    m the mean of log tau.

    Parameters
    ----------
    reservoir : Reservoir
        The pruned network.
    dense : Reservoir
    stimulus : SpikeTrains or Currents
        What drives both; its first sample counts.
    trials : int
        How many distributions are looked at, that of the network among them.
    target : float
        lambda* (1/s), slightly below 0.
    alpha : float
        1/s; of the distance between spectra.
    seed : int

    Returns
    -------
    Retuned
        Never with a lower objective than the network had.

    Raises
    ------
    InputError
        When a network has adaptation or short-term plasticity, whose exponents are not known.

    Notes
    -----
    exp(a) and c lie between 1/2 and 2, and tau' between 3 and 200 ms. lambda_1 and the spectra are taken without silent
    neurons: these have -1/tau_m, and a longer tau_m alone would win. A trial that leaves fewer than ten exponents counts as
    no better than the worst.

    A Gaussian process (Matern 5/2, a length a parameter, fitted noise) with expected improvement, after a third of the
    trials at Sobol points. lambda_1 of 2 s has a standard error of 1 to 6 /s: the best of noisy values flatters.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import noise
    >>> reservoir = build(ReservoirSpec(neurons=40), seed=1)
    >>> found = retune(reservoir, reservoir, noise(1), trials=3)
    >>> bool(found.objective[found.best] >= found.objective[0])
    True

    References
    ----------
    Chakraborty & Mukhopadhyay, step IV.
    """
    trials, alpha = count_of("trials", trials), positive("alpha", alpha, "1/s", zero=True)
    wanted, wanted_rate = _spectrum(dense, stimulus, seed)

    def value(candidate: Reservoir) -> tuple[float, float]:
        leading, rate = _spectrum(candidate, stimulus, seed)
        if len(leading) < _LEADING or rate == 0 or wanted_rate == 0:
            return math.nan, math.nan
        apart = max(0.0, abs(math.log(rate / wanted_rate)) - math.log(_RATE_FACTOR))
        closeness = (leading[0] - target) ** 2 + alpha * wasserstein_distance(leading, wanted)
        return -float(closeness) - _RATE_COST * apart**2, float(leading[0])

    dimensions = 4 if (~reservoir.is_excitatory).any() and reservoir.is_excitatory.any() else 2
    points, found = [np.full(dimensions, 0.5)], [value(reservoir)]
    random = generator(seed, "retune")
    sobol = qmc.Sobol(dimensions, seed=random)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that few Sobol points are not balanced, and fits at their bounds
        start = sobol.random(max(1, math.ceil(trials / 3)))
        for k in range(1, trials):
            known = np.array([objective for objective, _ in found])
            point = start[k - 1] if k <= len(start) else _next(np.array(points), known, random)
            points.append(point)
            found.append(value(with_time_constants(reservoir, point)))
    objective = np.array([each for each, _ in found])
    best = int(np.nanargmax(objective)) if np.isfinite(objective).any() else 0
    if not objective[best] > objective[0] and math.isfinite(objective[0]):
        best = 0
    retuned = with_time_constants(reservoir, points[best]) if best else reservoir
    return Retuned(retuned, np.array(points), objective, np.array([largest for _, largest in found]), best)


def with_time_constants(reservoir: Reservoir, point: Array) -> Reservoir:
    """The reservoir with the distributions of a point in [0, 1]: for each type of neuron its mean and its spread.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=40), seed=1)
    >>> np.allclose(with_time_constants(reservoir, np.full(4, 0.5)).tau_m, reservoir.tau_m)
    True
    """
    tau = reservoir.tau_m.copy()
    groups = [group for group in (reservoir.is_excitatory, ~reservoir.is_excitatory) if group.any()]
    for group, (place, spread) in zip(groups, point.reshape(-1, 2), strict=True):
        logs = np.log(tau[group])
        shift, stretch = (2 * place - 1) * math.log(_FACTOR), _FACTOR ** (2 * spread - 1)
        moved = np.exp(logs.mean() + shift + stretch * (logs - logs.mean()))
        tau[group] = np.clip(moved, min(_SHORTEST, tau[group].min()), max(_LONGEST, tau[group].max()))
    return reservoir.replace(tau_m=tau)


def _spectrum(reservoir: Reservoir, stimulus: Stimulus, seed: int) -> tuple[Array, float]:
    """The ten leading exponents without silent neurons (1/s), and the mean rate (Hz)."""
    washout = min(200.0, float(stimulus.durations[0]) / 4)
    count = min(_LEADING, 3 * reservoir.neurons)
    found = lyapunov_spectrum(reservoir, stimulus, count=count, washout=washout, seed=seed)
    return found.active_exponents, found.rate


def _next(points: Array, objective: Array, random: np.random.Generator) -> Array:
    """The candidate of the highest expected improvement."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    candidates = random.random((_CANDIDATES, points.shape[1]))
    if not np.isfinite(objective).any():
        return np.asarray(candidates[0])
    values = np.where(np.isfinite(objective), objective, np.nanmin(objective))
    kernel = ConstantKernel() * Matern(np.ones(points.shape[1]), nu=2.5) + WhiteKernel(0.1)
    process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0).fit(points, values)
    near = np.clip(points[np.argmax(values)] + 0.1 * random.normal(size=(_CANDIDATES // 4, points.shape[1])), 0, 1)
    candidates = np.vstack([candidates, near])
    mean, deviation = process.predict(candidates, return_std=True)
    above = mean - values.max()
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = above / deviation
        gain = np.where(deviation > 0, above * norm.cdf(scaled) + deviation * norm.pdf(scaled), 0.0)
    return np.asarray(candidates[np.argmax(gain)])
