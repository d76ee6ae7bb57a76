"""Checks of the sizes of a generated series."""

from __future__ import annotations

from hrsnn.errors import InputError
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, positive


def checked_sizes(
    train: int,
    test: int,
    dt: float,
    transient: int,
    horizon: int,
    washout: int,
    *,
    columns: int,
    longest: float,
    inner: float = 0.0,
) -> int:
    """Return the number of values after the transient; `inner` is the number of values kept between two of these.

    Raises
    ------
    InputError
        When a number is out of range, dt above `longest`, or the series too large for the memory.
    """
    train, test, horizon = count_of("train", train, 2), count_of("test", test), count_of("horizon", horizon)
    washout, transient = count_of("washout", washout, 0), count_of("transient", transient, 0)
    if positive("dt", dt, "time units") > longest:
        raise InputError("dt", dt, f"must be at most {longest:g} time units")
    values = train + test + horizon + washout
    needed = (24 * columns + 64 * inner) * (values + transient)
    check_memory("train, test, horizon", (train, test, horizon), needed, f"a series of {values + transient} values")
    return values
