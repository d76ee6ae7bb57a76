"""A reservoir as a module: its arrays as parameters, and its steps with gradients."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from hrsnn.engines.torch.neurons import Cells, State, advance, cells_of, reset, rest
from hrsnn.errors import InputError
from hrsnn.reservoir import Links, Reservoir
from hrsnn.training.dynamics.delay_line import DelayLine
from hrsnn.training.dynamics.factors import decay, to_v
from hrsnn.training.dynamics.quantities import Form, Quantity, TimesOfGroups, check_learn
from hrsnn.training.dynamics.recurrence import Recurrence
from hrsnn.training.samples import Minibatch, Samples
from hrsnn.training.surrogates import Elementwise

#: Bounds of learned time constants (ms); those at the start may be beyond.
_TIMES = (1.0, 1000.0)
#: Least distance of a learned threshold from the reset (mV), and steps by which learning rates are multiplied.
_MARGIN, _MILLIVOLTS, _DELAY = 0.1, 10.0, 20.0
_TAUS = ("tau_m", "tau_exc", "tau_inh", "tau_adaptation")


class Carry(NamedTuple):
    """What goes from a segment of time to the next."""

    state: State
    history: Tensor | None  #: (slots, N, stimuli) latest spikes, for delays


class Constants(NamedTuple):
    """What follows from the parameters, and does not change during a stimulus."""

    cells: Cells
    weights: tuple[Tensor, ...]
    input_weight: Tensor
    gain: Tensor  #: (channels, N) mV by an analog input of 1
    delay: Tensor  #: (K,) in steps
    input_delay: Tensor  #: (input links,) in steps


class ReservoirDynamics(nn.Module):
    """Steps of a reservoir, of which chosen arrays learn; parameters: :class:`hrsnn.training.TrainableNetwork`."""

    LEARNS = ("recurrent", "inputs", *_TAUS, "adaptation", "v_threshold", "delays", "input_delays")

    def __init__(
        self,
        reservoir: Reservoir,
        learn: tuple[str, ...],
        spike: Elementwise,
        reset_gradient: bool,
        dale: Literal["projection", "parametrisation"],
        times: Literal["neuron", "distribution"],
        longest_delay: float | None,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        super().__init__()
        check_learn(learn, self.LEARNS)
        if reservoir.short_term is not None:
            raise InputError("network", "with short-term plasticity", "has no gradients here: short_term_plasticity = false")
        if reservoir.state_bits:
            raise InputError("network", "with v of few bits", "has no gradients here: state_bits = 0")
        if {"adaptation", "tau_adaptation"} & set(learn) and not reservoir.adaptation.any():
            raise InputError("network", "without adaptation", "has none that learns: adaptation must be above 0")
        self._reservoir, self._spike, self._reset_gradient = reservoir, spike, reset_gradient
        self.neurons, self.dt, self._device = reservoir.neurons, reservoir.dt, device
        self._cells = cells_of(reservoir, dtype, device)
        self.links = Recurrence(reservoir)
        self.links.to(device)
        delays, input_delays = self.links.delays_of(reservoir), np.round(reservoir.input.delay / reservoir.dt)
        slowest = max(float(one.max(initial=0.0)) for one in (delays, input_delays))
        most = slowest if longest_delay is None else round(longest_delay / reservoir.dt)
        form: Form = "value" if dale == "projection" else "log"

        def weights(values: np.ndarray, name: str) -> Quantity:
            typical = float(np.abs(values).mean()) if len(values) and values.any() else 1.0
            return Quantity(values, name in learn, dtype, 0.0, np.inf, form, 1.0 if form == "log" else typical)

        self.named: dict[str, Quantity | TimesOfGroups] = {
            "recurrent": weights(reservoir.weight, "recurrent"),
            "inputs": weights(reservoir.input_weight, "inputs"),
            "input_gain": self._gains(reservoir, "inputs" in learn, dtype),
            "v_threshold": Quantity(
                reservoir.v_threshold, "v_threshold" in learn, dtype, reservoir.v_reset + _MARGIN, unit=_MILLIVOLTS
            ),
            "adaptation": Quantity(reservoir.adaptation, "adaptation" in learn, dtype, 0.0, unit=_MILLIVOLTS),
            "delays": Quantity(delays, "delays" in learn, dtype, 0.0, most, unit=_DELAY),
            "input_delays": Quantity(input_delays, "input_delays" in learn, dtype, 0.0, most, unit=_DELAY),
        }
        group = 2 * reservoir.cluster.astype(np.int64) + ~reservoir.is_excitatory
        for name in _TAUS:
            values = getattr(reservoir, name)
            if name in learn and times == "distribution":
                self.named[name] = TimesOfGroups(values, group, dtype, *_TIMES)
            else:
                self.named[name] = Quantity(values, name in learn, dtype, *_TIMES, "log")
        self.quantities = nn.ModuleDict(self.named)
        self._slots = int(max(most, slowest)) + 2  # delays above the bound stay where they do not learn
        self._with_delays = bool(delays.any()) or "delays" in learn
        self.input_delayed = bool(input_delays.any()) or "input_delays" in learn
        self.input_pre = torch.tensor(reservoir.input_channel.astype(np.int64), device=device)
        self.input_post = torch.tensor(reservoir.input_post.astype(np.int64), device=device)
        self._first = torch.searchsorted(self.input_pre, torch.arange(reservoir.channels + 1, device=device))
        self._learned = {name for name in _TAUS if name in learn}
        self.to(device)

    @staticmethod
    def _gains(reservoir: Reservoir, learns: bool, dtype: torch.dtype) -> Quantity:
        typical = float(np.abs(reservoir.input_gain).mean()) if reservoir.input_gain.any() else 1.0
        return Quantity(reservoir.input_gain, learns, dtype, unit=typical)

    def samples(self, stimulus: Any, seed: int = 0) -> Samples:
        """Return stimuli on the grid."""
        links = self._reservoir.input
        none = dataclasses.replace(links, delay=np.zeros(len(links)))
        undelayed = self._reservoir.replace(input=none) if links.delay.any() else self._reservoir
        samples = Samples(undelayed, stimulus, seed)
        if not samples.spiking and self.input_delayed:
            raise InputError(
                "network", "with delays of its input", "is trained on spikes; currents have no gradients of them"
            )
        return samples

    def constants(self) -> Constants:
        """Return what the present parameters stand for."""
        value = {name: one() for name, one in self.named.items()}
        gain = value["input_gain"].new_zeros(self._reservoir.channels * self.neurons)
        gain = gain.index_add(0, self.input_pre * self.neurons + self.input_post, value["input_gain"])
        return Constants(
            cells=self._present_cells(value),
            weights=self.links.weights(value["recurrent"]),
            input_weight=value["inputs"],
            gain=gain.view(self._reservoir.channels, self.neurons),
            delay=value["delays"],
            input_delay=value["input_delays"],
        )

    def _present_cells(self, value: dict[str, Tensor]) -> Cells:
        cells, dt = self._cells._replace(threshold=value["v_threshold"], adaptation=value["adaptation"]), self.dt
        slow = value["tau_adaptation"]
        if "tau_m" in self._learned:
            cells = cells._replace(membrane=decay(value["tau_m"], dt))
        if self._learned & {"tau_m", "tau_adaptation"}:
            cells = cells._replace(adapted_to_v=to_v(value["tau_m"], slow, dt))
        if "tau_adaptation" in self._learned:
            cells = cells._replace(decay_adapted=decay(slow, dt))
        for name in ("exc", "inh"):
            tau = value[f"tau_{name}"]
            if self._learned & {"tau_m", f"tau_{name}"}:
                cells = cells._replace(**{f"{name}_to_v": to_v(value["tau_m"], tau, dt)})
            if f"tau_{name}" in self._learned:
                cells = cells._replace(**{f"decay_{name}": decay(tau, dt)})
        return cells

    def use_dense(self, dense: bool) -> None:
        """Use matrices of recurrent weights, or sums over links, which gives the same but for rounding."""
        self.links = Recurrence(self._reservoir, dense)
        self.links.to(self._device)

    def span(self) -> Tensor:
        """Return threshold less reset (N,) in mV."""
        threshold: Tensor = self.named["v_threshold"]()
        return (threshold - self._cells.v_reset).detach()

    def begin(self, stimuli: int) -> Carry:
        """Return the state at rest."""
        state = rest(self._reservoir, stimuli, self._cells.membrane.dtype, self._device)
        history = state.v.new_zeros((self._slots, self.neurons, stimuli)) if self._with_delays else None
        return Carry(state, history)

    def segment(
        self, batch: Minibatch, start: int, stop: int, constants: Constants, carry: Carry
    ) -> tuple[Carry, Tensor, Tensor]:
        """Simulate the steps from `start` to before `stop`.

        Returns
        -------
        carry : Carry
        spikes, excess : tensor (steps, stimuli, N)
            v above threshold (mV) before the reset.
        """
        state, cells = carry.state, constants.cells
        # unbound at once: the gradient of an index would be as large as all steps together, in each
        jumps = self.jumps(batch, start, stop, constants).unbind(0)
        driven = self.drives(batch, start, stop, constants)
        drives = None if driven is None else driven.unbind(0)
        line = token = None
        if carry.history is not None:
            line = DelayLine(carry.history, stop - start, self.links.source, constants.delay)
            token = line.begin()
        spikes, above = [], []
        for t, step in enumerate(range(start, stop)):
            state, excess, awake = advance(state, 0.0 if drives is None else drives[t], step, cells)
            acting = self._spike(excess) * awake
            spiked = (excess > 0) & awake
            arrived = acting
            if line is not None:
                assert token is not None
                token, arrived = line.step(token, t, acting)
            exc, inh = self.links.currents(arrived, constants.weights)
            state = state._replace(exc=state.exc + jumps[t] + exc, inh=state.inh + inh)
            state = reset(state, acting, spiked, step, cells, None if self._reset_gradient else acting.detach())
            spikes.append(acting)
            above.append(excess)
        history = None if line is None or token is None else line.end(token)
        return Carry(state, history), torch.stack(spikes), torch.stack(above)

    def drives(self, batch: Minibatch, start: int, stop: int, constants: Constants) -> Tensor | None:
        """Return the analog drive (steps, stimuli, N) in mV; None for spikes."""
        return None if batch.row is None else (batch.values @ constants.gain)[batch.row[start:stop]]

    def jumps(self, batch: Minibatch, start: int, stop: int, constants: Constants) -> Tensor:
        """Return what background and input spikes add to the excitatory currents (steps, stimuli, N)."""
        n, many, steps = self.neurons, len(batch), stop - start
        jumps = constants.input_weight.new_zeros(steps * many * n)
        background = batch.between("background", start, stop)
        cell = ((background["step"] - start) * many + background["stimulus"]) * n + background["neuron"]
        jumps = jumps.index_add(0, cell, background["amount"])
        events = batch.between("spikes", start - self._slots if self.input_delayed else start, stop)
        length = (self._first[1:] - self._first[:-1])[events["channel"]]
        event = torch.repeat_interleave(torch.arange(len(length), device=self._device), length)
        place = torch.arange(len(event), device=self._device) - (length.cumsum(0) - length)[event]
        link = self._first[events["channel"]][event] + place
        amount = events["amount"][event] * constants.input_weight[link]
        row, at = events["stimulus"][event] * n + self.input_post[link], events["step"][event] - start
        if not self.input_delayed:
            return jumps.index_add(0, at * many * n + row, amount).view(steps, many, n)
        lag = constants.input_delay[link]
        whole = lag.detach().floor()
        part = lag - whole
        for later, share in ((0, 1 - part), (1, part)):
            arrival = at + whole.long() + later
            inside = ((arrival >= 0) & (arrival < steps)).nonzero()[:, 0]
            jumps = jumps.index_add(0, arrival[inside] * many * n + row[inside], (amount * share)[inside])
        return jumps.view(steps, many, n)

    def input_spikes(self, batch: Minibatch, step: int) -> Tensor:
        """Return the number of input spikes (stimuli, input links) in a step, without delays."""
        events = batch.between("spikes", step, step + 1)
        counts = self._cells.membrane.new_zeros((len(batch), self._reservoir.channels))
        counts[events["stimulus"], events["channel"]] = events["amount"]
        return counts[:, self.input_pre]

    def spike_and_slope(self, excess: Tensor) -> tuple[Tensor, Tensor]:
        """Return the spikes, and their surrogate derivative by v."""
        with torch.enable_grad():
            above = excess.detach().requires_grad_()
            spikes = self._spike(above)
            (slope,) = torch.autograd.grad(spikes.sum(), above)
        return spikes.detach(), slope

    def network(self) -> Reservoir:
        """Return the reservoir with the present parameters; delays that moved are rounded to whole steps."""
        before = self._reservoir
        value = {name: one.given_back() for name, one in self.named.items()}
        delay = self.links.of_links(value["delays"], before)
        return before.replace(
            recurrent=self._moved(before.recurrent, value["recurrent"], delay),
            input=self._moved(before.input, value["inputs"], value["input_delays"]),
            input_gain=value["input_gain"],
            v_threshold=value["v_threshold"],
            adaptation=value["adaptation"],
            **{name: value[name] for name in _TAUS},
        )

    def _moved(self, links: Links, weight: np.ndarray, delay: np.ndarray) -> Links:
        """Return links with other weights and delays (steps); the bound that STDP keeps is raised to weights that moved."""
        same, bound = np.round(links.delay / self.dt) == delay, np.maximum(links.w_max, weight)
        return dataclasses.replace(
            links,
            weight=weight,
            delay=np.where(same, links.delay, np.round(delay) * self.dt),
            w_max=np.where(weight == links.weight, links.w_max, bound),
        )
