"""Changes of data files that leave them of their format: each takes a whole file and random numbers."""

from __future__ import annotations

import gzip
import io
import pickle
import pickletools
from collections.abc import Mapping
from typing import Any

import damaged_files as damages
import numpy as np
from damaged_files import Damage, Random
from hostile import one_of

_WHOLE = (0, 1, 2, 3, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
_VALUES = (np.nan, np.inf, -np.inf, -1.0, 0.0, 1e300, 5e-324, 2.0**31, 2.0**63)


def fields(data: bytes, random: Random) -> bytes:
    """A whole number of one to eight bytes that is an odd one; most often near the beginning."""
    size = int(one_of((1, 2, 4, 8), random))
    end = min(len(data), 64) if random.random() < 0.6 else len(data)
    place = int(random.integers(max(1, end - size)))
    number = one_of(_WHOLE, random) % 2 ** (8 * size)
    changed = number.to_bytes(size, one_of(("little", "big"), random))  # type: ignore[arg-type]
    return data[:place] + changed + data[place + size :]


def unpacked_fields(data: bytes, random: Random) -> bytes:
    """The same in the content of a .gz file, or more or less of it."""
    inside = gzip.decompress(data)
    forms = (fields(inside, random), fields(inside, random), inside[:-1], inside + b"\0", inside[: len(inside) // 2])
    return gzip.compress(one_of(forms, random), 1, mtime=0)


def other_array(values: np.ndarray, random: Random) -> np.ndarray:
    """Return an array of another length, shape or type, or with an odd value."""
    rows = np.atleast_1d(values)
    turn = random.random()
    if turn < 0.35 and values.size and values.dtype.kind in "iuf":
        changed = rows.astype(np.float64) if random.random() < 0.4 else rows.copy()
        with np.errstate(all="ignore"):
            odd = (
                one_of(_VALUES, random)
                if changed.dtype.kind == "f"
                else one_of(_WHOLE, random) % 2 ** (8 * rows.itemsize - 1)
            )
            changed.reshape(-1)[random.integers(changed.size)] = odd
        return changed
    forms: tuple[Any, ...] = (
        rows[:-1],
        rows[:0],
        rows[None],
        rows[..., None],
        np.concatenate([rows, rows[:1]]),
        rows[::-1],
        np.zeros((), rows.dtype),
        rows.astype("U8"),
        rows.astype(bool) if rows.dtype.kind in "iuf" else rows,
        rows.astype(np.int8) if rows.dtype.kind in "iu" else rows,
        rows.astype(np.complex128) if rows.dtype.kind in "iuf" else rows,
        rows.astype(">i8") if rows.dtype.kind in "iu" else rows,
    )
    with np.errstate(all="ignore"):
        return np.asarray(forms[random.integers(len(forms))])


def arrays(data: bytes, random: Random) -> bytes:
    """An array of an npz file that is another one, missing, in another's place, or an object."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        content = dict(stored)
    name, other, turn = one_of(sorted(content), random), one_of(sorted(content), random), random.random()
    if turn < 0.1:
        del content[name]
    elif turn < 0.2:
        content[name], content[other] = content[other], content[name]
    elif turn < 0.25:
        content[name] = content[name].astype(object)
    else:
        content[name] = other_array(content[name], random)
    out = io.BytesIO()
    np.savez(out, **content)
    return out.getvalue()


def datasets(data: bytes, random: Random) -> bytes:
    """A data set of an HDF5 file that is another one, missing, a group, or a link out of the file."""
    import h5py

    out = io.BytesIO(data)
    with h5py.File(out, "r+") as file:
        names: list[str] = []
        file.visititems(lambda name, one: names.append(name) if isinstance(one, h5py.Dataset) else None)
        name, turn = one_of(sorted(names), random), random.random()
        values = file[name][()]
        del file[name]
        if turn < 0.1:
            file.create_group(name)
        elif turn < 0.2:
            file[name] = h5py.ExternalLink("/etc/hostname", "/")
        elif turn < 0.3:
            file[name] = h5py.SoftLink(one_of(("/nothing", f"/{name}", "/"), random))
        elif turn > 0.4:
            rows = [np.asarray(row) for row in values] if values.dtype.kind == "O" else None
            if rows is None:
                file[name] = other_array(values, random) if values.dtype.kind in "iuf" else np.arange(len(values))
            else:
                place = int(random.integers(len(rows)))
                rows[place] = other_array(rows[place], random).ravel()
                kind = rows[0].dtype if random.random() < 0.6 else np.dtype(one_of(("f8", "i8", "u1", ">u2"), random))
                kept = file.create_dataset(name, len(rows), h5py.vlen_dtype(kind))
                for row, one in enumerate(rows):
                    if one.dtype.kind in "iufb":
                        kept[row] = one
    return out.getvalue()


def opcodes(data: bytes, random: Random) -> bytes:
    """A pickle with an opcode left out, repeated, or with one that calls a function before it."""
    places = [place for _, _, place in pickletools.genops(data) if place is not None]
    index = int(random.integers(len(places) - 1))
    begin, end = places[index], places[index + 1]
    calls = (
        b"cos\nsystem\n",
        b"cbuiltins\neval\n",
        b"cos\nsystem\n(U\x04trueR",
        b"c__main__\nx\n",
        b"\x93",
        b"}",
        b"N",
        b"0",
        b"(",
        b"e",
        b"h\x63",
    )
    forms = (data[:begin] + data[end:], data[:end] + data[begin:], data[:begin] + one_of(calls, random) + data[begin:])
    return one_of(forms, random)


def other_pickle(data: bytes, random: Random) -> bytes:
    """A pickle of other data, as a newer Python makes it."""
    images: Any = np.zeros((4, 3072), np.uint8)
    content = {b"data": images, b"labels": [0, 1, 2, 3], b"fine_labels": [0, 1, 2, 3], b"coarse_labels": [0, 1, 2, 3]}
    key = one_of((b"data", b"labels", b"fine_labels"), random)
    odd: tuple[Any, ...] = (
        None,
        [],
        [10**30] * 4,
        [-1] * 4,
        ["a"] * 4,
        [True] * 4,
        images[:, :7],
        images.astype("f8"),
        {},
        3,
        set(),
        os_system(),
    )
    content[key] = one_of(odd, random)
    return pickle.dumps(content, protocol=int(random.integers(0, 5)))


class os_system:
    """Runs a command where it is unpickled: a test would see the file."""

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, ("touch unpickled",)


def pictures(data: bytes, random: Random) -> bytes:
    """An image of another mode, size or format."""
    from PIL import Image

    image = Image.open(io.BytesIO(data))
    size = one_of(((1, 1), image.size, (1, 400), (64, 64)), random)
    image = image.convert("RGB").convert(one_of(("L", "RGB", "1", "P", "RGBA"), random)).resize(size)  # type: ignore[arg-type]
    out = io.BytesIO()
    image.save(out, format=one_of(("PNG", "PNG", "BMP", "GIF", "TIFF"), random))
    return out.getvalue()


TEXT = damages.TEXT
#: Changes by ending.
DATA: Mapping[str, Mapping[str, Damage]] = {
    ".npz": {"arrays": arrays},
    ".gz": {"unpacked": unpacked_fields},
    ".h5": {"datasets": datasets, "fields": fields},
    ".png": {"pictures": pictures, "fields": fields},
    ".wav": damages.WAV,
    ".bin": {"fields": fields, "bits": damages.bits},
    ".aedat": {"fields": fields, "bits": damages.bits},
    "": {"opcodes": opcodes, "other": other_pickle, "fields": fields},
}
