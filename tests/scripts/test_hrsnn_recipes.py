"""Recipes of tables, lemmas and figures on heterogeneity: planted results that give the right verdicts and rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from planted import SEEDS, Array, around

from hrsnn import scripts
from hrsnn.scripts.recipes import (
    data,
    fig4,
    fig5,
    fig6,
    fig7,
    fig8,
    fig9,
    hawkes,
    stopping,
    table1,
    table2,
    table3,
    table5,
)
from hrsnn.scripts.recipes.judging import judge


def row(score: float, spikes: float) -> dict[str, Array]:
    """Scores, spikes and efficiencies of an arm."""
    place = round(1000 * (score + spikes))
    found = {"score": around(score, place), "spikes": around(spikes, place + 1)}
    return {**found, "efficiency": around(score / spikes, place + 2)}


def of_table_3(het: float, spikes: float, nrmse: float) -> table3.Table3:
    """A table in which HeNHeS has an accuracy, a number of spikes and an NRMSE, beside 0.7, 3 and 0.4 of the others."""
    classes = {arm: row(0.7, 3.0) for arm in table3.VARIANTS} | {"HeNHeS": row(het, spikes), "HeNHoS": row(0.7, 4.0)}
    series = {arm: row(0.4, 3.0) for arm in table3.VARIANTS} | {"HeNHeS": row(nrmse, 3.0)}
    for arms in (classes, series):
        for arm in arms.values():
            arm["efficiency"] = 1 / (arm["score"] * arm["spikes"]) if arms is series else arm["efficiency"]
    return table3.Table3({"digits": classes, "lorenz96": series}, {("shd", arm): "no data" for arm in table3.TABLE})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (of_table_3(0.8, 2.0, 0.2), ["supported"] * 5),
        (of_table_3(0.6, 4.0, 0.6), ["refuted"] * 3 + ["supported"] * 2),
        (of_table_3(0.8, 2.0, 0.6), ["supported", "refuted", "refuted", "supported", "supported"]),
    ],
    ids=["as claimed", "worse in all", "worse on one task"],
)
def test_planted_tables_give_the_right_verdicts(table: table3.Table3, said: list[str]) -> None:
    results = judge(table.readings())
    assert [one.claim for one in results] == list(table3.RECIPE.claims)
    assert [one.verdict for one in results] == [*said, "no verdict possible"]
    assert "back-propagation" in results[-1].reason


def test_networks_trained_for_every_seed_are_compared() -> None:
    table = of_table_3(0.8, 2.0, 0.2)
    classes = {**table.by["digits"], "HeNB": row(0.9, 5.0)}
    reading = table3.Table3({**table.by, "digits": classes}).readings()[-1]
    assert reading.differences == pytest.approx(0.1, abs=0.05)


def test_rows_of_missing_data_have_the_published_values() -> None:
    rows = [one for one in of_table_3(0.8, 2.0, 0.2).rows() if one.not_run == "no data"]
    assert len(rows) == 21
    found = {(one.quantity, one.of): one.published.value for one in rows if one.published is not None}
    assert found["accuracy, SHD", "HeNHeS"] == pytest.approx(0.8049)
    # raw spikes, as recovered from the published efficiencies
    spikes = [found["spikes, SHD", arm] for arm in table3.TABLE]
    assert spikes == [3990, 4588, 3295, 3306, 4818, 5418, 4908]
    assert [table3.published_spikes(arm, "lorenz96").value for arm in table3.TABLE] == [
        3217, 3783, 2884, 2973, 4737, 5154, 4830,
    ]  # fmt: skip


def test_a_normalised_rate_needs_all_seven_rows() -> None:
    rates = {arm: np.array([table3.published_spikes(arm, "lorenz96").value]) for arm in table3.TABLE}
    found = table3.normalised({arm: np.array(one, dtype=float) for arm, one in rates.items()})
    for arm, published in table3.TABLE.items():
        assert found[arm][0] == pytest.approx(published[4], abs=0.04)
    rows = [one for one in of_table_3(0.8, 2.0, 0.2).rows() if one.quantity == "normalised rate, Lorenz-96"]
    assert [one.not_run for one in rows] == ["is a z-score over all seven rows, of which 4 are there"] * 7
    whole: Mapping[str, Mapping[str, Array]] = {arm: row(0.4, 2.0 + k) for k, arm in enumerate(table3.TABLE)}
    rows = [one for one in table3.Table3({"digits": whole, "lorenz96": whole}).rows() if "rate, Lorenz" in one.quantity]
    assert rows[0].values[0] == pytest.approx(-3 / np.std(range(7), ddof=1), abs=0.05)


@pytest.mark.parametrize(
    ("least", "said"),
    [(0.75, "supported"), (0.6, "refuted"), (0.7, "undecided")],
    ids=["all gain", "one loses", "one is equal"],
)
def test_table_1_is_tested_on_what_gains_least(least: float, said: str) -> None:
    levels = {"HoNHoS": 0.7, "HeNHoS": 0.8, "HoNHeS": least, "HeNHeS": 0.9}
    scores = {arm: {"score": around(level, place)} for place, (arm, level) in enumerate(levels.items())}
    (result,) = judge(table1.Table1({"digits": scores}).readings())
    assert (result.verdict, "HoNHeS" in result.measured) == (said, True)


@pytest.mark.parametrize(("ratio", "said"), [(0.9, "supported"), (1.1, "refuted"), (1.0, "undecided")])
def test_planted_rates_of_hawkes_processes_give_the_right_verdict(ratio: float, said: str) -> None:
    names = [name for name, _ in hawkes.QUANTITIES.values()]
    by = {arm: {name: around(10.0, place) for name in names} for place, arm in enumerate(hawkes.ARMS)}
    by["heterogeneous"] = {**by["homogeneous"], "rate_product": ratio * around(10.0, 7)}
    table = hawkes.HawkesTable(by)
    rate, tails = judge(table.readings())
    assert (rate.verdict, tails.verdict) == (said, "undecided")
    rows = {(one.quantity, one.of): np.mean(one.values) for one in table.rows()}
    assert rows["ratio of the rate, inhibition divides", "heterogeneous / homogeneous"] == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(("ratio", "said"), [(0.7, "supported"), (1.3, "refuted"), (1.0, "undecided")])
def test_planted_spikes_until_the_stop_give_the_right_verdict(ratio: float, said: str) -> None:
    names = [name for name, _ in stopping.QUANTITIES.values()]
    by = {arm: {name: around(2.0, place) for name in names} for place, arm in enumerate(stopping.ARMS)}
    by["HeNHeS"]["spikes"] = ratio * around(2.0, 9)
    table = stopping.StoppingTable(by)
    (result,) = judge(table.readings())
    assert result.verdict == said
    published = {one.of: one.published.value for one in table.rows() if one.published is not None}
    assert published == {"HoNHeS / HoNHoS": 0.826, "HeNHeS / HeNHoS": 0.721}


@pytest.mark.parametrize(
    ("gains", "said"), [((0.2, 0.1, 0.05), "supported"), ((0.0, 0.1, 0.2), "refuted"), ((0.1, 0.3, 0.1), "undecided")]
)
def test_planted_gains_over_sizes_give_the_right_verdict(gains: tuple[float, ...], said: str) -> None:
    level = np.column_stack([around(0.6, place) for place in range(3)])
    arms = dict.fromkeys(fig5.ARMS, level)
    arms["HeNHeS"] = np.column_stack([around(0.6 + gain, 5 + place) for place, gain in enumerate(gains)])
    curves = fig5.Fig5Curves({"digits": arms}, (50, 100, 200))
    (result,) = judge(curves.readings())
    assert result.verdict == said
    assert {one.not_run for one in curves.rows() if "kth" in one.quantity} == {"needs --data with kth or KTH"}
    assert [line.get_xdata().tolist() for line in curves.figure().axes[1].get_lines()] == [[50, 100, 200]]  # type: ignore[union-attr]


def of_fig_8(het: float, trained: float) -> fig8.Fig8Curves:
    """Accuracies with 10, 25 and 100 % of the data, of HeNHeS with 10 and of HeNB with 25 % as given; of others 0.6."""
    shares = {10: 0.6, 25: 0.7, 100: 0.8}
    by = {
        arm: {share: around(level, place + share) for share, level in shares.items()}
        for place, arm in enumerate((*fig8.VARIANTS, fig8.TRAINED))
    }
    by["HeNHeS"][10], by[fig8.TRAINED][25] = around(het, 1), around(trained, 2)
    return fig8.Fig8Curves("digits", by, margin=0.03)


@pytest.mark.parametrize(
    ("het", "trained", "said"),
    [
        (0.7, 0.7, ["supported", "supported", "supported"]),
        (0.7, 0.8, ["supported", "supported", "refuted"]),
        (0.7, 0.6, ["supported", "supported", "refuted"]),
        (0.5, 0.53, ["refuted", "refuted", "undecided"]),
    ],
    ids=["as claimed", "far below", "far above", "at the margin"],
)
def test_planted_shares_of_the_data_give_the_right_verdicts(het: float, trained: float, said: list[str]) -> None:
    results = judge(of_fig_8(het, trained).readings())
    assert [one.claim for one in results] == list(fig8.RECIPE.claims)
    assert [one.verdict for one in results] == said


def test_without_trained_networks_one_claim_is_left() -> None:
    curves = of_fig_8(0.7, 0.7)
    rest = {arm: one for arm, one in curves.by.items() if arm != fig8.TRAINED}
    alone = fig8.Fig8Curves("digits", rest, 0.03, "needs an extra")
    assert [one.reason for one in judge(alone.readings())] == ["", "needs an extra", "needs an extra"]
    assert [one.not_run for one in alone.rows() if one.of == fig8.TRAINED] == [
        "needs --data with kth or KTH",
        "needs an extra",
    ]


def of_fig_7(best: dict[str, tuple[int, int]], sparse: dict[str, int]) -> fig7.Fig7Maps:
    """Maps of three by three points, with the place of the best accuracy, and that at the smallest lambda, by variant."""
    by = {}
    for place, arm in enumerate(fig7.ARMS):
        noise = 0.01 * np.random.default_rng(place).normal(size=(SEEDS, 3, 3))
        accuracy = 0.5 + noise
        accuracy[:, 0, sparse[arm]] += 0.2
        accuracy[:, best[arm][0], best[arm][1]] += 0.4
        active = np.tile([0.2, 0.5, 0.9], (SEEDS, 3, 1)) + noise
        rank = np.tile(np.array([20.0, 50.0, 30.0])[:, None], (SEEDS, 1, 3)) + noise
        by[arm] = {"accuracy": accuracy, "active share": active, "rank": rank, "rate (Hz)": 10 + noise}
    return fig7.Fig7Maps(by, (1.0, 2.0, 3.0), (1.0, 3.0, 9.0))


def test_planted_maps_give_the_right_verdicts() -> None:
    claimed = of_fig_7({"HoNHoS": (2, 1), "HeNHeS": (1, 2)}, {"HoNHoS": 2, "HeNHeS": 1})
    assert [one.tolist() for one in claimed.best("HoNHoS")] == [[3.0] * SEEDS, [3.0] * SEEDS]
    results = judge(claimed.readings())
    assert [one.claim for one in results] == list(fig7.RECIPE.claims)
    assert [one.verdict for one in results] == ["supported"] * 4
    opposite = judge(of_fig_7({"HoNHoS": (1, 1), "HeNHeS": (2, 1)}, {"HoNHoS": 1, "HeNHeS": 2}).readings())
    assert [one.verdict for one in opposite] == ["refuted", "refuted", "supported", "supported"]


def test_printed_weights_are_those_of_the_spec_without_the_number_of_neighbours() -> None:
    from hrsnn import ReservoirSpec, build
    from hrsnn.scripts.recipes.variant_runs import VariantRunner

    spec = ReservoirSpec(neurons=80, connectivity="distance")
    means = {}
    for weights in fig7.WEIGHTS:
        runner = fig7.Fig7Runner(VariantRunner(spec, {"weights": weights}, "auto", None))
        means[weights] = [build(runner.spec(spec, length, 2.0), seed=1).weight.mean() for length in (1.5, 3.0)]
    # a distribution of the same mean whatever lambda, but for the pairs that are linked
    assert means["printed"][0] == pytest.approx(means["printed"][1], rel=0.2)
    ratio = fig7.mean_neighbours(80, 3.0) / fig7.mean_neighbours(80, 1.5)
    assert means["normalised"][0] / means["normalised"][1] == pytest.approx(ratio, rel=0.2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hawkes", "--option", "branching=1.0"], "--option branching = 1.0: must be between 0 and 1"),
        (["hawkes", "--option", "base=0.0"], "--option base = 0.0: must be above 0"),
        (["table3", "--option", "trained=13"], "--option trained = 13: must be"),
        (["table3", "--data", "tests"], "--data = 'tests': must hold data of shd or fsdd"),
        (["table1", "--option", "states=last"], "states = 'last': must be one of windows, total, final"),
        (["fig5", "--option", "sizes=100 50"], "--option sizes = '100 50': must be two or more ascending whole numbers"),
        (["fig7", "--option", "weights=raw"], "--option weights = 'raw': must be one of printed, normalised"),
        (["fig7", "--option", "points=2"], "--option points = 2: must be a whole number >= 3"),
        (["fig7", "--option", "scale_low=50.0"], "--option scale_low = 50.0: must be above 0 and below scale_high"),
        (["fig7", "--set", "connectivity=random"], "--set connectivity = 'random': must be distance"),
        (["fig8", "--option", "shares=20 100"], "--option shares = '20 100': must be percentages up to 100, 10 among them"),
        (["fig8", "--option", "margin=0.0"], "--option margin = 0.0: must be between 0 and 1"),
        (["table2", "--option", "hidden=0"], "--option hidden = 0: must be a whole number >= 1"),
        (["table4", "--option", "size=33"], "--option size = 33: must be at most 32"),
        (["fig11", "--option", "neurons=all"], "--option neurons = 'all': must be one of half, equal"),
        (["table4", "--option", "margin=1.0"], "--option margin = 1.0: must be between 0 and 1"),
        (["table5", "--option", "trained=13"], "--option trained = 13: must be"),
        (["table5", "--data", "tests"], "--data = 'tests': must hold data of stock or wind"),
        (["fig4", "--option", "values=50"], "--option values = 50: must be"),
        (["fig6", "--option", "trials=1"], "--option trials = 1: must be"),
        (["fig6", "--option", "values=500"], "--option = 'values': must be one of sizes, trials"),
        (["fig9", "--option", "sizes=5 50"], "--option sizes = '5 50': must be two or more ascending whole numbers from 10"),
        (["fig11", "--option", "sparsities=50 100"], "--option sparsities = '50 100': must be two or more ascending whole"),
        (["stopping", "--option", "tolerance=1.0"], "tolerance = 1.0: must be a share below 1"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_bad_options_are_one_line(words: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    code = scripts.main(["reproduce", *words, "--neurons", "20", "--quiet"])
    out, err = capfd.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def of_table_2(spikes: float, accuracy: float, parameters: float) -> table2.Table2:
    """Spikes, accuracy and parameters of HeNHeS as given, beside 3, and 0.8 with 10 000 parameters of the perceptron."""
    one = {"score": around(0.7), "spikes": around(3.0, 1), "parameters": 2000 + around(0.0, 2)}
    both = {"score": around(accuracy, 3), "spikes": around(spikes, 4), "parameters": parameters + around(0.0, 5)}
    dense = {"score": around(0.8, 6), "parameters": 10_000 + around(0.0, 7)}
    arms = {**dict.fromkeys(table2.VARIANTS, one), "HeNHeS": both, table2.PERCEPTRON: dense}
    reasons = {(task, arm): "no data" for task in table2.PAPER for arm in table2.ARMS}
    return table2.Table2({"digits": arms}, 0.03, reasons)


@pytest.mark.parametrize(
    ("spikes", "accuracy", "parameters", "said"),
    [
        (2.0, 0.8, 2000, ["supported", "supported"]),
        (4.0, 0.7, 2000, ["refuted", "refuted"]),
        (3.0, 0.8, 20_000, ["undecided", "refuted"]),
    ],
    ids=["as claimed", "the opposite", "larger"],
)
def test_planted_models_give_the_right_verdicts(spikes: float, accuracy: float, parameters: float, said: list[str]) -> None:
    table = of_table_2(spikes, accuracy, parameters)
    assert [one.verdict for one in judge(table.readings())] == said
    rows = [one for one in table.rows() if one.published is not None]
    assert {one.published.value for one in rows if one.published} == {None}  # the body of the table is not in the text
    assert len(rows) == 4 + 2 * 3 * 6


def of_fig_4(capacity: Mapping[str, float], spikes: Mapping[str, float]) -> fig4.Fig4Tables:
    """Scores and spikes that are sums of the effects of the heterogeneities that are on."""
    on = np.array([[bit == "1" for bit in format(row, "04b")] for row in range(16)])
    effects = {name: on @ [given.get(group, 0.0) for group in fig4.GROUPS] for name, given in
               (("score", capacity), ("spikes", spikes))}  # fmt: skip
    noise = np.random.default_rng(1).normal(0, 0.01, (16, SEEDS))
    table = {name: 5 + effect[:, None] + noise for name, effect in effects.items()}
    return fig4.Fig4Tables(dict.fromkeys(("memory", "digits", "lorenz96"), table))


@pytest.mark.parametrize(
    ("capacity", "spikes", "said"),
    [
        ({"tau_m": 1.0, "a_stdp": 0.1}, {"tau_m": 0.1, "a_stdp": -1.0}, ["supported", "supported"]),
        ({"tau_m": 0.1, "a_stdp": -1.0}, {"tau_m": 1.0, "a_stdp": 0.1}, ["refuted", "refuted"]),
    ],
    ids=["as claimed", "the opposite"],
)
def test_planted_effects_give_their_shapley_values_and_verdicts(
    capacity: Mapping[str, float], spikes: Mapping[str, float], said: list[str]
) -> None:
    tables = of_fig_4(capacity, spikes)
    results = judge(tables.readings())
    assert [one.claim for one in results] == list(fig4.RECIPE.claims)
    assert [one.verdict for one in results] == said
    rows = {(one.quantity, one.of): one.values for one in tables.rows() if not one.not_run}
    for group in fig4.GROUPS:  # of a sum the Shapley value is the effect, and SAGE's the variance of its switch
        effect = capacity.get(group, 0.0)
        assert np.mean(rows["Shapley value, memory capacity", group]) == pytest.approx(effect, abs=0.01)
        assert rows["SAGE value, memory capacity", group] == pytest.approx((effect**2 / 4,), abs=0.003)


def of_fig_6(slower: int, spread: tuple[float, float]) -> fig6.Fig6Curves:
    """Searches of ten trials that reach 0.9 after four, and with heterogeneity later; spreads of both variants."""

    def curve(last: int) -> Array:
        ends = last + np.arange(SEEDS) % 2
        return np.where(np.arange(10) >= ends[:, None], 0.9, 0.5)

    best = {"HoNHoS": curve(4), "HeNHeS": curve(4 + slower)}
    swing = np.where(np.arange(SEEDS) % 2, 1.0, -1.0) * (1 + 0.1 * np.random.default_rng(2).random(SEEDS))
    fresh = {arm: 0.8 + width * swing for arm, width in zip(fig6.ARMS, spread, strict=True)}
    return fig6.Fig6Curves("digits", {50: best, 200: best}, {50: fresh, 200: fresh}, 0.2)


@pytest.mark.parametrize(
    ("slower", "spread", "said"),
    [(0, (0.05, 0.01), "supported"), (4, (0.05, 0.01), "refuted"), (0, (0.01, 0.05), "refuted")],
    ids=["as claimed", "slower", "wider"],
)
def test_planted_searches_give_the_right_verdict(slower: int, spread: tuple[float, float], said: str) -> None:
    curves = of_fig_6(slower, spread)
    (result,) = judge(curves.readings())
    assert (result.claim, result.verdict) == (*fig6.RECIPE.claims, said)
    assert curves.converged(50, "HoNHoS")[:2].tolist() == [0.5, 0.6]
    assert {one.not_run for one in curves.rows() if "kth" in one.quantity} == {"needs --data with kth or KTH"}


def of_fig_9(accuracy: float, spikes: float) -> fig9.Fig9Points:
    """Accuracy and spikes of the search for efficiency as given, beside 0.7, and 3 of the others."""

    def one(accuracy: float, spikes: float, place: int) -> dict[str, Array]:
        found = {name: around(spikes, 10 * place + k) for k, name in enumerate(fig9.SCORES)}
        return {**found, "accuracy": around(accuracy, place), "nrmse": around(1 - accuracy, place + 1)}

    by = {arm: dict.fromkeys((50, 100), one(0.7, 3.0, place)) for place, arm in enumerate(fig9.ARMS)}
    return fig9.Fig9Points("digits", {**by, fig9.BEST: dict.fromkeys((50, 100), one(accuracy, spikes, 7))})


@pytest.mark.parametrize(
    ("accuracy", "spikes", "said"),
    [(0.8, 2.0, "supported"), (0.8, 4.0, "refuted"), (0.6, 2.0, "refuted")],
    ids=["as claimed", "more spikes", "worse"],
)
def test_planted_searches_for_efficiency_give_the_right_verdict(accuracy: float, spikes: float, said: str) -> None:
    points = of_fig_9(accuracy, spikes)
    (result,) = judge(points.readings())
    assert (result.claim, result.verdict) == (*fig9.RECIPE.claims, said)
    drawn = points.figures()["fig9_accuracy"].axes[0]
    assert [text.get_text() for text in drawn.texts] == ["50", "100"] * len(fig9.ARMS)


def test_series_are_the_second_columns_of_files_in_folders_of_their_name(tmp_path: Path) -> None:
    assert data.task_of("wind", tmp_path) is None
    assert "wind/" in data.why_not("wind")
    (tmp_path / "wind").mkdir()
    rows = "".join(f"2024-01-01T{k:04d},{k % 7},{k % 5}\n" for k in range(300))
    (tmp_path / "wind" / "any.csv").write_text(f"time,speed,gust\n{rows}")
    choice = data.task_of("wind", tmp_path)
    assert choice is not None
    task = choice.load_series(horizon=1)
    assert task.inputs.shape[1] == 1
    assert len(np.unique(task.inputs)) == 7
    data.check_data("table5", table5.RECIPE, tmp_path)
