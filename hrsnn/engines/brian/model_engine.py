"""The engine of networks by equations: one Brian2 run for a batch of stimuli."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hrsnn.engines.batch import Batch
from hrsnn.engines.brian.model_check import checked
from hrsnn.engines.brian.model_network import to_network
from hrsnn.engines.brian.model_presenter import ModelPresenter
from hrsnn.engines.brian.session import brian2, own_brian2
from hrsnn.engines.contract import Response, Weights
from hrsnn.equations.network import BrianNetwork
from hrsnn.errors import InputError
from hrsnn.runtime.stopping import notice_signals


def run(
    network: BrianNetwork,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
    target: str = "auto",
) -> Weights:
    """Simulate a batch with Brian2; see :class:`~hrsnn.engines.contract.EngineFunction`.

    `target` is "cython", "numpy", or "auto": Cython where a C++ compiler is found. Stimuli are one Brian2 run, in which
    state is set at each onset; of models whose texts have the time t, each stimulus is a run of its own.

    Raises
    ------
    InputError
        When `plastic` and the model has no plasticity, or the input is of a form that the model does not take.
    """
    model = network.model
    if plastic and not model.learns:
        raise InputError(
            "plastic",
            True,
            "the model has no plasticity: plastic_on_pre and plastic_on_post give it; plastic=False (--no-plastic) runs it",
        )
    if batch.spiking and not model.input_on_pre:
        raise InputError("stimulus", "of spikes", "reaches no neuron of this model: it has no input_on_pre")
    random = checked(model).random
    stimuli = range(len(batch))
    runs = [range(k, k + 1) for k in stimuli] if {"t", "t_in_timesteps"} & model.words else [stimuli]
    state = np.random.get_state()  # noqa: NPY002 - Brian2 draws from NumPy's global generator
    try:
        # Ctrl-C is polled: weakref callbacks, which Brian2 uses widely, would discard its exception
        with notice_signals() as check_interrupted, own_brian2(target):

            def report_progress(done: int) -> None:
                check_interrupted()
                progress(done)

            weights = Weights(network.weight, network.input_weight)
            now = network
            for part in runs:
                now = now if now is network and part.start == 0 else network.with_weights(weights.recurrent, weights.input)
                weights = _present(now, network, batch, part, plastic, random, deliver, report_progress)
            return weights
    finally:
        if random:
            np.random.set_state(state)  # noqa: NPY002


def _present(
    now: BrianNetwork,
    network: BrianNetwork,
    batch: Batch,
    stimuli: range,
    plastic: bool,
    random: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
) -> Weights:
    """Present some stimuli in one Brian2 run, from the weights of `now`; homeostasis restores the sums of `network`."""
    made: Any = to_network(now, plastic, spiking=batch.spiking)
    presenter = ModelPresenter(made, network, batch, stimuli, plastic, random, deliver, progress)
    clock = made["neurons"].clock
    made.add(brian2.NetworkOperation(presenter.step, clock=clock, when="start", name="presenter"))
    # at the end of each step: when a run ends, Brian2 clears the spikes of the last step
    made.add(brian2.NetworkOperation(presenter.collect, clock=clock, when="end", name="collector"))
    made.run(int(batch.steps[stimuli.start : stimuli.stop].sum()) * network.dt * brian2.ms, namespace={})
    presenter.finish()
    return presenter.weights()
