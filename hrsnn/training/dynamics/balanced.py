"""A balanced network as a module: N x N weights, input weights, leaks and thresholds as parameters."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from hrsnn.balanced.network import BalancedNetwork
from hrsnn.errors import InputError
from hrsnn.training.dynamics.quantities import Quantity, check_learn
from hrsnn.training.samples import Minibatch, Samples
from hrsnn.training.surrogates import Elementwise

#: Bounds of the leaks that are learned (1/s), and the least threshold in units of the mean one.
_LEAKS, _LEAST = (0.1, 1000.0), 0.01


class Carry(NamedTuple):
    """What goes from a segment of time to the next, (stimuli, N) each."""

    v: Tensor  #: mV
    rates: Tensor  #: filtered spikes r


class Constants(NamedTuple):
    """What follows from the parameters, and does not change during a stimulus."""

    decay: Tensor  #: (N,) of v in a step
    half: Tensor  #: (N,) in half a step
    held: Tensor  #: (N,) s: what a constant input of 1/s adds in a step
    inputs: Tensor  #: (channels, N) 1/s
    fast: Tensor  #: (source, target) mV
    slow: Tensor  #: (source, target) 1/s
    threshold: Tensor  #: (N,) mV


class BalancedDynamics(nn.Module):
    """Steps of a balanced network, as :mod:`hrsnn.engines.balanced.voltages` has them for leaks of their own.

    In a step at most one neuron spikes, the one furthest above its threshold, unless the network has `several_spikes`.
    """

    LEARNS = ("recurrent", "inputs", "tau_m", "v_threshold")

    def __init__(
        self,
        network: BalancedNetwork,
        learn: tuple[str, ...],
        spike: Elementwise,
        reset_gradient: bool,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        super().__init__()
        check_learn(learn, self.LEARNS)
        if network.noise:
            raise InputError("network", f"with noise {network.noise:g}", "has no gradients here: noise = 0")
        if network.state_bits:
            raise InputError("network", "with v of few bits", "has no gradients here: state_bits = 0")
        self._network, self._spike, self._reset_gradient, self._learn = network, spike, reset_gradient, learn
        self.neurons, self.dt, self._device = network.neurons, network.dt, device
        off = ~np.eye(network.neurons, dtype=bool)

        def weights(values: np.ndarray, learns: bool, least: float = 0.0) -> Quantity:
            typical = float(np.abs(values).mean()) if values.any() else 0.0
            return Quantity(values, learns, dtype, unit=max(typical, least) or 1.0)

        recurrent, level = "recurrent" in learn, float(network.threshold.mean())
        fast = network.fast[off]
        # slow weights that vanish, where the leak is that of the system, have no size of their own
        size = float(np.abs(fast).mean() * network.leak.mean()) if len(fast) else 0.0
        self.named = {
            "fast": weights(fast, recurrent),
            "slow": weights(network.slow, recurrent, size),
            "inputs": weights(network.B_weights, "inputs" in learn),
            "leak": Quantity(network.leak, "tau_m" in learn, dtype, *_LEAKS, "log"),
            "v_threshold": Quantity(network.threshold, "v_threshold" in learn, dtype, _LEAST * level, unit=level),
        }
        self.quantities = nn.ModuleDict(self.named)
        decoder = torch.tensor(network.decoder, dtype=dtype)
        self._decoder, self._off = decoder.to(device), torch.tensor(np.flatnonzero(off), device=device)
        self._own = torch.tensor(np.diag(network.fast).copy(), dtype=dtype, device=device)
        self.to(device)

    def samples(self, stimulus: Any, seed: int = 0) -> Samples:
        """Return stimuli on the grid."""
        return Samples(self._network, stimulus, seed)

    def constants(self) -> Constants:
        """Return what the present parameters stand for."""
        value = {name: one() for name, one in self.named.items()}
        seconds, n = self.dt / 1000, self.neurons
        leak = value["leak"]
        fast = torch.diag(self._own).reshape(-1).index_add(0, self._off, value["fast"]).view(n, n)
        return Constants(
            decay=torch.exp(-leak * seconds),
            half=torch.exp(-leak * seconds / 2),
            held=-torch.expm1(-leak * seconds) / leak,
            inputs=value["inputs"].T @ self._decoder,
            fast=fast.T,
            slow=value["slow"].T,
            threshold=value["v_threshold"],
        )

    def span(self) -> Tensor:
        """Return threshold (N,) in mV: v is at rest at 0."""
        threshold: Tensor = self.named["v_threshold"]()
        return threshold.detach()

    def begin(self, stimuli: int) -> Carry:
        """Return the state at rest."""
        nothing = self._decoder.new_zeros((stimuli, self.neurons))
        return Carry(nothing, nothing)

    def segment(
        self, batch: Minibatch, start: int, stop: int, constants: Constants, carry: Carry
    ) -> tuple[Carry, Tensor, Tensor]:
        """Simulate the steps from `start` to before `stop`; return the carry, spikes and v above threshold."""
        c, (v, rates), seconds = constants, carry, self.dt / 1000
        kicked = self._kicks(batch, start, stop, c)
        driven = None if batch.row is None else ((batch.values @ c.inputs) * c.held)[batch.row[start:stop]]
        # unbound at once: the gradient of an index would be as large as all steps together, in each
        kicks, drives = (None if one is None else one.unbind(0) for one in (kicked, driven))
        spikes, above = [], []
        for t in range(stop - start):
            v = c.decay * v + seconds * c.half * ((c.half * rates) @ c.slow)
            rates = rates * c.decay
            if drives is not None:
                v = v + drives[t]
            excess = v - c.threshold
            acting = self._spike(excess)
            if not self._network.several_spikes:
                acting = acting * nn.functional.one_hot(excess.argmax(1), self.neurons)
            v = v + kicks[t] if kicks is not None else v
            through = acting if self._reset_gradient else acting.detach()
            # the reset is the diagonal of the fast weights
            v = v - acting @ (c.fast - torch.diag(self._own)) - through * self._own
            rates = rates + acting
            spikes.append(acting)
            above.append(excess)
        return Carry(v, rates), torch.stack(spikes), torch.stack(above)

    def _kicks(self, batch: Minibatch, start: int, stop: int, c: Constants) -> Tensor | None:
        """Return the jumps of v by input spikes (steps, stimuli, N)."""
        if batch.row is not None:
            return None
        events = batch.between("spikes", start, stop)
        channels, many = len(c.inputs), len(batch)
        counts = c.inputs.new_zeros((stop - start) * many * channels)
        cell = ((events["step"] - start) * many + events["stimulus"]) * channels + events["channel"]
        counts = counts.index_add(0, cell, events["amount"])
        return counts.view(stop - start, many, channels) @ (c.inputs * (self._network.hold / 1000))

    def network(self) -> BalancedNetwork:
        """Return the network with the present parameters; with learned recurrent weights it has N x N matrices."""
        value = {name: one.given_back() for name, one in self.named.items()}
        before, n = self._network, self.neurons
        moved = dataclasses.replace(before, B_weights=value["inputs"], leak=value["leak"], threshold=value["v_threshold"])
        fast = np.array(before.fast)
        fast[~np.eye(n, dtype=bool)] = value["fast"]
        changes = {
            name: matrix
            for name, matrix, was in (("fast", fast, before.fast), ("slow", value["slow"], before.slow))
            if not np.array_equal(matrix, was)
        }
        # with leaks that moved, the slow weights of the decoder would be others than those that were used
        if changes or not np.array_equal(before.leak, moved.leak):
            return moved.with_matrices(fast=fast, slow=value["slow"])
        return moved
