"""JSON files with a digest of their content, by which damage is detected."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from hrsnn.errors import FileError, shortened
from hrsnn.files.reading import read_json
from hrsnn.files.writing import PathLike, to_json, write_json

#: Key of the digest, which is stored next to the content.
DIGEST = "sha256"
#: Settings that a message names, and characters of each value that it shows.
_NAMED, _SHOWN = 4, 60
_NOT_GIVEN = "not given"


def with_digest(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return `value` with the SHA-256 digest of its JSON text, keys sorted, under the name ``sha256``.

    Examples
    --------
    >>> with_digest({"a": 1})["sha256"][:12]
    'f9d86028c6e0'
    """
    return {**value, DIGEST: hashlib.sha256(to_json(value).encode()).hexdigest()}


def write_digested_json(path: PathLike, value: Mapping[str, Any]) -> None:
    """Write `value` atomically as JSON with its digest; the key of the digest must not be in `value`.

    Keys keep their order, such as that of the rows of a table, for human readers.
    """
    write_json(path, with_digest(value), sort_keys=False)


def read_digested_json(path: PathLike, kind: str) -> dict[str, Any]:
    """Read a file written by :func:`write_digested_json`, without the digest.

    Parameters
    ----------
    path : path
    kind : str
        Kind of file expected, for messages.

    Raises
    ------
    FileError
        When the file cannot be read, is damaged, or its digest is missing or does not match.
    """
    value = read_json(path, kind)
    said = value.pop(DIGEST, None)
    if said != with_digest(value)[DIGEST]:
        raise FileError(path, f"is damaged or no {kind}: its content is not what its digest says")
    return value


def check_same_settings(
    path: PathLike, there: Mapping[str, Any], settings: Mapping[str, Any], what: str, advice: str
) -> None:
    """Check that an earlier result was made with the current settings.

    Parameters
    ----------
    path : path
        Path of the earlier result, for the message.
    there, settings : mapping
        Settings of the earlier result, as read from JSON, and the current ones, in any form that JSON can represent.
    what, advice : str
        Description of the earlier result and advice to the user, for the message.

    Raises
    ------
    FileError
        With the names that only one of them has, or whose values differ, and both values.

    Examples
    --------
    >>> check_same_settings("a", {"options": {"x": 1, "y": 2}}, {"options": {"x": 1, "y": 3}}, "it was", "choose another")
    Traceback (most recent call last):
    ...
    hrsnn.errors.FileError: a: it was made with other settings: options.y 2 (now 3): choose another
    """
    found = list(_differences(there, json.loads(to_json(settings))))
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise FileError(path, f"{what} made with other settings: {', '.join(found[:_NAMED])}{more}: {advice}")


def _differences(there: Mapping[str, Any], now: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Yield the settings that differ, with both values: those within mappings and within texts of settings by name."""
    for name in {**now, **there}:
        old, new = there.get(name, _NOT_GIVEN), now.get(name, _NOT_GIVEN)
        if old == new:
            continue
        parts = _parts(old), _parts(new)
        if parts[0] and parts[1]:
            yield from _differences(parts[0], parts[1], f"{before}{name}.")
        else:
            shown = [value if value is _NOT_GIVEN else shortened(repr(value), _SHOWN) for value in (old, new)]
            values = "(not the present one)" if shown[0] == shown[1] else f"{shown[0]} (now {shown[1]})"
            yield f"{before}{shortened(name, _SHOWN)} {values}"


def _parts(value: Any) -> Mapping[str, Any]:
    """Return the settings in a mapping, or in a text of lines NAME = VALUE, such as a specification; else nothing."""
    if isinstance(value, Mapping):
        return value
    lines = [line.partition(" = ") for line in value.splitlines()] if isinstance(value, str) and "\n" in value else []
    return {name: text for name, equals, text in lines if equals}
