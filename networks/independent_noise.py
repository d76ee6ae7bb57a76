"""Spike counts of a network driven by independent noise at each neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.runs.rate_matching import at_rate
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents

if TYPE_CHECKING:
    from hrsnn.networks.methods.contract import PruningContext

#: Window of the counts (ms), windows for each neuron, rate of the spikes (Hz), and duration of the calibration (ms).
_WINDOW, _PER_NEURON, _RATE, _CALIBRATION = 50.0, 10, 500.0, 2000.0
#: Largest weight of a spike (mV).
_HEAVIEST = 16.0


def independent_counts(context: PruningContext) -> NDArray[np.float64]:
    """Return spike counts (10 N, N) in windows of 50 ms, without input, under independent Poisson spikes at each neuron.

    The spikes have 500 Hz, and a weight with which the mean rate is that under the noise on the channels, found by
    bisection. Their mean is taken off the bias, so that they add fluctuations only.
    """
    reservoir, rate = context.reservoir, float(context.rates.mean())

    def driven(network: Reservoir, x: float) -> Reservoir:
        weight = _HEAVIEST ** (1 + x) if x > -1 else 0.0
        mean = weight * _RATE * network.tau_exc / 1000
        n = network.neurons
        return network.replace(
            background_rate=np.full(n, _RATE), background_weight=np.full(n, weight), i_bias=network.i_bias - mean
        )

    def silence(duration: float) -> Currents:
        return Currents(np.zeros((1, round(duration / _WINDOW), reservoir.channels)), dt=_WINDOW)

    noisy = at_rate(reservoir, driven, silence(_CALIBRATION), rate, seed=context.seed, engine=context.engine).network
    windows = max(2, _PER_NEURON * reservoir.neurons)
    stimulus = silence(windows * _WINDOW)
    found = simulate(noisy, stimulus, record=("counts",), windows=windows, seed=context.seed, engine=context.engine)
    return np.asarray(found.counts[0], dtype=np.float64)
