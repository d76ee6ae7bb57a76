"""Damage and noise: neurons lost, weights jittered, inputs noisy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import takes

#: A threshold (mV) that no neuron reaches.
_UNREACHABLE = 1e12


@dataclass(frozen=True)
class Perturbation:
    """Damage or noise of a level.

    Parameters
    ----------
    summary : str
        What a level means.
    axis : str
        Label of an axis of levels.
    network : callable, optional
        Function from a reservoir, a level and a seed to the perturbed one.
    stimulus : callable, optional
        Function from a stimulus, a level and a seed to the perturbed one.
    share : bool
        Whether a level is a share, of at most 1.
    """

    summary: str
    axis: str
    network: Callable[[Reservoir, float, int], Reservoir] | None = None
    stimulus: Callable[[Stimulus, float, int], Stimulus] | None = None
    share: bool = False


@takes()
def lose_neurons(reservoir: Reservoir, level: float, seed: int = 0) -> Reservoir:
    """Return a reservoir in which a share of the neurons, drawn at random, is dead: they stay at rest and never spike.

    Parameters
    ----------
    reservoir : Reservoir
    level : float
        Share of the neurons, 0 to 1. Those that are lost at a level are lost at every higher one too.
    seed : int

    Returns
    -------
    Reservoir
        Of as many neurons, so that a readout of all of them can be used on.

    Examples
    --------
    >>> from hrsnn import Currents, ReservoirSpec, build, simulate
    >>> damaged = lose_neurons(build(ReservoirSpec(neurons=40, i_bias=16), seed=1), 0.25)
    >>> int((simulate(damaged, Currents(np.zeros((1, 1, 1)), dt=200.0)).rates == 0).sum()) >= 10
    True
    """
    count = round(_level(level, share=True) * reservoir.neurons)
    lost = np.zeros(reservoir.neurons, dtype=bool)
    lost[generator(seed, "perturbation", "neurons").permutation(reservoir.neurons)[:count]] = True

    def without(values: np.ndarray, here: np.ndarray) -> np.ndarray:
        return np.where(here, 0.0, values)

    rest = reservoir.v_rest
    return reservoir.replace(
        v_threshold=np.where(lost, _UNREACHABLE, reservoir.v_threshold),
        v_start=np.where(lost, rest, reservoir.v_start),
        i_bias=without(reservoir.i_bias, lost),
        background_rate=without(reservoir.background_rate, lost),
        weight=without(reservoir.weight, lost[reservoir.pre] | lost[reservoir.post]),
        input_weight=without(reservoir.input_weight, lost[reservoir.input_post]),
        input_gain=without(reservoir.input_gain, lost[reservoir.input_post]),
    )


@takes()
def jitter_weights(reservoir: Reservoir, level: float, seed: int = 0) -> Reservoir:
    """Return a reservoir whose weights are multiplied by random factors of mean 1, recurrent and input ones.

    ``w' = w exp(s xi - s^2/2)``, xi standard normal and independent, ``s^2 = log(1 + level^2)``: the factor has the mean 1
    and the standard deviation `level`, and no weight changes its sign. Gains of currents are multiplied likewise.

    Parameters
    ----------
    reservoir : Reservoir
    level : float
        Standard deviation of the factors. The same xi are drawn at every level.
    seed : int

    Returns
    -------
    Reservoir
        Upper bounds of weights are raised where a weight is above.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=1000), seed=1)
    >>> factors = jitter_weights(reservoir, 0.5).weight / reservoir.weight
    >>> bool(abs(factors.mean() - 1) < 0.03), bool(abs(factors.std() - 0.5) < 0.05)
    (True, True)
    """
    spread = np.log1p(_level(level) ** 2) ** 0.5

    def factors(name: str, count: int) -> np.ndarray:
        drawn = generator(seed, "perturbation", "weights", name).normal(size=count)
        return np.asarray(np.exp(spread * drawn - spread**2 / 2))

    weight = reservoir.weight * factors("recurrent", reservoir.synapses)
    of_input = factors("input", len(reservoir.input))
    changed = reservoir.replace(weight=weight, w_max=np.maximum(reservoir.w_max, weight))
    input_weight = reservoir.input_weight * of_input
    bounds = replace(reservoir.input, w_max=np.maximum(reservoir.input.w_max, input_weight))
    bounded = changed.replace(input=bounds)
    return bounded.replace(input_weight=input_weight, input_gain=reservoir.input_gain * of_input)


@takes()
def noisy_input(stimulus: Stimulus, level: float, seed: int = 0) -> Stimulus:
    """Return a stimulus with noise.

    Parameters
    ----------
    stimulus : SpikeTrains or Currents
    level : float
        Of currents: the standard deviation of independent Gaussian noise of each value, over that of the channel in all
        samples. Of spikes: the share, 0 to 1, that is replaced by spikes at random times and channels of the same sample.
        The same noise is drawn at every level.
    seed : int

    Returns
    -------
    SpikeTrains or Currents

    Examples
    --------
    >>> values = np.random.default_rng(0).uniform(-1, 1, (1, 5000, 1))
    >>> noisy = noisy_input(Currents(values, dt=20.0), 0.5)
    >>> bool(abs((noisy.values - values).std() / values.std() - 0.5) < 0.02)
    True
    """
    draws = generator(seed, "perturbation", "input")
    if isinstance(stimulus, Currents):
        seen = np.concatenate([stimulus.sample(index) for index in range(len(stimulus))])
        noise = _level(level) * seen.std(axis=0) * draws.normal(size=stimulus.values.shape)
        inside = np.arange(stimulus.values.shape[1]) < np.asarray(stimulus.lengths)[:, None]
        return Currents(stimulus.values + np.where(inside[..., None], noise, 0.0), stimulus.dt, stimulus.lengths)
    share = _level(level, share=True)
    samples = []
    for index, duration in enumerate(stimulus.durations.tolist()):
        times, channels = stimulus.sample(index)
        other = draws.uniform(size=(2, len(times))), draws.integers(stimulus.n_channels, size=len(times))
        replaced = other[0][0] < share
        times = np.where(replaced, np.minimum(other[0][1] * duration, np.nextafter(duration, 0)), times)
        samples.append((times, np.where(replaced, other[1], channels)))
    return SpikeTrains.from_samples(samples, stimulus.n_channels, stimulus.durations)


def _level(level: float, share: bool = False) -> float:
    found = positive("level", level, "a share" if share else "over the value itself", zero=True)
    if share and found > 1:
        raise InputError("level", level, "must be at most 1: it is a share")
    return found


#: Perturbations by name.
PERTURBATIONS: Mapping[str, Perturbation] = {
    "neurons": Perturbation("share of the neurons that are lost", "Share of neurons lost", network=lose_neurons, share=True),
    "weights": Perturbation(
        "standard deviation of random factors of all weights", "Jitter of weights (sd / weight)", network=jitter_weights
    ),
    "input": Perturbation(
        "noise of the input: sd over that of currents, or share of the spikes replaced",
        "Noise of the input (sd / sd, or share)",
        stimulus=noisy_input,
    ),
}
