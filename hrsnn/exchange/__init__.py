"""Networks and recordings to other tools and back. The public names are loaded on first use (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.equations.model import BrianModel
    from hrsnn.equations.network import BrianNetwork
    from hrsnn.exchange.neo import from_neo, to_neo
    from hrsnn.exchange.nest import to_nest
    from hrsnn.exchange.nir import from_nir, to_nir
    from hrsnn.exchange.pynn import to_pynn
    from hrsnn.exchange.sonata import from_sonata, spikes_from_sonata, to_sonata
    from hrsnn.exchange.tables import from_adjacency, from_edge_table, to_adjacency, to_edge_table, to_node_table

_HOME: dict[str, str] = {
    "BrianModel": "hrsnn.equations",
    "BrianNetwork": "hrsnn.equations",
    "from_adjacency": "tables",
    "from_edge_table": "tables",
    "from_neo": "neo",
    "from_nir": "nir",
    "from_sonata": "sonata",
    "spikes_from_sonata": "sonata",
    "to_adjacency": "tables",
    "to_edge_table": "tables",
    "to_neo": "neo",
    "to_nest": "nest",
    "to_nir": "nir",
    "to_node_table": "tables",
    "to_pynn": "pynn",
    "to_sonata": "sonata",
}

__all__ = [
    "BrianModel",
    "BrianNetwork",
    "from_adjacency",
    "from_edge_table",
    "from_neo",
    "from_nir",
    "from_sonata",
    "spikes_from_sonata",
    "to_adjacency",
    "to_edge_table",
    "to_neo",
    "to_nest",
    "to_nir",
    "to_node_table",
    "to_pynn",
    "to_sonata",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.exchange' has no attribute {name!r}")
    home = _HOME[name]
    value = getattr(import_module(home if home.startswith("hrsnn.") else f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
