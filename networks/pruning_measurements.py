"""Measurements of a network under noise while it is pruned: spikes and Lyapunov exponents; and a network at a rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis import LyapunovSpectrum, lyapunov_spectrum
from hrsnn.analysis.runs.rate_matching import at_rate, with_bias
from hrsnn.errors import InputError
from hrsnn.networks.pruning_record import LEADING
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate
from hrsnn.stimuli.stimulus import Stimulus

Array = NDArray[np.float64]
Exponents = Literal["local", "v", "all"] | Callable[[Reservoir], Array]

_WINDOW = 50.0  # ms, window of the counts
_WASHOUT = 200.0  # ms, washout before exponents are measured


@dataclass(frozen=True)
class Measurements:
    """Measurements of a network under the noise."""

    stimulus: Stimulus
    exponents: Exponents
    wanted: bool  #: whether the method uses the exponents of the neurons
    seed: int
    engine: str

    def activity(self, reservoir: Reservoir) -> Activity:
        """Simulate the network and return its spike counts, in total and in windows."""
        count = max(2, round(float(self.stimulus.durations[0]) / _WINDOW))
        return simulate(reservoir, self.stimulus, record=("counts",), windows=count, engine=self.engine, seed=self.seed)

    def at_rate(self, reservoir: Reservoir, rate: float) -> Reservoir:
        """Return the network with the shift of all biases that gives it a mean rate (Hz), or the nearest."""
        found = at_rate(reservoir, with_bias, self.stimulus, rate, seed=self.seed, engine=self.engine)
        return found.network

    def stability(self, reservoir: Reservoir, whole: bool) -> tuple[Array | None, Array | None]:
        """Return an exponent for each neuron, if the method uses them, and the leading ones without silent neurons."""
        if reservoir.adaptation.any() or reservoir.short_term is not None:
            if self.wanted and not callable(self.exponents):
                # raises an error that names the one of the two
                lyapunov_spectrum(reservoir, self.stimulus)
            return self._given(reservoir) if whole else None, None
        washout = min(_WASHOUT, float(self.stimulus.durations[0]) / 4)

        def spectrum(count: int | None) -> LyapunovSpectrum:
            return lyapunov_spectrum(reservoir, self.stimulus, count=count, washout=washout, seed=self.seed)

        # always of as many columns, on which the values depend: those of several networks are compared
        found = spectrum(min(LEADING, 3 * reservoir.neurons))
        leading = found.active_exponents[:LEADING]
        if not self.wanted or not whole:
            return None, leading
        if callable(self.exponents):
            return self._given(reservoir), leading
        if self.exponents == "local":
            # without the decay of the currents, which is equal for all neurons and would mask their differences
            return found.per_neuron_local + 1000 / reservoir.tau_exc + 1000 / reservoir.tau_inh, leading
        whole_spectrum = spectrum(None)
        return (whole_spectrum.per_neuron_v if self.exponents == "v" else whole_spectrum.per_neuron), leading

    def _given(self, reservoir: Reservoir) -> Array | None:
        """Return the exponents by the user's function, if there is one."""
        if not callable(self.exponents):
            return None
        given = self.exponents(reservoir)
        try:
            values = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            values = np.empty(0)
        if values.shape != (reservoir.neurons,) or not np.isfinite(values).all():
            raise InputError("exponents", given, f"must be {reservoir.neurons} finite numbers, one a neuron")
        return values
