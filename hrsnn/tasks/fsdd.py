"""Task fsdd: the Free Spoken Digit Dataset, recordings of ten digits by six speakers."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.encoders import CurrentEncoder, LevelCrossingEncoder
from hrsnn.encoders.cochleagram import Cochleagram
from hrsnn.encoders.frames import equal_frames, window_means
from hrsnn.errors import FileError, InputError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.formats.wav import read_wav, wav_header
from hrsnn.readout import readout
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.sources import Source
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.units import takes

_SAMPLE_RATE = 8000
_NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[^_]+)_(?P<index>\d+)")

_ENCODERS: dict[str, Callable[[], list[tuple[str, Any]]]] = {
    "current": lambda: [
        ("frames", FunctionTransformer(equal_frames)),
        ("currents", CurrentEncoder(dt=10.0, series=True)),
    ],
    "level_crossing": lambda: [("spikes", LevelCrossingEncoder(delta=0.05))],
}


@takes()
def fsdd(
    path: PathLike,
    split: str = "official",
    speaker: str | None = None,
    encoding: str = "current",
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of spoken digits from a folder of ``{digit}_{speaker}_{index}.wav``, 8 kHz mono, 16 bit.

    Recordings are converted to a mel cochleagram of 40 bands, which is encoded as currents or, by level crossing, as spikes.

    Parameters
    ----------
    path : path
        The ``recordings`` folder of the data set, or its parent folder.
    split : {"official", "validation", "speaker"}
        Official: the recordings 0 to 4 of each digit and speaker are the test part (training and test have the same
        speakers). Validation: the recordings 40 to 49 are the test part and 5 to 39 the training part, for choosing
        parameters; the official test part is not used. Speaker: all recordings of one speaker are the test part, and all
        others the training part.
    speaker : str, optional
        Speaker that is held out with ``split="speaker"``; by default the last one by name.
    encoding : {"current", "level_crossing"}
        Current: each recording is resampled to 50 frames of 10 ms (:func:`equal_frames`), each band standardised, as analog
        input. Level crossing: in real time, as spikes of 80 channels, two for each band.
    seed : int
        Seed of the order of the training samples.

    Raises
    ------
    InputError
        When the split, the speaker or the encoding is unknown.
    FileError
        When the folder is missing or has no recordings, the name of a file is invalid, or a file is damaged, not mono, not
        8 kHz or not 16 bit.

    Notes
    -----
    Links of analog input are not plastic: with currents, STDP acts on the recurrent links only.

    Source of the data, its layout and the official split: https://github.com/Jakobovski/free-spoken-digit-dataset
    (CC BY-SA 4.0).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from scipy.io import wavfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for digit, index in [(3, 0), (3, 5), (7, 0), (7, 5)]:
    ...     sound = (3000 * np.sin(np.arange(4000) * digit / 10)).astype(np.int16)
    ...     wavfile.write(folder / f"{digit}_ada_{index}.wav", 8000, sound)
    >>> task = fsdd(folder)
    >>> task.y_test, task.encoder.fit(task.x_train).transform(task.x_test).shape
    (array([3, 7]), (2, 40))
    """
    if split not in ("official", "validation", "speaker"):
        raise InputError("split", split, 'must be "official", "validation" or "speaker"')
    if encoding not in _ENCODERS:
        raise InputError("encoding", encoding, f"must be one of {', '.join(_ENCODERS)}")
    if speaker is not None and split != "speaker":
        raise InputError("speaker", speaker, 'only split="speaker" holds one out')
    order = generator(seed, "fsdd", "order")
    files = _recordings(Path(path))
    digits, speakers, indices = (np.array(column) for column in zip(*[about for _, about in files], strict=True))
    used = np.ones(len(files), dtype=bool)
    if split == "official":
        in_test = indices < 5
    elif split == "validation":
        used, in_test = indices >= 5, indices >= 40
    else:
        names = sorted(set(speakers.tolist()))
        held_out = names[-1] if speaker is None else speaker
        if held_out not in names:
            close = difflib.get_close_matches(held_out, names, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise InputError("speaker", speaker, f"{hint}the folder has {', '.join(names)}")
        in_test = speakers == held_out
    in_train = used & ~in_test
    if not (np.any(in_train) and np.any(in_test)):
        raise FileError(path, f"the {split} split leaves nothing to {'test' if np.any(in_train) else 'train'} on")
    if len(np.unique(digits[in_train])) < 2:
        raise FileError(path, "its training recordings are all of one digit")
    for file, _ in files:
        _check(file)
    waveforms = SampleFiles([file for file, _ in files], _waveform)
    train, test = order.permutation(np.flatnonzero(in_train)), np.flatnonzero(in_test)
    return ClassificationTask(
        name="fsdd",
        x_train=waveforms[train],
        y_train=digits[train],
        x_test=waveforms[test],
        y_test=digits[test],
        classes=np.unique(digits),
        encoder=Pipeline([("cochleagram", Cochleagram(_SAMPLE_RATE)), *_ENCODERS[encoding]()]),
        raw_baseline=Pipeline(
            [
                ("cochleagram", Cochleagram(_SAMPLE_RATE)),
                ("means", FunctionTransformer(window_means)),
                ("classify", readout()),
            ]
        ),
        raw_baseline_name="logistic regression on log-mel energies, 40 bands, means of 5 time windows",
    )


def _recordings(path: Path) -> list[tuple[Path, tuple[int, str, int]]]:
    """Return the files and the (digit, speaker, index) in their names, ordered by name."""
    with refuse_damaged(path, "folder"):
        if not path.is_dir():
            raise FileError(path, "is no folder" if path.exists() else "does not exist: give the folder of recordings")
        folder = path / "recordings" if (path / "recordings").is_dir() else path
    found = []
    for file in sorted(folder.glob("*.wav")):
        match = _NAME.fullmatch(file.stem)
        if match is None:
            raise FileError(file, "its name must be {digit}_{speaker}_{index}.wav")
        found.append((file, (int(match["digit"]), match["speaker"], int(match["index"]))))
    if not found:
        raise FileError(folder, "holds no .wav files")
    return found


def _check(file: Path) -> None:
    """Check the header of a recording."""
    found = wav_header(file)
    if found.rate != _SAMPLE_RATE:
        raise FileError(file, f"has a sample rate of {found.rate} Hz, wanted {_SAMPLE_RATE}: resample it")
    if found.channels != 1:
        raise FileError(file, f"has {found.channels} channels, wanted one (mono)")
    if (found.kind, found.bits) != ("integers", 16):
        kind = {"integers": "int", "floats": "float"}[found.kind]
        raise FileError(file, f"has samples of type {kind}{found.bits}, wanted 16 bit integers")


def _waveform(file: Path) -> np.ndarray:
    """Return the samples of a recording in [-1, 1]."""
    return read_wav(file)[1]


def recognises(path: Path) -> bool:
    """Return whether a path is a folder of recordings of digits, or the one above, by the names of all."""
    files = [file for folder in (path, path / "recordings") for file in folder.glob("*.wav")]
    return bool(files) and all(_NAME.fullmatch(file.stem) for file in files)


TASK = TaskDeclaration(
    summary="spoken digits, from a folder of wav files",
    kind="classes",
    load=fsdd,
    recognises=recognises,
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    validation={"split": "validation"},
    spiking={"encoding": "level_crossing"},
    layout=("free-spoken-digit-dataset-master", "free-spoken-digit-dataset", "fsdd"),
    sources=(Source("https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/heads/master.zip", "."),),
    label="Spoken digits",
)
