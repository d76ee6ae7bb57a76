"""Exceptions and warnings of the package."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

#: Maximum length of a message, and of a path within a message, in characters.
MESSAGE, _PATH = 600, 240


class HrsnnError(Exception):
    """Base class of the exceptions of this package; messages are one line of at most 600 characters that can be printed."""

    def __str__(self) -> str:
        return shortened(printable(super().__str__()))


class HrsnnWarning(UserWarning):
    """Base class of the warnings of this package: a result is returned, with a limitation that the message describes."""


class InputError(HrsnnError, ValueError):
    """A value is not allowed.

    Parameters
    ----------
    field : str
        Name of the parameter, as the caller wrote it.
    value : object
        Value given; long values are shortened.
    allowed : str
        Description of the allowed values.

    Examples
    --------
    >>> print(InputError("tau_m", -3.0, "must be positive (ms)"))
    tau_m = -3.0: must be positive (ms)
    """

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        super().__init__(f"{field} = {_shown(value)}: {allowed}")

    def __reduce__(self) -> tuple[type, tuple[str, object, str]]:
        # needed to send errors between processes: by default they are rebuilt from `args`, which has the message only
        return type(self), (self.field, self.value, self.allowed)


class SettingError(HrsnnError):
    """An environment variable has a value that is not allowed."""


class SpecError(HrsnnError, ValueError):
    """A specification has one or several errors; ``problems`` lists their messages."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(self.problems))

    def __reduce__(self) -> tuple[type, tuple[list[str]]]:
        return type(self), (self.problems,)


class FileError(HrsnnError, OSError):
    """A file is missing, unreadable, damaged, of another kind, or could not be written."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        self.path, self.reason = os.fspath(path), reason
        Exception.__init__(self, f"{self.path}: {reason}")

    def __str__(self) -> str:
        return shortened(f"{shortened(printable(str(self.path)), _PATH)}: {printable(self.reason)}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.path, self.reason)


class DivergenceError(HrsnnError, ArithmeticError):
    """A computation diverged: its values are no longer finite or meaningful."""


def printable(text: str) -> str:
    r"""Return `text` on one line, with what is no printable character as its escape sequence: it may come from a file.

    Examples
    --------
    >>> printable("tau\x1b[31m\n")
    'tau\\x1b[31m '
    """
    text = text.replace("\n", " ")
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def shortened(text: str, most: int = MESSAGE) -> str:
    """Return `text`, or its beginning and its end where it is longer than `most` characters.

    Examples
    --------
    >>> shortened("0123456789", most=9)
    '012...789'
    """
    if len(text) <= most:
        return text
    end = (most - 3) // 2
    return f"{text[: most - 3 - end]}...{text[-end:]}"


def _shown(value: object, limit: int = 60) -> str:
    """Return ``repr(value)`` on one line, shortened to `limit` characters."""
    if isinstance(value, np.generic):
        value = value.item()
    try:
        # plain arrays only: the repr of a Brian2 quantity includes its unit
        text = np.array2string(value, threshold=6) if type(value) is np.ndarray else repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, or deeply nested lists
        text = "a whole number of thousands of digits" if isinstance(value, int) else f"<{type(value).__name__}>"
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."
