"""Rounding of v to a number of bits after each step.

With k bits v has the 2^k - 1 levels ``v_rest + (v_threshold - v_rest) m/L``, ``L = 2^(k-1) - 1``, m = -L to L. It is rounded
when the spikes of a step are known and their resets done, so that v of a step is compared with its threshold unrounded.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hrsnn.engines.jit import read_only
from hrsnn.runtime.seeds import generator


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
