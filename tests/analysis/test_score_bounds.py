"""Bounds of scores: every score that a command reports has some, and no interval passes them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from hrsnn.analysis import bounds_of, score_bounds
from hrsnn.analysis.figures.seeds import scores_over_seeds
from hrsnn.analysis.protocols.rank_maps import KERNEL_SCORES
from hrsnn.analysis.studies.variant_claims import CLAIMS
from hrsnn.networks import PruningRecord, pruning_figures
from hrsnn.networks.studies.pruning_claims import COSTS, KEPT, SKILLS
from hrsnn.scripts.cli.repeats import Row
from hrsnn.scripts.reports.pruning_curve_report import PANELS
from hrsnn.scripts.reports.pruning_report import SCORES, SHOWN

KNOWN = {
    *KERNEL_SCORES,
    *PANELS,
    *SHOWN,
    *SKILLS,
    *COSTS,
    *KEPT,
    *(name for name, _ in SCORES.values()),
    *(name for claim in CLAIMS for name in (claim.score, claim.beside) if name),
}


@pytest.mark.parametrize("score", sorted(KNOWN))
def test_every_score_has_its_bounds_once(score: str) -> None:
    assert score_bounds.matching(score) == [bounds_of(score)]


def test_what_the_table_says() -> None:
    assert bounds_of("fsdd_accuracy") == bounds_of("silent_share") == (0, 1)
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
