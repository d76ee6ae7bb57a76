"""Scores of the reconstruction of earlier inputs: memory capacities, in values and in bits a spike."""

from __future__ import annotations

import functools
import math

from hrsnn.analysis.runs import SeriesRun
from hrsnn.analysis.scoring.contract import POSITIVE, Need, Score
from hrsnn.reading import Read


def _capacity(read: Read, run: SeriesRun) -> float:
    return run.capacity(read).total


def _bits_per_spike(read: Read, run: SeriesRun) -> float:
    """Compute the bits of memory over the spikes per value; nan without spikes."""
    spikes = float(run.activity.spike_counts.sum()) / len(run.task.inputs)
    return run.capacity(read).bits / spikes if spikes else math.nan


def _score_of_capacity(label: str, read: Read, *needs: Need) -> Score:
    return Score(
        label=label,
        unit="values",
        bounds=POSITIVE,
        better=1,
        family="skill",
        kinds=("memory",),
        needs=(*needs, "inputs"),
        function=functools.partial(_capacity, read),
    )


def _score_of_bits(label: str, read: Read, *needs: Need) -> Score:
    return Score(
        label=label,
        bounds=POSITIVE,
        better=1,
        kinds=("memory",),
        needs=(*needs, "inputs"),
        function=functools.partial(_bits_per_spike, read),
    )


MEMORY_CAPACITY = _score_of_capacity("Memory capacity", "states", "states")
MEMORY_CAPACITY_V = _score_of_capacity("Memory capacity from v", "v", "v")
MEMORY_CAPACITY_DECODED = _score_of_capacity("Memory capacity, decoded", "decoded", "spikes", "decoder")
BITS_PER_SPIKE = _score_of_bits("Bits of memory a spike", "states", "states")
BITS_PER_SPIKE_DECODED = _score_of_bits("Bits of memory a spike, decoded", "decoded", "spikes", "decoder")
