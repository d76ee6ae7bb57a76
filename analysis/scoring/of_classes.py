"""Scores of classifications: accuracy, and ranks of the final states."""

from __future__ import annotations

from hrsnn.analysis import effective_rank, entropy_rank
from hrsnn.analysis.scoring.contract import CORRELATION, POSITIVE, SHARE, Score
from hrsnn.analysis.scoring.task_runs import ClassesRun


def _accuracy(run: ClassesRun) -> float:
    return run.accuracy


def _generalisation_gap(run: ClassesRun) -> float:
    return run.train_accuracy - run.accuracy


def _effective_rank(run: ClassesRun) -> float:
    return float(effective_rank(run.final_states))


def _entropy_rank(run: ClassesRun) -> float:
    return float(entropy_rank(run.final_states))


ACCURACY = Score(label="Accuracy", bounds=SHARE, better=1, family="skill", kinds=("classes",), function=_accuracy)
EFFECTIVE_RANK = Score(
    label="Effective rank",
    bounds=POSITIVE,
    better=1,
    family="skill",
    kinds=("classes",),
    needs=("states",),
    function=_effective_rank,
)
ENTROPY_RANK = Score(
    label="Entropy rank",
    bounds=POSITIVE,
    better=1,
    family="skill",
    kinds=("classes",),
    needs=("states",),
    function=_entropy_rank,
)
GENERALISATION_GAP = Score(
    label="Accuracy in training - in the test",
    bounds=CORRELATION,
    kinds=("classes",),
    function=_generalisation_gap,
)
