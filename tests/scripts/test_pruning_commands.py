"""The commands that prune, from the outside, and the pictures they draw."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from hrsnn import Reservoir, ReservoirSpec, build, scripts
from hrsnn.errors import InputError
from hrsnn.files.writing import to_json
from hrsnn.networks import MagnitudePruning, graph_figures, prune, pruning_figures, read_graph, write_graph
from hrsnn.networks.studies import pruned_scores
from hrsnn.networks.studies.pruned_scores import (
    ScoredNetwork,
    SuiteSizes,
    TaskSuite,
    score_names,
    score_network,
    spectrum_distance,
)
from hrsnn.networks.studies.pruning_arms import ABLATIONS, ARMS, AT_RATE, COMPARED, CONTROLS, networks_of
from hrsnn.networks.studies.pruning_claims import Scores, beside_dense, costs_in, family_sizes, judged, leaders
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.pruning_curve import ArmRunner
from hrsnn.scripts.reports.pruning_curve_report import PruningCurveReport
from hrsnn.tasks import TaskChoice

PNG = b"\x89PNG\r\n\x1a\n"
SMALL = ["--neurons", "40", "--iterations", "3", "--synapse-target", "0.6", "--quiet"]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Any:
    """Run ``hrsnn ...`` in this process: its exit code and what it printed."""

    def run(*arguments: object) -> tuple[int, str]:
        capfd.readouterr()
        code = scripts.main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out if code == 0 else err

    return run


def test_prune_leaves_a_network_its_graph_its_records_and_pictures(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["prune", *SMALL, "--option", "score=paper", "--neuron-target", "0.25", "--score", "memory", "--out", out]
    code, text = run(*arguments, "--json")
    assert code == 0, text
    metrics = json.loads(text)
    assert metrics["scores"]["lnp"]["neurons"] == 30
    assert metrics["scores"]["lnp"]["links"] == round(0.4 * metrics["baselines"]["dense"]["links"])
    assert len(metrics["records"]["lnp"]["0"]) == 4
    assert json.loads((out / "metrics.json").read_text()) == metrics
    names = {path.name for path in out.iterdir()}
    pictures = {f"{name}.png" for name in ("sizes", "behaviour", "eigenvalues", "distributions", "graph", "score")}
    assert names == pictures | {
        "neurons.csv",
        "spec.toml",
        "metrics.json",
        "methods.md",
        "timing.json",
        "table.csv",
        "reservoir.npz",
        "reservoir.graphml",
        "runs",
    }
    assert all((out / name).read_bytes().startswith(PNG) for name in pictures)
    pruned = Reservoir.load(out / "reservoir.npz")
    assert (pruned.neurons, pruned.synapses) == (30, metrics["scores"]["lnp"]["links"])
    assert read_graph(out / "reservoir.graphml").number_of_edges() == pruned.synapses
    rows = list(csv.DictReader((out / "table.csv").open()))
    assert [int(row["links"]) for row in rows] == [record["links"] for record in metrics["records"]["lnp"]["0"]]
    # a finished run is not begun again unasked, and resuming one changes nothing
    code, text = run(*arguments)
    assert (code, "resume it, or choose another folder" in text) == (2, True)
    before = {name: (out / name).read_bytes() for name in names - {"runs", "timing.json"}}
    code, text = run(*arguments, "--resume")
    assert code == 0, text
    assert {name: (out / name).read_bytes() for name in before} == before


def test_compare_overlays_methods_on_the_same_networks(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text = run("compare", *SMALL, "--methods", "random", "magnitude", "--seeds", 2, "--out", out, "--json")
    assert code == 0, text
    records = json.loads(text)["records"]
    assert set(records) == {"random", "magnitude"}
    for seed in ("0", "1"):
        assert records["random"][seed][0] == records["magnitude"][seed][0]
    assert {path.name for path in (out / "runs").iterdir()} == {f"{m}-{s}" for m in ("random", "magnitude") for s in (0, 1)}
    assert (out / "sizes.png").read_bytes().startswith(PNG)


@pytest.mark.long
def test_jobs_change_nothing(run: Any) -> None:
    texts = [run("compare", *SMALL, "--methods", "lnp", "--seeds", 2, "--jobs", jobs, "--json") for jobs in (1, 2)]
    assert texts[0] == texts[1]


@pytest.mark.long
def test_pruning_curve_goes_on_where_it_was(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruned_scores, "SuiteSizes", lambda: SuiteSizes(values=600, max_delay=4))
    arguments = ["--neurons", 30, "--seeds", 2, "--iterations", 2, "--sparsities", 0.5, 0.8, "--tasks", "memory", "--quiet"]
    arms = ["dense", "no_recurrence_drive", "lnp", "activity", "lnp_step_4"]
    out = tmp_path / "out"
    code, text = run("pruning_curve", *arguments, "--arms", *arms, "--out", out, "--json")
    assert code == 0, text
    metrics = json.loads(text)
    assert metrics["judged_at"] == 0.8
    assert "LNP beats activity pruning" in {claim["claim"] for claim in metrics["claims"]}
    assert {path.name for path in out.iterdir()} == {
        "runs",
        "spec.toml",
        "metrics.json",
        "methods.md",
        "table.csv",
        "report.md",
        "curves.png",
    }
    units = {path.name: path.read_bytes() for path in (out / "runs").iterdir()}
    assert {f"{arm}-{seed}.json" for arm in arms for seed in (0, 1)} < set(units)
    for name in ("lnp-1.json", "dense-0.json"):
        (out / "runs" / name).unlink()
    before = (out / "metrics.json").read_bytes()
    assert run("pruning_curve", *arguments, "--arms", *arms, "--out", out)[0] == 0
    assert {path.name: path.read_bytes() for path in (out / "runs").iterdir()} == units
    assert (out / "metrics.json").read_bytes() == before
    code, text = run("pruning_curve", *arguments, "--iterations", 4, "--out", out)
    assert (code, "other settings: iterations" in text) == (2, True)
    (out / "runs" / "lnp-1.json").write_text("{")
    code, text = run("pruning_curve", *arguments, "--arms", *arms, "--out", out)
    assert (code, "delete it, and it is made again" in text) == (2, True)


def made_up(scores: dict[str, dict[str, float]], seeds: range = range(8), noise: float = 0.01) -> Scores:
    """Scores of arms: of pruned ones at two sparsities, each with a little noise that all arms of a seed share."""

    def runs(seed: int, arm: str) -> dict[str, dict[str, float]]:
        shared = float(np.random.default_rng(seed).normal(0, noise)) + 0.1 * noise * (-1) ** (seed + (arm == "lnp"))
        sparsities = {"dense": ("0",), "no_recurrence": ("1",)}.get(arm, ("0.5", "0.95"))
        return {sparsity: {name: value + shared for name, value in scores[arm].items()} for sparsity in sparsities}

    return Scores(seeds, (0.5, 0.95), beside_dense({(seed, arm): runs(seed, arm) for seed in seeds for arm in scores}))


def test_verdicts_follow_the_differences() -> None:
    arms = {"dense": 0.80, "lnp": 0.79, "activity": 0.70, "no_recurrence": 0.90, "erdos_renyi": 0.79}
    arms |= {"lnp_whole": 0.79, "activity_neurons": 0.70}
    scores = made_up({arm: {"digits_accuracy": value} for arm, value in arms.items()})
    assert {one.claim: one.verdict for one in judged(scores, 0.95)} == {
        "LNP beats activity pruning": "supported",
        "LNP beats the random graph": "undecided",
        "pruned links are better than none": "refuted",
        "LNP with all steps beats activity pruning as published": "supported",
        "LNP beats activity pruning as published": "supported",
        "lnp whole loses less than 5%": "supported",
        "LNP varies less than activity pruning": "undecided",
    }


def test_costs_are_ratios_to_the_dense_network_and_a_family_of_their_own() -> None:
    names = ("digits_accuracy", "fsdd_accuracy", "digits_operations")
    values = {
        "dense": (0.8, 0.8, 100.0),
        "no_recurrence": (0.8, 0.8, 0.0),
        "lnp": (0.8, 0.8, 50.0),
        "random": (0.8, 0.8, 20.0),
    }
    scores = made_up({arm: dict(zip(names, three, strict=True)) for arm, three in values.items()})
    assert scores.values("lnp", "digits_operations_ratio", 0.5) == pytest.approx(0.5, abs=0.001)
    assert scores.values("dense", "digits_operations_ratio", 0.5).tolist() == [1.0] * 8
    found = {(one.claim, one.score): one for one in judged(scores, 0.5)}
    cost = found["LNP beats random pruning", "digits_operations_ratio"]
    assert (cost.verdict, cost.adjusted) == ("refuted", cost.test.p_value)
    skill = found["LNP beats random pruning", "digits_accuracy"]
    assert skill.adjusted == min(1.0, 2 * skill.test.p_value)
    assert ("pruned links are better than none", "digits_operations_ratio") not in found
    assert beside_dense({(0, "lnp"): {"0.5": {"digits_spikes": 1.0}}}) == {(0, "lnp"): {"0.5": {"digits_spikes": 1.0}}}


def test_sizes_of_the_families_are_known_before_the_runs() -> None:
    arms = ("dense", "no_recurrence", "lnp", "activity", "random", "lnp_step_4")
    names = {"memory_capacity", "memory_capacity_v", "digits_accuracy", "digits_rank", "digits_operations"}
    found = judged(made_up({arm: dict.fromkeys(names, 0.5 + 0.1 * k) for k, arm in enumerate(arms)}), 0.5)
    costs = costs_in([*names, "digits_operations_ratio"])
    counts = Counter((one.claim, one.score in costs) for one in found)
    scored = [name for task in ("memory", "digits") for name in score_names(TaskChoice(task))]
    assert sorted(family_sizes(arms, scored)) == sorted(counts.values())
    assert max(counts.values()) == 4
    # without the dense network there is nothing to take costs over
    assert sorted(family_sizes(("lnp", "random"), score_names(TaskChoice("digits")))) == [2]


def test_few_seeds_give_no_verdict_and_every_table_says_so() -> None:
    arms = {"lnp": 0.8, "activity": 0.7}
    names = ("digits_accuracy", "digits_rank", "memory_capacity")
    curve = PruningCurveReport(
        ReservoirSpec(neurons=30), {}, made_up({arm: dict.fromkeys(names, v) for arm, v in arms.items()}, seeds=range(5))
    )
    assert {one["verdict"] for one in curve.metrics()["claims"]} == {"no verdict possible"}
    assert "  no verdict possible memory capacity, digits accuracy, digits rank" in curve.text
    assert "| no verdict possible | × | × |" in curve.report()


def test_leaders_are_the_best_and_those_as_good() -> None:
    values = {"lnp": 0.8, "activity": 0.8001, "random": 0.9, "noise": 0.7}
    runs = {(s, arm): {"0.5": {"nrmse": v + 0.001 * (s * (arm == "lnp"))}} for arm, v in values.items() for s in (-1, 0, 1)}
    found = leaders(Scores(range(-1, 2), (0.5,), runs), ("lnp", "activity", "random"), 0.5)
    assert found == {"nrmse": ("lnp", "activity")}
    runs = {key: {"0.5": {"nrmse": np.nan if key == (0, "lnp") else run["0.5"]["nrmse"]}} for key, run in runs.items()}
    assert leaders(Scores(range(-1, 2), (0.5,), runs), values, 0.5) == {"nrmse": ("noise",)}


def test_a_report_has_every_sparsity() -> None:
    names = ("digits_accuracy", "digits_operations")
    values = {
        "dense": (0.8, 100.0),
        "lnp": (0.8, 50.0),
        "activity": (0.7, 50.0),
        "lnp_no_step_2": (0.7, 50.0),
        "lnp_whole": (0.7, 50.0),
    }
    curve = PruningCurveReport(
        ReservoirSpec(neurons=30), {}, made_up({arm: dict(zip(names, v, strict=True)) for arm, v in values.items()})
    )
    lines = curve.report().splitlines()
    (beaten,) = (line for line in lines if line.startswith("| LNP beats activity pruning | digits accuracy |"))
    assert beaten.endswith("| supported | + | + |")
    mean = f"lnp {curve.scores.values('lnp', 'digits_accuracy', 0.95).mean():.3g}"
    assert f"| digits accuracy | {mean} | {mean} |" in lines
    assert {"| best method | 50% | 95% |", "| best kind of LNP | 50% | 95% |"} <= set(lines)
    assert "LNP beats activity pruning\n  supported  digits accuracy" in curve.text
    assert {one["sparsity"] for one in curve.metrics()["claims"]} == {0.5, 0.95}
    drawn = curve.pictures()
    assert [axes.get_ylabel() for axes in drawn["curves"].axes] == ["Digits: accuracy", "Digits: operations / dense"]
    assert {line.get_text() for line in drawn["ablations"].legends[0].get_texts()} == {"lnp whole", "lnp no step 2", "dense"}


@pytest.mark.long
def test_arms_are_methods_that_exist() -> None:
    plan = ArmRunner(
        ReservoirSpec(neurons=40), TaskSuite(("memory",), SuiteSizes(values=600, max_delay=4)), (0.9,), 2, KeptRuns(None)
    )
    for arm in (*CONTROLS, *ARMS):
        (scores,) = plan.scores(0, arm).values()
        share = ARMS[arm].neuron_share if arm in ARMS else 0.0
        if arm == "lnp_letter":  # finds its sizes
            assert scores["links"] < 160
        elif share == 1 or arm == "activity_neurons":  # few neurons have few links
            assert scores["neurons"] < 40
        else:
            assert scores["neurons"] == 40 - round(0.9 * share * 40)
        assert np.isfinite(scores["memory_capacity_v"])
    assert {*COMPARED, *ABLATIONS, *AT_RATE} <= set(ARMS)


@pytest.mark.parametrize("arm", ["lnp_half", "random_equal"])
def test_networks_of_an_arm_are_those_of_one_run_with_their_neurons(arm: str) -> None:
    spec = ReservoirSpec.preset("dense", neurons=40)
    dense = build(spec, 0)
    # some of the last iterations have nothing to remove, and the method is not asked
    found = networks_of(arm, spec, (0.5, 0.6, 0.7), iterations=90, seed=0)
    neurons = [len(left.origin) for left in found.values()]
    assert neurons == sorted(neurons, reverse=True)
    for share, left in found.items():
        assert left.network.synapses == pytest.approx((1 - float(share)) * dense.synapses, abs=2)
        assert np.array_equal(left.network.positions, dense.positions[left.origin])


def test_without_pruning_a_candidate_is_the_dense_network() -> None:
    def dense(channels: int) -> Reservoir:
        return build(ReservoirSpec(neurons=40), seed=3, channels=channels)

    candidate = ScoredNetwork(dense(1), np.arange(40), dense)
    assert candidate.with_channels(5).equals(dense(5))
    few = prune(dense(1), iterations=1, synapse_target=0.3, neuron_target=0.5)
    small = ScoredNetwork(few.reservoir, few.origin, dense).with_channels(5)
    targets = few.origin[small.input_post]
    assert set(zip(small.input_channel, targets, strict=True)) <= set(
        zip(dense(5).input_channel, dense(5).input_post, strict=True)
    )
    suite = TaskSuite(("memory", "lorenz63", "digits"), SuiteSizes(60, 30, 600, 4, 300, 100, 2, 5), plastic=True)
    found = score_network(ScoredNetwork(few.reservoir, few.origin, dense), suite)
    assert all(np.isfinite(value) for value in found.values())
    assert spectrum_distance(dense(1), dense(1))["spectrum_distance"] == 0
    with pytest.raises(InputError, match="task = 'qqq': must be one of arrays, "):
        TaskSuite(("qqq",))


def test_curves_have_an_axis_of_what_is_left_and_levels_of_controls() -> None:
    rows = {"lnp": [[3.0, 2.0], [5.0, 4.0]], "random": [[1.0, 1.0], [1.0, 1.0]], "dense": [[6.0], [8.0]]}
    (axes,) = pruning_figures.curves({"Capacity": rows}, [0.5, 0.9]).axes
    assert axes.xaxis_inverted()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["50", "90"]
    level = next(line for line in axes.get_lines() if line.get_label() == "dense")
    assert set(level.get_ydata()) == {7.0}
    lnp = next(bars for bars in axes.containers if bars.get_label() == "lnp")
    assert lnp[0].get_ydata().tolist() == [4.0, 3.0]


def test_pictures_of_pruning_show_every_method() -> None:
    dense = build(ReservoirSpec(neurons=30), seed=1)
    found = prune(dense, MagnitudePruning(), iterations=2, synapse_target=0.5)
    sizes = pruning_figures.sizes_over_iterations({name: [found.records] for name in ("lnp", "magnitude", "random")})
    for axes in sizes.axes:
        assert axes.get_ylim()[0] == 0
        # each line shows the one below, which has the same values
        assert len({(line.get_linestyle(), line.get_linewidth()) for line in axes.lines}) == 3
        assert [line.get_linewidth() for line in axes.lines] == sorted(line.get_linewidth() for line in axes.lines)[::-1]
    graphs = graph_figures.network_graphs({"dense": dense, "by_magnitude": found.reservoir})
    assert [axes.get_title().partition(":")[0] for axes in graphs.axes] == ["dense", "by magnitude"]
    words = graphs.axes[0].get_legend_handles_labels()[1]
    assert words[:2] == ["E", "I"]
    assert "links taper to their target" in words
    (links,) = [one for one in graphs.axes[1].collections if isinstance(one, PolyCollection)]
    assert len(links.get_paths()) == found.reservoir.synapses
    for path, target in zip(links.get_paths(), found.reservoir.post, strict=True):
        place = found.reservoir.positions[target]
        np.testing.assert_allclose(path.vertices[2], place[:2] + place[2] * np.array([0.31, 0.17]))
    degrees, times = pruning_figures.distributions({"dense": dense, "magnitude": found.reservoir}).axes
    for axes in (degrees, times):
        whole, pruned = (patch.get_data() for patch in axes.patches)
        assert whole.values.sum() == pytest.approx(100)
        assert pruned.values.sum() == pytest.approx(100)
        np.testing.assert_array_equal(whole.edges, pruned.edges)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: graph_figures.network_graphs({}),
        lambda: pruning_figures.sizes_over_iterations({}),
        lambda: pruning_figures.curves({}, [0.5]),
        lambda: pruning_figures.curves({"Accuracy": {"lnp": [[0.9]]}}, [1.0]),
        lambda: pruning_figures.sizes_over_iterations({"a": [(), (1,)]}),  # type: ignore[list-item]
    ],
)
def test_nothing_to_draw(draw: Any) -> None:
    with pytest.raises(InputError):
        draw()


@pytest.mark.parametrize("name", ["network.npz", "network.graphml", "network.edges"])
def test_a_network_from_a_file_is_pruned(run: Any, tmp_path: Path, name: str) -> None:
    network, file = build(ReservoirSpec(neurons=40), seed=5), tmp_path / name
    network.save(file) if name.endswith(".npz") else write_graph(network, file)
    options = ["--graph", file, "--iterations", 2, "--synapse-target", 0.5, "--method", "magnitude", "--quiet"]
    code, text = run("prune", *options, "--json")
    assert code == 0, text
    metrics = json.loads(text)
    assert metrics["graph"] == name
    assert metrics["baselines"]["dense"]["links"] == network.synapses
    assert metrics["scores"]["magnitude"]["links"] == round(network.synapses / 2)
    if name.endswith(".npz"):
        expected = prune(network, MagnitudePruning(), iterations=2, synapse_target=0.5).records[-1].plain()
        assert metrics["records"]["magnitude"]["0"][-1] == json.loads(to_json(expected))


def test_a_graph_comes_out_with_its_names_and_attributes(run: Any, tmp_path: Path) -> None:
    import networkx as nx

    whole = nx.relabel_nodes(nx.gnp_random_graph(30, 0.2, seed=1, directed=True), lambda k: f"cell {k}")
    nx.set_edge_attributes(whole, {edge: k % 7 + 1 for k, edge in enumerate(whole.edges)}, "weight")
    nx.set_edge_attributes(whole, "chemical", "kind")
    write_graph(whole, tmp_path / "worm.graphml")
    options = ["--graph", tmp_path / "worm.graphml", "--iterations", 2, "--synapse-target", 0.5, "--out", tmp_path / "out"]
    code, text = run("prune", *options, "--method", "drive", "--neuron-target", 0.2, "--restore", "none", "--quiet")
    assert code == 0, text
    left = read_graph(tmp_path / "out" / "graph.graphml")
    assert len(left) == 24
    assert left.number_of_edges() == round(whole.number_of_edges() / 2)
    assert all(left.edges[edge] == whole.edges[edge] for edge in left.edges)
    assert set(read_graph(tmp_path / "out" / "reservoir.graphml")) == set(left) < set(whole)


def test_controls_get_the_neuron_target_that_a_method_states(run: Any) -> None:
    code, text = run("compare", *SMALL, "--methods", "random", "lnp", "--json")
    assert code == 0, text
    scores = json.loads(text)["scores"]
    assert scores["random"]["neurons"] == scores["lnp"]["neurons"] == 40 - round(0.3 * 40)
    code, text = run("compare", *SMALL, "--methods", "random", "drive", "--exponents", "v")
    assert (code, "no method of this run uses any" in text) == (2, True)


def test_with_delays_the_delay_bank_is_one_of_the_controls(tmp_path: Path) -> None:
    options = ["--neurons", "30", "--seeds", "2", "--arms", "dense", "random", "--tasks", "memory", "--sparsities", "0.5"]
    delays = ["--iterations", "1", "--set", "delay_exc={kind='uniform',low=1,high=80}", "--quiet"]
    assert scripts.main(["pruning_curve", *options, *delays, "--out", str(tmp_path / "out")]) == 0
    found = {tuple(line.split(",")[:2]): line.split(",")[2] for line in (tmp_path / "out" / "table.csv").open()}
    assert float(found["links at 0", "delay_bank"]) == 0
    assert float(found["memory_capacity at 0", "delay_bank"]) > float(found["memory_capacity at 0.5", "random"])
