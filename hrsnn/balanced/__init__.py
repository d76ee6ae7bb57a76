"""Tightly balanced networks: spikes that follow a linear system."""

from __future__ import annotations

from hrsnn.balanced.builder import build_balanced
from hrsnn.balanced.inputs import balanced_for_inputs
from hrsnn.balanced.lag_check import MeasuredCode, check_lag, measured_lag
from hrsnn.balanced.memory import expected_memory
from hrsnn.balanced.network import BalancedNetwork
from hrsnn.balanced.spec import BalancedSpec
from hrsnn.balanced.state import BalancedState

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
