"""``.npz`` files of arrays with a kind, a version and a digest, without pickle and with limits on their size."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import os
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

import numpy as np

from hrsnn.errors import FileError, InputError
from hrsnn.files.parsing import parsed_json
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike, to_json, writing
from hrsnn.validation.limits import beyond, beyond_memory, limit, readable
from hrsnn.validation.numbers import count_of

#: Name of the array that contains the metadata of a file, as JSON.
ABOUT = "__about__"
_CHUNK = 2**24
#: Maximum size of a table of contents in bytes, for thousands of arrays; hrsnn writes about forty.
_LONGEST_CONTENTS = 2**20
#: Maximum compression ratio, for files that unpack to more than so many bytes: random numbers cannot be compressed.
_PACKED, _SMALL = 100, 2**28
#: Maximum size of the header of an array (its type and shape) in bytes.
_LONGEST_HEADER = 10_000


def write_npz(path: PathLike, kind: str, version: int, arrays: Mapping[str, np.ndarray], header: Any = None) -> None:
    """Write `arrays` and a JSON `header` atomically to an ``.npz`` file.

    The file also contains its `kind`, the `version` of its layout, and the SHA-256 digest of everything, by which
    :func:`read_npz` detects files of another kind and damaged ones. Arrays of objects, which need pickle, are an error.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "weights.npz"
    >>> write_npz(path, "weights", 1, {"weight": np.arange(3.0)}, {"unit": "mV"})
    >>> path.is_file()
    True
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name} holds objects, which would have to be pickled")
    about = {"kind": kind, "version": version, "header": header}
    about["sha256"] = digest(about, arrays)
    # not by np.savez, which pickles objects by default, and has no option against it in some versions of NumPy
    with writing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in {ABOUT: np.array(to_json(about)), **arrays}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)  # type: ignore[no-untyped-call]


def names_in_npz(path: PathLike) -> set[str]:
    """Return the names of the arrays in an ``.npz`` file, without reading them; none where it is no such file."""
    try:
        with open_binary(path) as file, zipfile.ZipFile(file) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):  # OSError: a FileError too
        return set()


def read_npz(path: PathLike, kind: str, version: int) -> tuple[dict[str, np.ndarray], Any]:
    """Return the arrays and the header of a file written by :func:`write_npz`.

    Raises
    ------
    FileError
        When the file is missing, damaged, of another kind or of a newer version, or larger than the limit. A file without
        a digest, made by another program, is accepted if everything else is valid.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "weights.npz"
    >>> write_npz(path, "weights", 1, {"weight": np.arange(3.0)}, {"unit": "mV"})
    >>> read_npz(path, "weights", 1)
    ({'weight': array([0., 1., 2.])}, {'unit': 'mV'})
    """
    with _archive(path) as members:
        # the metadata are read first: no arrays are unpacked from a file of another kind
        if ABOUT not in members:
            raise FileError(path, f"is not a file of kind {kind!r}: it does not say what it is")
        try:
            about = parsed_json(str(members.pop(ABOUT)()))
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
        arrays = {name: read() for name, read in members.items()}
    if said is not None and said != digest(about, arrays):
        raise FileError(path, "is damaged: its content is not what its digest says")
    return arrays, header


def digest(about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 digest of the metadata and of name, type, shape and bytes of every array."""
    found = hashlib.sha256(to_json(about).encode())
    for name, values in sorted(arrays.items()):
        array = np.asarray(values)
        found.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        if array.size:
            found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def load_arrays(path: PathLike) -> dict[str, np.ndarray]:
    """Return all arrays of any ``.npz`` file, read without pickle.

    Raises
    ------
    FileError
        When the file is missing, damaged, not an ``.npz`` file, or larger than the limit once unpacked, which is found from
        its table of contents.
    """
    with _archive(path) as members:
        return {name: read() for name, read in members.items()}


@contextlib.contextmanager
def _archive(path: PathLike) -> Iterator[dict[str, Callable[[], np.ndarray]]]:
    """Yield a function to read each array, by name, if the table of contents is valid and within the limits."""
    with open_binary(path) as file, refuse_damaged(path, ".npz file"):
        magic = file.read(6)
        if magic == np.lib.format.MAGIC_PREFIX:
            raise FileError(path, "is not an .npz file")
        _check_contents(path, file)
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > limit("unpacked"):
                raise FileError(path, f"would unpack to {readable(size)}: {beyond('unpacked')}")
            if size > max(_SMALL, _PACKED * os.fstat(file.fileno()).st_size):
                raise FileError(
                    path, f"would unpack to {readable(size)}, over {_PACKED} times its own size: it holds no data"
                )
            if size > limit("memory"):
                raise FileError(path, beyond_memory(size))
            readers: dict[str, Callable[[], np.ndarray]] = {}
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                if name == member.filename or name in readers:
                    raise FileError(path, f"is damaged or no .npz file: it holds {member.filename!r:.60}")
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # as NumPy writes them
                    raise FileError(path, f"is damaged or no .npz file: method {member.compress_type} of compression")
                readers[name] = functools.partial(_read, path, archive, member)
            yield readers


def _check_contents(path: PathLike, file: IO[bytes]) -> None:
    """Check the size of the table of contents before it is read: each entry takes a thousand bytes of memory."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 2**16 - 22))  # the position of the table is at the end of the file, before a comment
    tail = file.read()
    found = len(tail) - 22  # in the same way as zipfile
    if not (tail[found:].startswith(b"PK\x05\x06") and tail.endswith(b"\0\0")):
        found = tail.rfind(b"PK\x05\x06")
    size = struct.unpack_from("<L", tail, found + 12)[0] if 0 <= found <= len(tail) - 22 else 0
    if found >= 76 and tail[found - 20 :].startswith(b"PK\x06\x07"):  # ZIP64 files have another record before it
        size = max(size, struct.unpack_from("<Q", tail, found - 36)[0])
    if size > _LONGEST_CONTENTS:
        raise FileError(path, f"has a table of contents of {size} bytes: must be at most {_LONGEST_CONTENTS}")
    file.seek(0)


def _read(path: PathLike, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as content:
        return _array(path, content, member.file_size)


def _array(path: PathLike, content: IO[bytes], size: int) -> np.ndarray:
    """Return an array of `size` bytes, including its header; NumPy would allocate any size that the header gives."""
    version = np.lib.format.read_magic(content)  # type: ignore[no-untyped-call]
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"version {version} of an array's layout is not known")
    read, width = np.lib.format.read_array_header_2_0, 4
    if version == (1, 0):
        read, width = np.lib.format.read_array_header_1_0, 2
    said = content.read(width)
    length = int.from_bytes(said, "little")
    if length > _LONGEST_HEADER:
        raise ValueError(f"an array's header has {length} bytes: must be at most {_LONGEST_HEADER}")
    shape, fortran, dtype = read(io.BytesIO(said + content.read(length)))  # type: ignore[no-untyped-call]
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
    while part := content.read(min(_CHUNK, body - done) or 1):  # read to the end, where zipfile checks the CRC
        raw[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
    if done != body:
        raise ValueError("the file ends within an array")
    if (dtype.kind == "b" and (raw > 1).any()) or (dtype.kind == "U" and (raw.view(dtype.str[0] + "u4") > 0x10FFFF).any()):
        raise ValueError("a value is none of its type")
    values: np.ndarray = raw.view(dtype)
    return values.reshape(shape[::-1]).T if fortran else values.reshape(shape)
