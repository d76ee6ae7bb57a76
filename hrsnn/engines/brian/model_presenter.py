"""Input to and recording of a running Brian2 network that is given by equations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hrsnn.engines.batch import Batch, Presentation
from hrsnn.engines.brian.model_equations import equations_of
from hrsnn.engines.brian.session import brian2
from hrsnn.engines.brian.unit_text import unit_of_text
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.homeostasis import normalised
from hrsnn.equations.network import BrianNetwork
from hrsnn.errors import DivergenceError
from hrsnn.runtime.seeds import generator

_PROGRESS_STEPS = 1000
#: Spikes are at this time (s) before a stimulus: Brian2's own initial value.
_LONG_AGO = -1e4


class ModelPresenter:
    """Callbacks for each step of a Brian2 run, which present stimuli, each from the initial values, and collect spikes.

    Parameters
    ----------
    made : brian2.Network
        Of :func:`hrsnn.engines.brian.model_network.to_network`.
    network : BrianNetwork
    batch : Batch
    first, last : int
        Stimuli to present, from the first to below the last.
    plastic, random : bool
        Whether weights change; whether random numbers are drawn, by a seed for each stimulus.
    deliver, progress : callable
        As of :class:`hrsnn.engines.contract.EngineFunction`.
    """

    def __init__(
        self,
        made: Any,
        network: BrianNetwork,
        batch: Batch,
        stimuli: range,
        plastic: bool,
        random: bool,
        deliver: Callable[[int, Response], None],
        progress: Callable[[int], None],
    ) -> None:
        self._network, self._batch, self._plastic, self._random = network, batch, plastic, random
        self._deliver, self._progress = deliver, progress
        self._objects = {one.name: one for one in made.objects}
        self._neurons = self._objects["neurons"]
        self._start = {
            name: _state(self._objects[name]) for name in ("neurons", "recurrent", "input") if name in self._objects
        }
        self._lastspike, self._spikespace = (_array(self._neurons, name) for name in ("lastspike", "_spikespace"))
        self._seen_variable, self._seen_factor = _array(self._neurons, network.model.record), self._recorded_factor()
        self._multiplicity = _array(self._objects["channels"], "multiplicity") if "channels" in self._objects else None
        self._driven, self._drive_factor = None, 1.0
        if network.model.drive and network.model.input_gain is not None:
            self._driven = _array(self._neurons, network.model.drive)
            self._drive_factor = unit_of_text(network.model.input_gain.unit).factor
        self._empty_queue: Any = None
        self._stimuli, self._index = stimuli, stimuli.start - 1
        self._step, self._n_steps, self._done = 0, 0, int(batch.steps[: stimuli.start].sum())
        self._now: Presentation
        self._spikes: list[tuple[int, np.ndarray]] = []

    def step(self) -> None:
        """Apply the input of a step, at its start."""
        if self._step == self._n_steps:
            self._end()
            self._begin()
        k, now = self._step, self._now
        a, b = self._spikes_at[k : k + 2]
        if a < b and self._multiplicity is not None:
            self._multiplicity[now.spike_channel[a:b]] = now.spike_count[a:b]
        if k in self._drive_at and self._driven is not None:
            self._driven[:] = now.drive[self._drive_at[k]] * self._drive_factor
        self._step += 1
        self._done += 1
        if self._done % _PROGRESS_STEPS == 0:
            self._progress(self._done)

    def collect(self) -> None:
        """Record the spikes and the watched neurons of a step, at its end."""
        k = self._step - 1
        count = self._spikespace[-1]
        if count:
            self._spikes.append((k, self._spikespace[:count].astype(np.int32)))
        for column in self._seen_at.get(k, ()):
            self._seen[column, 0] = self._seen_variable[self._batch.watched.neurons] * self._seen_factor

    def finish(self) -> None:
        """Deliver the last response, after the run."""
        self._end()
        self._progress(self._done)

    def weights(self) -> Weights:
        """Return the weights now, in the units of the model."""
        model, network = self._network.model, self._network
        found = {"recurrent": network.weight, "input": network.input_weight}
        for name, amount in (("recurrent", model.weight_of("ee")), ("input", model.input_weight)):
            if self._plastic and name in self._objects and amount is not None:
                found[name] = np.array(_array(self._objects[name], "w")) / unit_of_text(amount.unit).factor
        return Weights(**found)

    def _recorded_factor(self) -> float:
        """Return the factor from SI: to mV for a voltage."""
        return 1000.0 if self._neurons.variables[self._network.model.record].dim is brian2.volt.dim else 1.0

    def _begin(self) -> None:
        self._index += 1
        now = self._now = self._batch.presentation(self._index)
        self._n_steps, self._step, self._spikes = now.n_steps, 0, []
        self._spikes_at = np.searchsorted(now.spike_step, np.arange(now.n_steps + 1)).tolist()
        self._drive_at = dict(zip(now.drive_step.tolist(), range(len(now.drive_step)), strict=True))
        self._seen_at: dict[int, list[int]] = {}
        for column, k in enumerate(now.v_step.tolist()):
            self._seen_at.setdefault(k, []).append(column)
        self._seen = self._batch.watched.room(len(now.v_step))
        self._rest()

    def _rest(self) -> None:
        for name, state in self._start.items():
            for variable, values in state.items():
                _array(self._objects[name], variable)[:] = values
            if "lastupdate" in self._objects[name].variables:
                _array(self._objects[name], "lastupdate")[:] = float(
                    np.ravel(self._neurons.clock.variables["t"].get_value())[0]
                )
        if self._driven is not None:
            self._driven[:] = 0.0
        self._lastspike[:] = _LONG_AGO
        if "not_refractory" in self._neurons.variables:
            _array(self._neurons, "not_refractory")[:] = True
        links = self._objects.get("recurrent")
        if links is not None and self._network.delay.any() and hasattr(links, "pre"):
            if self._empty_queue is None:
                self._empty_queue = links.pre.queue._full_state()
            links.pre.queue._restore_from_full_state(self._empty_queue)
        if self._random:
            seed = int(generator(self._batch.seed, "equations", self._index).integers(2**32))
            brian2.seed(seed)

    def _end(self) -> None:
        if self._index < self._stimuli.start:
            return
        for variable in self._start["neurons"]:
            if not np.isfinite(_array(self._neurons, variable)).all():
                raise DivergenceError(
                    f"stimulus {self._index}: {variable} is no longer finite; the input or the weights are too large, or "
                    "dt is too long"
                )
        steps = np.repeat([k for k, _ in self._spikes], [len(who) for _, who in self._spikes]).astype(np.int64)
        who = np.concatenate([who for _, who in self._spikes]) if self._spikes else np.empty(0, np.int32)
        if self._plastic and self._network.model.homeostasis:
            self._restore_sums()
        self._deliver(self._index, Response(steps, who, **self._batch.watched.parts(self._seen)))

    def _restore_sums(self) -> None:
        """Scale the excitatory, inhibitory and input weights of each neuron to their sums in the network."""
        of, n = self._network, self._network.neurons
        types = (~of.is_excitatory[of.pre]).astype(np.intp)
        sides = (
            ("recurrent", of.weight, of.w_max, types * n + of.post, 2 * n),
            ("input", of.input_weight, of.input_w_max, of.input_post.astype(np.intp), n),
        )
        now = self.weights()
        for name, before, w_max, group, size in sides:
            if name not in self._objects:
                continue
            changed = getattr(now, name)
            amount = of.model.weight_of("ee") if name == "recurrent" else of.model.input_weight
            if amount is not None:
                target = np.bincount(group, before, minlength=size)
                _array(self._objects[name], "w")[:] = (
                    normalised(changed, target, group, w_max) * unit_of_text(amount.unit).factor
                )


def _state(group: Any) -> dict[str, np.ndarray]:
    """Return copies of the variables that change, other than weights, by name."""
    names = [
        name
        for name, one in equations_of(group).items()
        if one.type != "subexpression" and "constant" not in one.flags and name != "w"
    ]
    return {name: np.array(_array(group, name)) for name in names}


def _array(group: Any, name: str) -> np.ndarray:
    """Return a variable's array in memory; of synapses it must not be kept, since Brian2 may reallocate it."""
    return np.asarray(group.variables[name].get_value())
