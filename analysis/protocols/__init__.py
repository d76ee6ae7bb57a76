"""Experiments as functions: a task, a reservoir, a readout and the baselines of each score."""

from __future__ import annotations

from hrsnn.analysis.protocols.classification import Classification, classify
from hrsnn.analysis.protocols.closed_loop import FreeRunning, forecast_freely
from hrsnn.analysis.protocols.edge_of_chaos import Chaos, ChaosMap, chaos, chaos_map
from hrsnn.analysis.protocols.engine_agreement import Agreement, compare_engines
from hrsnn.analysis.protocols.firing import Firing, Measures, measure
from hrsnn.analysis.protocols.information_capacity import Capacities, CapacityScores, capacity
from hrsnn.analysis.protocols.jitter import jittered
from hrsnn.analysis.protocols.memory_capacity import Memory, memory
from hrsnn.analysis.protocols.open_loop import Forecasting, forecast
from hrsnn.analysis.protocols.rank_maps import KernelQuality, RankMap, rank_map
from hrsnn.analysis.protocols.ranks import Ranking, Ranks, rank
from hrsnn.analysis.runs.rates import Rates

__all__ = [
    "Agreement",
    "Capacities",
    "CapacityScores",
    "Chaos",
    "ChaosMap",
    "Classification",
    "Firing",
    "Forecasting",
    "FreeRunning",
    "KernelQuality",
    "Measures",
    "Memory",
    "RankMap",
    "Ranking",
    "Ranks",
    "Rates",
    "capacity",
    "chaos",
    "chaos_map",
    "classify",
    "compare_engines",
    "forecast",
    "forecast_freely",
    "jittered",
    "measure",
    "memory",
    "rank",
    "rank_map",
]
