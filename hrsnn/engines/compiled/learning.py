"""Runs with STDP on the compiled engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hrsnn.engines.batch import Batch
from hrsnn.engines.compiled import stdp
from hrsnn.engines.compiled.arguments import PlasticSide, PlasticSides, Scratch, Waiting
from hrsnn.engines.compiled.network import LEARNED, CompiledNetwork, Course, events_of, from_step
from hrsnn.engines.compiled.simd import LANES
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.homeostasis import Homeostasis
from hrsnn.engines.jit import plain_tuples, read_only

#: Maximum number of a neuron's waiting spikes, after which all synapses are brought up to date.
_HISTORY = 128
#: Of these, the latest are kept beside each other a second time, for the processor's cache.
_RECENT = 8
_EMPTY = np.empty(0)


def learn(
    network: CompiledNetwork,
    batch: Batch,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
) -> Weights:
    """Simulate the stimuli of a plastic run in order, each with the weights after the previous one."""
    rows = (network.recurrent, network.input)
    start = None if batch.start is None else batch.start.variables
    links = [
        side.learning(*(_EMPTY if start is None else getattr(start, prefix + name) for name in LEARNED))
        for side, prefix in zip(rows, ("", "input_"), strict=True)
    ]
    homeostasis = Homeostasis(network.reservoir) if network.reservoir.homeostasis else None
    longest = max(side.longest for side in rows)
    pairs = longest * _HISTORY + LANES
    scratch = Scratch(
        acting=np.empty(longest + LANES),
        traced=np.empty(longest + LANES),
        owner=np.empty(pairs, np.uint64),
        pair_plus=np.empty(pairs),
        pair_minus=np.empty(pairs),
    )
    waiting = Waiting(
        latest=np.full(network.neurons, -1, np.int32),
        recent=np.full((network.neurons, _RECENT), -1, np.int32),
        count=np.zeros(network.neurons, np.int64),
        history=np.empty((network.neurons, _HISTORY), np.int32),
    )
    done = 0
    for index in range(len(batch)):
        now = batch.presentation(index)
        if index:
            for side in links:
                side.trace_plus[:] = side.trace_minus[:] = 0.0
        sides = PlasticSides(
            *(
                PlasticSide(read_only(side.start), values, np.zeros(len(side.start) - 1, np.int64))
                for side, values in zip(rows, links, strict=True)
            )
        )
        arrivals = network.arrivals(start)
        others = (arrivals, sides, waiting, scratch, events_of(now), network.rounding(batch, index))
        constants = plain_tuples((network.recurrent.arguments, *others))
        course = Course(network, batch, now, stdp.present_plastic, constants, arrivals, batch.watched)
        records = course.whole(from_step(done, progress), [])
        stdp.catch_up_all(now.n_steps, *map(plain_tuples, (sides, waiting, scratch)))
        end = network.end(course.state, arrivals, now.n_steps, links) if len(batch) == 1 else None
        if homeostasis is not None:
            restored = homeostasis.restored(*(side.given_back(side.weight) for side in rows))
            for row, weight in zip(rows, restored, strict=True):
                row.weight[:] = weight[row.order]
        done += now.n_steps
        deliver(index, Response(**records, end=end))
    return Weights(*(side.given_back(side.weight) for side in rows))
