"""Graphs from elsewhere, pruned, and graphs in files."""

from __future__ import annotations

import csv
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from hrsnn import Reservoir, ReservoirSpec, build
from hrsnn.errors import FileError, InputError
from hrsnn.networks import LNP, prune, read_graph, write_graph


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
