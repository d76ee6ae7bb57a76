"""A trained network on samples that it has not seen: predictions, their speed, and the statistics of a part of them."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hrsnn.deep.frames import Frames
from hrsnn.deep.learning.export import packed
from hrsnn.deep.learning.information import LayerStatistics, layer_statistics
from hrsnn.deep.learning.mismatch import Mismatch, gradient_mismatch
from hrsnn.deep.learning.network import Spiking
from hrsnn.deep.learning.predictions import evaluation_batch, predictions, stimulus
from hrsnn.deep.learning.settings import NetworkSettings
from hrsnn.deep.packed.inference import IntegerInference
from hrsnn.display import Displayed
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.errors import InputError

#: Samples from which statistics of layers and gradients are computed.
_PROBE = 128


@dataclass(frozen=True)
class Evaluation(Displayed):
    """What a network does with unseen samples.

    Attributes
    ----------
    predicted : ndarray of int64, (samples,)
        Classes.
    integers : ndarray of int64 (samples,), or None
        Classes by the packed network; None where the network has no integers.
    seconds, integer_seconds : float
        Wall time of each, on one thread; nan where it was not run.
    statistics : LayerStatistics
    mismatch : Mismatch
    potentials : dict of layer to ndarray
        Before the reset.
    """

    predicted: NDArray[np.int64]
    integers: NDArray[np.int64] | None
    seconds: float
    integer_seconds: float
    statistics: LayerStatistics
    mismatch: Mismatch
    potentials: dict[str, NDArray[np.float32]]


def evaluate(network: Spiking, settings: NetworkSettings, frames: Frames, seed: int = 0) -> Evaluation:
    """Evaluate a network, in PyTorch and, where it can be exported, in integers; statistics are of the first 128 samples.

    Parameters
    ----------
    network : Spiking
    settings : NetworkSettings
    frames : Frames
    seed : int
        Of random spikes, where the input is coded by them; they are the same for both.

    Examples
    --------
    >>> settings = NetworkSettings("mlp", (4,), 3)
    >>> found = evaluate(settings.build(), settings, Frames(np.zeros((5, 4), np.uint8), np.zeros(5, np.int64), False))
    >>> found.predicted.shape, found.integers is None
    ((5,), True)
    """
    with one_thread():
        begun = time.perf_counter()
        predicted = predictions(network, settings, frames, seed)
        seconds = time.perf_counter() - begun
        given = _probe(settings, frames, seed)
        labels = torch.from_numpy(frames.labels[:_PROBE])
        statistics, mismatch = layer_statistics(network, given), gradient_mismatch(network, given, labels)
        with torch.no_grad():
            run = network.run(given, record=True)
    potentials = {name: u.numpy().ravel() for name, u in run.potentials.items()}
    integers, integer_seconds = _in_integers(network, settings, frames, seed)
    return Evaluation(predicted, integers, seconds, integer_seconds, statistics, mismatch, potentials)


def statistics_of(network: Spiking, settings: NetworkSettings, frames: Frames, seed: int = 0) -> LayerStatistics:
    """Return the statistics of the layers on the first 128 samples.

    Examples
    --------
    >>> settings = NetworkSettings("mlp", (4,), 3)
    >>> statistics_of(settings.build(), settings, Frames(np.zeros((5, 4), np.uint8), np.zeros(5, np.int64), False)).rates
    {'spike1': 0.0, 'spike2': 0.0}
    """
    with one_thread():
        return layer_statistics(network, _probe(settings, frames, seed))


def mismatch_at(network: Spiking, settings: NetworkSettings, frames: Frames, times: float = 1.0, seed: int = 0) -> Mismatch:
    """Compare gradients on the first 128 samples, with windows of `times` the width that each layer has.

    Examples
    --------
    >>> settings = NetworkSettings("mlp", (4,), 3)
    >>> frames = Frames(np.zeros((5, 4), np.uint8), np.zeros(5, np.int64), False)
    >>> [round(mismatch_at(settings.build(), settings, frames, times).widths["spike1"], 3) for times in (1, 0.5)]
    [1.084, 0.542]
    """
    layers = list(network.spiking.values())
    widths = [float(layer.width) for layer in layers]  # type: ignore[arg-type]
    labels = torch.from_numpy(frames.labels[:_PROBE])
    with one_thread():
        try:
            for layer, width in zip(layers, widths, strict=True):
                layer.width = times * width  # type: ignore[assignment]
            return gradient_mismatch(network, _probe(settings, frames, seed), labels)
        finally:
            for layer, width in zip(layers, widths, strict=True):
                layer.width = width  # type: ignore[assignment]


def _probe(settings: NetworkSettings, frames: Frames, seed: int) -> torch.Tensor:
    return torch.from_numpy(stimulus(settings, frames, np.arange(min(_PROBE, len(frames))), seed))


def _in_integers(
    network: Spiking, settings: NetworkSettings, frames: Frames, seed: int
) -> tuple[NDArray[np.int64] | None, float]:
    try:
        runner = IntegerInference(packed(network, settings.coding))
    except InputError:  # in floating point, or with the scales of a batch
        return None, float("nan")
    runner.predictions(stimulus(settings, frames, np.arange(1), seed))  # compiles
    begun, found = time.perf_counter(), []
    batch = evaluation_batch(network)  # as PyTorch has them, so that random spikes are the same
    for first in range(0, len(frames), batch):
        rows = np.arange(first, min(first + batch, len(frames)))
        found.append(runner.predictions(stimulus(settings, frames, rows, seed, "evaluation", first)))
    return np.concatenate(found), time.perf_counter() - begun
