"""Limits on sizes, checked before allocation; environment variables change them."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hrsnn.errors import InputError, SettingError

_GIB = 2**30
_LARGEST = 1e300
_ENOUGH = 1024 * 1e6


@dataclass(frozen=True)
class Limit:
    """A limit with its default.

    Parameters
    ----------
    what : str
        Description for messages.
    value : float
        Default value.
    unit : str
    variable : str
        Environment variable that overrides the default.
    """

    what: str
    value: float
    unit: str
    variable: str


#: All limits by name; docs/limits.md has the same table.
LIMITS: Mapping[str, Limit] = {
    "unpacked": Limit("an .npz file once unpacked", 8 * _GIB, "bytes", "HRSNN_MAX_UNPACKED"),
    "text": Limit("a text file (TOML, JSON, GraphML, edge list)", _GIB // 4, "bytes", "HRSNN_MAX_TEXT"),
    "nesting": Limit("nesting of TOML, JSON and GraphML", 50, "levels", "HRSNN_MAX_NESTING"),
    "name": Limit("length of a name (of a parameter, a file, a label)", 200, "characters", "HRSNN_MAX_NAME"),
    "seeds": Limit("number of seeds, or of other repeats in one command", 100_000, "", "HRSNN_MAX_SEEDS"),
    "duration": Limit("duration of one stimulus", 1e9, "ms", "HRSNN_MAX_DURATION"),
    "memory": Limit("memory of one network, run or score, by estimate", 0, "bytes", "HRSNN_MAX_MEMORY"),
}


def limit(name: str) -> float:
    """Return the limit `name` from its environment variable or by default; for memory, the default is the machine's.

    Raises
    ------
    SettingError
        When the environment variable is not a positive number; ``inf`` is allowed.

    Examples
    --------
    >>> limit("nesting")
    50.0
    """
    one = LIMITS[name]
    text = os.environ.get(one.variable)
    if text is None:
        return float(one.value) if one.value else float(machine_memory())
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value > 0:
        raise SettingError(f"{one.variable} = {text[:40]!r}: must be a positive number ({one.unit or 'a count'})")
    return value


def check_limit(name: str, field: str, value: float) -> None:
    """Check that a number is within the limit `name`.

    Raises
    ------
    InputError
        When it is larger; the message gives the number, the limit, and the variable that changes the limit.

    Examples
    --------
    >>> check_limit("nesting", "spec", 3000)
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: spec = 3000: nesting of TOML, JSON and GraphML must be at most 50 levels (HRSNN_MAX_NESTING ...
    """
    if not value <= limit(name):
        raise InputError(field, value, beyond(name))


def beyond(name: str) -> str:
    """Return the message for a value beyond the limit `name`."""
    one = LIMITS[name]
    value = limit(name)
    shown = readable(value) if one.unit == "bytes" else f"{value:.15g} {one.unit}".rstrip()
    return f"{one.what} must be at most {shown} ({one.variable} raises this)"


def check_memory(field: str, value: object, needed: float, what: str) -> None:
    """Check that an estimate of memory is within the limit, before allocation.

    Parameters
    ----------
    field : str
        Parameter that determines the amount.
    value : object
        Value of the parameter.
    needed : float
        Estimate in bytes.
    what : str
        Description of what needs the memory, for the message.

    Raises
    ------
    InputError
        With the estimate and the limit.

    Examples
    --------
    >>> check_memory("values", 10**18, 8e18, "the input")
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: values = 1000000000000000000: the input would take about 6.94 EiB of memory, more than ...
    """
    if not needed <= limit("memory"):
        raise InputError(field, value, f"{what} {beyond_memory(needed)}")


def beyond_memory(needed: float) -> str:
    """Return the message for an estimate of memory (bytes) beyond the limit."""
    allowed = f"{readable(limit('memory'))} ({LIMITS['memory'].variable} sets this)"
    return f"would take about {readable(needed)} of memory, more than {allowed}"


def check_name(field: str, name: str) -> None:
    """Check that a name is not longer than the limit.

    Raises
    ------
    InputError
        When it is longer; the message gives its length.

    Examples
    --------
    >>> check_name("study", "s" * 300)
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: study = 'sssss...: has 300 characters: length of a name (...) must be at most 200 characters ...
    """
    if len(name) > limit("name"):
        raise InputError(field, name, f"has {len(name)} characters: {beyond('name')}")


def readable(count: float) -> str:
    """Return a number of bytes as text with a binary unit.

    Examples
    --------
    >>> readable(3 * 2**30), readable(1000)
    ('3 GiB', '1000 bytes')
    """
    count = min(count, _LARGEST)  # an integer may be larger than any float
    if count < 1024:
        return f"{count:.0f} bytes"
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        count /= 1024
        if count < 1024:
            return f"{count:.3g} {unit}"
    return f"{count / 1024:.3g} EiB" if count < _ENOUGH else "over a million EiB"


@cache
def machine_memory() -> int:
    """Return the memory of this machine in bytes, or the limit of the process or its control group if that is smaller."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]  # ulimit -v
    if allowed != resource.RLIM_INFINITY:
        whole = min(whole, allowed)
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            whole = min(whole, int(Path(file).read_text()))
        except (OSError, ValueError):  # no control group, or no limit ("max")
            continue
    return whole
