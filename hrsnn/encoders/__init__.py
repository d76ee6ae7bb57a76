"""Encoders: scikit-learn transformers of numbers to spike trains or currents."""

from hrsnn.encoders.current import CurrentEncoder
from hrsnn.encoders.events import EventEncoder
from hrsnn.encoders.latency import LatencyEncoder
from hrsnn.encoders.level_crossing import LevelCrossingEncoder
from hrsnn.encoders.poisson import PoissonEncoder
from hrsnn.encoders.receptive_fields import ReceptiveFieldEncoder
from hrsnn.encoders.temporal_difference import TemporalDifferenceEncoder

__all__ = [
    "CurrentEncoder",
    "EventEncoder",
    "LatencyEncoder",
    "LevelCrossingEncoder",
    "PoissonEncoder",
    "ReceptiveFieldEncoder",
    "TemporalDifferenceEncoder",
]
