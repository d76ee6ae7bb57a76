"""Estimates of the number of links of a spec's network and of the memory needed to build it."""

from __future__ import annotations

import math

import numpy as np

from hrsnn.connectivity import BLOCK, grid_shape, reach
from hrsnn.spec import ReservoirSpec

# Bytes for each link, as measured (test_limits.py), of permanent and temporary arrays.
_LINK, _SHORT_TERM = 140, 40
# of each link while NetworkX draws it
_EDGE = 400
_NEURON = 270
_PAIR = 72


def expected_links(spec: ReservoirSpec) -> float:
    """Return the mean number of recurrent links that :func:`hrsnn.build` draws.

    With distance-dependent links it is the sum of C exp(-(D/lambda)^2) over all pairs, which on a grid is a product of one
    sum for each axis; with random links, p N (N - 1); with given in-degrees, at most their sum times N; of a topology, what
    its arguments say. The links between clusters are added to it.

    Examples
    --------
    >>> from hrsnn import build
    >>> spec = ReservoirSpec.preset("dense", neurons=1000)
    >>> round(expected_links(spec)), build(spec, seed=1).synapses
    (8940, 8888)
    """
    if spec.topology is not None:
        return spec.topology.expected_links(spec.neurons)
    size = spec.neurons / spec.clusters
    if spec.connectivity == "random":
        inside = spec.connection_probability * size * max(size - 1, 0.0)
    elif spec.connectivity == "in_degree":
        inside = size * min(spec.in_degree_exc + spec.in_degree_inh, max(size - 1, 0.0))
    else:
        inside = _mean_probability(spec) * size * _neighbours(math.ceil(size), spec.length_scale)
    return inside * spec.clusters / (1 - (spec.inter_cluster_share if spec.clusters > 1 else 0.0))


def network_memory(spec: ReservoirSpec, channels: int) -> float:
    """Return the peak memory of :func:`hrsnn.build` in bytes, within a factor of two for large networks."""
    links = expected_links(spec)
    probability = min(1.0, spec.input_channels / channels) if spec.input_probability == "auto" else spec.input_probability
    inputs = channels * spec.neurons * spec.input_fraction * probability
    drawn = (links + inputs) * (_LINK + (_SHORT_TERM if spec.short_term_plasticity else 0))
    pairs = 0.0
    if spec.topology is not None:
        pairs = links * _EDGE
    elif spec.connectivity != "random":
        # all pairs within reach of a block of neurons are in memory at the same time, linked or not
        size = math.ceil(spec.neurons / spec.clusters)
        pairs = min(BLOCK, size) * _within(size, reach(spec.length_scale)) * _PAIR
    return spec.neurons * _NEURON + max(drawn, pairs + 8 * links)


def _mean_probability(spec: ReservoirSpec) -> float:
    """Return C of the distance law, averaged over the types of both neurons."""
    share = {"e": spec.excitatory_fraction, "i": 1 - spec.excitatory_fraction}
    return sum(share[a] * share[b] * float(getattr(spec, f"probability_{a}{b}")) for a in "ei" for b in "ei")


def _neighbours(n: int, length_scale: float) -> float:
    """Return K of a grid of n points: the mean over i of the sum over j != i of exp(-(D/lambda)^2)."""
    product = 1.0
    for side in grid_shape(n):
        apart = np.arange(1, side)
        with np.errstate(over="ignore"):  # at a tiny lambda: exp(-inf) is 0
            kernel = np.exp(-((apart / length_scale) ** 2))
        product *= 1 + 2 * float(((1 - apart / side) * kernel).sum())
    return product - 1


def _within(n: int, radius: float) -> float:
    """Return the mean over points i of a grid of n of the number of j at distances up to `radius`, including i."""
    a, b, c = grid_shape(n)
    x, y = np.arange(a)[:, None], np.arange(b)  # distances on two axes, which determine the maximum on the third
    pairs = (1 - x / a) * np.where(x > 0, 2, 1) * (1 - y / b) * np.where(y > 0, 2, 1)
    room = min(radius, a + b + c) ** 2 - x**2 - y**2
    steps = np.minimum(np.floor(np.sqrt(np.maximum(room, 0))), c - 1)
    return float((pairs * np.where(room >= 0, 1 + 2 * steps - steps * (steps + 1) / c, 0.0)).sum())
