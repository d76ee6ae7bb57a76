"""An attack without gradients: squares of the image are moved at random, and kept where they help."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from hrsnn.deep.robust.attacks import Model, check_radius
from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of

#: Shares of all queries after which the share of pixels of a square is halved.
_HALVED = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
_IMAGE = 4


def share_of_pixels(query: int, queries: int, first: float = 0.8) -> float:
    """Share of the pixels that a square has at a query.

    Examples
    --------
    >>> share_of_pixels(0, 1000), share_of_pixels(15, 1000), share_of_pixels(999, 1000)
    (0.8, 0.2, 0.0015625)
    """
    return float(first / 2 ** sum(query / queries > mark for mark in _HALVED))


def square_attack(
    model: Model,
    images: Tensor,
    labels: Tensor,
    eps: float,
    queries: int,
    random: np.random.Generator,
    rows: np.ndarray | None = None,
    total: int | None = None,
) -> Tensor:
    """Random search with squares in the largest norm (Andriushchenko et al. 2020).

    It begins with vertical stripes of -eps and eps. At each query a square of each image, as large as a schedule says, is
    set to ``x - eps`` or ``x + eps`` in each channel, and kept where the margin ``z_y - max_(j != y) z_j`` falls. Images
    that are taken for another class are left alone.

    Parameters
    ----------
    model : callable
        From images in 0 to 1 to logits; no gradient is asked for.
    images : tensor (samples, channels, height, width)
    labels : tensor of int64 (samples,)
    eps : float
    queries : int
        Runs of the model for each image.
    random : numpy.random.Generator
    rows : array of int, total : int, optional
        Places of these images among so many: with them, random numbers are those that each would have in an attack on all.

    Raises
    ------
    InputError
        When samples are no images.

    Examples
    --------
    >>> model = lambda x: torch.stack([x.mean((1, 2, 3)), -x.mean((1, 2, 3))], 1)
    >>> images, labels = torch.full((1, 1, 4, 4), 0.5), torch.tensor([0])
    >>> moved = square_attack(model, images, labels, 0.25, queries=20, random=np.random.default_rng(0))
    >>> bool((moved - images).abs().max() <= 0.25), bool(moved.mean() < 0.5)
    (True, True)
    """
    if images.ndim != _IMAGE:
        raise InputError("square", tuple(images.shape[1:]), "needs images: samples must be (channels, height, width)")
    check_radius(eps)
    count_of("queries", queries)
    places = np.arange(len(images)) if rows is None else np.asarray(rows)
    everyone = len(images) if total is None else total
    channels, height, width = images.shape[1:]

    def signs(*shape: int) -> Tensor:
        drawn = random.integers(0, 2, (everyone, *shape))[places]
        return torch.from_numpy(2.0 * drawn - 1.0).to(images.dtype)

    present = (images + eps * signs(channels, 1, width)).clamp(0, 1)
    with torch.no_grad():
        margins = _margins(model(images), labels)
        first = _margins(model(present), labels)
        # what is taken for another class already is not moved
        present = torch.where((margins <= 0).view(-1, 1, 1, 1), images, present)
        margins = torch.where(margins <= 0, margins, first)
        for query in range(1, queries):
            side = round(math.sqrt(share_of_pixels(query, queries) * height * width))
            side = min(max(side, 1), max(min(height, width) - 1, 1))
            tops = random.integers(0, height - side + 1, everyone)[places]
            lefts = random.integers(0, width - side + 1, everyone)[places]
            moves = eps * signs(channels, 1, 1)
            left_standing = torch.nonzero(margins > 0)[:, 0]
            if not len(left_standing):
                break
            inside = _inside(tops, side, height)[:, None, :, None] & _inside(lefts, side, width)[:, None, None, :]
            tried = torch.where(inside, (images + moves).clamp(0, 1), present)[left_standing]
            new = _margins(model(tried), labels[left_standing])
            better = new < margins[left_standing]
            chosen = left_standing[better]
            present[chosen], margins[chosen] = tried[better], new[better]
    return present


def _inside(first: np.ndarray, side: int, length: int) -> Tensor:
    places = np.arange(length)
    return torch.from_numpy((places >= first[:, None]) & (places < first[:, None] + side))


def _margins(logits: Tensor, labels: Tensor) -> Tensor:
    own = logits.gather(1, labels[:, None])[:, 0]
    others = logits.scatter(1, labels[:, None], -math.inf).max(1).values
    return own - others
