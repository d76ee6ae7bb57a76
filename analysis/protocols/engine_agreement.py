"""Comparison of two engines on the same run: agreement of spikes, and speed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrsnn.activity import Activity
from hrsnn.display import Displayed
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.units import takes

#: Distance from the threshold (mV) below which rounding error decides whether a neuron spikes.
NEAR_TIE = 1e-9


@dataclass(frozen=True)
class Agreement(Displayed):
    """Agreement and speed of two engines, as returned by :func:`compare_engines`."""

    #: Whether all spikes are in the same step of the same neuron.
    same_spikes: bool
    #: Number of spikes in the first engine.
    spike_count: int
    #: ``|v - v_threshold|`` (mV) of the neuron at the first spike that only one engine has, on the other one; nan if the
    #: spikes are the same. All later differences can follow from this one.
    distance: float
    #: Largest difference of a final weight (mV).
    weight_difference: float
    #: Wall-clock time of the run on each engine, after a first run for compilation and loading.
    seconds: tuple[float, float]

    @property
    def near_ties(self) -> int:
        """Number of first differences that rounding can explain: 1 if v was within 1e-9 mV of the threshold, else 0."""
        return int(self.distance <= NEAR_TIE)


@takes()
def compare_engines(
    reservoir: Reservoir, stimulus: Stimulus, engines: tuple[str, str] = ("compiled", "brian2"), plastic: bool = True
) -> Agreement:
    """Simulate the same reservoir with the same stimuli on two engines.

    Parameters
    ----------
    reservoir : Reservoir
    stimulus : SpikeTrains or Currents
    engines : (str, str)
    plastic : bool

    Returns
    -------
    Agreement

    Raises
    ------
    InputError
        For an unknown engine, or a stimulus that does not match the reservoir.

    Examples
    --------
    >>> from hrsnn import PoissonEncoder, ReservoirSpec, build
    >>> trains = PoissonEncoder(peak_rate=400, duration=50).fit_transform(np.eye(4))
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1, channels=4)
    >>> compare_engines(reservoir, trains, ("compiled", "brian2-numpy")).same_spikes
    True
    """
    runs, seconds = [], []
    for name in engines:
        simulate(reservoir, stimulus[:1], plastic=plastic, engine=name, record=())
        began = time.perf_counter()
        runs.append(simulate(reservoir, stimulus, plastic=plastic, engine=name))
        seconds.append(time.perf_counter() - began)
    first, second = runs
    return Agreement(
        same_spikes=first.spikes.equals(second.spikes),
        spike_count=first.spike_count,
        distance=distance_at_first_difference(reservoir, stimulus, first, second, engines, plastic),
        weight_difference=max(
            float(np.abs(getattr(first.reservoir, side) - getattr(second.reservoir, side)).max(initial=0.0))
            for side in ("weight", "input_weight")
        ),
        seconds=(seconds[0], seconds[1]),
    )


def distance_at_first_difference(
    reservoir: Reservoir,
    stimulus: Stimulus,
    first: Activity,
    second: Activity,
    engines: tuple[str, str] = ("compiled", "brian2"),
    plastic: bool = True,
) -> float:
    """Distance of v from the threshold (mV) at the first spike that one run lacks, in that run; nan if the runs agree.

    Parameters
    ----------
    reservoir : Reservoir
        Reservoir of both runs, without background input.
    stimulus : SpikeTrains or Currents
    first, second : Activity
        Activity of the two runs, with spikes.
    engines : (str, str)
        Engines of `first` and `second`.
    plastic : bool
    """
    for index in range(len(stimulus)):
        spikes = [
            set(zip(np.round(times / reservoir.dt).astype(int).tolist(), who.tolist(), strict=True))
            for times, who in (run.spikes.sample(index) for run in (first, second))
        ]
        if spikes[0] == spikes[1]:
            continue
        step, neuron = min(spikes[0] ^ spikes[1])
        options: dict[str, Any] = {"engine": engines[int((step, neuron) in spikes[0])], "plastic": plastic}
        if plastic and index:
            reservoir = simulate(reservoir, stimulus[:index], record=(), **options).reservoir
        at = [(step + 1) * reservoir.dt]
        v = simulate(reservoir, stimulus[[index]], record="v", sample_times=at, **options).v
        return float(abs(v[0, 0, neuron] - reservoir.v_threshold[neuron]))
    return float("nan")
