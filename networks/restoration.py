"""Input that pruning took from a neuron, given back: its sums of weights, its mean drive as a bias, or both."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.networks.reservoir_edits import mean_drive, scaled_links
from hrsnn.reservoir import Reservoir
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: What is given back: nothing, the mean drive as a bias, the sums of weights, first the sums and then the rest as a bias, or
#: after these the mean rate of the network.
Restore = Literal["none", "bias", "sums", "both", "rate"]


def checked_restore(value: Restore) -> Restore:
    """Return one of the names of `Restore`.

    Raises
    ------
    InputError
        For any other value.
    """
    if value not in get_args(Restore):
        raise InputError("restore", value, f"must be one of {', '.join(get_args(Restore))}")
    return value


@takes(rates="Hz")
def restored(
    smaller: Reservoir,
    kept: NDArray[np.bool_],
    before: Reservoir,
    dense: Reservoir,
    origin: NDArray[np.int64],
    rates: Array,
    how: Restore,
) -> Reservoir:
    """Return a pruned network with the input that its neurons lost given back.

    Parameters
    ----------
    smaller : Reservoir
        Network after an iteration of pruning.
    kept : array of bool (N before,)
        Neurons that are kept.
    before, dense : Reservoir
        Network before the iteration, and before any pruning.
    origin : array of int (N,)
        Index in `dense` of each neuron of `smaller`.
    rates : array (N before,)
        Rates before the iteration (Hz).
    how : {"none", "bias", "sums", "both", "rate"}
        "sums": :func:`with_sums_of` the dense network. "bias": ``b_i = sum_j s_j tau_s rate_j (w_ij - w'_ij)`` is added to
        the bias, the mean input that the neuron lost in this iteration. "both": the bias after the sums. "rate": as "both";
        :func:`~hrsnn.networks.prune` then shifts all biases by one value, at most 10 mV, with which the mean rate under the
        noise is that of the dense network.

    Returns
    -------
    Reservoir

    Raises
    ------
    InputError
        For an unknown `how`.

    Examples
    --------
    Without any link, a neuron gets its mean input as a bias.

    >>> from hrsnn import ReservoirSpec, build
    >>> dense, rates, everyone = build(ReservoirSpec(neurons=30), seed=1), np.full(30, 10.0), np.arange(30)
    >>> alone = restored(dense.without_recurrence(), everyone >= 0, dense, dense, everyone, rates, "bias")
    >>> bool(np.allclose(alone.i_bias - dense.i_bias, mean_drive(dense, rates)))
    True
    """
    if checked_restore(how) in ("sums", "both", "rate"):
        smaller = with_sums_of(smaller, dense, origin)
    if how in ("bias", "both", "rate"):
        lost = mean_drive(before, rates)[kept] - mean_drive(smaller, rates[kept])
        smaller = smaller.replace(i_bias=smaller.i_bias + lost)
    return smaller


@takes()
def with_sums_of(smaller: Reservoir, dense: Reservoir, origin: NDArray[np.int64]) -> Reservoir:
    """Return a network whose weights are scaled such that each neuron has the sums of weights of the dense network.

    Sums over excitatory and over inhibitory links are scaled apart; a neuron that has lost all links of one of the two types
    stays without.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import keep_links
    >>> dense = build(ReservoirSpec(neurons=30), seed=1)
    >>> half = with_sums_of(keep_links(dense, np.arange(dense.synapses) % 2 == 0), dense, np.arange(30))
    >>> bool(half.weight.sum() > 0.7 * dense.weight.sum())
    True
    """
    was = _sums(dense)[:, origin]
    now = _sums(smaller)
    factor = np.divide(was, now, out=np.ones_like(now), where=now > 0)
    return scaled_links(smaller, factor[_kinds(smaller), smaller.post])


def _sums(reservoir: Reservoir) -> Array:
    """Return the sums of the weights (2, N) that reach each neuron from inhibitory and from excitatory ones."""
    n = reservoir.neurons
    flat = np.bincount(_kinds(reservoir) * n + reservoir.post, reservoir.weight, minlength=2 * n)
    return np.asarray(flat, dtype=np.float64).reshape(2, n)


def _kinds(reservoir: Reservoir) -> NDArray[np.int64]:
    return np.asarray(reservoir.is_excitatory[reservoir.pre], dtype=np.int64)
