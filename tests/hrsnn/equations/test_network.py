"""Networks by equations: arrays, files, graphs, and as Brian2 networks."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brian2
import numpy as np
import pytest

from hrsnn import InputError, ReservoirSpec, build
from hrsnn.equations import BrianModel, BrianNetwork, build_brian
from hrsnn.errors import FileError
from hrsnn.files.npz import read_npz, write_npz


@pytest.fixture(scope="module")
def network() -> BrianNetwork:
    """Made when it is needed: Brian2 checks its equations for seconds."""
    return build_brian(BrianModel(neurons=30), seed=1, channels=3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda network: {"weight": -network.weight}, "weight"),
        (lambda network: {"post": network.post + 30}, "post"),
        (lambda network: {"pre": network.pre[::-1]}, "must be sorted"),
        (lambda _: {"is_excitatory": np.ones(31, bool)}, "must have 30 values"),
        (lambda _: {"values": {}}, "values = .*: must have i_bias"),
        (lambda network: {"values": {**network.values, "tau_exc": np.full(30, np.nan)}}, "tau_exc.*must be finite"),
        (lambda network: {"link_values": {**network.link_values, "a_plus": np.ones(3)}}, "must have shape"),
        (lambda _: {"channels": 2}, "input_channel"),
        (lambda _: {"model": "text"}, "must be a BrianModel"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_arrays_must_agree(change: Callable[[BrianNetwork], dict[str, Any]], said: str, network: BrianNetwork) -> None:
    with pytest.raises(InputError, match=said):
        dataclasses.replace(network, **change(network))


def test_arrays_cannot_be_changed_and_survive_copies(network: BrianNetwork) -> None:
    copy = pickle.loads(pickle.dumps(network))
    for values in (copy.weight, copy.values["tau_m"], copy.initial["v"], network.link_values["a_plus"]):
        assert not values.flags.writeable
    np.testing.assert_array_equal(copy.values["tau_m"], network.values["tau_m"])
    changed = network.with_weights(network.weight * 2, network.input_weight)
    np.testing.assert_array_equal(changed.weight, 2 * network.weight)


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
def test_a_damaged_or_hostile_file_is_refused(damage: Any, network: BrianNetwork, tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    network.save(path)
    arrays, header = read_npz(path, "brian", 1)
    arrays = dict(arrays)
    damage(arrays, header)
    write_npz(path, "brian", 1, arrays, header)
    with pytest.raises(FileError, match=r"network\.npz"):
        BrianNetwork.load(path)


def test_a_graph_has_parameters_of_neurons_and_links(network: BrianNetwork) -> None:
    graph = network.graph()
    j, i = int(network.pre[5]), int(network.post[5])
    assert graph.nodes[7]["tau_m"] == network.values["tau_m"][7]
    assert graph[j][i]["weight"] == network.weight[5]
    assert graph[j][i]["tau_plus"] == network.link_values["tau_plus"][5]


@pytest.mark.parametrize("by_equations", [True, False])
def test_the_target_of_code_is_chosen(by_equations: bool, network: BrianNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    made = (network if by_equations else build(ReservoirSpec(neurons=20), seed=0)).to_brian2
    monkeypatch.setitem(brian2.prefs, "codegen.target", "cython")
    live = made(plastic=True, target="numpy")
    live.run(2 * brian2.ms)
    for name in ("neurons", "recurrent", "input", "channels"):
        group = live[name]
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
