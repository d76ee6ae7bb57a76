"""Images of event counts, as the input of linear baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hrsnn.encoders.event_blocks import EventBlocks
from hrsnn.validation.limits import check_memory


def count_images(recordings: Sequence[Any], blocks: EventBlocks) -> np.ndarray:
    """Return the number of events of each channel in each recording, read one at a time.

    Parameters
    ----------
    recordings : sequence
        The columns x, y, p, t (us) of each.
    blocks : EventBlocks
        Sensor, blocks of pixels, polarities and cut in time.

    Returns
    -------
    ndarray of float32, (samples, channels)

    Raises
    ------
    InputError
        When a recording is not valid, or the images would exceed the memory limit.

    Examples
    --------
    >>> events = [0, 1, 3], [0, 1, 3], [0, 0, 1], [100, 900, 2500]
    >>> count_images([events], EventBlocks((4, 4), factor=2, polarities=1))
    array([[2., 0., 0., 1.]], dtype=float32)
    """
    check_memory("recordings", len(recordings), 4.0 * len(recordings) * blocks.channels, "the images of counts")
    images = np.zeros((len(recordings), blocks.channels), np.float32)
    for index, (_, channels, _) in enumerate(blocks.of(recordings)):
        images[index] = np.bincount(channels, minlength=blocks.channels)
    return images
