"""Reading of untrusted files: checks of kind and size, and conversion of readers' exceptions to `FileError`."""

from __future__ import annotations

import contextlib
import lzma
import os
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from hrsnn.errors import FileError, HrsnnError, SettingError
from hrsnn.files.parsing import parsed_json
from hrsnn.files.writing import PathLike, check_path
from hrsnn.validation.limits import beyond, limit

#: Exceptions that the readers of the standard library and of NumPy raise for damaged input. Others, such as
#: `AssertionError` and `NameError`, are errors in this package and are not reported as a damaged file.
_RAISED = (
    ValueError,  # includes json.JSONDecodeError, tomllib.TOMLDecodeError, UnicodeError
    LookupError,  # a part is missing
    TypeError,  # a part has another type
    AttributeError,  # the same, where a method is called
    ArithmeticError,  # includes OverflowError
    EOFError,
    RecursionError,
    NotImplementedError,  # a compression that is not supported
    RuntimeError,  # zipfile: an encrypted part
    MemoryError,
    SyntaxError,  # NumPy parses an array's header as a Python literal; also the XML parser's error
    tokenize.TokenError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ParseError,
    ExpatError,
)


@contextlib.contextmanager
def refuse_damaged(path: PathLike, kind: str) -> Iterator[None]:
    """Context that converts a reader's exceptions to a :class:`~hrsnn.errors.FileError` that names the file.

    Parameters
    ----------
    path : path
    kind : str
        Kind of file expected, such as "reservoir".

    Raises
    ------
    FileError

    Examples
    --------
    >>> with refuse_damaged("a.npz", "state"):
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
def open_binary(path: PathLike) -> Iterator[IO[bytes]]:
    """Open a regular file for reading; devices, pipes, sockets and folders are an error that names the kind.

    Raises
    ------
    FileError
        When it is not a regular file, is missing or cannot be read.

    Examples
    --------
    >>> with open_binary("/dev/zero"):
    ...     pass
    Traceback (most recent call last):
    ...
    hrsnn.errors.FileError: /dev/zero: is a device, and no ordinary file
    """
    check_path(path)
    with refuse_damaged(path, "file"):
        _check_kind(path, os.stat(path).st_mode)  # before opening, which has effects on some devices
        # checked again after opening, since the path may have changed; O_NONBLOCK: opening a pipe must not wait
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
    """Read the UTF-8 text of a regular file.

    Raises
    ------
    FileError
        When it cannot be read, is not text, or is larger than the limit of text files.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "notes.txt"
    >>> path.write_text("tau_m = 20")
    10
    >>> read_text(path)
    'tau_m = 20'
    """
    with open_binary(path) as file, refuse_damaged(path, "text"):
        size = os.fstat(file.fileno()).st_size
        if size > limit("text"):
            raise FileError(path, f"has {size} bytes: {beyond('text')}")
        return file.read(size).decode("utf-8")


def read_json(path: PathLike, kind: str) -> dict[str, Any]:
    """Read the mapping in a JSON file.

    Parameters
    ----------
    path : path
    kind : str
        Kind of file expected, for messages.

    Raises
    ------
    FileError
        When it cannot be read, is damaged, is not a mapping, or is nested deeper than the limit.
    """
    text = read_text(path)
    with refuse_damaged(path, kind):
        value = parsed_json(text)
        if not isinstance(value, dict):
            raise FileError(path, f"is damaged or no {kind}: it holds no mapping")
        return value
