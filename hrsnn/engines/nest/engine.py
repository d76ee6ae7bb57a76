"""The NEST engine: each stimulus is a network of its own in the kernel, simulated in parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import nest
import numpy as np

from hrsnn.engines.batch import Batch
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.nest.network import Nodes, build, load, spikes, start
from hrsnn.engines.nest.parameters import check_finite, network_arrays, stimulus_arrays
from hrsnn.engines.nest.session import own_kernel
from hrsnn.engines.threads import threads
from hrsnn.engines.watched import Watched
from hrsnn.errors import DivergenceError
from hrsnn.reservoir import Reservoir

#: Steps simulated by one call, after which Ctrl-C is noticed and progress reported; fewer where more than so many numbers
#: would be recorded meanwhile.
_PART, _RECORDED = 2000, 2_000_000
#: Fewer neurons do not pay for the threads' wait for each other after every shortest delay.
_NEURONS_A_THREAD = 5000
_RECORDABLES = ("V_m", "I_syn_ex", "I_syn_in")


def run(
    reservoir: Reservoir,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
) -> Weights:
    """Simulate a batch with NEST; see :class:`~hrsnn.engines.contract.EngineFunction`.

    A stimulus starts from rest, to which NEST cannot return a network: it is built again for each. Threads are as many as
    ``OMP_NUM_THREADS`` says; without it as many as cores, with 5000 neurons each or more.

    Raises
    ------
    InputError
        When a recurrent delay is below half a step, or dt is not a multiple of 1e-6 ms.
    DivergenceError
        When the drive of a neuron, or v at the end of a stimulus, is not finite.
    HrsnnError
        When NEST's kernel has nodes of the caller's.
    """
    network = network_arrays(reservoir)
    done = 0
    for index in range(len(batch)):
        now = batch.presentation(index, drive=False)
        stimulus = stimulus_arrays(batch, index, now)
        with own_kernel():
            response = _present(network, stimulus, batch.watched, now.v_step, partial(_tell, progress, done))
        deliver(index, response)
        done += int(batch.steps[index])
        progress(done)
    return Weights(reservoir.weight, reservoir.input_weight)


def _present(
    network: Mapping[str, np.ndarray],
    stimulus: Mapping[str, np.ndarray],
    watched: Watched,
    v_step: np.ndarray,
    tell: Callable[[int], None],
) -> Response:
    analog = stimulus["values"].size > 0
    check_finite(network, stimulus)
    nodes = build(network, _threads(len(network["tau_m"])), not analog, analog)
    load(network, nodes, stimulus)
    traces = _Traces(network, nodes, watched, v_step)
    start(network, nodes)
    steps, late, found = int(stimulus["steps"]), int(network["lead"]) + 1, []
    part = max(1, min(_PART, _RECORDED // traces.numbers_a_step))
    for begin in range(0, steps + late, part):  # what is recorded reaches a recorder after the shortest delay
        nest.Simulate(float(min(part, steps + late - begin) * network["dt"]))
        found.append(spikes(network, nodes))
        nodes.recorder.n_events = 0
        traces.collect()
        tell(min(begin, steps))
    if not np.isfinite(nodes.neurons.get("V_m")).all():
        raise DivergenceError("v is not finite; the input or the weights are far too large")
    step, neuron = (np.concatenate(one) for one in zip(*found, strict=True))
    order = np.lexsort((neuron, step))
    order = order[step[order] < steps]
    return Response(step[order], neuron[order].astype(np.int32), **watched.parts(traces.values()))


def _tell(progress: Callable[[int], None], done: int, steps: int) -> None:
    progress(done + steps)


def _threads(neurons: int) -> int:
    """Return how many threads share a network: as many as the caller asks for, else none with few neurons."""
    if os.environ.get("OMP_NUM_THREADS"):
        return threads()
    return min(threads(), max(1, neurons // _NEURONS_A_THREAD))


class _Traces:
    """Variables of the watched neurons after some steps, by a multimeter that records at a common divisor of these."""

    def __init__(self, network: Mapping[str, np.ndarray], nodes: Nodes, watched: Watched, v_step: np.ndarray) -> None:
        self.numbers_a_step = 1
        self._ids = nodes.neurons[0].global_id + watched.neurons
        self._stamps, self._place = np.unique(v_step + int(network["lead"]) + 2, return_inverse=True)
        self._recorded = watched.room(len(self._stamps))
        self._names = _RECORDABLES[: watched.variables]
        self._multimeter: Any = None
        if not len(v_step):
            return
        dt, first, last = float(network["dt"]), int(self._stamps[0]), int(self._stamps[-1])
        every = int(np.gcd.reduce(np.diff(self._stamps))) if first < last else last
        self.numbers_a_step = max(1, len(self._ids) * (len(self._names) + 2) // every)
        times = {"interval": every * dt, "offset": first % every * dt, "start": (first - 1) * dt, "stop": last * dt}
        params = {"record_from": list(self._names), "time_in_steps": True, **times}
        self._multimeter = nest.Create("multimeter", params=params)
        pre = np.full(len(self._ids), self._multimeter[0].global_id)
        links = {"weight": np.ones(len(pre)), "delay": np.full(len(pre), float(network["lead"]) * dt)}
        nest.Connect(pre, self._ids, "one_to_one", links)

    def collect(self) -> None:
        """Take over what was recorded since the last call."""
        if self._multimeter is None:
            return
        events = self._multimeter.events
        self._multimeter.n_events = 0
        stamps = np.asarray(events["times"], np.int64)
        row = np.minimum(np.searchsorted(self._stamps, stamps), len(self._stamps) - 1)
        wanted = self._stamps[row] == stamps
        column = np.searchsorted(self._ids, np.asarray(events["senders"], np.int64)[wanted])
        for variable, name in enumerate(self._names):
            self._recorded[row[wanted], variable, column] = np.asarray(events[name])[wanted]

    def values(self) -> np.ndarray:
        """Return what was recorded, at the requested steps in their order (times, variables, R)."""
        return self._recorded if np.array_equal(self._place, np.arange(len(self._stamps))) else self._recorded[self._place]
