"""Task mnist: the MNIST database of handwritten digits."""

from __future__ import annotations

from hrsnn.files.writing import PathLike
from hrsnn.formats.mnist_folder import PACKED, holds_idx, read_mnist
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.of_images import Parts, check_encoding, prepared, task_of_images
from hrsnn.tasks.sources import Source
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.units import takes


@takes(duration="ms", peak_rate="Hz")
def mnist(
    path: PathLike,
    encoding: str = "poisson",
    duration: float = 100.0,
    peak_rate: float = 300.0,
    size: int | None = None,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of handwritten digits, with the official split.

    Parameters
    ----------
    path : path
        Folder of the four official files, compressed by gzip or not:
        ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte``, ``t10k-labels-idx1-ubyte``.
        Also a folder that has it as ``raw`` or ``MNIST/raw``, as torchvision puts them.
    encoding : {"poisson", "current"}
        Poisson spikes, or currents in [0, 1] that are proportional to the pixels.
    duration : float
        Time in ms for which an image is shown.
    peak_rate : float
        Rate of the largest pixel value (Hz).
    size : int, optional
        Height and width in pixels to which images are resized, by the means of areas; by default as they are, 28.
    seed : int
        Seed of the order of the training samples and of the noise.

    Returns
    -------
    ClassificationTask
        60 000 training and 10 000 test images, 28 x 28, as bytes; labels 0 to 9.

    Raises
    ------
    FileError
        When a file is missing, damaged or holds other data, or a label is not 0 to 9.
    InputError
        When an option is not allowed.

    Notes
    -----
    Images take 47 MB until they are encoded. As spikes, all of them may not fit into memory: take a
    :meth:`~hrsnn.tasks.task.ClassificationTask.subset`, lower `peak_rate` or `size`.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner (1998), Gradient-based learning applied to document recognition. Proceedings of the
    IEEE 86, 2278. http://yann.lecun.com/exdb/mnist/

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for part, count in (("train", 6), ("t10k", 4)):
    ...     shape = bytes([0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 2])
    ...     _ = (folder / f"{part}-images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3]) + shape + bytes(range(4 * count)))
    ...     labels = bytes([0, 0, 8, 1, 0, 0, 0, count] + [3, 7] * (count // 2))
    ...     _ = (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    >>> task = mnist(folder)
    >>> task.x_train.shape, task.y_test, task.encoder.fit(task.x_train).transform(task.x_test).shape
    ((6, 2, 2), array([3, 7, 3, 7]), (4, 4))
    """
    check_encoding(encoding, duration, peak_rate)
    (x_train, y_train), (x_test, y_test) = (read_mnist(path, part) for part in ("train", "t10k"))
    parts = Parts(prepared(x_train, False, size), y_train, prepared(x_test, False, size), y_test)
    return task_of_images("mnist", path, parts, encoding=encoding, duration=duration, peak_rate=peak_rate, seed=seed)


TASK = TaskDeclaration(
    summary="handwritten digits, from the four files of MNIST",
    kind="classes",
    load=mnist,
    recognises=lambda path: holds_idx(path) and "fashion" not in str(path).lower(),
    layout=("mnist", "MNIST/raw", "MNIST"),
    sources=tuple(Source(f"https://ossci-datasets.s3.amazonaws.com/mnist/{name}", f"mnist/{name}") for name in PACKED),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    spiking={"encoding": "poisson"},
    label="MNIST",
)
