"""``hrsnn connectome``: a graph of named neurons as a reservoir at a rate, beside null models; names in its tables."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from hrsnn import Currents, Reservoir, ReservoirSpec, simulate
from hrsnn.networks import read_graph, write_graph

NAMES = [f"{'AVBR'[k % 4]}{k}" for k in range(60)]


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Sixty named neurons of two cell types, one in five inhibitory, whose links are mostly reciprocal."""
    random = np.random.default_rng(0)
    made = nx.DiGraph()
    kinds = [{"cell_type": "hub" if k < 5 else "leaf", "type": "I" if k % 5 == 4 else "E"} for k in range(60)]
    made.add_nodes_from(zip(NAMES, kinds, strict=True))
    for a, b in nx.gnp_random_graph(60, 0.06, seed=3).edges:
        for source, target in ((a, b), (b, a)):
            sign = -1 if source % 5 == 4 else 1
            made.add_edge(NAMES[source], NAMES[target], weight=float(sign * random.integers(1, 20)))
    write_graph(made, tmp_path / "graph.graphml")
    return tmp_path / "graph.graphml"


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_a_graph_becomes_a_reservoir_at_a_rate(graph: Path, run: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--graph", graph, "--set", "graph_weights=rank", "--rate", 12, "--null", "sign", "--null-models", 3]
    ran = run("connectome", *options, "--seed", 2, "--out", out)
    assert ran.code == 0, ran.err
    scores = json.loads((out / "metrics.json").read_text())
    assert scores["scores"]["reciprocity"] == 1.0
    assert scores["scores"]["excitatory_share"] == 0.8
    assert scores["baselines"]["reciprocity"]["null_sign"] < 0.3
    assert len(scores["null_models"]["null_sign"]["clustering"]) == 3
    assert scores["spikes"]["mean_rate"] == pytest.approx(12, rel=0.02)

    made = Reservoir.load(out / "reservoir.npz")
    raw = Reservoir.from_graph(read_graph(graph), ReservoirSpec(graph_weights="rank"), seed=2, channels=1)
    assert made.labels.tolist() == NAMES
    factor = made.weight / raw.weight
    assert factor == pytest.approx(scores["spikes"]["factor_on_weights"])
    assert made.replace(weight=raw.weight, w_max=raw.w_max).equals(raw)
    assert "[@maslov-sneppen-2002]" in (out / "methods.md").read_text()
    assert "All recurrent weights were multiplied by one factor, for 12 Hz." in (out / "methods.md").read_text()

    table = rows(out / "neurons.csv")
    assert [row["neuron"] for row in table] == NAMES
    assert [row["cell_type"] for row in table].count("hub") == 5
    assert sum(int(row["links_in"]) for row in table) == made.synapses
    again = Reservoir.from_graph(read_graph(out / "graph.graphml"))
    assert again.equals(made)


def test_the_names_are_in_what_other_commands_write(graph: Path, run: Any, tmp_path: Path) -> None:
    small = ["--graph", graph, "--quiet"]
    assert run("prune", *small, "--iterations", 2, "--duration", 300, "--out", tmp_path / "p").code == 0
    table = rows(tmp_path / "p" / "neurons.csv")
    left = Reservoir.load(tmp_path / "p" / "reservoir.npz")
    assert [row["neuron"] for row in table] == NAMES
    assert [row["neuron"] for row in table if row["kept"] == "1"] == left.labels.tolist()
    assert sum(int(row["links_out_left"]) for row in table) == left.synapses

    assert run("lyapunov", *small, "--duration", 200, "--out", tmp_path / "l").code == 0
    exponents = [float(row["exponent_per_s"]) for row in rows(tmp_path / "l" / "neurons.csv")]
    stored = json.loads((tmp_path / "l" / "metrics.json").read_text())
    assert exponents == pytest.approx(stored["per_neuron_v"], rel=1e-9)

    traced = ["--stimuli", 20, "--traces", NAMES[7], NAMES[3], "--out", tmp_path / "m"]
    assert run("measure", *small, *traced).code == 0
    with np.load(tmp_path / "m" / "traces.npz") as traces:
        assert traces["neurons"].tolist() == [3, 7]
    assert len(rows(tmp_path / "m" / "neurons.csv")) == 60


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--graph = None: is needed"),
        (["--graph", "GRAPH", "--rate", 0], "--rate = 0.0: must be positive"),
        (["--graph", "GRAPH", "--match", "input"], "--match = 'input': is for --rate, which is not given"),
        (["--graph", "GRAPH", "--null-models", 0, "--null", "sign"], "--null-models = 0: must be"),
        (["--graph", "GRAPH", "--set", "graph_weights=cube"], "graph_weights = 'cube': must be 'linear', 'log' or 'rank'"),
        (["--graph", "missing.graphml"], "missing.graphml: "),
    ],
)
def test_what_is_refused(options: list[Any], message: str, graph: Path, run: Any) -> None:
    ran = run("connectome", *(graph if one == "GRAPH" else one for one in options), "--quiet")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert message in ran.err


def test_an_unknown_name_is_answered_with_the_nearest(graph: Path, run: Any, tmp_path: Path) -> None:
    for name, message in (("A00", "labels = 'A00': did you mean 'A0'?"), ("-1", "traces = -1: must be a whole number >= 0")):
        ran = run("measure", "--graph", graph, "--stimuli", 20, f"--traces={name}", "--out", tmp_path / "m", "--quiet")
        assert ran.code == 2
        assert message in ran.err


def test_neurons_are_recorded_by_name(graph: Path) -> None:
    reservoir = Reservoir.from_graph(read_graph(graph), seed=1)
    stimulus = Currents(np.ones((1, 5, 1)), 20.0)
    named = simulate(reservoir, stimulus, record="v", record_neurons=[NAMES[9], NAMES[2]], sample_times="steps")
    numbered = simulate(reservoir, stimulus, record="v", record_neurons=[2, 9], sample_times="steps")
    assert named.traces.neurons.tolist() == [2, 9]
    assert np.array_equal(named.v, numbered.v)
