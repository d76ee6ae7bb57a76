"""Training of a network by gradients: epochs of minibatches, a validation part, checkpoints."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn.display import Displayed
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.errors import DivergenceError, InputError
from hrsnn.files.locks import working_in
from hrsnn.files.npz import digest
from hrsnn.files.writing import write_text
from hrsnn.runtime.progress import progress_bar
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.training import checkpoints
from hrsnn.training.checkpoints import CHECKPOINT, Epoch
from hrsnn.training.eprop import check as check_eprop
from hrsnn.training.module import TrainableModule
from hrsnn.training.optimisers import Adam
from hrsnn.training.options import TrainingOptions
from hrsnn.training.parts import Part, part_of
from hrsnn.training.steps import diverged, evaluate, take_step
from hrsnn.validation.limits import check_memory
from hrsnn.validation.units import takes

#: Log of the epochs in the folder of a training.
LOG = "log.csv"
#: Tensors (steps, stimuli, N) that a minibatch keeps for the backward pass: 15 to 41, as measured.
_KEPT = 40


@dataclass(frozen=True)
class Training(Displayed):
    """Result of :func:`train`; the network has its parameters after the best epoch."""

    epochs: tuple[Epoch, ...]  #: the first is the network before training
    best: int  #: epoch with the best validation score, of equal ones the one with the least loss


@takes()
def train(
    network: TrainableModule,
    stimulus: Stimulus,
    targets: np.ndarray,
    validation: tuple[Stimulus, np.ndarray],
    options: TrainingOptions | None = None,
    folder: str | os.PathLike[str] | None = None,
    progress: bool | Callable[[float, float], None] = False,
) -> Training:
    """Train a network by Adam on surrogate gradients, in place.

    Parameters
    ----------
    network : TrainableNetwork or another TrainableModule
    stimulus : SpikeTrains or Currents
        M stimuli.
    targets : array (M,) of int, or (M, K, outputs)
        Classes from 0, for cross-entropy; or numbers at the ends of K equal parts of each stimulus, for squared errors, nan
        where there is none.
    validation : (stimulus, targets)
        What the best epoch is chosen by, and nothing is fitted to.
    options : TrainingOptions, optional
    folder : path, optional
        A checkpoint is written there after each epoch, with a log. A training that was stopped in this folder goes on.
    progress : bool or callable
        True: show a bar on stderr. A callable gets (stimuli done, stimuli in total).

    Returns
    -------
    Training

    Raises
    ------
    InputError
        When targets do not fit the stimuli or the outputs.
    DivergenceError
        When the loss or a gradient is not finite: the checkpoint is that of the epoch before.
    FileError
        When the folder holds a checkpoint of another model, other data or other options.
    HrsnnError
        When there is not enough memory.

    Notes
    -----
    PyTorch runs on one thread meanwhile. On the same machine the same seed gives the same bytes, in one run or in several.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, SpikeTrains, build
    >>> from hrsnn.training import TrainableNetwork
    >>> rng = np.random.default_rng(0)
    >>> pairs = [(rng.uniform(0, 30, 8), np.full(8, k % 2)) for k in range(16)]  # two classes: which channel spikes
    >>> trains, labels = SpikeTrains.from_samples(pairs, 2, 30), np.arange(16) % 2
    >>> reservoir = build(ReservoirSpec(neurons=20, dt=1, input_fraction=1), seed=1, channels=2)
    >>> module = TrainableNetwork(reservoir, outputs=2)
    >>> found = train(module, trains, labels, (trains, labels), TrainingOptions(epochs=5, batch=8, learning_rate=0.05))
    >>> found.epochs[found.best].validation_score
    1.0
    """
    options = options or TrainingOptions()
    parts = [part_of(network, stimulus, targets), part_of(network, *validation, field="validation")]
    if options.method == "eprop":
        check_eprop(network)
        if any(part.targets.ndim != 1 for part in parts):
            raise InputError("targets", "numbers", "must be classes with e-prop")
    _check_memory(network, parts, options)
    learning = {name: one for name, one in network.named_parameters() if one.requires_grad}
    if not learning and options.epochs:
        raise InputError("learn", network.learn, "names nothing that learns")
    optimiser = Adam(learning, network.units())
    if folder is None:
        return _run(network, parts, options, optimiser, None, progress)
    with working_in(Path(folder)):
        return _run(network, parts, options, optimiser, Path(folder), progress)


def _run(
    network: TrainableModule,
    parts: list[Part],
    options: TrainingOptions,
    optimiser: Adam,
    folder: Path | None,
    progress: bool | Callable[[float, float], None],
) -> Training:
    settings = _settings(network, parts, options) if folder is not None else {}
    epochs: list[Epoch] = []
    best = checkpoints.state_of(network)
    if folder is not None and (folder / CHECKPOINT).exists():
        best, epochs = checkpoints.load(folder, network, optimiser, settings)
    size = len(parts[0]) + len(parts[1])
    with one_thread(network.device), progress_bar(progress, float(size * (options.epochs + 1)), "stimuli") as done:

        def tell(amount: int) -> None:
            done(len(epochs) * size + amount)

        while len(epochs) <= options.epochs and not _is_over(epochs, options):
            epochs.append(_epoch(network, parts, options, optimiser, epochs, tell))
            if best_of(epochs) == len(epochs) - 1:
                best = checkpoints.state_of(network)
            if folder is not None:
                checkpoints.save(folder, network, optimiser, best, epochs, settings)
                write_text(folder / LOG, checkpoints.table(epochs))
    checkpoints.restore(network, best)
    return Training(tuple(epochs), best_of(epochs))


def _epoch(
    network: TrainableModule,
    parts: list[Part],
    options: TrainingOptions,
    optimiser: Adam,
    before: list[Epoch],
    tell: Callable[[int], None],
) -> Epoch:
    """Train for one epoch, but for the first, number 0, and validate."""
    number = len(before)
    rate = options.rate_of(number - 1, [one.validation_loss for one in before]) if number else 0.0
    train_loss = train_score = float("nan")
    done = 0
    if number:
        order = generator(options.seed, "training", "epoch", number).permutation(len(parts[0]))
        total = np.zeros(2)
        for rows in parts[0].minibatches(order, options.batch):
            total += parts[0].weight(rows) * np.array(take_step(network, parts[0], rows, options, optimiser, rate, number))
            tell(done := done + len(rows))
        train_loss, train_score = (total / parts[0].weight(order)).tolist()
    loss, score, firing = evaluate(network, parts[1], options, lambda more: tell(done + more))
    if not math.isfinite(loss):
        raise DivergenceError(diverged("the validation loss", loss, number))
    return Epoch(number, rate, train_loss, train_score, loss, score, firing)


def best_of(epochs: list[Epoch]) -> int:
    """Return the epoch with the best validation score; of equal ones, that with the least loss, and of those the first."""
    return max(range(len(epochs)), key=lambda k: (epochs[k].validation_score, -epochs[k].validation_loss, -k))


def _is_over(epochs: list[Epoch], options: TrainingOptions) -> bool:
    return options.patience is not None and bool(epochs) and len(epochs) - 1 - best_of(epochs) >= options.patience


def _settings(network: TrainableModule, parts: list[Part], options: TrainingOptions) -> dict[str, Any]:
    """Return what a checkpoint must agree with."""
    # a training may be made longer, unless its learning rates depend on its length
    free = ("patience",) if options.schedule == "cosine" else ("patience", "epochs")
    arrays = {name: np.asarray(one.detach().cpu()) for name, one in network.named_parameters()}
    return {
        "network": network.identity(),
        "start": digest({}, arrays),
        "model": network.model,
        "data": [digest({}, {"targets": part.targets, "steps": part.samples.lengths}) for part in parts],
        "options": {name: value for name, value in dataclasses.asdict(options).items() if name not in free},
    }


def _check_memory(network: TrainableModule, parts: list[Part], options: TrainingOptions) -> None:
    longest = max(int(part.samples.lengths.max()) for part in parts)
    kept = longest if options.checkpoint is None else min(longest, options.checkpoint) + 6 * longest // options.checkpoint
    size = network.dtype.itemsize * network.neurons
    needed = float(size) * options.batch * (_KEPT * kept + 4 * longest)
    check_memory("batch", options.batch, needed, f"a minibatch of {longest} steps (set checkpoint, or lower batch)")
