"""What a run is worth: memory capacity, rank, forecasts, rates, and the figures of all of them.

Everything here takes NumPy arrays; only :mod:`hrsnn.analysis.rates` and the raster look at spike trains. The public
names load when they are first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.analysis.baselines import echo_state_network, last_value, linear_autoregression
    from hrsnn.analysis.forecast import Forecast, nrmse, r_squared, ridge_readout
    from hrsnn.analysis.linear_memory import CapacityWarning, MemoryCapacity, memory_capacity
    from hrsnn.analysis.ranks import effective_rank, entropy_rank, numerical_rank
    from hrsnn.analysis.rates import firing_rates, mean_rate, silent_share

_HOME = {
    "CapacityWarning": "linear_memory",
    "Forecast": "forecast",
    "MemoryCapacity": "linear_memory",
    "echo_state_network": "baselines",
    "effective_rank": "ranks",
    "entropy_rank": "ranks",
    "firing_rates": "rates",
    "last_value": "baselines",
    "linear_autoregression": "baselines",
    "mean_rate": "rates",
    "memory_capacity": "linear_memory",
    "nrmse": "forecast",
    "numerical_rank": "ranks",
    "r_squared": "forecast",
    "ridge_readout": "forecast",
    "silent_share": "rates",
}

__all__ = [
    "CapacityWarning",
    "Forecast",
    "MemoryCapacity",
    "echo_state_network",
    "effective_rank",
    "entropy_rank",
    "firing_rates",
    "last_value",
    "linear_autoregression",
    "mean_rate",
    "memory_capacity",
    "nrmse",
    "numerical_rank",
    "r_squared",
    "ridge_readout",
    "silent_share",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.analysis' has no attribute {name!r}")
    value = getattr(import_module(f"hrsnn.analysis.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
