"""Encoders: scikit-learn transformers of numbers to spike trains or currents.

The public names are loaded on first use (PEP 562), as importing scikit-learn takes two seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.encoders.current import CurrentEncoder
    from hrsnn.encoders.events import EventEncoder
    from hrsnn.encoders.latency import LatencyEncoder
    from hrsnn.encoders.level_crossing import LevelCrossingEncoder
    from hrsnn.encoders.poisson import PoissonEncoder
    from hrsnn.encoders.receptive_fields import ReceptiveFieldEncoder
    from hrsnn.encoders.temporal_difference import TemporalDifferenceEncoder

_HOME = {
    "CurrentEncoder": "current",
    "EventEncoder": "events",
    "LatencyEncoder": "latency",
    "LevelCrossingEncoder": "level_crossing",
    "PoissonEncoder": "poisson",
    "ReceptiveFieldEncoder": "receptive_fields",
    "TemporalDifferenceEncoder": "temporal_difference",
}

__all__ = [
    "CurrentEncoder",
    "EventEncoder",
    "LatencyEncoder",
    "LevelCrossingEncoder",
    "PoissonEncoder",
    "ReceptiveFieldEncoder",
    "TemporalDifferenceEncoder",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.encoders' has no attribute {name!r}")
    value = getattr(import_module(f"hrsnn.encoders.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
