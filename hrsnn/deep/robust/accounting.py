"""What a robust network costs: energy by operations, and bytes of sparse weights with their index."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hrsnn.deep.frames import Frames
from hrsnn.deep.learning.information import layer_statistics
from hrsnn.deep.learning.network import Spiking
from hrsnn.deep.robust.ensemble import pictures
from hrsnn.deep.sparse_memory import sparse_bytes
from hrsnn.display import Displayed

#: Joules of a 32-bit multiplication with its addition, and of an addition, at 45 nm (Horowitz 2014).
MULTIPLICATION, ADDITION = 4.6e-12, 0.9e-12


@dataclass(frozen=True)
class Cost(Displayed):
    """Cost of a network for one sample.

    Attributes
    ----------
    multiplications : float
        Of the first layer, whose input is no spikes: weights times inputs other than 0, once for all steps.
    additions : float
        Of all other layers and steps: connections that a spike crosses.
    energy : float
        In joules, at 4.6 pJ a multiplication with its addition and 0.9 pJ an addition (45 nm).
    weights : int
        Weights that are kept.
    bytes : dict of coding to float
        ``dense``, ``bitmask`` and ``columns``, at 32 bits a weight (:func:`hrsnn.deep.sparse_memory.sparse_bytes`).
    rate : float
        Spikes a neuron and step, the mean over layers.
    """

    multiplications: float
    additions: float
    energy: float
    weights: int
    bytes: dict[str, float]
    rate: float


def cost_of(network: Spiking, frames: Frames) -> Cost:
    """Count what a network costs for samples.

    ``E = 4.6 pJ MAC(first layer) + 0.9 pJ SOP(other layers)``. Of rectified units all operations are multiplications.

    Parameters
    ----------
    network : Spiking
    frames : Frames

    Notes
    -----
    This is a figure of merit for comparisons, not a measurement (:func:`hrsnn.analysis.firing.operations.energy`). Updates
    of potentials, thresholds and reads of memory are left out. What passes a mean over squares counts once for each
    output that is not 0.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn.deep.learning.settings import NetworkSettings
    >>> frames = Frames(np.full((5, 4), 99, np.uint8), np.zeros(5, np.int64), False)
    >>> cost_of(NetworkSettings("mlp", (4,), 3, steps=2).build().eval(), frames).energy > 0
    True
    """
    images, _ = pictures(frames)
    found = layer_statistics(network, images)
    first, *others = found.operations.values()
    masks = [network.mask_of(node.name) for node in network.architecture.weighted]
    sizes = [node.weights for node in network.architecture.weighted]
    kept = sum(size if mask is None else int(mask.sum()) for mask, size in zip(masks, sizes, strict=True))
    multiplied, added = (first + sum(others), 0.0) if network.rectified else (first, sum(others))
    joules = MULTIPLICATION * multiplied + ADDITION * added
    rates = torch.tensor(list(found.rates.values()))
    return Cost(multiplied, added, joules, kept, sparse_bytes(sum(sizes), kept), float(rates.mean()))
