"""Recipes of tables, lemmas and figures on heterogeneity: planted results that give the right verdicts and rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from hrsnn import scripts
from hrsnn.scripts.recipes import fig5, fig7, fig8, fig12, hawkes, stopping, table1, table3, table5
from hrsnn.scripts.recipes.judging import judge

Array = np.ndarray
SEEDS = 12


def around(value: float, seed: int = 0) -> Array:
    """Values of all seeds around one."""
    return value + 0.01 * np.random.default_rng(seed).normal(size=SEEDS)


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
        (["stopping", "--option", "tolerance=1.0"], "tolerance = 1.0: must be a share below 1"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_bad_options_are_one_line(words: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    code = scripts.main(["reproduce", *words, "--neurons", "20", "--quiet"])
    out, err = capfd.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def of_table_5(lnp: float, operations: float) -> table5.Table5:
    """Errors and operations of LNP as given, beside an NRMSE of 0.2 and 100 operations of all others."""
    by = {}
    for task in table5.TASKS:
        scores = {score: {arm: around(0.2, place) for place, arm in enumerate(table5.ARMS)} for score in table5.SCORES}
        scores["operations"] = {arm: 100 + around(0.0, place) for place, arm in enumerate(table5.ARMS)}
        scores["nrmse_ahead"]["lnp"], scores["operations"]["lnp"] = around(lnp, 20), operations + around(0.0, 21)
        by[task] = scores
    return table5.Table5({**by, "size": {"links": {"lnp": around(0.9)}}})


def test_planted_pruned_networks_give_the_right_verdicts() -> None:
    claimed, opposite = judge(of_table_5(0.1, 50).readings()), judge(of_table_5(0.3, 200).readings())
    assert [one.claim for one in claimed] == list(table5.RECIPE.claims)
    assert [one.verdict for one in claimed] == ["supported"] * 3
    assert [one.verdict for one in opposite] == ["refuted"] * 3
    rows = {(one.quantity, one.of): one for one in of_table_5(0.1, 50).rows()}
    ratio = rows["operations, dense over pruned, lorenz63", "lnp"]
    assert np.mean(ratio.values) == pytest.approx(2, rel=0.01)
    assert "csv" in rows["NRMSE, wind speed", "lnp"].not_run


@pytest.mark.parametrize(
    ("accuracy", "operations", "said", "least"),
    [
        ((0.8, 0.7, 0.6, 0.7, 0.8), (100, 50, 20, 20, 20), "supported", "step"),
        ((0.8, 0.7, 0.6, 0.5, 0.8), (100, 50, 20, 20, 20), "refuted", "step 3"),
        ((0.8, 0.7, 0.6, 0.7, 0.8), (100, 50, 80, 20, 20), "refuted", "step 2"),
        ((0.8, 0.7, 0.6, 0.7, 0.7), (100, 50, 20, 20, 20), "undecided", "step 4"),
    ],
    ids=["as claimed", "step 3 costs accuracy", "step 2 costs operations", "step 4 does nothing"],
)
def test_planted_steps_give_the_right_verdict(
    accuracy: tuple[float, ...], operations: tuple[float, ...], said: str, least: str
) -> None:
    points = list(fig12.PATH)
    table = fig12.Fig12Table(
        "digits",
        {point: around(value, place) for place, (point, value) in enumerate(zip(points, accuracy, strict=True))},
        {point: around(value, 9 + place) for place, (point, value) in enumerate(zip(points, operations, strict=True))},
    )
    (result,) = judge(table.readings())
    assert result.verdict == said
    assert result.measured.startswith(least)
    assert [one.of for one in table.rows() if one.not_run] == points
