"""Projected gradient ascent that halves its step where it no longer gains: Auto-PGD."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from hrsnn.deep.robust.attacks import Model, check_radius, within
from hrsnn.errors import InputError

#: Losses that are climbed.
LOSSES = ("cross_entropy", "logit_ratio")
_MOMENTUM, _GAINING = 0.75, 0.75


def checkpoints(steps: int) -> list[int]:
    """Steps after which the size of the step is reconsidered: 22 % of all, then intervals that shrink from 22 to 6 %.

    Examples
    --------
    >>> checkpoints(20)
    [4, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
    """
    interval, least, shrink = max(int(0.22 * steps), 1), max(int(0.06 * steps), 1), max(int(0.03 * steps), 1)
    at, found = 0, []
    while at < steps:
        at += interval
        found.append(at)
        interval = max(interval - shrink, least)
    return found


def logit_ratio(logits: Tensor, labels: Tensor) -> Tensor:
    """Difference of logits ratio of each sample: ``-(z_y - max_(j != y) z_j) / (z_1st - z_3rd)``.

    Examples
    --------
    >>> logit_ratio(torch.tensor([[3.0, 1.0, 0.0], [0.0, 1.0, 4.0]]), torch.tensor([0, 1])).tolist()
    [-0.6666666865348816, 0.75]
    """
    ordered = logits.sort(1, descending=True).values
    own = logits.gather(1, labels[:, None])[:, 0]
    other = torch.where(own == ordered[:, 0], ordered[:, 1], ordered[:, 0])
    spread = ordered[:, 0] - ordered[:, min(2, logits.shape[1] - 1)]
    return (other - own) / (spread + 1e-12)


def apgd(
    model: Model,
    images: Tensor,
    labels: Tensor,
    eps: float,
    steps: int = 20,
    start: Tensor | None = None,
    loss: str = "cross_entropy",
) -> Tensor:
    """Projected gradient ascent with momentum and a step that is halved where it no longer gains (Croce and Hein 2020).

    The step is ``2 eps`` at first. ``z = project(x + step sign(g))``, ``x <- project(x + .75 (z - x) + .25 (x -
    x_before))``. At checkpoints it is halved, and the best point is returned to, where less than three quarters of the
    steps have raised the loss, or where neither the step nor the best loss has changed since the last one.

    Parameters
    ----------
    model, images, labels, eps, steps, start
        As of :func:`hrsnn.deep.robust.attacks.pgd`.
    loss : {"cross_entropy", "logit_ratio"}

    Returns
    -------
    tensor, shaped as `images`
        A point that the model takes for another class, the one of the largest loss where there is none.

    Raises
    ------
    InputError
        For an unknown loss, or the logit ratio of fewer than three classes.

    Examples
    --------
    >>> model = lambda x: torch.stack([x[:, 0], -x[:, 0]], 1)
    >>> images, labels = torch.tensor([[0.5, 0.5]]), torch.tensor([0])
    >>> apgd(model, images, labels, 0.25, steps=4).tolist()
    [[0.25, 0.5]]
    """
    if loss not in LOSSES:
        raise InputError("loss", loss, f"must be one of {', '.join(LOSSES)}")
    present = images if start is None else within(images + check_radius(eps) * start, images, eps)
    shape = (-1, *[1] * (images.ndim - 1))
    size = torch.full((len(images),), 2.0 * eps)
    slope, value, wrong = _climb(model, present, labels, loss)
    best, best_slope, best_value = present.clone(), slope.clone(), value.clone()
    fooling, fooled = present.clone(), wrong.clone()
    gains = torch.zeros(len(images))
    halved_before, value_before = torch.ones(len(images), dtype=torch.bool), best_value.clone()
    before, last = present.clone(), 0
    marks = set(checkpoints(steps))
    for done in range(1, steps + 1):
        ahead = within(present + size.view(shape) * slope.sign(), images, eps)
        momentum = _MOMENTUM if done > 1 else 1.0
        moved = within(present + momentum * (ahead - present) + (1 - momentum) * (present - before), images, eps)
        before, present = present, moved
        slope, new, wrong = _climb(model, present, labels, loss)
        gains += new > value
        value = new
        fooling = torch.where((wrong & ~fooled).view(shape), present, fooling)
        fooled |= wrong
        better = value > best_value
        best = torch.where(better.view(shape), present, best)
        best_slope = torch.where(better.view(shape), slope, best_slope)
        best_value = torch.maximum(value, best_value)
        if done in marks:
            few = gains <= _GAINING * (done - last)
            halve = few | (~halved_before & (best_value <= value_before))
            size = torch.where(halve, size / 2, size)
            present = torch.where(halve.view(shape), best, present)
            slope = torch.where(halve.view(shape), best_slope, slope)
            value = torch.where(halve, best_value, value)
            halved_before, value_before, gains, last = halve, best_value.clone(), torch.zeros_like(gains), done
    return torch.where(fooled.view(shape), fooling, best)


def _climb(model: Model, images: Tensor, labels: Tensor, loss: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradient of the loss of each sample, the losses, and which samples are taken for another class."""
    given = images.detach().clone().requires_grad_(True)
    logits = model(given)
    if loss == "cross_entropy":
        values = functional.cross_entropy(logits, labels, reduction="none")
    else:
        if logits.shape[1] < 3:
            raise InputError("loss", loss, f"needs three classes, not {logits.shape[1]}: cross_entropy fits")
        values = logit_ratio(logits, labels)
    (slope,) = torch.autograd.grad(values.sum(), given)
    return slope, values.detach(), logits.detach().argmax(1) != labels
