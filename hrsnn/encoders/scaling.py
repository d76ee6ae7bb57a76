"""Scaling of values to [0, 1] by the range of the training data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hrsnn.errors import InputError

SCALES = ("global", "channel", "none")


def training_range(samples: Sequence[np.ndarray], scale: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest value of each channel, (channels,) each, of arrays whose last axis is the channel.

    `scale` selects the range: ``"global"`` of all channels together (which preserves differences between channels),
    ``"channel"`` of each channel, ``"none"`` [0, 1].

    Raises
    ------
    InputError
        When `scale` is none of the three.
    """
    if not isinstance(scale, str) or scale not in SCALES:
        raise InputError("scale", scale, f"must be one of {', '.join(SCALES)}")
    channels = samples[0].shape[-1]
    if scale == "none":
        return np.zeros(channels), np.ones(channels)
    low = np.min([sample.reshape(-1, channels).min(axis=0) for sample in samples], axis=0)
    high = np.max([sample.reshape(-1, channels).max(axis=0) for sample in samples], axis=0)
    if scale == "global":
        return np.full(channels, low.min()), np.full(channels, high.max())
    return low, high


def scaled(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return ``(values - low) / (high - low)``, clipped to [0, 1]; 0 where the training data had one value only."""
    span = high - low
    safe = np.where(span > 0, span, 1.0)
    return np.where(span > 0, np.clip((values - low) / safe, 0.0, 1.0), 0.0)
