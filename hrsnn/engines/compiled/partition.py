"""One large network on several threads, each of which simulates a range of the neurons and the links to them.

After each update the threads exchange the spikes of the step (:class:`~hrsnn.engines.compiled.arguments.Meeting`). The links
to a neuron are read by one thread in the order in which a single thread reads them, so that every number is the same.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from hrsnn.engines.batch import Batch, Presentation
from hrsnn.engines.compiled.arguments import Meeting
from hrsnn.engines.compiled.network import CompiledNetwork, Course, from_step, sorted_links
from hrsnn.engines.compiled.simd import LANES
from hrsnn.engines.contract import Response
from hrsnn.engines.jit import read_only
from hrsnn.engines.threads import at_once
from hrsnn.reservoir import Reservoir

#: Least number of neurons: in a smaller network the threads wait for each other too often.
_LEAST = 20_000


def divides(reservoir: Reservoir) -> bool:
    """Return whether a single stimulus of a network is simulated by several threads.

    It is not where v is rounded at random or links are depressed, whose variables are in the order of all links.
    """
    return reservoir.neurons >= _LEAST and not reservoir.state_bits and reservoir.short_term is None


def answer_together(
    reservoir: Reservoir,
    batch: Batch,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
    workers: int,
) -> None:
    """Simulate the stimuli of a frozen run one after the other, each on all threads."""
    rows, n = sorted_links(reservoir), reservoir.neurons
    # whole packs, so that all threads but the last have full ones
    bounds = [min(n, LANES * round(n * k / workers / LANES)) for k in range(workers)] + [n]
    parts = [CompiledNetwork(reservoir, (first, stop), rows) for first, stop in itertools.pairwise(bounds) if first < stop]
    done = 0
    for index in range(len(batch)):
        deliver(index, _answer(parts, batch, index, from_step(done, progress)))
        done += int(batch.steps[index])
        progress(done)


def _answer(parts: list[CompiledNetwork], batch: Batch, index: int, tell: Callable[[int], None]) -> Response:
    now, n, many = batch.presentation(index), parts[0].reservoir.neurons, len(parts)
    shared = {
        "reached": np.zeros(8 * many, np.int64),
        "count": np.zeros((2, many, 8), np.int64),
        "spiked": np.empty((2, many, max(part.neurons for part in parts)), np.int32),
    }
    watched = batch.watched.neurons
    courses: list[Course] = []
    for place, part in enumerate(parts):
        first, stop = part.span
        meeting = Meeting(read_only(np.array([place, first])), **shared, everyone=np.empty(n, np.int32))
        here = np.searchsorted(watched, [first, stop])
        chosen = batch.watched._replace(neurons=watched[here[0] : here[1]] - first)
        courses.append(part.frozen_course(batch, index, _within(now, first, stop), _NO_STEPS, meeting, chosen))
    most = max(1, parts[0].most_steps)
    while courses[0].step < now.n_steps:
        for course in courses:
            course.make_room()
        at_once([partial(course.go_on, most) for course in courses])
        tell(courses[0].step)
    return _joined(parts, courses, len(batch) == 1)


_NO_STEPS = read_only(np.empty(0, np.int64))


def _within(now: Presentation, first: int, stop: int) -> Presentation:
    """Return the events of a stimulus that are of the neurons from `first` to before `stop`, as neurons from 0 on."""
    own = (now.own_neuron >= first) & (now.own_neuron < stop)
    back = (now.background_neuron >= first) & (now.background_neuron < stop)
    return dataclasses.replace(
        now,
        drive=now.drive[:, first:stop],
        own_step=now.own_step[own],
        own_neuron=(now.own_neuron[own] - first).astype(np.int32),
        own_drive=now.own_drive[own],
        background_step=now.background_step[back],
        background_neuron=(now.background_neuron[back] - first).astype(np.int32),
        background_jump=now.background_jump[back],
    )


def _joined(parts: list[CompiledNetwork], courses: list[Course], ends: bool) -> Response:
    """Return the response of all neurons."""
    records: list[dict[str, Any]] = [course.records() for course in courses]
    step = np.concatenate([record.pop("spike_step") for record in records])
    neurons = [record.pop("spike_neuron") + part.span[0] for record, part in zip(records, parts, strict=True)]
    order = np.argsort(step, kind="stable")  # in each step the neurons of one thread follow those of the one before it
    seen = {name: np.concatenate([record[name] for record in records], axis=1) for name in records[0]}
    end = None
    if ends:
        each = [part.end(course.state, course.arrivals, 0) for part, course in zip(parts, courses, strict=True)]
        of_neurons = {name: np.concatenate([getattr(one, name) for one in each]) for name in ("v", "exc", "inh", "adapted")}
        end = dataclasses.replace(each[0], **of_neurons)
    return Response(step[order], np.concatenate(neurons).astype(np.int32)[order], **seen, end=end)
