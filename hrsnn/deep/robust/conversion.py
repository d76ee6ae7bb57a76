"""From rectified units to perfect integrators: thresholds layer by layer, and normalisations that fit the spikes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from hrsnn.deep.learning.layers import LEAST_THRESHOLD, SpikingLayer, TemporalNorm
from hrsnn.deep.learning.network import Spiking
from hrsnn.deep.learning.settings import NetworkSettings
from hrsnn.deep.neurons import integrate_and_fire
from hrsnn.display import Displayed
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of, positive

_EPSILON = 1e-5
_WHOLE = 100.0


@dataclass(frozen=True)
class ConversionSettings(Displayed):
    """How a network of rectified units becomes one of neurons.

    Parameters
    ----------
    steps : int
        T of the spiking network.
    calibration_steps : int
        Steps for which the layers before are simulated while a threshold is looked for.
    percentile : float
        Of the currents of a batch, in percent.
    factor : float
        By which all thresholds are multiplied at the end.
    batches : int
        Batches of the training part, of which the largest percentile counts.
    batch : int
        Samples in a batch.
    subtract : bool
        Whether a spike takes the threshold off the potential instead of setting it to 0.

    Raises
    ------
    InputError
        When a number is out of range.
    """

    steps: int = 8
    calibration_steps: int = 100
    percentile: float = 99.7
    factor: float = 0.3
    batches: int = 11
    batch: int = 64
    subtract: bool = False

    def __post_init__(self) -> None:
        for name in ("steps", "calibration_steps", "batches", "batch"):
            count_of(name, getattr(self, name))
        if not 0 < self.percentile <= _WHOLE:
            raise InputError("percentile", self.percentile, "must be above 0 and at most 100")
        positive("factor", self.factor, "as a share of the percentile")


def threshold_of(currents: Sequence[ArrayLike], percentile: float = 99.7) -> float:
    """Return the largest percentile of the currents of several batches, at least 0.03.

    Parameters
    ----------
    currents : sequence of arrays
        Currents of all neurons, steps and samples of a batch.
    percentile : float
        In percent.

    Examples
    --------
    >>> round(threshold_of([np.linspace(0, 1, 1001), np.linspace(0, 2, 1001)], 99.0), 9)
    1.98
    """
    found = max(float(np.percentile(np.asarray(one, dtype=np.float64), percentile)) for one in currents)
    return max(found, LEAST_THRESHOLD)


def converted(
    network: Spiking, settings: NetworkSettings, images: Tensor, options: ConversionSettings
) -> tuple[NetworkSettings, Spiking]:
    """Return a network of perfect integrators with the weights of one of rectified units.

    The threshold of a layer is the largest percentile, over the batches, of its input while the layers before spike. A
    spike of a layer with the threshold theta stands for theta: means of the next normalisation are divided by theta and
    variances by theta^2, and the weights of the last layer are multiplied by it, so that currents and outputs keep their
    units. At last all thresholds are multiplied by `factor`, and what follows is scaled by them.

    Parameters
    ----------
    network : Spiking
        Of rectified units, trained.
    settings : NetworkSettings
        Of this network.
    images : tensor (samples, ...)
        From 0 to 1, of the training part, in random order.
    options : ConversionSettings

    Returns
    -------
    (NetworkSettings, Spiking)
        The spiking network, at evaluation; its masks are those of the first one.

    Raises
    ------
    InputError
        When the network has spikes already, or a layer sums a layer's spikes and a current (the shortcuts of a residual
        network): one threshold then has two units.

    Notes
    -----
    With ``subtract=True``, ``factor=1`` and ``percentile=100`` rates approach ``min(1, current / theta)`` as 1/T, and the
    network the one of rectified units. A reset to 0 loses what is above the threshold: a constant current x gives the rate
    ``1 / ceil(theta / x)``, which does not approach it, and the network is to be trained on.

    Examples
    --------
    >>> settings = NetworkSettings("mlp", (4,), 2, steps=1, rectified=True)
    >>> options = ConversionSettings(calibration_steps=5, batches=1)
    >>> target, spiking = converted(settings.build().eval(), settings, torch.rand(8, 4), options)
    >>> settings.rectified, target.rectified
    (True, False)

    References
    ----------
    Özdenizci and Legenstein (2024), section 3; Schmolli et al. (2025), of which the abstract alone was at hand. There
    normalisations are not scaled but estimated anew.
    """
    if not network.rectified:
        raise InputError("network", settings.model, "has spikes already: train one with rectified units")
    own = network.architecture
    for node in own.spiking:
        if any(own[source].kind not in ("conv", "linear") for source in node.sources):
            raise InputError("model", settings.model, "adds spikes to currents, which have no common unit: vgg-small fits")
    neuron = integrate_and_fire(subtract=options.subtract)
    target = dataclasses.replace(
        settings, neuron=neuron, steps=options.steps, rectified=False, own_thresholds=True, window=settings.window or 1.0
    )
    spiking = target.build()
    arrays = spiking.arrays()
    spiking.load_arrays({**arrays, **network.arrays()})
    spiking.eval()
    scales = {"input": 1.0}
    parts = [images[at : at + options.batch] for at in range(0, len(images), options.batch)][: options.batches]
    steps = spiking.steps
    spiking.steps = options.calibration_steps
    with one_thread(), torch.no_grad():
        for node in own:
            if node.kind == "spike":
                currents = [currents_of(spiking, node.name, part).numpy() for part in parts]
                scales[node.name] = threshold_of(currents, options.percentile)
                set_threshold(spiking, node.name, scales[node.name])
            else:
                scales[node.name] = _scaled(spiking, node.name, 1.0, scales[node.sources[0]])
        new = {"input": 1.0}
        for node in own:
            if node.kind == "spike":
                new[node.name] = max(scales[node.name] * options.factor, LEAST_THRESHOLD)
                set_threshold(spiking, node.name, new[node.name])
            else:
                new[node.name] = _scaled(spiking, node.name, scales[node.sources[0]], new[node.sources[0]])
    spiking.steps = steps
    return target, spiking


class _Reached(Exception):
    """Ends a run where a layer is reached."""

    def __init__(self, currents: Tensor) -> None:
        super().__init__()
        self.currents = currents


def currents_of(network: Spiking, name: str, images: Tensor) -> Tensor:
    """Return the currents of a layer of neurons, (steps, samples, ...); what follows it is not run."""

    def stop(_: torch.nn.Module, given: tuple[Tensor, ...]) -> None:
        raise _Reached(given[0])

    handle = network.spiking[name].register_forward_pre_hook(stop)
    try:
        network.run(images)
    except _Reached as reached:
        return reached.currents
    finally:
        handle.remove()
    raise AssertionError


def set_threshold(network: Spiking, name: str, threshold: float) -> None:
    """Set the threshold of a layer of neurons."""
    layer = network.spiking[name]
    assert isinstance(layer, SpikingLayer)
    with torch.no_grad():
        layer.threshold.fill_(threshold)


def _scaled(network: Spiking, name: str, before: float, after: float) -> float:
    """Change what a node does with spikes that stood for `before` to ones that stand for `after`; return its own unit."""
    node = network.architecture[name]
    if not node.fan_in:
        return after  # a mean keeps the unit
    ratio = after / before
    if node.normalised:
        norm = network.norm[name]
        assert isinstance(norm, TemporalNorm)
        norm.mean.div_(ratio)
        norm.variance.copy_(((norm.variance + _EPSILON) / ratio**2 - _EPSILON).clamp_min(0))
    else:
        network.weight[name].mul_(ratio)
    return 1.0


def thresholds_of(network: Spiking) -> dict[str, float]:
    """Return the threshold of each layer of neurons."""
    layers = {name: layer for name, layer in network.spiking.items() if isinstance(layer, SpikingLayer)}
    return {name: layer.present_neuron().threshold for name, layer in layers.items()}
