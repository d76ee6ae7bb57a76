"""Networks by equations: arrays, files, graphs, and as Brian2 networks."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import brian2
import numpy as np
import pytest

from hrsnn import InputError, ReservoirSpec, build
from hrsnn.equations import BrianModel, BrianNetwork, build_brian
from hrsnn.errors import FileError
from hrsnn.files.npz import read_npz, write_npz

NETWORK = build_brian(BrianModel(neurons=30), seed=1, channels=3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight": -NETWORK.weight}, "weight"),
        ({"post": NETWORK.post + 30}, "post"),
        ({"pre": NETWORK.pre[::-1]}, "must be sorted"),
        ({"is_excitatory": np.ones(31, bool)}, "must have 30 values"),
        ({"values": {}}, "values = .*: must have i_bias"),
        ({"values": {**NETWORK.values, "tau_exc": np.full(30, np.nan)}}, "tau_exc.*must be finite"),
        ({"link_values": {**NETWORK.link_values, "a_plus": np.ones(3)}}, "must have shape"),
        ({"channels": 2}, "input_channel"),
        ({"model": "text"}, "must be a BrianModel"),
    ],
    ids=str,
)
def test_arrays_must_agree(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        dataclasses.replace(NETWORK, **change)


def test_arrays_cannot_be_changed_and_survive_copies() -> None:
    copy = pickle.loads(pickle.dumps(NETWORK))
    for values in (copy.weight, copy.values["tau_m"], copy.initial["v"], NETWORK.link_values["a_plus"]):
        assert not values.flags.writeable
    np.testing.assert_array_equal(copy.values["tau_m"], NETWORK.values["tau_m"])
    changed = NETWORK.with_weights(NETWORK.weight * 2, NETWORK.input_weight)
    np.testing.assert_array_equal(changed.weight, 2 * NETWORK.weight)


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays, header: header.update(model="equations = 'dv/dt = ().__class__ : 1'"),
        lambda arrays, header: header.update(model=3),
        lambda arrays, header: header.update(more=3),
        lambda arrays, header: arrays.pop("values.tau_m"),
        lambda arrays, header: arrays.update({"values.v": np.ones(30)}),
        lambda arrays, header: arrays.update({"other": np.ones(30)}),
        lambda arrays, header: arrays.update(weight=np.full_like(arrays["weight"], np.inf)),
    ],
    ids=["hostile text", "no text", "header", "missing", "unknown value", "unknown array", "infinite"],
)
def test_a_damaged_or_hostile_file_is_refused(damage: Any, tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    NETWORK.save(path)
    arrays, header = read_npz(path, "brian", 1)
    arrays = dict(arrays)
    damage(arrays, header)
    write_npz(path, "brian", 1, arrays, header)
    with pytest.raises(FileError, match=r"network\.npz"):
        BrianNetwork.load(path)


def test_a_graph_has_parameters_of_neurons_and_links() -> None:
    graph = NETWORK.graph()
    j, i = int(NETWORK.pre[5]), int(NETWORK.post[5])
    assert graph.nodes[7]["tau_m"] == NETWORK.values["tau_m"][7]
    assert graph[j][i]["weight"] == NETWORK.weight[5]
    assert graph[j][i]["tau_plus"] == NETWORK.link_values["tau_plus"][5]


@pytest.mark.parametrize("made", [NETWORK.to_brian2, build(ReservoirSpec(neurons=20), seed=0).to_brian2])
def test_the_target_of_code_is_chosen(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(brian2.prefs, "codegen.target", "cython")
    network = made(plastic=True, target="numpy")
    network.run(2 * brian2.ms)
    for name in ("neurons", "recurrent", "input", "channels"):
        group = network[name]
        made_of = {type(one.codeobj) for one in group.contained_objects if getattr(one, "codeobj", None) is not None}
        assert made_of == {brian2.NumpyCodeObject}, name
    with pytest.raises(InputError, match="target = 'fortran': must be auto"):
        made(target="fortran")
    monkeypatch.setattr("hrsnn.engines.brian.session.compiler_works", lambda: False)
    with pytest.raises(InputError, match=r"target = 'cython': needs a C\+\+ compiler"):
        made(target="cython")


def test_types_of_neurons_share_a_parameter_in_the_unit_of_the_excitatory() -> None:
    model = BrianModel(neurons=20).updated({"refractory_period_inh": "0.002 second"})
    network = build_brian(model, seed=0)
    np.testing.assert_allclose(network.values["refractory_period"], np.where(network.is_excitatory, 3, 2))
