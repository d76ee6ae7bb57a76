"""All attacks on one network: a sample counts as robust only if it survives every member."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hrsnn.deep.frames import Frames
from hrsnn.deep.learning.network import INPUT_LEVELS, Spiking
from hrsnn.deep.learning.predictions import evaluation_batch
from hrsnn.deep.learning.settings import NetworkSettings
from hrsnn.deep.robust.attacks import Model, check_radius, fgsm, pgd, rfgsm
from hrsnn.deep.robust.auto_pgd import apgd
from hrsnn.deep.robust.square import square_attack
from hrsnn.deep.robust.views import OWN, VIEWS, seen_through, views_of
from hrsnn.display import Displayed
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.errors import InputError
from hrsnn.runtime.progress import progress_bar
from hrsnn.runtime.seeds import generator
from hrsnn.validation.numbers import count_of

Bools = NDArray[np.bool_]
#: Attacks by gradients, from the cheapest on: what these fool need not be attacked by the next.
GRADIENT_ATTACKS = ("fgsm", "rfgsm", "pgd", "apgd")
ATTACKS = (*GRADIENT_ATTACKS, "square")
_IMAGE = 3


@dataclass(frozen=True)
class Member(Displayed):
    """One attack through one view; square has none.

    Examples
    --------
    >>> Member("pgd", "rate").name, Member("square").name
    ('pgd, rate', 'square')
    """

    attack: str
    view: str = ""

    @property
    def name(self) -> str:
        """Name for tables and files."""
        return f"{self.attack}, {self.view}" if self.view else self.attack


@dataclass(frozen=True)
class AttackSettings(Displayed):
    """How samples are attacked.

    Parameters
    ----------
    attacks : tuple of str
        Some of ``fgsm``, ``rfgsm``, ``pgd``, ``apgd`` and ``square``.
    views : tuple of str
        Some of :data:`~hrsnn.deep.robust.views.VIEWS`; networks without spikes have one.
    steps : int
        Of pgd and apgd.
    queries : int
        Of square.
    loss : {"cross_entropy", "logit_ratio"}
        Of apgd.
    seed : int

    Raises
    ------
    InputError
        When a name is unknown, given twice, or there is none, or a number is out of range.
    """

    attacks: tuple[str, ...] = ATTACKS
    views: tuple[str, ...] = tuple(VIEWS)
    steps: int = 20
    queries: int = 1000
    loss: str = "cross_entropy"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, given, known in (("attacks", self.attacks, ATTACKS), ("views", self.views, tuple(VIEWS))):
            if not given or len(set(given)) < len(given) or not set(given) <= set(known):
                raise InputError(name, given, f"must be some of {', '.join(known)}, each once")
        count_of("steps", self.steps)
        count_of("queries", self.queries)

    def members(self, network: Spiking) -> list[Member]:
        """Return the members for a network: views that it does not have are left out.

        Raises
        ------
        InputError
            When square is asked for, and samples are no images.
        """
        if "square" in self.attacks and len(network.architecture.input_shape) != _IMAGE:
            shape = network.architecture.input_shape
            raise InputError("attacks", "square", f"needs images, and the samples have the shape {shape}: leave it out")
        own = [view for view in self.views if view in views_of(network)] or [OWN]
        ordered = [attack for attack in GRADIENT_ATTACKS if attack in self.attacks]
        found = [Member(attack, view) for attack in ordered for view in own]
        return [*found, *([Member("square")] if "square" in self.attacks else [])]


@dataclass(frozen=True)
class Survival(Displayed):
    """Which samples keep their class under which member.

    Attributes
    ----------
    clean : ndarray of bool, (samples,)
        Whether the network is right without an attack.
    survived : dict of member to ndarray of bool, (samples,)
        Whether it is right without and with it; False where the sample was fooled by an earlier member and not attacked
        again.
    """

    clean: Bools
    survived: dict[str, Bools] = field(default_factory=dict)

    @property
    def robust(self) -> Bools:
        """Samples that survive all members."""
        return np.asarray(np.logical_and.reduce([self.clean, *self.survived.values()]))

    def accuracies(self) -> dict[str, float]:
        """Return the share of samples that survive each member, before it ``clean`` and after them ``ensemble``."""
        shares = {name: float(one.mean()) for name, one in self.survived.items()}
        return {"clean": float(self.clean.mean()), **shares, "ensemble": float(self.robust.mean())}


def model_of(network: Spiking) -> Model:
    """Return the function from images to logits: the mean of the outputs over the steps, at evaluation."""
    network.eval()
    return lambda images: network(images).mean(0)


def check_attackable(settings: NetworkSettings, frames: Frames) -> None:
    """Check that perturbations of one image are defined for a network and its samples.

    Raises
    ------
    InputError
        When the input is random spikes or changes in time, or a prediction depends on the other samples of a batch.
    """
    if frames.moving:
        raise InputError("task", "samples that change in time", "cannot be attacked: attacks are on one image a sample")
    if settings.coding != "direct":
        raise InputError("coding", settings.coding, "cannot be attacked: its input is random; train with --coding direct")
    if settings.precision.potential_scale == "batch" and settings.precision.quantises_potentials:
        raise InputError(
            "potential_scale", "batch", "cannot be attacked: a prediction depends on the other samples of a batch"
        )


def pictures(frames: Frames) -> tuple[Tensor, Tensor]:
    """Return images in 0 to 1, and labels.

    Examples
    --------
    >>> frames = Frames(np.full((5, 1, 2, 2), 255, np.uint8), np.arange(5), False)
    >>> images, labels = pictures(frames)
    >>> images.shape, float(images.max()), labels.tolist()
    (torch.Size([5, 1, 2, 2]), 1.0, [0, 1, 2, 3, 4])
    """
    return torch.from_numpy(frames.values).float() / INPUT_LEVELS, torch.from_numpy(frames.labels)


def attacked(
    network: Spiking,
    member: Member,
    images: Tensor,
    labels: Tensor,
    eps: float,
    settings: AttackSettings,
    rows: NDArray[np.int64] | None = None,
) -> Tensor:
    """Return perturbed images; the perturbation of one does not depend on which others are attacked.

    Parameters
    ----------
    network : Spiking
    member : Member
    images : tensor (samples, ...)
        All images.
    labels : tensor of int64 (samples,)
    eps : float
    settings : AttackSettings
    rows : array of int, optional
        Those that are attacked; by default all.
    """
    chosen = np.arange(len(images)) if rows is None else rows
    random = generator(settings.seed, "attack", member.name)
    model = model_of(network)
    if member.attack == "square":
        return square_attack(model, images[chosen], labels[chosen], eps, settings.queries, random, chosen, len(images))
    start = torch.zeros(0)
    if member.attack == "rfgsm":
        start = torch.from_numpy(random.standard_normal(images.shape)).to(images.dtype)
    elif member.attack in ("pgd", "apgd"):
        start = torch.from_numpy(random.uniform(-1, 1, images.shape)).to(images.dtype)
    found, batch = [], max(1, evaluation_batch(network) // 2)
    with seen_through(network, member.view or OWN):
        for first in range(0, len(chosen), batch):
            part = chosen[first : first + batch]
            given = images[part], labels[part], eps
            if member.attack == "fgsm":
                found.append(fgsm(model, *given))
            elif member.attack == "rfgsm":
                found.append(rfgsm(model, *given, start[part]))
            elif member.attack == "pgd":
                found.append(pgd(model, *given, settings.steps, start=start[part]))
            else:
                found.append(apgd(model, *given, settings.steps, start[part], settings.loss))
    return torch.cat(found) if found else images[chosen]


def right(network: Spiking, images: Tensor, labels: Tensor) -> Bools:
    """Return whether the network, with its spikes, is right on each image."""
    model, batch = model_of(network), evaluation_batch(network)
    with torch.no_grad():
        found = [model(images[at : at + batch]).argmax(1) for at in range(0, len(images), batch)]
    return np.asarray((torch.cat(found) == labels).numpy()) if found else np.zeros(0, bool)


def ensemble_attack(
    network: Spiking,
    frames: Frames,
    eps: float,
    settings: AttackSettings | None = None,
    *,
    everything: bool = False,
    kept: Callable[[str, Callable[[], Mapping[str, float]]], Mapping[str, float]] | None = None,
    progress: bool = False,
) -> Survival:
    """Attack every sample by every member; the network runs with spikes to decide whether it is fooled.

    Parameters
    ----------
    network : Spiking
    frames : Frames
        Samples with labels.
    eps : float
        Radius in the largest norm, in the range of pixels from 0 to 1.
    settings : AttackSettings, optional
    everything : bool
        Whether each member attacks all samples that are right without it, so that members can be compared; by default only
        those that all members before it have left.
    kept : callable, optional
        Function of a name and a function that attacks, which returns the result, from a file if there is one.
    progress : bool

    Returns
    -------
    Survival

    Raises
    ------
    InputError
        When eps is negative, or a member cannot attack the network.

    Examples
    --------
    >>> from hrsnn.deep.robust.ensemble import AttackSettings
    >>> settings = NetworkSettings("mlp", (4,), 3, steps=2)
    >>> frames = Frames(np.full((5, 4), 99, np.uint8), np.zeros(5, np.int64), False)
    >>> found = ensemble_attack(settings.build(), frames, 0.1, AttackSettings(("fgsm",), ("rate", "relu")))
    >>> list(found.survived)
    ['fgsm, rate', 'fgsm, relu']
    """
    check_radius(eps)
    settings = settings or AttackSettings()
    members = settings.members(network)
    images, labels = pictures(frames)
    with one_thread(), progress_bar(progress, len(members), "attacks") as done:
        clean = right(network, images, labels)
        standing, survived = clean.copy(), {}
        for index, member in enumerate(members):
            rows = np.flatnonzero(clean if everything else standing)

            def run(member: Member = member, rows: NDArray[np.int64] = rows) -> dict[str, float]:
                moved = attacked(network, member, images, labels, eps, settings, rows)
                kept_class = right(network, moved, labels[rows])
                return {str(row): float(ok) for row, ok in zip(rows.tolist(), kept_class.tolist(), strict=True)}

            result = run() if kept is None else kept(member.name, run)
            survives = np.zeros(len(frames), dtype=bool)
            survives[[int(row) for row, ok in result.items() if ok]] = True
            survived[member.name] = survives
            standing = standing & survives
            done(index + 1)
    return Survival(clean, survived)


def first_samples(frames: Frames, samples: int, seed: int) -> Frames:
    """Return a fixed random choice of samples, or all where there are no more.

    Examples
    --------
    >>> frames = Frames(np.full((5, 1, 2, 2), 255, np.uint8), np.arange(5), False)
    >>> len(first_samples(frames, 3, seed=0)), len(first_samples(frames, 9, seed=0))
    (3, 5)
    """
    count_of("samples", samples)
    rows = generator(seed, "attacked samples").permutation(len(frames))[:samples]
    return frames.subset(np.sort(rows))
