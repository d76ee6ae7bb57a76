"""Arrays in ``.npz`` files: with a kind, a version and a digest, without pickle, and never larger than they say."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from hrsnn.checks import count_of
from hrsnn.errors import FileError, InputError
from hrsnn.files import PathLike, to_json, writing
from hrsnn.limits import beyond, limit, readable
from hrsnn.reading import damaged, opened, parsed_json

#: Name of the array that holds what a file says of itself, as JSON.
ABOUT = "__about__"
_CHUNK = 2**24


def write_npz(path: PathLike, kind: str, version: int, arrays: Mapping[str, np.ndarray], header: Any = None) -> None:
    """Write `arrays` and a JSON `header` as one ``.npz`` file, whole or not at all.

    The file also says what it is (`kind`), in which `version` of its layout, and the SHA-256 digest of all that, so that
    :func:`read_npz` can refuse another kind of file and a damaged one. Arrays of objects are refused: nothing is ever
    pickled.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name} holds objects, which would have to be pickled")
    about = {"kind": kind, "version": version, "header": header}
    about["sha256"] = digest(about, arrays)
    # not by np.savez, which pickles objects unless told otherwise, and cannot be told by every version of NumPy
    with writing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in {ABOUT: np.array(to_json(about)), **arrays}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)  # type: ignore[no-untyped-call]


def read_npz(path: PathLike, kind: str, version: int) -> tuple[dict[str, np.ndarray], Any]:
    """Read a file of :func:`write_npz`: its arrays and its header.

    Raises
    ------
    FileError
        When the file is missing, damaged, of another kind or of a newer version, or larger than the limit. Where it says no
        digest, as files made by other programs do, the rest is checked all the same.
    """
    arrays = load_arrays(path)
    if ABOUT not in arrays:
        raise FileError(path, f"is not a file of kind {kind!r}: it does not say what it is")
    try:
        about = parsed_json(str(arrays.pop(ABOUT)))
        found, found_version, header = about["kind"], count_of("version", about["version"]), about["header"]
        said = about.pop("sha256", None)
        if len(about) > 3:
            raise InputError("names", sorted(about), "must be kind, version and header")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise FileError(path, "is damaged: its header cannot be read") from error
    if found != kind:
        raise FileError(path, f"holds a {found!r:.60}, wanted a {kind!r}")
    if found_version > version:
        raise FileError(path, f"has version {found_version} of its layout; this hrsnn reads up to {version}: upgrade")
    if said is not None and said != digest(about, arrays):
        raise FileError(path, "is damaged: its content is not what its digest says")
    return arrays, header


def digest(about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over what a file says of itself and over name, type, shape and bytes of every array."""
    found = hashlib.sha256(to_json(about).encode())
    for name, values in sorted(arrays.items()):
        array = np.asarray(values)
        found.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        if array.size:
            found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def load_arrays(path: PathLike) -> dict[str, np.ndarray]:
    """All arrays of any ``.npz`` file, read without pickle.

    Raises
    ------
    FileError
        When the file is missing, damaged, no ``.npz`` file, or larger than the limit once unpacked; then nothing was read
        but its table of contents.
    """
    with opened(path) as file, damaged(path, ".npz file"):
        magic = file.read(6)
        if magic == np.lib.format.MAGIC_PREFIX:
            raise FileError(path, "is not an .npz file")
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if size > limit("unpacked"):
                raise FileError(path, f"would unpack to {readable(size)}: {beyond('unpacked')}")
            arrays: dict[str, np.ndarray] = {}
            for member in members:
                name = member.filename.removesuffix(".npy")
                if name == member.filename or name in arrays:
                    raise FileError(path, f"is damaged or no .npz file: it holds {member.filename!r:.60}")
                with archive.open(member) as content:
                    arrays[name] = _array(path, content, member.file_size)
            return arrays


def _array(path: PathLike, content: IO[bytes], size: int) -> np.ndarray:
    """One array of `size` bytes, its header among them: NumPy would allocate whatever the header says."""
    version = np.lib.format.read_magic(content)  # type: ignore[no-untyped-call]
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"version {version} of an array's layout is not known")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(content)  # type: ignore[no-untyped-call]
    if dtype.hasobject:
        raise FileError(path, "arrays of objects are refused: they would be pickled")
    count = 1
    for length in shape:
        count *= int(length)
    body = size - content.tell()
    if count < 0 or count * dtype.itemsize != body:
        raise ValueError(f"an array of shape {shape} and type {dtype} has not {body} bytes")
    raw = np.empty(body, np.uint8)
    done = 0
    while part := content.read(min(_CHUNK, body - done) or 1):  # read to the end: there the sum over the content is checked
        raw[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
    if done != body:
        raise ValueError("the file ends within an array")
    if (dtype.kind == "b" and (raw > 1).any()) or (dtype.kind == "U" and (raw.view(dtype.str[0] + "u4") > 0x10FFFF).any()):
        raise ValueError("a value is none of its type")
    values: np.ndarray = raw.view(dtype)
    return values.reshape(shape[::-1]).T if fortran else values.reshape(shape)
