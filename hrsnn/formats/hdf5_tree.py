"""A whole HDF5 file as nested groups of arrays, read without trust: NIR graphs and SONATA networks are such files.

Only what is in the file itself, once, is read: links that are not hard links, views of other files, and objects that are
reached twice (of which a few bytes can make a tree without end) are errors. Texts of variable length are read from the
file's collections of values by :mod:`hrsnn.formats.hdf5_heap`, those of attributes after all collections were checked,
since HDF5 itself does not end on some damaged ones.
"""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary
from hrsnn.files.writing import PathLike
from hrsnn.formats.hdf5 import open_hdf5, stored_rows
from hrsnn.formats.hdf5_heap import Rows, check_collections, row_values
from hrsnn.validation.limits import beyond, beyond_memory, limit, readable

#: Largest number of groups and datasets, and of attributes of one, in a file.
_MOST_MEMBERS, _MOST_ATTRIBUTES = 100_000, 1000
#: Largest size of an attribute in bytes.
_LONGEST_ATTRIBUTE = 2**20
#: Kinds of types that are read: truths, whole numbers, floats, and texts of fixed length.
_KINDS = "biufS"


@dataclass(frozen=True)
class Group:
    """A group: its datasets as arrays (texts as arrays of objects), its groups, and the attributes of all of these."""

    members: Mapping[str, Group | np.ndarray]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    of_members: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  #: attributes of the datasets

    def plain(self) -> dict[str, Any]:
        """Return the members as nested dictionaries; a single value as a scalar, a text as str."""
        return {
            name: one.plain() if isinstance(one, Group) else one if one.ndim else one[()]
            for name, one in self.members.items()
        }


def read_tree(path: PathLike, skip: frozenset[str] = frozenset()) -> Group:
    """Read an HDF5 file.

    Parameters
    ----------
    path : path
    skip : frozenset of str
        Names of groups and datasets that are not read.

    Returns
    -------
    Group

    Raises
    ------
    FileError
        When the file is missing, no HDF5 file or damaged, has links, cycles, views of other files, types other than
        numbers and texts, is nested too deeply, or declares more than the limits (docs/limits.md).

    Examples
    --------
    >>> import h5py, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.h5"
    >>> with h5py.File(path, "w") as file:
    ...     file["nodes/tau"] = [1.5, 2.5]
    ...     file["nodes/type"] = "LIF"
    >>> read_tree(path).plain()
    {'nodes': {'tau': array([1.5, 2.5]), 'type': 'LIF'}}
    """
    with open_hdf5(path) as opened:
        return _Reader(path, opened, skip).group(opened, "", 1)


class _Reader:
    """What was read of a file so far."""

    def __init__(self, path: PathLike, opened: Any, skip: frozenset[str]) -> None:
        self.path, self.opened, self.skip = path, opened, skip
        self.seen: set[int] = set()
        self.declared = 0.0
        self.checked = False

    def group(self, group: Any, name: str, level: int) -> Group:
        import h5py

        if level > limit("nesting"):
            raise FileError(self.path, f"{name!r}: {beyond('nesting')}")
        self._once(group, name)
        members: dict[str, Group | np.ndarray] = {}
        of_members: dict[str, Mapping[str, Any]] = {}
        for part in self._names(group.id.links.iterate, _MOST_MEMBERS):
            full = f"{name}/{part}"
            if part in self.skip:
                continue
            if not isinstance(group.get(part, getlink=True), h5py.HardLink):
                raise FileError(self.path, f"{full!r} is a link, and nothing of the file itself")
            one = group[part]
            if isinstance(one, h5py.Group):
                members[part] = self.group(one, full, level + 1)
            elif isinstance(one, h5py.Dataset):
                self._once(one, full)
                members[part] = self._values(one, full)
                of_members[part] = self._attributes(one, full)
            else:
                raise FileError(self.path, f"{full!r} is neither a group nor a dataset")
        return Group(members, self._attributes(group, name), of_members)

    def _once(self, one: Any, name: str) -> None:
        import h5py

        address = int(h5py.h5o.get_info(one.id).addr)
        if address in self.seen:
            raise FileError(self.path, f"{name!r} leads to an object that is there under another name")
        self.seen.add(address)
        if len(self.seen) > _MOST_MEMBERS:
            raise FileError(self.path, f"has over {_MOST_MEMBERS} groups and datasets")

    def _names(self, iterate: Callable[[Callable[[Any], Any]], Any], most: int) -> list[str]:
        found: list[bytes] = []

        def add(name: bytes) -> bool | None:  # must not raise: it is called by HDF5
            found.append(name)
            return True if len(found) > most else None  # anything but None ends the iteration

        iterate(add)
        if len(found) > most:
            raise FileError(self.path, f"has a group or an object with over {most} members or attributes")
        return [name.decode() for name in found]

    def _count(self, name: str, size: float) -> None:
        """Add to what is declared in all: objects may share the bytes of the file."""
        self.declared += size
        if self.declared > limit("unpacked"):
            raise FileError(self.path, f"declares {readable(self.declared)} up to {name!r}: {beyond('unpacked')}")
        if 2 * self.declared > limit("memory"):
            raise FileError(self.path, f"up to {name!r} {beyond_memory(2 * self.declared)}")

    def _values(self, data: Any, name: str) -> np.ndarray:
        import h5py

        if data.shape is None or data.is_virtual or data.external:
            raise FileError(self.path, f"{name!r} is empty, or has its data in other files")
        text = h5py.check_string_dtype(data.dtype)
        if text is not None and text.length is None:
            return self._texts(data, name)
        if data.dtype.kind not in _KINDS or data.dtype.fields:
            truth = h5py.check_enum_dtype(data.dtype) is None
            raise FileError(self.path, f"{name!r} has the type {data.dtype if truth else 'enum'}, wanted numbers or texts")
        self._count(name, math.prod(map(int, data.shape)) * data.dtype.itemsize)
        plist = data.id.get_create_plist()
        if plist.get_layout() == h5py.h5d.COMPACT:  # at most 64 KiB, in the header
            values = np.asarray(data[()])
        else:
            stored = stored_rows(self.path, name, data, data.dtype.itemsize)
            if data.dtype.kind == "b":  # an enumeration of one byte
                stored = (stored != 0).astype(np.uint8)
            values = stored.view(data.dtype)[..., 0]
        if values.dtype.kind == "S":
            texts = [one.decode() for one in values.ravel().tolist()]
            values = np.array([*texts, None], dtype=object)[:-1].reshape(values.shape)
        return values

    def _texts(self, data: Any, name: str) -> np.ndarray:
        address, sizes = self.opened.id.get_create_plist().get_sizes()
        self._count(name, math.prod(map(int, data.shape)) * 100)  # of an object of Python
        stored = stored_rows(self.path, name, data, 8 + address)
        rows = Rows.from_stored(stored.reshape(-1, 8 + address), np.dtype("u1"), sizes)
        self._count(name, float(rows.count.sum(dtype=np.float64)))
        texts = []
        with open_binary(self.path) as file:
            for row in range(len(rows.count)):
                texts.append(row_values(self.path, file, rows, row).tobytes().rstrip(b"\0").decode())
        return np.array([*texts, None], dtype=object)[:-1].reshape(data.shape)

    def _attributes(self, one: Any, name: str) -> dict[str, Any]:
        import h5py

        if h5py.h5a.get_num_attrs(one.id) == 0:
            return {}
        found: dict[str, Any] = {}
        for attribute in self._names(lambda add: h5py.h5a.iterate(one.id, add), _MOST_ATTRIBUTES):
            about = h5py.h5a.open(one.id, attribute.encode())
            where = f"{name}@{attribute}"
            if about.get_storage_size() > _LONGEST_ATTRIBUTE:
                raise FileError(self.path, f"{where!r} has over {readable(_LONGEST_ATTRIBUTE)}")
            text = h5py.check_string_dtype(about.dtype)
            variable = text is not None and text.length is None
            if about.dtype.kind not in _KINDS and not variable and h5py.check_enum_dtype(about.dtype) is None:
                continue  # references, of which no format here has need
            if variable and about.shape != ():
                raise FileError(self.path, f"{where!r} is a list of texts of variable length")
            if variable and not self.checked:
                _check_collections(self.path)
                self.checked = True
            value = one.attrs[attribute]
            # enumerations, as SONATA has them for the order of spikes, by the name of the value
            names = {int(number): word for word, number in (h5py.check_enum_dtype(about.dtype) or {}).items()}
            if names and np.ndim(value) == 0:
                value = names.get(int(value), value)
            found[attribute] = value.decode() if isinstance(value, bytes) else value
        return found


def _check_collections(path: PathLike) -> None:
    if os.stat(path).st_size:
        with open_binary(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            check_collections(path, whole)
