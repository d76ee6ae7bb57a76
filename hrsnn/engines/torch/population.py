"""Networks of equal size as one network without links between them, and which of their stimuli are simulated at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hrsnn.engines.batch import Batch, Presentation
from hrsnn.engines.watched import Watched
from hrsnn.reservoir import Links, Reservoir, ShortTerm
from hrsnn.validation.arrays import rules_of

#: Bytes of the stimuli that are simulated at once on the processor, and the most stimuli, over all networks.
_BYTES, _LANES = 256 * 2**20, 256
_NONE, _NOBODY, _NOTHING = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0)


@dataclass(frozen=True)
class Group:
    """Stimuli that are simulated at once: a row for each number of a stimulus, with one of each of some networks."""

    first: int  #: index of the first of these networks, which follow one another
    start: int  #: index of the stimuli of the first row
    rows: list[list[Presentation]]  #: without steps where a network has fewer stimuli than others

    @property
    def lanes(self) -> list[Presentation]:
        """All stimuli, row by row."""
        return [one for row in self.rows for one in row]


def grouped(reservoirs: Sequence[Reservoir], batches: Sequence[Batch], room: tuple[float, int]) -> Iterator[Group]:
    """Yield the stimuli of all networks, as many networks at once as there is room for, then as many stimuli.

    Parameters
    ----------
    reservoirs : sequence of Reservoir
        Of equal size and dt.
    batches : sequence of Batch
        The stimuli of each.
    room : (bytes, lanes)
        Limits of a group; one stimulus is always taken.
    """
    first = 0
    while first < len(reservoirs):
        row: list[Presentation] = []
        filled = 0.0
        for reservoir, batch in zip(reservoirs[first:], batches[first:], strict=True):
            one = batch.presentation(0)
            size = _size(reservoir, one, batch.watched)
            # a factor of a link is there for all links or for none
            alike = (reservoir.short_term is None) == (reservoirs[first].short_term is None)
            if row and (filled + size > room[0] or len(row) == room[1] or not alike):
                break
            row.append(one)
            filled += size
        members = range(first, first + len(row))
        start, rows = 0, [row]
        for index in range(1, max(len(batches[k]) for k in members)):
            row = [batches[k].presentation(index) if index < len(batches[k]) else _idle(reservoirs[k]) for k in members]
            size = sum(_size(reservoirs[k], one, batches[k].watched) for k, one in zip(members, row, strict=True))
            if filled + size > room[0] or (len(rows) + 1) * len(row) > room[1]:
                yield Group(first, start, rows)
                start, rows, filled = index, [], 0.0
            rows.append(row)
            filled += size
        yield Group(first, start, rows)
        first += len(members)


def room_on(free: int | None) -> tuple[float, int]:
    """Return the limits of a group; with the `free` bytes of an accelerator, it takes up to a quarter of them."""
    return (_BYTES, _LANES) if free is None else (free / 4, 2**14)


def joined(reservoirs: Sequence[Reservoir]) -> Reservoir:
    """Return networks as one without links between them: neuron i of network r is its neuron r N + i.

    It has no input links: what acts from outside is put on the neurons of each network by its own.
    """
    first = reservoirs[0]
    if len(reservoirs) == 1:
        return first
    arrays = {name: np.concatenate([getattr(one, name) for one in reservoirs]) for name in rules_of(Reservoir)}
    links = {name: np.concatenate([getattr(one.recurrent, name) for one in reservoirs]) for name in rules_of(Links)}
    offset = np.repeat(np.arange(len(reservoirs)) * first.neurons, [one.synapses for one in reservoirs])
    for name in ("pre", "post"):
        links[name] = links[name] + offset
    short_term = None
    if first.short_term is not None:
        names = [field.name for field in dataclasses.fields(ShortTerm)]
        short_term = ShortTerm(**{name: np.concatenate([getattr(r.short_term, name) for r in reservoirs]) for name in names})
    none = first.input.take(np.empty(0, np.int64))
    arrays["input_gain"] = np.empty(0)
    return Reservoir(**arrays, recurrent=Links(**links), input=none, channels=1, dt=first.dt, short_term=short_term)


def _idle(reservoir: Reservoir) -> Presentation:
    drive = np.empty((0, reservoir.neurons))
    background = own = (_NONE, _NOBODY, _NOTHING)
    return Presentation(0, _NONE, _NOBODY, _NOTHING, _NONE, drive, *background, _NONE, *own)


def _size(reservoir: Reservoir, one: Presentation, watched: Watched) -> float:
    """Return the bytes that a stimulus takes while it is simulated."""
    slots = float(reservoir.delay.max(initial=0.0)) / reservoir.dt + 1
    links = reservoir.synapses if reservoir.short_term is not None else 0
    # input spikes become events of each neuron that they reach, sorted from copies
    reached = one.spike_count.size * len(reservoir.input) / reservoir.channels
    events = 8 * (one.drive.size + 3 * one.own_drive.size) + 48 * (one.background_jump.size + reached)
    seen = 8 * len(one.v_step) * watched.variables * len(watched.neurons)
    return reservoir.neurons * (100 + slots) + seen + 24 * links + events
