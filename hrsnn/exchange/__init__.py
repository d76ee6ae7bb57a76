"""Networks and recordings to other tools and back. The public names are loaded on first use (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.equations.model import BrianModel
    from hrsnn.equations.network import BrianNetwork

_HOME: dict[str, str] = {"BrianModel": "hrsnn.equations", "BrianNetwork": "hrsnn.equations"}

__all__: list[str] = ["BrianModel", "BrianNetwork"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.exchange' has no attribute {name!r}")
    home = _HOME[name]
    value = getattr(import_module(home if home.startswith("hrsnn.") else f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
