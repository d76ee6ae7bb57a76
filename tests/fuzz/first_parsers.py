"""Whether a file passes the first parser of its format: what stands between noise and the checks of this package."""

from __future__ import annotations

import gzip
import io
import json
import pickletools
import struct
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from xml.etree import ElementTree

import numpy as np


def _npz(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            np.lib.format.read_magic(io.BytesIO(archive.read(name)))


def _text(data: bytes) -> None:
    if not data.decode("utf-8").strip():
        raise ValueError("no text")


def _wav(data: bytes) -> None:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("no wav")


def _hdf5(data: bytes) -> None:
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        file.visit(len)


def _image(data: bytes) -> None:
    from PIL import Image

    Image.open(io.BytesIO(data)).size  # noqa: B018


def _idx(data: bytes) -> None:
    zero, _, count = struct.unpack(">HBB", data[:4])
    if zero or len(data) < 4 + 4 * count:
        raise ValueError("no IDX")


def _begins(*heads: bytes) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        if not data.startswith(heads):
            raise ValueError("another kind")

    return check


def _events(data: bytes) -> None:
    if not data or len(data) % 5:
        raise ValueError("no whole number of events")


#: By ending of the file; files without one are batches of CIFAR, or IDX.
_PARSERS: Mapping[str, Callable[[bytes], object]] = {
    ".npz": _npz,
    ".toml": lambda data: tomllib.loads(data.decode("utf-8")),
    ".json": json.loads,
    ".graphml": ElementTree.fromstring,
    ".wav": _wav,
    ".h5": _hdf5,
    ".png": _image,
    ".gz": lambda data: _idx(gzip.decompress(data)),
    ".aedat": _begins(b"#!AER-DAT"),
    ".bin": _events,
    "": lambda data: list(pickletools.genops(data)),
}


def passes(name: str, data: bytes) -> bool:
    """Return whether the content of a file of this name passes the first parser; any text is text."""
    ending = name[name.rfind(".") :] if "." in name else ""
    parser = _begins(b"") if name == "network.bin" and data else _PARSERS.get(ending, _text)
    try:
        parser(data)
    except Exception:  # whatever it raises
        return False
    return True
