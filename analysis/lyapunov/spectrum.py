"""Lyapunov spectrum of a spiking reservoir along its exact trajectory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.lyapunov.exponents import GrowthRates, rates_of
from hrsnn.analysis.lyapunov.qr import Stretch, orthonormalise, stretches
from hrsnn.analysis.lyapunov.stimulus import driven_by
from hrsnn.analysis.lyapunov.subspace import ReachableSubspace
from hrsnn.analysis.lyapunov.tangent import SpikeTangent, TangentTime
from hrsnn.engines.exact.engine import trajectory
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.progress import progress_bar
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, duration_of, positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Length below which a stretch is not halved (ms).
_SHORTEST = 0.5
#: Longest interval (ms): beyond it the decay of the currents alone makes the vectors ill-conditioned.
_LONGEST = 40.0


@dataclass(frozen=True)
class LyapunovSpectrum(GrowthRates):
    """Lyapunov spectrum of a reservoir; exponents in 1/s, times in ms from the end of the washout."""

    active_exponents: Array  #: (k,) 1/s, without the silent neurons
    active_error: float  #: 1/s, standard error of the largest of these; nan when all neurons are silent
    per_neuron: Array  #: (N,) 1/s, share of v, I_exc and I_inh of each neuron in the sum; nan if the spectrum is incomplete
    per_neuron_v: Array  #: (N,) 1/s, share of v only, which differs more between neurons; nan if the spectrum is incomplete
    per_neuron_local: Array  #: (N,) 1/s, log-determinant of the neuron's own block, which needs no vectors
    silent: NDArray[np.bool_]  #: (N,) neurons without a spike in the whole run
    rates: Array  #: (N,) Hz, after the washout
    releases: int  #: releases from the refractory period in the whole run
    floored: int  #: number of drifts (two per release) that were nearer to 0 than the floor
    shortest: float  #: ms, shortest stretch between two orthonormalisations

    @property
    def rate(self) -> float:
        """Mean rate of all neurons (Hz)."""
        return float(self.rates.mean())

    @property
    def largest(self) -> float:
        """lambda_1 (1/s), including silent neurons, each of which contributes -1/tau_m."""
        return float(self.exponents[0])

    @property
    def largest_active(self) -> float:
        """lambda_1 (1/s) without the silent neurons; nan when all are silent."""
        return float(self.active_exponents[0]) if len(self.active_exponents) else float("nan")


@takes(stimulus="ms", interval="ms", washout="ms")
def lyapunov_spectrum(
    reservoir: Reservoir,
    stimulus: Stimulus | float,
    *,
    count: int | None = None,
    index: int = 0,
    interval: float = 20.0,
    washout: float = 200.0,
    drift_floor: float = 1e-6,
    seed: int = 0,
    progress: bool = False,
) -> LyapunovSpectrum:
    """Compute the Lyapunov exponents of a reservoir: growth rates of small changes of v and currents under fixed input.

    ``lambda_k = sum of log R_kk / time``, R from the QR factorisation of the tangent every `interval`. Between spikes the
    tangent is propagated exactly. With f_k- the slope of v_k just before a spike, and f_k+ that from the reset at its
    release, a spike of k carries p = dv_k / f_k- to its targets, dI_s,i -= s w p / tau_s and dv_i += s w p / tau_m,i (not
    while i is refractory), and the release multiplies dv_k by f_k+ / f_k-.

    Parameters
    ----------
    reservoir : Reservoir
        N neurons, without adaptation and short-term plasticity. Weights are fixed.
    stimulus : SpikeTrains, Currents or float
        Input, the same for all trajectories; a number is a duration (ms) without any input.
    count : int, optional
        Number of largest exponents; all 3 N by default.
    index : int
        Index of the sample of the stimulus.
    interval : float
        ms between two orthonormalisations, at most 40; halved if the vectors become ill-conditioned. `per_neuron` and
        `per_neuron_v` depend on it.
    washout : float
        ms at the beginning that are not used, in which trajectory and vectors converge.
    drift_floor : float
        mV/ms; slopes nearer to 0 than this are replaced by it, with their sign.
    seed : int
        Seed of the background input and of the initial vectors.
    progress : bool

    Returns
    -------
    LyapunovSpectrum

    Raises
    ------
    InputError
        When the reservoir has adaptation or short-term plasticity, which add variables, or an option is out of range.
    DivergenceError
        When rates diverge, or the tangent is no longer finite.

    Notes
    -----
    Directions on which nothing depends are not propagated, since their exponents are known exactly: a neuron without a spike
    contributes -1/tau_m, -1/tau_exc and -1/tau_inh, and the directions of the currents that no weights reach decay at
    -1/tau_exc and -1/tau_inh (where these are the same for all neurons). This is equivalent to the QR method with these
    directions as the first vectors.

    ``per_neuron_i = mean over t of sum_k Q_ik(t)^2 log R_kk(t) / interval``, over the rows i of a neuron and its spikes in
    transit: one way to divide a spectrum among neurons. The k-th exponent is not that of neuron k. With delays, the
    sum of the exponents differs from that of `per_neuron_local`.

    References
    ----------
    The saltation matrix: M. Monteforte and F. Wolf, Phys. Rev. Lett. 105 (2010), 268104. The QR method: G. Benettin et al.,
    Meccanica 15 (1980), 9.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> quiet = build(ReservoirSpec(neurons=20, i_bias=10), seed=1)
    >>> spectrum = lyapunov_spectrum(quiet, 500.0)
    >>> bool(np.isclose(spectrum.largest, -1000 / quiet.tau_m.max())), len(spectrum.exponents), spectrum.kaplan_yorke
    (True, 60, 0.0)
    """
    n = reservoir.neurons
    wanted, interval = checked_options(reservoir, count, interval)
    washout = duration_of("washout", washout, zero=True)
    drift_floor = positive("drift_floor", drift_floor, "mV/ms")
    driven = driven_by(stimulus, reservoir.channels, index)
    stretches_each = float(driven.durations[index]) / interval
    check_memory("count, interval", (wanted, interval), _memory(reservoir, wanted, stretches_each), "the tangent vectors")
    log = trajectory(reservoir, driven, index=index, seed=seed)
    if log.duration < washout + interval:
        allowed = f"must leave an interval of {interval:g} ms of the {log.duration:g} ms"
        raise InputError("washout", washout, allowed)

    active = np.bincount(log.spike_neuron, minlength=n) > 0
    flow = SpikeTangent(reservoir, log, np.flatnonzero(active), drift_floor)
    whole = wanted == 3 * n
    reachable = _reachable(flow, reservoir) if whole else None
    growth, lengths, shared = [], [], np.zeros((4, flow.n))
    with progress_bar(progress, total=log.duration, unit="ms") as done:
        for stretch in _stretches(flow, reachable, wanted, _pieces(washout, log.duration, interval), seed):
            done(stretch.state.time)
            if stretch.state.time > washout * (1 + 1e-9):
                growth.append(stretch.log_growth)
                lengths.append(stretch.length)
                shared += _shared(stretch, flow)
    span = (log.duration - washout) / 1000  # s
    decays = -1000 / np.stack([reservoir.tau_m, reservoir.tau_exc, reservoir.tau_inh])  # 1/s
    per_neuron, known = np.vstack([decays, np.zeros(n)]), np.empty(0)
    per_neuron[:, active] = shared / span
    if reachable is not None:
        beyond = reachable.unreached()
        per_neuron[1:3, active] += decays[1:, active] * beyond
        known = np.repeat(decays[1:, active].mean(axis=1), np.rint(beyond.sum(axis=1)).astype(int))
    local = decays.sum(axis=0)
    local[active] = flow.local_growth(washout, log.duration) / span

    seconds, grown = np.array(lengths) / 1000, np.array(growth)
    rates = rates_of(grown, seconds, np.append(known, decays[:, ~active]))
    of_active = rates_of(grown, seconds, known)
    return LyapunovSpectrum(
        exponents=rates.exponents[:wanted],
        standard_error=rates.standard_error[:wanted],
        convergence=rates.convergence[:, :wanted],
        times=rates.times * 1000,
        active_exponents=of_active.exponents[:wanted],
        active_error=float(of_active.standard_error[0]) if flow.n else float("nan"),
        per_neuron=per_neuron.sum(axis=0) if whole else np.full(n, np.nan),
        per_neuron_v=per_neuron[0] if whole else np.full(n, np.nan),
        per_neuron_local=local,
        silent=~active,
        rates=np.bincount(log.spike_neuron[log.spike_time >= washout], minlength=n) / span,
        releases=len(flow.release_time),
        floored=flow.floored,
        shortest=float(min(lengths)),
    )


#: Spikes per neuron and ms for which memory is estimated.
_SPIKES = 0.03


def _memory(reservoir: Reservoir, wanted: int, stretches: float) -> float:
    """Estimate the memory needed if no neuron is silent, measured in test_limits.py: copies of vectors, and growth."""
    n = reservoir.neurons
    delays = float(reservoir.delay.mean()) if reservoir.synapses else 0.0
    alike = not (np.ptp(reservoir.tau_exc) or np.ptp(reservoir.tau_inh) or delays)
    columns = 2 * n if alike and wanted == 3 * n else wanted  # all directions that spikes reach
    rows = 3 * n + n * delays * _SPIKES  # those of spikes in transit too
    return 8 * (3 * rows * columns + n**2 + 3 * stretches * wanted) + 100 * stretches


def _stretches(
    flow: SpikeTangent, reachable: ReachableSubspace | None, wanted: int, lengths: list[float], seed: int
) -> Iterator[Stretch[TangentTime]]:
    """Yield the stretches of the run, with at most `wanted` vectors."""
    n = flow.n
    if not n:  # a silent network: all exponents are known
        nothing = np.empty((0, 0)), np.empty(0)
        ends = zip(np.cumsum(lengths), lengths, strict=True)
        return (Stretch(replace(flow.start(), time=time), *nothing, length) for time, length in ends)
    vectors = np.eye(3 * n, min(wanted, 3 * n)) if reachable is None else reachable.start()
    method = orthonormalise if reachable is None else reachable.orthonormalise
    # First random combinations of v, then the currents one by one. Unit vectors of v would stay with their neurons for
    # long, and vectors that mix v with currents would take long to separate from these.
    vectors[:n, :n], _ = orthonormalise(generator(seed, "tangent vectors").normal(size=(n, n))[:, :wanted])
    return stretches(flow, flow.start(), vectors, lengths, shortest=_SHORTEST, orthonormalise=method)


def _pieces(washout: float, duration: float, interval: float) -> list[float]:
    """Return lengths of equal stretches of at most `interval` ms, those of the washout first."""
    spans = (washout, duration - washout)
    counts = [math.ceil(span / interval - 1e-9) for span in spans]
    return [span / count for span, count in zip(spans, counts, strict=True) for _ in range(count)]


def _shared(stretch: Stretch[TangentTime], flow: SpikeTangent) -> Array:
    """Growth of a stretch, sum_k Q_ik^2 log R_kk, for v, I_exc, I_inh and the spikes in transit of each neuron: (4, n)."""
    rows = stretch.vectors**2 @ stretch.log_growth
    flying = np.bincount(flow.source[stretch.state.flying], rows[3 * flow.n :], minlength=flow.n)
    return np.vstack([rows[: 3 * flow.n].reshape(3, flow.n), flying])


def _reachable(flow: SpikeTangent, reservoir: Reservoir) -> ReachableSubspace | None:
    """Return coordinates without the directions that spikes never reach; None if these decay at different rates."""
    tau_exc, tau_inh = reservoir.tau_exc[flow.neurons], reservoir.tau_inh[flow.neurons]
    if flow.n == 0 or np.ptp(tau_exc) > 0 or np.ptp(tau_inh) > 0:
        return None
    return ReachableSubspace(*flow.reached())


def checked_options(reservoir: Reservoir, count: int | None, interval: float) -> tuple[int, float]:
    """Return the number of exponents and the interval (ms).

    Raises
    ------
    InputError
        When they are out of range, or the model has more variables than v and two currents a neuron.
    """
    if reservoir.adaptation.any():
        raise InputError("reservoir", "with adaptation", "must have none: it is one more variable a neuron")
    if reservoir.short_term is not None:
        raise InputError("reservoir", "with short-term plasticity", "must have none: it is two more variables a link")
    if reservoir.state_bits:
        raise InputError("reservoir", "with v of few bits", "must have none: rounding has no derivative")
    most = 3 * reservoir.neurons
    wanted, interval = most if count is None else count_of("count", count), positive("interval", interval, "ms")
    if wanted > most:
        raise InputError("count", count, f"must be at most {most}, three variables a neuron")
    if interval > _LONGEST:
        raise InputError("interval", interval, f"must be at most {_LONGEST:g} ms, or rounding would show")
    return wanted, interval
