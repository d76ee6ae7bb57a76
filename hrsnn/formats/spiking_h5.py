"""Spiking recordings in HDF5, as those of the Spiking Heidelberg Digits (SHD) and Spiking Speech Commands (SSC).

============= ============================= ===================================================================
dataset       type                          meaning, one row for each recording
============= ============================= ===================================================================
spikes/times  variable length of float16,   times of the spikes, in seconds from the recording's onset
              float32 or float64
spikes/units  variable length of whole      channel of each spike, 0 to 699, at the same index
              numbers (uint16)
labels        whole number (uint16)         class: 0 to 19 in SHD, 0 to 34 in SSC
extra/keys    text                          names of the classes; not read
extra/speaker whole number                  speaker, SHD; not read
============= ============================= ===================================================================

Rows of variable length are stored as the tables of :mod:`hrsnn.formats.hdf5_heap` say.

Sources: Cramer, Stradmann, Schemmel & Zenke (2020), The Heidelberg Spiking Data Sets for the Systematic Evaluation of
Spiking Neural Networks, IEEE Trans. Neural Netw. Learn. Syst. 33(7); https://zenkelab.org/resources/spiking-heidelberg-datasets-shd.
HDF5 File Format Specification Version 3.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary
from hrsnn.files.writing import PathLike
from hrsnn.formats.hdf5 import dataset, open_hdf5, stored_rows
from hrsnn.formats.hdf5_heap import Rows, row_values
from hrsnn.validation.units import takes

TIMES, UNITS, LABELS = "spikes/times", "spikes/units", "labels"
#: Number of channels of the artificial cochlea.
CHANNELS = 700


@takes()
def recording_labels(path: PathLike) -> np.ndarray:
    """Read the labels of the recordings, and check that there are as many rows of times and units.

    Parameters
    ----------
    path : path

    Returns
    -------
    ndarray of int64, (recordings,)

    Raises
    ------
    FileError
        When the file is missing, no HDF5 file, damaged or of another layout, or declares more than it can hold.

    Examples
    --------
    >>> import h5py, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "shd_train.h5"
    >>> with h5py.File(path, "w") as file:
    ...     file["labels"] = np.array([3, 11], np.uint16)
    ...     times = file.create_dataset("spikes/times", 2, h5py.vlen_dtype(np.float16))
    ...     units = file.create_dataset("spikes/units", 2, h5py.vlen_dtype(np.uint16))
    ...     times[0], units[0] = [0.25, 0.5], [7, 699]
    >>> recording_labels(path)
    array([ 3, 11])
    """
    with open_hdf5(path) as opened:
        data = dataset(path, opened, LABELS)
        if data.dtype.kind not in "iu":
            raise FileError(path, f"{LABELS!r} has the type {data.dtype}, wanted whole numbers")
        stored = stored_rows(path, LABELS, data, data.dtype.itemsize)
        labels: np.ndarray = stored.view(data.dtype)[:, 0].astype(np.int64)
        for name, kinds in ((TIMES, "f"), (UNITS, "iu")):
            _rows(path, opened, name, kinds, len(labels))
    if not len(labels):
        raise FileError(path, "holds no recordings")
    return labels


@takes()
def read_recordings(
    path: PathLike, rows: Sequence[int], channels: int = CHANNELS
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read recordings one at a time; the file is open until the last one is read.

    Parameters
    ----------
    path : path
    rows : sequence of int
        Recordings, from 0.
    channels : int
        Number of channels of the sensor.

    Yields
    ------
    times : ndarray of float64, (spikes,)
        In ms, ascending.
    units : ndarray of int32, (spikes,)
        Channel of each spike.

    Raises
    ------
    FileError
        When the file is missing, damaged or of another layout, or a recording has times that are negative or not finite,
        units that are not from 0 to ``channels - 1``, or more of one than of the other.

    Notes
    -----
    Spikes that are not in order of time are sorted: the layout promises no order. Half-precision times have a resolution
    of 0.5 ms after 0.5 s and 1 ms after 1 s.

    References
    ----------
    See the tables in the module's docstring and their sources.

    Examples
    --------
    >>> import h5py, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "shd_train.h5"
    >>> with h5py.File(path, "w") as file:
    ...     file["labels"] = np.array([3], np.uint16)
    ...     times = file.create_dataset("spikes/times", 1, h5py.vlen_dtype(np.float16))
    ...     units = file.create_dataset("spikes/units", 1, h5py.vlen_dtype(np.uint16))
    ...     times[0], units[0] = [0.25, 0.5], [7, 699]
    >>> next(read_recordings(path, [0]))
    (array([250., 500.]), array([  7, 699], dtype=int32))
    """
    with open_hdf5(path) as opened:
        number = dataset(path, opened, LABELS).shape[0]
        times, units = _rows(path, opened, TIMES, "f", number), _rows(path, opened, UNITS, "iu", number)
    with open_binary(path) as file:
        for row in map(int, rows):
            if times.count[row] != units.count[row]:
                raise FileError(path, f"recording {row} has {times.count[row]} times and {units.count[row]} units")
            when, which = (row_values(path, file, one, row) for one in (times, units))
            yield _checked(path, row, when, which, channels)


def _rows(path: PathLike, opened: Any, name: str, kinds: str, number: int) -> Rows:
    """Return where the rows of a dataset of variable length are."""
    import h5py

    data = dataset(path, opened, name)
    inner = h5py.check_vlen_dtype(data.dtype)
    if inner is None or not isinstance(inner, np.dtype) or inner.kind not in kinds:
        wanted = "floats" if kinds == "f" else "whole numbers"
        raise FileError(path, f"{name!r} has the type {inner or data.dtype}, wanted rows of variable length of {wanted}")
    if data.shape[0] != number:
        raise FileError(path, f"{name!r} has {data.shape[0]} rows, and there are {number} labels")
    address, sizes = opened.id.get_create_plist().get_sizes()
    return Rows.from_stored(stored_rows(path, name, data, 4 + address + 4), inner, sizes)


def _checked(path: PathLike, row: int, times: np.ndarray, units: np.ndarray, channels: int) -> tuple[np.ndarray, np.ndarray]:
    milliseconds = times.astype(np.float64) * 1e3
    bad = np.flatnonzero(~(np.isfinite(milliseconds) & (milliseconds >= 0)))
    if len(bad):
        raise FileError(path, f"recording {row} has a spike at {times[bad[0]]} s, wanted finite times from 0")
    bad = np.flatnonzero((units.astype(np.int64) < 0) | (units >= channels))
    if len(bad):
        raise FileError(path, f"recording {row} has a spike of unit {units[bad[0]]}, wanted 0 to {channels - 1}")
    if np.any(np.diff(milliseconds) < 0):
        order = np.argsort(milliseconds, kind="stable")
        milliseconds, units = milliseconds[order], units[order]
    return milliseconds, units.astype(np.int32)
