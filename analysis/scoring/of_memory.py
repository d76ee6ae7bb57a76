"""Scores of the reconstruction of earlier inputs: memory capacities."""

from __future__ import annotations

from hrsnn.analysis.scoring.contract import POSITIVE, Score
from hrsnn.analysis.scoring.task_runs import SeriesRun


def _from_spikes(run: SeriesRun) -> float:
    return run.capacity("states").total


def _from_v(run: SeriesRun) -> float:
    return run.capacity("v").total


MEMORY_CAPACITY = Score(
    label="Memory capacity",
    unit="values",
    bounds=POSITIVE,
    better=1,
    family="skill",
    kinds=("memory",),
    needs=("states", "inputs"),
    function=_from_spikes,
)
MEMORY_CAPACITY_V = Score(
    label="Memory capacity from v",
    unit="values",
    bounds=POSITIVE,
    better=1,
    family="skill",
    kinds=("memory",),
    needs=("v", "inputs"),
    function=_from_v,
)
