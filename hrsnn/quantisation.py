"""Networks with weights and membrane potentials of few bits, as digital neuromorphic hardware has them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from hrsnn.activity import NetworkType
from hrsnn.balanced.network import BalancedNetwork
from hrsnn.errors import InputError
from hrsnn.reservoir import Links, Reservoir
from hrsnn.validation.numbers import MOST_BITS, bool_of, count_of, float_array
from hrsnn.validation.units import takes

#: What of a balanced network is stored with few bits.
FORMS = ("decoder", "matrices")


@takes()
def quantise(
    network: NetworkType,
    weight_bits: int | None = None,
    state_bits: int | None = None,
    stochastic_rounding: bool = False,
    form: str = "decoder",
) -> NetworkType:
    """Return the network with weights of `weight_bits` and v of `state_bits`.

    Weights with k bits, one of them for the sign, have the values ``s m``, m = -L to L, ``L = 2^(k-1) - 1``, with the scale
    s of the least squared error; with one bit they are ``sign(w) <|w|>``. A reservoir has one scale for the links of
    excitatory, one for those of inhibitory neurons, and one for input links and one for input gains; Dale's law stays. v
    with k bits has the levels ``v_rest + (v_threshold - v_rest) m/L`` after each step, when its spikes and resets are done.

    Parameters
    ----------
    network : Reservoir or BalancedNetwork
    weight_bits : int, optional
        1 to 16; None leaves the weights.
    state_bits : int, optional
        2 to 16, or 0 for v in double precision; None leaves it.
    stochastic_rounding : bool
        Whether v is rounded up with the probability by which it is above a level, instead of to the nearest one. It
        requires `state_bits`.
    form : {"decoder", "matrices"}
        What of a balanced network has `weight_bits`: the decoder, from which all weights follow, with the thresholds that
        belong to it (its J x J system and its input matrix stay); or each of its N x N fast and slow weights, with one
        scale for each matrix; the reset stays.

    Returns
    -------
    Reservoir or BalancedNetwork

    Raises
    ------
    InputError
        For numbers of bits that are out of range, another kind of network, `stochastic_rounding` without `state_bits`, a
        `form` that is none or is given for a reservoir, and weights of a decoder that would all be 0 for a neuron.

    Notes
    -----
    v that is rounded to the nearest level decays only while it moves by half a level in a step: with k bits, a time constant
    tau and a step dt it stops at about ``(v_threshold - v_rest) tau/(2 L dt)`` above rest, and takes no input smaller than
    half a level. Stochastic rounding keeps the mean of both (Gupta et al. 2015).

    A link whose weight is rounded to 0 stays a link. ``w_max`` is raised where a weight is rounded up beyond it.

    References
    ----------
    M. Rastegari et al. (2016), XNOR-Net, ECCV, eq. 6 (one bit); S. Gupta et al. (2015), Deep learning with limited numerical
    precision, ICML, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import ReservoirSpec, build, quantise
    >>> network = quantise(build(ReservoirSpec(neurons=100), seed=1), weight_bits=4, state_bits=8)
    >>> excitatory = network.weight[network.is_excitatory[network.pre]]
    >>> len(np.unique(excitatory)) <= 8, network.state_bits
    (True, 8)
    """
    if not isinstance(network, (Reservoir, BalancedNetwork)):
        raise InputError("network", f"a {network.kind}", "must be a reservoir or a balanced network")
    if form not in FORMS:
        raise InputError("form", form, f"must be one of {', '.join(FORMS)}")
    if bool_of("stochastic_rounding", stochastic_rounding) and not state_bits:
        raise InputError("stochastic_rounding", True, "needs state_bits: without them v is not rounded")
    if isinstance(network, Reservoir) and form != "decoder":
        raise InputError("form", form, "is of balanced networks; a reservoir has one form of weights")
    few: Any = network
    if state_bits is not None:
        few = dataclasses.replace(network, state_bits=state_bits, stochastic_rounding=stochastic_rounding)
    if weight_bits is not None:
        bits = count_of("weight_bits", weight_bits, most=MOST_BITS)
        by = _reservoir if isinstance(network, Reservoir) else _by_decoder if form == "decoder" else _by_matrices
        few = by(few, bits)
    result: NetworkType = few
    return result


@takes()
def quantised(weights: np.ndarray, bits: int) -> np.ndarray:
    """Return weights of few bits: ``s m``, with whole numbers m from -L to L and the scale s of the least squared error.

    Parameters
    ----------
    weights : array
        Of any shape and sign.
    bits : int
        1 to 16; ``L = 2^(bits - 1) - 1``. With one bit the result is ``sign(w) <|w|>``, where the sign of 0 is 1.

    Returns
    -------
    float64 array

    Raises
    ------
    InputError
        For a number of bits out of range, or weights that are not finite.

    Notes
    -----
    s is the best of 400 scales up to that at which L is the largest weight, then refined: for m given, the best s is
    ``sum |w| m/sum m^2``.

    Examples
    --------
    >>> quantised([-2.0, 0.1, 1.0, 3.0], bits=1).tolist()
    [-1.525, 1.525, 1.525, 1.525]
    >>> quantised([-2.0, 0.1, 1.0, 3.0], bits=3).tolist()
    [-2.0, 0.0, 1.0, 3.0]
    """
    weights = float_array("weights", weights)
    bits = count_of("bits", bits, most=MOST_BITS)
    size = np.abs(weights)
    if not size.any():
        return weights
    if bits == 1:
        return np.asarray(np.where(weights < 0, -1.0, 1.0) * size.mean())
    levels = 2 ** (bits - 1) - 1
    scales = size.max() / levels * np.linspace(1 / 400, 1, 400)
    scale = scales[np.argmin([np.sum((size - one * np.minimum(np.rint(size / one), levels)) ** 2) for one in scales])]
    steps = np.minimum(np.rint(size / scale), levels)
    scale = float(np.sum(size * steps) / np.sum(steps**2))
    rounded: np.ndarray = np.sign(weights) * scale * np.minimum(np.rint(size / scale), levels)
    return rounded


def _reservoir(reservoir: Reservoir, bits: int) -> Reservoir:
    weight = np.array(reservoir.weight)
    excitatory = reservoir.is_excitatory[reservoir.pre]
    for chosen in (excitatory, ~excitatory):
        if chosen.any():
            weight[chosen] = quantised(weight[chosen], bits)
    gain = quantised(reservoir.input_gain, bits) if len(reservoir.input_gain) else reservoir.input_gain
    arriving = quantised(reservoir.input_weight, bits) if len(reservoir.input_weight) else reservoir.input_weight
    return reservoir.replace(
        recurrent=_with_weight(reservoir.recurrent, weight),
        input=_with_weight(reservoir.input, arriving),
        input_gain=gain,
    )


def _with_weight(links: Links, weight: np.ndarray) -> Links:
    return dataclasses.replace(links, weight=weight, w_max=np.maximum(links.w_max, weight))


def _by_decoder(network: BalancedNetwork, bits: int) -> BalancedNetwork:
    if network.edited:
        raise InputError("form", "decoder", "the weights of this network are N x N matrices; use form='matrices'")
    decoder = quantised(network.decoder, bits)
    longer = (decoder**2).sum(axis=0) - (network.decoder**2).sum(axis=0)
    return dataclasses.replace(network, decoder=decoder, threshold=network.threshold + longer / 2)


def _by_matrices(network: BalancedNetwork, bits: int) -> BalancedNetwork:
    fast, others = np.array(network.fast), ~np.eye(network.neurons, dtype=bool)
    fast[others] = quantised(fast[others], bits)
    return network.with_matrices(fast=fast, slow=quantised(network.slow, bits))
