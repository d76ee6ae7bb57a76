"""SONATA files: round trips, libsonata as the oracle of the layout, files of others, damaged and hostile ones."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hrsnn import FileError, HrsnnWarning, InputError, Reservoir, ReservoirSpec, SpikeTrains, build
from hrsnn.exchange import from_sonata, spikes_from_sonata, to_sonata

RICH = ReservoirSpec(neurons=20, adaptation=1, background_rate=20, short_term_plasticity=True, delay_ee=2, clusters=2)
NETWORKS = {
    "default": build(ReservoirSpec(neurons=30), seed=1, channels=3),
    "everything": build(RICH, seed=1, channels=2).replace(
        labels=[f"n{k} ä" for k in range(20)], cell_types=["", "Kenyon ä"] * 10, state_bits=8
    ),
    "numbered labels": build(ReservoirSpec(neurons=10), seed=1).replace(labels=np.arange(10) * 7),
    "no links": build(ReservoirSpec(neurons=10), seed=1).without_recurrence(),
}
TRAINS = SpikeTrains([1.0, 4.0, 2.5], [0, 1, 1], offsets=[0, 2, 3], n_channels=3, duration=[10.0, 7.5])


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_comes_back_equal(name: str, tmp_path: Path) -> None:
    to_sonata(NETWORKS[name], tmp_path / "a.h5")
    assert from_sonata(tmp_path / "a.h5").equals(NETWORKS[name])


@pytest.mark.parametrize("trains", [TRAINS, TRAINS[0], TRAINS[1][[0]]])
def test_spike_trains_come_back_equal(trains: SpikeTrains, tmp_path: Path) -> None:
    to_sonata(trains, tmp_path / "a.h5")
    assert spikes_from_sonata(tmp_path / "a.h5").equals(trains)


def test_twelve_samples_are_in_their_order(tmp_path: Path) -> None:
    trains = SpikeTrains.from_samples([([k], [0]) for k in range(12)], 1, 20.0)
    to_sonata(trains, tmp_path / "a.h5")
    assert spikes_from_sonata(tmp_path / "a.h5").equals(trains)
    assert spikes_from_sonata(tmp_path / "a.h5", population="spikes_10").times.tolist() == [10.0]


@pytest.mark.long
def test_libsonata_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(os.environ.get("HRSNN_RIVALS", str(Path(sys.prefix) / "rivals")))
    libsonata = pytest.importorskip("libsonata", reason="libsonata is not installed: make long installs it")
    reservoir, path = NETWORKS["everything"], str(tmp_path / "a.h5")
    to_sonata(reservoir, path)
    nodes = libsonata.NodeStorage(path).open_population("neurons")
    everyone = nodes.select_all()
    assert nodes.size == 20
    assert np.array_equal(nodes.get_attribute("y", everyone), reservoir.positions[:, 1])
    assert np.array_equal(nodes.get_dynamics_attribute("tau_m", everyone), reservoir.tau_m)
    assert set(nodes.get_attribute("model_type", everyone)) == {"point_neuron"}
    assert [one == "e" for one in nodes.get_attribute("ei", everyone)] == reservoir.is_excitatory.tolist()
    assert list(nodes.get_attribute("label", everyone)) == reservoir.labels.tolist()  # type: ignore[union-attr]
    edges = libsonata.EdgeStorage(path).open_population("neurons_to_neurons")
    assert (edges.source, edges.target, edges.size) == ("neurons", "neurons", reservoir.synapses)
    assert np.array_equal(edges.source_nodes(edges.select_all()), reservoir.pre)
    assert np.array_equal(np.abs(edges.get_attribute("syn_weight", edges.select_all())), reservoir.weight)
    for node in range(20):
        assert np.array_equal(edges.afferent_edges([node]).flatten(), np.flatnonzero(reservoir.post == node))
        assert np.array_equal(edges.efferent_edges([node]).flatten(), np.flatnonzero(reservoir.pre == node))
    given = libsonata.EdgeStorage(path).open_population("channels_to_neurons")
    assert np.array_equal(given.get_attribute("gain", given.select_all()), reservoir.input_gain)
    to_sonata(TRAINS[0], tmp_path / "spikes.h5")
    spikes = libsonata.SpikeReader(str(tmp_path / "spikes.h5"))["spikes"]
    assert (spikes.sorting, spikes.time_units) == ("by_time", "ms")
    assert spikes.get() == [(0, 1.0), (1, 4.0)]


def foreign(path: Path, **changed: Any) -> None:
    """A file as another program writes it: two groups, names in a library, two links between one pair."""
    said: dict[str, Any] = {
        "nodes/cells/node_type_id": [7, 7, 7],
        "nodes/cells/node_group_id": [0, 1, 0],
        "nodes/cells/node_group_index": [0, 0, 1],
        "nodes/cells/0/ei": np.array([0, 1], np.uint8),
        "nodes/cells/0/@library/ei": ["e", "i"],
        "nodes/cells/1/ei": ["e"],
        "edges/local/edge_type_id": [1, 1, 1, 1],
        "edges/local/edge_group_id": [0, 0, 0, 0],
        "edges/local/edge_group_index": [3, 2, 1, 0],
        "edges/local/source_node_id": np.array([0, 0, 1, 2], np.uint64),
        "edges/local/target_node_id": np.array([1, 1, 2, 0], np.uint64),
        "edges/local/0/syn_weight": [-4.0, 3.0, 2.0, 1.0],
        "edges/local/0/delay": [8.0, 6.0, 4.0, 2.0],
        **changed,
    }
    with h5py.File(path, "w") as file:
        for name, values in said.items():
            if values is not None:
                file[name] = values
        for side in ("source", "target"):
            if f"edges/local/{side}_node_id" in file:
                file[f"edges/local/{side}_node_id"].attrs["node_population"] = "cells"


def test_a_file_of_another_program_is_a_graph(tmp_path: Path) -> None:
    foreign(tmp_path / "a.h5")
    with pytest.warns(HrsnnWarning, match="1 links are further ones between two neurons"):
        reservoir = from_sonata(tmp_path / "a.h5", spec=ReservoirSpec(neurons=3))
    assert reservoir.is_excitatory.tolist() == [True, True, False]
    assert list(zip(reservoir.pre.tolist(), reservoir.post.tolist(), strict=True)) == [(0, 1), (1, 2), (2, 0)]
    assert reservoir.delay.tolist() == [3.0, 6.0, 8.0]
    assert reservoir.weight[0] > 0


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no nodes": ({"nodes/cells/node_type_id": None}, "node_type_id = None: must be there"),
    "no groups": ({"nodes/cells/node_group_id": [0, 2, 0]}, "there are nodes in other groups"),
    "group index": ({"edges/local/edge_group_index": [0, 1, 2, 9]}, "edge_group_index = 9: must be below 4"),
    "no such node": ({"edges/local/target_node_id": np.array([1, 1, 2, 9], np.uint64)}, "must lead from a node to a node"),
    "library": ({"nodes/cells/0/ei": np.array([0, 5], np.uint8)}, "must be places in its library of 2"),
    "type": ({"nodes/cells/1/ei": ["x"]}, 'ei = \'x\': must be "e" or "i"'),
    "sources": ({"edges/local/source_node_id": [[1.5]]}, "source_node_id"),
    "no edges": (dict.fromkeys(("edges/local/source_node_id",)), "source_node_id"),
    "lengths": ({"edges/local/0/syn_weight": [1.0]}, "edge_group_index = 3: must be below 1"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:SONATA")
@pytest.mark.parametrize("what", BAD)
def test_a_file_of_another_layout_is_refused(what: str, tmp_path: Path) -> None:
    changed, message = BAD[what]
    foreign(tmp_path / "a.h5", **changed)
    with pytest.raises(FileError, match=message):
        from_sonata(tmp_path / "a.h5")


def test_a_population_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    foreign(tmp_path / "a.h5")
    with pytest.raises(InputError, match="population = 'other': must be one with links among its own nodes: cells"):
        from_sonata(tmp_path / "a.h5", population="other")
    with h5py.File(tmp_path / "s.h5", "w") as file:
        for name in "ab":
            file[f"spikes/{name}/timestamps"], file[f"spikes/{name}/node_ids"] = [2.0, 1.0], np.array([0, 4])
    with pytest.raises(InputError, match="population = None: must be one of a, b"):
        spikes_from_sonata(tmp_path / "s.h5")
    trains = spikes_from_sonata(tmp_path / "s.h5", population="b", duration=5.0)
    assert (trains.times.tolist(), trains.channels.tolist(), trains.n_channels) == ([1.0, 2.0], [4, 0], 5)


SPIKES: dict[str, tuple[dict[str, Any], str]] = {
    "no spikes": ({"other": 1}, "'spikes' is missing"),
    "no times": ({"spikes/a/node_ids": [1]}, "'timestamps' is missing"),
    "lengths": ({"spikes/a/node_ids": [1], "spikes/a/timestamps": [1.0, 2.0]}, "must be as many as node_ids"),
    "nan": ({"spikes/a/node_ids": [1], "spikes/a/timestamps": [np.nan]}, "must be finite"),
    "negative": ({"spikes/a/node_ids": [1], "spikes/a/timestamps": [-1.0]}, "must be finite and not negative"),
    "nodes": ({"spikes/a/node_ids": [2**40], "spikes/a/timestamps": [1.0]}, "node_ids = 1099511627776: must be"),
    "a group": ({"spikes/a/node_ids/b": [1], "spikes/a/timestamps": [1.0]}, "must be as many as node_ids"),
}


@pytest.mark.parametrize("what", SPIKES)
def test_a_file_without_spikes_is_refused(what: str, tmp_path: Path) -> None:
    members, message = SPIKES[what]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, values in members.items():
            file[name] = values
    with pytest.raises(FileError, match=message):
        spikes_from_sonata(tmp_path / "a.h5")


def test_times_in_other_units_are_refused(tmp_path: Path) -> None:
    to_sonata(TRAINS[0], tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["spikes/spikes/timestamps"].attrs["units"] = "s"
    with pytest.raises(FileError, match="units = 's': must be ms"):
        spikes_from_sonata(tmp_path / "a.h5")


def test_a_sign_that_is_not_that_of_the_type_is_refused(tmp_path: Path) -> None:
    to_sonata(NETWORKS["default"], tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["edges/neurons_to_neurons/0/syn_weight"][0] *= -1
    with pytest.raises(FileError, match="must have the sign of its source's type"):
        from_sonata(tmp_path / "a.h5")


def test_damaged_files_are_refused_or_valid(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    to_sonata(NETWORKS["everything"], path)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for cut in (0, 5, 200, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(FileError, match=r"a\.h5"):
            from_sonata(path)
    for _ in range(25):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 8):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        with contextlib.suppress(FileError):
            assert isinstance(from_sonata(path), Reservoir)
