"""Task cifar10: the CIFAR-10 data set of small colour images."""

from __future__ import annotations

from hrsnn.files.writing import PathLike
from hrsnn.formats.cifar import cifar_folder, read_cifar_batches
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.of_images import Parts, check_encoding, prepared, task_of_images
from hrsnn.tasks.sources import Source
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.units import takes

#: Files of each part.
_TRAIN, _TEST = tuple(f"data_batch_{k}" for k in range(1, 6)), ("test_batch",)


@takes(duration="ms", peak_rate="Hz")
def cifar10(
    path: PathLike,
    encoding: str = "poisson",
    duration: float = 100.0,
    peak_rate: float = 100.0,
    grey: bool = False,
    size: int | None = None,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of naming what is on small colour images, with the official split.

    Parameters
    ----------
    path : path
        The folder ``cifar-10-batches-py`` of the "python version", or its parent.
    encoding : {"poisson", "current"}
        Poisson spikes, or currents in [0, 1] that are proportional to the pixels; a channel for each pixel and colour.
    duration : float
        Time in ms for which an image is shown.
    peak_rate : float
        Rate of the largest pixel value (Hz).
    grey : bool
        Whether colours are converted to grey: 1024 channels instead of 3072.
    size : int, optional
        Height and width in pixels to which images are resized, by the means of areas; by default as they are, 32.
    seed : int
        Seed of the order of the training samples and of the noise.

    Returns
    -------
    ClassificationTask
        50 000 training and 10 000 test images, 32 x 32 x 3, as bytes; labels 0 to 9.

    Raises
    ------
    FileError
        When a file is missing, damaged, holds other data, or a label is out of range. The files are pickles: they are read
        without unpickling, and what is no plain data is refused.
    InputError
        When an option is not allowed.

    Notes
    -----
    Images take 184 MB until they are encoded. As spikes, all of them may not fit into memory: take a
    :meth:`~hrsnn.tasks.task.ClassificationTask.subset`, or `grey` and a smaller `size`.

    References
    ----------
    Krizhevsky (2009), Learning multiple layers of features from tiny images. Technical report, University of Toronto.
    https://www.cs.toronto.edu/~kriz/cifar.html

    Examples
    --------
    >>> import pathlib, pickle, tempfile
    >>> import numpy as np
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> pixels = np.arange(2 * 3072, dtype=np.uint8).reshape(2, 3072)
    >>> for file in ("test_batch", *(f"data_batch_{k}" for k in range(1, 6))):
    ...     batch = {"data": pixels, "labels": [3, 5]}
    ...     _ = (folder / file).write_bytes(pickle.dumps(batch, protocol=2))
    >>> task = cifar10(folder)
    >>> task.x_train.shape, task.y_test, task.encoder.fit(task.x_train).transform(task.x_test).shape
    ((10, 32, 32, 3), array([3, 5]), (2, 3072))
    """
    check_encoding(encoding, duration, peak_rate)
    folder = cifar_folder(path, "cifar-10-batches-py", _TEST[0])
    (x_train, y_train), (x_test, y_test) = (read_cifar_batches(folder, files) for files in (_TRAIN, _TEST))
    parts = Parts(prepared(x_train, grey, size), y_train, prepared(x_test, grey, size), y_test)
    return task_of_images("cifar10", path, parts, encoding=encoding, duration=duration, peak_rate=peak_rate, seed=seed)


TASK = TaskDeclaration(
    summary="small colour images of ten classes, from the batches of CIFAR-10",
    kind="classes",
    load=cifar10,
    recognises=lambda path: any((path / above / _TRAIN[0]).is_file() for above in (".", "cifar-10-batches-py")),
    layout=("cifar-10-batches-py", "cifar10"),
    sources=(Source("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "."),),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    spiking={"encoding": "poisson"},
    label="CIFAR-10",
)
