"""Networks of neurons and synapses given as Brian2 equations: the kind `brian`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.equations.amounts import Amount
    from hrsnn.equations.builder import build_brian
    from hrsnn.equations.model import BrianModel
    from hrsnn.equations.network import BrianNetwork

_HOME = {"Amount": "amounts", "BrianModel": "model", "BrianNetwork": "network", "build_brian": "builder"}

__all__ = ["Amount", "BrianModel", "BrianNetwork", "build_brian"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.equations' has no attribute {name!r}")
    return getattr(import_module(f"hrsnn.equations.{_HOME[name]}"), name)
