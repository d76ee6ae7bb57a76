"""Task wavs: classes of sounds, from a folder of your own wav files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.encoders import CurrentEncoder, LevelCrossingEncoder
from hrsnn.encoders.cochleagram import Cochleagram
from hrsnn.encoders.frames import window_means
from hrsnn.errors import FileError, InputError
from hrsnn.files.writing import PathLike
from hrsnn.formats.wav import read_wav, wav_header
from hrsnn.readout import readout
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.labelled_files import LabelledFile, files_in_folders, files_in_table
from hrsnn.tasks.new_samples import ModelInput, NewSamples, files_to_name
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.task import ClassificationTask, split_rows
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes

_FRAME = 10.0  # ms


@takes(rate="Hz")
def wavs(
    path: PathLike,
    labels: str | None = None,
    encoding: str = "current",
    rate: float | None = None,
    average: bool = False,
    bands: int = 40,
    test_share: float = 0.25,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of naming the class of a sound, from a folder of wav files of one sampling rate and any lengths.

    Recordings are converted to a mel cochleagram, a frame each 10 ms, which is encoded as currents or, by level crossing,
    as spikes.

    Parameters
    ----------
    path : path
        Folder. Without `labels`, each class is a folder in it: ``CLASS/anything.wav``, or ``train/CLASS/anything.wav`` and
        ``test/CLASS/anything.wav``.
    labels : str, optional
        Name of a table in the folder, separated by commas, with the columns ``file`` (from the folder), ``label`` and, for
        a split of your own, ``split``: train or test.
    encoding : {"current", "level_crossing"}
        Both in real time. Current: each band standardised, as analog input that changes each 10 ms. Level crossing: as
        spikes of two channels for each band.
    rate : float, optional
        Sampling rate that the files must have, in Hz; by default any, but the same.
    average : bool
        Whether recordings of several channels are averaged; otherwise they are an error.
    bands : int
        Number of bands of the cochleagram, between 20 Hz and half the sampling rate.
    test_share : float
        Share of the samples in the test part, a stratified random one, where there is no split.
    seed : int
        Seed of that split, and of the order of the training samples.

    Returns
    -------
    ClassificationTask
        Labels are the names of the folders, or as in the table. Recordings stay in their files until they are encoded.

    Raises
    ------
    InputError
        When the encoding is unknown, `test_share` is not between 0 and 1, or a part would be empty.
    FileError
        When there are no recordings or fewer than two classes, a class is in one part only, a file is missing, damaged or
        of another sampling rate than the first, or the table is not as above.

    Notes
    -----
    Links of analog input are not plastic: with currents, STDP acts on the recurrent links only.

    Wav files of 8, 16, 24 and 32 bits and of floats are read (:mod:`hrsnn.formats.wav`).

    References
    ----------
    The features of the baseline, and the bands, are as those of :func:`hrsnn.tasks.fsdd.fsdd`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from scipy.io import wavfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name, pitch in [("low", 0.1), ("high", 0.4)]:
    ...     (folder / name).mkdir()
    ...     for length in (2000, 3000, 4000, 5000):
    ...         wavfile.write(folder / name / f"{length}.wav", 16000, np.sin(np.arange(length) * pitch).astype(np.float32))
    >>> task = wavs(folder, encoding="level_crossing")
    >>> task.classes, len(task.x_train), task.encoded().x_test.n_channels
    (array(['high', 'low'], dtype='<U4'), 6, 80)
    """
    if encoding not in ("current", "level_crossing"):
        raise InputError("encoding", encoding, "must be one of current, level_crossing")
    bands = count_of("bands", bands)
    files = files_in_folders(path, ".wav") if labels is None else files_in_table(path, labels)
    found = _rate(files, None if rate is None else positive("rate", rate, "Hz"), average)
    names = np.array([one.label for one in files])
    classes = np.unique(names)
    if len(classes) < 2:
        raise FileError(path, f"its recordings are all of one class, {str(classes[0])!r}")
    if files[0].part:
        in_test = np.array([one.part == "test" for one in files])
        for part, labelled in (("train", names[~in_test]), ("test", names[in_test])):
            if len(missing := np.setdiff1d(classes, labelled)):
                raise FileError(path, f"has no recording of the class {str(missing[0])!r} in the part {part}")
        train, test = generator(seed, "wavs", "order").permutation(np.flatnonzero(~in_test)), np.flatnonzero(in_test)
    else:
        train, test = split_rows(names, test_share, seed)
        for part, labelled in (("training", names[train]), ("test", names[test])):
            if len(missing := np.setdiff1d(classes, labelled)):
                raise InputError("test_share", test_share, f"leaves the class {str(missing[0])!r} out of the {part} part")
    sounds = SampleFiles([one.path for one in files], partial(_waveform, average=average))
    cochleagram = Cochleagram(found, bands, frame=_FRAME)
    return ClassificationTask(
        name="wavs",
        x_train=sounds[train],
        y_train=names[train],
        x_test=sounds[test],
        y_test=names[test],
        classes=classes,
        encoder=Pipeline([("cochleagram", cochleagram), *_encoder(encoding)]),
        raw_baseline=Pipeline(
            [("cochleagram", cochleagram), ("means", FunctionTransformer(window_means)), ("classify", readout())]
        ),
        raw_baseline_name=f"logistic regression on log-mel energies, {bands} bands, means of 5 time windows",
    )


def _encoder(encoding: str) -> list[tuple[str, Any]]:
    if encoding == "level_crossing":
        return [("spikes", LevelCrossingEncoder(delta=0.05, dt=_FRAME))]
    return [("currents", CurrentEncoder(dt=_FRAME, series=True))]


def _rate(files: list[LabelledFile], wanted: float | None, average: bool) -> int:
    """Return the sampling rate of all files, whose headers are checked."""
    first = None
    for one in files:
        header = wav_header(one.path)
        if header.channels > 1 and not average:
            raise FileError(one.path, f"has {header.channels} channels, wanted one (mono); average=true averages them")
        if wanted is not None and header.rate != wanted:
            raise FileError(one.path, f"has a sample rate of {header.rate} Hz, wanted {wanted:g}: resample it")
        first = first or (header.rate, one.path)
        if header.rate != first[0]:
            raise FileError(
                one.path, f"has a sample rate of {header.rate} Hz, and {first[1]} one of {first[0]}: resample one"
            )
    assert first is not None  # there are files
    return first[0]


def _waveform(file: Path, average: bool) -> np.ndarray:
    """Return the samples of a recording in [-1, 1]."""
    return read_wav(file, average)[1]


def new_sounds(path: Path, wanted: ModelInput) -> NewSamples | None:
    """Return one recording, the recordings of a folder, or those of its folders of classes."""
    found = files_to_name(path, ".wav")
    if found is None:
        return None
    files, labels = found
    average = bool(wanted.options.get("average", False))
    _rate([LabelledFile(file, "") for file in files], wanted.rate, average)
    return NewSamples(SampleFiles(files, partial(_waveform, average=average)), [file.name for file in files], labels)


def recognises(path: Path) -> bool:
    """Return whether a path is a folder of two or more folders with wav files, or of those of a training part."""
    folder = path / "train" if (path / "train").is_dir() and (path / "test").is_dir() else path
    return len({file.parent for file in folder.glob("*/*.wav")}) > 1


TASK = TaskDeclaration(
    summary="classes of your own wav files",
    kind="classes",
    load=wavs,
    recognises=recognises,
    samples=new_sounds,
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    spiking={"encoding": "level_crossing"},
    label="Own sounds",
)
