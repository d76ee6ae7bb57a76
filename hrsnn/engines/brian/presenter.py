"""Input to and recording of a running Brian2 network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hrsnn.engines.batch import Batch, Presentation
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.homeostasis import Homeostasis
from hrsnn.engines.network_state import NetworkState, Variables
from hrsnn.errors import DivergenceError
from hrsnn.reservoir import Reservoir

_PROGRESS_STEPS = 1000


class Presenter:
    """Callbacks for each step of a Brian2 run, which present the stimuli, each from rest, and collect the spikes."""

    def __init__(
        self,
        network: Any,
        reservoir: Reservoir,
        batch: Batch,
        plastic: bool,
        deliver: Callable[[int, Response], None],
        progress: Callable[[int], None],
    ) -> None:
        self._reservoir, self._batch, self._plastic = reservoir, batch, plastic
        self._deliver, self._progress = deliver, progress
        self._objects = {obj.name: obj for obj in network.objects}
        neurons = self._objects["neurons"]
        self._v, self._exc, self._inh, self._ext = (_array(neurons, n) for n in ("v", "I_exc", "I_inh", "I_ext"))
        self._lastspike, self._spikespace = _array(neurons, "lastspike"), _array(neurons, "_spikespace")
        self._adapted = _array(neurons, "adapted") if reservoir.adaptation.any() else None
        variables = [self._v, self._exc, self._inh, *([] if self._adapted is None else [self._adapted])]
        self._watched = variables[: batch.watched.variables]
        self._homeostasis = Homeostasis(reservoir) if plastic and reservoir.homeostasis else None
        self._multiplicity = _array(self._objects["channels"], "multiplicity") if "channels" in self._objects else None
        self._empty_queue: Any = None
        self._index, self._step, self._done = -1, 0, 0
        self._n_steps = 0  # of the current stimulus; 0 makes the first call begin the first stimulus
        self._now: Presentation
        self._spikes: list[tuple[int, np.ndarray]] = []

    def step(self) -> None:
        """Apply the input of a step, at its start."""
        if self._step == self._n_steps:
            self._end()
            self._begin()
        self._feed()
        self._step += 1
        self._done += 1
        if self._done % _PROGRESS_STEPS == 0:
            self._progress(self._done)

    def background(self) -> None:
        k = self._step - 1  # `step` has already run in this step
        a, b = self._background_at[k : k + 2]
        if a < b:
            self._exc[self._now.background_neuron[a:b]] += self._now.background_jump[a:b]

    def collect(self) -> None:
        """Record the spikes and the watched neurons of a step, at its end."""
        k = self._step - 1
        count = self._spikespace[-1]
        if count:
            self._spikes.append((k, self._spikespace[:count].astype(np.int32)))
        for column in self._v_at.get(k, ()):
            for variable, values in enumerate(self._watched):
                self._seen[column, variable] = values[self._batch.watched.neurons]

    def finish(self) -> None:
        """Deliver the last response, after the run."""
        self._end()
        self._progress(self._done)

    def weights(self) -> Weights:
        return Weights(
            *(
                np.array(_array(self._objects[name], "w")) if name in self._objects else links.weight
                for name, links in (("recurrent", self._reservoir.recurrent), ("input", self._reservoir.input))
            )
        )

    def _begin(self) -> None:
        self._index += 1
        now = self._now = self._batch.presentation(self._index)
        self._n_steps, self._step, self._spikes = now.n_steps, 0, []
        steps = np.arange(now.n_steps + 1)
        self._spikes_at = np.searchsorted(now.spike_step, steps).tolist()
        self._drive_at = dict(zip(now.drive_step.tolist(), range(len(now.drive_step)), strict=True))
        self._own_at = np.searchsorted(now.own_step, steps).tolist()
        self._background_at = np.searchsorted(now.background_step, steps).tolist()
        self._v_at: dict[int, list[int]] = {}
        for column, k in enumerate(now.v_step.tolist()):
            self._v_at.setdefault(k, []).append(column)
        self._seen = self._batch.watched.room(len(now.v_step))
        self._rest()
        if self._batch.start is not None:
            self._go_on(self._batch.start)

    def _rest(self) -> None:
        self._v[:] = self._reservoir.v_start
        self._exc[:] = self._inh[:] = self._ext[:] = 0.0
        if self._adapted is not None:
            self._adapted[:] = 0.0
        self._lastspike[:] = -1e4  # seconds: Brian2's own initial value
        for name in ("recurrent", "input"):
            for variable, value in {"trace_plus": 0.0, "trace_minus": 0.0, "used": 0.0, "resources": 1.0}.items():
                if self._has(name, variable):
                    _array(self._objects[name], variable)[:] = value
        if "recurrent" in self._objects and self._reservoir.delay.any():
            queue = self._objects["recurrent"].pre.queue
            if self._empty_queue is None:
                self._empty_queue = queue._full_state()
            queue._restore_from_full_state(self._empty_queue)

    def _go_on(self, start: NetworkState) -> None:
        """Set the variables to a state instead of rest, in the first step, at time 0."""
        at, dt = start.variables, self._reservoir.dt
        self._v[:], self._exc[:], self._inh[:] = at.v, at.exc, at.inh
        if self._adapted is not None:
            self._adapted[:] = at.adapted
        refractory = np.nonzero(start.refractory_steps)[0]
        hold = np.round(self._reservoir.refractory[refractory] / dt)
        self._lastspike[refractory] = (start.refractory_steps[refractory] - hold) * dt / 1000
        for name, prefix in (("recurrent", ""), ("input", "input_")):
            if self._plastic and name in self._objects and len(at.weight) + len(at.input_weight):
                _array(self._objects[name], "w")[:] = getattr(at, f"{prefix}weight")
                for trace in ("trace_plus", "trace_minus"):
                    _array(self._objects[name], trace)[:] = getattr(at, prefix + trace)
        if self._has("recurrent", "used"):
            links = self._objects["recurrent"]
            _array(links, "used")[:], _array(links, "resources")[:] = at.used, at.resources
            _array(links, "arrived")[:] = -at.arrived
        if len(start.spike_age):
            queue = self._objects["recurrent"].pre.queue
            for age in range(int(start.spike_age.max()), 0, -1):
                queue.push(start.spike_neuron[start.spike_age == age])
                queue.advance()

    def _ended(self) -> Variables:
        """Return the variables at the end of the only stimulus."""
        nothing = np.empty(0)
        kept = {"v": self._v, "exc": self._exc, "inh": self._inh, "adapted": nothing}
        if self._adapted is not None:
            kept["adapted"] = self._adapted
        for name, prefix, links in (
            ("recurrent", "", self._reservoir.recurrent),
            ("input", "input_", self._reservoir.input),
        ):
            learned = {"trace_plus": nothing, "trace_minus": nothing, "weight": nothing}
            if self._plastic:
                learned = {"trace_plus": np.zeros(len(links)), "trace_minus": np.zeros(len(links)), "weight": links.weight}
            if self._has(name, "touched"):
                age = (self._n_steps - _array(self._objects[name], "touched")) * self._reservoir.dt
                for sign in ("plus", "minus"):
                    decay = np.exp(-age / getattr(links, f"tau_{sign}"))
                    learned[f"trace_{sign}"] = _array(self._objects[name], f"trace_{sign}") * decay
                learned["weight"] = _array(self._objects[name], "w")
            kept |= {prefix + variable: value for variable, value in learned.items()}
        for variable in ("used", "resources"):
            kept[variable] = _array(self._objects["recurrent"], variable) if self._has("recurrent", variable) else nothing
        arrived = np.empty(0, np.int64)
        if self._has("recurrent", "arrived"):
            arrived = self._n_steps - _array(self._objects["recurrent"], "arrived").astype(np.int64)
        return Variables(arrived=arrived, **{name: np.array(value) for name, value in kept.items()})

    def _has(self, name: str, variable: str) -> bool:
        return name in self._objects and variable in self._objects[name].variables

    def _feed(self) -> None:
        k = self._step
        if self._multiplicity is not None:
            a, b = self._spikes_at[k : k + 2]
            if a < b:
                self._multiplicity[self._now.spike_channel[a:b]] = self._now.spike_count[a:b]
        if k in self._drive_at:
            self._ext[:] = self._now.drive[self._drive_at[k]]
        a, b = self._own_at[k : k + 2]
        if a < b:
            self._ext[self._now.own_neuron[a:b]] = self._now.own_drive[a:b]

    def _end(self) -> None:
        if self._index < 0:
            return
        # an infinite current makes a neuron spike in every step, and the reset makes its v finite again
        if not all(np.isfinite(values).all() for values in (self._v, self._exc, self._inh)):
            raise DivergenceError(
                f"stimulus {self._index}: v or a current is no longer finite; the input or the weights are far too large"
            )
        steps = np.repeat([k for k, _ in self._spikes], [len(who) for _, who in self._spikes]).astype(np.int64)
        who = np.concatenate([who for _, who in self._spikes]) if self._spikes else np.empty(0, np.int32)
        end = self._ended() if len(self._batch) == 1 else None
        if self._homeostasis is not None:
            self._normalise(self._homeostasis)
        self._deliver(self._index, Response(steps, who, **self._batch.watched.parts(self._seen), end=end))

    def _normalise(self, homeostasis: Homeostasis) -> None:
        weights = self.weights()
        for name, restored in zip(
            ("recurrent", "input"), homeostasis.restored(weights.recurrent, weights.input), strict=True
        ):
            if name in self._objects:
                _array(self._objects[name], "w")[:] = restored


def _array(group: Any, name: str) -> np.ndarray:
    """Return a variable's array in memory; for synaptic variables it must not be kept, since Brian2 may reallocate it."""
    return np.asarray(group.variables[name].get_value())
