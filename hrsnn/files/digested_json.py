"""JSON files with a digest of their content, by which damage is detected."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hrsnn.errors import FileError
from hrsnn.files.reading import read_json
from hrsnn.files.writing import PathLike, to_json, write_json

#: Key of the digest, which is stored next to the content.
DIGEST = "sha256"


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
        With the first name that only one of them has, or whose values differ.
    """
    wanted = json.loads(to_json(settings))
    for name in {**wanted, **there}:
        if name not in there or name not in wanted or there[name] != wanted[name]:
            found = f" ({there[name]!r:.60})" if name in there else ""
            raise FileError(path, f"{what} made with another {name}{found}: {advice}")
