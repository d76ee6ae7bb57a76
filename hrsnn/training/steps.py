"""One step of the optimiser on a minibatch, and the evaluation of a part."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.errors import DivergenceError, HrsnnError
from hrsnn.stimuli.stimulus import Stimulus, check_stimulus
from hrsnn.training.eprop import eprop
from hrsnn.training.losses import rate_penalty, read_as, voltage_penalty
from hrsnn.training.module import Response, TrainableModule
from hrsnn.training.optimisers import Adam
from hrsnn.training.options import TrainingOptions
from hrsnn.training.parts import Part
from hrsnn.training.samples import Minibatch
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes


def take_step(
    network: TrainableModule,
    part: Part,
    rows: np.ndarray,
    options: TrainingOptions,
    optimiser: Adam,
    rate: float,
    epoch: int,
) -> tuple[float, float]:
    """Make one step of the optimiser at a learning rate; return the loss with its regularisers, and the score."""
    batch = network.minibatch(part.samples, rows)
    if options.method == "eprop":
        aims = torch.tensor(part.targets[rows], device=network.device)
        cost, outputs = eprop(network, batch, aims)
        right = read_as(options.read)(outputs, batch.lengths).argmax(1) == aims
        _move(network, optimiser, options, cost, rate, epoch)
        return cost, float(right.double().mean())
    with _Memory(batch, options):
        response = network(batch, options.truncate, options.checkpoint)
        loss, score = _loss(response, batch, part.targets[rows], options)
        if options.rate_weight:
            penalty = rate_penalty(response.spikes, batch.lengths, network.dt, options.rate_target)
            loss = loss + options.rate_weight * penalty
        if options.voltage_weight:
            span = network.span()
            loss = loss + options.voltage_weight * voltage_penalty(response.excess, batch.lengths, span)
        optimiser.clear()
        torch.autograd.backward([loss])
    _move(network, optimiser, options, float(loss.item()), rate, epoch)
    return float(loss.item()), score


def _move(network: TrainableModule, optimiser: Adam, options: TrainingOptions, loss: float, rate: float, epoch: int) -> None:
    """Move the parameters by their gradients, and into their bounds."""
    if not math.isfinite(loss):
        raise DivergenceError(diverged("the loss", loss, epoch))
    size = optimiser.clip(options.clip)
    if not math.isfinite(size):
        raise DivergenceError(diverged("the norm of the gradient", size, epoch))
    optimiser.step(rate)
    network.project()


def evaluate(
    network: TrainableModule,
    part: Part,
    options: TrainingOptions,
    tell: Callable[[int], None] = lambda done: None,
) -> tuple[float, float, float]:
    """Return loss without regularisers, score (accuracy, or less the loss) and mean rate (Hz) of a part."""
    total, spikes, seconds, done = np.zeros(2), 0.0, 0.0, 0
    with torch.no_grad(), one_thread(network.device):
        for rows in part.minibatches(np.arange(len(part)), options.batch):
            batch = network.minibatch(part.samples, rows)
            response = network(batch)
            loss, score = _loss(response, batch, part.targets[rows], options)
            total += part.weight(rows) * np.array([loss.item(), score])
            inside = torch.arange(batch.steps, device=network.device)[:, None] < batch.lengths
            spikes += float(response.spikes.sum(2)[inside].sum())
            seconds += float(batch.lengths.sum()) * network.dt / 1000
            tell(done := done + len(rows))
    loss_, score_ = (total / part.weight(np.arange(len(part)))).tolist()
    return loss_, score_, spikes / seconds / network.neurons


@takes()
def predict(
    network: TrainableModule, stimulus: Stimulus, options: TrainingOptions | None = None, seed: int = 0
) -> np.ndarray:
    """Return the outputs (M, outputs) of a network, as `options.read` reads them; the largest is the predicted class.

    Parameters
    ----------
    network : TrainableNetwork or another TrainableModule
    stimulus : SpikeTrains or Currents
        M stimuli.
    options : TrainingOptions, optional
        Of which `read` and `batch` are used.
    seed : int
        Of background input.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, SpikeTrains, build
    >>> from hrsnn.training import TrainableNetwork
    >>> module = TrainableNetwork(build(ReservoirSpec(neurons=20), seed=1, channels=1), outputs=3)
    >>> predict(module, SpikeTrains.from_samples([([5.0], [0])] * 2, 1, 30)).shape
    (2, 3)
    """
    options = options or TrainingOptions()
    read = read_as(options.read)
    return _predicted(network, stimulus, options.batch, seed, lambda outputs, batch: read(outputs, batch.lengths), ())


@takes()
def predict_series(
    network: TrainableModule, stimulus: Stimulus, parts: int, options: TrainingOptions | None = None, seed: int = 0
) -> np.ndarray:
    """Return the outputs (M, K, outputs) of a network at the ends of K equal parts of each stimulus.

    Parameters
    ----------
    network : TrainableNetwork or another TrainableModule
    stimulus : SpikeTrains or Currents
        M stimuli.
    parts : int
        K.
    options : TrainingOptions, optional
        Of which `batch` is used.
    seed : int
        Of background input.

    Examples
    --------
    >>> from hrsnn import Currents, ReservoirSpec, build
    >>> from hrsnn.training import TrainableNetwork
    >>> module = TrainableNetwork(build(ReservoirSpec(neurons=20), seed=1, channels=1), outputs=3)
    >>> predict_series(module, Currents(np.zeros((2, 4, 1)), dt=5.0), parts=4).shape
    (2, 4, 3)
    """
    parts, size = count_of("parts", parts), (options or TrainingOptions()).batch

    def read(outputs: Tensor, batch: Minibatch) -> Tensor:
        return _at_ends(outputs, batch, parts).transpose(0, 1)

    return _predicted(network, stimulus, size, seed, read, (parts,))


def _predicted(
    network: TrainableModule,
    stimulus: Stimulus,
    size: int,
    seed: int,
    read: Callable[[Tensor, Minibatch], Tensor],
    shape: tuple[int, ...],
) -> np.ndarray:
    """Return what is read of the outputs of all stimuli, `size` at a time."""
    check_stimulus(stimulus)
    samples, found = network.samples(stimulus, seed), []
    with torch.no_grad(), one_thread(network.device):
        for start in range(0, len(samples), size):
            batch = network.minibatch(samples, range(start, min(start + size, len(samples))))
            found.append(read(network(batch).outputs, batch).double().cpu().numpy())
    return np.concatenate(found) if found else np.empty((0, *shape, network.readout.out_features))


def _loss(response: Response, batch: Minibatch, targets: np.ndarray, options: TrainingOptions) -> tuple[Tensor, float]:
    """Return the loss and the score of a minibatch."""
    outputs = response.outputs
    if targets.ndim == 1:
        read = read_as(options.read)(outputs, batch.lengths)
        aims = torch.tensor(targets, device=outputs.device)
        right = (read.detach().argmax(1) == aims).double().mean()
        return nn.functional.cross_entropy(read, aims), float(right)
    aims = torch.tensor(targets, dtype=outputs.dtype, device=outputs.device).transpose(0, 1)
    wanted = ~torch.isnan(aims)
    error = ((_at_ends(outputs, batch, targets.shape[1]) - aims)[wanted] ** 2).mean()
    return error, -float(error.detach())


def _at_ends(outputs: Tensor, batch: Minibatch, parts: int) -> Tensor:
    """Return the outputs (parts, B, outputs) at the ends of equal parts of each stimulus."""
    ends = torch.arange(1, parts + 1, device=outputs.device)[:, None] * batch.lengths / parts
    return outputs[ends.round().long().clamp(min=1) - 1, torch.arange(len(batch), device=outputs.device)]


class _Memory:
    """Context in which a lack of memory is an error that says what to lower."""

    def __init__(self, batch: Minibatch, options: TrainingOptions) -> None:
        self._text = f"a minibatch of {len(batch)} stimuli of {batch.steps} steps does not fit: lower batch"
        self._text += ", or set checkpoint" if options.checkpoint is None else ", or checkpoint"

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, torch.cuda.OutOfMemoryError) or "can't allocate memory" in str(error or ""):
            raise HrsnnError(self._text) from error


def diverged(what: str, value: float, epoch: int) -> str:
    kept = f"the checkpoint of epoch {epoch - 1} is kept; " if epoch else ""
    return f"{what} is {value} in epoch {epoch}: {kept}lower learning_rate or clip"
