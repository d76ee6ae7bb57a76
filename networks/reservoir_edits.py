"""Edits of a reservoir: removing links and neurons, restoring links."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.reservoir import LINK_ARRAYS, NEURON_ARRAYS, SHORT_TERM_ARRAYS, Links, Reservoir, ShortTerm
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]


def _mask(kept: Mask, size: int) -> Mask:
    mask = np.asarray(kept)
    if mask.shape != (size,) or mask.dtype != np.bool_:
        raise InputError("kept", mask, f"must be a mask of {size} values True or False")
    return mask


@takes()
def keep_links(reservoir: Reservoir, kept: Mask) -> Reservoir:
    """Return the reservoir with only the recurrent links of a mask (links,).

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> keep_links(reservoir, reservoir.weight > 5).synapses == int((reservoir.weight > 5).sum())
    True
    """
    kept = _mask(kept, reservoir.synapses)
    short_term = None if reservoir.short_term is None else reservoir.short_term.take(kept)
    return reservoir.replace(recurrent=reservoir.recurrent.take(kept), short_term=short_term)


@takes()
def keep_neurons(reservoir: Reservoir, kept: Mask) -> Reservoir:
    """Return the reservoir with only the neurons of a mask (N,), renumbered in order, and the links among them.

    Input channels are kept, with the input links to the remaining neurons.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1, channels=5)
    >>> few = keep_neurons(reservoir, np.arange(30) < 20)
    >>> few.neurons, few.channels
    (20, 5)
    """
    kept = _mask(kept, reservoir.neurons)
    number = np.cumsum(kept) - 1
    recurrent = kept[reservoir.pre] & kept[reservoir.post]
    reached = kept[reservoir.input_post]
    inside, outside = reservoir.recurrent.take(recurrent), reservoir.input.take(reached)
    changes: dict[str, Any] = {name: getattr(reservoir, name)[kept] for name in NEURON_ARRAYS}
    return reservoir.replace(
        recurrent=dataclasses.replace(inside, pre=number[inside.pre], post=number[inside.post]),
        input=dataclasses.replace(outside, post=number[outside.post]),
        input_gain=reservoir.input_gain[reached],
        short_term=None if reservoir.short_term is None else reservoir.short_term.take(recurrent),
        labels=None if reservoir.labels is None else reservoir.labels[kept],
        cell_types=None if reservoir.cell_types is None else reservoir.cell_types[kept],
        **changes,
    )


@takes()
def scaled_links(reservoir: Reservoir, factor: Array) -> Reservoir:
    """Return the reservoir with its recurrent links scaled: weight, w_max and the amplitudes of STDP.

    Parameters
    ----------
    reservoir : Reservoir
    factor : array (links,)
        Positive. Below 1, w_max and the amplitudes stay as they are.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> twice = scaled_links(reservoir, np.full(reservoir.synapses, 2.0))
    >>> bool(np.allclose(twice.recurrent.w_max, 2 * reservoir.recurrent.w_max))
    True
    """
    links, up = reservoir.recurrent, np.maximum(factor, 1.0)
    larger = {name: getattr(links, name) * up for name in ("w_max", "a_plus", "a_minus")}
    return reservoir.replace(recurrent=dataclasses.replace(links, weight=links.weight * factor, **larger))


def missing_links(reservoir: Reservoir, dense: Reservoir, origin: Indices) -> Indices:
    """Return the links of the dense network that were removed although both their neurons remain.

    Parameters
    ----------
    reservoir, dense : Reservoir
    origin : array of int (N,)
        Index in `dense` of each neuron, ascending.

    Returns
    -------
    array of int
        Indices into the recurrent links of `dense`.
    """
    there = np.zeros(dense.neurons, dtype=bool)
    there[origin] = True
    among = np.flatnonzero(there[dense.pre] & there[dense.post])
    now = _keys(origin[reservoir.pre], origin[reservoir.post], dense.neurons)
    return among[~np.isin(_keys(dense.pre[among], dense.post[among], dense.neurons), now)]


@takes()
def put_back(reservoir: Reservoir, dense: Reservoir, origin: Indices, links: Indices) -> Reservoir:
    """Return the reservoir with some links of the dense network restored with their original parameters.

    Parameters
    ----------
    links : array of int
        Indices from :func:`missing_links`.
    """
    if not len(links):
        return reservoir
    number = np.full(dense.neurons, -1)
    number[origin] = np.arange(len(origin))
    back = dense.recurrent.take(links)
    back = dataclasses.replace(back, pre=number[back.pre], post=number[back.post])
    both = {name: np.append(getattr(reservoir.recurrent, name), getattr(back, name)) for name in LINK_ARRAYS}
    order = np.lexsort((both["post"], both["pre"]))
    short_term = None
    if reservoir.short_term is not None and dense.short_term is not None:
        again = dense.short_term.take(links)
        joined = {
            name: np.append(getattr(reservoir.short_term, name), getattr(again, name))[order] for name in SHORT_TERM_ARRAYS
        }
        short_term = ShortTerm(**joined)
    return reservoir.replace(
        recurrent=Links(**{name: values[order] for name, values in both.items()}), short_term=short_term
    )


def original_weight(reservoir: Reservoir, dense: Reservoir, origin: Indices) -> Array:
    """Return the weight of each link in the dense network (mV)."""
    keys = _keys(dense.pre, dense.post, dense.neurons)
    return dense.weight[np.searchsorted(keys, _keys(origin[reservoir.pre], origin[reservoir.post], dense.neurons))]


@takes(rates="Hz")
def mean_drive(reservoir: Reservoir, rates: Array) -> Array:
    """Compute the mean recurrent input of each neuron: ``sum_j s_j tau_s rate_j w_ij``, s_j = 1 or -1 the sign of neuron j.

    Parameters
    ----------
    reservoir : Reservoir
    rates : array (N,)
        Rates (Hz).

    Returns
    -------
    array (N,)
        In mV: a spike of weight w causes a current with integral w tau_s.

    Examples
    --------
    A bias equal to the removed input preserves the mean input.

    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> bias = mean_drive(reservoir, np.full(30, 10.0)) - mean_drive(reservoir.without_recurrence(), np.full(30, 10.0))
    >>> bias.shape
    (30,)
    """
    if np.shape(rates) != (reservoir.neurons,):
        raise InputError("rates", rates, f"must be {reservoir.neurons} numbers, one a neuron")
    pre, post = reservoir.pre, reservoir.post
    excitatory = reservoir.is_excitatory[pre]
    decay = np.where(excitatory, reservoir.tau_exc[post], -reservoir.tau_inh[post])
    drive = np.bincount(post, decay * rates[pre] / 1000 * reservoir.weight, minlength=reservoir.neurons)
    return np.asarray(drive, dtype=np.float64)


def _keys(pre: NDArray[np.integer], post: NDArray[np.integer], n: int) -> Indices:
    return np.asarray(pre, np.int64) * n + post


def with_input_of(network: Reservoir, origin: NDArray[np.int64], other: Reservoir) -> Reservoir:
    """Return the recurrent network of one reservoir with the input of another, of whose neurons it has a subset.

    Parameters
    ----------
    network : Reservoir
        Recurrent network with N neurons.
    origin : array of int (N,)
        Index in `other` of each neuron.
    other : Reservoir

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> one, other = (build(ReservoirSpec(neurons=30), seed=1, channels=c) for c in (1, 8))
    >>> with_input_of(one, np.arange(30), other).equals(other)
    True
    """
    number = np.full(other.neurons, -1)
    number[origin] = np.arange(len(origin))
    reached = number[other.input_post] >= 0
    links = other.input.take(reached)
    return network.replace(
        input=dataclasses.replace(links, post=number[links.post]),
        input_gain=other.input_gain[reached],
        channels=other.channels,
    )
