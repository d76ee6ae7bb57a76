"""Links of a deep network: their strengths, the activity of both of their ends, and how these differ under noise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hrsnn.deep.architecture import Architecture, Node
from hrsnn.deep.frames import Frames
from hrsnn.deep.learning.layers import TemporalNorm
from hrsnn.deep.learning.network import Spiking
from hrsnn.deep.robust.ensemble import pictures
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.runtime.seeds import generator
from hrsnn.validation.numbers import count_of, positive

Array = NDArray[np.float64]
#: Samples that are run together.
_BATCH = 50
#: Passes over samples after which less than 1 % is left of the normalisations before, with 12 batches or more.
_PASSES = 4


def link_strengths(network: Spiking) -> dict[str, Array]:
    """Weights with the factor that the normalisation gives them, ``w_ij gamma_i / sqrt(var_i + eps)``.

    Parameters
    ----------
    network : Spiking

    Returns
    -------
    dict of layer to array
        In the shape of the weights; 0 outside of a mask.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> network = Spiking(architecture("mlp", (4,), 3), steps=2)
    >>> {name: one.shape for name, one in link_strengths(network).items()}
    {'linear1': (256, 4), 'linear2': (256, 256), 'linear3': (3, 256)}
    """
    found = {}
    for node in network.architecture.weighted:
        weight = network.weight[node.name].detach().double()
        mask = network.mask_of(node.name)
        weight = weight if mask is None else weight * mask
        if node.normalised:
            norm = network.norm[node.name]
            assert isinstance(norm, TemporalNorm)
            factor = norm.folded()[0].double()
            weight = weight * factor.reshape(-1, *[1] * (weight.ndim - 1))
        found[node.name] = weight.numpy().copy()
    return found


def target_of(architecture: Architecture, node: Node) -> str:
    """Return the neurons that a layer of weights drives, or its own name where it is the last and drives none."""
    return next((one.name for one in architecture.spiking if node.name in one.sources), node.name)


def end_activities(network: Spiking, frames: Frames) -> dict[str, tuple[Array, Array]]:
    """Mean output of what each layer of weights reads, and of the neurons that it drives.

    Spikes a step, outputs of rectified units, or pixels from 0 to 1; of convolutions the mean over the positions of a
    channel.

    Parameters
    ----------
    network : Spiking
        At evaluation.
    frames : Frames
        Samples; labels are not read.

    Returns
    -------
    dict of layer to (array (inputs,), array (outputs,))
        Infinite for the outputs of the last layer, which are no neurons.

    Examples
    --------
    >>> from hrsnn.deep.learning.settings import NetworkSettings
    >>> frames = Frames(np.full((5, 4), 51, np.uint8), np.zeros(5, np.int64), False)
    >>> before, after = end_activities(NetworkSettings("mlp", (4,), 3).build().eval(), frames)["linear1"]
    >>> before.round(3), after.shape
    (array([0.2, 0.2, 0.2, 0.2]), (256,))
    """
    images, _ = pictures(frames)
    own = network.architecture
    total: dict[str, Array] = {}
    with one_thread(), torch.no_grad():
        for first in range(0, len(images), _BATCH):
            values = network.run(images[first : first + _BATCH], record=True).values
            for name, value in values.items():
                total[name] = total.get(name, 0.0) + value.double().mean(0).sum(0).numpy()
    mean = {name: one / len(images) for name, one in total.items()}
    found = {}
    for node in own.weighted:
        before, target = mean[node.sources[0]], target_of(own, node)
        ends = [before.mean((1, 2)) if node.kind == "conv" else before.ravel()]
        after = np.full(node.shape[0], np.inf) if target == node.name else mean[target]
        ends.append(after.mean((1, 2)) if after.ndim == 3 else after)
        found[node.name] = (ends[0], ends[1])
    return found


def renormalise(network: Spiking, frames: Frames) -> None:
    """Estimate the normalisations of a network anew, without labels or gradients, as after links were removed.

    Parameters
    ----------
    network : Spiking
        It is changed, and left at evaluation.
    frames : Frames
        Two samples or more.

    Examples
    --------
    >>> from hrsnn.deep.learning.settings import NetworkSettings
    >>> frames = Frames(np.full((100, 4), 51, np.uint8), np.zeros(100, np.int64), False)
    >>> network = NetworkSettings("mlp", (4,), 3, steps=1, rectified=True).build()
    >>> renormalise(network, frames)
    >>> bool(network.norm["linear1"].mean.abs().max() > 0)
    True
    """
    images, _ = pictures(frames)
    network.train()
    with one_thread(), torch.no_grad():
        for first in [*range(0, len(images) - 1, _BATCH)] * _PASSES:
            network.run(images[first : first + _BATCH])
    network.eval()


@dataclass
class _Moments:
    """Sums over samples and positions of the inputs and outputs of a layer of weights."""

    count: int = 0
    sums: list[Tensor | float] = field(default_factory=lambda: [0.0] * 5)

    def add(self, before: Tensor, after: Tensor) -> None:
        """Add samples, (samples, inputs, positions) and (samples, outputs, positions)."""
        self.count += len(before) * before.shape[-1]
        for place, one in enumerate(
            (
                before.sum((0, 2)),
                after.sum((0, 2)),
                before.square().sum((0, 2)),
                after.square().sum((0, 2)),
                torch.einsum("nop,nip->oi", after, before),
            )
        ):
            self.sums[place] = self.sums[place] + one

    def variances(self) -> tuple[Array, Array, Array]:
        """Return the variances of inputs and outputs, and their covariances (outputs, inputs)."""
        x, y, xx, yy, yx = (torch.as_tensor(one) / self.count for one in self.sums)
        return (xx - x * x).numpy(), (yy - y * y).numpy(), (yx - torch.outer(y, x)).numpy()


def noise_covariances(
    network: Spiking, samples: int = 1000, noise: float = 1.0, seed: int = 0
) -> dict[str, tuple[Array, Array, Array]]:
    """Covariance of both ends of every link while the network is driven by noise alone.

    Pixels are independent and uniform from 0 to 1, and every neuron receives a current of its own, normal and independent
    at every step, beside those of the layers before. The activity of a neuron is its mean output over the steps of a
    sample. Of a network of linear units, ``x_l = A_l x_(l-1) + b_l + sigma xi_l``, the covariances are

        ``S_l = A_l S_(l-1) A_l^T + sigma^2 I``,   ``cov(x_l, x_(l-1)) = A_l S_(l-1)``,   ``S_0 = I / 12``,

    which those measured approach as ``samples^(-1/2)``.

    Parameters
    ----------
    network : Spiking
        At evaluation; rectified or with spikes.
    samples : int
        Samples of noise.
    noise : float
        sigma, in the unit of currents, which normalisation gives a deviation of about one threshold.
    seed : int

    Returns
    -------
    dict of layer to (array, array, array)
        Variances of its inputs and of its outputs (outputs,), and covariances. Of fully connected layers inputs are
        (inputs,) and covariances (outputs, inputs); of convolutions the moments are over samples and positions, inputs are
        (channels, side, side) as a kernel sees them, and covariances have the shape of the weights.

    Raises
    ------
    InputError
        When a number is out of range, or samples change in time.

    Notes
    -----
    Labels, samples of a task and gradients are not used. Beyond the border of an image a kernel reads 0, which counts as an
    activity. Outputs of the last layer, which are no neurons, receive noise like neurons.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> network = Spiking(architecture("mlp", (4,), 3), steps=2).eval()
    >>> before, after, both = noise_covariances(network, samples=2000)["linear1"]
    >>> bool(abs(before * 12 - 1).max() < 0.1), after.shape, both.shape
    (True, (256,), (256, 4))
    """
    count_of("samples", samples, 2)
    positive("noise", noise, "a deviation", zero=True)
    own = network.architecture
    random = generator(seed, "noise of links")
    moments = {node.name: _Moments() for node in own.weighted}
    with one_thread(), torch.no_grad(), _noisy(network, noise, random):
        for first in range(0, samples, _BATCH):
            shape = (min(_BATCH, samples - first), *own.input_shape)
            values = network.run(torch.tensor(random.random(shape), dtype=torch.float32), record=True).values
            mean = {name: value.mean(0).double() for name, value in values.items()}
            last = own.nodes[-1].name
            mean[last] = mean[last] + noise * torch.from_numpy(random.standard_normal(mean[last].shape))
            for node in own.weighted:
                before, after = mean[node.sources[0]], mean[target_of(own, node)]
                if node.kind == "conv":
                    before = functional.unfold(before, node.kernel, padding=node.padding, stride=node.stride)
                    moments[node.name].add(before, after.flatten(2))
                else:
                    moments[node.name].add(before.flatten(1)[:, :, None], after.flatten(1)[:, :, None])
    found = {}
    for node in own.weighted:
        before_, after_, both = moments[node.name].variances()
        shape = tuple(network.weight[node.name].shape)
        found[node.name] = (before_.reshape(shape[1:]), after_, both.reshape(shape))
    return found


@contextlib.contextmanager
def _noisy(network: Spiking, noise: float, random: np.random.Generator) -> Iterator[None]:
    """Give every neuron a current of its own at every step."""

    def add(_: torch.nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        drawn = torch.tensor(random.standard_normal(given[0].shape), dtype=given[0].dtype)
        return (given[0] + noise * drawn, *given[1:])

    with contextlib.ExitStack() as stack:
        for layer in network.spiking.values():
            stack.callback(layer.register_forward_pre_hook(add).remove)
        yield
