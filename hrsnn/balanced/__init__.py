"""Tightly balanced networks: spikes that follow a linear system."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.balanced.builder import build_balanced
    from hrsnn.balanced.inputs import balanced_for_inputs
    from hrsnn.balanced.lag_check import MeasuredCode, check_lag, measured_lag
    from hrsnn.balanced.memory import expected_memory
    from hrsnn.balanced.network import BalancedNetwork
    from hrsnn.balanced.spec import BalancedSpec
    from hrsnn.balanced.state import BalancedState

# Loaded at first use: simulation needs the state of these networks, and the check of the lag needs simulation
_HOME = {
    "BalancedNetwork": "network",
    "BalancedSpec": "spec",
    "BalancedState": "state",
    "MeasuredCode": "lag_check",
    "balanced_for_inputs": "inputs",
    "build_balanced": "builder",
    "check_lag": "lag_check",
    "expected_memory": "memory",
    "measured_lag": "lag_check",
}

__all__ = [
    "BalancedNetwork",
    "BalancedSpec",
    "BalancedState",
    "MeasuredCode",
    "balanced_for_inputs",
    "build_balanced",
    "check_lag",
    "expected_memory",
    "measured_lag",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.balanced' has no attribute {name!r}")
    return getattr(import_module(f"hrsnn.balanced.{_HOME[name]}"), name)
