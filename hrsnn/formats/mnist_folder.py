"""Folders of the four IDX files of MNIST, and of the data sets that have its layout, such as Fashion-MNIST.

=========================  =======================================  ========
name, with or without .gz  array                                    part
=========================  =======================================  ========
train-images-idx3-ubyte    uint8 (images, rows, columns), 0 = black  training
train-labels-idx1-ubyte    uint8 (images,), 0 to 9                  training
t10k-images-idx3-ubyte     as above                                 test
t10k-labels-idx1-ubyte     as above                                 test
=========================  =======================================  ========

The names may also have a dot for the hyphen before "idx". Source: Y. LeCun, C. Cortes, C. J. C. Burges, the MNIST database
(http://yann.lecun.com/exdb/mnist/).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike, check_path
from hrsnn.formats.idx import read_idx
from hrsnn.validation.units import takes

_CLASSES = 10
#: Names of the four files as they are published.
PACKED = tuple(f"{part}-{array}-ubyte.gz" for part in ("train", "t10k") for array in ("images-idx3", "labels-idx1"))
#: Folders below the given one in which torchvision puts the files.
_BELOW = (".", "raw", "MNIST/raw", "FashionMNIST/raw")


@takes()
def read_mnist(path: PathLike, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the images and labels of one part.

    Parameters
    ----------
    path : path
        The folder of the files, one of them, or a folder that has it as ``raw``, ``MNIST/raw`` or ``FashionMNIST/raw``.
    part : {"train", "t10k"}
        Training or test part, as its files are named.

    Returns
    -------
    images : ndarray of uint8, (images, rows, columns)
    labels : ndarray of int64, (images,)
        0 to 9.

    Raises
    ------
    FileError
        When a file is missing, damaged or holds other data, or a label is not 0 to 9.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "t10k-images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3, *[0, 0, 0, 2] * 3, *range(8)]))
    >>> _ = (folder / "t10k-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 4, 9]))
    >>> images, labels = read_mnist(folder, "t10k")
    >>> images.shape, labels
    ((2, 2, 2), array([4, 9]))
    """
    places = _found(path, f"{part}-images", 3), _found(path, f"{part}-labels", 1)
    images, labels = (read_idx(place) for place in places)
    for place, array, dimensions in ((places[0], images, 3), (places[1], labels, 1)):
        if array.dtype != np.uint8 or array.ndim != dimensions or not array.size:
            said = f"holds {array.dtype} of shape {array.shape}"
            raise FileError(place, f"{said}, wanted uint8 of {dimensions} dimensions, none of them 0")
    if len(images) != len(labels):
        raise FileError(places[1], f"holds {len(labels)} labels for {len(images)} images")
    if labels.max() >= _CLASSES:
        index = int(np.argmax(labels >= _CLASSES))
        raise FileError(places[1], f"label {index} is {labels[index]}: must be 0 to {_CLASSES - 1}")
    return images, labels.astype(np.int64)


def holds_idx(path: Path) -> bool:
    """Return whether a path is the folder of the images of the training part, or one of the files."""
    return "-ubyte" in path.name or any(any((path / below).glob("train-images?idx3-ubyte*")) for below in _BELOW)


def _found(path: PathLike, start: str, dimensions: int) -> Path:
    """Return the path of a file in the folder, or in one below it."""
    check_path(path)
    with refuse_damaged(path, "folder"):
        if "-ubyte" in Path(path).name and Path(path).is_file():
            path = Path(path).parent
        if not Path(path).is_dir():
            said = "is no folder" if Path(path).exists() else "does not exist"
            raise FileError(path, f"{said}: give the folder of {start}-idx{dimensions}-ubyte and the three other files")
        for below in _BELOW:
            for name in (f"{start}-idx{dimensions}-ubyte", f"{start}.idx{dimensions}-ubyte"):
                for ending in ("", ".gz"):
                    place = Path(path) / below / f"{name}{ending}"
                    if place.exists() and not place.is_dir():  # what is neither file nor folder is refused when opened
                        return place
    raise FileError(path, f"has no file {start}-idx{dimensions}-ubyte or {start}-idx{dimensions}-ubyte.gz, nor in raw/")
