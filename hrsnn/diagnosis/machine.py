"""The machine: processors, threads, linear algebra, compiler, and the caches of compiled code."""

from __future__ import annotations

import os
import platform
import shutil
import warnings
from pathlib import Path

from hrsnn.diagnosis.finding import Finding
from hrsnn.engines.cache.folder import cache_folder
from hrsnn.engines.threads import threads
from hrsnn.validation.limits import machine_memory, readable

_OWN_CACHE = "set XDG_CACHE_HOME to a folder of your own that can be written; until then each process compiles its kernels"


def machine() -> list[Finding]:
    """Return findings on everything outside of Python that speed depends on; takes a few seconds for the C++ compiler."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return [
        Finding("machine", "system", "ok", system),
        Finding("machine", "memory", "ok", readable(machine_memory())),
        of_threads(threads(), _processors()),
        *linear_algebra(),
        compiler(),
        *caches(),
    ]


def of_threads(used: int, processors: int) -> Finding:
    """Return a finding on the threads of a batch.

    Examples
    --------
    >>> of_threads(8, 2).state
    'note'
    """
    value = f"{used} of {processors} processors" + (" (OMP_NUM_THREADS)" if "OMP_NUM_THREADS" in os.environ else "")
    if used > processors:
        return Finding(
            "machine", "threads", "note", value, f"more threads than processors are slower: OMP_NUM_THREADS={processors}"
        )
    return Finding("machine", "threads", "ok", value)


def linear_algebra() -> list[Finding]:
    """Return a finding on each library of linear algebra that NumPy and SciPy loaded, with its threads."""
    import scipy.linalg  # noqa: F401  (its library is another one than NumPy's)
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    found = {f"{pool['internal_api']} {pool['version'] or ''}, {pool['num_threads']} threads": None for pool in pools}
    if not found:
        advice = "readouts may use more threads than are asked for: install NumPy from PyPI or conda-forge"
        return [Finding("machine", "BLAS", "note", "unknown to threadpoolctl", advice)]
    return [Finding("machine", "BLAS", "ok", one) for one in found]


def compiler() -> Finding:
    """Return a finding on the C++ compiler, with which Brian2's engines are faster."""
    try:
        from hrsnn.engines.brian.session import compiler_works
    except ImportError as error:  # which is a finding of its own
        return Finding("machine", "C++ compiler", "note", f"not tried: {error}", "see the packages above")
    name = os.environ.get("CXX", "c++")
    if compiler_works():
        return Finding("machine", "C++ compiler", "ok", shutil.which(name) or name)
    advice = "install g++ (Debian: g++; conda: cxx-compiler) for the engine brian2-cython; the engine compiled needs none"
    return Finding("machine", "C++ compiler", "note", "none works: Brian2 runs on NumPy, slower", advice)


def caches() -> list[Finding]:
    """Return findings on the folders of compiled code: where, how large, and whether they can be used."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    roots = {"cache": None, **({"NUMBA_CACHE_DIR": given} if given else {})}
    return [of_cache(name, root) for name, root in roots.items()]


def of_cache(name: str, root: str | None) -> Finding:
    """Return a finding on one root of compiled code; None: the user's own."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        folder = cache_folder(".", root)
    if folder is None:
        value = str(said[0].message) if said else "no folder can be written"
        return Finding("machine", name, "note", value, _OWN_CACHE)
    kernels, size = _content(folder)
    return Finding("machine", name, "ok", f"{folder}: {kernels} kernels, {readable(size)}")


def _content(folder: Path) -> tuple[int, int]:
    """Return the number of kernels of the engines in a folder, and the bytes of all that is in it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.suffix == ".nbi" for path in files), sum(path.stat().st_size for path in files)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
