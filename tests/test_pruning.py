"""Iterative pruning: budgets, methods, records, and runs that are killed and go on."""

from __future__ import annotations

import csv
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn import Reservoir, ReservoirSpec, build, simulate
from hrsnn.errors import FileError, HrsnnError, InputError
from hrsnn.networks import (
    LNP,
    METHODS,
    NoisePruning,
    Pruned,
    RandomPruning,
    Situation,
    contraction_rates,
    keep_links,
    keep_neurons,
    link_scores,
    links_to_restore,
    mean_drive,
    neighbourhood_rates,
    noise,
    participation,
    prune,
    pruning_method,
    read_graph,
    retune,
    strong_component,
    write_graph,
)
from hrsnn.networks.erdos_renyi import rewire
from hrsnn.networks.method import highest_neurons
from hrsnn.networks.pruning import budgets
from hrsnn.networks.timescales import fitted_spec, with_time_constants

SPEC = ReservoirSpec(neurons=80, length_scale=3)


@pytest.fixture(scope="module")
def dense() -> Reservoir:
    return build(SPEC, seed=1, channels=2)


def links_of(reservoir: Reservoir, origin: np.ndarray) -> dict[tuple[int, int], float]:
    return dict(
        zip(zip(origin[reservoir.pre].tolist(), origin[reservoir.post].tolist(), strict=True), reservoir.weight, strict=True)
    )


@pytest.mark.parametrize("name", METHODS)
def test_budgets_are_met_exactly_and_what_stays_is_as_it_was(name: str, dense: Reservoir) -> None:
    found = prune(dense, pruning_method(name), iterations=6, synapse_target=0.8, neuron_target=0.2, seed=3, keep=True)
    assert [record.links for record in found.records] == budgets(dense.synapses, 0.8, 6)
    assert [record.neurons for record in found.records] == budgets(80, 0.2, 6)
    assert [each.synapses for each in found.reservoirs] == [record.links for record in found.records]
    last = found.reservoir
    assert last.equals(found.reservoirs[-1])
    assert np.array_equal(last.tau_m, dense.tau_m[found.origin])
    assert np.array_equal(last.is_excitatory, dense.is_excitatory[found.origin])
    assert last.channels == dense.channels
    if name != "erdos_renyi":
        before, after = links_of(dense, np.arange(80)), links_of(last, found.origin)
        assert all(before[ends] == weight for ends, weight in after.items())
    again = prune(dense, pruning_method(name), iterations=6, synapse_target=0.8, neuron_target=0.2, seed=3)
    assert again.reservoir.equals(last)
    assert repr(again.records) == repr(found.records)


@pytest.mark.parametrize(
    "options",
    [
        {"synapses": False},
        {"neurons": False},
        {"delocalise": "none"},
        {"delocalise": "degree"},
        {"weights": "rescale"},
        {"score": "paper"},
        {"score": "weight", "covariance": "measured"},
        {"reproduce": "paper"},
        {"timescales": True},
    ],
    ids=str,
)
def test_every_step_can_be_switched_off_and_changed(options: dict[str, Any], dense: Reservoir) -> None:
    method = LNP(**options)
    found = prune(dense, method, iterations=3, synapse_target=0.7, neuron_target=0.25, seed=1)
    assert [record.links for record in found.records] == budgets(dense.synapses, 0.7, 3)
    assert found.records[-1].neurons == (60 if method.neurons else 80)
    changed = not np.array_equal(found.reservoir.tau_m, dense.tau_m[found.origin])
    assert changed <= bool(options.get("timescales", False))
    rescaled = "mean_factor" in found.records[-1].numbers
    assert rescaled == (method.weights != "mask")
    if method.weights == "mask":
        assert set(found.reservoir.weight) <= set(dense.weight)


def test_reproduce_sets_the_letter_of_the_paper() -> None:
    method = LNP(reproduce="paper")
    assert (method.score, method.weights, method.delocalise) == ("literal", "literal", "degree")


def test_rescaled_weights_are_capped(dense: Reservoir) -> None:
    found = prune(dense, LNP(weights="rescale"), iterations=12, synapse_target=0.95)
    before, after = links_of(dense, np.arange(80)), links_of(found.reservoir, found.origin)
    growth = np.array([weight / before[ends] for ends, weight in after.items()])
    assert growth.max() > 1.5
    assert growth.max() <= 10 * (1 + 1e-12)


def test_mean_drive_bias_keeps_the_mean_input(dense: Reservoir) -> None:
    rates = simulate(dense, noise(2, seed=4), record=()).rates
    for name in METHODS:
        found = prune(dense, pruning_method(name), iterations=1, synapse_target=0.6, seed=4)
        # the same rates in the smaller network give every neuron the same mean drive
        drive = found.reservoir.i_bias + mean_drive(found.reservoir, rates[found.origin])
        assert drive == pytest.approx((dense.i_bias + mean_drive(dense, rates))[found.origin], abs=1e-9)
    without = prune(dense, RandomPruning(compensate=False), iterations=1, synapse_target=0.6, seed=4)
    assert np.array_equal(without.reservoir.i_bias, dense.i_bias)


def test_mean_drive_is_that_of_the_simulation() -> None:
    """A source that fires at 50 Hz leaves w tau_s 50 Hz of mean current: 1 ms of each 20 is w tau_s."""
    reservoir = build(ReservoirSpec(neurons=40), seed=2)
    j = int(reservoir.pre[0])
    rates = np.zeros(40)
    rates[j] = 50.0
    drive = mean_drive(reservoir, rates)
    mine = reservoir.pre == j
    sign, tau = (1, reservoir.tau_exc) if reservoir.is_excitatory[j] else (-1, reservoir.tau_inh)
    assert drive[reservoir.post[mine]] == pytest.approx(sign * reservoir.weight[mine] * tau[reservoir.post[mine]] / 20)
    assert np.count_nonzero(drive) == mine.sum()


def random_graph(seed: int, n: int = 25, share: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    adjacency = np.random.default_rng(seed).random((n, n)) < share
    np.fill_diagonal(adjacency, False)
    pre, post = np.nonzero(adjacency)
    return pre, post


@given(seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_lyapunov_matrix_is_the_harmonic_mean_over_a_set(seed: int) -> None:
    pre, post = random_graph(seed)
    random = np.random.default_rng(seed)
    mu = random.uniform(0.5, 50, 25)
    graph = nx.Graph(list(zip(pre.tolist(), post.tolist(), strict=True)))
    expected = []
    for a, b in zip(pre.tolist(), post.tolist(), strict=True):
        around = set(graph[a]) | set(graph[b])
        expected.append(len(around) / sum(1 / mu[z] for z in around))
    found = neighbourhood_rates(25, pre, post, mu)
    assert found == pytest.approx(expected, rel=1e-12)
    # other names for the neurons: the same values
    name = random.permutation(25)
    moved = np.empty(25)
    moved[name] = mu
    assert neighbourhood_rates(25, name[pre], name[post], moved) == pytest.approx(found, rel=1e-12)


def test_equal_exponents_make_lnp_plain_noise_pruning(dense: Reservoir) -> None:
    equal = np.full(80, -30.0)
    assert contraction_rates(equal) == pytest.approx(30.0)
    assert link_scores(dense, "literal", exponents=equal) == pytest.approx(30.0)
    assert link_scores(dense, "paper", exponents=equal) == pytest.approx(dense.weight)
    options: dict[str, Any] = {"iterations": 4, "synapse_target": 0.6, "seed": 2}
    paper = prune(dense, LNP(score="paper", delocalise="none"), exponents=lambda r: np.full(r.neurons, -30.0), **options)
    assert paper.reservoir.equals(prune(dense, NoisePruning(), **options).reservoir)


def renumbered(reservoir: Reservoir, name: np.ndarray) -> Reservoir:
    """The same network with other numbers: neuron i is now name[i]."""
    import dataclasses

    back = np.argsort(name)
    changes = {
        field.name: getattr(reservoir, field.name)[back]
        for field in dataclasses.fields(reservoir)
        if getattr(getattr(reservoir, field.name), "shape", (0,))[:1] == (reservoir.neurons,)
        and field.name not in ("recurrent", "input", "input_gain")
    }
    links = {}
    for side in ("recurrent", "input"):
        was = getattr(reservoir, side)
        pre = name[was.pre] if side == "recurrent" else was.pre
        order = np.lexsort((name[was.post], pre))
        links[side] = dataclasses.replace(was.take(order), pre=pre[order], post=name[was.post][order])
        if side == "input":
            changes["input_gain"] = reservoir.input_gain[order]
    return reservoir.replace(**changes, **links)


@pytest.mark.parametrize("score", ["paper", "weight", "literal", "drive"])
def test_other_numbers_for_the_neurons_change_no_probability(score: Any, dense: Reservoir) -> None:
    name = np.random.default_rng(0).permutation(80)
    other = renumbered(dense, name)
    exponents = -np.random.default_rng(1).uniform(5, 60, 80)
    activity = simulate(dense, noise(2), record=("counts",), windows=40)

    def importance(reservoir: Reservoir, values: np.ndarray, counts: np.ndarray) -> dict[tuple[int, int], float]:
        import dataclasses

        situation = Situation(
            reservoir=reservoir,
            dense=reservoir,
            origin=np.arange(80),
            links=100,
            neurons=80,
            iteration=1,
            last=1,
            seed=0,
            stimulus=noise(2),
            activity=dataclasses.replace(activity, spike_counts=counts),
            known_exponents=values,
        )
        found = LNP(score=score).importance(situation)
        return dict(zip(zip(reservoir.pre.tolist(), reservoir.post.tolist(), strict=True), found, strict=True))

    back = np.argsort(name)
    mine = importance(dense, exponents, activity.spike_counts)
    theirs = importance(other, exponents[back], activity.spike_counts[:, back])
    moved = {(int(name[a]), int(name[b])): value for (a, b), value in mine.items()}
    assert moved.keys() == theirs.keys()
    assert [theirs[key] for key in moved] == pytest.approx(list(moved.values()), rel=1e-9)


def test_nothing_can_hand_labels_to_a_method() -> None:
    fields = set(inspect.signature(Situation).parameters) | set(inspect.signature(prune).parameters)
    assert not {name for name in fields if "label" in name or "target" in name} - {"synapse_target", "neuron_target"}
    seen: list[Situation] = []

    @dataclass(frozen=True)
    class Curious:
        """A method of one's own: the contract, and all that it gets to see."""

        def prune(self, situation: Situation) -> Pruned:
            seen.append(situation)
            mask = np.arange(situation.reservoir.synapses) < situation.links
            return Pruned(keep_links(situation.reservoir, mask), np.ones(situation.reservoir.neurons, bool), {"mine": 1.0})

    reservoir = build(ReservoirSpec(neurons=30), seed=0)
    found = prune(reservoir, Curious(), iterations=2, synapse_target=0.5, score=lambda r: float(r.synapses))
    assert [record.score for record in found.records] == [float(record.links) for record in found.records]
    assert found.records[1].numbers == {"mine": 1.0}
    assert len(seen) == 2


def test_the_last_neurons_of_their_kind_stay(dense: Reservoir) -> None:
    score = np.where(dense.is_excitatory, 10.0, 0.0) + np.arange(80) / 100
    score[dense.input_post] -= 20
    kept = highest_neurons(dense, score, 5)
    assert kept.sum() == 5
    assert (~dense.is_excitatory[kept]).any()
    assert np.isin(np.flatnonzero(kept), dense.input_post).any()
    for name in METHODS:
        few = prune(dense, pruning_method(name), iterations=3, synapse_target=0.9, neuron_target=0.95).reservoir
        assert few.neurons == 4
        assert (~few.is_excitatory).any()
        assert len(few.input_post)


def test_a_strict_neuron_target_keeps_all_links_that_are_left(dense: Reservoir) -> None:
    found = prune(dense, LNP(), iterations=4, synapse_target=0.1, neuron_target=0.8)
    last = found.records[-1]
    assert last.links < last.budget
    kept = np.zeros(80, bool)
    kept[found.origin] = True
    assert last.links == (kept[dense.pre] & kept[dense.post]).sum()


def test_least_central_neurons_go_first() -> None:
    # a ring 0..9, and spurs 10, 11 that are on no shortest way
    ring = [(k, (k + 1) % 10) for k in range(10)] + [(0, 10), (11, 1)]
    graph = nx.DiGraph([(a, b, {"weight": -1.0 if a == 3 else 1.0}) for a, b in ring])
    reservoir = Reservoir.from_graph(graph, ReservoirSpec(input_fraction=1.0))
    found = prune(reservoir, LNP(restored=0.0), iterations=1, synapse_target=0.0, neuron_target=2 / 12)
    assert found.origin.tolist() == list(range(10))
    assert found.reservoir.synapses == 10


def test_restored_links_join_pieces_first() -> None:
    pre, post = np.array([0, 1, 3, 4]), np.array([1, 2, 4, 5])
    more = np.array([0, 0, 2]), np.array([2, 3, 0])  # only the second joins the two
    for aim in ("ipr", "degree"):
        chosen = links_to_restore(6, pre, post, *more, 1, aim=aim, random=np.random.default_rng(0))  # type: ignore[arg-type]
        assert chosen.tolist() == [1]


def test_aims_of_restoring_do_what_they_say() -> None:
    spread, localised = [], []
    for seed in range(6):
        n = 60
        pre, post = random_graph(seed, n, 0.2)
        there = np.random.default_rng(seed).random(len(pre)) < 0.3
        args = (n, pre[there], post[there], pre[~there], post[~there], 40)
        variance, ratio = {}, {}
        for aim in ("ipr", "degree"):
            chosen = links_to_restore(*args, aim=aim, random=np.random.default_rng(seed))  # type: ignore[arg-type]
            ends = np.append(pre[there], pre[~there][chosen]), np.append(post[there], post[~there][chosen])
            variance[aim] = np.bincount(np.concatenate(ends), minlength=n).var()
            ratio[aim] = participation(n, *ends)
        spread.append(variance["degree"] - variance["ipr"])
        localised.append(ratio["degree"] - ratio["ipr"])
    assert min(spread) >= 0
    assert min(localised) >= 0
    assert max(localised) > 0


@pytest.mark.parametrize(
    ("graph", "ratio"),
    [(([0, 1, 2, 3], [1, 2, 3, 0]), 0.375), (([], []), 1.0)],
)
def test_participation_of_known_graphs(graph: tuple[list[int], list[int]], ratio: float) -> None:
    # a ring of four: (1, 1, 1, 1)/2 twice over has 1/4; the pair of eigenvalue 2 has 1/2 in the axes, 3/8 in between
    found = participation(4, *graph)
    assert 0.25 <= found <= ratio + 0.126


def test_strong_component_is_networkx_s() -> None:
    for seed in range(10):
        pre, post = random_graph(seed, 25, 0.06)
        graph = nx.DiGraph(list(zip(pre.tolist(), post.tolist(), strict=True)))
        graph.add_nodes_from(range(25))
        assert strong_component(25, pre, post) == max(map(len, nx.strongly_connected_components(graph)))


def test_rewiring_keeps_types_weights_and_dale(dense: Reservoir) -> None:
    other = rewire(dense, np.random.default_rng(0))
    kinds = dense.is_excitatory
    assert np.array_equal(np.sort(other.weight), np.sort(dense.weight))
    for one in (True, False):
        for two in (True, False):
            count = [((kinds[r.pre] == one) & (kinds[r.post] == two)).sum() for r in (dense, other)]
            assert count[0] == count[1]
    assert np.intersect1d(other.pre * 80 + other.post, dense.pre * 80 + dense.post).size < 0.6 * dense.synapses


def test_neurons_are_cut_out_with_their_links(dense: Reservoir) -> None:
    kept = np.random.default_rng(0).random(80) < 0.6
    few = keep_neurons(dense, kept)
    here = kept[dense.pre] & kept[dense.post]
    where = np.flatnonzero(kept)
    assert np.array_equal(where[few.pre], dense.pre[here])
    assert np.array_equal(where[few.post], dense.post[here])
    assert np.array_equal(where[few.input_post], dense.input_post[kept[dense.input_post]])
    assert few.channels == dense.channels


def test_retuning_never_lowers_the_objective_and_keeps_the_rest(dense: Reservoir) -> None:
    found = retune(dense, dense, noise(2), trials=4)
    assert found.objective[found.best] >= found.objective[0]
    assert found.points.shape == (4, 4)
    assert np.isfinite(found.largest_exponents).all()
    assert found.reservoir.replace(tau_m=dense.tau_m).equals(dense)
    # the point that it names is the one that it has, and the first one is the network as it was
    for row, network in ((found.best, found.reservoir), (0, dense)):
        exc, inh = fitted_spec(network).tau_m_exc, fitted_spec(network).tau_m_inh
        assert found.points[row] == pytest.approx([exc.mean, exc.cv, inh.mean, inh.cv], rel=0.05)  # the bounds cut a little


def test_retuning_twice_gives_the_same_bytes_and_another_seed_others(dense: Reservoir) -> None:
    one, again, other = (retune(dense, dense, noise(2), trials=6, seed=seed) for seed in (1, 1, 2))
    for name in ("points", "objective", "largest_exponents"):
        assert getattr(one, name).tobytes() == getattr(again, name).tobytes()
    assert again.reservoir.equals(one.reservoir)
    assert not np.array_equal(other.points[1:], one.points[1:])


def test_retuning_finds_time_constants_that_were_taken_away(dense: Reservoir) -> None:
    """The spectrum and the rate of a network whose tau_m were halved are a target that one point of the space meets."""
    spec = fitted_spec(dense)
    changes = {"tau_m_exc.mean": spec.tau_m_exc.mean / 1.8, "tau_m_inh.mean": spec.tau_m_inh.mean / 1.8}
    faster = with_time_constants(dense, spec.updated(changes))
    found = retune(faster, dense, noise(2), target=retune(dense, dense, noise(2), trials=1).largest_exponents[0])
    assert found.objective[found.best] > 0.2 * found.objective[0]


def test_time_constants_follow_the_distributions_of_a_spec(dense: Reservoir) -> None:
    spec = fitted_spec(dense)
    excitatory = dense.is_excitatory
    changes = {"tau_m_exc.mean": 2 * spec.tau_m_exc.mean, "tau_m_inh.cv": spec.tau_m_inh.cv / 2}
    moved = with_time_constants(dense, spec.updated(changes))
    inside = (dense.tau_m < 100) & excitatory
    assert moved.tau_m[inside] == pytest.approx(2 * dense.tau_m[inside])
    spread = np.log(moved.tau_m[~excitatory]).std()
    assert spread == pytest.approx(np.sqrt(np.log1p((spec.tau_m_inh.cv / 2) ** 2)))
    assert fitted_spec(moved).tau_m_inh.mean == pytest.approx(spec.tau_m_inh.mean)
    assert moved.replace(tau_m=dense.tau_m).equals(dense)


@pytest.mark.parametrize("case", ["silent", "excitatory", "equal"])
def test_networks_that_are_hard_to_retune(case: str, dense: Reservoir) -> None:
    network = {
        "silent": lambda: dense.replace(v_threshold=np.full(80, 1e3)),
        "excitatory": lambda: keep_neurons(dense, dense.is_excitatory),
        "equal": lambda: dense.replace(tau_m=np.full(80, 20.0)),
    }[case]()
    found = retune(network, network, noise(2), trials=3)
    if case == "silent":  # without exponents no trial has an objective: it stays as it was
        assert found.best == 0
        assert np.isnan(found.objective).all()
        assert found.reservoir is network
    else:
        assert found.objective[found.best] >= found.objective[0]
        assert found.points.shape == (3, 2 if case == "excitatory" else 4)
        assert len(np.unique(found.reservoir.tau_m[network.is_excitatory])) == (1 if case == "equal" else network.neurons)


def test_exponents_of_any_kind(dense: Reservoir) -> None:
    kept = {}
    for kind in ("local", "v", "all"):
        found = prune(dense, LNP(score="paper"), iterations=2, synapse_target=0.5, exponents=kind, seed=1)  # type: ignore[arg-type]
        kept[kind] = set(links_of(found.reservoir, found.origin))
    overlap = len(kept["local"] & kept["v"]) / len(kept["v"])
    assert overlap > 0.5


# --- graphs from elsewhere


def test_connectome_is_pruned_and_written(data_folder: Path, tmp_path: Path) -> None:
    graph = nx.DiGraph()
    with open(data_folder / "connectomes" / "celegans_edges.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "chemical" and row["source"] != row["target"]:
                graph.add_edge(row["source"], row["target"], weight=float(row["sign"]) * float(row["count"]))
    for node in [n for n in graph if len({np.sign(d["weight"]) for *_, d in graph.out_edges(n, data=True)}) > 1]:
        graph.remove_node(node)
    reservoir = Reservoir.from_graph(graph)
    found = prune(reservoir, LNP(), iterations=5, synapse_target=0.8, neuron_target=0.3)
    assert found.reservoir.synapses == round(0.2 * reservoir.synapses)
    path = tmp_path / "pruned.graphml"
    write_graph(found.reservoir, path)
    back = Reservoir.from_graph(read_graph(path))
    for name in ("pre", "post", "weight", "tau_m", "is_excitatory", "positions"):
        assert np.array_equal(getattr(back, name), getattr(found.reservoir, name))


def test_larva_mushroom_body(data_folder: Path) -> None:
    with np.load(data_folder / "connectomes" / "drosophila_larva_mb.npz", allow_pickle=False) as stored:
        counts = stored["left"].astype(float)
    np.fill_diagonal(counts, 0)
    reservoir = Reservoir.from_graph(nx.from_numpy_array(counts, create_using=nx.DiGraph), seed=1)
    found = prune(reservoir, LNP(score="paper"), iterations=3, synapse_target=0.9)
    assert found.reservoir.synapses == round(0.1 * reservoir.synapses)


def test_edge_list_is_a_line_a_link(tmp_path: Path) -> None:
    reservoir = build(ReservoirSpec(neurons=25), seed=1)
    path = tmp_path / "links.edges"
    write_graph(reservoir, path)
    lines = [line.split() for line in path.read_text().splitlines()]
    assert len(lines) == reservoir.synapses
    sign = np.where(reservoir.is_excitatory[reservoir.pre], 1, -1)
    assert [float(weight) for *_, weight in lines] == (sign * reservoir.weight).tolist()
    assert read_graph(path).number_of_edges() == reservoir.synapses


@pytest.mark.parametrize("name", ["missing.graphml", "broken.graphml", "broken.edges"])
def test_files_that_are_no_graphs(name: str, tmp_path: Path) -> None:
    (tmp_path / "broken.graphml").write_text("<graphml")
    (tmp_path / "broken.edges").write_text("1 2 x\n")
    with pytest.raises(FileError):
        read_graph(tmp_path / name)
    with pytest.raises(InputError, match="must end in"):
        read_graph(tmp_path / "graph.txt")


# --- runs that end before their time

OPTIONS = {"iterations": 12, "synapse_target": 0.8, "neuron_target": 0.2, "refresh": 3, "seed": 5, "keep": True}
PROGRAM = """
import sys
from hrsnn import ReservoirSpec, build
from hrsnn.networks import LNP, prune
reservoir = build(ReservoirSpec(neurons=80, length_scale=3), seed=1, channels=2)
prune(reservoir, LNP(score="paper"), iterations=1, neuron_target=0.1)  # all that is loaded on first use
print("ready", flush=True)
prune(reservoir, LNP(score="paper"), out=sys.argv[1], resume=True, **eval(sys.argv[2]))
"""


def contents(folder: Path) -> dict[str, bytes]:
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files.pop("timing.json")
    return files


@pytest.mark.slow
def test_killed_at_random_moments_a_run_ends_with_the_same_bytes(dense: Reservoir, root: Path, tmp_path: Path) -> None:
    whole = prune(dense, LNP(score="paper"), out=tmp_path / "whole", **OPTIONS)
    random = np.random.default_rng(0)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "killed"), repr(OPTIONS)]
    kills = 0
    for attempt in range(12):
        process = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        try:  # in the end without a limit: a slow machine gets there too
            process.wait(random.uniform(0.02, 0.2) if attempt < 5 else None)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.stdout.close()
        if process.wait() == 0:
            break
    assert process.returncode == 0
    assert kills > 0
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    resumed = prune(dense, LNP(score="paper"), out=tmp_path / "killed", resume=True, **OPTIONS)
    assert resumed.reservoir.equals(whole.reservoir)
    assert len(resumed.reservoirs) == 13


@pytest.fixture(scope="module")
def begun(dense: Reservoir, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun") / "run"
    prune(dense, RandomPruning(), iterations=2, synapse_target=0.5, out=folder)
    return folder


@pytest.mark.parametrize(
    ("damage", "options", "message"),
    [
        (None, {"resume": False}, "resume it, or choose another folder"),
        (None, {"seed": 1}, "another seed"),
        (None, {"iterations": 3}, "another iterations"),
        (None, {"synapse_target": 0.6}, "another synapse_target"),
        (None, {"method": RandomPruning(compensate=False)}, "another method"),
        (None, {"stimulus": noise(2, 500.0)}, "another stimulus"),
        (lambda text: text[: len(text) // 2], {}, "is damaged"),
        (lambda text: "{}", {}, "is damaged"),
        (lambda text: "[]", {}, "no checkpoint"),
        (lambda text: text.replace('"network": "', '"network": "0'), {}, "another network|is not the network"),
    ],
    ids=str,
)
def test_a_checkpoint_of_another_run_or_a_damaged_one_is_refused(
    damage: Any, options: dict[str, Any], message: str, begun: Path, dense: Reservoir, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(begun, folder)
    file = folder / "checkpoint.json"
    if damage is not None:
        file.write_text(damage(file.read_text()))
    before = contents(folder)
    given_options = {"method": RandomPruning(), "iterations": 2, "synapse_target": 0.5, "resume": True, **options}
    with pytest.raises(FileError, match=message):
        prune(dense, out=folder, **given_options)
    assert contents(folder) == before


def test_a_truncated_network_is_refused(begun: Path, dense: Reservoir, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(begun, folder)
    (network,) = (folder / "reservoirs").iterdir()
    network.write_bytes(network.read_bytes()[:1000])
    with pytest.raises(FileError, match="damaged"):
        prune(dense, RandomPruning(), iterations=2, synapse_target=0.5, out=folder, resume=True)


def test_only_the_last_network_is_kept_unless_all_are_wanted(begun: Path) -> None:
    assert [path.name for path in (begun / "reservoirs").iterdir()] == ["00002.npz"]
    stored = json.loads((begun / "checkpoint.json").read_text())
    assert len(stored["records"]) == 3


# --- bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"synapse_target": 1.0}, "below 1"),
        ({"synapse_target": -0.1}, "below 1"),
        ({"synapse_target": True}, "below 1"),
        ({"synapse_target": 0.9999}, "leaves none"),
        ({"synapse_target": 0.0}, "remove nothing"),
        ({"neuron_target": 0.99}, "must leave two neurons"),
        ({"neuron_target": 1.5}, "below 1"),
        ({"iterations": 0}, "iterations"),
        ({"refresh": 0}, "refresh"),
        ({"seed": -1}, "seed"),
        ({"resume": True}, "needs out"),
        ({"method": object()}, "must have a method prune"),
        ({"exponents": lambda reservoir: np.full(reservoir.neurons, np.nan), "method": LNP(score="paper")}, "finite"),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, dict) else value,
)
def test_bad_options(options: dict[str, Any], message: str, dense: Reservoir) -> None:
    with pytest.raises(InputError, match=message):
        prune(dense, **{"iterations": 2, **options})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LNP(score="loud"), "score = 'loud'"),  # type: ignore[arg-type]
        (lambda: LNP(weights="half"), "weights"),  # type: ignore[arg-type]
        (lambda: LNP(restored=1.0), "restored"),
        (lambda: LNP(reproduce="me"), "reproduce"),  # type: ignore[arg-type]
        (lambda: pruning_method("lmp"), "must be one of lnp"),
        (lambda: pruning_method("random", score="x"), "has only compensate"),
        (lambda: contraction_rates([np.inf]), "finite"),
        (lambda: neighbourhood_rates(2, [0], [1], [1.0, 0.0]), "positive"),
        (lambda: neighbourhood_rates(2, [0], [2], [1.0, 1.0]), "neurons, 0 to 1"),
        (lambda: prune(build(SPEC, 0).without_recurrence()), "without recurrent links"),
    ],
)
def test_bad_settings(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_models_without_exponents_can_still_be_pruned_without_them() -> None:
    reservoir = build(ReservoirSpec(neurons=30, adaptation=1.0), seed=1)
    found = prune(reservoir, LNP(), iterations=2, synapse_target=0.5)
    assert np.isnan(found.records[-1].largest_exponent)
    with pytest.raises(HrsnnError, match="adaptation"):
        prune(reservoir, LNP(score="paper"), iterations=2, synapse_target=0.5)
    plastic = build(ReservoirSpec(neurons=30, short_term_plasticity=True), seed=1)
    few = prune(plastic, LNP(), iterations=2, synapse_target=0.5).reservoir
    assert few.short_term is not None
    assert len(few.short_term.release) == few.synapses


def test_zero_weights_and_isolated_neurons_have_a_rule() -> None:
    reservoir = build(ReservoirSpec(neurons=40), seed=1)
    weight = reservoir.weight.copy()
    weight[::3] = 0
    alone = (reservoir.pre != 5) & (reservoir.post != 5)
    reservoir = keep_links(reservoir.replace(weight=weight), alone)
    for name in METHODS:
        found = prune(reservoir, pruning_method(name), iterations=2, synapse_target=0.6, neuron_target=0.1)
        assert found.reservoir.synapses == found.records[-1].budget
    last = prune(reservoir, LNP(score="weight", delocalise="none"), iterations=2, synapse_target=0.6).reservoir
    assert (last.weight > 0).all()
