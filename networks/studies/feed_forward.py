"""Feed-forward spiking networks that lose most of their links, by method, and are trained on; also for another task."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.networks.feed_forward import UNLABELLED, NoiseSettings, removed_neurons, unlabelled_masks
from hrsnn.networks.graphs.channels import channel_graph
from hrsnn.runtime.seeds import generator
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from hrsnn.deep.frames import Frames
    from hrsnn.deep.learning.network import Spiking
    from hrsnn.deep.learning.settings import NetworkSettings

Masks = dict[str, NDArray[np.bool_]]
#: By weights, which training with labels has made, and without labels.
METHODS = ("magnitude", "layerwise", *UNLABELLED)


@dataclass(frozen=True)
class Parts:
    """Samples of one task in frames of one shape."""

    train: Frames
    validation: Frames
    test: Frames
    classes: int

    def only(self, first: int, last: int) -> Parts:
        """Return the task of the classes from `first` to `last` alone, which are then numbered from 0."""
        from hrsnn.deep.frames import Frames

        def cut(frames: Frames) -> Frames:
            rows = np.flatnonzero((frames.labels >= first) & (frames.labels <= last))
            return Frames(frames.values[rows], frames.labels[rows] - first, frames.moving)

        return Parts(cut(self.train), cut(self.validation), cut(self.test), last - first + 1)


@dataclass(frozen=True)
class Training:
    """Sizes of the study.

    Parameters
    ----------
    model : str
    steps : int
        T of the spiking networks.
    epochs : int
        Of rectified networks, on clean samples.
    tuned : int
        Of finetuning as spikes, after conversion and again after pruning; a network that is trained as spikes from its
        initial weights has `epochs` more.
    calibration_steps, batches : int
        Of the conversion (:class:`hrsnn.deep.robust.conversion.ConversionSettings`).

    Raises
    ------
    InputError
        When a number is out of range.
    """

    model: str = "mlp"
    steps: int = 4
    epochs: int = 8
    tuned: int = 4
    calibration_steps: int = 30
    batches: int = 3

    def __post_init__(self) -> None:
        for name in ("steps", "epochs", "tuned", "calibration_steps", "batches"):
            count_of(name, getattr(self, name))


class PrunedNetworks:
    """Networks of one task and seed; what several of them begin with is made once.

    Parameters
    ----------
    parts : Parts
    seed : int
        Of initial weights, orders of samples and masks.
    training : Training
    """

    def __init__(self, parts: Parts, seed: int, training: Training) -> None:
        from hrsnn.deep.learning.settings import NetworkSettings

        self.parts, self.seed, self.training = parts, seed, training
        self.units = NetworkSettings(training.model, parts.train.shape, parts.classes, steps=1, rectified=True)

    @functools.cached_property
    def _converted(self) -> tuple[NetworkSettings, dict[str, NDArray[np.float32]]]:
        from hrsnn.deep.learning.optimisers import TrainingSettings
        from hrsnn.deep.learning.training import train
        from hrsnn.deep.robust.conversion import ConversionSettings, converted
        from hrsnn.deep.robust.ensemble import pictures
        from hrsnn.deep.robust.objectives import Adversarial

        parts, training = self.parts, self.training
        schedule = TrainingSettings(epochs=training.epochs, seed=self.seed)
        natural = Adversarial("natural")
        found = train(self.units, schedule, parts.train, parts.validation, objective=natural).network
        options = ConversionSettings(training.steps, training.calibration_steps, batches=training.batches)
        order = generator(self.seed, "calibration").permutation(len(parts.train))[: options.batches * options.batch]
        settings, spiking = converted(found, self.units, pictures(parts.train.subset(order))[0], options)
        return dataclasses.replace(settings, masked=True), spiking.arrays()

    @property
    def settings(self) -> NetworkSettings:
        """Settings of the spiking networks."""
        return self._converted[0]

    @functools.cached_property
    def dense(self) -> Spiking:
        """Network that was trained as rectified units, converted, and finetuned as spikes."""
        return self.trained(self._built(self._converted[1]), self.training.tuned)

    @functools.cached_property
    def initial(self) -> Spiking:
        """Network of the same kind with its initial weights."""
        return self.settings.build(self.seed).eval()

    def _built(self, arrays: Mapping[str, NDArray[np.float32]], masks: Masks | None = None) -> Spiking:
        network = self.settings.build(self.seed)
        own = network.arrays()
        network.load_arrays(own | {name: value for name, value in arrays.items() if name in own})
        if masks is not None:
            network.set_masks(masks)
        return network.eval()

    def trained(self, network: Spiking, epochs: int, rate: float = 0.05) -> Spiking:
        """Return a network after so many epochs on this task; its masks stay."""
        from hrsnn.deep.learning.optimisers import TrainingSettings
        from hrsnn.deep.learning.training import train
        from hrsnn.deep.robust.objectives import Adversarial

        schedule = TrainingSettings(epochs=epochs, learning_rate=rate, seed=self.seed)
        part, validation = self.parts.train, self.parts.validation
        objective = Adversarial("natural")
        return train(self.settings, schedule, part, validation, start=network.arrays(), objective=objective).network

    def masks(self, network: Spiking, method: str, kept: float, neurons: float | None = None) -> Masks:
        """Return the masks of a method for a network of this task.

        Raises
        ------
        InputError
            When the method is unknown.
        """
        from hrsnn.deep.robust.pruning import magnitude_masks

        if method not in METHODS:
            raise InputError("method", method, f"must be one of {', '.join(METHODS)}")
        if method in UNLABELLED:
            settings = NoiseSettings(neurons=neurons)
            return unlabelled_masks(network, self.parts.train, kept, method, seed=self.seed, settings=settings)
        weights = {name: one.detach().numpy() for name, one in network.weight.items()}
        return magnitude_masks(weights, kept, method == "layerwise")

    def pruned(self, network: Spiking, masks: Masks) -> Spiking:
        """Return a network with masks, not trained on."""
        return self._built(network.arrays(), masks)

    def renormalised(self, network: Spiking) -> Spiking:
        """Return a network whose normalisations are estimated anew on the training part, without labels or gradients."""
        from hrsnn.deep.robust.links import renormalise

        found = self._built(network.arrays(), self.masks_of(network))
        renormalise(found, self.parts.train)
        return found

    @staticmethod
    def masks_of(network: Spiking) -> Masks:
        """Return the masks of a network."""
        found = {node.name: network.mask_of(node.name) for node in network.architecture.weighted}
        return {name: mask.numpy() for name, mask in found.items() if mask is not None}

    def carried(self, network: Spiking, masks: Masks | None) -> Spiking:
        """Return a network of another task as one of this task, with its masks.

        A layer of another shape, the last one where there are other classes, has its initial weights, and a random mask
        with the same share.
        """
        own = self.initial.arrays()
        same = {name: value for name, value in network.arrays().items() if value.shape == own[name].shape}
        if masks is not None:
            masks = dict(masks)
            for name, weight in self.initial.weight.items():
                shape, mask = tuple(weight.shape), masks[name]
                if mask.shape != shape:
                    count = max(1, round(float(mask.mean()) * weight.numel()))
                    order = generator(self.seed, "carried mask", name).permutation(weight.numel())
                    masks[name] = (order < count).reshape(shape)
        return self._built(same, masks)

    def accuracy(self, network: Spiking) -> float:
        """Return the share of the test part that is right."""
        from hrsnn.deep.learning.predictions import predictions
        from hrsnn.engines.torch.one_thread import one_thread

        with one_thread():
            return float((predictions(network, self.settings, self.parts.test) == self.parts.test.labels).mean())

    def scores(self, network: Spiking) -> dict[str, float]:
        """Return the accuracy on the test part, and what a sample of it costs.

        Returns
        -------
        dict of name to float
            ``accuracy``; ``operations``, connections that a spike crosses; ``energy`` in nJ; ``rate``; ``links`` and
            ``neurons``, the shares that are removed.
        """
        from hrsnn.deep.robust.accounting import cost_of
        from hrsnn.engines.torch.one_thread import one_thread

        with one_thread():
            cost = cost_of(network, self.parts.test)
        masks = self.masks_of(network)
        places = sum(mask.size for mask in masks.values())
        return {
            "accuracy": self.accuracy(network),
            "operations": cost.additions,
            "energy": cost.energy * 1e9,
            "rate": cost.rate,
            "links": 1 - cost.weights / places,
            "neurons": removed_neurons(channel_graph(network.architecture), masks),
        }
