"""Kinds of networks: what is simulated, scored, searched over and controlled, by the name of the kind."""

from __future__ import annotations

from hrsnn.kinds.contract import Kind, Network, NetworkSpec
from hrsnn.kinds.registry import KINDS, build_network

__all__ = ["KINDS", "Kind", "Network", "NetworkSpec", "build_network"]
