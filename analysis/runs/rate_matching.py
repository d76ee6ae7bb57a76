"""Networks at equal rate: one quantity of a network is changed until it has a given mean rate under a stimulus."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import takes

#: Largest factor, up and down, and largest shift of the bias (mV) that are tried.
_LARGEST, _SHIFT = 16.0, 10.0
#: Halvings of the range, on a logarithmic scale for a factor: to 0.5 % of the factor.
_HALVINGS = 10
#: Relative difference of rates that counts as matched.
TOLERANCE = 0.02


@dataclass(frozen=True)
class Matched(Displayed):
    """A network at the rate that was found nearest to the wanted one."""

    network: Reservoir
    #: Mean rate under the stimulus (Hz), and the wanted one.
    rate: float
    wanted: float
    #: Number from -1 to 1 by which the network was changed; 0: it was not.
    change: float

    @property
    def factor(self) -> float:
        """Factor on the weights, where the rate was matched by the input or the recurrent weights: 16^change."""
        return float(_LARGEST**self.change)

    @property
    def reached(self) -> bool:
        """Whether the rate is within 2 % of the wanted one."""
        return abs(self.rate - self.wanted) <= TOLERANCE * self.wanted


def with_input(network: Reservoir, x: float) -> Reservoir:
    """Return a network whose weights and gains of input links are multiplied by 16^x."""
    factor = _LARGEST**x
    links = network.input
    stronger = dataclasses.replace(links, weight=links.weight * factor, w_max=links.w_max * factor)
    return network.replace(input=stronger, input_gain=network.input_gain * factor)


def with_bias(network: Reservoir, x: float) -> Reservoir:
    """Return a network whose bias is shifted by 10 x mV."""
    return network.replace(i_bias=network.i_bias + _SHIFT * x)


def with_weights(network: Reservoir, x: float) -> Reservoir:
    """Return a network whose recurrent weights are multiplied by 16^x."""
    factor = _LARGEST**x
    links = network.recurrent
    return network.replace(recurrent=dataclasses.replace(links, weight=links.weight * factor, w_max=links.w_max * factor))


#: Quantities by which the rate of a network is matched, each a function of a number from -1 to 1, 0 for no change.
MATCHED_BY: Mapping[str, Callable[[Reservoir, float], Reservoir]] = {
    "input": with_input,
    "bias": with_bias,
    "weights": with_weights,
}


@takes()
def at_rate(
    network: Reservoir,
    by: str | Callable[[Reservoir, float], Reservoir],
    stimulus: Stimulus,
    wanted: float,
    *,
    seed: int = 0,
    engine: str = "auto",
) -> Matched:
    """Return a network changed such that its mean rate under a stimulus is within 2 % of `wanted` (Hz), by bisection.

    Parameters
    ----------
    network : Reservoir
    by : {"input", "bias", "weights"} or callable
        What is changed: all input weights and gains by a factor of 1/16 to 16, the bias by -10 to 10 mV, all recurrent
        weights by a factor of 1/16 to 16; or a function of the network and a number from -1 to 1, with which the rate
        increases, 0 for no change.
    stimulus : SpikeTrains or Currents
    wanted : float
        Hz.
    seed : int
    engine : str

    Returns
    -------
    Matched
        The network with the nearest rate that was tried, if none is within 2 %.

    Raises
    ------
    InputError
        When `by` is none of these, or `wanted` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import Currents, ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=60), seed=1)
    >>> stimulus = Currents(np.random.default_rng(0).uniform(-1, 1, (1, 100, 1)), dt=20)
    >>> matched = at_rate(reservoir, "bias", stimulus, 20.0)
    >>> matched.reached, bool(abs(simulate(matched.network, stimulus).rates.mean() / 20 - 1) < 0.02)
    (True, True)
    """

    if isinstance(by, str) and by not in MATCHED_BY:
        raise InputError("by", by, f"must be one of {', '.join(MATCHED_BY)}, or a function")
    change = MATCHED_BY[by] if isinstance(by, str) else by
    wanted = positive("wanted", wanted, "Hz", zero=True)

    def rate_of(x: float) -> float:
        return float(simulate(change(network, x), stimulus, record=(), engine=engine, seed=seed).rates.mean())

    tried = {0.0: rate_of(0.0)}
    low, high = (0.0, 1.0) if tried[0.0] < wanted else (-1.0, 0.0)
    for _ in range(_HALVINGS):
        if min(abs(rate - wanted) for rate in tried.values()) <= TOLERANCE * wanted:
            break
        middle = (low + high) / 2
        tried[middle] = rate_of(middle)
        low, high = (middle, high) if tried[middle] < wanted else (low, middle)
    best = min(tried, key=lambda x: abs(tried[x] - wanted))
    return Matched(change(network, best), tried[best], wanted, best)
