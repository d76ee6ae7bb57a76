"""The PyTorch engine: batches of stimuli of one network or of several, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
import torch

from hrsnn.engines.batch import Batch, Presentation
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.network_state import NetworkState, Variables
from hrsnn.engines.torch.arrivals import Arrivals
from hrsnn.engines.torch.dense import DenseArrivals, dense_pays
from hrsnn.engines.torch.inference import after_spikes, before_spikes
from hrsnn.engines.torch.neurons import State, cells_of, rest
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.engines.torch.population import Group, grouped, joined, room_on
from hrsnn.engines.torch.timeline import InputLinks, Timeline
from hrsnn.errors import DivergenceError, HrsnnError
from hrsnn.reservoir import Reservoir

#: Steps between two reports of progress.
_REPORT = 500
_EMPTY = np.empty(0)
_PRECISIONS = {"float64": torch.float64, "float32": torch.float32}


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
    run_population([reservoir], [batch], lambda _, index, response: deliver(index, response), progress, "float64", device)
    return Weights(reservoir.weight, reservoir.input_weight)


def run_population(
    reservoirs: Sequence[Reservoir],
    batches: Sequence[Batch],
    deliver: Callable[[int, int, Response], None],
    progress: Callable[[int], None],
    precision: str,
    device: str = "cpu",
) -> None:
    """Simulate several networks at once; see :class:`~hrsnn.engines.contract.PopulationFunction`.

    With float64, each network's numbers are those of :func:`run`. Errors are those of :func:`run`.
    """
    done = 0
    first, networks = -1, None
    on_device = None if torch.device(device).type == "cpu" else int(torch.cuda.mem_get_info(device)[0])
    with torch.inference_mode(), one_thread(device):
        for group in grouped(reservoirs, batches, room_on(on_device)):
            if group.first != first or networks is None:
                first, members = group.first, slice(group.first, group.first + len(group.rows[0]))
                networks = _Networks(reservoirs[members], batches[members], device, _PRECISIONS[precision])
            lengths = np.array([one.n_steps for one in group.lanes])
            try:
                responses = networks.present(group, partial(_tell, progress, done, lengths))
            except torch.cuda.OutOfMemoryError as error:
                what = f"{len(lengths)} stimuli of {reservoirs[0].neurons} neurons"
                raise HrsnnError(f"{what} do not fit on {device}") from error
            for lane, response in enumerate(responses):
                row, member = divmod(lane, len(group.rows[0]))
                if group.start + row < len(batches[first + member]):
                    deliver(first + member, group.start + row, response)
            done += int(lengths.sum())
            progress(done)


def _tell(progress: Callable[[int], None], done: int, lengths: np.ndarray, step: int) -> None:
    progress(done + int(np.minimum(lengths, step).sum()))


class _Networks:
    """Networks of equal size as tensors; a lane is a stimulus of one of them."""

    def __init__(self, reservoirs: Sequence[Reservoir], batches: Sequence[Batch], device: str, dtype: torch.dtype) -> None:
        self._n, self._many, self._device, self._dtype = reservoirs[0].neurons, len(reservoirs), device, dtype
        self._watched = batches[0].watched
        self._start, self._alone = batches[0].start, len(batches) == len(batches[0]) == 1 and dtype == torch.float64
        self._reservoir = joined(reservoirs)
        self._cells = cells_of(self._reservoir, dtype, device)
        self._links = [InputLinks(one, batch.input_rows) for one, batch in zip(reservoirs, batches, strict=True)]

    def present(self, group: Group, tell: Callable[[int], None]) -> list[Response]:
        """Simulate some stimuli at once; a stimulus that has ended goes on without input, unseen."""
        reservoir, device, dtype, cells, n = self._reservoir, self._device, self._dtype, self._cells, self._n
        lanes, rows, total = group.lanes, len(group.rows), reservoir.neurons
        timeline = Timeline(lanes, n, self._links, dtype, device)
        arrivals: Arrivals | DenseArrivals
        if dense_pays(reservoir, self._many, dtype):
            arrivals = DenseArrivals(reservoir, self._many, rows, dtype, device)
        else:
            arrivals = Arrivals(reservoir, rows, dtype, device, self._start)
        state = rest(reservoir, rows, dtype, device) if self._start is None else _state_of(self._start, device)
        drive = torch.zeros((rows, total), dtype=dtype, device=device)
        spikes: list[tuple[int, torch.Tensor]] = []
        # the networks of a population are watched alike
        seen = [torch.from_numpy(self._watched.room(len(one.v_step))).to(device, dtype) for one in lanes]
        chosen = torch.tensor(self._watched.neurons, device=device)
        watched = _by_step((lane, one.v_step) for lane, one in enumerate(lanes))
        ends = _by_step((lane, np.array([one.n_steps - 1])) for lane, one in enumerate(lanes))
        for step in range(timeline.steps):
            timeline.set_drive(step, drive.view(-1, n))
            state, spiked, currents = before_spikes(state, drive, step, cells)
            timeline.excite(step, currents[0])
            arrivals.deliver(step, spiked, currents)
            state = after_spikes(state._replace(exc=currents[0], inh=currents[1]), spiked, step, cells)
            spikes.append((step, spiked.view(-1).nonzero()))
            for lane, place in watched.get(step, ()):
                for variable, values in enumerate(state[: self._watched.variables]):
                    if values is not None:  # adaptation is watched only where there is some
                        seen[lane][place, variable] = values.view(-1, n)[lane, chosen]
            if step in ends:
                self._check_finite(state, [lane for lane, _ in ends[step]], group.first)
            if not (step + 1) % _REPORT:
                tell(step + 1)
        found = _spikes_of(spikes, lanes, n)
        end = self._end(state, arrivals, timeline.steps) if self._alone and isinstance(arrivals, Arrivals) else None
        records = [self._watched.parts(one.cpu().double().numpy()) for one in seen]
        return [Response(*spiked, **record, end=end) for spiked, record in zip(found, records, strict=True)]

    def _check_finite(self, state: State, lanes: list[int], first: int) -> None:
        # an infinite current makes a neuron spike in every step, and the reset makes its v finite again
        finite = state.v.isfinite() & state.exc.isfinite() & state.inh.isfinite()
        failed = [lane for lane in lanes if not bool(finite.view(-1, self._n)[lane].all())]
        if failed:
            which = "" if self._many == 1 else f"of network {first + failed[0] % self._many} "
            raise DivergenceError(f"v or a current {which}is no longer finite; the input or the weights are far too large")

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


def _spikes_of(
    spikes: list[tuple[int, torch.Tensor]], lanes: list[Presentation], n: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return steps and neurons of the spikes of each lane, without those after its end."""
    cells = torch.cat([who for _, who in spikes]).view(-1).cpu().numpy()
    step = np.repeat(np.array([step for step, _ in spikes], np.int64), [len(who) for _, who in spikes])
    order = np.argsort(cells // n, kind="stable")
    bounds = np.searchsorted(cells[order] // n, np.arange(len(lanes) + 1))
    found = []
    for lane, one in enumerate(lanes):
        mine = order[bounds[lane] : bounds[lane + 1]]
        mine = mine[step[mine] < one.n_steps]
        found.append((step[mine], (cells[mine] % n).astype(np.int32)))
    return found
