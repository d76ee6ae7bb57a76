"""Masks that remove most weights of a deep network, by magnitude or by scores that are learnt under attack."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from hrsnn.deep.frames import Frames
from hrsnn.deep.learning.network import Spiking
from hrsnn.deep.learning.optimisers import TrainingSettings
from hrsnn.deep.learning.training import Objective
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.errors import DivergenceError, InputError
from hrsnn.runtime.progress import progress_bar
from hrsnn.runtime.seeds import generator
from hrsnn.training.optimisers import Momentum
from hrsnn.validation.units import takes

Masks = dict[str, NDArray[np.bool_]]
#: How weights are chosen: the largest of all, the largest of each layer, the largest learnt scores of each layer.
METHODS = ("magnitude", "layerwise", "scores")


@takes()
def magnitude_masks(weights: Mapping[str, NDArray[Any]], kept: float, layerwise: bool = False) -> Masks:
    """Keep the weights of the largest magnitude, at least one of each layer.

    Parameters
    ----------
    weights : mapping of layer to array
    kept : float
        Share of the weights that are kept, above 0 and at most 1.
    layerwise : bool
        Whether this share of each layer is kept; by default of all layers together, so that layers with small weights lose
        more.

    Returns
    -------
    dict of layer to array of bool

    Raises
    ------
    InputError
        When the share is out of range.

    Examples
    --------
    >>> weights = {"first": np.array([[1.0, -3.0]]), "last": np.array([[0.1, 5.0]])}
    >>> masks = magnitude_masks(weights, 0.5)
    >>> {name: mask.tolist() for name, mask in masks.items()}
    {'first': [[False, True]], 'last': [[False, True]]}
    """
    check_kept(kept)
    sizes = {name: np.abs(np.asarray(weight, dtype=np.float64)) for name, weight in weights.items()}
    if layerwise:
        return {name: _largest(size, kept) for name, size in sizes.items()}
    flat = np.concatenate([size.ravel() for size in sizes.values()])
    chosen = _largest(flat, kept)
    found, at = {}, 0
    for name, size in sizes.items():
        mask = chosen[at : at + size.size].reshape(size.shape).copy()
        at += size.size
        if not mask.any():  # nothing would pass the layer
            mask = _largest(size, 0.0)
        found[name] = mask
    return found


def check_kept(kept: float) -> float:
    """Return the share of the weights that are kept.

    Raises
    ------
    InputError
        When it is not above 0 and at most 1.
    """
    if not 0 < kept <= 1:
        raise InputError("kept", kept, "must be above 0 and at most 1: the share of the weights that are kept")
    return kept


def _largest(sizes: NDArray[np.float64], kept: float) -> NDArray[np.bool_]:
    """Return a mask of the largest entries, at least one; of equal ones the first."""
    count = max(1, round(kept * sizes.size))
    mask = np.zeros(sizes.size, dtype=bool)
    mask[np.argsort(-sizes.ravel(), kind="stable")[:count]] = True
    return mask.reshape(sizes.shape)


class _Chosen(torch.autograd.Function):
    """Mask of the largest scores, with a gradient that passes straight through."""

    @staticmethod
    def forward(scores: Tensor, kept: float) -> Tensor:
        return torch.from_numpy(_largest(scores.detach().abs().double().numpy(), kept)).to(scores.dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads[0], None


def score_masks(
    network: Spiking,
    part: Frames,
    kept: float,
    objective: Objective,
    training: TrainingSettings,
    progress: bool | Callable[[float, float], None] = False,
) -> Masks:
    """Keep the weights of the largest scores, which are learnt while the weights stay as they are (Sehwag et al. 2020).

    Each layer computes with ``w m(s)``, m the mask of the share `kept` of its largest ``|s|``. Scores begin as ``w / max
    |w|``, and descend the gradient of the robust loss, which passes m straight through: ``ds = w dL/d(w m)``. Then m is
    fixed.

    Parameters
    ----------
    network : Spiking
        Trained; it is left as it was.
    part : Frames
        Training samples.
    kept : float
        Share of the weights of each layer.
    objective : Objective
        The loss under attack.
    training : TrainingSettings
        Its epochs, batch, learning rate and seed.
    progress : bool or callable

    Returns
    -------
    dict of layer to array of bool

    Raises
    ------
    InputError
        When the share is out of range.
    DivergenceError
        When the loss is not finite.

    Examples
    --------
    >>> from hrsnn.deep.learning.settings import NetworkSettings
    >>> from hrsnn.deep.robust.objectives import Adversarial
    >>> frames = Frames(np.full((8, 4), 99, np.uint8), np.arange(8) % 2, False)
    >>> network = NetworkSettings("mlp", (4,), 2, steps=1, rectified=True).build()
    >>> masks = score_masks(network, frames, 0.25, Adversarial("pgd", eps=0.1, steps=1), TrainingSettings(epochs=1, batch=4))
    >>> round(share_kept(masks), 2)
    0.25
    """
    check_kept(kept)
    names = [node.name for node in network.architecture.weighted]
    weights = {name: network.weight[name].detach().clone() for name in names}
    scores = {name: nn.Parameter(weight / weight.abs().max().clamp_min(1e-12)) for name, weight in weights.items()}
    before = network.arrays()
    optimiser = Momentum(scores)
    with one_thread(), progress_bar(progress, training.epochs, "epochs of scores") as done:
        for epoch in range(training.epochs):
            random = generator(training.seed, "scores", epoch)
            order = random.permutation(len(part))
            for first in range(0, len(order) - 1, training.batch):
                share = (epoch + first / len(order)) / training.epochs
                rows = order[first : first + training.batch]

                def outputs(images: Tensor) -> Tensor:
                    chosen = {f"weight.{name}": weights[name] * _Chosen.apply(scores[name], kept) for name in names}  # type: ignore[no-untyped-call]
                    found: Tensor = functional_call(network, chosen, (images,))
                    return found

                network.train()
                given, labels = torch.from_numpy(part.batch(rows)), torch.from_numpy(part.labels[rows])
                loss, _ = objective.loss(network, outputs, given, labels, random)
                if not torch.isfinite(loss):
                    raise DivergenceError(f"the loss of scores is not finite in epoch {epoch + 1}: lower learning_rate")
                optimiser.clear()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step(training.learning_rate * (1 + math.cos(math.pi * share)) / 2)
            done(epoch + 1)
    network.load_arrays(before)
    network.eval()
    return {name: _largest(one.detach().abs().double().numpy(), kept) for name, one in scores.items()}


def share_kept(masks: Mapping[str, NDArray[np.bool_]]) -> float:
    """Return the share of all weights that masks keep.

    Examples
    --------
    >>> share_kept({"first": np.array([True, False]), "last": np.array([False, False])})
    0.25
    """
    return float(sum(mask.sum() for mask in masks.values()) / sum(mask.size for mask in masks.values()))
