"""Scores of activity: rates, spikes, synaptic operations, efficiency, and the dimension of the states."""

from __future__ import annotations

import math

from hrsnn.analysis import effective_dimension, spike_efficiency, synaptic_operations, third_order_correlation
from hrsnn.analysis.runs import ClassesRun, TaskRun, rates_of
from hrsnn.analysis.scoring.contract import POSITIVE, SHARE, Score
from hrsnn.tasks.declaration import TaskKind

_ALL: tuple[TaskKind, ...] = ("classes", "series", "memory")


def _mean_rate(run: TaskRun) -> float:
    return rates_of(run).mean_rate


def _silent_share(run: TaskRun) -> float:
    return rates_of(run).silent_share


def _spikes_per_neuron(run: TaskRun) -> float:
    return run.spikes_per_neuron


def _spikes(run: TaskRun) -> float:
    return float(run.activity.spike_counts.sum(axis=1).mean())


def _operations(run: TaskRun) -> float:
    return float(synaptic_operations(run.activity.spike_counts, run.network.pre).mean())


def _efficiency(run: TaskRun) -> float:
    """Compute accuracy / S, 1 / (NRMSE S) or capacity / S; nan without spikes."""
    spikes = run.spikes_per_neuron
    if isinstance(run, ClassesRun):
        return spike_efficiency(spikes, accuracy=run.accuracy)
    if run.task.kind == "memory":
        return run.capacity("states").total / spikes if spikes else math.nan
    return spike_efficiency(spikes, nrmse=run.error(run.forecast("states").prediction))


def _effective_dimension(run: TaskRun) -> float:
    return float(effective_dimension(run.final_states))


def _third_order_correlation(run: TaskRun) -> float:
    return third_order_correlation(run.final_states)


MEAN_RATE = Score(label="Mean rate", unit="Hz", bounds=POSITIVE, kinds=_ALL, function=_mean_rate)
SILENT_SHARE = Score(label="Silent share", bounds=SHARE, kinds=_ALL, function=_silent_share)
SPIKES_PER_NEURON = Score(
    label="Spikes per neuron",
    unit="per sample, or per second of a series",
    bounds=POSITIVE,
    kinds=_ALL,
    function=_spikes_per_neuron,
)
SPIKES = Score(label="Spikes", unit="per stimulus", bounds=POSITIVE, kinds=_ALL, function=_spikes)
OPERATIONS = Score(
    label="Operations",
    unit="per stimulus",
    bounds=POSITIVE,
    better=-1,
    family="cost",
    kinds=_ALL,
    needs=("network",),
    function=_operations,
)
EFFICIENCY = Score(
    label="Efficiency",
    bounds=POSITIVE,
    better=1,
    kinds=_ALL,
    needs=("states", "inputs"),
    function=_efficiency,
)
EFFECTIVE_DIMENSION = Score(
    label="Effective dimension",
    bounds=POSITIVE,
    kinds=_ALL,
    needs=("states",),
    function=_effective_dimension,
)
THIRD_ORDER_CORRELATION = Score(
    label="Third-order correlation",
    kinds=("classes",),
    needs=("states",),
    function=_third_order_correlation,
)
