"""Bounds of scores: every score that a command reports has some, and no interval passes them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from hrsnn.analysis import bounds_of
from hrsnn.analysis.figures.seeds import scores_over_seeds
from hrsnn.analysis.protocols.rank_maps import KERNEL_SCORES
from hrsnn.analysis.protocols.task_scores import MAIN
from hrsnn.analysis.scoring.contract import Score
from hrsnn.analysis.scoring.registry import SCORES, declared_name, label_of, signs_of
from hrsnn.analysis.studies.variant_claims import claims_in
from hrsnn.analysis.studies.variants import SCORES_OF_ALL, SCORES_OF_KIND
from hrsnn.errors import InputError
from hrsnn.networks import PruningRecord, pruning_figures
from hrsnn.networks.studies.pruned_scores import score_names
from hrsnn.scripts.cli.repeats import Row
from hrsnn.scripts.reports.pruning_report import SHOWN
from hrsnn.tasks import TaskChoice

TASKS = ("memory", "digits", "lorenz63")
REPORTED = {
    *KERNEL_SCORES,
    *SHOWN,
    *(name for names in (*MAIN.values(), *SCORES_OF_KIND.values(), SCORES_OF_ALL) for name in names),
    *(name for task in TASKS for name in score_names(TaskChoice(task))),
    *(name for claim in claims_in(TASKS) for name in (claim.score, claim.beside) if name),
}


@pytest.mark.parametrize("score", sorted(REPORTED))
def test_every_reported_score_is_declared(score: str) -> None:
    assert declared_name(score) is not None


def test_scores_of_tasks_are_found_within_longer_names() -> None:
    names = ["links", "digits_rank", "digits_accuracy", "nrmse", "digits_operations_ratio", "spectrum_distance"]
    assert signs_of(names, "skill") == {"nrmse": -1, "digits_accuracy": 1, "digits_rank": 1}
    assert signs_of(names, "cost") == {"digits_operations_ratio": -1}
    assert signs_of(names, "distance") == {"spectrum_distance": -1}
    assert label_of("fsdd_operations_ratio") == "Spoken digits:\noperations / dense"
    assert (declared_name("anything"), label_of("any_thing")) == (None, "Any thing")


def test_a_score_of_another_package_does_not_take_the_name_of_ours() -> None:
    with (
        SCORES.added("rank_difference_total", Score(label="Total", bounds=(0, 1))),
        SCORES.added("nrmse_v_0", Score(label="0")),
    ):
        assert declared_name("digits_rank_difference_total") == "rank_difference_total"
        assert declared_name("nrmse_v_0.5") == "nrmse_v"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bounds": (1, 0)}, "bounds"),
        ({"better": 2}, "better"),
        ({"needs": ("counts",)}, "needs = 'counts': must be of spikes, states, v, inputs, network, decoder"),
        ({"family": "skill"}, "better = 0: must be 1 or -1 for a skill"),
    ],
)
def test_bad_declarations(options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Score(label="x", **options)


def test_a_score_without_a_function_is_only_reported() -> None:
    with pytest.raises(InputError, match="is only reported"):
        SCORES["separation"].of(None)


def test_what_the_table_says() -> None:
    assert bounds_of("fsdd_accuracy") == bounds_of("silent_share") == bounds_of("digits_silent") == (0, 1)
    assert bounds_of("state_correlation") == (-1, 1)
    assert bounds_of("nrmse_v") == bounds_of("valid_time_v_0.5") == bounds_of("digits_spikes_ratio") == (0, np.inf)
    assert bounds_of("largest_exponent") == bounds_of("rank_difference") == bounds_of("anything") == (-np.inf, np.inf)


def test_a_row_stays_within_its_bounds() -> None:
    row = Row("silent_share", "reservoir", (0.0, 0.0, 0.1), bounds_of("silent_share"))
    low, high = row.interval
    assert 0 < low < row.mean < high < 1
    assert row.cell.startswith(f"0.0333 [{low:.3g}, ")


def test_pictures_stay_within_the_bounds() -> None:
    figure = scores_over_seeds({"silent share": {"reservoir": [0.0, 0.0, 0.1]}}, {"silent share": (0, 1)})
    assert 0 < min(np.asarray(figure.axes[0].lines[0].get_xdata())) < 0.03
    values = [[0.0, 0.5], [0.0, 0.6], [0.1, 0.5]]
    panels = pruning_figures.curves({"silent": {"lnp": values}}, [0.5, 0.9], {"silent": (0, 1)}).axes
    (bars,) = panels[0].containers[0].lines[2]
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    assert ends.min() > 0
    assert ends.max() < 1


def test_records_stay_within_the_bounds() -> None:
    fields = {field.name: 0 for field in dataclasses.fields(PruningRecord)}
    runs = [[PruningRecord(**{**fields, "score": value})] for value in (0.0, 0.0, 0.1)]
    figure = pruning_figures.score_over_iterations({"lnp": runs}, "Share", (0, 1))
    (band,) = figure.axes[0].collections
    low, high = np.sort(np.unique(band.get_paths()[0].vertices[:, 1]))[[0, -1]]
    assert 0 < low < high < 1
