"""Recipes of tables, lemmas and figures on heterogeneity: planted results that give the right verdicts and rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from hrsnn.scripts.recipes import hawkes, table1, table3
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
