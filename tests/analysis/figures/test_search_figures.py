"""Pictures of a search: what they show is what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import InputError
from hrsnn.analysis import figures
from hrsnn.search import Importance, SearchResult, Space, search


@pytest.fixture(scope="module")
def result() -> SearchResult:
    space = Space.of({"tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1.0]}, "weight_scale": [2, 10]})

    def objective(spec: Any, seed: int) -> float:
        if spec.weight_scale > 9:
            raise ValueError
        return -float(np.log(spec.weight_scale / 4) ** 2)

    return search(None, space, objective, trials=10, seeds=2)


def test_all_pictures_are_drawn_and_saved(result: SearchResult, tmp_path: Path) -> None:
    drawn = figures.of_search(result)
    assert set(drawn) == {"convergence", "parallel", "distributions", "slices"}
    for name, figure in drawn.items():
        figures.save(figure, tmp_path / f"{name}.png", dpi=60)
    lines = drawn["convergence"].axes[0].lines
    np.testing.assert_array_equal(lines[0].get_ydata(), result.best_so_far())
    assert len(drawn["parallel"].axes[0].lines) == 1 + sum(not one.error for one in result.trials)


def test_parameters_have_units_and_values_have_a_key(result: SearchResult) -> None:
    drawn = figures.of_search(result, objective="Capacity (values)")
    rows, key = drawn["parallel"].axes
    names = [tick.get_text() for tick in rows.get_yticklabels()]
    assert names == [r"$\tau_m$ of E, mean (ms)", r"$\tau_m$ of E, CV", "weight scale"]
    assert [text.get_text() for text in rows.texts] == ["10", "60", "0.1", "1", "2", "10"]
    assert (key.get_xlabel(), rows.get_legend_handles_labels()[1]) == ("Capacity (values)", ["best"])
    best = next(line for line in rows.lines if line.get_label() == "best")
    expected = np.log(result.best.parameters["weight_scale"] / 2) / np.log(5)
    assert np.asarray(best.get_xdata())[2] == pytest.approx(expected)
    assert [axes.get_xlabel() for axes in drawn["slices"].axes] == names
    assert drawn["slices"].axes[0].get_legend_handles_labels()[1] == ["mean of the process", "2 sd", "best trial"]
    assert drawn["distributions"].axes[0].get_xlabel() == r"$\tau_m$ of E (ms)"


def test_slices_show_the_process(result: SearchResult) -> None:
    scale = figures.process_slices(result).axes[2]
    x, y = (np.asarray(values) for values in scale.lines[0].get_data())
    assert x[int(y.argmax())] == pytest.approx(4, rel=0.35)
    assert scale.lines[1].get_xdata()[0] == result.best.parameters["weight_scale"]


def test_densities_have_their_means(result: SearchResult) -> None:
    panel = figures.best_distributions(result).axes[0]
    for line, spec in zip(panel.lines, (result.spec, result.best_spec), strict=True):
        x, density = (np.asarray(values) for values in line.get_data())
        mean = float((x[1:] * density[1:] * np.diff(x)).sum() / (density[1:] * np.diff(x)).sum())
        assert mean == pytest.approx(spec.tau_m_exc.truncated_mean, rel=0.1)  # type: ignore[union-attr]


def test_regret_and_quartiles() -> None:
    axes = figures.convergence({"a": [[1.0, 3.0], [3.0, 3.5]], "b": [[0.0, 0.0]]}, optimum=4.0).axes[0]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [2.0, 0.75])
    assert axes.get_yscale() == "log"


def test_importances() -> None:
    one = Importance(("a", "b"), np.array([1.0, -2.0]), np.array([[0.5, 1.5], [-3.0, -1.0]]))
    figure = figures.importances({"memory": one, "spikes": one})
    assert [patch.get_width() for patch in figure.axes[1].patches] == [1.0, -2.0]


@pytest.mark.parametrize("call", [lambda: figures.convergence({}), lambda: figures.importances({})])
def test_nothing_to_draw(call: Any) -> None:
    with pytest.raises(InputError):
        call()
