"""Input links with delays: rows of links that an input spike reaches at once, and the drive of each neuron over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrsnn.reservoir import Links


@dataclass(frozen=True)
class InputRows:
    """Rows of input links: those of one channel with one delay, sorted by (channel, delay).

    To an engine they are channels without delays: :meth:`arrivals` gives the spikes of each row at the times of their
    arrival.
    """

    channel: np.ndarray  #: (R,) channel of each row
    delay: np.ndarray  #: (R,) delay of each row, in steps or ms
    of_link: np.ndarray  #: (S,) row of each link, in the order of the reservoir

    @classmethod
    def of(cls, links: Links, delay: np.ndarray) -> InputRows:
        """Return the rows of links, with their delays in the unit of the engine."""
        order = np.lexsort((delay, links.pre))
        channel, sorted_delay = links.pre[order], delay[order]
        begins = np.ones(len(order), dtype=bool)
        begins[1:] = (np.diff(channel) != 0) | (np.diff(sorted_delay) != 0)
        of_link = np.empty(len(order), np.int64)
        of_link[order] = np.cumsum(begins) - 1
        return cls(channel[begins], sorted_delay[begins], of_link)

    def __len__(self) -> int:
        return len(self.channel)

    def arrivals(
        self, when: np.ndarray, channel: np.ndarray, count: np.ndarray, end: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return time, row and count of the arrivals before `end` of input spikes, sorted by (time, row)."""
        first, stop = (np.searchsorted(self.channel, channel, side=side) for side in ("left", "right"))
        rows = stop - first
        row = np.repeat(first - np.append(0, np.cumsum(rows)[:-1]), rows) + np.arange(rows.sum())
        time, many = np.repeat(when, rows) + self.delay[row], np.repeat(count, rows)
        before = time < end
        order = np.lexsort((row[before], time[before]))
        return time[before][order], row[before][order].astype(np.int32), many[before][order]


def delayed_drive(
    when: np.ndarray, values: np.ndarray, stop: float, links: Links, delay: np.ndarray, gain: np.ndarray, end: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the changes of the drive of single neurons by analog input through delayed links.

    ``drive_i(t) = sum over links of gain u(t - delay)``, u being 0 before the first value and from `stop` on.

    Parameters
    ----------
    when : array (K,)
        Times at which values begin, ascending, in steps or ms.
    values : array (K, channels)
    stop : float
        End of the last value.
    links : Links
        Input links.
    delay : array (S,)
        Their delays, in the unit of `when`.
    gain : array (S,)
        Their gains (mV).
    end : float
        Changes from then on are left out.

    Returns
    -------
    time, neuron, drive (mV)
        A row for each change, sorted by (time, neuron).
    """
    held = np.vstack([values, np.zeros((1, values.shape[1]))])
    own = gain[:, None] * held.T[links.pre]  # (links, K + 1)
    time = np.append(when, stop)[None, :] + delay[:, None]
    neuron = np.broadcast_to(links.post[:, None], time.shape)
    alone = np.bincount(links.post, minlength=int(links.post.max(initial=-1)) + 1)[links.post] == 1
    # the drive of a neuron with one link is that of the link; with several, the sum of their changes so far
    change = np.where(alone[:, None], own, np.diff(own, axis=1, prepend=0.0)).ravel()
    order = np.lexsort((time.ravel(), neuron.ravel()))
    time, neuron, change = time.ravel()[order], neuron.ravel()[order], change[order]
    several = ~np.broadcast_to(alone[:, None], own.shape).ravel()[order]
    total = np.cumsum(np.where(several, change, 0.0))
    begins = np.flatnonzero(np.append(True, np.diff(neuron) != 0)[: len(neuron)])
    before = np.repeat(total[begins] - np.where(several, change, 0.0)[begins], np.diff(np.append(begins, len(neuron))))
    drive = np.where(several, total - before, change)
    # of the changes at one time, the last has them all
    last = np.append((np.diff(time) != 0) | (np.diff(neuron) != 0), True)[: len(time)]
    time, neuron, drive = time[last], neuron[last], drive[last]
    same = np.append(False, (np.diff(neuron) == 0) & (np.diff(drive) == 0))[: len(time)]
    kept = ~same & (time < end)
    time, neuron, drive = time[kept], neuron[kept], drive[kept]
    order = np.lexsort((neuron, time))
    return time[order], neuron[order].astype(np.int32), drive[order]
