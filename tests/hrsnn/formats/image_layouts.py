"""Images in the layouts of the public data sets: the four IDX files, the batches of CIFAR, folders of images."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

#: Codes of types in IDX files.
IDX_TYPES = {"|u1": 8, "|i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}


def idx_bytes(values: np.ndarray) -> bytes:
    """An array as an IDX file."""
    values = values.astype(values.dtype.newbyteorder(">"))
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, IDX_TYPES[values.dtype.str], values.ndim, *values.shape)
    return head + values.tobytes()


def write_mnist(folder: Path, parts: Mapping[str, tuple[np.ndarray, np.ndarray]], packed: bool = False) -> Path:
    """Write the four files, of "train" and "t10k", and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, (images, labels) in parts.items():
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            content = idx_bytes(array.astype(np.uint8))
            if packed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1, mtime=0))
            else:
                (folder / name).write_bytes(content)
    return folder


def python2_text(text: bytes) -> bytes:
    """A string of Python 2: SHORT_BINSTRING, or BINSTRING."""
    return b"U" + bytes([len(text)]) + text if len(text) < 256 else b"T" + struct.pack("<i", len(text)) + text


def python2_number(value: int) -> bytes:
    """A whole number: BININT1, BININT2 or BININT."""
    if 0 <= value < 256:
        return b"K" + bytes([value])
    return b"M" + struct.pack("<H", value) if 0 <= value < 2**16 else b"J" + struct.pack("<i", value)


def python2_batch(images: np.ndarray, labels: Mapping[str, Sequence[int]]) -> bytes:
    """A batch of CIFAR as Python 2 pickled it, protocol 2, opcode by opcode; images are (n, 32, 32, 3)."""
    rows = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), -1).astype(np.uint8)
    out = [b"\x80\x02}q\x01(", python2_text(b"batch_label"), b"q\x02", python2_text(b"training batch 1 of 5"), b"q\x03"]
    for key, values in labels.items():
        out += [python2_text(key.encode()), b"]("]
        out += [python2_number(value) for value in values]
        out += [b"e"]
    out += [python2_text(b"data"), b"cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08"]
    out += [b"K\x00\x85", python2_text(b"b"), b"\x87Rq\x09("]  # _reconstruct(ndarray, (0,), "b")
    out += [b"K\x01", python2_number(len(rows)), python2_number(rows.shape[1]), b"\x86"]  # version, shape
    out += [b"cnumpy\ndtype\nq\x0a", python2_text(b"u1"), b"K\x00K\x01\x87Rq\x0b"]
    out += [b"(K\x03", python2_text(b"|"), b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"]  # state of the dtype
    out += [b"\x89", python2_text(rows.tobytes()), b"tb"]  # not in Fortran order, the values
    out += [python2_text(b"filenames"), b"]("]
    out += [python2_text(b"image_%d.png" % index) for index in range(len(rows))]
    return b"".join([*out, b"eu."])


def write_cifar10(folder: Path, train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> Path:
    """Write ``cifar-10-batches-py``: the training part in five batches, and the test part; returns its parent."""
    inside = folder / "cifar-10-batches-py"
    inside.mkdir(parents=True)
    for k, rows in enumerate(np.array_split(np.arange(len(train[1])), 5), start=1):
        (inside / f"data_batch_{k}").write_bytes(python2_batch(train[0][rows], {"labels": train[1][rows].tolist()}))
    (inside / "test_batch").write_bytes(python2_batch(test[0], {"labels": test[1].tolist()}))
    return folder


def write_cifar100(folder: Path, train: tuple[np.ndarray, ...], test: tuple[np.ndarray, ...]) -> Path:
    """Write ``cifar-100-python``: images, fine and coarse labels of each part; returns its parent."""
    inside = folder / "cifar-100-python"
    inside.mkdir(parents=True)
    for name, (images, fine, coarse) in (("train", train), ("test", test)):
        labels = {"fine_labels": fine.tolist(), "coarse_labels": coarse.tolist()}
        (inside / name).write_bytes(python2_batch(images, labels))
    return folder


def write_image_folder(folder: Path, images: np.ndarray, labels: Sequence[str], ending: str = ".png") -> Path:
    """Write one folder a class, with images numbered as they come; returns the folder."""
    from PIL import Image

    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / label / f"{index:05d}{ending}")
    return folder
