"""Batches of CIFAR-10 and CIFAR-100, "python version": pickles of a dictionary, of images as rows of bytes.

================  ===============================================================================================
key               value
================  ===============================================================================================
data              uint8 (images, 3072): 1024 bytes each of red, green and blue, 32 rows of 32 pixels
labels            CIFAR-10: list of whole numbers, 0 to 9
fine_labels       CIFAR-100: list of whole numbers, 0 to 99
coarse_labels     CIFAR-100: list of whole numbers, 0 to 19
================  ===============================================================================================

Other keys (``batch_label``, ``filenames``) are not used. The files are of protocol 2 of Python 2, so that keys may be bytes;
how they are read without unpickling is in :mod:`hrsnn.formats.plain_pickle`. Source: A. Krizhevsky, the CIFAR-10 and
CIFAR-100 data sets (https://www.cs.toronto.edu/~kriz/cifar.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike, check_path
from hrsnn.formats.plain_pickle import read_plain_pickle
from hrsnn.validation.units import takes

#: Number of classes by the key of the labels.
CLASSES = {"labels": 10, "fine_labels": 100, "coarse_labels": 20}
_SIDE = 32


@takes()
def read_cifar_batch(path: PathLike, key: str = "labels") -> tuple[np.ndarray, np.ndarray]:
    """Read the images and labels of one batch.

    Parameters
    ----------
    path : path
        The file, such as ``cifar-10-batches-py/data_batch_1`` or ``cifar-100-python/train``.
    key : {"labels", "fine_labels", "coarse_labels"}
        Labels to read: those of CIFAR-10, or one of the two of CIFAR-100.

    Returns
    -------
    images : ndarray of uint8, (images, 32, 32, 3)
        Rows, columns, and red, green and blue.
    labels : ndarray of int64, (images,)

    Raises
    ------
    FileError
        When the file is missing, damaged, no batch of this data set, or a label is out of range.

    References
    ----------
    https://www.cs.toronto.edu/~kriz/cifar.html

    Examples
    --------
    >>> import pathlib, pickle, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "test_batch"
    >>> _ = path.write_bytes(pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": [6]}, protocol=2))
    >>> images, labels = read_cifar_batch(path)
    >>> images.shape, labels
    ((1, 32, 32, 3), array([6]))
    """
    content = read_plain_pickle(path)
    if not isinstance(content, dict):
        raise FileError(path, f"holds a {type(content).__name__}, wanted a dictionary with data and {key}")
    found: dict[Any, Any] = {
        name.decode("latin-1") if isinstance(name, bytes) else name: value for name, value in content.items()
    }
    for name in ("data", key):
        if name not in found:
            raise FileError(path, f"has no {name}: it has {', '.join(map(str, found)) or 'nothing'}")
    data, labels = found["data"], found[key]
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != 3 * _SIDE**2:
        said = f"{data.dtype} of shape {data.shape}" if isinstance(data, np.ndarray) else f"a {type(data).__name__}"
        raise FileError(path, f"its data are {said}, wanted uint8 (images, {3 * _SIDE**2})")
    if not isinstance(labels, list) or len(labels) != len(data) or not labels:
        count = len(labels) if isinstance(labels, list) else f"a {type(labels).__name__} of"
        raise FileError(path, f"has {count} {key} for {len(data)} images, wanted a list of one each")
    for index, label in enumerate(labels):
        if type(label) is not int or not 0 <= label < CLASSES[key]:
            said = str(label) if type(label) is int else f"a {type(label).__name__}"
            raise FileError(path, f"{key}[{index}] is {said:.40}: must be a whole number, 0 to {CLASSES[key] - 1}")
    images = np.ascontiguousarray(data.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1))
    return images, np.array(labels, dtype=np.int64)


@takes()
def read_cifar_batches(folder: PathLike, files: Sequence[str], key: str = "labels") -> tuple[np.ndarray, np.ndarray]:
    """Read several batches of one folder as one, in the order given.

    Parameters
    ----------
    folder : path
    files : sequence of str
        Names of the files.
    key : {"labels", "fine_labels", "coarse_labels"}
        Labels to read.

    Returns
    -------
    images : ndarray of uint8, (images, 32, 32, 3)
    labels : ndarray of int64, (images,)

    Raises
    ------
    FileError
        As :func:`read_cifar_batch`.

    Examples
    --------
    >>> import pathlib, pickle, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for k in (1, 2):
    ...     batch = {"data": np.zeros((2, 3072), np.uint8), "labels": [k, 0]}
    ...     _ = (folder / f"data_batch_{k}").write_bytes(pickle.dumps(batch, protocol=2))
    >>> read_cifar_batches(folder, ["data_batch_2", "data_batch_1"])[1]
    array([2, 0, 1, 0])
    """
    batches = [read_cifar_batch(Path(folder) / name, key) for name in files]
    if len(batches) == 1:
        return batches[0]
    return np.concatenate([images for images, _ in batches]), np.concatenate([labels for _, labels in batches])


@takes()
def cifar_folder(path: PathLike, name: str, file: str) -> Path:
    """Return the folder of the batches: `path`, or the folder `name` in it, whichever has `file`.

    Raises
    ------
    FileError
        When neither has it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> (root / "cifar-100-python").mkdir()
    >>> (root / "cifar-100-python" / "test").touch()
    >>> cifar_folder(root, "cifar-100-python", "test").name
    'cifar-100-python'
    """
    check_path(path)
    with refuse_damaged(path, "folder"):
        if not Path(path).is_dir():
            said = "is no folder" if Path(path).exists() else "does not exist"
            raise FileError(path, f"{said}: give the folder {name}, or its parent")
        for folder in (Path(path), Path(path) / name):
            if (folder / file).exists():
                return folder
    raise FileError(path, f"has no file {file}, nor {name}/{file}: give the folder {name}, or its parent")
