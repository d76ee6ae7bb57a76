"""Reader of recordings of an event camera in the arrays of one ``.npz`` file.

============= ========================= ==================================================================
array         type and shape            meaning
============= ========================= ==================================================================
x, y          whole numbers, (events,)  column and row of the pixel, from 0
p             0 or 1, (events,)         polarity: 1 ON (brighter), 0 OFF (darker)
t             whole numbers, (events,)  time in us from the recording's onset, in order within a recording
offset        whole numbers,            index of the first event of each recording, and the number of events
              (recordings + 1,)
label         numbers or strings,       label of each recording
              (recordings,)
split         0 or 1, (recordings,)     optional: 0 training part, 1 test part
height, width whole numbers             optional: the sensor; by default the largest y and x plus 1
============= ========================= ==================================================================

Other arrays are not used. The layout is that of this package; ``numpy.savez_compressed`` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hrsnn.errors import FileError, InputError
from hrsnn.files.npz import load_arrays
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.formats.events import Events
from hrsnn.stimuli.spike_files import checked_labels
from hrsnn.validation.numbers import MOST, MOST_CHANNELS, count_of, whole_vector

_COLUMNS = ("x", "y", "p", "t")


@dataclass(frozen=True, eq=False)
class EventArrays:
    """Recordings of an event camera, one after the other, with labels.

    Attributes
    ----------
    events : Events
        Events of all recordings, in the types of the file; times in us.
    offset : ndarray of int64, (recordings + 1,)
        Index of the first event of each recording, and the number of events.
    label : ndarray, (recordings,)
        Numbers or strings.
    split : ndarray of int64, (recordings,), or None
        0 for the training part, 1 for the test part.
    shape : (int, int)
        Height and width of the sensor in pixels.
    """

    events: Events
    offset: np.ndarray
    label: np.ndarray
    split: np.ndarray | None
    shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.label)

    def recording(self, index: int) -> Events:
        """Return the events of one recording, as views.

        Examples
        --------
        >>> columns = Events(*np.array([[1, 2, 3], [0, 0, 0], [1, 1, 0], [5, 9, 2]]))
        >>> EventArrays(columns, np.array([0, 2, 3]), np.array([7, 8]), None, (1, 4)).recording(0).t
        array([5, 9])
        """
        part = slice(self.offset[index], self.offset[index + 1])
        return Events(*(column[part] for column in self.events))


def read_event_arrays(path: PathLike, labelled: bool = True) -> EventArrays:
    """Read recordings of an event camera.

    Parameters
    ----------
    path : path
        The ``.npz`` file.
    labelled : bool
        Whether it must have labels; without, those of a file that has none are empty strings.

    Returns
    -------
    EventArrays

    Raises
    ------
    FileError
        When the file is missing, damaged, would unpack to more than the limit, lacks an array, or has one of another type or
        length, events outside the sensor, out of order or before 0, or a recording without events.

    Notes
    -----
    The whole file is read, in the types of its arrays: 7 bytes an event with x, y and p as uint8 and t as int32.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.npz"
    >>> events = {"x": [0, 3, 1], "y": [1, 1, 0], "p": [0, 1, 1], "t": [10, 900, 20]}
    >>> np.savez_compressed(path, **events, offset=[0, 2, 3], label=["left", "right"])
    >>> arrays = read_event_arrays(path)
    >>> arrays.shape, arrays.recording(1)
    ((2, 4), Events(x=array([1]), y=array([0]), p=array([1]), t=array([20])))
    """
    arrays = load_arrays(path)
    with refuse_damaged(path, "file of events"):
        wanted = (*_COLUMNS, "offset", "label") if labelled else (*_COLUMNS, "offset")
        for name in wanted:
            if name not in arrays:
                raise FileError(path, f"has no array {name!r}: must have {', '.join(wanted)}")
        events = Events(*(_column(name, arrays[name], len(arrays["t"])) for name in _COLUMNS))
        offset = whole_vector("offset", arrays["offset"], np.int64)
        if len(offset) < 2 or offset[0] != 0 or offset[-1] != len(events.t) or (np.diff(offset) < 0).any():
            raise InputError("offset", offset, f"must rise from 0 to the number of events, {len(events.t)}")
        if (np.diff(offset) == 0).any():
            raise FileError(path, f"recording {int(np.argmin(np.diff(offset)))} has no events")
        label = np.full(len(offset) - 1, "")
        if labelled or "label" in arrays:
            label = checked_labels(arrays["label"], len(offset) - 1)
        shape = (_side(arrays, "height", events.y), _side(arrays, "width", events.x))
        for name, column, most in (("x", events.x, shape[1] - 1), ("y", events.y, shape[0] - 1), ("p", events.p, 1)):
            _check_range(name, column, most)
        _check_range("t", events.t, MOST)
        falls = events.t[1:] < events.t[:-1]
        falls[offset[1:-1] - 1] = False
        if falls.any():
            bad = int(np.argmax(falls)) + 1
            raise InputError(f"t[{bad}]", events.t[bad], f"must not go back: the event before is at {events.t[bad - 1]} us")
        split = None
        if "split" in arrays:
            split = whole_vector("split", arrays["split"], np.int64)
            if len(split) != len(label):
                raise InputError("split", split, f"must be as long as label: {len(split)} against {len(label)}")
            _check_range("split", split, 1)
    return EventArrays(events, offset, label, split, shape)


def _column(name: str, values: np.ndarray, events: int) -> np.ndarray:
    """Return a column as it is, without a copy."""
    if values.ndim != 1 or values.dtype.kind not in "biu":
        raise InputError(name, f"{values.dtype} {values.shape}", "must be whole numbers of one dimension")
    if len(values) != events:
        raise InputError(name, values, f"must be as long as t: {len(values)} against {events}")
    if not events:
        raise InputError(name, values, "must have at least one event")
    return values


def _check_range(name: str, values: np.ndarray, most: int) -> None:
    if values.min() < 0 or values.max() > most:
        bad = int(np.argmax((values < 0) | (values > most)))
        raise InputError(f"{name}[{bad}]", values[bad], f"must be 0 to {most}")


def _side(arrays: Mapping[str, np.ndarray], name: str, column: np.ndarray) -> int:
    if name not in arrays:
        return int(column.max()) + 1
    if arrays[name].shape != ():
        raise InputError(name, arrays[name], "must be one number")
    return count_of(name, arrays[name][()], most=MOST_CHANNELS)
