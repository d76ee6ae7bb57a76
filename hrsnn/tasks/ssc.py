"""Task ssc: the Spiking Speech Commands, 35 spoken words as spikes of a model of the inner ear."""

from __future__ import annotations

from functools import partial

from hrsnn.errors import InputError
from hrsnn.files.writing import PathLike
from hrsnn.formats.spiking_h5 import CHANNELS
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.sources import Source
from hrsnn.tasks.spiking_recordings import holds_recordings, recordings_task
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.units import takes

_TEST = {"official": "ssc_test.h5", "validation": "ssc_valid.h5"}


@takes(duration="ms")
def ssc(
    path: PathLike, split: str = "official", channels: int = CHANNELS, duration: float | None = None, seed: int = 0
) -> ClassificationTask:
    """Return the task of naming one of 35 spoken words from spikes.

    Parameters
    ----------
    path : path
        Folder with ``ssc_train.h5``, ``ssc_valid.h5`` and ``ssc_test.h5``, unpacked, or one of them.
    split : {"official", "validation"}
        File of the test part: ``ssc_test.h5``, or ``ssc_valid.h5`` for choosing parameters. The training part is
        ``ssc_train.h5`` with both.
    channels : int
        Number of channels, which must divide 700: so many neighbours are merged, with all their spikes.
    duration : float, optional
        Time in ms after which recordings are cut, and for which all of them last. By default each lasts until the first
        multiple of 10 ms after its last spike (about 1 s).
    seed : int
        Seed of the order of the training samples.

    Returns
    -------
    ClassificationTask
        Samples stay in their files until they are encoded.

    Raises
    ------
    InputError
        When the split is unknown, `channels` does not divide 700, or `duration` is not positive.
    FileError
        When a file is missing, damaged or of another layout, a label is not from 0 to 34, or a class is in one file only.

    Notes
    -----
    Source of the data: https://zenkelab.org/datasets (CC BY 4.0); 75466 recordings to train on, 9981 to validate and 20382
    to test on. The baseline of all of them, with 700 channels, takes several GB: take fewer channels, or a subset.

    References
    ----------
    Cramer, Stradmann, Schemmel & Zenke (2020), The Heidelberg Spiking Data Sets for the Systematic Evaluation of Spiking
    Neural Networks, IEEE Trans. Neural Netw. Learn. Syst. 33(7); Warden (2018), Speech Commands, arXiv:1804.03209.

    Examples
    --------
    >>> import h5py, numpy as np, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("ssc_train.h5", "ssc_valid.h5"):
    ...     with h5py.File(folder / name, "w") as file:
    ...         file["labels"] = np.array([0, 34], np.uint16)
    ...         times = file.create_dataset("spikes/times", 2, h5py.vlen_dtype(np.float16))
    ...         units = file.create_dataset("spikes/units", 2, h5py.vlen_dtype(np.uint16))
    ...         times[0], units[0] = [0.25, 0.5], [7, 699]
    ...         times[1], units[1] = [0.125], [350]
    >>> ssc(folder, split="validation", duration=300).encoded().x_test
    SpikeTrains(2 samples, 700 channels, 2 spikes, 300 ms)
    """
    if split not in _TEST:
        raise InputError("split", split, 'must be "official" or "validation"')
    return recordings_task("ssc", path, ("ssc_train.h5", _TEST[split]), 35, channels, duration, seed)


TASK = TaskDeclaration(
    summary="35 spoken words as spikes, from HDF5 files",
    kind="classes",
    load=ssc,
    recognises=partial(holds_recordings, prefix="ssc"),
    layout=("ssc", "SSC"),
    sources=tuple(Source(f"https://zenkelab.org/datasets/ssc_{part}.h5.zip", "ssc") for part in ("train", "valid", "test")),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    validation={"split": "validation"},
    label="Spiking Speech Commands",
)
