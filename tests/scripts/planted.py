"""Planted results of recipes, from which a verdict must follow."""

from __future__ import annotations

import numpy as np

Array = np.ndarray
SEEDS = 12


def around(value: float, seed: int = 0) -> Array:
    """Values of all seeds around one."""
    return value + 0.01 * np.random.default_rng(seed).normal(size=SEEDS)
