"""JSON files with a digest of their content, so that a damaged file is recognised."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hrsnn.errors import FileError
from hrsnn.files.reading import read_json
from hrsnn.files.writing import PathLike, to_json, write_json

#: The key of the digest, next to the content that it is of.
DIGEST = "sha256"


def with_digest(value: Mapping[str, Any]) -> dict[str, Any]:
    """`value` with the SHA-256 digest of its JSON text, keys sorted, under the name ``sha256``.

    Examples
    --------
    >>> with_digest({"a": 1})["sha256"][:12]
    'f9d86028c6e0'
    """
    return {**value, DIGEST: hashlib.sha256(to_json(value).encode()).hexdigest()}


def write_digested_json(path: PathLike, value: Mapping[str, Any]) -> None:
    """Write `value` as JSON with its digest, whole or not at all; its names must not have the digest's among them.

    The names stay in their order: that of the rows of a table, for a human reader.
    """
    write_json(path, with_digest(value), sort_keys=False)


def read_digested_json(path: PathLike, kind: str) -> dict[str, Any]:
    """Read a file of :func:`write_digested_json`, without the digest.

    Parameters
    ----------
    path : path
    kind : str
        What the file should be, for messages.

    Raises
    ------
    FileError
        When it cannot be read, is damaged, or has no digest or that of another content.
    """
    value = read_json(path, kind)
    said = value.pop(DIGEST, None)
    if said != with_digest(value)[DIGEST]:
        raise FileError(path, f"is damaged or no {kind}: its content is not what its digest says")
    return value


def check_same_settings(
    path: PathLike, there: Mapping[str, Any], settings: Mapping[str, Any], what: str, advice: str
) -> None:
    """Refuse to go on with what was made with other settings.

    Parameters
    ----------
    path : path
        Of what is there, for the message.
    there, settings : mapping
        The settings that it was made with, as read from JSON; and those of now, in any form that JSON has.
    what, advice : str
        What is there, and what to do, for the message.

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
