"""Runs of a network through a task, from which all scores are computed: simulations, states, readouts and controls."""

from hrsnn.analysis.runs.classes import ClassesRun, share_correct
from hrsnn.analysis.runs.controls import calibration
from hrsnn.analysis.runs.options import RECORDS, STATES, RunOptions, StatesSeen
from hrsnn.analysis.runs.series import SeriesRun
from hrsnn.analysis.runs.task_run import TaskRun, rates_of, retested, run_task

__all__ = [
    "RECORDS",
    "STATES",
    "ClassesRun",
    "RunOptions",
    "SeriesRun",
    "StatesSeen",
    "TaskRun",
    "calibration",
    "rates_of",
    "retested",
    "run_task",
    "share_correct",
]
