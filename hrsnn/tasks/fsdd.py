"""Free Spoken Digit Dataset: recordings of ten digits by six speakers."""

from __future__ import annotations

import difflib
import itertools
import re
import warnings
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hrsnn.cochleagram import Cochleagram
from hrsnn.encoders import LevelCrossingEncoder
from hrsnn.errors import FileError, InputError
from hrsnn.files import PathLike
from hrsnn.seeds import generator
from hrsnn.tasks.task import ClassificationTask, take

_SAMPLE_RATE = 8000
_NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[^_]+)_(?P<index>\d+)")


def fsdd(path: PathLike, split: str = "official", speaker: str | None = None, seed: int = 0) -> ClassificationTask:
    """Spoken digits from a folder of ``{digit}_{speaker}_{index}.wav``, 8 kHz mono, 16 bit.

    Encoded as a mel cochleagram, each band by level crossing.

    Parameters
    ----------
    path : path
        The ``recordings`` folder of the data set, or the folder that holds it.
    split : {"official", "speaker"}
        Official: the recordings 0 to 4 of each digit and speaker are the test part (training and test share their
        speakers). Speaker: all recordings of one speaker are, and nobody in the training part has that voice.
    speaker : str, optional
        Whom to hold out with ``split="speaker"``; by default the last one by name.
    seed : int
        Root of the training samples' order.

    Raises
    ------
    InputError
        When the split or the speaker is unknown.
    FileError
        When the folder is missing or has no recordings, a name does not parse, or a file is damaged, not mono, not
        8 kHz or not 16 bit.

    Notes
    -----
    Source of the data, its layout and the official split: https://github.com/Jakobovski/free-spoken-digit-dataset
    (CC BY-SA 4.0).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for digit, index in [(3, 0), (3, 5), (7, 0), (7, 5)]:
    ...     sound = (3000 * np.sin(np.arange(4000) * digit / 10)).astype(np.int16)
    ...     wavfile.write(folder / f"{digit}_ada_{index}.wav", 8000, sound)
    >>> task = fsdd(folder)
    >>> task.y_test, task.encoder.fit(task.x_train).transform(task.x_test).shape
    (array([3, 7]), (2, 80))
    """
    if split not in ("official", "speaker"):
        raise InputError("split", split, 'must be "official" or "speaker"')
    if speaker is not None and split != "speaker":
        raise InputError("speaker", speaker, 'only split="speaker" holds one out')
    order = generator(seed, "fsdd", "order")
    files = _recordings(Path(path))
    digits, speakers, indices = (np.array(column) for column in zip(*[about for _, about in files], strict=True))
    if split == "official":
        in_test = indices < 5
    else:
        names = sorted(set(speakers.tolist()))
        held_out = names[-1] if speaker is None else speaker
        if held_out not in names:
            close = difflib.get_close_matches(held_out, names, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise InputError("speaker", speaker, f"{hint}the folder has {', '.join(names)}")
        in_test = speakers == held_out
    if np.all(in_test) or not np.any(in_test):
        raise FileError(path, f"the {split} split leaves nothing to {'train' if np.all(in_test) else 'test'} on")
    if len(np.unique(digits[~in_test])) < 2:
        raise FileError(path, "its training recordings are all of one digit")
    waveforms = [_waveform(file) for file, _ in files]
    train, test = order.permutation(np.flatnonzero(~in_test)), np.flatnonzero(in_test)
    return ClassificationTask(
        name="fsdd",
        x_train=take(waveforms, train),
        y_train=digits[train],
        x_test=take(waveforms, test),
        y_test=digits[test],
        classes=np.unique(digits),
        encoder=Pipeline([("cochleagram", Cochleagram(_SAMPLE_RATE)), ("spikes", LevelCrossingEncoder(delta=0.05))]),
        raw_baseline=Pipeline(
            [
                ("cochleagram", Cochleagram(_SAMPLE_RATE)),
                ("means", FunctionTransformer(window_means)),
                ("scale", StandardScaler()),
                ("classify", LogisticRegression(max_iter=2000)),
            ]
        ),
        raw_baseline_name="logistic regression on log-mel energies, 40 bands, means of 5 time windows",
    )


def window_means(samples: list[np.ndarray], windows: int = 5) -> np.ndarray:
    """Mean of each channel in equal windows of each sample's own length.

    Parameters
    ----------
    samples : list of ndarray, (times, channels)
        One series a sample.
    windows : int
        Number of windows; a sample with fewer rows repeats them.

    Returns
    -------
    ndarray, (samples, windows * channels)

    Examples
    --------
    >>> window_means([np.array([[0.0], [2.0], [4.0], [8.0]])], windows=2)
    array([[1., 6.]])
    """
    features = []
    for sample in samples:
        edges = np.arange(windows + 1) * len(sample) // windows
        means = [sample[start : max(stop, start + 1)].mean(axis=0) for start, stop in itertools.pairwise(edges)]
        features.append(np.concatenate(means))
    return np.array(features)


def _recordings(path: Path) -> list[tuple[Path, tuple[int, str, int]]]:
    """Files and what their names say (digit, speaker, index), ordered by name."""
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


def _waveform(file: Path) -> np.ndarray:
    """Samples in [-1, 1]."""
    try:
        with warnings.catch_warnings():
            # unknown chunks (tags of the recorder) are harmless; a file cut short is not
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            warnings.filterwarnings("error", "Reached EOF", wavfile.WavFileWarning)
            rate, samples = wavfile.read(file)
    except OSError as error:
        raise FileError(file, f"cannot be read: {error.strerror or error}") from error
    except Exception as error:  # SciPy's parser lets struct, value and index errors of any damaged header through
        raise FileError(file, f"is damaged or no wav file ({error})") from error
    if rate != _SAMPLE_RATE:
        raise FileError(file, f"has a sample rate of {rate} Hz, wanted {_SAMPLE_RATE}: resample it")
    if samples.ndim != 1:
        raise FileError(file, f"has {samples.shape[1]} channels, wanted one (mono)")
    if samples.dtype != np.int16:
        raise FileError(file, f"has samples of type {samples.dtype}, wanted 16 bit integers")
    if len(samples) == 0:
        raise FileError(file, "holds no sound")
    return np.asarray(samples / 32768.0)
