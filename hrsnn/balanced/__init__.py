"""Tightly balanced networks: spikes that follow a linear system."""

from __future__ import annotations

from hrsnn.balanced.builder import build_balanced
from hrsnn.balanced.inputs import balanced_for_inputs
from hrsnn.balanced.network import BalancedNetwork
from hrsnn.balanced.spec import BalancedSpec
from hrsnn.balanced.state import BalancedState

__all__ = ["BalancedNetwork", "BalancedSpec", "BalancedState", "balanced_for_inputs", "build_balanced"]
