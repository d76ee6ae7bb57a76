"""Task santa_fe: the intensity of a far-infrared laser in its chaotic state, from a file."""

from __future__ import annotations

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.task import SeriesTask
from hrsnn.validation.limits import check_memory
from hrsnn.validation.units import takes

_HIGHEST = 255  # the recording has 8 bits


@takes(hold="ms", peak_rate="Hz")
def santa_fe(
    path: PathLike,
    train: int = 900,
    test: int = 100,
    horizon: int = 1,
    washout: int = 100,
    hold: float = 20.0,
    encoding: str = "current",
    peak_rate: float = 200.0,
    seed: int = 0,
) -> SeriesTask:
    """Return the task of forecasting data set A of the Santa Fe competition.

    Parameters
    ----------
    path : path
        Text file of whole numbers from 0 to 255, separated by white space or commas: ``A.dat`` with 1000 values, or these
        and their continuation.
    train, test : int
        Numbers of values in the two parts, which follow one another. The default splits the first 1000 values and their
        continuation as the competition did, if the washout is counted as training: 100 values after the first 1000.
    horizon : int
        Number of values from the input to the target.
    washout : int
        Number of values before the training part.
    hold : float
        Time in ms for which each value is held.
    encoding : {"current", "poisson"}
        Whether a network gets the values as currents, or as the rates of Poisson spikes.
    peak_rate : float
        Rate of the largest value in the training part (Hz).
    seed : int
        Seed of the spikes.

    Returns
    -------
    SeriesTask
        Standardised by the training part.

    Raises
    ------
    FileError
        When the file is missing, or holds anything but whole numbers from 0 to 255.
    InputError
        When a number is out of range or there are too few values.

    Notes
    -----
    The series is chaotic; its exponent depends on the estimate, so that none is given and forecasts are scored by their
    errors. Values have 8 bits: the error of rounding alone is 1 / sqrt(12) = 0.29 of a unit.

    References
    ----------
    Weigend & Gershenfeld (eds., 1994), Time series prediction: forecasting the future and understanding the past; Huebner,
    Abraham & Weiss (1989), Phys. Rev. A 40, 6354.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "A.dat"
    >>> _ = path.write_text(chr(10).join(str(k * k % 256) for k in range(1101)))
    >>> task = santa_fe(path)
    >>> task.train, task.test
    (slice(100, 1000, None), slice(1000, 1100, None))
    """
    return SeriesTask.from_array(
        _intensities(path),
        name="santa_fe",
        horizon=horizon,
        train=train,
        test=test,
        washout=washout,
        hold=hold,
        encoding=encoding,
        peak_rate=peak_rate,
        seed=seed,
        outputs=("intensity",),
    )


def _intensities(path: PathLike) -> np.ndarray:
    text = read_text(path)
    check_memory("path", str(path), 70 * (len(text) / 2 + 1), "the numbers")
    words = text.replace(",", " ").split()
    values = []
    with refuse_damaged(path, "recording of the laser"):
        for place, word in enumerate(words, 1):
            if not (word.isascii() and word.isdecimal() and len(word) <= 3 and int(word) <= _HIGHEST):
                raise FileError(path, f"has {word[:40]!r} as number {place}, wanted a whole number from 0 to {_HIGHEST}")
            values.append(int(word))
    if not values:
        raise FileError(path, "holds no numbers")
    return np.array(values, dtype=np.float64)


TASK = TaskDeclaration(
    summary="intensity of a chaotic laser (Santa Fe competition, set A), from a file",
    kind="series",
    load=santa_fe,
    layout=("santa_fe/A.dat", "A.dat", "santafe/A.dat"),
    baselines=("last_value", "linear_autoregression", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Santa Fe laser",
)
