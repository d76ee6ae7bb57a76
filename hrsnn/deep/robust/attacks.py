"""Attacks by gradients within a ball of the largest norm: one step, one step from a random corner, projected steps.

A model is a function from images in 0 to 1, (samples, ...), to logits, (samples, classes). All random numbers are given: the
perturbation of a sample does not depend on which others are attacked with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from hrsnn.errors import InputError

#: Function from images in 0 to 1 to logits.
Model = Callable[[Tensor], Tensor]
#: Size of a step of projected gradient descent: this many radii over all steps.
STEP = 2.5


def check_radius(eps: float) -> float:
    """Return the radius of the ball.

    Raises
    ------
    InputError
        When it is negative or not finite.
    """
    if not (math.isfinite(eps) and eps >= 0):
        raise InputError("eps", eps, "must be 0 or more, in the range of pixels from 0 to 1")
    return eps


def within(images: Tensor, near: Tensor, eps: float) -> Tensor:
    """Return images moved into the ball of radius `eps` around others, and into 0 to 1."""
    return torch.min(torch.max(images, near - eps), near + eps).clamp(0, 1)


def gradient(model: Model, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradient of the cross-entropy by the images, and the logits."""
    given = images.detach().clone().requires_grad_(True)
    logits = model(given)
    (found,) = torch.autograd.grad(functional.cross_entropy(logits, labels, reduction="sum"), given)
    return found, logits.detach()


def fgsm(model: Model, images: Tensor, labels: Tensor, eps: float) -> Tensor:
    """One step by the sign of the gradient: ``clip(x + eps sign(g))`` (Goodfellow et al. 2015).

    Parameters
    ----------
    model : callable
        From images to logits.
    images : tensor (samples, ...)
        In 0 to 1.
    labels : tensor of int64 (samples,)
    eps : float
        Radius in the largest norm.

    Returns
    -------
    tensor, shaped as `images`

    Examples
    --------
    A linear model, whose gradient points to the other class:

    >>> model = lambda x: torch.stack([x[:, 0], -x[:, 0]], 1)
    >>> fgsm(model, torch.tensor([[0.5, 0.5]]), torch.tensor([0]), 0.25).tolist()
    [[0.25, 0.5]]
    """
    return within(images + check_radius(eps) * gradient(model, images, labels)[0].sign(), images, eps)


def rfgsm(model: Model, images: Tensor, labels: Tensor, eps: float, start: Tensor, share: float = 0.5) -> Tensor:
    """One step by the sign of the gradient at a random corner of a smaller ball (Tramèr et al. 2018).

    ``x' = clip(x + a sign(n))``, ``clip(x' + (eps - a) sign(g(x')))``, ``a = share eps``.

    Parameters
    ----------
    model, images, labels, eps
        As of :func:`fgsm`.
    start : tensor, shaped as `images`
        Random numbers n, symmetric around 0.
    share : float
        Of the radius that the random step takes.

    Examples
    --------
    >>> model = lambda x: torch.stack([x[:, 0], -x[:, 0]], 1)
    >>> images, labels = torch.tensor([[0.5, 0.5]]), torch.tensor([0])
    >>> rfgsm(model, images, labels, 0.25, start=torch.tensor([[-1.0, 1.0]])).tolist()
    [[0.25, 0.625]]
    """
    moved = within(images + share * check_radius(eps) * start.sign(), images, eps)
    return within(moved + (1 - share) * eps * gradient(model, moved, labels)[0].sign(), images, eps)


def pgd(
    model: Model,
    images: Tensor,
    labels: Tensor,
    eps: float,
    steps: int = 20,
    step: float | None = None,
    start: Tensor | None = None,
) -> Tensor:
    """Projected gradient ascent of the cross-entropy (Madry et al. 2018).

    ``x <- project(x + step sign(g))``, `steps` times. Of each sample the first point that the model takes for another
    class is returned, and the last one where there is none.

    Parameters
    ----------
    model, images, labels, eps
        As of :func:`fgsm`.
    steps : int
    step : float, optional
        By default ``2.5 eps / steps``.
    start : tensor, shaped as `images`, optional
        From -1 to 1: the place in the ball to begin at; by default its middle.

    Examples
    --------
    >>> model = lambda x: torch.stack([x[:, 0], -x[:, 0]], 1)
    >>> images, labels = torch.tensor([[0.5, 0.5]]), torch.tensor([0])
    >>> pgd(model, images, labels, 0.25, steps=4).tolist()
    [[0.25, 0.5]]
    """
    size = STEP * check_radius(eps) / max(steps, 1) if step is None else step
    present = images if start is None else within(images + eps * start, images, eps)
    found, fooled = present.clone(), torch.zeros(len(images), dtype=torch.bool)
    for _ in range(steps):
        slope, logits = gradient(model, present, labels)
        fooled |= _keep(found, present, (logits.argmax(1) != labels) & ~fooled)
        present = within(present + size * slope.sign(), images, eps)
    _keep(found, present, ~fooled)
    return found


def _keep(found: Tensor, present: Tensor, chosen: Tensor) -> Tensor:
    found[chosen] = present[chosen]
    return chosen
