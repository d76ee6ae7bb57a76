"""Controls of a balanced network, each with the rule by which its neurons spike."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from hrsnn.balanced import BalancedNetwork
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import check_seed, generator
from hrsnn.simulation import simulate
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import takes

#: Spread of the membrane time constants of `unbalanced` about their mean: from 1900 to 2100 ms where that is 2 s.
_SPREAD = 0.05
#: Relative error of a matched rate, and the most halvings of the interval of factors.
_CLOSE, _HALVINGS = 0.02, 24


@dataclass(frozen=True)
class Control:
    """A control: how it is made of a balanced network and a seed, and how many of its neurons spike in a step."""

    make: Callable[[BalancedNetwork, int], BalancedNetwork]
    summary: str
    rule: str


@takes()
def unbalanced(network: BalancedNetwork, seed: int = 0) -> BalancedNetwork:
    """Return the network with random orthogonal weights instead, and time constants that differ by 5 %.

    The weights off the diagonal have the norm of those of the network; thresholds and resets are the same, and there are no
    slow weights. Any number of neurons may spike in a step.

    Parameters
    ----------
    network : BalancedNetwork
    seed : int
        Seed of the weights and of the time constants, uniform within 5 % of the mean.

    Notes
    -----
    Orthogonal weights and time constants from 1900 to 2100 ms are those of the published baseline. There thresholds and
    resets are 1, with which the network is silent before it is trained; so both are taken from the balanced network here.

    Examples
    --------
    >>> from hrsnn.balanced import balanced_for_inputs
    >>> from hrsnn.balanced.inputs import random_input_weights
    >>> network = balanced_for_inputs(0.1 * random_input_weights(50, 10))
    >>> control = unbalanced(network)
    >>> bool(np.isclose((control.weight**2).sum(), (network.weight**2).sum())), control.several_spikes
    (True, True)
    """
    check_seed(seed)
    random, n = generator(seed, "balanced", "unbalanced"), network.neurons
    own = np.diag(network.fast)
    free, triangle = np.linalg.qr(random.normal(size=(n, n)))
    free *= np.sign(np.diag(triangle))
    np.fill_diagonal(free, 0.0)
    fast = free * np.sqrt(((network.fast - np.diag(own)) ** 2).sum() / (free**2).sum()) if n > 1 else free
    np.fill_diagonal(fast, own)
    return dataclasses.replace(
        network,
        leak=network.leak.mean() / random.uniform(1 - _SPREAD, 1 + _SPREAD, n),
        edited_fast=fast,
        edited_slow=np.zeros((n, n)),
        several_spikes=True,
    )


@takes(rate="Hz")
def at_rate(network: BalancedNetwork, stimulus: Stimulus, rate: float, seed: int = 0) -> BalancedNetwork:
    """Return the network with its input weights multiplied by one factor, such that its mean rate is `rate` within 2 %.

    The factor is found by bisection between 1/64 and 64. Without links it is the same as to divide thresholds and resets by
    it; lower thresholds alone do not reach all rates, since a reset then leaves V far below 0.

    Parameters
    ----------
    network : BalancedNetwork
    stimulus : SpikeTrains or Currents
        What the rate is measured with, such as training samples.
    rate : float
        Hz.
    seed : int
        Seed of the voltage noise.

    Raises
    ------
    InputError
        When the rate is not positive, or is that of the network with none of these factors.

    Examples
    --------
    >>> from hrsnn.balanced import balanced_for_inputs
    >>> from hrsnn.balanced.inputs import random_input_weights
    >>> from hrsnn import SpikeTrains
    >>> stimulus = SpikeTrains.from_dense(np.random.default_rng(0).random((4, 1000, 10)) < 0.05, dt=1.0)
    >>> network = balanced_for_inputs(0.1 * random_input_weights(50, 10)).without_recurrence()
    >>> round(float(simulate(at_rate(network, stimulus, 5.0), stimulus).rates.mean()))
    5
    """
    wanted = positive("rate", rate, "Hz")
    low, high = -6.0, 6.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        changed = dataclasses.replace(network, B=network.B * 2.0**middle, B_weights=network.B_weights * 2.0**middle)
        found = float(simulate(changed, stimulus, seed=seed).rates.mean())
        if abs(found - wanted) <= _CLOSE * wanted:
            return changed
        low, high = (middle, high) if found < wanted else (low, middle)
    raise InputError("rate", rate, f"cannot be reached by the input weights: the nearest rate is {found:.3g} Hz")


ONE, ANY_NUMBER = "at most one, furthest above its threshold", "all that are above their thresholds"
#: Controls by name, as :class:`hrsnn.balanced.BalancedNetwork` and this file make them.
CONTROLS: Mapping[str, Control] = {
    "no_recurrence": Control(
        lambda network, _: network.without_recurrence(), "no links, reset by a neuron's own spikes", ANY_NUMBER
    ),
    "shuffled": Control(lambda network, seed: network.shuffled(seed), "all weights permuted off the diagonal", ANY_NUMBER),
    "balanced_uncapped": Control(
        lambda network, _: dataclasses.replace(network, several_spikes=True), "the network itself", ANY_NUMBER
    ),
    "unbalanced": Control(unbalanced, "random orthogonal weights of the same norm, no slow ones", ANY_NUMBER),
    "unbalanced_capped": Control(
        lambda network, seed: dataclasses.replace(unbalanced(network, seed), several_spikes=False), "the same", ONE
    ),
}
