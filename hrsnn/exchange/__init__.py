"""Networks and recordings to other tools and back. The public names are loaded on first use (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.exchange.nest import to_nest
    from hrsnn.exchange.pynn import to_pynn

_HOME: dict[str, str] = {
    "to_nest": "nest",
    "to_pynn": "pynn",
}

__all__ = [
    "to_nest",
    "to_pynn",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.exchange' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
