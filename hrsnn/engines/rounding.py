"""Rounding of v to a number of bits after each step, and the random numbers of kernels that depend on a key only.

With k bits v has the 2^k - 1 levels ``v_rest + (v_threshold - v_rest) m/L``, ``L = 2^(k-1) - 1``, m = -L to L. It is rounded
when the spikes of a step are known and their resets done, so that v of a step is compared with its threshold unrounded.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from hrsnn.engines.jit import inlined, read_only
from hrsnn.runtime.seeds import generator

_GOLDEN, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _32, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32), np.uint64(11)
_LOW = np.uint64(0xFFFFFFFF)


class Rounding(NamedTuple):
    """Levels of v; `height` is empty where v is not rounded."""

    height: Any  #: (N,) mV between two levels
    rest: Any  #: (N,) mV: the middle level
    levels: Any  #: L
    stochastic: Any  #: bool: up with the probability by which v is above a level
    before: Any  #: steps before step 0
    key: Any  #: uint64 of the random numbers


def rounding(
    bits: int, stochastic: bool, rest: np.ndarray, threshold: np.ndarray, seed: int, stimulus: int, before: int = 0
) -> Rounding:
    """Return the levels of v with a number of bits; 0 bits: v is not rounded.

    Parameters
    ----------
    bits : int
        0, or 2 to 16.
    stochastic : bool
        Whether v is rounded up with the probability by which it is above a level, or to the nearest level.
    rest, threshold : array (N,)
        mV.
    seed, stimulus : int
        Of the random numbers.
    before : int
        Number of steps before step 0, so that a run in parts is the run in one piece.
    """
    if not bits:
        return Rounding(read_only(np.empty(0)), read_only(np.empty(0)), 1.0, False, 0, np.uint64(0))
    levels = float(2 ** (bits - 1) - 1)
    key = np.uint64(generator(seed, "rounding", stimulus).integers(2**63)) if stochastic else np.uint64(0)
    return Rounding(read_only((threshold - rest) / levels), read_only(rest), levels, stochastic, before, key)


@inlined
def hashed(key, counter):
    """Return a word of 64 random bits that depends on key and counter only: SplitMix64's finaliser (Steele et al. 2014)."""
    z = key + (np.uint64(counter) + np.uint64(1)) * _GOLDEN
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    return z ^ (z >> _31)


@inlined
def normal(key, counter):
    """Return a normal number that depends on key and counter only (Box and Muller)."""
    z = hashed(key, counter)
    radius = math.sqrt(-2.0 * math.log((float(z >> _32) + 0.5) / 4294967296.0))
    return radius * math.cos(2.0 * math.pi * (float(z & _LOW) / 4294967296.0))


@inlined
def round_all(step, v, rounding):
    """Round v of all neurons after a step."""
    n, levels = len(rounding.height), rounding.levels
    if rounding.stochastic:
        for i in range(n):
            above = float(hashed(rounding.key, (rounding.before + step) * n + i) >> _11) * 2.0**-53
            level = math.floor((v[i] - rounding.rest[i]) / rounding.height[i] + above)
            v[i] = rounding.rest[i] + rounding.height[i] * min(max(level, -levels), levels)
    else:
        for i in range(n):
            level = math.floor((v[i] - rounding.rest[i]) / rounding.height[i] + 0.5)
            v[i] = rounding.rest[i] + rounding.height[i] * min(max(level, -levels), levels)
