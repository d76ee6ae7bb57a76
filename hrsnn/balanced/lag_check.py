"""The lag and the noise of a code in a short run, beside what the rules expect."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from hrsnn.balanced.lag import code_of, tolerated_lag
from hrsnn.balanced.network import BalancedNetwork
from hrsnn.display import Displayed
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.runtime.seeds import check_seed, generator
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import takes

#: Part of a run before it is measured, and interval of the samples (ms): no multiple of a hold or a step.
_WASHOUT, _INTERVAL = 300.0, 1.7
#: Share of the longest lag that the system tolerates by which the compensation may be off.
_OFF = 0.5
#: Share of the steps with a spike from which on there is no room for the spikes that are missing.
_FULL = 0.9


@dataclass(frozen=True)
class MeasuredCode(Displayed):
    """Lag, noise and spikes of a balanced network in a run, as returned by :func:`measured_lag`."""

    lag: float  #: ms: slope of the coding error on the drift
    standard_error: float  #: ms, of the lag, from blocks of 200 ms
    noise: float  #: sd of a state of the coding error beside ``lag d``
    spikes: float  #: of all neurons, 1/s
    expected_lag: float  #: ms, by :func:`hrsnn.balanced.lag.expected_lag`
    expected_spikes: float  #: 1/s, by :func:`hrsnn.balanced.lag.expected_spikes`
    tolerated: float  #: ms: by how much the compensation may be off before the system grows

    used: float  #: share of the steps with a spike, in the second half of the run

    @property
    def breaks(self) -> bool:
        """Whether the code breaks down: nearly every step has a spike, and what is missing adds up."""
        return self.used > _FULL


@takes(duration="ms")
def measured_lag(network: BalancedNetwork, duration: float = 1500.0, seed: int = 0) -> MeasuredCode:
    """Measure the lag of the coding error behind the drift in a short run.

    ``lag = sum_t e . d / sum_t d . d``, d = B' u + (A' + lambda I) z with the weights' A' and B', e by least squares from
    ``V = Gamma^T e``.

    Parameters
    ----------
    network : BalancedNetwork
        Made by its decoder and system, without edited weights.
    duration : float
        Of the run (ms), of which the first 300 ms are not measured. Values are uniform on (-1, 1) and held as states are
        scaled for.
    seed : int
        Seed of the values.

    Returns
    -------
    MeasuredCode

    Raises
    ------
    InputError
        When the weights are edited or there are no links, or the run is shorter than 500 ms.

    Notes
    -----
    The lag of one run has an error of some per cent. Leaks are taken by their mean; with a cost of rates e is that part of
    V which a decoder explains. A run of 1000 neurons takes about 0.1 s once the kernels are compiled.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> found = measured_lag(build_balanced(BalancedSpec(neurons=400, dimensions=16), seed=1))
    >>> bool(abs(found.lag / found.expected_lag - 1) < 0.25)
    True
    """
    if network.edited or not network.linked:
        raise InputError("network", "without the weights of its decoder", "must have them: its V are not an error of a code")
    check_seed(seed)
    if positive("duration", duration, "ms") < 500:
        raise InputError("duration", duration, "must be at least 500 ms")
    hold, leak = network.hold, float(network.leak.mean())
    count = max(2, round(duration / hold))
    values = generator(seed, "balanced", "lag check").uniform(-1, 1, (count, network.channels))
    times = np.arange(_WASHOUT, count * hold, _INTERVAL)
    run = simulate(network, Currents(values[None], dt=hold), record=("spikes", "v"), sample_times=times)
    error = np.linalg.solve(network.decoder @ network.decoder.T, network.decoder @ run.v[0].T).T
    z = network.decode(run.spikes, times)[0]
    u = values[np.minimum((times / hold).astype(int), count - 1)]
    drift = u @ network.B_weights.T + z @ (network.A_weights + leak * np.eye(network.states)).T
    along, size = (error * drift).sum(axis=1), (drift**2).sum(axis=1)
    lag = float(along.sum() / size.sum())
    # residuals of neighbouring samples depend on each other: blocks are summed first
    blocks = np.add.reduceat(along - lag * size, np.arange(0, len(times), max(1, round(200 / _INTERVAL))))
    norm = float(np.sqrt((network.decoder**2).sum(axis=0)).mean())
    spikes, expected = code_of(network.system, leak, hold / 1000, norm, network.neurons)
    return MeasuredCode(
        lag=1000 * lag,
        standard_error=1000 * float(np.sqrt((blocks**2).sum()) / size.sum()),
        noise=float((error - lag * drift).std()),
        spikes=1000 * run.spike_count / (count * hold),
        expected_lag=1000 * expected,
        expected_spikes=spikes,
        tolerated=1000 * tolerated_lag(network.system, leak),
        used=int((run.spikes.times > count * hold / 2).sum()) * network.dt / (count * hold / 2),
    )


@takes(duration="ms")
def check_lag(network: BalancedNetwork, duration: float = 1500.0, seed: int = 0) -> MeasuredCode:
    """Measure the lag as :func:`measured_lag` does, and warn where its compensation is off by much.

    "Much" is more than half of the lag that the system tolerates (:func:`hrsnn.balanced.lag.tolerated_lag`), and more than
    three standard errors.

    Warns
    -----
    HrsnnWarning
        When the lag that is compensated is off, or the code breaks down.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> found = check_lag(build_balanced(BalancedSpec(neurons=400, dimensions=16), seed=1))
    >>> found.breaks
    False
    """
    found = measured_lag(network, duration, seed)
    off = abs(found.lag - network.lag)
    if found.breaks:
        text = f"dt = {network.dt:g}: the code breaks down, with a spike in {found.used:.0%} of the steps; must be shorter"
        warnings.warn(text, HrsnnWarning, stacklevel=3)
    elif off > max(_OFF * found.tolerated, 3 * found.standard_error):
        text = f"lag = {network.lag:.3g}: {found.lag:.3g} +- {found.standard_error:.2g} ms were measured; set lag to that"
        warnings.warn(text, HrsnnWarning, stacklevel=3)
    return found
