"""Losses of robust training: adversarial cross-entropy, TRADES, MART, and the one with which spiking networks are finetuned.

With p(x) the classes' probabilities, x' the perturbed sample:

=========  ======================================================================================  ====================
natural    ``CE(x, y)``
pgd        ``CE(x', y)``                                                                           Madry et al. 2018
trades     ``CE(x, y) + beta KL(p(x) || p(x'))``, x' maximises the KL                              Zhang et al. 2019
mart       ``BCE(x', y) + beta KL(p(x) || p(x')) (1 - p_y(x))``,                                   Wang et al. 2020
           ``BCE = -log p_y(x') - log(1 - max_(j != y) p_j(x'))``
kl         ``CE(x, y) + beta KL(p(x) || p(x'))``, x' by one step from a random corner              Özdenizci and
                                                                                                   Legenstein 2024
=========  ======================================================================================  ====================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hrsnn.deep.frames import Frames
from hrsnn.deep.learning.network import INPUT_LEVELS, Spiking
from hrsnn.deep.learning.settings import NetworkSettings
from hrsnn.deep.robust.attacks import STEP, Model, check_radius, gradient, rfgsm, within
from hrsnn.deep.robust.ensemble import AttackSettings, Member, attacked, pictures, right
from hrsnn.deep.robust.views import OWN
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of

#: Names of the losses, with the weight beta of their second term.
METHODS = {"natural": 0.0, "pgd": 0.0, "trades": 6.0, "mart": 4.0, "kl": 2.0}
#: Deviation of the random start of TRADES and MART.
_START = 0.001
_SMALLEST = 1e-12


@dataclass(frozen=True)
class Adversarial(Displayed):
    """What a network is trained for, in place of the cross-entropy of clean samples.

    Parameters
    ----------
    method : {"natural", "pgd", "trades", "mart", "kl"}
    eps : float
        Radius of perturbations in the largest norm, in the range of pixels from 0 to 1.
    steps : int
        Of the perturbations of pgd, trades and mart, and of the attack by which the epoch is chosen.
    beta : float, optional
        By default 6 of trades, 4 of mart, 2 of kl.

    Raises
    ------
    InputError
        When a value is not allowed.

    Notes
    -----
    Perturbations are made with the normalisations as at evaluation. The epoch is chosen by the share of the validation part
    that survives projected gradient descent of so many steps through the network's own surrogate, or, of ``natural``, by the
    share that is right.

    Examples
    --------
    >>> Adversarial("trades", 0.1).weight
    6.0
    """

    method: str = "kl"
    eps: float = 0.1
    steps: int = 10
    beta: float | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError("method", self.method, f"must be one of {', '.join(METHODS)}")
        check_radius(self.eps)
        count_of("steps", self.steps)
        if self.beta is not None:
            if METHODS[self.method] == 0:
                raise InputError("beta", self.beta, f"has no effect on {self.method}: it is of trades, mart and kl")
            if not (math.isfinite(self.beta) and self.beta >= 0):
                raise InputError("beta", self.beta, "must be 0 or more")

    @property
    def weight(self) -> float:
        """Weight of the second term."""
        return METHODS[self.method] if self.beta is None else self.beta

    def plain(self) -> dict[str, Any]:
        """Return numbers and texts."""
        return asdict(self)

    def loss(
        self,
        network: Spiking,
        outputs: Callable[[Tensor], Tensor],
        given: Tensor,
        labels: Tensor,
        random: np.random.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Return the loss of a batch, and the outputs of the clean samples."""
        images = given if given.is_floating_point() else given.float() / INPUT_LEVELS
        if self.method == "natural":
            found = outputs(images)
            return functional.cross_entropy(found.mean(0), labels), found
        network.eval()
        moved = self.perturbed(lambda x: outputs(x).mean(0), images, labels, random)
        network.train()
        if self.method == "pgd":
            found = outputs(moved)
            return functional.cross_entropy(found.mean(0), labels), found
        # the clean samples last: rates are reported of the last run
        other = outputs(moved).mean(0)
        found = outputs(images)
        clean = found.mean(0)
        apart = functional.kl_div(other.log_softmax(1), clean.softmax(1), reduction="none").sum(1)
        if self.method == "mart":
            return _boosted(other, labels) + self.weight * (apart * (1 - _own(clean, labels))).mean(), found
        return functional.cross_entropy(clean, labels) + self.weight * apart.mean(), found

    def perturbed(self, model: Model, images: Tensor, labels: Tensor, random: np.random.Generator) -> Tensor:
        """Return the samples x' of the loss."""
        shape = images.shape
        if self.method == "kl":
            return rfgsm(model, images, labels, self.eps, _tensor(random.standard_normal(shape)))
        if self.method == "pgd":
            return _last(model, images, labels, self.eps, self.steps, _tensor(random.uniform(-1, 1, shape)))
        start = (images + _START * _tensor(random.standard_normal(shape))).clamp(0, 1)
        if self.method == "mart":
            return _last(model, images, labels, self.eps, self.steps, None, start)
        return _apart(model, images, self.eps, self.steps, start)

    def score(self, network: Spiking, settings: NetworkSettings, frames: Frames, seed: int) -> float:
        """Return the share of samples that are right, under an attack if the loss has one."""
        images, labels = pictures(frames)
        if self.method != "natural":
            rows = np.flatnonzero(right(network, images, labels))
            options = AttackSettings(("pgd",), (OWN,), self.steps, seed=seed)
            moved = attacked(network, Member("pgd", OWN), images, labels, self.eps, options, rows)
            return float(right(network, moved, labels[rows]).sum() / len(frames))
        return float(right(network, images, labels).mean())


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def _last(
    model: Model,
    images: Tensor,
    labels: Tensor,
    eps: float,
    steps: int,
    start: Tensor | None,
    present: Tensor | None = None,
) -> Tensor:
    """Return the last point of projected gradient descent, of samples that are fooled too."""
    if present is None:
        present = images if start is None else within(images + eps * start, images, eps)
    for _ in range(steps):
        present = within(present + STEP * eps / steps * gradient(model, present, labels)[0].sign(), images, eps)
    return present


def _apart(model: Model, images: Tensor, eps: float, steps: int, present: Tensor) -> Tensor:
    """Return points in the ball at which the classes' probabilities are far from those of the images."""
    with torch.no_grad():
        clean = model(images).softmax(1)
    for _ in range(steps):
        given = present.detach().clone().requires_grad_(True)
        apart = functional.kl_div(model(given).log_softmax(1), clean, reduction="sum")
        (slope,) = torch.autograd.grad(apart, given)
        present = within(present + STEP * eps / steps * slope.sign(), images, eps)
    return present


def _own(logits: Tensor, labels: Tensor) -> Tensor:
    return logits.softmax(1).gather(1, labels[:, None])[:, 0]


def _boosted(logits: Tensor, labels: Tensor) -> Tensor:
    others = logits.softmax(1).scatter(1, labels[:, None], 0.0).max(1).values
    return functional.cross_entropy(logits, labels) - (1 - others).clamp_min(_SMALLEST).log().mean()
