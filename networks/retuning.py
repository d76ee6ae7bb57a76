"""Step 4 of Lyapunov noise pruning: fitting the distribution of tau_m to the spectrum of the dense network."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance

from hrsnn.analysis import lyapunov_spectrum
from hrsnn.display import Displayed
from hrsnn.distributions import LogNormal
from hrsnn.errors import HrsnnError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.parallel import one_blas_thread
from hrsnn.runtime.seeds import generator
from hrsnn.search.space import DistributionRange, Space
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Number of exponents compared, bounds of tau_m (ms), and largest factor of change of the mean and the spread.
_LEADING, _SHORTEST, _LONGEST, _FACTOR = 10, 3.0, 200.0, 2.0
#: Factor within which a mean rate different from the dense network's has no cost; cost of a factor of e beyond it (1/s^2).
_RATE_FACTOR, _RATE_COST = 1.5, 100.0
#: Bounds of the initial spread of log tau_m: equal neurons have none, and the CV of a log-normal must be at most 100.
_LEAST_SPREAD, _MOST_SPREAD = 1e-3, 1.5


@dataclass(frozen=True)
class Retuning(Displayed):
    """Result of :func:`retune`; the first trial is the original network."""

    reservoir: Reservoir  #: reservoir with the best time constants
    points: Array  #: (trials, 2 per type of neuron) mean (ms) and CV of tau_m, of E and then of I
    objective: Array  #: (trials,) 1/s^2
    largest_exponents: Array  #: (trials,) 1/s
    best: int  #: index of the best trial


@takes(target="Hz", alpha="Hz")
def retune(
    reservoir: Reservoir,
    dense: Reservoir,
    stimulus: Stimulus,
    *,
    trials: int = 20,
    target: float = -1.0,
    alpha: float = 1.0,
    seed: int = 0,
) -> Retuning:
    """Fit the distribution of tau_m so that the spectrum is near the edge of chaos and near that of the dense network.

    ``objective = -(lambda_1 - lambda*)^2 - alpha W_1 - 100 max(0, |log(rate / rate_dense)| - log 1.5)^2``, W_1 between the
    ten leading exponents of both; tau_m is moved by :func:`with_time_constants`.

    Parameters
    ----------
    reservoir : Reservoir
        The pruned network.
    dense : Reservoir
    stimulus : SpikeTrains or Currents
        Input of both; only its first sample is used.
    trials : int
        Number of distributions evaluated, including that of the network.
    target : float
        lambda* (1/s), slightly below 0.
    alpha : float
        Weight of the distance between spectra (1/s).
    seed : int

    Returns
    -------
    Retuning
        The objective is never lower than that of the original network.

    Raises
    ------
    InputError
        When the dense network has adaptation or short-term plasticity, for which exponents are not implemented.
    HrsnnError
        When only the pruned one has.

    Notes
    -----
    :func:`hrsnn.search.search` is run over a log-normal for each type of neuron, with mean and spread of log tau between
    half and twice the original ones, and tau' between 3 and 200 ms; the first third of the trials are the network itself
    and Sobol points. lambda_1 and the spectra are computed without silent neurons, which have -1/tau_m: otherwise a longer
    tau_m would improve the objective by itself. A trial with fewer than ten exponents fails (nan), and counts as the worst;
    if all fail, the network is unchanged.

    All trials have the same stimulus and seed. lambda_1 from 2 s has a standard error of 1 to 6 /s: the best of noisy values
    is biased upwards.

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
    Chakraborty & Mukhopadhyay (2024), step IV.
    """
    from hrsnn.search import search  # Optuna is slow to import, and few runs use this step

    trials, alpha = count_of("trials", trials), positive("alpha", alpha, "1/s", zero=True)
    spec = fitted_spec(reservoir)
    space, own = _space(reservoir, spec), int(generator(seed, "retune").integers(2**31))
    largest: dict[tuple[float, ...], float] = {}
    with one_blas_thread():
        wanted, wanted_rate = _spectrum(dense, stimulus, seed)

        def objective(candidate: ReservoirSpec, _: int) -> float:
            leading, rate = _spectrum(with_time_constants(reservoir, candidate), stimulus, seed)
            measured = len(leading) == _LEADING and rate > 0 and wanted_rate > 0
            largest[_point(reservoir, candidate)] = float(leading[0]) if measured else math.nan
            if not measured:
                return math.nan
            apart = max(0.0, abs(math.log(rate / wanted_rate)) - math.log(_RATE_FACTOR))
            closeness = (leading[0] - target) ** 2 + alpha * wasserstein_distance(leading, wanted)
            return -float(closeness) - _RATE_COST * apart**2

        try:
            found = search(spec, space, objective, trials=trials, batch=1, seeds=1, seed=own).trials
        except HrsnnError:
            if not largest or np.isfinite(list(largest.values())).any():
                raise
            return Retuning(reservoir, np.array([_point(reservoir, spec)]), np.array([np.nan]), np.array([np.nan]), 0)
    points = [tuple(one.parameters[name] for name in space.distributions()) for one in found]
    values = np.array([one.value for one in found])
    best = int(np.nanargmax(values)) if np.isfinite(values).any() else 0
    retuned = with_time_constants(reservoir, space.spec(found[best].parameters, spec)) if best else reservoir
    return Retuning(retuned, np.array(points), values, np.array([largest.get(one, math.nan) for one in points]), best)


def fitted_spec(reservoir: Reservoir) -> ReservoirSpec:
    """Return a spec with log-normal tau_m, with the mean and the spread of log tau of each type of neuron.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=200, tau_m_exc=25), seed=1)
    >>> round(fitted_spec(reservoir).tau_m_exc.mean, 3)
    25.0
    """
    return ReservoirSpec().updated({name: _fitted(reservoir.tau_m[group]) for name, group in _types(reservoir)})


def with_time_constants(reservoir: Reservoir, spec: ReservoirSpec) -> Reservoir:
    """Return the reservoir with the tau_m of each type mapped to the log-normal of a spec.

    ``log tau' = mu' + (sigma' / sigma) (log tau - mu)``, mu and sigma of log tau before and after; clipped to the bounds of
    the distribution.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=40), seed=1)
    >>> np.array_equal(with_time_constants(reservoir, fitted_spec(reservoir)).tau_m, reservoir.tau_m)
    True
    """
    tau = reservoir.tau_m.copy()
    for name, group in _types(reservoir):
        was, wanted = _fitted(tau[group]), getattr(spec, name)
        logs = np.log(tau[group])
        before, after = math.log1p(was.cv**2), math.log1p(wanted.cv**2)
        shift = math.log(wanted.mean / was.mean) - (after - before) / 2
        # as a factor, which is exactly 1 if nothing changes
        factor = np.exp(shift + (math.sqrt(after / before) - 1) * (logs - logs.mean()))
        tau[group] = np.clip(tau[group] * factor, wanted.low, wanted.high)
    return reservoir.replace(tau_m=tau)


def _types(reservoir: Reservoir) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return the names of the tau_m of a spec with masks of their neurons, for types with any neurons."""
    groups = {"tau_m_exc": reservoir.is_excitatory, "tau_m_inh": ~reservoir.is_excitatory}
    return [(name, group) for name, group in groups.items() if group.any()]


def _fitted(tau: Array) -> LogNormal:
    """Return the log-normal with the mean and the spread of the logarithms of `tau`, with bounds that include all values."""
    logs = np.log(tau)
    spread = float(np.clip(logs.std(), _LEAST_SPREAD, _MOST_SPREAD))
    mean = math.exp(logs.mean() + spread**2 / 2)
    return LogNormal(mean, _cv(spread), min(_SHORTEST, float(tau.min())), max(_LONGEST, float(tau.max())))


def _cv(spread: float) -> float:
    """Return the CV of a log-normal whose logarithm has this standard deviation."""
    return math.sqrt(math.expm1(spread**2))


def _point(reservoir: Reservoir, spec: ReservoirSpec) -> tuple[float, ...]:
    """Return mean and CV of the tau_m of each type."""
    forms = [getattr(spec, name) for name, _ in _types(reservoir)]
    return tuple(number for form in forms for number in (form.mean, form.cv))


def _space(reservoir: Reservoir, spec: ReservoirSpec) -> Space:
    """Return the search space: for each type half to twice the mean, and half to twice the spread of log tau."""
    ranges = {}
    for name, _ in _types(reservoir):
        form = getattr(spec, name)
        spread = math.sqrt(math.log1p(form.cv**2))
        ranges[name] = DistributionRange(
            (form.mean / _FACTOR, form.mean * _FACTOR), (_cv(spread / _FACTOR), _cv(spread * _FACTOR)), form
        )
    return Space(ranges)


def _spectrum(reservoir: Reservoir, stimulus: Stimulus, seed: int) -> tuple[Array, float]:
    """Return the ten leading exponents without silent neurons (1/s), and the mean rate (Hz)."""
    washout = min(200.0, float(stimulus.durations[0]) / 4)
    count = min(_LEADING, 3 * reservoir.neurons)
    found = lyapunov_spectrum(reservoir, stimulus, count=count, washout=washout, seed=seed)
    return found.active_exponents, found.rate
