"""Parsing of JSON and TOML with checks: no duplicate keys, no NaN, limited nesting."""

from __future__ import annotations

import json
import math
import re
import sys
import tomllib
from typing import Any

from hrsnn.validation.limits import beyond, limit


def parsed_json(text: str) -> Any:
    """Parse JSON text strictly: without duplicate names in a mapping, NaN or infinity.

    Raises
    ------
    ValueError
        When it is not JSON, has an integer of more digits than can be read, or is nested deeper than the limit.

    Examples
    --------
    >>> parsed_json('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    ValueError: the name 'a' is there twice
    """
    try:
        value = json.loads(text, object_pairs_hook=_mapping, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError(beyond("nesting")) from None
    if depth(value) > limit("nesting"):
        raise ValueError(beyond("nesting"))
    return value


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name!r:.60} is there twice")
        found[name] = value
    return found


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(_too_long()) from None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text:.20} is no number of JSON")
    return value


#: One part of a dotted key, bare or in quotes, and its beginning; quantifiers are possessive, so that no text takes long.
_KEY_PART = r"(?:[A-Za-z0-9_-]++|\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+')"
_KEY_START = "(?<![A-Za-z0-9_-])"
#: Maximum number of parts of a key, independent of the limit of nesting.
_LONGEST_KEY = 1000


def parsed_toml(text: str) -> dict[str, Any]:
    """Parse TOML text to a mapping.

    Raises
    ------
    ValueError
        When it is not TOML, has an integer of more digits than can be read, or is nested deeper than the limit; the message
        is one line.

    Examples
    --------
    >>> parsed_toml("a = [1, 2]")
    {'a': [1, 2]}
    """
    deepest = int(min(limit("nesting"), _LONGEST_KEY))
    if re.search(f"{_KEY_START}(?:{_KEY_PART}[ \\t]*+\\.[ \\t]*+){{{deepest}}}", text):
        raise ValueError(beyond("nesting"))  # checked before parsing, which takes time quadratic in the length of a key
    try:
        value = tomllib.loads(text)
    except RecursionError:
        raise ValueError(beyond("nesting")) from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:
        raise ValueError(_too_long()) from None
    if depth(value) > limit("nesting"):
        raise ValueError(beyond("nesting"))
    return value


def _too_long() -> str:
    return f"a whole number must have at most {sys.get_int_max_str_digits()} digits"


def toml_value(text: str) -> Any:
    """Parse a command-line value as TOML; a bare word is returned as a string.

    Raises
    ------
    ValueError
        When it is TOML that exceeds a limit.

    Examples
    --------
    >>> toml_value("0.5"), toml_value("paper")
    (0.5, 'paper')
    """
    try:
        return parsed_toml(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def toml_text(text: str) -> str:
    """Return text as a TOML string.

    Examples
    --------
    >>> print(toml_text('a "b"'))
    "a \\"b\\""
    """
    # JSON would write characters beyond 16 bits as two, which TOML does not read
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def depth(value: Any) -> int:
    """Return the depth of nested mappings and lists in `value`; 0 where it is neither.

    Examples
    --------
    >>> depth({"a": [1, [2]]})
    3
    """
    levels, layer = 0, [value]
    while layer := [one for one in layer if isinstance(one, (dict, list))]:
        levels += 1
        layer = [item for one in layer for item in (one.values() if isinstance(one, dict) else one)]
    return levels
