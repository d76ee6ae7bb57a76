"""Recipes of tables and figures on pruned networks: planted results that give the right verdicts and rows."""

from __future__ import annotations

import numpy as np
import pytest
from planted import SEEDS, Array, around

from hrsnn.scripts.recipes import fig11, fig12, table4, table4_resnet, table5
from hrsnn.scripts.recipes.judging import judge


def of_table_5(lnp: float, operations: float, model: str = "HRSNN-STDP") -> table5.Table5:
    """Errors and operations of LNP as given, beside an NRMSE of 0.2 and 100 operations of all others."""
    by = {}
    for task in table5.TASKS:
        scores = {score: {arm: around(0.2, place) for place, arm in enumerate(table5.ARMS)} for score in table5.SCORES}
        scores["operations"] = {arm: 100 + around(0.0, place) for place, arm in enumerate(table5.ARMS)}
        scores["nrmse_ahead"]["lnp"], scores["operations"]["lnp"] = around(lnp, 20), operations + around(0.0, 21)
        by[task] = scores
    one = {**by, "size": {"links": {"lnp": around(0.9)}}}
    return table5.Table5({model: one}, {"HRSNN-BP": "needs option trained", "wind": "needs a file"})


def test_planted_pruned_networks_give_the_right_verdicts() -> None:
    claimed, opposite = judge(of_table_5(0.1, 50).readings()), judge(of_table_5(0.3, 200).readings())
    assert [one.claim for one in claimed] == list(table5.RECIPE.claims)
    assert [one.verdict for one in claimed] == ["supported"] * 3
    assert [one.verdict for one in opposite] == ["refuted"] * 3
    rows = {(one.quantity, one.of): one for one in of_table_5(0.1, 50).rows()}
    ratio = rows["operations, dense over pruned, lorenz63", "HRSNN-STDP, lnp"]
    assert np.mean(ratio.values) == pytest.approx(2, rel=0.01)
    assert rows["NRMSE, one step ahead, wind", "HRSNN-STDP, lnp"].not_run == "needs a file"
    assert rows["NRMSE, one step ahead, lorenz63", "HRSNN-BP, dense"].not_run == "needs option trained"


def of_table_4(lnp: float, random_graph: float, operations: float) -> table4.Table4:
    """Accuracies of LNP and of random graphs as given beside 0.6, and operations of LNP beside 100 pruned, 1000 dense."""
    pruned = table4.arms_of("half")
    arms = ("dense", *pruned.values(), "no_recurrence")
    accuracy = {arm: around(0.6) for arm in arms} | {
        pruned["LNP"]: around(lnp),
        pruned["random graph"]: around(random_graph),
    }
    counts = {arm: 100 + around(0.0, place) for place, arm in enumerate(arms)}
    counts["dense"], counts[pruned["LNP"]] = 1000 + around(0.0, 20), operations * (1 + around(0.0, 21))
    shares = {arm: around(0.9, place) for place, arm in enumerate(arms)}
    one = {"size": {"links": shares, "neurons": shares}, "digits": {"accuracy": accuracy, "operations": counts}}
    reasons = dict.fromkeys(table4.TRAINED, "needs option trained")
    return table4.Table4(dict.fromkeys(table4.STDP, one), ("digits",), 0.01, "half", reasons)


@pytest.mark.parametrize(
    ("lnp", "random_graph", "operations", "said"),
    [
        (0.6, 0.5, 10, ["supported", "supported", "supported"]),
        (0.6, 0.5, 40, ["supported", "refuted", "supported"]),
        (0.5, 0.55, 200, ["refuted", "refuted", "refuted"]),
        (0.59, 0.59, 1000 / 39.01, ["undecided", "undecided", "undecided"]),
    ],
    ids=["as claimed", "fewer saved", "all opposite", "at the borders"],
)
def test_planted_pruned_classifiers_give_the_right_verdicts(
    lnp: float, random_graph: float, operations: float, said: list[str]
) -> None:
    table = of_table_4(lnp, random_graph, operations)
    if lnp == random_graph:  # equal in the mean, but not in each seed
        one = table.by["HRSNN-STDP"]["digits"]["accuracy"]
        for place, name in enumerate(("LNP", "random graph")):
            one[table.arms[name]] = 0.59 + 0.01 * (-1.0) ** (np.arange(SEEDS) + place)
        one["dense"] = np.full(SEEDS, 0.6)
    results = judge(table.readings())
    assert [one.claim for one in results] == list(table4.RECIPE.claims)
    assert [one.verdict for one in results] == said


def test_table_4_has_all_published_cells_and_says_what_is_not_run() -> None:
    rows = list(of_table_4(0.6, 0.5, 10).rows())
    published = {(one.quantity, one.of): one for one in rows if one.published is not None}
    assert len(published) == sum(cell is not None for rows in table4.TABLE.values() for row in rows for cell in row)
    assert published["change of accuracy, CIFAR-10", "LNP, HRSNN-STDP"].published.value == -0.0076  # type: ignore[union-attr]
    reasons = {of: one.not_run for (_, of), one in published.items()}
    assert "ResNet" in reasons["LNP, ResNet19 (random)"]
    assert "others" in reasons["IMP, ResNet19"]
    assert "cifar" in reasons["LNP, CHRSNN-BP"]
    assert {one.not_run for one in rows if one.of == "LNP, HRSNN-BP" and "digits" in one.quantity} == set()
    ratio = {one.of: np.mean(one.values) for one in rows if one.quantity == "operations, dense over pruned, digits"}
    assert ratio["LNP, HRSNN-STDP"] == pytest.approx(100, rel=0.02)
    assert ratio["random graph, HRSNN-STDP"] == pytest.approx(10, rel=0.02)


def of_fig_11(lnp: float) -> fig11.Fig11Curves:
    """Curves that lose accuracy with the operations, at 0.8 for 1000; LNP has a share of the operations of others."""

    def point(accuracy: float, operations: float, place: int) -> dict[str, Array]:
        shares = {"links": around(0.5, place), "neurons": around(0.5, place)}
        return {**shares, "accuracy": around(accuracy, place) * 0 + accuracy, "operations": operations * around(1.0, place)}

    by = {
        arm: {"50": point(0.76, 500 * of, 3 * place), "90": point(0.6, 100 * of, 3 * place + 1)}
        for place, arm in enumerate(fig11.METHODS)
        for of in [lnp if arm == fig11.LNP else 1.0]
    }
    return fig11.Fig11Curves(
        "digits", {**by, "dense": {"0": point(0.8, 1000, 50)}, "no_recurrence": {"0": point(0.5, 0, 51)}}
    )


@pytest.mark.parametrize(("share", "said"), [(0.5, "supported"), (2.0, "refuted"), (1.0, "undecided")])
def test_planted_curves_of_operations_give_the_right_verdict(share: float, said: str) -> None:
    curves = of_fig_11(share)
    (result,) = judge(curves.readings())
    assert (result.claim, result.verdict) == (*fig11.RECIPE.claims, said)
    # 0.72 is a quarter of the way from 0.76 to 0.6, in logs of the operations
    assert np.exp(curves.needed("magnitude")).mean() == pytest.approx(500**0.75 * 100**0.25, rel=0.02)
    assert len(curves.figure().axes[0].texts) == 2 * len(fig11.METHODS) + 1


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


def of_resnets(lost: float, lost_random: float, operations: float, moved: float) -> table4_resnet.ResnetTable:
    """Networks of which LNP loses accuracy, needs a share of the operations of others, and loses more after a transfer."""

    def scores(accuracy: float, number: float, place: int) -> dict[str, Array]:
        shares = {"links": around(0.9, place), "neurons": around(0.45, place)}
        more = {name: around(0.5, place) for name in ("before", "renormalised", "energy")}
        return {"accuracy": around(accuracy, place), "operations": number * around(1.0, place), **shares, **more}

    def arms(change: float, names: tuple[str, ...], place: int) -> dict[str, dict[str, Array]]:
        found = {name: scores(0.8, 1000.0, place + k) for k, name in enumerate(names)}
        return {
            "dense": scores(0.9, 10_000.0, place + 9),
            **found,
            "lnp": scores(0.9 + change, 1000 * operations, place + 8),
        }

    residual = {
        origin: arms(change, table4_resnet.BY_ORIGIN[origin], 20 * place)
        for place, (origin, change) in enumerate((("random", lost_random), ("converted", lost)))
    }
    bare = {name: one for name, one in scores(0.9, 10_000.0, 60).items() if name not in ("before", "renormalised")}
    methods = {"dense": {"all": bare}, **{name: {"0.1": scores(0.8, 1000.0, 61)} for name in ("random", "noise", "lnp")}}
    kinds = [f"{name}, of the task itself" for name in ("lnp", "random", "dense")]
    kinds += [f"{name}, of the other task" for name in ("lnp", "random", "magnitude", "dense")]
    pair = (table4_resnet.FIRST, table4_resnet.SECOND)
    accuracies = {arm: around(0.8 + moved * (arm == "lnp, of the other task"), 70 + k) for k, arm in enumerate(kinds)}
    missing = {"CIFAR-10": "no data", "CIFAR-100": "no data", table4_resnet.MNIST: "no data"}
    return table4_resnet.ResnetTable(
        methods, {"digits": residual}, {pair: dict.fromkeys(pair, accuracies)}, "resnet-small", 0.01, missing
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (of_resnets(0.01, -0.1, 0.5, 0.01), ["supported"] * 4),
        (of_resnets(-0.2, -0.1, 2.0, -0.2), ["refuted"] * 4),
    ],
    ids=["as claimed", "all opposite"],
)
def test_planted_residual_networks_give_the_right_verdicts(table: table4_resnet.ResnetTable, said: list[str]) -> None:
    results = judge(table.readings())
    assert [one.claim for one in results] == list(table4_resnet.RECIPE.claims)
    assert [one.verdict for one in results] == said


def test_rows_on_residual_networks_have_the_published_cells_and_say_what_is_not_run() -> None:
    table = of_resnets(-0.002, -0.1, 0.5, -0.2)
    rows = list(table.rows())
    published = [one for one in rows if one.published is not None]
    cells = [row for name, rows in table4.TABLE.items() if "ResNet19 (" in name for row in rows]
    assert len(published) == sum(cell is not None for row in cells for cell in row)
    assert {one.not_run for one in published} == {"no data"}
    found = {(one.quantity, one.of): one for one in rows}
    assert np.mean(found["change of accuracy, digits", "LNP, resnet-small (random)"].values) == pytest.approx(-0.1, abs=0.01)
    assert found["accuracy, MNIST, 8 x 8, beside digits", "lnp, of the other task"].not_run == "no data"
    assert ("change of accuracy, digits", "magnitude, resnet-small (random)") not in found
    tests = table.tests()
    assert tests["accuracy, LNP - method"].keys() == {"random, 0.1"}
    assert tests["accuracy, method - random"].keys() == {"noise, 0.1"}
    against = tests["transfer: accuracy, LNP of the other task - other networks"]
    assert all(one["p_holm"] < 0.05 and one["mean"] == pytest.approx(-0.2, abs=0.01) for one in against.values())
    assert table.figure().axes


def test_a_silent_network_counts_as_one_operation() -> None:
    table = of_resnets(0.0, 0.0, 0.0, 0.0)
    assert np.isfinite(table.cells("digits", "converted", "lnp")["ratio"]).all()
