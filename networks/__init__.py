"""The graph of a reservoir: its measures. The public names load when they are first used (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.networks.centrality import betweenness, most_central

_HOME = {"betweenness": "centrality", "most_central": "centrality"}

__all__ = ["betweenness", "most_central"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.networks' has no attribute {name!r}")
    value = getattr(import_module(f"hrsnn.networks.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
