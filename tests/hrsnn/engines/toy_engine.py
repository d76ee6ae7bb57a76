"""A toy engine: the plain loop of hrsnn.testing as an engine that any package might add."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from hrsnn import Reservoir
from hrsnn.engines.batch import Batch, Presentation
from hrsnn.engines.capabilities import FEATURES, Engine
from hrsnn.engines.contract import EngineFunction, Response, Weights
from hrsnn.testing.reference_engine import Inputs, groups, present, restore_sums, synapses


def run(
    reservoir: Reservoir,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
) -> Weights:
    """Simulate a batch, one stimulus after the other."""
    recurrent, inputs = synapses(reservoir, "recurrent"), synapses(reservoir, "input")
    sums = {kind: sum(link.w for link in group) for kind, group in groups(reservoir, recurrent, inputs).items()}
    for index in range(len(batch)):
        now = batch.presentation(index)
        spikes, history = present(reservoir, recurrent, inputs, inputs_of(now, reservoir.neurons), plastic)
        step, neuron = np.array(spikes, dtype=np.int64).reshape(-1, 2).T
        if plastic and reservoir.homeostasis:
            restore_sums(reservoir, recurrent, inputs, sums)
        deliver(index, Response(step, neuron.astype(np.int32), np.array(history)[now.v_step, 0]))
        progress(int(batch.steps[: index + 1].sum()))
    return Weights(np.array([link.w for link in recurrent]), np.array([link.w for link in inputs]))


def inputs_of(now: Presentation, neurons: int) -> Inputs:
    """A presentation as the plain loop takes it."""
    arriving: dict[int, dict[int, float]] = defaultdict(dict)
    for step, channel, count in zip(now.spike_step, now.spike_channel, now.spike_count, strict=True):
        arriving[int(step)][int(channel)] = float(count)
    background: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for step, neuron, jump in zip(now.background_step, now.background_neuron, now.background_jump, strict=True):
        background[int(step)].append((int(neuron), float(jump)))
    drive = np.zeros((now.n_steps, neurons))
    for step, row in zip(now.drive_step, now.drive, strict=True):
        drive[step:] = row
    return Inputs(now.n_steps, arriving, drive.tolist(), background)


def load() -> EngineFunction:
    return run


def toy(priority: int = 0, **lacking: str) -> Engine:
    """The declaration, with the reasons for what it lacks."""
    reasons = {
        "short_term_plasticity": "nobody plays with that",
        "input_delays": "its input arrives at once",
        "state_bits": "its numbers have all bits",
        "resumable_state": "it always begins anew",
        "chosen_neurons": "it keeps v of all",
        "currents": "it keeps v only",
        "gradients": "a loop has none",
        "batch_on_device": "it is plain Python",
    }
    return Engine("a plain loop", load, {**dict.fromkeys(FEATURES, True), **reasons, **lacking}, priority=priority)
