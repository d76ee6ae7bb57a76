"""Two engines on the same run: whether they agree, and how their speeds compare."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from hrsnn.presentation import Stimulus
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate


@dataclass(frozen=True)
class Agreement:
    """The outcome of :func:`compare_engines`.

    Parameters
    ----------
    same_spikes : bool
        Whether every spike is in the same step of the same neuron.
    spike_count : int
        Of the first engine.
    weight_difference : float
        Largest difference of a final weight (mV).
    seconds : (float, float)
        Wall time of the run on each engine, after a first run that compiles or loads what it needs.
    """

    same_spikes: bool
    spike_count: int
    weight_difference: float
    seconds: tuple[float, float]


def compare_engines(
    reservoir: Reservoir, stimulus: Stimulus, engines: tuple[str, str] = ("compiled", "brian2"), plastic: bool = True
) -> Agreement:
    """Run the same stimuli through the same reservoir on two engines.

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
        For an unknown engine, or a stimulus that does not fit.

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
        weight_difference=max(
            float(np.abs(getattr(first.reservoir, side) - getattr(second.reservoir, side)).max(initial=0.0))
            for side in ("weight", "input_weight")
        ),
        seconds=(seconds[0], seconds[1]),
    )
