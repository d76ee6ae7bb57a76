"""New data for a fitted model: samples of a file or a folder, with or without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn.display import Displayed
from hrsnn.errors import FileError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.tasks.class_folders import folders_in
from hrsnn.tasks.labelled_files import files_in_folders


@dataclass(frozen=True)
class NewSamples(Displayed):
    """Samples that a model has not seen.

    Attributes
    ----------
    x : ndarray, list, SampleFiles or SpikeTrains
        Samples as the task that read them gives its own.
    names : sequence of str
        Name of each: of its file, or its number.
    labels : ndarray (samples,) or None
        What they are, where the data say so.
    """

    x: Any
    names: Sequence[str]
    labels: np.ndarray | None = None


@dataclass(frozen=True)
class ModelInput(Displayed):
    """What a model takes, by which new samples are read.

    Attributes
    ----------
    options : mapping
        Options of the task that it was fitted to.
    shape : tuple of int or None
        Shape of a sample, where all have one: (height, width) or (height, width, colours) of images.
    whole : bool or None
        Whether the numbers in a sample are whole, as pixels in bytes are; None where samples are no arrays.
    rate : float or None
        Sampling rate of sounds (Hz).
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None
    whole: bool | None = None
    rate: float | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any], samples: Any, encoder: Any) -> ModelInput:
        """Return what a model takes that was fitted to `samples`, with an encoder."""
        first = samples[0] if len(samples) else None
        steps = [step for _, step in getattr(encoder, "steps", [("", encoder)])]
        rates = [step.sample_rate for step in steps if hasattr(step, "sample_rate")]
        if not isinstance(first, np.ndarray):
            return cls(options, None, None, rates[0] if rates else None)
        # one dimension may be a sound, of any length; a series may have any number of times
        images = first.ndim > 1 and any(hasattr(step, "func") for step in steps)
        shape = first.shape if images or isinstance(samples, np.ndarray) else None
        return cls(options, shape, first.dtype.kind in "biu", rates[0] if rates else None)

    def checked(self, path: PathLike, x: Any) -> Any:
        """Return samples if they have the shape and the type of number that the model takes.

        Raises
        ------
        FileError
            When they have not; the message has both.
        """
        first = x[0]
        if self.shape is not None and first.shape != self.shape:
            raise FileError(path, f"has samples of shape {first.shape}; the model takes {self.shape}")
        if self.whole is not None and (first.dtype.kind in "biu") != self.whole:
            kinds = ("floating-point numbers", "whole numbers")
            raise FileError(path, f"has {kinds[not self.whole]}; the model was fitted to {kinds[self.whole]}")
        return x


def files_to_name(path: Path, *endings: str) -> tuple[list[Path], np.ndarray | None] | None:
    """Return one file, the files of a folder, or those of its folders of classes with their labels.

    Parameters
    ----------
    path : Path
    *endings : str
        Ends of the files' names in lower case.

    Returns
    -------
    (list of Path, ndarray or None), or None
        None when there are no such files; labels are the names of folders, of a part ``test`` where there are two parts.

    Raises
    ------
    FileError
        As :func:`hrsnn.tasks.labelled_files.files_in_folders`.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "b.wav").touch(), (folder / "a.wav").touch()
    (None, None)
    >>> [file.name for file in files_to_name(folder, ".wav")[0]]
    ['a.wav', 'b.wav']
    """
    with refuse_damaged(path, "data"):
        if path.is_file():
            return ([path], None) if path.suffix.lower() in endings else None
        flat = sorted(one for one in path.iterdir() if one.suffix.lower() in endings and not one.name.startswith("."))
        if flat:
            return flat, None
        inside = any(
            file.suffix.lower() in endings
            for one in folders_in(path)
            for file in [*one.iterdir(), *(two for part in folders_in(one) for two in part.iterdir())]
        )
    if not inside:
        return None
    found = files_in_folders(path, *endings)
    found = [one for one in found if one.part in ("", "test")]
    return [one.path for one in found], np.array([one.label for one in found])
