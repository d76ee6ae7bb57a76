"""Registry of the engines, which implement :class:`hrsnn.engines.contract.Engine`."""

from __future__ import annotations

import logging
from functools import partial
from importlib import import_module
from typing import Any

from hrsnn.engines.contract import Engine
from hrsnn.errors import InputError

#: name -> (module, options); a new engine needs a folder and a line here
_ENGINES: dict[str, tuple[str, dict[str, Any]]] = {
    "brian2": ("brian.engine", {"target": "auto"}),
    "brian2-cython": ("brian.engine", {"target": "cython"}),
    "brian2-numpy": ("brian.engine", {"target": "numpy"}),
    "compiled": ("compiled.engine", {}),
    "exact": ("exact.engine", {}),
}
#: engines for "auto", of which the first available one is used
_PREFERRED = ("compiled", "brian2")

logger = logging.getLogger("hrsnn")


def engine(name: str) -> Engine:
    """Return the engine `name`; "auto" is the compiled engine, or Brian2 (with a log message) where Numba is not available.

    Raises
    ------
    InputError
        For an unknown name.
    """
    if name == "auto":
        try:
            return _found(_PREFERRED[0])
        except ImportError as error:
            logger.info("engine %s instead of %s, which cannot be loaded: %s", _PREFERRED[1], _PREFERRED[0], error)
            return _found(_PREFERRED[1])
    check_name(name)
    try:
        return _found(name)
    except ImportError as error:
        raise InputError("engine", name, f"cannot be loaded here ({error}); auto takes one that can") from error


def check_name(name: str) -> None:
    """Check that `name` is an engine, without loading it.

    Raises
    ------
    InputError
        For an unknown name.
    """
    if not isinstance(name, str) or (name != "auto" and name not in _ENGINES):
        raise InputError("engine", name, f"must be one of auto, {', '.join(_ENGINES)}")


def _found(name: str) -> Engine:
    module, options = _ENGINES[name]
    run: Engine = partial(import_module(f"hrsnn.engines.{module}").run, **options)
    return run
