"""Rounding of v, and random numbers that depend on a key only, compiled into the kernels of all engines."""

from __future__ import annotations

import math

import numpy as np

from hrsnn.engines.jit import inlined

_GOLDEN, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _32, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32), np.uint64(11)
_LOW = np.uint64(0xFFFFFFFF)


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
    """Round v of all neurons after a step; `rounding` is a :class:`hrsnn.engines.rounding.Rounding` as a plain tuple."""
    height, rest, levels, stochastic, before, key = rounding
    n = len(height)
    if stochastic:
        for i in range(n):
            above = float(hashed(key, (before + step) * n + i) >> _11) * 2.0**-53
            level = math.floor((v[i] - rest[i]) / height[i] + above)
            v[i] = rest[i] + height[i] * min(max(level, -levels), levels)
    else:
        for i in range(n):
            level = math.floor((v[i] - rest[i]) / height[i] + 0.5)
            v[i] = rest[i] + height[i] * min(max(level, -levels), levels)
