"""e-prop: gradients of weights by eligibility traces, forwards in time.

What a weight does to a later spike of its own target is kept in traces of the link while the network runs; what it does
through spikes of other neurons is left out. For a link from i to j with the current I_j, and x the arriving spikes,

    e_I <- decay_j e_I + x,    e_v <- membrane_j e_v (1 - s_j) + i_to_v_j e_I - a_to_v_j e_a    (held while refractory),
    e_a <- decay_a e_a + b_j psi_j e_v,    dE/dw = sum_t (sum_k B_jk dE/dy_k(t)) filtered(psi_j e_v),

with psi the surrogate derivative of the spike s, and the filter that of the readout. E is the mean over the steps of the
cross-entropy of the outputs in each, so that ``dE/dy(t)`` is known at t, and memory does not grow with time.

References
----------
G. Bellec et al. (2020), A solution to the learning dilemma for recurrent networks of spiking neurons.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hrsnn.engines.torch.neurons import State, advance, reset
from hrsnn.errors import InputError
from hrsnn.training.dynamics.delay_line import DelayLine
from hrsnn.training.dynamics.quantities import Quantity
from hrsnn.training.dynamics.reservoir import ReservoirDynamics
from hrsnn.training.module import TrainableModule
from hrsnn.training.network import TrainableNetwork
from hrsnn.training.samples import Minibatch

#: What learns by e-prop.
LEARNS = ("recurrent", "inputs", "readout")


class _Traces:
    """Traces of the links of one kind, and the gradient of their weights so far."""

    def __init__(self, post: Tensor, like: State, to_v: Tensor, decay: Tensor) -> None:
        self._post, self._to_v, self._decay = post, to_v[post], decay[post]
        self.current = like.v.new_zeros((len(like.v), len(post)))
        self._v, self._filtered = torch.zeros_like(self.current), torch.zeros_like(self.current)
        self._adapted = None if like.adapted is None else torch.zeros_like(self.current)
        self.gradient = like.v.new_zeros(len(post))

    def before(self, awake: Tensor, membrane: Tensor, direct: Tensor | None, adapted: tuple[Tensor, Tensor]) -> None:
        """Go on to the v of this step; `direct` is what acts on v as a drive, (stimuli, links)."""
        post = self._post
        free = self._v * membrane[post] + self.current * self._to_v
        if direct is not None:
            free = free + direct * (1 - membrane[post])
        if self._adapted is not None:
            free = free - self._adapted * adapted[0][post]
            self._adapted = self._adapted * adapted[1][post]
        self._v = torch.where(awake[:, post], free, self._v)
        self.current = self.current * self._decay

    def after(self, psi: Tensor, spikes: Tensor, increment: Tensor, signal: Tensor, keep: float) -> None:
        """Take the spikes of this step, and what their outputs cost (stimuli, N)."""
        post = self._post
        eligible = psi[:, post] * self._v
        self._filtered = self._filtered * keep + eligible
        self.gradient += (signal[:, post] * self._filtered).sum(0)
        if self._adapted is not None:
            self._adapted = self._adapted + increment[post] * eligible
        self._v = self._v * (1 - spikes[:, post])


def eprop(
    network: TrainableModule, batch: Minibatch, targets: Tensor, feedback: Tensor | None = None
) -> tuple[float, Tensor]:
    """Set the gradients of the weights by e-prop.

    Parameters
    ----------
    network : TrainableNetwork
        Of a reservoir; of what can learn "recurrent", "inputs" and "readout".
    batch : Minibatch
        B stimuli.
    targets : tensor (B,) of int
        Classes.
    feedback : tensor (outputs, N), optional
        Weights by which errors come back to neurons; by default those of the readout (symmetric e-prop).

    Returns
    -------
    loss : float
        Mean over stimuli and their steps of the cross-entropy.
    outputs : tensor (T, B, outputs)

    Raises
    ------
    InputError
        When something else learns, or the network is no reservoir or has delays of its input.

    Notes
    -----
    Without recurrent links this is the gradient by back-propagation through time, and with them that in which no gradient
    passes through arriving spikes; in both none passes through the reset.
    """
    known = check(network)
    with torch.no_grad():
        return _run(known, batch, targets, network.readout.weight if feedback is None else feedback)


def check(network: TrainableModule) -> TrainableNetwork:
    """Return a network that can learn by e-prop, or raise an error."""
    other = [name for name in network.learn if name not in LEARNS]
    if other:
        raise InputError("learn", other[0], f"must be of {', '.join(LEARNS)} with e-prop")
    if not isinstance(network, TrainableNetwork) or not isinstance(network.dynamics, ReservoirDynamics):
        raise InputError("network", network.kind, "must be a reservoir with e-prop")
    if network.dynamics.input_delayed:
        raise InputError("network", "with delays of its input", "must have none with e-prop")
    return network


def _run(network: TrainableNetwork, batch: Minibatch, targets: Tensor, feedback: Tensor) -> tuple[float, Tensor]:
    dynamics: ReservoirDynamics = network.dynamics
    constants, carry = dynamics.constants(), dynamics.begin(len(batch))
    cells, state, links = constants.cells, carry.state, dynamics.links
    steps, keep = batch.steps, network.keep
    line = token = None
    if carry.history is not None:
        line = DelayLine(carry.history, steps, links.source, constants.delay)
        token = line.begin()
    excitatory = _Traces(links.post, state, cells.exc_to_v, cells.decay_exc)
    inhibitory = _Traces(links.post, state, cells.inh_to_v, cells.decay_inh)
    inputs = _Traces(dynamics.input_post, state, cells.exc_to_v, cells.decay_exc)
    sets = (excitatory, inhibitory, inputs)
    jumps = dynamics.jumps(batch, 0, steps, constants)
    drives = dynamics.drives(batch, 0, steps, constants)
    w, bias = network.readout.weight, network.readout.bias
    of_w, of_bias = torch.zeros_like(w), torch.zeros_like(bias)
    filtered, aims = torch.zeros_like(state.v), nn.functional.one_hot(targets, len(bias)).to(w.dtype)
    # each stimulus has the same weight, and each of its steps
    share = 1 / (batch.lengths.to(w.dtype) * len(batch))
    loss, outputs = 0.0, []
    for step in range(steps):
        direct = None if batch.row is None else batch.values[batch.row[step]][:, dynamics.input_pre]
        state, excess, awake = advance(state, 0.0 if drives is None else drives[step], step, cells)
        for one in sets:
            one.before(awake, cells.membrane, direct if one is inputs else None, (cells.adapted_to_v, cells.decay_adapted))
        spikes, psi = dynamics.spike_and_slope(excess)
        spikes, psi = spikes * awake, psi * awake
        filtered = filtered * keep + spikes
        output = filtered @ w.T + bias
        inside = (step < batch.lengths).to(w.dtype) * share
        error = (output.softmax(1) - aims) * inside[:, None]
        loss += float((nn.functional.cross_entropy(output, targets, reduction="none") * inside).sum())
        of_w += error.T @ filtered
        of_bias += error.sum(0)
        for one in sets:
            one.after(psi, spikes, cells.adaptation, error @ feedback, keep)
        arrived = spikes
        if line is not None:
            assert token is not None
            token, arrived = line.step(token, step, spikes)
        acting = arrived[:, links.pre]
        excitatory.current += acting * links.of_excitatory
        inhibitory.current += acting * (links.of_excitatory - 1)
        inputs.current += dynamics.input_spikes(batch, step)
        exc, inh = links.currents(arrived, constants.weights)
        state = state._replace(exc=state.exc + jumps[step] + exc, inh=state.inh + inh)
        state = reset(state, spikes, spikes > 0, step, cells)
        outputs.append(output)
    found = {
        "recurrent": excitatory.gradient + inhibitory.gradient,
        "inputs": inputs.gradient,
        "input_gain": inputs.gradient,
    }
    for name, gradient in found.items():
        quantity = dynamics.named[name]
        assert isinstance(quantity, Quantity)
        if quantity.learns and (name == "recurrent" or (name == "inputs") == (batch.row is None)):
            # of the logarithm, where that is the parameter
            quantity.theta.grad = gradient * quantity.slope()
    if "readout" in network.learn:
        network.readout.weight.grad, network.readout.bias.grad = of_w, of_bias
    return loss, torch.stack(outputs)
