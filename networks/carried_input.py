"""Covariance of the spikes of each neuron with past input: what the neuron carries of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Values in each part of the noise; a part begins at rest, and its first values only fill the network.
_PART = 500
#: Time for which a value is held, and time constant of the filtered spikes (ms).
_HOLD, _TAU = 20.0, 20.0


@takes()
def input_covariance(
    reservoir: Reservoir,
    *,
    values: int = 3000,
    lags: int = 60,
    significance: float = 3.0,
    seed: int = 0,
    engine: str = "auto",
) -> Array:
    """Compute the covariance of each neuron's filtered spikes with the past values of noise on the input channels.

    ``K_j,c,l = cov(x_j(t), u_c(t - l))``, x_j the spikes filtered with 20 ms at the end of each value, u independent uniform
    values in (-1, 1), each held for 20 ms.

    Parameters
    ----------
    reservoir : Reservoir
        N neurons, C channels.
    values : int
        Number of values used.
    lags : int
        Number of past values, the present one included.
    significance : float
        Entries below this many standard errors, ``sd(x_j) sd(u) / sqrt(values)``, are set to 0.
    seed : int
    engine : str

    Returns
    -------
    array (N, C, lags)
        In units of filtered spikes.

    Raises
    ------
    InputError
        When there are fewer values than lags.

    Notes
    -----
    The delays of a link only shift its source's covariance to other lags. One pass over the noise, in parts, whatever the
    number of values: memory is N times (500 + C lags) numbers.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> input_covariance(reservoir, values=100, lags=5).shape
    (30, 1, 5)
    """
    values, lags = count_of("values", values), count_of("lags", lags)
    positive("significance", significance, "standard errors", zero=True)
    if values <= lags:
        raise InputError("values", values, f"must be over the number of lags, {lags}")
    n, channels = reservoir.neurons, reservoir.channels
    random = generator(seed, "input covariance")
    sums, squares = np.zeros(n), np.zeros(n)
    inputs, crossed = np.zeros((channels, lags)), np.zeros((n, channels * lags))
    for start in range(0, values, _PART):
        count = min(_PART, values - start)
        noise = random.uniform(-1, 1, (count + lags, channels))
        stimulus = Currents(noise[None], dt=_HOLD)
        found = simulate(
            reservoir,
            stimulus,
            record=("states",),
            sample_times=count + lags,
            tau_state=_TAU,
            seed=seed,
            engine=engine,
        )
        states = found.states[0, lags:]
        # row t: the values at t, t - 1, ..., t - lags + 1, by channel
        past = np.lib.stride_tricks.sliding_window_view(noise, lags, axis=0)[1:, :, ::-1]
        sums += states.sum(axis=0)
        squares += (states**2).sum(axis=0)
        inputs += past.sum(axis=0)
        crossed += states.T @ past.reshape(count, -1)
    mean = sums / values
    covariance = crossed / values - np.outer(mean, inputs.ravel() / values)
    # the variance of a uniform number in (-1, 1) is 1/3
    error = np.sqrt(np.maximum(squares / values - mean**2, 0) / (3 * values))
    covariance[np.abs(covariance) < significance * error[:, None]] = 0.0
    return covariance.reshape(n, channels, lags)
