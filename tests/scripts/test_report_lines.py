"""What the lines of a report say: the unit of every number, whose joules, and what is in brackets."""

from __future__ import annotations

from typing import Any

import pytest

from hrsnn import ReservoirSpec, build
from hrsnn.analysis.scoring.registry import SCORES, unit_of
from hrsnn.scripts.cli.command import picture_formats
from hrsnn.scripts.cli.report import Report, row
from hrsnn.scripts.search import FRESH, SearchReport
from hrsnn.search import Space, search


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("mean_rate", 4.25), "mean rate 4.25 Hz"),
        (("accuracy", 0.5), "accuracy 0.5 share"),
        (("chance", 0.1, "accuracy"), "chance 0.1 share"),
        (("energy_joules", 1e-6), "energy by joules of Loihi 1e-06 J"),
        (("truenorth", 2e-6, "energy_joules"), "by joules of TrueNorth 2e-06 J"),
        (("bytes_of_the_file", 1234), "bytes of the file 1234 bytes"),
        (("memory_capacity_v", 3.5), "memory capacity v 3.5 values"),
        (("largest_exponent", -2.0), "largest exponent -2 1/s"),
        (("fano_factor", 1.0), "fano factor 1 no unit"),
    ],
)
def test_a_line_has_its_unit(arguments: tuple[Any, ...], line: str) -> None:
    assert " ".join(row(*arguments).split()) == line


def test_every_score_has_a_unit_in_a_table() -> None:
    assert all(unit_of(name) for name in SCORES)


def test_brackets_are_explained_where_there_are_some() -> None:
    spec = ReservoirSpec(neurons=10)
    common: dict[str, Any] = {"title": "t", "seed": 0, "spec": spec, "reservoir": build(spec), "draw": dict, "timing": {}}
    scores = {"memory_capacity": 3.0}
    report = Report(**common, scores=scores, baselines={"memory_capacity": {"raw_input": 1.0}}, spikes={})
    assert "[" not in report.text
    report = Report(**common, scores=scores, baselines={}, spikes={}, intervals={"memory_capacity": (2.0, 4.0)})
    assert report.text.splitlines()[1:] == [
        f"{row('memory_capacity', 3.0)}  [2, 4]",
        "in brackets: 95 % interval within this run",
    ]


@pytest.mark.parametrize("trials", [1, 8])
def test_a_search_says_where_the_best_is_the_default(trials: int) -> None:
    default = ReservoirSpec(neurons=20)

    def near_nine(spec: Any, seed: int) -> float:
        return -abs(spec.weight_scale - 9.0)

    found = search(default, Space.of({"weight_scale": [2, 10]}), near_nine, trials=trials, seeds=1)
    fresh = {"best": [1.0, 2.0], "default": [1.0, 2.0]} if trials == 1 else {"best": [2.0, 3.5], "default": [1.0, 2.0]}
    report = SearchReport(title="t", objective="memory", result=found, seed=0, **fresh)
    same = found.best.parameters["weight_scale"] == default.weight_scale
    assert same == (trials == 1)
    assert report.best_is_default == same
    assert ("the best is the default: there is nothing to compare it with" in report.text) == same
    assert (FRESH in report.text) == ("difference" in report.text) == (not same)
    assert report.metrics()["fresh"]["best_is_default"] == same
    lines = [" ".join(line.split()) for line in report.text.splitlines()]
    assert f"weight scale {found.best.parameters['weight_scale']:.4g} no unit" in lines
    assert f"best value {found.best.value:.4g} values" in lines


@pytest.mark.parametrize(("names", "formats"), [("png", ("png",)), ("PDF, svg,pdf", ("pdf", "svg"))])
def test_formats(names: str, formats: tuple[str, ...]) -> None:
    assert picture_formats(names) == formats
