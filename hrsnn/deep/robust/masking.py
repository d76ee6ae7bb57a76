"""Signs that a network hides its gradients instead of being robust: masked gradients."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from hrsnn.deep.frames import Frames
from hrsnn.deep.learning.network import Spiking
from hrsnn.deep.robust.attacks import check_radius
from hrsnn.deep.robust.ensemble import AttackSettings, Member, attacked, pictures, right
from hrsnn.deep.robust.views import OWN
from hrsnn.display import Displayed
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of


@dataclass(frozen=True)
class MaskingSigns(Displayed):
    """What attacks leave that do not need the network's own gradient, or not from one place only.

    Attributes
    ----------
    single : float
        Share of samples that survive projected gradient descent through the network's own surrogate.
    longer : float
        The same with five times as many steps.
    restarts : float
        Share that survives it from each of several random starts.
    transfer : float
        Share that survives perturbations made for another network, such as the rectified one; nan without one.
    """

    single: float
    longer: float
    restarts: float
    transfer: float


def masking_signs(
    network: Spiking,
    frames: Frames,
    eps: float,
    settings: AttackSettings | None = None,
    restarts: int = 5,
    source: Spiking | None = None,
) -> MaskingSigns:
    """Attack with more steps, from more places, and by another network's gradients.

    A network whose gradients say something loses little to more steps and restarts, and less to another network's
    perturbations than to its own (Athalye et al. 2018).

    Parameters
    ----------
    network : Spiking
    frames : Frames
    eps : float
    settings : AttackSettings, optional
    restarts : int
    source : Spiking, optional
        Network of the same input and classes whose perturbations are tried.

    Raises
    ------
    InputError
        When the other network takes other samples, or a number is out of range.
    """
    check_radius(eps)
    count_of("restarts", restarts)
    settings = settings or AttackSettings()
    own, other = network.architecture, None if source is None else source.architecture
    if other is not None and (other.input_shape, other.classes) != (own.input_shape, own.classes):
        raise InputError("transfer", other.input_shape, f"must take samples of {own.input_shape} in {own.classes} classes")
    images, labels = pictures(frames)
    member = Member("pgd", OWN)
    with one_thread():
        clean = right(network, images, labels)
        rows = np.flatnonzero(clean)

        def survives(options: AttackSettings, by: Spiking) -> np.ndarray:
            moved = attacked(by, member, images, labels, eps, options, rows)
            return right(network, moved, labels[rows])

        first = survives(settings, network)
        longer = survives(dataclasses.replace(settings, steps=5 * settings.steps), network)
        each = [survives(dataclasses.replace(settings, seed=settings.seed + index), network) for index in range(1, restarts)]
        every = np.logical_and.reduce([first, *each])
        transfer = float("nan") if source is None else float(survives(settings, source).sum() / len(frames))
    single, more, restarted = (float(one.sum() / len(frames)) for one in (first, longer, every))
    return MaskingSigns(single, more, restarted, transfer)
