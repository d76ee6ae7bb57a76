"""Settings KEY=VALUE on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hrsnn.errors import InputError
from hrsnn.files.parsing import toml_value
from hrsnn.validation.limits import check_name


def pairs_of(texts: Sequence[str], option: str) -> Iterator[tuple[str, str]]:
    """Yield key and value of each KEY=VALUE, as text.

    Raises
    ------
    InputError
        When one does not have this form, or a key is longer than the limit.
    """
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key.strip() and equals and value.strip()):
            raise InputError(option, text, "must be KEY=VALUE")
        check_name(option, key.strip())
        yield key.strip(), value.strip()


def value_of(option: str, key: str, text: str) -> Any:
    """Parse a value in TOML; a bare word is a string.

    Raises
    ------
    InputError
        When it exceeds a limit of TOML.
    """
    try:
        return toml_value(text)
    except ValueError as error:
        raise InputError(f"{option} {key}", text, str(error)) from error


def settings_of(texts: Sequence[str], option: str) -> dict[str, Any]:
    """Parse settings KEY=VALUE, with values in TOML and bare words as strings.

    Raises
    ------
    InputError
        When a setting does not have this form, or exceeds a limit.

    Examples
    --------
    >>> settings_of(["score=paper", "restored=0.05", "neurons=false"], "--option")
    {'score': 'paper', 'restored': 0.05, 'neurons': False}
    """
    return {key: value_of(option, key, text) for key, text in pairs_of(texts, option)}
