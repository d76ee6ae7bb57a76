"""``hrsnn deep train``: a deep spiking network, trained by surrogate gradients on a task with classes."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.cli.task_arguments import DataArguments, tasks_of
from hrsnn.scripts.deep.options import NETWORK, DeepCommand, load, models_of, neurons_of, training_parts, write_history
from hrsnn.scripts.deep.outcome import DeepOutcome
from hrsnn.scripts.deep.robust_options import RADIUS, Loss, objective_of

if TYPE_CHECKING:
    from hrsnn.deep.precision import Precision
    from hrsnn.tasks import ClassificationTask

#: Options without effect on rectified units.
_OF_SPIKES = (
    "neuron",
    "learn_neurons",
    "window",
    "steps",
    "coding",
    "weight_bits",
    "potential_bits",
    "regulate",
    "reproduce",
)
_STEPS = 4


@dataclass(frozen=True, kw_only=True)
class DeepTrain(DataArguments, DeepCommand):
    """Train a deep spiking network; the epoch is chosen by a validation part, and the test part is not read."""

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("classes"))] = "digits"
    """Task with classes, of images, rows, recordings of event cameras or spike trains; `hrsnn tasks` describes all."""

    train: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: all)")] = None
    """Number of training samples, of which 30 % are to validate."""

    test: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: all)")] = None
    """Number of test samples, which `hrsnn deep measure` reads."""

    model: Annotated[str, tyro.conf.arg(metavar="NAME", help_behavior_hint=models_of)] = "conv-16-32-fc64"
    """Architecture."""

    neuron: Annotated[str, tyro.conf.arg(metavar="NAME", help_behavior_hint=neurons_of)] = "lif"
    """Neuron of all layers."""

    relu: bool = False
    """Whether units are rectified and have no spikes, for `hrsnn deep convert` to make a spiking network of."""

    learn_neurons: bool = False
    """Whether a, b and c of each layer's neurons are trained."""

    window: Annotated[float | None, tyro.conf.arg(help_behavior_hint="(default: analytic)")] = None
    """Half-width of the window of the surrogate gradient."""

    steps: Annotated[int | None, tyro.conf.arg(help_behavior_hint="(default: 4)")] = None
    """Steps that a sample is shown for, or bins that it is cut into where it changes in time."""

    coding: Literal["direct", "poisson"] = "direct"
    """Whether the input is the same at each step, or random spikes."""

    weight_bits: int = 32
    """Bits of hidden weights: 1, 2, 4, 8, or 32 for floating point; the first and the last layer of others have 8."""

    potential_bits: int = 32
    """Bits of potentials: 2, 4, 8, or 32 for floating point."""

    regulate: Annotated[bool | None, tyro.conf.arg(help_behavior_hint="(default: where weights have 1 bit)")] = None
    """Whether weights are normalised and rates are drawn towards 1/2 (WS-DR)."""

    reproduce: Annotated[Literal["ours", "text", "code"] | None, tyro.conf.arg(help_behavior_hint="(default: ours)")] = None
    """How the quantisers are read: ours, the paper's text, or its authors' code."""

    epochs: int = 20
    """Epochs."""

    batch: int = 64
    """Samples in a batch."""

    optimiser: Literal["sgd", "adam"] = "sgd"
    """Gradient descent with momentum 0.9, or Adam."""

    learning_rate: Annotated[float | None, tyro.conf.arg(help_behavior_hint="(default: 0.1, of adam 0.001)")] = None
    """Learning rate at the beginning; it falls to 0 along half a cosine."""

    weight_decay: float = 0.0
    """Weight decay, of weights only."""

    robust: Annotated[Loss | None, tyro.conf.arg(help_behavior_hint="(default: cross-entropy at each step)")] = None
    """Loss under attack: pgd, trades, mart, kl, or natural, the cross-entropy of the mean output."""

    eps: Annotated[float | None, tyro.conf.arg(help_behavior_hint=f"(default: {RADIUS})")] = None
    """Radius of perturbations of --robust, in the range of pixels from 0 to 1."""

    attack_steps: Annotated[int | None, tyro.conf.arg(help_behavior_hint="(default: 10)")] = None
    """Steps of perturbations of --robust, and of the attack that chooses the epoch."""

    augment: tuple[Literal["images", "cutout", "events"], ...] = ()
    """How training samples are changed at random: images are shifted and mirrored; squares are cut out; events of a camera
    are mirrored, and rolled or rotated."""

    def check(self) -> None:
        """Raise an error before the work."""
        from hrsnn.deep.models import MODELS
        from hrsnn.deep.neurons import NEURONS

        DeepCommand.check(self)
        MODELS.check(self.model)
        NEURONS.check(self.neuron)
        self._precision()
        if self.robust is None:
            for option, value in (("--eps", self.eps), ("--attack-steps", self.attack_steps)):
                if value is not None:
                    raise InputError(option, value, "is of training under attack: give --robust")
        else:
            objective_of(self.robust, self.eps, self.attack_steps)
        if self.relu:
            for one in dataclasses.fields(self):
                if one.name in _OF_SPIKES and getattr(self, one.name) != one.default:
                    option = f"--{one.name.replace('_', '-')}"
                    raise InputError(
                        option, getattr(self, one.name), "has no effect on rectified units, which have no spikes"
                    )

    def _precision(self) -> Precision:
        from hrsnn.deep.memory import check_bits
        from hrsnn.deep.precision import Precision, precision_of

        check_bits(self.weight_bits, self.potential_bits)
        if self.weight_bits == self.potential_bits == 32:
            for option, value in (("--regulate", self.regulate), ("--reproduce", self.reproduce)):
                if value is not None:
                    raise InputError(option, value, "is of quantised networks: give --weight-bits or --potential-bits")
            return Precision()
        regulate = self.weight_bits == 1 if self.regulate is None else self.regulate
        return precision_of(self.weight_bits, self.potential_bits, regulate, self.reproduce or "ours")

    def run(self) -> DeepOutcome:
        """Train, or go on with a run that was stopped, and report the epochs."""
        from hrsnn.analysis.figures.deep import learning_curves
        from hrsnn.deep.learning.optimisers import TrainingSettings
        from hrsnn.deep.learning.settings import NetworkSettings
        from hrsnn.deep.learning.training import train
        from hrsnn.deep.neurons import NEURONS
        from hrsnn.deep.robust.ensemble import check_attackable

        precision = self._precision()
        rate = self.learning_rate if self.learning_rate is not None else (0.001 if self.optimiser == "adam" else 0.1)
        training = TrainingSettings(
            self.epochs, self.batch, self.optimiser, rate, self.weight_decay, self.augment, self.seed
        )
        choice = self.chosen(self.task, "classes")
        sizes = {"train": self.train, "test": self.test}
        place = choice.options.get("path")
        task = load(choice.name, choice.settings, place, sizes, self.seed)
        steps = 1 if self.relu else _STEPS if self.steps is None else self.steps
        part, validation = training_parts(task, steps)
        if part.moving and self.relu:
            raise InputError("--relu", self.relu, "cannot be used where samples change in time: its units have no time")
        if part.moving and self.coding != "direct":
            raise InputError("--coding", self.coding, "has no effect where samples change in time")
        settings = NetworkSettings(
            self.model,
            part.shape,
            len(task.classes),
            neuron=NEURONS.find(self.neuron),
            steps=steps,
            coding=self.coding,
            precision=precision,
            window=self.window,
            learn_neurons=self.learn_neurons,
            rectified=self.relu,
        )
        objective = None
        if self.robust is not None:
            check_attackable(settings, part)
            objective = objective_of(self.robust, self.eps, self.attack_steps)
        about = {
            "name": choice.name,
            "options": choice.settings,
            "path": None if place is None else str(Path(place).absolute()),
            "seed": self.seed,
            **sizes,
        }
        checkpoint = None if self.out is None else self.out / NETWORK
        found = train(
            settings,
            training,
            part,
            validation,
            objective=objective,
            about={"task": about},
            checkpoint=checkpoint,
            progress=self.progress,
        )
        best = found.history[found.best_epoch - 1] if found.history else {}
        chance, units = 1 / len(task.classes), "rectified units" if self.relu else f"{self.neuron} neurons"
        return DeepOutcome(
            title=f"{self.model} of {units} on {choice.name}: {len(part)} samples to train, "
            f"{len(validation)} to validate, {self.epochs} epochs, seed {self.seed}",
            seed=self.seed,
            scores={
                "validation_accuracy": best.get("validation_accuracy", float("nan")),
                "train_accuracy": best.get("train_accuracy", float("nan")),
                **({} if objective is None else {"validation_score": best.get("validation_score", float("nan"))}),
                "mean_rate_per_step": best.get("mean_rate", float("nan")),
                "best_epoch": found.best_epoch,
            },
            baselines={"validation_accuracy": {"linear": _linear(task), "chance": chance}},
            details={"task": choice.name, "network": settings.plain(), "history": found.history},
            draw=lambda: {"learning": learning_curves(found.history, chance)} if found.history else {},
            files={"history.csv": write_history(found.history)},
        )


def _linear(task: ClassificationTask) -> float:
    """Return the accuracy of the task's linear baseline on the validation part."""
    from sklearn.base import clone

    inner = task.validation_part()
    model = clone(inner.raw_baseline).fit(inner.x_train, inner.y_train)
    return float(model.score(inner.x_test, inner.y_test))


if __name__ == "__main__":
    sys.exit(execute(DeepTrain))
