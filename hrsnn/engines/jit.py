"""Numba with a cache on disk that never gets in the way: in the user's cache folder, and compiled anew when unreadable."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import config

from hrsnn.caching import cache_folder
from hrsnn.stopping import held

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
    folder = os.environ.get("NUMBA_CACHE_DIR") or cache_folder(f"kernels-{_sources()}")
    if folder is None:
        return compiled
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)  # read by Numba when caching is switched on
    try:
        compiled.enable_caching()
    except (OSError, RuntimeError) as error:
        logger.info("compiled kernels are not kept on disk: %s", error)
        return compiled
    finally:
        config.CACHE_DIR = before
    _forgive(compiled._cache)
    return compiled


@functools.cache
def _sources() -> str:
    """Digest of this folder's code: Numba looks for changes in a kernel's own file only, not in what it inlines."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _forgive(cache: Any) -> None:
    """A cache file that is damaged, or that cannot be written, costs a compilation and nothing else."""
    load, save = cache.load_overload, cache.save_overload

    def forgiving_load(*arguments: Any) -> Any:
        try:
            return load(*arguments)
        except Exception as error:  # unpickling rubbish can raise anything
            logger.info("a kernel on disk is unreadable and is compiled again: %r", error)
            return None

    def forgiving_save(*arguments: Any) -> None:
        try:
            with held():  # Numba leaves its temporary file where it is interrupted
                save(*arguments)
        except Exception as error:  # saving reads the index first, which may be the damaged file
            logger.info("a compiled kernel could not be kept on disk: %r", error)
            _remove(cache)

    cache.load_overload, cache.save_overload = forgiving_load, forgiving_save


def _remove(cache: Any) -> None:
    with contextlib.suppress(OSError):
        cache.flush()
