"""The chain of robust sparse conversion for one seed: rectified network, mask, spikes, attacks, and costs, by arm."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass

from hrsnn.deep.frames import frames_of
from hrsnn.deep.learning.network import Spiking
from hrsnn.deep.learning.optimisers import TrainingSettings
from hrsnn.deep.learning.predictions import predictions
from hrsnn.deep.learning.settings import NetworkSettings
from hrsnn.deep.learning.training import train
from hrsnn.deep.robust.accounting import cost_of
from hrsnn.deep.robust.attacks import check_radius
from hrsnn.deep.robust.conversion import ConversionSettings, converted
from hrsnn.deep.robust.ensemble import AttackSettings, ensemble_attack, first_samples, pictures
from hrsnn.deep.robust.objectives import Adversarial
from hrsnn.deep.robust.pruning import Masks, magnitude_masks, score_masks
from hrsnn.deep.robust.views import OWN
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.numbers import count_of

#: Share of the weights below which they are chosen by learnt scores: the largest ones then leave nothing that learns.
SCORES_BELOW = 0.05


@dataclass(frozen=True)
class Arm:
    """One network of the comparison.

    Attributes
    ----------
    loss : str
        With which the rectified network is trained, ``natural`` or ``trades``.
    kept : float
        Share of the weights.
    from_units : bool
        Whether it is converted; else it is trained as spikes from the start, with the mask that the converted one has.
    """

    loss: str
    kept: float = 1.0
    from_units: bool = True


#: Arms by name; the second one is what others are compared with.
ARMS: Mapping[str, Arm] = {
    "natural": Arm("natural"),
    "robust dense": Arm("trades"),
    "robust 10 %": Arm("trades", 0.1),
    "robust 1 %": Arm("trades", 0.01),
    "end to end 10 %": Arm("trades", 0.1, from_units=False),
}
DENSE = "robust dense"


@dataclass(frozen=True)
class StudyOptions:
    """Sizes of the study.

    Parameters
    ----------
    model : str
    eps : float
        Radius of perturbations, in training and in attacks.
    images : int
        Test images that are attacked.
    queries : int
        Of Square.
    steps : int
        T.
    epochs : int
        Of the rectified network; as many follow a mask, 0.6 times as many conversion. A network that is trained as spikes
        from the start has 1.5 times as many, which take about the time of the whole chain.
    complete : bool
        Whether each attack has all images, to compare attacks.
    attack_steps : int
        Of PGD and Auto-PGD.

    Raises
    ------
    InputError
        When a number is out of range.
    """

    model: str = "mlp"
    eps: float = 0.1
    images: int = 200
    queries: int = 1000
    steps: int = 8
    epochs: int = 8
    complete: bool = False
    attack_steps: int = 20

    def __post_init__(self) -> None:
        check_radius(self.eps)
        for name in ("images", "queries", "steps", "epochs", "attack_steps"):
            count_of(name, getattr(self, name))


class SeedStudy:
    """Data and networks of one seed; what several arms share is made once.

    Parameters
    ----------
    task : ClassificationTask
        Its split is that of the seed.
    seed : int
    options : StudyOptions
    """

    def __init__(self, task: ClassificationTask, seed: int, options: StudyOptions) -> None:
        self.options, self.seed = options, seed
        (self.part, self.validation), (_, self.test) = (frames_of(one) for one in (task.validation_part(), task))
        self.images = first_samples(self.test, options.images, seed)
        self.settings = NetworkSettings(options.model, self.part.shape, len(task.classes), steps=1, rectified=True)
        order = generator(seed, "calibration").permutation(len(self.part))
        self.calibration = pictures(self.part.subset(order))[0]

    def _schedule(self, rate: float, share: float = 1.0) -> TrainingSettings:
        epochs = max(1, round(self.options.epochs * share))
        return TrainingSettings(epochs=epochs, learning_rate=rate, seed=self.seed)

    def _objective(self, loss: str) -> Adversarial:
        return Adversarial(loss, self.options.eps, steps=5)

    @functools.cached_property
    def natural(self) -> Spiking:
        """Rectified network, trained on clean samples."""
        return self._units("natural")

    @functools.cached_property
    def robust(self) -> Spiking:
        """Rectified network, trained by TRADES."""
        return self._units("trades")

    def _units(self, loss: str) -> Spiking:
        objective = self._objective(loss)
        return train(self.settings, self._schedule(0.1), self.part, self.validation, objective=objective).network

    def masks(self, kept: float) -> Masks:
        """Return the masks of the robust network."""
        if kept < SCORES_BELOW:
            return score_masks(self.robust, self.part, kept, self._objective("trades"), self._schedule(0.1, 0.6))
        return magnitude_masks({name: one.detach().numpy() for name, one in self.robust.weight.items()}, kept)

    def pruned(self, kept: float) -> tuple[NetworkSettings, Spiking]:
        """Return the robust network with a mask, trained on."""
        settings = dataclasses.replace(self.settings, masked=True)
        network = settings.build(self.seed)
        network.load_arrays(network.arrays() | self.robust.arrays())
        network.set_masks(self.masks(kept))
        objective, start = self._objective("trades"), network.arrays()
        found = train(settings, self._schedule(0.1), self.part, self.validation, start=start, objective=objective)
        return settings, found.network

    def spiking(self, name: str) -> tuple[NetworkSettings, Spiking]:
        """Return the spiking network of an arm.

        Raises
        ------
        InputError
            When the arm is unknown.
        """
        if name not in ARMS:
            raise InputError("arm", name, f"must be one of {', '.join(ARMS)}")
        arm, options = ARMS[name], ConversionSettings(steps=self.options.steps)
        if not arm.from_units:
            # of the conversion only the kind of network is taken
            brief = dataclasses.replace(options, calibration_steps=1)
            settings = dataclasses.replace(
                converted(self.robust, self.settings, self.calibration[:2], brief)[0], masked=True
            )
            fresh = settings.build(self.seed)
            fresh.set_masks(self.masks(arm.kept))
            schedule, start = self._schedule(0.1, 1.5), fresh.arrays()
        else:
            known = (self.settings, self.natural if arm.loss == "natural" else self.robust)
            settings, units = known if arm.kept == 1 else self.pruned(arm.kept)
            settings, first = converted(units, settings, self.calibration, options)
            schedule, start = self._schedule(0.05, 0.6), first.arrays()
        objective = self._objective("natural" if arm.loss == "natural" else "kl")
        found = train(settings, schedule, self.part, self.validation, start=start, objective=objective)
        return settings, found.network

    def scores(self, name: str) -> dict[str, float]:
        """Train, attack and count one arm.

        Returns
        -------
        dict of name to float
            ``accuracy`` on the test part; of the attacked images ``clean``, ``single`` (PGD through the network's own
            surrogate) and ``ensemble``; ``energy`` in nJ, ``weights``, ``rate``, bytes by coding; where all attacks have
            all images, the share that each leaves as ``left by NAME``.
        """
        settings, network = self.spiking(name)
        attack = AttackSettings(steps=self.options.attack_steps, queries=self.options.queries, seed=self.seed)
        complete, eps = self.options.complete, self.options.eps
        shares = ensemble_attack(network, self.images, eps, attack, everything=complete).accuracies()
        if complete:
            single = shares[f"pgd, {OWN}"]
        else:  # images that an attack before has fooled are attacked too
            own = dataclasses.replace(attack, attacks=("pgd",), views=(OWN,))
            single = ensemble_attack(network, self.images, eps, own).accuracies()["ensemble"]
        cost = cost_of(network, self.images)
        return {
            "accuracy": float((predictions(network, settings, self.test) == self.test.labels).mean()),
            "clean": shares["clean"],
            "single": single,
            "ensemble": shares["ensemble"],
            "energy": cost.energy * 1e9,
            "weights": float(cost.weights),
            "rate": cost.rate,
            **{f"bytes {coding}": size for coding, size in cost.bytes.items()},
            **({f"left by {member}": share for member, share in shares.items()} if complete else {}),
        }
