"""Counter-based random numbers, each determined by its key alone."""

from __future__ import annotations

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def keyed_uniform(*key: int | np.ndarray) -> np.ndarray:
    """Return uniform numbers in (0, 1), one for each key; the parts of the key broadcast against each other.

    Each part is mixed in by one round of the SplitMix64 finaliser (Steele et al. 2014), a bijection of 64-bit words that
    passes BigCrush; the number is made of the upper 52 bits such that it is never 0 or 1.

    Parameters
    ----------
    *key : int or integer array
        Whole numbers >= 0.

    Returns
    -------
    float64 array of the broadcast shape

    Examples
    --------
    >>> u = keyed_uniform(7, np.arange(100_000))
    >>> bool(u[5] == keyed_uniform(7, 5)), abs(float(u.mean()) - 0.5) < 0.005
    (True, True)
    """
    state = np.uint64(0)
    with np.errstate(over="ignore"):  # the arithmetic is modulo 2^64
        for part in key:
            for word in _words(part):
                state = _mixed(state + np.asarray(word).astype(np.uint64) + _GOLDEN)
    return np.asarray(((state >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52)


def _words(part: int | np.ndarray) -> list[int | np.ndarray]:
    """Split `part` into words of 64 bits, of which a seed may have several."""
    words = [part]
    while isinstance(part, int) and part >= 2**64:
        words[-1:] = [part % 2**64, part := part // 2**64]
    return words


def _mixed(z: np.ndarray | np.uint64) -> np.uint64:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))  # type: ignore[return-value]
