"""The compiled engine: the grid model in Numba, with the same spikes as the Brian2 engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from threading import Lock

import numpy as np

from hrsnn.engines.batch import Batch
from hrsnn.engines.compiled.learning import learn
from hrsnn.engines.compiled.network import CompiledNetwork, from_step
from hrsnn.engines.compiled.partition import answer_together, divides
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.threads import in_order, threads
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir

#: Maximum number of stimuli that one kernel call simulates one after the other.
_STIMULI = 64
#: Number of parts of a batch for each thread, so that all threads end at about the same time.
_PARTS = 4


def run(
    reservoir: Reservoir,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
) -> Weights:
    """Simulate a batch with Numba; see :class:`~hrsnn.engines.contract.EngineFunction`.

    In a frozen run the stimuli are independent tasks of a pool of threads (the kernels release the GIL); a large network
    with fewer stimuli than threads is simulated by all threads together (:mod:`hrsnn.engines.compiled.partition`). The
    result does not depend on the number of threads. In a plastic run the stimuli are simulated one after another.

    Notes
    -----
    A frozen synapse takes 12 bytes (weight, target), a plastic one 68. Traces are decayed from the last pre spike on
    rather than at each access as in Brian2, and with a different implementation of the exponential: weights agree to
    about 1e-14 mV, not to the last bit.
    """
    if plastic:
        return learn(CompiledNetwork(reservoir), batch, deliver, progress)
    if len(batch) < threads() and divides(reservoir):
        answer_together(reservoir, batch, deliver, progress, threads())
    else:
        _answer(CompiledNetwork(reservoir), batch, deliver, progress)
    return Weights(reservoir.weight, reservoir.input_weight)


def run_population(
    reservoirs: Sequence[Reservoir],
    batches: Sequence[Batch],
    deliver: Callable[[int, int, Response], None],
    progress: Callable[[int], None],
    precision: str,
) -> None:
    """Simulate several networks on the threads of one batch; see :class:`~hrsnn.engines.contract.PopulationFunction`.

    Raises
    ------
    InputError
        When the precision is not float64.
    """
    if precision != "float64":
        raise InputError("precision", precision, "must be float64: the kernels have doubles only; engine='torch' has both")
    stop: list[bool] = []
    workers = threads()
    made, lock = dict[int, CompiledNetwork](), Lock()
    jobs: list[tuple[int, range]] = []
    for which, (reservoir, batch) in enumerate(zip(reservoirs, batches, strict=True)):
        jobs += [(which, part) for part in _parts_of(reservoir, batch, workers)]

    def task(job: int) -> list[Response]:
        which, part = jobs[job]
        with lock:
            if which not in made:
                made[which] = CompiledNetwork(reservoirs[which])
            network = made[which]
        return network.frozen(batches[which], part, _nobody, stop)

    done = 0
    with closing(in_order(task, len(jobs), min(workers, len(jobs)), stop)) as answers:
        for (which, part), responses in zip(jobs, answers, strict=True):
            for index, response in zip(part, responses, strict=True):
                deliver(which, index, response)
            if part.stop == len(batches[which]):
                del made[which]
            done += int(batches[which].steps[part.start : part.stop].sum())
            progress(done)


def _parts_of(reservoir: Reservoir, batch: Batch, workers: int) -> list[range]:
    """Return the stimuli of a batch in parts, each of which is one task."""
    # stochastic rounding has random numbers by the step of the stimulus
    return batch.parts(1 if reservoir.state_bits else min(_STIMULI, -(-len(batch) // (_PARTS * workers))))


def _answer(
    network: CompiledNetwork,
    batch: Batch,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
) -> None:
    """Simulate the stimuli of a frozen run, independently of each other."""
    stop: list[bool] = []
    before = np.concatenate([[0], np.cumsum(batch.steps)])
    workers = min(threads(), len(batch))
    parts = _parts_of(network.reservoir, batch, workers)

    def task(index: int) -> list[Response]:
        told = progress if workers == 1 else _nobody  # with threads, only complete parts are reported
        here = int(before[parts[index].start])
        return network.frozen(batch, parts[index], from_step(here, told), stop, ends=len(batch) == 1)

    with closing(in_order(task, len(parts), workers, stop)) as answers:
        for part, responses in zip(parts, answers, strict=True):
            for index, response in zip(part, responses, strict=True):
                deliver(index, response)
            progress(int(before[part.stop]))


def _nobody(step: int) -> None:
    pass
