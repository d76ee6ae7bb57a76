"""The engines: one contract (:mod:`hrsnn.engines.contract`), one file each, found by name."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from hrsnn.engines.contract import Engine
from hrsnn.errors import InputError

#: name -> (module, options): a new engine is one new file and one line here
_ENGINES: dict[str, tuple[str, dict[str, Any]]] = {
    "brian2": ("brian2_engine", {"target": "auto"}),
    "brian2-cython": ("brian2_engine", {"target": "cython"}),
    "brian2-numpy": ("brian2_engine", {"target": "numpy"}),
    "compiled": ("compiled_engine", {}),
}
_AUTO = "compiled"


def engine(name: str) -> Engine:
    """The engine called `name`; "auto" is the compiled engine.

    Raises
    ------
    InputError
        For an unknown name.
    """
    chosen = _AUTO if name == "auto" else name
    if chosen not in _ENGINES:
        raise InputError("engine", name, f"must be one of auto, {', '.join(_ENGINES)}")
    module, options = _ENGINES[chosen]
    run: Engine = partial(import_module(f"hrsnn.engines.{module}").run, **options)
    return run
