"""Task fashion_mnist: Fashion-MNIST, images of articles of clothing."""

from __future__ import annotations

from hrsnn.files.writing import PathLike
from hrsnn.formats.mnist_folder import PACKED, holds_idx, read_mnist
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.of_images import Parts, check_encoding, prepared, task_of_images
from hrsnn.tasks.sources import Source
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.units import takes


@takes(duration="ms", peak_rate="Hz")
def fashion_mnist(
    path: PathLike,
    encoding: str = "poisson",
    duration: float = 100.0,
    peak_rate: float = 300.0,
    size: int | None = None,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of ten kinds of clothing, with the official split.

    Parameters
    ----------
    path : path
        Folder of the four official files, compressed by gzip or not:
        ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte``, ``t10k-labels-idx1-ubyte``.
        Also a folder that has it as ``raw`` or ``FashionMNIST/raw``, as torchvision puts them.
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
    Xiao, Rasul & Vollgraf (2017), Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms.
    arXiv:1708.07747. https://github.com/zalandoresearch/fashion-mnist

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for part, count in (("train", 6), ("t10k", 4)):
    ...     shape = bytes([0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 2])
    ...     _ = (folder / f"{part}-images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3]) + shape + bytes(range(4 * count)))
    ...     labels = bytes([0, 0, 8, 1, 0, 0, 0, count] + [3, 7] * (count // 2))
    ...     _ = (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    >>> task = fashion_mnist(folder)
    >>> task.x_train.shape, task.y_test, task.encoder.fit(task.x_train).transform(task.x_test).shape
    ((6, 2, 2), array([3, 7, 3, 7]), (4, 4))
    """
    check_encoding(encoding, duration, peak_rate)
    (x_train, y_train), (x_test, y_test) = (read_mnist(path, part) for part in ("train", "t10k"))
    parts = Parts(prepared(x_train, False, size), y_train, prepared(x_test, False, size), y_test)
    return task_of_images("fashion_mnist", path, parts, encoding=encoding, duration=duration, peak_rate=peak_rate, seed=seed)


TASK = TaskDeclaration(
    summary="articles of clothing, from the four files of Fashion-MNIST",
    kind="classes",
    load=fashion_mnist,
    recognises=lambda path: holds_idx(path) and "fashion" in str(path).lower(),
    layout=("fashion_mnist", "FashionMNIST/raw", "FashionMNIST"),
    sources=tuple(
        Source(f"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/{name}", f"fashion_mnist/{name}")
        for name in PACKED
    ),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    spiking={"encoding": "poisson"},
    label="Fashion-MNIST",
)
