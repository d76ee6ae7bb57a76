"""Training of deep networks: epochs over a training part, the best of them by a validation part, resumable."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from hrsnn.deep.frames import Frames
from hrsnn.deep.learning.augmentation import augmented, check_augmentable
from hrsnn.deep.learning.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from hrsnn.deep.learning.losses import rate_regularisation, temporal_cross_entropy
from hrsnn.deep.learning.network import Run, Spiking
from hrsnn.deep.learning.optimisers import TrainingSettings, optimiser_of, restore, stored
from hrsnn.deep.learning.predictions import predictions, stimulus
from hrsnn.deep.learning.quantisers import steepness_at
from hrsnn.deep.learning.settings import NetworkSettings
from hrsnn.deep.memory import training_memory
from hrsnn.deep.models import architecture
from hrsnn.display import Displayed
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.errors import DivergenceError, InputError
from hrsnn.files.digested_json import check_same_settings
from hrsnn.files.reading import refuse_damaged
from hrsnn.runtime.progress import progress_bar
from hrsnn.runtime.seeds import generator
from hrsnn.training.optimisers import Optimiser
from hrsnn.validation.limits import check_memory


class Objective(Protocol):
    """What a network is trained for, in place of the cross-entropy at each step."""

    def loss(
        self,
        network: Spiking,
        outputs: Callable[[Tensor], Tensor],
        given: Tensor,
        labels: Tensor,
        random: np.random.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Return the loss of a batch of stimuli, and the outputs by which its accuracy is counted.

        `outputs` runs the network, and must be called last on what the rates are reported of.
        """
        ...

    def score(self, network: Spiking, settings: NetworkSettings, frames: Frames, seed: int) -> float:
        """Return the share of samples by which the epoch is chosen."""
        ...

    def plain(self) -> dict[str, Any]:
        """Return numbers and texts, for the checkpoint."""
        ...


@dataclass(frozen=True)
class Trained(Displayed):
    """A trained network.

    Attributes
    ----------
    network : Spiking
        With the weights of the best epoch of the validation part, ready to be evaluated.
    history : list of dict
        A row an epoch: ``epoch`` (from 1), ``loss``, ``train_accuracy``, ``validation_accuracy``, ``mean_rate``,
        ``learning_rate``; with an objective also ``validation_score``, by which the epoch is chosen.
    best_epoch : int
        0 where no epoch was trained.
    """

    network: Spiking
    history: list[dict[str, float]]
    best_epoch: int


def train(
    settings: NetworkSettings,
    training: TrainingSettings,
    train_part: Frames,
    validation_part: Frames,
    *,
    start: dict[str, np.ndarray] | None = None,
    objective: Objective | None = None,
    about: Mapping[str, Any] | None = None,
    checkpoint: Path | None = None,
    progress: bool | Callable[[float, float], None] = False,
) -> Trained:
    """Train a network, and choose the epoch by the validation part.

    The loss is ``mean_t CE(o[t], y) + regularisation * sum_l (f_l - 1/2)^2``. Same seed, machine and number of threads, same
    numbers, also when a run is interrupted and resumed.

    Parameters
    ----------
    settings : NetworkSettings
    training : TrainingSettings
    train_part, validation_part : Frames
    start : mapping of name to array, optional
        Parameters to begin with (:meth:`Spiking.arrays`), of this or another precision; by default random ones.
    objective : Objective, optional
        Loss and choice of the epoch; by default the cross-entropy, and the accuracy on the validation part.
    about : mapping, optional
        Further settings that the checkpoint keeps, such as the task.
    checkpoint : path, optional
        File that is written after each epoch, and from which the run resumes if it is there.
    progress : bool or callable

    Raises
    ------
    InputError
        When there are no samples, or fewer training samples than 2; when a batch would exceed the memory limit; when an
        augmentation is not for such samples.
    DivergenceError
        When the loss is not finite: the message has the epoch, and the checkpoint of the epoch before is kept.
    FileError
        When the checkpoint is damaged or of another run.

    Examples
    --------
    >>> from hrsnn.deep.frames import frames_of
    >>> from hrsnn.tasks import load_task
    >>> part, validation = frames_of(load_task("digits").subset(train=200, test=100))
    >>> trained = train(NetworkSettings("mlp", part.shape, 10), TrainingSettings(epochs=4), part, validation)
    >>> trained.history[-1]["validation_accuracy"] > 0.8
    True
    """
    if len(train_part) < 2 or not len(validation_part):
        raise InputError("train", len(train_part), "must leave two training samples or more, and one to validate")
    check_augmentable(training.augment, train_part)
    steps = train_part.values.shape[1] if train_part.moving else settings.steps
    batch = min(training.batch, len(train_part))
    needed = training_memory(architecture(settings.model, settings.shape, settings.classes), batch, steps)
    check_memory("batch", training.batch, needed, f"a batch of {batch} samples in {steps} steps")
    # the seed of the training is that of the initial weights too
    network = settings.build(training.seed)
    if start is not None:
        # scales of potentials belong to a precision, and are found anew
        own = network.arrays()
        network.load_arrays(own | {name: value for name, value in start.items() if name in own})
    optimiser = optimiser_of(network, training)
    plain = _plain(settings, training, train_part, start) | ({} if objective is None else {"objective": objective.plain()})
    state = Checkpoint({**plain, **(about or {})}, 0, [], network.arrays(), 0, {}, {})
    if checkpoint is not None and checkpoint.exists():
        found = read_checkpoint(checkpoint)
        check_same_settings(checkpoint, found.settings, state.settings, "the run there was", "choose another --out")
        state = found
        with refuse_damaged(checkpoint, "deep network"):
            network.load_arrays(state.best)
            if state.epoch:  # without one there is nothing but the first weights
                network.load_arrays(state.last)
                restore(optimiser, state.optimiser)
    elif checkpoint is not None and not training.epochs:
        write_checkpoint(checkpoint, state)
    with one_thread(), progress_bar(progress, training.epochs, "epochs") as done:
        done(state.epoch)
        for epoch in range(state.epoch, training.epochs):
            network.steepness = steepness_at(epoch, training.epochs)
            row = _epoch(network, settings, optimiser, training, train_part, epoch, objective)
            predicted = predictions(network, settings, validation_part, training.seed)
            row["validation_accuracy"] = float((predicted == validation_part.labels).mean())
            if objective is not None:
                row["validation_score"] = objective.score(network, settings, validation_part, training.seed)
            history = [*state.history, row]
            values = [one.get("validation_score", one["validation_accuracy"]) for one in history]
            # the first of equal ones: the others were only trained longer
            best = int(np.argmax(values)) + 1
            arrays = network.arrays()
            kept = arrays if best == epoch + 1 else state.best
            state = Checkpoint(state.settings, epoch + 1, history, kept, best, arrays, stored(optimiser))
            if checkpoint is not None:
                write_checkpoint(checkpoint, state)
            done(epoch + 1)
    network.load_arrays(state.best)
    network.steepness = steepness_at(max(state.best_epoch - 1, 0), training.epochs)
    return Trained(network.eval(), state.history, state.best_epoch)


def _epoch(
    network: Spiking,
    settings: NetworkSettings,
    optimiser: Optimiser,
    training: TrainingSettings,
    part: Frames,
    epoch: int,
    objective: Objective | None,
) -> dict[str, float]:
    random = generator(training.seed, "epoch", epoch)
    order = random.permutation(len(part))
    batches = [
        rows for first in range(0, len(order), training.batch) if len(rows := order[first : first + training.batch]) > 1
    ]
    total = right = rate = 0.0
    for index, rows in enumerate(batches):
        share = (epoch + index / len(batches)) / training.epochs
        values = stimulus(settings, part, rows, training.seed, epoch, index)
        given = torch.from_numpy(augmented(values, training.augment, random))
        labels = torch.from_numpy(part.labels[rows])
        network.train()
        runs: list[Run] = []
        if objective is None:
            runs.append(network.run(given))
            outputs = runs[0].outputs
            loss = temporal_cross_entropy(outputs, labels)
        else:
            loss, outputs = objective.loss(network, functools.partial(_outputs, network, runs), given, labels, random)
        rates = runs[-1].rates
        if network.precision.regularisation:
            loss = loss + network.precision.regularisation * rate_regularisation(rates)
        if not torch.isfinite(loss):
            raise DivergenceError(
                f"the loss is {float(loss.detach()):g} in epoch {epoch + 1}: lower learning_rate; the epochs before are kept"
            )
        optimiser.clear()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step(training.learning_rate * (1 + math.cos(math.pi * share)) / 2)
        network.project()
        total += float(loss.detach()) * len(rows)
        right += float((outputs.detach().sum(0).argmax(1) == labels).sum())
        rate += float(torch.stack(list(rates.values())).mean().detach()) * len(rows)
    seen = sum(map(len, batches))
    return {
        "epoch": epoch + 1,
        "loss": total / seen,
        "train_accuracy": right / seen,
        "mean_rate": rate / seen,
        "learning_rate": training.learning_rate * (1 + math.cos(math.pi * epoch / training.epochs)) / 2,
    }


def _outputs(network: Spiking, runs: list[Run], given: Tensor) -> Tensor:
    """Run the network, and keep what it did."""
    runs.append(network.run(given))
    return runs[-1].outputs


def _plain(
    settings: NetworkSettings, training: TrainingSettings, part: Frames, start: dict[str, np.ndarray] | None
) -> dict[str, Any]:
    return {
        "network": settings.plain(),
        "training": asdict(training),
        "samples": len(part),
        "start": "random" if start is None else "given",
    }
