"""Scores of classifications: accuracy, and ranks of the final states."""

from __future__ import annotations

import functools
from collections.abc import Callable

from hrsnn.analysis import effective_rank, entropy_rank
from hrsnn.analysis.runs import ClassesRun, share_correct
from hrsnn.analysis.scoring.contract import CORRELATION, POSITIVE, SHARE, Need, Score
from hrsnn.reading import Read


def _accuracy(read: Read, run: ClassesRun) -> float:
    return share_correct(run.predicted_from(read), run.task.y_test)


def _generalisation_gap(run: ClassesRun) -> float:
    return run.train_accuracy - run.accuracy


def _effective_rank(run: ClassesRun) -> float:
    return float(effective_rank(run.final_states))


def _entropy_rank(run: ClassesRun) -> float:
    return float(entropy_rank(run.final_states))


def _score_of_accuracy(label: str, read: Read, *needs: Need) -> Score:
    return Score(
        label=label,
        bounds=SHARE,
        better=1,
        family="skill",
        kinds=("classes",),
        needs=needs,
        function=functools.partial(_accuracy, read),
    )


def _score_of_rank(label: str, function: Callable[[ClassesRun], float]) -> Score:
    return Score(
        label=label,
        bounds=POSITIVE,
        better=1,
        family="skill",
        kinds=("classes",),
        needs=("states",),
        function=function,
    )


ACCURACY = _score_of_accuracy("Accuracy", "states")
ACCURACY_DECODED = _score_of_accuracy("Accuracy, decoded", "decoded", "spikes", "decoder")
EFFECTIVE_RANK = _score_of_rank("Effective rank", _effective_rank)
ENTROPY_RANK = _score_of_rank("Entropy rank", _entropy_rank)
GENERALISATION_GAP = Score(
    label="Accuracy in training - in the test",
    bounds=CORRELATION,
    kinds=("classes",),
    function=_generalisation_gap,
)
