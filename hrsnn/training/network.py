"""A network with a linear readout as a PyTorch module, and back."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint as checkpointed

from hrsnn.balanced.network import BalancedNetwork
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.training.dynamics.balanced import BalancedDynamics
from hrsnn.training.dynamics.quantities import check_learn
from hrsnn.training.dynamics.reservoir import ReservoirDynamics
from hrsnn.training.module import DTYPES, Response, TrainableModule
from hrsnn.training.samples import Minibatch, Samples
from hrsnn.training.surrogates import spike_function
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes

#: Width of the surrogate derivative in a reservoir (mV).
_WIDTH = 2.0


#: What can learn in networks of each kind.
LEARNS = {
    "reservoir": (*ReservoirDynamics.LEARNS, "tau_syn", "readout"),
    "balanced": (*BalancedDynamics.LEARNS, "readout"),
}


class TrainableNetwork(TrainableModule):
    """A reservoir or balanced network as a module, with outputs ``y_t = W f_t + b`` from filtered spikes f.

    ``f_t = e^(-dt/tau_readout) f_(t-1) + s_t``. Steps are those of the engines: with float64 the spikes
    are those of ``simulate``. In the backward pass the step of the threshold has the derivative of a surrogate.

    Parameters
    ----------
    network : Reservoir or BalancedNetwork
    outputs : int
        Number of outputs: classes, or targets.
    learn : tuple of str
        What learns. Of a reservoir: "recurrent" and "inputs" (weights, and the gains of analog input), "tau_m", "tau_exc",
        "tau_inh", "tau_syn" (the last two), "adaptation" (the jumps at spikes), "tau_adaptation", "v_threshold", "delays"
        (of recurrent links: one a neuron where all its links share it, else one a link), "input_delays", "readout". Of a
        balanced network: "recurrent" (fast and slow weights), "inputs", "tau_m" (the leaks), "v_threshold", "readout".
    surrogate, width
        Name of the surrogate derivative, and its width in mV: :func:`hrsnn.training.surrogates.spike_function`. By default
        the width is 2 mV in a reservoir and the mean threshold of a balanced network.
    smooth : bool
        Whether the smooth step itself replaces the threshold, so that gradients are exact; for checks.
    reset_gradient : bool, optional
        Whether gradients flow through the reset of v; by default those of balanced networks do.
    dale : {"projection", "parametrisation"}
        How weights of a reservoir stay >= 0: negative ones are set to 0 after each step, or their logarithm learns.
    times : {"neuron", "distribution"}
        Whether each time constant learns, or mean and spread of their logarithms in each cluster and type.
    longest_delay : float, optional
        Largest delay that can be learned (ms); by default the longest at the start.
    tau_readout : float
        Time constant of the filtered spikes (ms).
    dtype : {"float32", "float64"}
    device : str
        "cpu" or "cuda".
    seed : int
        Of the initial readout, normal with variance 1/N.

    Raises
    ------
    InputError
        For unknown names; for a network that has no gradients here; without the device.

    Notes
    -----
    Short-term plasticity, input delays of currents and the noise of balanced networks are refused. Signs of links do not
    change in a reservoir; a balanced network is signed, and stays so. Its reset is part of its balance: with ``V = W e`` a
    spike of neuron i turns a gradient of the error e into ``(I - h w_i w_i^T)`` times it, h the surrogate derivative, which
    is no expansion where ``h |w_i|^2 < 2``. Thresholds are ``|w_i|^2 / 2``, and a window as wide as they are keeps gradients
    over thousands of steps finite; without the gradient of the reset they grow beyond all numbers.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1, channels=4)
    >>> module = TrainableNetwork(reservoir, outputs=2, learn=("recurrent", "tau_m", "readout"))
    >>> module.network().equals(reservoir), sum(one.numel() for one in module.parameters()) == reservoir.synapses + 30 + 62
    (True, True)

    References
    ----------
    E. Neftci, H. Mostafa & F. Zenke (2019); N. Perez-Nieves et al. (2021); I. Hammouamri et al. (2024) for delays.
    """

    @takes(tau_readout="ms", longest_delay="ms")
    def __init__(
        self,
        network: Reservoir | BalancedNetwork,
        outputs: int,
        learn: tuple[str, ...] = ("recurrent", "inputs", "readout"),
        *,
        surrogate: str = "fast_sigmoid",
        width: float | None = None,
        smooth: bool = False,
        reset_gradient: bool | None = None,
        dale: Literal["projection", "parametrisation"] = "projection",
        times: Literal["neuron", "distribution"] = "neuron",
        longest_delay: float | None = None,
        tau_readout: float = 20.0,
        dtype: Literal["float32", "float64"] = "float32",
        device: Literal["cpu", "cuda"] = "cpu",
        seed: int = 0,
    ) -> None:
        super().__init__()
        for name, value, allowed in (
            ("dale", dale, ("projection", "parametrisation")),
            ("times", times, ("neuron", "distribution")),
            ("dtype", dtype, tuple(DTYPES)),
            ("device", device, ("cpu", "cuda")),
        ):
            if value not in allowed:
                raise InputError(name, value, f"must be one of {', '.join(allowed)}")
        if device == "cuda" and not torch.cuda.is_available():
            raise InputError("device", device, "is not here: PyTorch finds no CUDA device; use cpu")
        if not isinstance(network, (Reservoir, BalancedNetwork)):
            raise InputError("network", network, "must be a Reservoir or a BalancedNetwork")
        outputs, tau_readout = count_of("outputs", outputs), positive("tau_readout", tau_readout, "ms")
        if longest_delay is not None:
            longest_delay = positive("longest_delay", longest_delay, "ms")
        is_balanced = isinstance(network, BalancedNetwork)
        if width is None:
            width = float(network.threshold.mean()) if isinstance(network, BalancedNetwork) else _WIDTH
        if reset_gradient is None:
            reset_gradient = is_balanced
        names = _names(learn)
        self.kind, self.neurons, self.dt = network.kind, network.neurons, network.dt
        self.learn, self.dtype, self.device = names, DTYPES[dtype], torch.device(device)
        self.model = {
            **{"outputs": outputs, "learn": list(names), "surrogate": surrogate, "width": width, "smooth": smooth},
            **{"reset_gradient": reset_gradient, "dale": dale, "times": times, "longest_delay": longest_delay},
            **{"tau_readout": tau_readout, "dtype": dtype, "seed": seed},
        }
        check_learn(names, LEARNS[network.kind])
        inner = tuple(name for name in names if name != "readout")
        spike = spike_function(surrogate, width, smooth)
        self.dynamics: Any  # of one kind or the other, with the same methods
        if isinstance(network, BalancedNetwork):
            self.dynamics = BalancedDynamics(network, inner, spike, reset_gradient, self.dtype, self.device)
        else:
            self.dynamics = ReservoirDynamics(
                network, inner, spike, reset_gradient, dale, times, longest_delay, self.dtype, self.device
            )
        rng, n = generator(seed, "training", "readout"), network.neurons
        self.readout = nn.Linear(n, outputs, dtype=self.dtype, device=self.device)
        with torch.no_grad():
            start = rng.normal(0, n**-0.5, (outputs, n))
            self.readout.weight.copy_(torch.tensor(start))
            self.readout.bias.zero_()
        self.readout.requires_grad_("readout" in names)
        self.tau_readout = tau_readout
        #: Share of the filtered spikes that is left after a step.
        self.keep = float(np.exp(-network.dt / tau_readout))

    def samples(self, stimulus: Stimulus, seed: int = 0) -> Samples:
        """Return stimuli on the network's grid, of which minibatches are made; `seed` is that of background input."""
        samples: Samples = self.dynamics.samples(stimulus, seed)
        return samples

    def minibatch(self, samples: Samples, rows: Any) -> Minibatch:
        """Return some of the stimuli in the type and on the device of this network."""
        return samples.minibatch(rows, self.dtype, self.device)

    def forward(self, batch: Minibatch, truncate: int | None = None, checkpoint: int | None = None) -> Response:
        """Simulate stimuli from rest.

        Parameters
        ----------
        batch : Minibatch
        truncate : int, optional
            Steps after which gradients stop: those of a segment do not reach the one before (truncated BPTT).
        checkpoint : int, optional
            Steps of segments of which only the beginning is kept; the rest is computed again in the backward pass, which
            takes a forward pass more, and less memory.
        """
        constants, carry = self.dynamics.constants(), self.dynamics.begin(len(batch))
        length = min(one for one in (truncate, checkpoint, batch.steps) if one is not None)
        parts = []
        for start in range(0, batch.steps, length):
            span = batch, start, min(start + length, batch.steps), constants, carry
            if checkpoint is not None and torch.is_grad_enabled():
                carry, spikes, excess = checkpointed(self.dynamics.segment, *span, use_reentrant=False)
            else:
                carry, spikes, excess = self.dynamics.segment(*span)
            if truncate is not None and (start + length) % truncate < length:
                carry = _detached(carry)
            parts.append((spikes, excess))
        spikes, excess = (torch.cat(one) for one in zip(*parts, strict=True))
        return Response(self._outputs(spikes), spikes, excess)

    def _outputs(self, spikes: Tensor) -> Tensor:
        """Return the outputs over time: the readout is linear, so that what is filtered are the outputs of single spikes."""
        driven = spikes @ self.readout.weight.T
        filtered, kept = [], torch.zeros_like(driven[0])
        for now in driven:
            kept = kept * self.keep + now
            filtered.append(kept)
        return torch.stack(filtered) + self.readout.bias

    def units(self) -> dict[str, float]:
        """Return the natural steps of the parameters."""
        return super().units() | {f"dynamics.quantities.{name}.theta": one.unit for name, one in self.dynamics.named.items()}

    def span(self) -> Tensor:
        """Return threshold less reset (N,) in mV."""
        span: Tensor = self.dynamics.span()
        return span

    def identity(self) -> str:
        """Return the fingerprint of the present network, or a digest of its parameters."""
        return getattr(self.network(), "fingerprint", None) or super().identity()

    def project(self) -> None:
        """Move parameters into their bounds, after a step of an optimiser."""
        for one in self.dynamics.named.values():
            one.project()

    def network(self) -> Reservoir | BalancedNetwork:
        """Return the network with the present parameters: what did not move has its bytes."""
        network: Reservoir | BalancedNetwork = self.dynamics.network()
        return network


def _names(learn: Any) -> tuple[str, ...]:
    """Return the names of what learns, once each; "tau_syn" stands for two."""
    if not isinstance(learn, (tuple, list)) or not all(isinstance(one, str) for one in learn):
        raise InputError("learn", learn, "must be names in a tuple, such as ('recurrent', 'readout')")
    meant = {"tau_syn": ("tau_exc", "tau_inh")}
    return tuple(dict.fromkeys(name for one in learn for name in meant.get(one, (one,))))


def _detached(carry: Any) -> Any:
    """Return what is carried over without its gradients."""
    if isinstance(carry, Tensor):
        return carry.detach()
    return type(carry)(*map(_detached, carry)) if isinstance(carry, tuple) else carry
