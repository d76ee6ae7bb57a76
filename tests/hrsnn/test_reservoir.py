"""The reservoir: immutable, checked, and the same again from a file."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import pickle

import numpy as np
import pytest

from hrsnn import FileError, InputError, Reservoir, ReservoirSpec, build
from hrsnn.files.npz import write_npz
from hrsnn.reservoir import Links


@pytest.fixture(scope="module")
def reservoir() -> Reservoir:
    return build(ReservoirSpec(neurons=30, delay_ee=1, background_rate=3), seed=1, channels=4)


def flat(reservoir: Reservoir) -> dict[str, np.ndarray]:
    return reservoir._arrays()


def test_arrays_cannot_be_changed(reservoir):
    for again in (reservoir, pickle.loads(pickle.dumps(reservoir)), copy.deepcopy(reservoir), reservoir.replace(dt=0.1)):
        for name, array in flat(again).items():
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
            assert not array.flags.writeable, name
    with pytest.raises(dataclasses.FrozenInstanceError):
        reservoir.dt = 3.0  # type: ignore[misc]


def test_the_callers_own_arrays_are_copied(reservoir):
    mine = np.full(30, 4.0)
    other = reservoir.replace(tau_m=mine)
    mine[:] = -1
    assert set(other.tau_m) == {4.0}
    view = np.full(30, 4.0)
    read_only = view[:]
    read_only.flags.writeable = False
    other = reservoir.replace(tau_m=read_only)
    view[:] = -1
    assert set(other.tau_m) == {4.0}


def test_copies_through_pickle_are_the_same(reservoir):
    assert pickle.loads(pickle.dumps(reservoir)).equals(reservoir)
    assert copy.deepcopy(reservoir).equals(reservoir)


def test_replace_and_equals(reservoir):
    heavier = reservoir.replace(weight=reservoir.w_max, input_weight=0 * reservoir.input_weight, delay=2 * reservoir.delay)
    np.testing.assert_array_equal(heavier.weight, reservoir.w_max)
    np.testing.assert_array_equal(heavier.delay, 2 * reservoir.delay)
    assert not heavier.input_weight.any()
    np.testing.assert_array_equal(heavier.recurrent.tau_plus, reservoir.recurrent.tau_plus)
    assert not heavier.equals(reservoir)
    assert heavier.replace(weight=reservoir.weight, input_weight=reservoir.input_weight, delay=reservoir.delay).equals(
        reservoir
    )
    assert not reservoir.replace(homeostasis=False).equals(reservoir)
    assert not reservoir.without_recurrence().equals(reservoir)


def test_without_recurrence_is_the_same_but_for_the_links(reservoir):
    control = reservoir.without_recurrence()
    assert (control.synapses, control.neurons, len(control.input)) == (0, 30, len(reservoir.input))
    assert control.replace(recurrent=reservoir.recurrent).equals(reservoir)


def links_of(reservoir: Reservoir, **changes: np.ndarray) -> Links:
    return dataclasses.replace(reservoir.recurrent, **changes)


def self_link(reservoir: Reservoir) -> Links:
    one = reservoir.recurrent.take(np.array([0]))
    return dataclasses.replace(one, post=one.pre)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: {"tau_m": r.tau_m[1:]}, r"tau_m = \(29,\): must have shape \(30,\): one value for each neuron"),
        (lambda r: {"tau_m": np.full(30, np.nan)}, r"tau_m\[0\] = nan: must be finite"),
        (lambda r: {"tau_m": np.arange(30.0)}, r"tau_m\[0\] = 0.0: must be positive"),
        (lambda r: {"refractory": np.arange(30.0) - 1}, r"refractory\[0\] = -1.0: must not be negative"),
        (lambda r: {"v_reset": np.full(30, 15.0)}, r"v_reset\[0\] = 15.0: must be below v_threshold"),
        (lambda r: {"positions": np.zeros((30, 2))}, r"positions = \(30, 2\): must have shape \(30, 3\)"),
        (lambda r: {"is_excitatory": np.ones((30, 2), bool)}, r"is_excitatory = \(30, 2\): must have one dimension"),
        (lambda r: {"dt": 0}, r"dt = 0: must be positive"),
        (lambda r: {"dt": np.inf}, r"dt = inf: must be positive"),
        (lambda r: {"channels": 0}, r"channels = 0: must be a whole number >= 1"),
        (lambda r: {"channels": 2}, r"input.pre\[\d+\] = [23]: must be in 0..1"),
        (lambda r: {"weight": -r.weight}, r"recurrent.weight\[0\] = -.*: must not be negative"),
        (lambda r: {"weight": r.weight[1:]}, r"recurrent.weight = .*: must have shape"),
        (lambda r: {"weight": 2 * r.w_max}, r"recurrent.weight\[0\] = .*: must be at most w_max"),
        (lambda r: {"weight": r.weight * np.inf}, r"recurrent.weight\[0\] = inf: must be finite"),
        (lambda r: {"input_gain": r.input_gain[1:]}, r"input_gain = .*: must have shape .*: one value for each input link"),
        (lambda r: {"input_gain": np.nan * r.input_gain}, r"input_gain\[0\] = nan: must be finite"),
        (lambda r: {"recurrent": links_of(r, tau_plus=0 * r.weight)}, r"recurrent.tau_plus\[0\] = 0.0: must be positive"),
        (lambda r: {"recurrent": links_of(r, post=r.post + 30)}, r"recurrent.post\[0\] = \d+: must be in 0..29"),
        (lambda r: {"recurrent": self_link(r)}, r"recurrent.post\[0\] = \d+: a neuron cannot link to itself"),
        (lambda r: {"recurrent": links_of(r, pre=r.pre[::-1])}, r"recurrent.*(sorted|itself)"),
        (lambda r: {"weights": r.weight}, r"replace = \['weights'\]: must be names of a reservoir's arrays"),
    ],
)
def test_what_does_not_fit_together_is_named(reservoir, change, message):
    with pytest.raises(InputError, match=message):
        reservoir.replace(**change(reservoir))


def test_links_twice_are_refused(reservoir):
    twice = reservoir.recurrent.take(np.array([0, 0, 1]))
    with pytest.raises(InputError, match=r"links must be sorted by \(pre, post\), each once"):
        reservoir.replace(recurrent=twice)


def test_round_trip_through_a_file(reservoir, tmp_path):
    path = tmp_path / "a.npz"
    reservoir.save(path)
    again = Reservoir.load(path)
    assert again.equals(reservoir)
    for name, array in flat(reservoir).items():
        assert flat(again)[name].dtype == array.dtype
        assert not flat(again)[name].flags.writeable
    assert (again.channels, again.dt, again.homeostasis) == (4, 0.5, True)
    odd = reservoir.without_recurrence().replace(homeostasis=False, background_frozen=True, dt=0.1)
    odd.save(path)
    assert Reservoir.load(path).equals(odd)
    assert os.listdir(tmp_path) == ["a.npz"]


def test_a_saved_reservoir_holds_no_objects(reservoir, tmp_path):
    reservoir.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_bad_files_are_refused_with_the_reason(reservoir, tmp_path):
    path = tmp_path / "a.npz"
    arrays, header = flat(reservoir), reservoir._header()

    def refused(reason: str) -> None:
        with pytest.raises(FileError, match=reason) as caught:
            Reservoir.load(path)
        assert os.fspath(path) in str(caught.value)

    refused("does not exist")
    path.write_bytes(b"")
    refused("damaged")
    reservoir.save(path)
    path.write_bytes(path.read_bytes()[:-2000])
    refused("damaged")
    np.savez(path, **arrays)
    refused("does not say what it is")
    write_npz(path, "spike trains", 1, arrays, header)
    refused("holds a 'spike trains', wanted a 'reservoir'")
    write_npz(path, "reservoir", 2, arrays, header)
    refused("has version 2 of its layout; this hrsnn reads up to 1: upgrade")
    for wrong_arrays, wrong_header in (
        ({k: v for k, v in arrays.items() if k != "tau_m"}, header),
        ({k: v for k, v in arrays.items() if k != "recurrent.pre"}, header),
        ({**arrays, "extra": np.zeros(3)}, header),
        ({**arrays, "tau_m": -arrays["tau_m"]}, header),
        ({**arrays, "tau_m": np.array(["x"] * 30)}, header),
        ({**arrays, "is_excitatory": np.array(True)}, header),
        ({**arrays, "recurrent.pre": np.zeros((3, 3))}, header),
        (arrays, None),
        (arrays, [1]),
        (arrays, {**header, "dt": None}),
        (arrays, {**header, "dt": "fast"}),
        (arrays, {**header, "colour": 3}),
    ):
        write_npz(path, "reservoir", 1, wrong_arrays, wrong_header)
        refused("is damaged or no reservoir")


def test_a_full_disk_leaves_the_old_file(reservoir, tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    reservoir.save(path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(FileError, match="cannot be written: No space left on device"):
        reservoir.replace(dt=0.1).save(path)
    assert Reservoir.load(path).equals(reservoir)
    assert os.listdir(tmp_path) == ["a.npz"]


def test_counts_and_short_names(reservoir):
    assert (reservoir.neurons, reservoir.synapses) == (30, len(reservoir.weight))
    for short, field in (("pre", "pre"), ("post", "post"), ("weight", "weight"), ("delay", "delay"), ("w_max", "w_max")):
        assert getattr(reservoir, short) is getattr(reservoir.recurrent, field)
    for short, field in (("input_channel", "pre"), ("input_post", "post"), ("input_weight", "weight")):
        assert getattr(reservoir, short) is getattr(reservoir.input, field)
    assert json.dumps(reservoir._header())
