"""What a deep network predicts for frames, a batch at a time."""

from __future__ import annotations

import numpy as np
import torch

from hrsnn.deep.frames import Bytes, Frames, poisson_frames
from hrsnn.deep.learning.network import Spiking
from hrsnn.deep.learning.settings import NetworkSettings

#: Most samples that are evaluated at once, and bytes that all values of a batch may take.
_BATCH, _BYTES = 256, 1e9


def stimulus(settings: NetworkSettings, frames: Frames, rows: np.ndarray, seed: int, *path: str | int) -> Bytes:
    """Return the input of a network for some samples, with random spikes where it codes by them."""
    values = frames.batch(rows)
    if settings.coding == "poisson" and not frames.moving:
        return poisson_frames(values, settings.steps, seed, *path)
    return values


def evaluation_batch(network: Spiking) -> int:
    """Return the number of samples that are evaluated at once: 256, or fewer where their values would take over 1 GB.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> evaluation_batch(Spiking(architecture("mlp", (4,), 3)))
    256
    """
    values = sum(node.size for node in network.architecture)
    return max(1, min(_BATCH, int(_BYTES // (4 * network.steps * values))))


def predictions(network: Spiking, settings: NetworkSettings, frames: Frames, seed: int = 0) -> np.ndarray:
    """Return the class of each sample: the largest output, summed over steps; the network is left in evaluation.

    Examples
    --------
    >>> settings = NetworkSettings("mlp", (4,), 3)
    >>> predictions(settings.build(), settings, Frames(np.zeros((2, 4), np.uint8), np.zeros(2, np.int64), False)).shape
    (2,)
    """
    network.eval()
    batch = evaluation_batch(network)
    found = []
    with torch.no_grad():
        for first in range(0, len(frames), batch):
            rows = np.arange(first, min(first + batch, len(frames)))
            given = torch.from_numpy(stimulus(settings, frames, rows, seed, "evaluation", first))
            found.append(network(given).sum(0).argmax(1).numpy())
    return np.concatenate(found)
