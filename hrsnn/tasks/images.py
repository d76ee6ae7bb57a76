"""Task images: your own images, in one folder a class."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.writing import PathLike
from hrsnn.formats.image_folder import ENDINGS, holds_images, image_shape, read_image
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.labelled_files import files_in_folders
from hrsnn.tasks.new_samples import ModelInput, NewSamples, files_to_name
from hrsnn.tasks.of_images import Parts, check_encoding, parts_of, prepared, task_of_images
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes


@takes(duration="ms", peak_rate="Hz")
def images(
    path: PathLike,
    encoding: str = "poisson",
    duration: float = 100.0,
    peak_rate: float = 100.0,
    grey: bool = False,
    size: int | None = None,
    test_share: float = 0.25,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of naming images, whose classes are the names of their folders.

    Parameters
    ----------
    path : path
        Folder with one folder of images a class, split at random and stratified; or with the folders ``train`` and ``test``,
        which have one folder a class each. PNG, JPEG, BMP, GIF, TIFF, PGM or PPM.
    encoding : {"poisson", "current"}
        Poisson spikes, or currents in [0, 1] that are proportional to the pixels; a channel for each pixel and colour.
    duration : float
        Time in ms for which an image is shown.
    peak_rate : float
        Rate of the largest pixel value (Hz). Images that are mostly dark need more, such as 300 Hz for digits on black.
    grey : bool
        Whether colours are converted to grey. Without it, images are read in colour where one of them has colours.
    size : int, optional
        Height and width in pixels to which images are resized, by the means of areas; without it, all images must be of one
        size.
    test_share : float
        Share of the samples in the test part, where the folder has no ``train`` and ``test``.
    seed : int
        Seed of the split, of the order of the training samples and of the noise.

    Returns
    -------
    ClassificationTask
        Images stay in their files until they are used; labels are the names of the folders.

    Raises
    ------
    FileError
        When a folder is missing or empty, a file is damaged or of another size, or a class has no image in a part.
    InputError
        When an option is not allowed.

    Notes
    -----
    The headers of all files are read at once, to check their sizes and colours; their pixels where a sample is used.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> for k in range(8):
    ...     (root / "ab"[k % 2]).mkdir(exist_ok=True)
    ...     _ = (root / "ab"[k % 2] / f"{k}.pgm").write_bytes(b"P5 2 2 255 " + bytes([k, 0, 0, 200]))
    >>> task = images(root)
    >>> len(task.x_train), task.x_train[0].shape, task.classes
    (6, (2, 2), array(['a', 'b'], dtype='<U1'))
    """
    check_encoding(encoding, duration, peak_rate)
    size = None if size is None else count_of("size", size)
    found = files_in_folders(path, *ENDINGS)
    colours = _checked([one.path for one in found], size)
    read = functools.partial(_image, colours=1 if grey else colours, size=size)
    samples, labels = SampleFiles([one.path for one in found], read), np.array([one.label for one in found])
    if found[0].part:
        in_test = np.array([one.part == "test" for one in found])
        parts = Parts(samples[~in_test], labels[~in_test], samples[in_test], labels[in_test])
    else:
        parts = parts_of(samples, labels, test_share, seed)
    return task_of_images("images", path, parts, encoding=encoding, duration=duration, peak_rate=peak_rate, seed=seed)


def new_images(path: Path, wanted: ModelInput) -> NewSamples | None:
    """Return one image, the images of a folder, or those of its folders of classes."""
    found = files_to_name(path, *ENDINGS)
    if found is None:
        return None
    files, labels = found
    size = wanted.options.get("size")
    _checked(files, size)
    colours = wanted.shape[2] if wanted.shape is not None and len(wanted.shape) == 3 else 1
    images = SampleFiles(files, functools.partial(_image, colours=colours, size=size))
    return NewSamples(wanted.checked(path, images), [file.name for file in files], labels)


def _checked(files: list[Path], size: int | None) -> int:
    """Return the largest number of colours; without `size`, check that all images are of one size."""
    shapes = [image_shape(file) for file in files]
    for file, (height, width, _) in zip(files, shapes, strict=True):
        if size is None and (height, width) != shapes[0][:2]:
            other = f"{shapes[0][0]} x {shapes[0][1]} of {files[0].name}"
            raise FileError(file, f"is {height} x {width} pixels, not {other}: give a size to which all are resized")
    return max(colours for _, _, colours in shapes)


def _image(file: Path, colours: int, size: int | None) -> np.ndarray:
    return np.asarray(prepared(read_image(file, colours)[np.newaxis], False, size)[0])


TASK = TaskDeclaration(
    summary="your own images, in one folder a class",
    kind="classes",
    load=images,
    recognises=holds_images,
    samples=new_images,
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    spiking={"encoding": "poisson"},
    label="Own images",
)
