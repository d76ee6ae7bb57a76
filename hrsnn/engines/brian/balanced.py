"""Balanced networks in Brian2, with N x N weights: the reference of the engine `balanced`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hrsnn.balanced.network import BalancedNetwork
from hrsnn.engines import check_runs
from hrsnn.engines.batch import Batch
from hrsnn.engines.brian.session import brian2, own_brian2
from hrsnn.engines.contract import Response, Weights
from hrsnn.errors import InputError
from hrsnn.runtime.stopping import notice_signals

_NEURONS = """
V : 1
slow : 1
driven : 1
chosen : 1
decay : 1 (constant)
slow_factor : 1 (constant)
"""
_STEP = """
V = decay*V + slow_factor*slow + driven
slow = slow*decay
"""


def run(
    network: BalancedNetwork,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
    target: str = "auto",
) -> Weights:
    """Simulate a batch with Brian2; see :class:`~hrsnn.engines.contract.EngineFunction`.

    A link between any two neurons, and of each to itself, has a fast and a slow weight, N^2 of each. The neuron that spikes
    in a step is chosen between Brian2's state update and its thresholds.

    Raises
    ------
    InputError
        When leaks differ between neurons or there is noise, which need the engine `balanced`.
    """
    if np.ptp(network.leak) or network.noise:
        field = "noise" if network.noise else "leak"
        raise InputError(
            field, getattr(network, field), "engine brian2-balanced has one leak and no noise; balanced takes both"
        )
    with notice_signals() as check_interrupted, own_brian2(target):
        for index in range(len(batch)):
            done = int(batch.steps[:index].sum())

            def tell(step: int, done: int = done) -> None:
                check_interrupted()
                progress(done + step)

            deliver(index, _Presentation(network, batch, index, tell).response())
            progress(int(batch.steps[: index + 1].sum()))
    return Weights(np.empty(0), np.empty(0))


def to_network(network: BalancedNetwork) -> Any:
    """Return the network as a Brian2 ``Network``, to run, record and extend with Brian2.

    Its objects are ``neurons``, with the variables V, slow and driven, ``synapses``, with the weights fast and slow_weight,
    and ``choice``, which lets at most one neuron spike in a step. All share one clock of step ``network.dt``.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> made = to_network(build_balanced(BalancedSpec(neurons=10, dimensions=2)))
    >>> len(made["neurons"]), len(made["synapses"])
    (10, 100)
    """
    check_runs("brian2-balanced", network.kind, network.needs())
    dt, leak = network.dt / 1000, float(network.leak[0])
    clock = brian2.Clock(dt=network.dt * brian2.ms, name="balanced_clock")
    neurons = brian2.NeuronGroup(
        network.neurons, _NEURONS, threshold="chosen > 0", reset="chosen = 0", clock=clock, name="neurons"
    )
    neurons.decay, neurons.slow_factor = np.exp(-leak * dt), dt * np.exp(-leak * dt)
    step = neurons.run_regularly(_STEP, clock=clock, when="groups", name="balanced_step")
    synapses = brian2.Synapses(
        neurons,
        neurons,
        "fast : 1\nslow_weight : 1",
        on_pre="V_post -= fast\nslow_post += slow_weight",
        clock=clock,
        name="synapses",
    )
    synapses.connect()
    # Brian2 has the links by source, then target
    synapses.fast, synapses.slow_weight = network.fast.T.ravel(), network.slow.T.ravel()

    def choose() -> None:
        above = np.asarray(neurons.V[:]) - network.threshold
        if network.several_spikes:
            neurons.chosen = above > 0
        elif above.max() > 0:
            neurons.chosen[int(above.argmax())] = 1

    choice = brian2.NetworkOperation(choose, clock=clock, when="before_thresholds", name="choice")
    return brian2.Network(neurons, step, synapses, choice)


class _Presentation:
    """One stimulus of a batch, presented to a network of its own, which starts from rest."""

    def __init__(self, network: BalancedNetwork, batch: Batch, index: int, tell: Callable[[int], None]) -> None:
        self._tell, self._step, self._event, self._change = tell, 0, 0, 0
        self._now = batch.presentation(index)
        dt, leak = network.dt / 1000, float(network.leak[0])
        # the drive of a network is what V would reach, of which a step reaches 1 - e^(-lambda dt)
        self._drive = -np.expm1(-leak * dt) * self._now.drive
        self._kicks = network.B_weights.T @ network.decoder * (network.hold / 1000)
        self._steps: list[np.ndarray] = []
        self._who: list[np.ndarray] = []
        self._v, self._watched = batch.watched.room(len(self._now.v_step)), batch.watched
        self._dt, self._made = network.dt, to_network(network)
        neurons = self._neurons = self._made["neurons"]
        for when, operation in (("start", self._begin), ("before_synapses", self._input), ("end", self._collect)):
            name = f"balanced_{when}"
            self._made.add(brian2.NetworkOperation(operation, clock=neurons.clock, when=when, name=name))

    def response(self) -> Response:
        """Run, and return the spikes and V."""
        self._made.run(self._now.n_steps * self._dt * brian2.ms, namespace={})
        steps, who = (np.concatenate([np.empty(0, np.int64), *parts]) for parts in (self._steps, self._who))
        return Response(steps.astype(np.int64), who.astype(np.int32), **self._watched.parts(self._v))

    def _begin(self) -> None:
        while self._change < len(self._drive) and self._now.drive_step[self._change] == self._step:
            self._neurons.driven = self._drive[self._change]
            self._change += 1

    def _input(self) -> None:
        now = self._now
        while self._event < len(now.spike_step) and now.spike_step[self._event] == self._step:
            kick = now.spike_count[self._event] * self._kicks[now.spike_channel[self._event]]
            self._neurons.V = np.asarray(self._neurons.V[:]) + kick
            self._event += 1

    def _collect(self) -> None:
        spikes = np.array(self._neurons.spikes)
        self._steps.append(np.full(len(spikes), self._step))
        self._who.append(spikes)
        self._v[self._now.v_step == self._step] = np.asarray(self._neurons.V[:])[self._watched.neurons]
        self._step += 1
        if self._step % 1000 == 0:
            self._tell(self._step)
