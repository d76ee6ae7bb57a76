"""The delay bank: the control without recurrent links that has the delays of the recurrent network on its input."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np

from hrsnn.analysis.firing.operations import UndefinedWarning
from hrsnn.analysis.runs.rate_matching import at_rate, with_input
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.units import takes


@takes()
def delay_bank(network: Reservoir, stimulus: Stimulus, rate: float, *, seed: int = 0, engine: str = "auto") -> Reservoir:
    """Return the delay bank of a reservoir, with its rate matched by the strength of its input.

    Delays are memory by themselves: what a recurrent network with delays is worth is what it has beyond the same neurons
    without recurrent links whose *input* arrives with such delays.

    Parameters
    ----------
    network : Reservoir
        Network with delays.
    stimulus : SpikeTrains or Currents
        Stimulus on which rates are matched, from the training part of a task.
    rate : float
        Mean rate of the network under this stimulus (Hz).
    seed : int
        Seed of the choice of delays.
    engine : str

    Returns
    -------
    Reservoir
        The same neurons and input links without recurrent links. Each input link has the delay of a recurrent link drawn
        at random. Weights and gains of the input are multiplied by the factor, from 1/16 to 16, with which the mean rate
        under the stimulus is within 2 % of `rate`, found by bisection.

    Warns
    -----
    UndefinedWarning
        When no factor gives the rate; the bank is then the one with the nearest rate that was tried.

    Examples
    --------
    >>> from hrsnn import Currents, ReservoirSpec, Uniform, build, simulate
    >>> reservoir = build(ReservoirSpec(neurons=60, delay_exc=Uniform(1, 100)), seed=1)
    >>> stimulus = Currents(np.random.default_rng(0).uniform(-1, 1, (1, 100, 1)), dt=20)
    >>> rate = simulate(reservoir, stimulus).rates.mean()
    >>> bank = delay_bank(reservoir, stimulus, rate)
    >>> bank.synapses, bool(abs(simulate(bank, stimulus).rates.mean() / rate - 1) < 0.02)
    (0, True)
    """
    bare = network.without_recurrence()
    links, random = bare.input, generator(seed, "delay bank")
    delays = random.choice(network.delay, size=len(links)) if network.synapses else np.zeros(len(links))
    bank = bare.replace(input=dataclasses.replace(links, delay=delays))

    matched = at_rate(bank, with_input, stimulus, rate, seed=seed, engine=engine)
    if not matched.reached:
        text = f"no strength of the input gives the delay bank {rate:.3g} Hz; the nearest is {matched.rate:.3g} Hz"
        warnings.warn(text, UndefinedWarning, stacklevel=3)
    return matched.network
