"""Graphs from elsewhere, pruned, and graphs in files."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn import Gamma, Reservoir, ReservoirSpec, Uniform, build
from hrsnn.errors import FileError, HrsnnWarning, InputError
from hrsnn.formats.graphs import network_file
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
    assert Reservoir.from_graph(read_graph(path)).equals(found.reservoir)
    assert set(found.reservoir.labels) < set(graph)
    assert found.reservoir.labels.tolist() == reservoir.labels[found.origin].tolist()


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


@st.composite
def reservoirs(draw: st.DrawFn) -> Reservoir:
    """Networks with all that a network can have, each with a chance of its own."""
    chance = st.booleans()
    spec = ReservoirSpec(
        neurons=draw(st.integers(2, 12)),
        excitatory_fraction=draw(st.sampled_from([0.5, 0.8, 1.0])),
        dt=draw(st.sampled_from([0.1, 0.5])),
        adaptation=draw(st.sampled_from([0, Gamma(2, 0.5)])),
        background_rate=draw(st.sampled_from([0, Uniform(0, 5)])),
        background_frozen=draw(chance),
        homeostasis=draw(chance),
        short_term_plasticity=draw(chance),
        delay_ee=draw(st.sampled_from([0, Uniform(1, 200)])),
        delay_ie=draw(st.sampled_from([0, Uniform(1, 20)])),
        delay_input=draw(st.sampled_from([None, Uniform(0, 20)])),
        v_threshold=Uniform(14, 16),
        length_scale=draw(st.sampled_from([0.1, 2.0])),  # the first leaves hardly a link
    )
    reservoir = build(spec, seed=draw(st.integers(0, 99)), channels=draw(st.integers(1, 4)))
    names = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=6)
    numbers = st.integers(-(10**6), 10**6)
    labels = st.lists(draw(st.sampled_from([names, numbers])), unique=True, min_size=spec.neurons, max_size=spec.neurons)
    return reservoir.replace(
        cluster=np.arange(spec.neurons) % 3,
        weight=reservoir.weight * draw(st.sampled_from([1.0, 0.0])),
        labels=draw(st.none() | labels.map(np.array)),
    )


@settings(max_examples=40)
@given(reservoirs())
def test_any_reservoir_survives_graph_and_graphml(tmp_path_factory: pytest.TempPathFactory, reservoir: Reservoir) -> None:
    assert Reservoir.from_graph(reservoir.graph()).equals(reservoir)
    path = tmp_path_factory.mktemp("graph") / "a.graphml"
    write_graph(reservoir, path)
    back = Reservoir.from_graph(read_graph(path))
    for name, array in reservoir._arrays().items():
        assert np.array_equal(back._arrays()[name], array), name
    assert back.equals(reservoir)
    reservoir.save(path.with_suffix(".npz"))
    assert Reservoir.load(path.with_suffix(".npz")).equals(reservoir)


def test_other_channels_draw_other_input() -> None:
    reservoir = build(ReservoirSpec(neurons=20), seed=1, channels=3)
    assert Reservoir.from_graph(reservoir.graph(), channels=5).channels == 5
    assert Reservoir.from_graph(reservoir.graph(), channels=5).weight.tolist() == reservoir.weight.tolist()


def test_names_that_an_edge_list_cannot_hold(tmp_path: Path) -> None:
    reservoir = build(ReservoirSpec(neurons=2), seed=1).replace(labels=["a b", "c"])
    with pytest.raises(InputError, match=r"labels = 'a b': must have neither spaces nor #.* use .graphml"):
        write_graph(reservoir, tmp_path / "a.edges")


def test_a_spec_names_the_file_of_its_links(tmp_path: Path) -> None:
    whole = nx.relabel_nodes(nx.gnp_random_graph(30, 0.2, seed=1, directed=True), lambda k: f"cell {k}")
    file = tmp_path / 'wörm 😀 "2"\x7f.graphml'
    write_graph(whole, file)
    spec = ReservoirSpec(graph=str(file), neurons=30)
    assert ReservoirSpec.from_toml(spec.to_toml()) == spec
    network = build(spec, seed=4, channels=3)
    assert network.equals(Reservoir.from_graph(read_graph(file), spec, seed=4, channels=3))
    assert network.labels is not None
    assert set(network.graph().edges) == set(whole.edges)
    # what the file does not have is drawn, and differs between variants and seeds
    assert np.ptp(network.tau_m) > 0
    assert len(set(build(spec.variant("HoNHoS"), seed=4).tau_m.tolist())) == 2
    assert not np.array_equal(build(spec, seed=5, channels=3).tau_m, network.tau_m)
    with pytest.raises(InputError, match=r"neurons = 20: must be 30, as .*wörm .*has"):
        build(spec.updated({"neurons": 20}))
    write_graph(nx.gnp_random_graph(12, 0.3, seed=1, directed=True), file)
    with pytest.raises(InputError, match="must be 12"):  # the file is read again when it has changed
        build(spec)


def test_a_saved_reservoir_is_used_as_it_is_and_gets_new_input_where_channels_differ(tmp_path: Path) -> None:
    saved = build(ReservoirSpec(neurons=40), seed=1, channels=2)
    saved = saved.with_weights(0.5 * saved.weight, saved.input_weight)
    saved.save(tmp_path / "network.npz")
    spec = ReservoirSpec(graph=str(tmp_path / "network.npz"), neurons=40)
    assert build(spec, seed=7, channels=2).equals(saved)
    with pytest.warns(HrsnnWarning, match="has input links of 2 channels, and 5 are needed"):
        other = build(spec, seed=7, channels=5)
    assert np.array_equal(other.weight, saved.weight)
    assert np.array_equal(other.tau_m, saved.tau_m)
    assert other.channels == 5


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("missing.graphml", None, r"missing\.graphml: does not exist"),
        ("a.edges", "0 1 1\n", r"must be 2, as"),
        ("a.edges", "", r"at least two nodes"),
        ("a.txt", "0 1 1\n", r"must end in \.graphml, \.edges, \.csv or \.npz"),
        ("a.npz", "0 1 1\n", r"a\.npz: is damaged or no"),
        ("a.edges", "0 0 1\n1 0 1\n2 0 1\n", r"a\.edges: .*no self-loops"),
    ],
)
def test_bad_files_of_networks(name: str, text: str | None, message: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises((FileError, InputError), match=message):
        build(ReservoirSpec(graph=str(tmp_path / name), neurons=3))


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
def test_links_of_a_reservoir_come_back_in_mv(suffix: str, tmp_path: Path) -> None:
    reservoir = build(ReservoirSpec(neurons=30), seed=1).replace(labels=[f"n{k}, é" for k in range(30)])
    write_graph(reservoir, tmp_path / f"a{suffix}")
    back = read_graph(tmp_path / f"a{suffix}")
    assert back.graph["weight_unit"] == "mV"
    links = {(a, b): w for a, b, w in reservoir.graph().edges(data="weight")}
    assert {(a, b): w for a, b, w in back.edges(data="weight")} == links
    if suffix == ".csv":
        delays = nx.get_edge_attributes(reservoir.graph(), "delay")
        assert nx.get_edge_attributes(back, "delay") == delays


def test_scipy_reads_the_matrix_and_its_files_are_read(tmp_path: Path) -> None:
    from scipy import sparse

    graph = nx.DiGraph([("a", "b", {"weight": 2.0}), ("b", "c", {"weight": -1.0})])
    write_graph(graph, tmp_path / "a.npz")
    assert sparse.load_npz(tmp_path / "a.npz").toarray().tolist() == [[0, 2, 0], [0, 0, -1], [0, 0, 0]]
    for form in (sparse.csr_array, sparse.csc_array, sparse.coo_array):
        sparse.save_npz(tmp_path / "b.npz", form([[0, 2.0], [0, 0]]))
        assert list(read_graph(tmp_path / "b.npz").edges(data="weight")) == [(0, 1, 2.0)]
        assert network_file(tmp_path / "b.npz").neurons == 2


@pytest.mark.parametrize("text", ["source;target;weight\na;b;2\n", "\ufefftarget\tsource\tweight\r\nb\ta\t2\r\n\r\n"])
def test_tables_of_spreadsheets_are_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode())
    assert list(read_graph(tmp_path / "a.csv").edges(data="weight")) == [("a", "b", 2.0)]


def test_a_number_with_an_underscore_is_no_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("source,target,weight\na,b,1_0\n")
    with pytest.raises(FileError, match=r"weight\[0\] = '1_0': must be a finite number"):
        read_graph(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the first line must have the names"),
        ("a,b\n1,2\n", "source and target among them, each once; it has a, b"),
        ("source,target,target\n1,2,3\n", "each once"),
        ("source,target\n1\n", "row 2 has 1 cells, wanted 2"),
        ('source,target\n"a,b\n', "no table"),
        ("source,target\n1,2\n1,2\n", "is there twice"),
        ("source,target,delay\n1,2,nan\n", r"delay\[0\] = nan: must be a finite number, or empty"),
        ("source,target\n,2\n", "must be a whole number or text"),
        ("source,target\n" + "a" * 200_000 + ",2\n", "field larger than field limit"),
    ],
)
def test_a_damaged_table_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FileError, match=message):
        read_graph(tmp_path / "a.csv")


MATRIX = {"format": np.array(b"csr"), "shape": np.array([2, 2]), "data": np.ones(1)} | {
    "indices": np.array([1]),
    "indptr": np.array([0, 1, 1]),
}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": np.array(b"dia")}, "format = 'dia': must be one of csr, csc, coo"),
        ({"shape": np.array([2, 3])}, "must be square"),
        ({"shape": np.array([2.0, 2.0])}, "must be two numbers"),
        ({"shape": np.array([2**40, 2**40])}, "must be two numbers"),
        ({"indices": np.array([7])}, r"columns\[0\] = 7: must be in 0..1"),
        ({"indices": np.array([-1])}, "must be in 0..1"),
        ({"indptr": np.array([0, 9, 1])}, "indptr = .*must rise from 0 to 1"),
        ({"indptr": np.array([0, 1])}, "indptr"),
        ({"data": np.array([np.nan])}, "must have finite elements"),
        ({"data": np.array(["x"])}, "must be numbers in one dimension"),
        ({"labels": np.array(["a"])}, "must have shape"),
        ({"shape": np.array([2**31 - 1, 2**31 - 1]), "indptr": np.array([0])}, "indptr"),
    ],
)
def test_a_damaged_matrix_is_refused(changed: dict[str, np.ndarray], message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{**MATRIX, **changed})
    with pytest.raises(FileError, match=message):
        read_graph(tmp_path / "a.npz")


def test_a_name_in_a_matrix_file_that_leads_elsewhere_is_none_of_its_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **MATRIX)
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("../../evil.npy", b"x")
    with pytest.raises(FileError, match=r"a\.npz: is damaged"):
        read_graph(tmp_path / "a.npz")
    assert not (tmp_path.parent.parent / "evil.npy").exists()
