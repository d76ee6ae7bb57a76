"""Files and texts from elsewhere, read without trust: kind and size are seen first, and what a reader raises is caught."""

from __future__ import annotations

import contextlib
import json
import lzma
import math
import os
import re
import stat
import struct
import sys
import tokenize
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from hrsnn.errors import FileError, HrsnnError, SettingError
from hrsnn.files import PathLike
from hrsnn.limits import beyond, limit

#: What the readers of the standard library and of NumPy raise at damaged input. A list, since a mistake of our own shall not
#: pass for a damaged file: `AssertionError`, `NameError` and the like are not in it.
_RAISED = (
    ValueError,  # and with it json.JSONDecodeError, tomllib.TOMLDecodeError, UnicodeError
    LookupError,  # a part that is missing
    TypeError,  # a part of another type
    AttributeError,  # the same, where a method was wanted
    ArithmeticError,  # OverflowError among them
    EOFError,
    RecursionError,
    NotImplementedError,  # a compression that is not supported
    RuntimeError,  # zipfile, of an encrypted part
    MemoryError,
    SyntaxError,  # NumPy reads an array's header as a Python literal; the XML parser's error is one too
    tokenize.TokenError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ParseError,
    ExpatError,
)


@contextlib.contextmanager
def damaged(path: PathLike, kind: str) -> Iterator[None]:
    """Whatever a reader raises inside becomes a :class:`~hrsnn.errors.FileError` that names the file.

    Parameters
    ----------
    path : path
    kind : str
        What the file should be: "reservoir".

    Raises
    ------
    FileError

    Examples
    --------
    >>> with damaged("a.npz", "state"):
    ...     {}["v"]
    Traceback (most recent call last):
    ...
    hrsnn.errors.FileError: a.npz: is damaged or no state: 'v' is missing
    """
    try:
        yield
    except (FileError, SettingError):
        raise
    except HrsnnError as error:
        raise FileError(path, f"is damaged or no {kind}: {error}") from error
    except FileNotFoundError as error:
        raise FileError(path, "does not exist") from error
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise FileError(path, "cannot be read: is no UTF-8 text") from error
    except KeyError as error:
        raise FileError(path, f"is damaged or no {kind}: {error} is missing") from error
    except _RAISED as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise FileError(path, f"is damaged or no {kind}: {said}") from error


@contextlib.contextmanager
def opened(path: PathLike) -> Iterator[IO[bytes]]:
    """An ordinary file, open for reading; devices, pipes, sockets and folders are refused by kind.

    Raises
    ------
    FileError
        When it is something else, is missing or may not be read.

    Examples
    --------
    >>> with opened("/dev/zero"):
    ...     pass
    Traceback (most recent call last):
    ...
    hrsnn.errors.FileError: /dev/zero: is a device, and no ordinary file
    """
    with damaged(path, "file"):
        _check_kind(path, os.stat(path).st_mode)  # before opening: some devices act when they are opened
        # and of what was opened, which may be something else by now; a pipe must not make this wait
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        file = os.fdopen(handle, "rb")
    with file:
        _check_kind(path, os.fstat(handle).st_mode)
        yield file


def _check_kind(path: PathLike, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
    raise FileError(path, f"is a {kinds.get(stat.S_IFMT(mode), 'device')}, and no ordinary file")


def read_text(path: PathLike) -> str:
    """The UTF-8 text of an ordinary file.

    Raises
    ------
    FileError
        When it cannot be read, is no text, or is larger than the limit of text files.
    """
    with opened(path) as file, damaged(path, "text"):
        size = os.fstat(file.fileno()).st_size
        if size > limit("text"):
            raise FileError(path, f"has {size} bytes: {beyond('text')}")
        return file.read(size).decode("utf-8")


def read_json(path: PathLike, kind: str) -> dict[str, Any]:
    """The mapping in a JSON file.

    Parameters
    ----------
    path : path
    kind : str
        What the file should be, for messages.

    Raises
    ------
    FileError
        When it cannot be read, is damaged, holds no mapping, or is nested deeper than the limit.
    """
    text = read_text(path)
    with damaged(path, kind):
        value = parsed_json(text)
        if not isinstance(value, dict):
            raise FileError(path, f"is damaged or no {kind}: it holds no mapping")
        return value


def parsed_json(text: str) -> Any:
    """JSON text as its standard has it: no name twice in a mapping, and no number that is none or beyond all bounds.

    Raises
    ------
    ValueError
        When it is no JSON, has a whole number of more digits than can be read, or is nested deeper than the limit.

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


#: One part of a dotted key, bare or in quotes, and where one begins; possessive, so that no text takes long.
_KEY_PART = r"(?:[A-Za-z0-9_-]++|\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+')"
_KEY_START = "(?<![A-Za-z0-9_-])"
#: Parts of a key that are always too many, whatever the limit of nesting is raised to.
_LONGEST_KEY = 1000


def parsed_toml(text: str) -> dict[str, Any]:
    """TOML text as a mapping.

    Raises
    ------
    ValueError
        When it is no TOML, has a whole number of more digits than can be read, or is nested deeper than the limit; the
        message is one line.

    Examples
    --------
    >>> parsed_toml("a = [1, 2]")
    {'a': [1, 2]}
    """
    deepest = int(min(limit("nesting"), _LONGEST_KEY))
    if re.search(f"{_KEY_START}(?:{_KEY_PART}[ \\t]*+\\.[ \\t]*+){{{deepest}}}", text):
        raise ValueError(beyond("nesting"))  # seen here, since the parser takes the square of the length of a key
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
    """A text of the command line as the TOML value that it spells, or, as a bare word, itself.

    Raises
    ------
    ValueError
        When it is TOML beyond a limit.

    Examples
    --------
    >>> toml_value("0.5"), toml_value("paper")
    (0.5, 'paper')
    """
    try:
        return parsed_toml(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def depth(value: Any) -> int:
    """How deep mappings and lists are nested in `value`; 0 where it is neither.

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
