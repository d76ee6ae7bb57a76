"""Where two folders of results differ, within a screen: the file, and in it the JSON path, the array or the line."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

_LINES, _WIDTH, _EACH = 40, 160, 6


def difference(first: Path, second: Path, *, ignored: tuple[str, ...] = ("timing.json", "timing")) -> str:
    """What differs between two folders; empty where every file has the same bytes.

    Parameters
    ----------
    first, second : Path
    ignored : tuple of str
        Names of files, and of folders with all that is in them, that may differ.

    Returns
    -------
    str
        At most 40 lines of at most 160 characters.
    """
    lines = [line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..." for line in _found(first, second, ignored)]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"and {len(lines) - _LINES + 1} lines more"]
    return "\n".join(lines)


def _found(first: Path, second: Path, ignored: tuple[str, ...]) -> Iterator[str]:
    mine, theirs = (
        {str(path) for path in paths if not set(path.parts) & set(ignored)}
        for root in (first, second)
        for paths in [[path.relative_to(root) for path in root.rglob("*")]]
    )
    yield from (f"{name}: only in the first" for name in sorted(mine - theirs))
    yield from (f"{name}: only in the second" for name in sorted(theirs - mine))
    for name in sorted(mine & theirs):
        one, other = first / name, second / name
        if one.is_dir() or other.is_dir():
            if one.is_dir() != other.is_dir():
                yield f"{name}: a folder in one of them"
            continue
        a, b = one.read_bytes(), other.read_bytes()
        if a == b:
            continue
        try:
            details = list(_INSIDE.get(one.suffix, _in_text)(a, b))
        except (ValueError, KeyError, OSError):
            details = [f"unreadable: {len(a)} and {len(b)} bytes"]
        shown = details[:_EACH] or [f"the same content in other bytes: {len(a)} and {len(b)}"]
        yield from (f"{name}: {line}" for line in shown)
        if len(details) > _EACH:
            yield f"{name}: and {len(details) - _EACH} more"


def _in_json(a: bytes, b: bytes) -> Iterator[str]:
    yield from json_differences(json.loads(a), json.loads(b))


def json_differences(a: Any, b: Any, path: str = "$") -> Iterator[str]:
    """The paths at which two JSON values differ, each with both values."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            if key not in a or key not in b:
                yield f"{path}.{key}: only in the {'first' if key in a else 'second'}"
            else:
                yield from json_differences(a[key], b[key], f"{path}.{key}")
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            yield f"{path}: {len(a)} and {len(b)} entries"
        for place, (mine, theirs) in enumerate(zip(a, b, strict=False)):
            yield from json_differences(mine, theirs, f"{path}[{place}]")
    elif not (a == b and type(a) is type(b)) and not (_is_nan(a) and _is_nan(b)):
        yield f"{path}: {a!r:.50} and {b!r:.50}"


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _in_npz(a: bytes, b: bytes) -> Iterator[str]:
    first, second = (dict(np.load(io.BytesIO(data), allow_pickle=False)) for data in (a, b))
    for name in sorted({*first, *second}):
        if name not in first or name not in second:
            yield f"{name}: only in the {'first' if name in first else 'second'}"
            continue
        mine, theirs = first[name], second[name]
        if (mine.dtype, mine.shape) != (theirs.dtype, theirs.shape):
            yield f"{name}: {mine.dtype} {mine.shape} and {theirs.dtype} {theirs.shape}"
        elif mine.tobytes() != theirs.tobytes():
            other = np.atleast_1d(mine != theirs)
            place = tuple(int(i) for i in np.argwhere(other)[0]) if other.any() else (0,) * other.ndim
            values = " and ".join(f"{np.atleast_1d(one)[place]!s:.40}" for one in (mine, theirs))
            yield f"{name}: {int(other.sum())} of {other.size} values, the first at {place}: {values}"


def _in_text(a: bytes, b: bytes) -> Iterator[str]:
    mine, theirs = (data.decode().splitlines() for data in (a, b))
    if len(mine) != len(theirs):
        yield f"{len(mine)} and {len(theirs)} lines"
    for number, (one, other) in enumerate(zip(mine, theirs, strict=False), 1):
        if one != other:
            yield f"line {number}: {one!r:.60} and {other!r:.60}"


def _in_bytes(a: bytes, b: bytes) -> Iterator[str]:
    if len(a) != len(b):
        yield f"{len(a)} and {len(b)} bytes"
    else:
        yield f"the first other byte is at {next(i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y)}"


_INSIDE: dict[str, Callable[[bytes, bytes], Iterator[str]]] = {
    ".json": _in_json,
    ".npz": _in_npz,
    ".png": _in_bytes,
    ".db": _in_bytes,
}
