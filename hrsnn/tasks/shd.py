"""Task shd: the Spiking Heidelberg Digits, spoken digits in English and German as spikes of a model of the inner ear."""

from __future__ import annotations

from functools import partial

from hrsnn.files.writing import PathLike
from hrsnn.formats.spiking_h5 import CHANNELS
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.sources import Source
from hrsnn.tasks.spiking_recordings import holds_recordings, recordings_task
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.units import takes


@takes(duration="ms")
def shd(path: PathLike, channels: int = CHANNELS, duration: float | None = None, seed: int = 0) -> ClassificationTask:
    """Return the task of naming spoken digits, 0 to 9 in English (labels 0 to 9) and German (10 to 19), from spikes.

    Parameters
    ----------
    path : path
        Folder with ``shd_train.h5`` and ``shd_test.h5``, unpacked, or one of them. Training and test are these files, the
        official split; two of the speakers are in the test file only.
    channels : int
        Number of channels, which must divide 700: so many neighbours are merged, with all their spikes.
    duration : float, optional
        Time in ms after which recordings are cut, and for which all of them last. By default each lasts until the first
        multiple of 10 ms after its last spike.
    seed : int
        Seed of the order of the training samples.

    Returns
    -------
    ClassificationTask
        Samples stay in their files until they are encoded.

    Raises
    ------
    InputError
        When `channels` does not divide 700, or `duration` is not positive.
    FileError
        When a file is missing, damaged or of another layout, a label is not from 0 to 19, or a class is in one file only.

    Notes
    -----
    Source of the data: https://zenkelab.org/datasets (CC BY 4.0); 8156 recordings to train on and 2264 to test on.

    References
    ----------
    Cramer, Stradmann, Schemmel & Zenke (2020), The Heidelberg Spiking Data Sets for the Systematic Evaluation of Spiking
    Neural Networks, IEEE Trans. Neural Netw. Learn. Syst. 33(7).

    Examples
    --------
    >>> import h5py, numpy as np, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("shd_train.h5", "shd_test.h5"):
    ...     with h5py.File(folder / name, "w") as file:
    ...         file["labels"] = np.array([0, 19], np.uint16)
    ...         times = file.create_dataset("spikes/times", 2, h5py.vlen_dtype(np.float16))
    ...         units = file.create_dataset("spikes/units", 2, h5py.vlen_dtype(np.uint16))
    ...         times[0], units[0] = [0.25, 0.5], [7, 699]
    ...         times[1], units[1] = [0.125], [350]
    >>> shd(folder, channels=70).encoded().x_test
    SpikeTrains(2 samples, 70 channels, 3 spikes, 130 to 510 ms)
    """
    return recordings_task("shd", path, ("shd_train.h5", "shd_test.h5"), 20, channels, duration, seed)


TASK = TaskDeclaration(
    summary="spoken digits as spikes, from HDF5 files",
    kind="classes",
    load=shd,
    recognises=partial(holds_recordings, prefix="shd"),
    layout=("shd", "SHD"),
    sources=tuple(Source(f"https://zenkelab.org/datasets/shd_{part}.h5.zip", "shd") for part in ("train", "test")),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Spiking Heidelberg Digits",
)
