"""Numba compilation, with a cache on disk where a folder can be used."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from hrsnn.engines.cache.kernels import KernelCache
from hrsnn.engines.cache.notice import announced

logger = logging.getLogger("hrsnn")


def jit(function: Callable[..., Any] | None = None, *, inline: str = "never", allocates: bool = True) -> Any:
    """Compile with ``numba.njit``, releasing the GIL and with IEEE arithmetic: no fast-math, no fused multiply-adds.

    Functions inlined everywhere are compiled with their callers; the others are cached on disk. A kernel that makes no
    array, not even a slice of one, does not need reference counting, which took a quarter of the time of the compiled
    engine.
    """
    if function is None:
        return lambda decorated: jit(decorated, inline=inline, allocates=allocates)
    if inline == "always":
        return numba.njit(inline=inline)(function)
    compiled = numba.njit(nogil=True, _nrt=allocates)(function)
    compiler = getattr(compiled, "_compiler", None)  # there is none where NUMBA_DISABLE_JIT is set
    if compiler is not None:
        compiler.compile = announced(compiler.compile)
    try:
        compiled._cache = KernelCache(function)  # as `enable_caching` does with Numba's own cache
    except (OSError, RuntimeError) as error:
        logger.info("compiled kernels are not kept on disk: %s", error)
    return compiled


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a kernel into its callers, since calls with arrays or records as arguments are expensive."""
    return jit(function, inline="always")


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a kernel that makes no array, without reference counting."""
    return jit(function, allocates=False)


def read_only(array: np.ndarray) -> np.ndarray:
    """Return a read-only view: each combination of read-only and writable arguments would be compiled separately."""
    if array.flags.c_contiguous and not array.flags.writeable:
        return array
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view


def plain_tuples(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Convert NamedTuples to tuples, at any depth, for the call of a kernel.

    At every call Numba looks up the types of plain tuples in C but those of NamedTuples in Python, which takes as long as
    simulating 50 ms of a network of 50 neurons. The kernels convert them back to NamedTuples, at no cost.

    Examples
    --------
    >>> from collections import namedtuple
    >>> Point = namedtuple("Point", "x y")
    >>> plain_tuples(Point(1, Point(2, 3)))
    (1, (2, 3))
    """
    return tuple([plain_tuples(value) if isinstance(value, tuple) else value for value in values])
