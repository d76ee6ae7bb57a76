"""What the commands run, as plain functions: a task, a reservoir, a readout, and the baselines beside every score."""

from __future__ import annotations

from hrsnn.analysis.protocols.agreement import Agreement, compare_engines
from hrsnn.analysis.protocols.classification import Classification, classify
from hrsnn.analysis.protocols.driving import Rates
from hrsnn.analysis.protocols.forecasting import Forecasting, forecast
from hrsnn.analysis.protocols.ranking import Ranking, Ranks, rank
from hrsnn.analysis.protocols.remembering import Memory, memory

__all__ = [
    "Agreement",
    "Classification",
    "Forecasting",
    "Memory",
    "Ranking",
    "Ranks",
    "Rates",
    "classify",
    "compare_engines",
    "forecast",
    "memory",
    "rank",
]
