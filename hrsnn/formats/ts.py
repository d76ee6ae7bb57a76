"""Reader of the `.ts` files of the UEA and UCR archives of time series.

A text file, one sample a line below the header:

=================  ==================================================================================
line               meaning
=================  ==================================================================================
``# text``         comment; empty lines are allowed too
``@problemName``   name of the data set
``@timeStamps``    ``true`` where values are pairs (time, value): not read here
``@missing``       ``true`` where values are missing, which are written ``?``
``@univariate``    ``true`` for one channel
``@dimensions``    number of channels (also ``@dimension``); optional
``@equalLength``   ``true`` where all samples have the same length
``@seriesLength``  that length; optional
``@classLabel``    ``true`` and the labels, separated by spaces; ``false`` where there are none
``@targetLabel``   ``true`` in a set for regression: not read here
``@data``          end of the header
other              channels, separated by colons, each with values separated by commas; then a colon and the label
=================  ==================================================================================

Keys are compared without regard to case. Source: A. Bagnall et al. (2018), The UEA multivariate time series classification
archive, arXiv:1811.00075, and the format's description at https://www.aeon-toolkit.org.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.validation.limits import check_memory

_PER_VALUE = 80  # bytes of memory for each value while a file is read
_KEYS = {
    "problemname",
    "timestamps",
    "missing",
    "univariate",
    "dimension",
    "dimensions",
    "equallength",
    "serieslength",
    "classlabel",
    "targetlabel",
}


@dataclass(frozen=True, eq=False)
class LabelledSeries:
    """Time series with labels.

    Attributes
    ----------
    name : str
        Name of the data set.
    samples : list of ndarray, (times, channels)
        Lengths may differ.
    labels : ndarray of str, (samples,)
    classes : tuple of str
        All labels that the header names, in its order.
    """

    name: str
    samples: list[np.ndarray]
    labels: np.ndarray
    classes: tuple[str, ...]


def read_ts(path: PathLike, labelled: bool = True) -> LabelledSeries:
    """Read a `.ts` file of samples with labels.

    Parameters
    ----------
    path : path
    labelled : bool
        Whether it must have labels; without, those of a file with ``@classLabel false`` are empty strings.

    Returns
    -------
    LabelledSeries

    Raises
    ------
    FileError
        When the file is missing, is no such file, has values that are missing or not finite, or is not as its header says;
        the message names the line. Sets with time stamps or for regression are refused.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "two.ts"
    >>> _ = path.write_text("@univariate false\\n@classLabel true a b\\n@data\\n1,2,3:4,5,6:b\\n1:2:a\\n")
    >>> found = read_ts(path)
    >>> found.samples[0].tolist(), found.labels.tolist()
    ([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], ['b', 'a'])
    """
    text = read_text(path)
    check_memory("path", str(path), _PER_VALUE * (text.count(",") + text.count(":") + text.count("\n") + 1), "the series")
    with refuse_damaged(path, "file of time series"):
        lines = enumerate(text.removeprefix("\ufeff").splitlines(), 1)
        header = _header(path, lines)
        unlabelled = not labelled and [word.lower() for word in header.get("classlabel", [])[:1]] != ["true"]
        classes = ("",) if unlabelled else _classes(path, header)
        samples, labels = [], []
        for number, line in lines:
            if not line.strip() or line.startswith("#"):
                continue
            *channels, label = (part.strip() for part in (f"{line}:" if unlabelled else line).split(":"))
            if label not in classes:
                raise FileError(
                    path, f"has the label {label[:40]!r} in line {number}, and only {_named(classes)} in its header"
                )
            samples.append(_sample(path, number, channels))
            labels.append(label)
    if not samples:
        raise FileError(path, "has no samples below @data")
    _check_sizes(path, header, samples)
    return LabelledSeries(" ".join(header.get("problemname", ["ts"])), samples, np.array(labels), classes)


def _header(path: PathLike, lines: Iterator[tuple[int, str]]) -> dict[str, list[str]]:
    """Return the words of each key, and leave `lines` at the first sample."""
    header: dict[str, list[str]] = {}
    for number, line in lines:
        words = line.split()
        if not words or line.startswith("#"):
            continue
        key = words[0].removeprefix("@").lower()
        if not words[0].startswith("@") or key not in _KEYS | {"data"}:
            raise FileError(path, f"is no .ts file: line {number} is {line[:40]!r}, where a key such as @classLabel must be")
        if key == "data":
            return header
        header[key] = words[1:]
    raise FileError(path, "is no .ts file: it has no line @data")


def _says(header: dict[str, list[str]], key: str) -> bool:
    return [word.lower() for word in header.get(key, [])[:1]] == ["true"]


def _classes(path: PathLike, header: dict[str, list[str]]) -> tuple[str, ...]:
    if _says(header, "timestamps"):
        raise FileError(path, "has time stamps: resample its series at equal times first")
    if _says(header, "targetlabel") or not _says(header, "classlabel"):
        raise FileError(path, "has no class labels (@classLabel true and their names)")
    classes = tuple(header["classlabel"][1:])
    if len(set(classes)) < 2:
        raise FileError(path, f"names {len(set(classes))} classes, wanted two or more")
    return classes


def _sample(path: PathLike, line: int, channels: list[str]) -> np.ndarray:
    """Return one sample, (times, channels)."""
    columns = []
    for channel in channels:
        cells = channel.split(",")
        if "?" in (cell.strip() for cell in cells):
            raise FileError(path, f"has missing values in line {line}: fill them first")
        try:
            columns.append([float(cell) for cell in cells])
        except ValueError:
            raise FileError(path, f"has {_strange(cells)!r} for a number in line {line}") from None
    lengths = {len(column) for column in columns}
    if len(lengths) != 1:
        raise FileError(path, f"has channels of {_named(sorted(lengths))} values in line {line}, wanted equally many")
    sample = np.array(columns, dtype=np.float64).T
    if not np.isfinite(sample).all():
        raise FileError(path, f"has a value that is not finite in line {line}: fill gaps first")
    return np.ascontiguousarray(sample)


def _strange(cells: list[str]) -> str:
    for cell in cells:
        try:
            float(cell)
        except ValueError:
            return cell.strip()[:40]
    return ""


def _check_sizes(path: PathLike, header: dict[str, list[str]], samples: list[np.ndarray]) -> None:
    """Check the samples against the header and one another."""
    channels = {sample.shape[1] for sample in samples}
    if len(channels) != 1:
        raise FileError(path, f"has samples of {_named(sorted(channels))} channels, wanted one number of them")
    if _says(header, "univariate") and channels != {1}:
        raise FileError(path, f"has {channels.pop()} channels, and says @univariate true")
    for key in ("dimension", "dimensions"):
        if key in header and header[key] != [str(min(channels))]:
            raise FileError(path, f"has {min(channels)} channels, and says @{key} {' '.join(header[key])}")
    lengths = {len(sample) for sample in samples}
    if _says(header, "equallength"):
        said = " ".join(header.get("serieslength", [str(min(lengths))]))
        if len(lengths) != 1 or said != str(min(lengths)):
            raise FileError(path, f"has samples of {min(lengths)} to {max(lengths)} values, and says that all have {said}")


def _named(items: object) -> str:
    listed = [str(item) for item in items]  # type: ignore[attr-defined]
    return ", ".join(listed[:12]) + (f" and {len(listed) - 12} more" if len(listed) > 12 else "")
