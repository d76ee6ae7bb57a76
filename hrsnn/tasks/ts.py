"""Task ts: labelled time series from the files of the UEA and UCR archives."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.encoders import CurrentEncoder, PoissonEncoder
from hrsnn.encoders.frames import window_moments
from hrsnn.errors import FileError, InputError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.formats.ts import LabelledSeries, read_ts
from hrsnn.readout import readout
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.new_samples import ModelInput, NewSamples
from hrsnn.tasks.rate_coding import check_encoding
from hrsnn.tasks.task import ClassificationTask, take
from hrsnn.validation.numbers import duration_of, positive
from hrsnn.validation.units import takes

_TRAIN, _TEST = "_TRAIN.ts", "_TEST.ts"


@takes(hold="ms", peak_rate="Hz")
def ts(
    path: PathLike, dataset: str = "", hold: float = 10.0, encoding: str = "current", peak_rate: float = 200.0, seed: int = 0
) -> ClassificationTask:
    """Return the task of a data set of the UEA or UCR archive, with the archive's own split.

    Parameters
    ----------
    path : path
        The file ``NAME_TRAIN.ts`` or ``NAME_TEST.ts``, beside which the other is, or their folder.
    dataset : str
        Name of the data set, where the folder holds several, or a folder for each as the archive does.
    hold : float
        Time in ms for which each value is held.
    encoding : {"current", "poisson"}
        Current: each channel standardised by the training part. Poisson: spikes at rates that are proportional to the value,
        with the range of the channel in the training part.
    peak_rate : float
        Rate of the largest value of a channel in the training part (Hz).
    seed : int
        Seed of the order of the training samples, and of the spikes.

    Returns
    -------
    ClassificationTask
        Samples are arrays (times, channels) of their own lengths.

    Raises
    ------
    FileError
        When a file is missing or damaged, the two do not belong together, or a class has no sample in one of them.
    InputError
        When the encoding is unknown or a number is out of range.

    Notes
    -----
    The baseline sees the mean and the standard deviation of each channel in five windows of a sample's own length.

    References
    ----------
    Bagnall et al. (2018), arXiv:1811.00075; Dau et al. (2019), The UCR time series archive. The archive's sets are at
    https://www.timeseriesclassification.com.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for part in ("TRAIN", "TEST"):
    ...     _ = (folder / f"Two_{part}.ts").write_text("@classLabel true up down\\n@data\\n1,2,3:up\\n3,2:down\\n")
    >>> ts(folder, hold=20).encoded().x_test
    Currents(2 samples, 2 to 3 values of 20 ms, 1 channel)
    """
    check_encoding(encoding)
    hold, peak_rate = duration_of("hold", hold), positive("peak_rate", peak_rate, "Hz")
    train_path, test_path = _files(Path(path), dataset)
    train, test = read_ts(train_path), read_ts(test_path)
    _check_parts(train_path, train, test_path, test)
    order = generator(seed, "ts", "order").permutation(len(train.samples))
    encoders = {
        "current": CurrentEncoder(dt=hold),
        "poisson": PoissonEncoder(peak_rate=peak_rate, dt=hold, scale="channel", seed=seed),
    }
    return ClassificationTask(
        name="ts",
        x_train=take(train.samples, order),
        y_train=train.labels[order],
        x_test=test.samples,
        y_test=test.labels,
        classes=np.unique(train.labels),
        encoder=encoders[encoding],
        raw_baseline=Pipeline([("moments", FunctionTransformer(window_moments)), ("classify", readout())]),
        raw_baseline_name="logistic regression on means and standard deviations in 5 time windows",
    )


def new_series(path: Path, wanted: ModelInput) -> NewSamples | None:
    """Return the samples of a file, with labels where it has them."""
    if path.suffix != ".ts":
        return None
    found = read_ts(path, labelled=False)
    names = [str(k) for k in range(len(found.samples))]
    return NewSamples(found.samples, names, None if found.classes == ("",) else found.labels)


def _files(path: Path, name: str) -> tuple[Path, Path]:
    """Return the files of the training and the test part."""
    with refuse_damaged(path, "folder"):
        folder = path.is_dir()
        found = {one.name.removesuffix(_TRAIN): one for one in _training_files(path)} if folder else {}
    if folder:
        path = found[_data_set(path, name, list(found))]
    elif name:
        raise InputError("dataset", name, f"is for a folder: {path} is none")
    for part in (_TRAIN, _TEST):
        if path.name.endswith(part):
            name = path.name.removesuffix(part)
            return path.with_name(name + _TRAIN), path.with_name(name + _TEST)
    raise FileError(path, f"its name must end in {_TRAIN} or {_TEST}, and the other file be beside it")


def _data_set(path: Path, name: str, found: list[str]) -> str:
    """Return the name of the data set that is wanted of those in a folder."""
    if not found:
        raise FileError(path, f"holds no file NAME{_TRAIN}")
    known = f"{', '.join(found[:20])}{' and others' if len(found) > 20 else ''}"
    if name and name not in found:
        close = difflib.get_close_matches(name, found, n=1)
        raise InputError("dataset", name, f"{f'did you mean {close[0]!r}? ' if close else ''}{path} has {known}")
    if not name and len(found) > 1:
        raise FileError(path, f"holds {len(found)} data sets: give the option dataset, one of {known}")
    return name or found[0]


def _training_files(folder: Path) -> list[Path]:
    return sorted([*folder.glob(f"*{_TRAIN}"), *folder.glob(f"*/*{_TRAIN}")])


def recognises(path: Path) -> bool:
    """Return whether a path is a `.ts` file or a folder with some."""
    return path.suffix == ".ts" or (path.is_dir() and bool(_training_files(path)))


def _check_parts(train_path: Path, train: LabelledSeries, test_path: Path, test: LabelledSeries) -> None:
    if train.samples[0].shape[1] != test.samples[0].shape[1]:
        raise FileError(
            test_path, f"has {test.samples[0].shape[1]} channels, and {train_path.name} {train.samples[0].shape[1]}"
        )
    for path, part, other in ((train_path, train, test), (test_path, test, train)):
        missing = sorted(set(other.labels.tolist()) - set(part.labels.tolist()))
        if missing:
            raise FileError(path, f"has no sample of the class {missing[0]!r}, which the other part has")


TASK = TaskDeclaration(
    summary="labelled time series of the UEA and UCR archives (.ts files)",
    kind="classes",
    load=ts,
    recognises=recognises,
    samples=new_series,
    layout=("ts", "Univariate_ts", "Multivariate_ts"),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    spiking={"encoding": "poisson"},
    label="Time series",
)
