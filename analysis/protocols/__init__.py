"""What the commands run, as plain functions: a task, a reservoir, a readout, and the baselines beside every score."""

from __future__ import annotations

from hrsnn.analysis.protocols.agreement import Agreement, compare_engines
from hrsnn.analysis.protocols.classification import Classification, classify
from hrsnn.analysis.protocols.driving import Rates
from hrsnn.analysis.protocols.edge_of_chaos import Chaos, ChaosMap, chaos, chaos_map
from hrsnn.analysis.protocols.forecasting import Forecasting, forecast
from hrsnn.analysis.protocols.free_running import FreeRunning, forecast_freely
from hrsnn.analysis.protocols.jittering import jittered
from hrsnn.analysis.protocols.mapping import Kernel, RankMap, rank_map
from hrsnn.analysis.protocols.measuring import Firing, Measures, measure
from hrsnn.analysis.protocols.processing import Capacities, Held, capacity
from hrsnn.analysis.protocols.ranking import Ranking, Ranks, rank
from hrsnn.analysis.protocols.remembering import Memory, memory

__all__ = [
    "Agreement",
    "Capacities",
    "Chaos",
    "ChaosMap",
    "Classification",
    "Firing",
    "Forecasting",
    "FreeRunning",
    "Held",
    "Kernel",
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
