"""The PyTorch engine: batches of stimuli, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import torch

from hrsnn.engines.batch import Batch, Presentation
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.network_state import NetworkState, Variables
from hrsnn.engines.torch.arrivals import Arrivals
from hrsnn.engines.torch.neurons import State, advance, cells_of, reset, rest
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.engines.torch.timeline import InputLinks, Timeline
from hrsnn.errors import DivergenceError, HrsnnError
from hrsnn.reservoir import Reservoir

_DTYPE = torch.float64
#: Bytes of the stimuli that are simulated at once, and their maximum number.
_BYTES, _STIMULI = 256 * 2**20, 256
#: Steps between two reports of progress.
_REPORT = 500
_EMPTY = np.empty(0)


def run(
    reservoir: Reservoir,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
    device: str = "cpu",
) -> Weights:
    """Simulate a batch with PyTorch in float64; see :class:`~hrsnn.engines.contract.EngineFunction`.

    Up to 256 stimuli are simulated at once, as many as 256 MiB hold; the numbers of each do not depend on the others. On a
    processor spikes and v are those of the compiled engine to the last bit, since operations and sums have the same order,
    but for short-term plasticity, whose exponential function is another implementation.

    Raises
    ------
    DivergenceError
        When v or a current is no longer finite.
    HrsnnError
        When the device has not enough memory.
    """
    done = index = 0
    with torch.inference_mode(), one_thread(device):
        network = _Network(reservoir, batch, device)
        for group in _groups(reservoir, batch):
            lengths = np.array([one.n_steps for one in group])
            try:
                responses = network.present(group, partial(_tell, progress, done, lengths))
            except torch.cuda.OutOfMemoryError as error:
                raise HrsnnError(f"{len(group)} stimuli of {reservoir.neurons} neurons do not fit on {device}") from error
            for response in responses:
                deliver(index, response)
                index += 1
            done += int(lengths.sum())
            progress(done)
    return Weights(reservoir.weight, reservoir.input_weight)


def _tell(progress: Callable[[int], None], done: int, lengths: np.ndarray, step: int) -> None:
    progress(done + int(np.minimum(lengths, step).sum()))


def _groups(reservoir: Reservoir, batch: Batch) -> Iterator[list[Presentation]]:
    """Yield the stimuli of the batch in order, as many at once as there is room for."""
    slots = float(reservoir.delay.max(initial=0.0)) / reservoir.dt + 1
    links = reservoir.synapses if reservoir.short_term is not None else 0
    group: list[Presentation] = []
    filled = 0.0
    for index in range(len(batch)):
        one = batch.presentation(index)
        size = reservoir.neurons * (100 + slots + 8 * len(one.v_step)) + 24 * links
        size += 8 * (one.drive.size + 3 * one.own_drive.size + 3 * one.background_jump.size + 3 * one.spike_count.size)
        if group and (filled + size > _BYTES or len(group) == _STIMULI):
            yield group
            group, filled = [], 0.0
        group.append(one)
        filled += size
    yield group


class _Network:
    """A reservoir as tensors."""

    def __init__(self, reservoir: Reservoir, batch: Batch, device: str) -> None:
        self._reservoir, self._device = reservoir, device
        self._start, self._alone = batch.start, len(batch) == 1
        self._cells = cells_of(reservoir, _DTYPE, device)
        self._links = InputLinks(reservoir, batch.input_rows)

    def present(self, group: list[Presentation], tell: Callable[[int], None]) -> list[Response]:
        """Simulate some stimuli at once; a stimulus that has ended goes on without input, unseen."""
        reservoir, device, cells = self._reservoir, self._device, self._cells
        n, many = reservoir.neurons, len(group)
        timeline = Timeline(group, reservoir, self._links, _DTYPE, device)
        arrivals = Arrivals(reservoir, many, _DTYPE, device, self._start)
        state = rest(reservoir, many, _DTYPE, device) if self._start is None else _state_of(self._start, device)
        drive = torch.zeros((many, n), dtype=_DTYPE, device=device)
        currents = torch.empty((2, many, n), dtype=_DTYPE, device=device)
        spikes: list[tuple[int, torch.Tensor]] = []
        v = [torch.empty((len(one.v_step), n), dtype=_DTYPE, device=device) for one in group]
        watched = _by_step((index, one.v_step) for index, one in enumerate(group))
        ends = _by_step((index, np.array([one.n_steps - 1])) for index, one in enumerate(group))
        for step in range(timeline.steps):
            timeline.set_drive(step, drive)
            state, excess, awake = advance(state, drive, step, cells)
            spiked = (excess > 0) & awake
            currents[0], currents[1] = state.exc, state.inh
            timeline.excite(step, currents[0])
            arrivals.deliver(step, spiked, currents)
            state = state._replace(exc=currents[0].clone(), inh=currents[1].clone())
            state = reset(state, spiked.to(_DTYPE), spiked, step, cells)
            spikes.append((step, spiked.nonzero()))
            for index, place in watched.get(step, ()):
                v[index][place] = state.v[index]
            for index, _ in ends.get(step, ()):
                _check_finite(state, index)
            if not (step + 1) % _REPORT:
                tell(step + 1)
        found = _spikes_of(spikes, group)
        end = self._end(state, arrivals, timeline.steps) if self._alone else None
        return [Response(*one, seen.cpu().numpy(), end) for one, seen in zip(found, v, strict=True)]

    def _end(self, state: State, arrivals: Arrivals, steps: int) -> Variables:
        used, resources, arrived = arrivals.short_term_after(steps)
        v, exc, inh = (one[0].cpu().numpy() for one in (state.v, state.exc, state.inh))
        adapted = _EMPTY if state.adapted is None else state.adapted[0].cpu().numpy()
        names = ("trace_plus", "trace_minus", "input_trace_plus", "input_trace_minus", "weight", "input_weight")
        unused = dict.fromkeys(names, _EMPTY)
        return Variables(v=v, exc=exc, inh=inh, adapted=adapted, used=used, resources=resources, arrived=arrived, **unused)


def _state_of(start: NetworkState, device: str) -> State:
    """Return the state of one stimulus that continues from an earlier run."""
    at = start.variables
    v, exc, inh = (torch.tensor(one[None], device=device) for one in (at.v, at.exc, at.inh))
    adapted = torch.tensor(at.adapted[None], device=device) if len(at.adapted) else None
    return State(v, exc, inh, adapted, torch.tensor(start.refractory_steps[None], device=device))


def _by_step(steps: Iterable[tuple[int, np.ndarray]]) -> dict[int, list[tuple[int, int]]]:
    """Return, for each step, the stimuli for which it is listed, and its places in their lists."""
    found: dict[int, list[tuple[int, int]]] = {}
    for index, when in steps:
        for place, step in enumerate(when.tolist()):
            found.setdefault(step, []).append((index, place))
    return found


def _check_finite(state: State, index: int) -> None:
    # an infinite current makes a neuron spike in every step, and the reset makes its v finite again
    if not all(bool(one[index].isfinite().all()) for one in (state.v, state.exc, state.inh)):
        raise DivergenceError("v or a current is no longer finite; the input or the weights are far too large")


def _spikes_of(spikes: list[tuple[int, torch.Tensor]], group: list[Presentation]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return steps and neurons of the spikes of each stimulus, without those after its end."""
    pairs = torch.cat([who for _, who in spikes]).cpu().numpy()
    step = np.repeat(np.array([step for step, _ in spikes], np.int64), [len(who) for _, who in spikes])
    order = np.argsort(pairs[:, 0], kind="stable")
    bounds = np.searchsorted(pairs[order, 0], np.arange(len(group) + 1))
    found = []
    for index, one in enumerate(group):
        mine = order[bounds[index] : bounds[index + 1]]
        mine = mine[step[mine] < one.n_steps]
        found.append((step[mine], pairs[mine, 1].astype(np.int32)))
    return found
