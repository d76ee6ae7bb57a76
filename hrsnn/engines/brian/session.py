"""Preferences, caches and code generation of Brian2, set for one run and restored afterwards."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import logging
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from hrsnn.engines.cache.folder import cache_folder
from hrsnn.errors import HrsnnError, InputError
from hrsnn.runtime.stopping import notice_signals

__all__ = [
    "StateUpdateMethod",
    "UnsupportedEquationsException",
    "brian2",
    "check_target",
    "chosen_target",
    "code_class",
    "compiler_works",
    "own_brian2",
]

# Importing Brian2 replaces the process's handlers of Ctrl-C, uncaught exceptions and warnings; they are restored.
_hook, _handler, _show = sys.excepthook, signal.getsignal(signal.SIGINT), warnings.showwarning

try:
    import brian2
except ValueError as error:  # importing sets a signal handler, which only the main thread may do
    raise HrsnnError("import brian2 in the main thread before using it in others") from error
from brian2.codegen.runtime.cython_rt import CythonCodeObject  # noqa: E402
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException  # noqa: E402

_devices: Any = sys.modules["brian2.devices.device"]  # the attribute of that name is a proxy, not the module
sys.excepthook = _hook
if warnings.showwarning is not _show:
    logging.captureWarnings(False)
with contextlib.suppress(ValueError):  # not in the main thread, where Brian2 cannot have replaced it
    signal.signal(signal.SIGINT, _handler)

logger = logging.getLogger("hrsnn")

#: Without -ffast-math and fused multiply-adds, Brian2's targets agree bit by bit with each other and with plain loops.
_FLAGS = ["-w", "-O2", "-std=c++11", "-ffp-contract=off"]


@contextlib.contextmanager
def own_brian2(target: str) -> Iterator[None]:
    """Select the target, our compiler flags and Brian2's runtime device; restore the caller's settings afterwards."""
    settings = {
        "codegen.cpp.extra_compile_args": _FLAGS,
        "codegen.runtime.cython.cache_dir": _compiled_code(),
        "core.default_float_dtype": np.float64,
        "core.default_integer_dtype": np.int32,
        # if Brian2 was imported before this package, its handler of Ctrl-C would end the run early with partial results
        "core.stop_on_keyboard_interrupt": False,
        "legacy.refractory_timing": False,
    }
    before = {name: brian2.prefs[name] for name in [*settings, "codegen.target"]}
    known = [len(cache) for cache in _caches()]
    device = _devices.active_device
    _devices.active_device = _devices.runtime_device
    try:
        for name, value in settings.items():
            brian2.prefs[name] = value
        brian2.prefs["codegen.target"] = chosen_target(target)
        yield
    finally:
        for name, value in before.items():
            brian2.prefs[name] = value
        _devices.active_device = device
        _forget_variables(known)


def _forget_variables(known: list[int]) -> None:
    """Delete Brian2's cache entries of this run about the network's variables; `known` is each cache's length before it.

    Their keys contain the sizes of variables, values of constants and, from 2.10 on, the address of a synapse's queue.
    They differ for each network, and 0.2 MB per run would accumulate. Entries with text keys are used again in other runs.
    """
    for cache, length in zip(_caches(), known, strict=True):
        for key in list(cache)[length:]:  # dictionaries keep the order of insertion
            if any(isinstance(part, (tuple, frozenset)) for part in key):
                del cache[key]


@functools.cache
def _caches() -> list[dict[Any, Any]]:
    """Return the caches of all cached functions of Brian2 (``brian2.utils.caching.cached``)."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "brian2"]
    values = [value for module in modules for value in vars(module).values()]
    members = [member for value in values if isinstance(value, type) for member in vars(value).values()]
    found = [getattr(inspect.unwrap(one), "_cache", None) for one in (*values, *members) if inspect.isroutine(one)]
    return list({id(cache): cache for cache in found if isinstance(cache, dict)}.values())


@functools.cache
def _compiled_code() -> str:
    """Return the folder of compiled code for these flags and versions, which Brian2's own cache keys do not include."""
    key = hashlib.sha256(repr((_FLAGS, brian2.__version__, sys.version)).encode()).hexdigest()[:12]
    folder = cache_folder(f"brian2-{key}")
    return str(folder) if folder else tempfile.mkdtemp(prefix="hrsnn-brian2-")  # code is then compiled in every process


def code_class(target: str) -> Any:
    """Return Brian2's class of code for a target, "numpy" or "cython"; None for "auto", which leaves the user's preference.

    Raises
    ------
    InputError
        For any other target, and for "cython" where no compiler works.
    """
    if target not in ("auto", "numpy", "cython"):
        raise InputError("target", target, "must be auto (Brian2's preference codegen.target), numpy or cython")
    if target == "cython" and not compiler_works():
        raise InputError("target", target, "needs a C++ compiler, and none works here; numpy does not")
    return {"auto": None, "numpy": brian2.NumpyCodeObject, "cython": CythonCodeObject}[target]


def check_target(target: str) -> None:
    """Raise InputError when the target is "cython" and no compiler works."""
    if target == "cython":
        with notice_signals() as check_interrupted, own_brian2(target):
            check_interrupted()  # Brian2 may have discarded the exception of a Ctrl-C


def chosen_target(target: str) -> str:
    if target == "numpy":
        return "numpy"
    if compiler_works():
        return "cython"
    if target == "cython":
        raise InputError("engine", "brian2-cython", "needs a C++ compiler, and none works here; brian2-numpy does not")
    return "numpy"


@functools.cache  # checked and logged once per process
def compiler_works() -> bool:
    noisy = logging.getLogger("brian2.codegen.runtime.cython_rt.cython_rt")
    was, noisy.disabled = noisy.disabled, True
    try:
        works = bool(CythonCodeObject.is_available())
    finally:
        noisy.disabled = was
    logger.info("Brian2 runs %s", "compiled with Cython" if works else "on NumPy: no C++ compiler was found (slower)")
    return works
