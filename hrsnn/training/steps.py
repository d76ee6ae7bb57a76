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
from hrsnn.training.network import Response, TrainableNetwork
from hrsnn.training.optimisers import Adam
from hrsnn.training.options import TrainingOptions
from hrsnn.training.parts import Part
from hrsnn.training.samples import Minibatch
from hrsnn.validation.units import takes


def take_step(
    network: TrainableNetwork,
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
            penalty = rate_penalty(response.spikes, batch.lengths, network.dynamics.dt, options.rate_target)
            loss = loss + options.rate_weight * penalty
        if options.voltage_weight:
            span = network.dynamics.span()
            loss = loss + options.voltage_weight * voltage_penalty(response.excess, batch.lengths, span)
        optimiser.clear()
        torch.autograd.backward([loss])
    _move(network, optimiser, options, float(loss.item()), rate, epoch)
    return float(loss.item()), score


def _move(
    network: TrainableNetwork, optimiser: Adam, options: TrainingOptions, loss: float, rate: float, epoch: int
) -> None:
    """Move the parameters by their gradients, and into their bounds."""
    if not math.isfinite(loss):
        raise DivergenceError(diverged("the loss", loss, epoch))
    size = optimiser.clip(options.clip)
    if not math.isfinite(size):
        raise DivergenceError(diverged("the norm of the gradient", size, epoch))
    optimiser.step(rate)
    network.project()


def evaluate(
    network: TrainableNetwork,
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
            total += len(rows) * np.array([loss.item(), score])
            inside = torch.arange(batch.steps, device=network.device)[:, None] < batch.lengths
            spikes += float(response.spikes.sum(2)[inside].sum())
            seconds += float(batch.lengths.sum()) * network.dynamics.dt / 1000
            tell(done := done + len(rows))
    loss_, score_ = (total / len(part)).tolist()
    return loss_, score_, spikes / seconds / network.dynamics.neurons


@takes()
def predict(
    network: TrainableNetwork, stimulus: Stimulus, options: TrainingOptions | None = None, seed: int = 0
) -> np.ndarray:
    """Return the outputs (M, outputs) of a network, as `options.read` reads them; the largest is the predicted class.

    Parameters
    ----------
    network : TrainableNetwork
    stimulus : SpikeTrains or Currents
        M stimuli.
    options : TrainingOptions, optional
        Of which `read` and `batch` are used.
    seed : int
        Of background input.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, SpikeTrains, build
    >>> module = TrainableNetwork(build(ReservoirSpec(neurons=20), seed=1, channels=1), outputs=3)
    >>> predict(module, SpikeTrains.from_samples([([5.0], [0])] * 2, 1, 30)).shape
    (2, 3)
    """
    options = options or TrainingOptions()
    check_stimulus(stimulus)
    samples, read = network.samples(stimulus, seed), read_as(options.read)
    found = []
    with torch.no_grad(), one_thread(network.device):
        for start in range(0, len(samples), options.batch):
            batch = network.minibatch(samples, range(start, min(start + options.batch, len(samples))))
            found.append(read(network(batch).outputs, batch.lengths).double().cpu().numpy())
    return np.concatenate(found) if found else np.empty((0, network.readout.out_features))


def _loss(response: Response, batch: Minibatch, targets: np.ndarray, options: TrainingOptions) -> tuple[Tensor, float]:
    """Return the loss and the score of a minibatch."""
    outputs = response.outputs
    if targets.ndim == 1:
        read = read_as(options.read)(outputs, batch.lengths)
        aims = torch.tensor(targets, device=outputs.device)
        right = (read.detach().argmax(1) == aims).double().mean()
        return nn.functional.cross_entropy(read, aims), float(right)
    ends = torch.arange(1, targets.shape[1] + 1, device=outputs.device)[:, None] * batch.lengths / targets.shape[1]
    read = outputs[ends.round().long().clamp(min=1) - 1, torch.arange(len(batch), device=outputs.device)]
    aims = torch.tensor(targets, dtype=outputs.dtype, device=outputs.device).transpose(0, 1)
    error = ((read - aims) ** 2).mean()
    return error, -float(error.detach())


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
