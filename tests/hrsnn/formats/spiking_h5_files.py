"""Writers of spiking recordings in the layout of SHD and SSC, by h5py."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from hrsnn.runtime.seeds import generator


def write_spiking_h5(
    path: Path,
    recordings: Sequence[tuple[Any, Any]],
    labels: Sequence[int],
    speakers: Sequence[int] | None = None,
    keys: Sequence[str] = (),
    times_type: type = np.float16,
    **storage: Any,
) -> Path:
    """Write pairs of times (s) and units; `storage` are options of h5py, such as the compression."""
    with h5py.File(path, "w") as file:
        file["labels"] = np.asarray(labels, np.uint16)
        times = file.create_dataset("spikes/times", len(recordings), h5py.vlen_dtype(times_type), **storage)
        units = file.create_dataset("spikes/units", len(recordings), h5py.vlen_dtype(np.uint16), **storage)
        for row, (when, which) in enumerate(recordings):
            times[row], units[row] = np.asarray(when, times_type), np.asarray(which, np.uint16)
        if speakers is not None:
            file["extra/speaker"] = np.asarray(speakers, np.uint16)
        if keys:
            file["extra/keys"] = np.array([key.encode() for key in keys])
    return path


def random_recordings(labels: Sequence[int], name: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return a few spikes for each label, near a unit of its own."""
    random, found = generator(0, "recordings", name), []
    for label in labels:
        count = random.integers(4, 12)
        units = (20 * label + random.integers(0, 20, count)) % 700
        found.append((np.sort(random.uniform(0.0, 0.2, count)), units))
    return found


def write_recordings_folder(folder: Path, prefix: str, classes: int, **numbers: int) -> Path:
    """Write ``PREFIX_PART.h5`` for each part, with so many random recordings of each class."""
    for part, number in numbers.items():
        labels = np.tile(np.arange(classes), number).tolist()
        write_spiking_h5(folder / f"{prefix}_{part}.h5", random_recordings(labels, part), labels)
    return folder


def write_lauscher(data_folder: Path, folder: Path) -> Path:
    """Write the six packed spike trains in the layout of SHD, as both parts."""
    with np.load(data_folder / "lauscher" / "lauscher_spikes.npz", allow_pickle=False) as packed:
        times, units, offset = packed["times"], packed["units"], packed["offset"]
    pairs = [(times[a:b], units[a:b]) for a, b in itertools.pairwise(offset)]
    for part in ("train", "test"):
        # some have no digit: the labels are places, so that each is a class
        write_spiking_h5(folder / f"shd_{part}.h5", pairs, range(len(pairs)), speakers=[0] * len(pairs))
    return folder
