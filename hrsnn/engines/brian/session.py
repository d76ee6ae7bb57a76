"""Brian2 for one run: its preferences, caches and code generation, set and put back."""

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

from hrsnn.engines.cache_folder import cache_folder
from hrsnn.errors import HrsnnError, InputError

__all__ = ["StateUpdateMethod", "brian2", "chosen_target", "compiler_works", "own_brian2"]

# Importing Brian2 takes over Ctrl-C, uncaught exceptions and warnings of the whole process; all are given back.
_hook, _handler, _show = sys.excepthook, signal.getsignal(signal.SIGINT), warnings.showwarning

try:
    import brian2
except ValueError as error:  # it sets a signal handler, which only the main thread may
    raise HrsnnError("import brian2 in the main thread before using it in others") from error
from brian2.codegen.runtime.cython_rt import CythonCodeObject  # noqa: E402
from brian2.stateupdaters.base import StateUpdateMethod  # noqa: E402

_devices: Any = sys.modules["brian2.devices.device"]  # the attribute of that name is a proxy, not the module
sys.excepthook = _hook
if warnings.showwarning is not _show:
    logging.captureWarnings(False)
with contextlib.suppress(ValueError):  # not in the main thread: then Brian2 could not take it over either
    signal.signal(signal.SIGINT, _handler)

logger = logging.getLogger("hrsnn")

#: Without -ffast-math and fused multiply-adds, Brian2's targets agree bit for bit with each other and with plain loops.
_FLAGS = ["-w", "-O2", "-std=c++11", "-ffp-contract=off"]


@contextlib.contextmanager
def own_brian2(target: str) -> Iterator[None]:
    """Brian2 at run time on the chosen target with our flags; the caller's device and preferences come back afterwards."""
    settings = {
        "codegen.cpp.extra_compile_args": _FLAGS,
        "codegen.runtime.cython.cache_dir": _compiled_code(),
        "core.default_float_dtype": np.float64,
        "core.default_integer_dtype": np.int32,
        # where Brian2 was imported first, its handler of Ctrl-C would end the run early, with half the results
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
    """Drop what Brian2 remembered in this run about the network's variables; `known` is the length of each cache before it.

    A key that describes variables holds their sizes, the values of constants and, from 2.10 on, the address of a synapse's
    queue. Another network has other keys, and 0.2 MB a run would pile up. Keys of text alone come again with the next run.
    """
    for cache, length in zip(_caches(), known, strict=True):
        for key in list(cache)[length:]:  # a dictionary keeps the order in which its keys came
            if any(isinstance(part, (tuple, frozenset)) for part in key):
                del cache[key]


@functools.cache
def _caches() -> list[dict[Any, Any]]:
    """The caches of all functions of Brian2 that have one (``brian2.utils.caching.cached``)."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "brian2"]
    values = [value for module in modules for value in vars(module).values()]
    members = [member for value in values if isinstance(value, type) for member in vars(value).values()]
    found = [getattr(inspect.unwrap(one), "_cache", None) for one in (*values, *members) if inspect.isroutine(one)]
    return list({id(cache): cache for cache in found if isinstance(cache, dict)}.values())


@functools.cache
def _compiled_code() -> str:
    """The folder of compiled code, apart for every set of flags and version: Brian2's own key leaves both out."""
    key = hashlib.sha256(repr((_FLAGS, brian2.__version__, sys.version)).encode()).hexdigest()[:12]
    folder = cache_folder(f"brian2-{key}")
    return str(folder) if folder else tempfile.mkdtemp(prefix="hrsnn-brian2-")  # compiled again in every process


def chosen_target(target: str) -> str:
    if target == "numpy":
        return "numpy"
    if compiler_works():
        return "cython"
    if target == "cython":
        raise InputError("engine", "brian2-cython", "needs a C++ compiler, and none works here; brian2-numpy does not")
    return "numpy"


@functools.cache  # asked once a process, and said once
def compiler_works() -> bool:
    noisy = logging.getLogger("brian2.codegen.runtime.cython_rt.cython_rt")
    was, noisy.disabled = noisy.disabled, True
    try:
        works = bool(CythonCodeObject.is_available())
    finally:
        noisy.disabled = was
    logger.info("Brian2 runs %s", "compiled with Cython" if works else "on NumPy: no C++ compiler was found (slower)")
    return works
