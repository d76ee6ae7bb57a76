"""Numba compilation with a cache on disk, and without one where the disk cannot be used."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from hrsnn.engines.kernel_cache import KernelCache

logger = logging.getLogger("hrsnn")


def jit(function: Callable[..., Any] | None = None, *, inline: str = "never", allocates: bool = True) -> Any:
    """``numba.njit`` without the interpreter's lock and with IEEE arithmetic: no fast-math, no fused multiply-adds.

    What is inlined everywhere is compiled with its callers; the others are kept on disk between processes. A kernel that
    makes no array, not even a slice of one, can do without the counting of references, which took a quarter of the time
    of the compiled engine.
    """
    if function is None:
        return lambda decorated: jit(decorated, inline=inline, allocates=allocates)
    if inline == "always":
        return numba.njit(inline=inline)(function)
    compiled = numba.njit(nogil=True, _nrt=allocates)(function)
    try:
        compiled._cache = KernelCache(function)  # what `enable_caching` does, with Numba's own
    except (OSError, RuntimeError) as error:
        logger.info("compiled kernels are not kept on disk: %s", error)
    return compiled


def inlined(function: Callable[..., Any]) -> Any:
    """A kernel that is compiled into its callers: what takes arrays or records pays for every call."""
    return jit(function, inline="always")


def kernel(function: Callable[..., Any]) -> Any:
    """A kernel that makes no array, and so counts no references."""
    return jit(function, allocates=False)


def read_only(array: np.ndarray) -> np.ndarray:
    """A read-only view: the kernels are compiled once for each mix of constant and changing arrays, so it never varies."""
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view


def plain_tuples(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Tuples in place of NamedTuples, at any depth: the form in which a kernel is called.

    At every call Numba looks up the types of plain tuples in C, those of NamedTuples in Python, which takes as long as
    50 ms of a network of 50 neurons. A kernel gives its arguments their names back, which costs nothing.

    Examples
    --------
    >>> from collections import namedtuple
    >>> Point = namedtuple("Point", "x y")
    >>> plain_tuples(Point(1, Point(2, 3)))
    (1, (2, 3))
    """
    return tuple([plain_tuples(value) if isinstance(value, tuple) else value for value in values])
