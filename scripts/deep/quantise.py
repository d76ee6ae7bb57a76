"""``hrsnn deep quantise``: a trained network with fewer bits, trained on; accuracy against bits."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from hrsnn.errors import InputError
from hrsnn.files.locks import working_in
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.deep.options import NETWORK, OfTrained, training_parts
from hrsnn.scripts.deep.outcome import DeepOutcome

if TYPE_CHECKING:
    from hrsnn.deep.frames import Frames
    from hrsnn.deep.learning.checkpoint import Checkpoint
    from hrsnn.deep.learning.optimisers import TrainingSettings
    from hrsnn.deep.learning.settings import NetworkSettings

    Parts = tuple[Frames, Frames]


@dataclass(frozen=True, kw_only=True)
class DeepQuantise(OfTrained):
    """Give the weights and potentials of a trained network fewer bits, and train it on, once for each number of bits."""

    weight_bits: int = 1
    """Bits of hidden weights: 1, 2, 4 or 8; the first and the last layer have 8."""

    potential_bits: tuple[int, ...] = (8, 4, 2)
    """Bits of potentials, of 2, 4 and 8; a network for each."""

    regulate: Annotated[bool | None, tyro.conf.arg(help_behavior_hint="(default: where weights have 1 bit)")] = None
    """Whether weights are normalised and rates are drawn towards 1/2 (WS-DR)."""

    reproduce: Literal["ours", "text", "code"] = "ours"
    """How the quantisers are read: ours, the paper's text, or its authors' code."""

    epochs: int = 10
    """Epochs for each number of bits; with 0 the weights are those that they were, rounded."""

    batch: int = 64
    """Samples in a batch."""

    optimiser: Literal["sgd", "adam"] = "sgd"
    """Gradient descent with momentum 0.9, or Adam."""

    learning_rate: Annotated[float | None, tyro.conf.arg(help_behavior_hint="(default: 0.1, of adam 0.001)")] = None
    """Learning rate at the beginning; it falls to 0 along half a cosine."""

    def check(self) -> None:
        """Raise an error before the work."""
        from hrsnn.deep.memory import check_bits

        super().check()
        for bits in self.potential_bits:
            check_bits(self.weight_bits, bits)
        if self.weight_bits == 32 or 32 in self.potential_bits or not self.potential_bits:
            raise InputError(
                "--potential-bits", self.potential_bits, "must be some of 2, 4 and 8, and --weight-bits at most 8"
            )

    def run(self) -> DeepOutcome:
        """Train, or go on with a run that was stopped, and report accuracy against bits."""
        from hrsnn.analysis.figures.deep import accuracy_against_bits
        from hrsnn.deep.learning.optimisers import TrainingSettings
        from hrsnn.deep.learning.predictions import predictions
        from hrsnn.deep.memory import memory_of
        from hrsnn.deep.models import architecture
        from hrsnn.deep.precision import precision_of

        settings, state = self.spiking()
        task = self.task_of(state)
        part, validation = training_parts(task, settings.steps)
        rate = self.learning_rate if self.learning_rate is not None else (0.001 if self.optimiser == "adam" else 0.1)
        training = TrainingSettings(self.epochs, self.batch, self.optimiser, rate, seed=self.seed)
        before = self.network_of(settings, state)
        own = architecture(settings.model, settings.shape, settings.classes)
        name = f"{settings.precision.weight_bits}w-{settings.precision.potential_bits}u"
        scores = {name: float((predictions(before, settings, validation, self.seed) == validation.labels).mean())}
        sizes = {name: memory_of(own, settings.precision.weight_bits, settings.precision.potential_bits).total()}
        regulate = self.weight_bits == 1 if self.regulate is None else self.regulate
        for bits in self.potential_bits:
            precision = precision_of(self.weight_bits, bits, regulate, self.reproduce)
            quantised = dataclasses.replace(settings, precision=precision)
            name = f"{self.weight_bits}w-{bits}u"
            folder = None if self.out is None else self.out / name
            scores[name] = self._accuracy(folder, quantised, training, (part, validation), state)
            sizes[name] = memory_of(own, self.weight_bits, bits).total()
        lines = [f"{'bits':12s}{'validation':>12s}{'bytes':>14s}"]
        lines += [f"{one:12s}{scores[one]:12.4f}{sizes[one]:14.0f}" for one in scores]
        return DeepOutcome(
            title=f"{settings.model} with fewer bits: {len(part)} samples to train, {len(validation)} to validate, "
            f"{self.epochs} epochs, seed {self.seed}",
            seed=self.seed,
            scores={f"validation_accuracy_{one}": value for one, value in scores.items()},
            details={"bytes": sizes, "regulate": regulate, "reproduce": self.reproduce},
            tables="\n".join(lines),
            draw=lambda: {"bits": accuracy_against_bits(scores, 1 / settings.classes)},
        )

    def _accuracy(
        self, folder: Path | None, settings: NetworkSettings, training: TrainingSettings, parts: Parts, state: Checkpoint
    ) -> float:
        """Train a network, in a folder of its own, and return its accuracy on the validation part."""
        from hrsnn.deep.learning.predictions import predictions
        from hrsnn.deep.learning.training import train

        with contextlib.nullcontext() if folder is None else working_in(folder):
            found = train(
                settings,
                training,
                *parts,
                start=state.best,
                about={"task": state.settings.get("task", {})},
                checkpoint=None if folder is None else folder / NETWORK,
                progress=self.progress,
            )
        return float((predictions(found.network, settings, parts[1], self.seed) == parts[1].labels).mean())


if __name__ == "__main__":
    sys.exit(execute(DeepQuantise))
