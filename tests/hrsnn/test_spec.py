"""Specifications: bad values all at once, TOML there and back, variants, changes from the command line."""

from __future__ import annotations

import copy
import math
import os
import pickle
import textwrap
from pathlib import Path

import brian2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrsnn import Constant, FileError, Gamma, InputError, LogNormal, ReservoirSpec, SpecError, Uniform
from hrsnn.presets import PRESETS, VARIANTS

positive = st.floats(1e-3, 1e6)
values = {
    "neurons": st.integers(2, 10**6),
    "dt": st.floats(1e-3, 10),
    "tau_m_exc": st.one_of(
        positive,
        st.builds(Gamma, positive, st.floats(0.1, 2)),
        st.builds(lambda m, cv: LogNormal(m, cv, 0.1 * m, 9 * m), positive, st.floats(0.1, 1)),
        st.lists(positive, min_size=1, max_size=5).map(np.array),
    ),
    "v_rest": st.one_of(st.floats(-100, 100), st.builds(lambda a, b: Uniform(a, a + b), st.floats(-9, 9), positive)),
    "connectivity": st.sampled_from(["distance", "random"]),
    "input_probability": st.one_of(st.just("auto"), st.floats(0, 1)),
    "a_minus": st.one_of(st.just("auto"), st.floats(0, 1), st.builds(Gamma, positive, st.floats(0.1, 2))),
    "homeostasis": st.booleans(),
    "delay_ie": st.floats(0, 50),
}


@given(st.fixed_dictionaries({}, optional=values), st.booleans())
def test_round_trip_through_toml(chosen, comments):
    spec = ReservoirSpec(**chosen)
    again = ReservoirSpec.from_toml(spec.to_toml(comments=comments))
    assert again == spec
    assert again.to_toml() == spec.to_toml()
    for name in chosen:
        np.testing.assert_equal(getattr(again, name), getattr(spec, name))


def test_comments_say_the_meaning_and_unit_of_every_parameter():
    lines = ReservoirSpec().to_toml(comments=True).splitlines()
    assert len(lines) == 2 * len(ReservoirSpec.model_fields)
    assert all(line.startswith("# ") and len(line) > 10 for line in lines[::2])
    assert "(ms)" in next(line for line in lines if line.startswith("# membrane time constant of exc"))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"neuron": 3}, "neuron: no such parameter; did you mean 'neurons'?"),
        ({"tau_m_ex": 3}, "tau_m_ex: no such parameter; did you mean 'tau_m_exc'?"),
        ({"zzz": 3}, "zzz: no such parameter; `hrsnn spec` lists them all"),
        ({"neurons": 1}, "neurons = 1: must be greater than or equal to 2"),
        ({"neurons": 3.5}, "neurons = 3.5: must be a valid integer"),
        ({"neurons": True}, "neurons = True: must be a valid integer"),
        ({"dt": 0}, "dt = 0: must be greater than or equal to 0.0001"),
        ({"dt": math.nan}, "dt = nan: must be a finite number"),
        ({"dt": math.inf}, "dt = inf: must be a finite number"),
        ({"tau_exc": 0}, "tau_exc = 0: must be above 0"),
        ({"tau_exc": math.nan}, "value must be finite"),
        ({"tau_exc": Uniform(-1, 2)}, "must be above 0"),
        ({"tau_exc": [3.0, 0.0]}, "must be above 0"),
        ({"tau_exc": [[3.0]]}, "must be one-dimensional"),
        ({"tau_exc": [3.0, math.inf]}, "finite"),
        ({"tau_exc": []}, "not empty"),
        ({"tau_exc": None}, "tau_exc = None: must be a number, a distribution or an array"),
        ({"tau_exc": [1, "2"]}, "must be one-dimensional, and of numbers"),
        ({"tau_exc": [True, False]}, "must be one-dimensional, and of numbers"),
        ({"tau_exc": [[1, 2], [3]]}, "must be one-dimensional, and of numbers"),
        ({"tau_exc": True}, "tau_exc = True: must be a number, a distribution or an array"),
        ({"tau_exc": "fast"}, "tau_exc = 'fast': must be a number, a distribution or an array"),
        ({"tau_exc": {"kind": "gama", "mean": 3}}, "must be one of constant, gamma, lognormal, uniform"),
        ({"tau_exc": {"kind": "gamma", "mean": 3, "cv": 0.1, "low": 30}}, "move the mean or the bounds"),
        ({"weight_ee": -1}, "weight_ee = -1: must be at least 0"),
        ({"refractory_exc": Uniform(-1, 3)}, "must be at least 0"),
        ({"probability_ee": 1.5}, "probability_ee = 1.5: must be less than or equal to 1"),
        ({"input_probability": "autom"}, "input_probability = 'autom': must be"),
        ({"input_probability": 2}, "input_probability = 2: must be less than or equal to 1, or 'auto'"),
        ({"a_minus": -1}, "a_minus = -1: must be at least 0, or 'auto'"),
        (
            {"connectivity": "small-world"},
            "connectivity = 'small-world': must be 'in_degree', 'distance', 'random' or 'networkx'",
        ),
        ({"homeostasis": "perhaps"}, "homeostasis = 'perhaps': must be true or false"),
        ({"w_max_factor": 1}, "w_max_factor = 1: must be greater than 1"),
        ({"dt": 1 * brian2.mV}, "must be a quantity in ms"),
    ],
)
def test_bad_values_are_named_with_what_is_allowed(values, problem):
    with pytest.raises(SpecError) as caught:
        ReservoirSpec(**values)
    assert len(caught.value.problems) == 1
    (name,) = values
    assert caught.value.problems[0].startswith(name)
    assert problem in caught.value.problems[0]


def test_all_errors_come_at_once():
    bad = {"neuron": 1, "dt": -1, "tau_exc": -2, "a_minus": "never", "connectivity": "ring"}
    with pytest.raises(SpecError) as caught:
        ReservoirSpec(**bad)
    assert sorted(problem.replace(":", " ").split()[0] for problem in caught.value.problems) == sorted(bad)
    assert str(caught.value) == "; ".join(caught.value.problems)


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_are_two_switches(name):
    spec = ReservoirSpec(neurons=50, tau_exc=4)
    variant = spec.variant(name)
    assert (variant.heterogeneous_neurons, variant.heterogeneous_synapses) == VARIANTS[name]
    assert variant.variant("HeNHeS") == spec
    assert name == f"{'He' if VARIANTS[name][0] else 'Ho'}N{'He' if VARIANTS[name][1] else 'Ho'}S"


def test_unknown_variants_are_refused():
    with pytest.raises(InputError, match=r"variant = 'HeHe': must be one of HoNHoS, HeNHoS, HoNHeS, HeNHeS"):
        ReservoirSpec().variant("HeHe")


@pytest.mark.parametrize(
    ("changes", "name", "wanted"),
    [
        ({"neurons": "300"}, "neurons", 300),
        ({"tau_exc": "4"}, "tau_exc", Constant(4)),
        ({"tau_exc": "[1, 2.5]"}, "tau_exc", np.array([1, 2.5])),
        ({"tau_exc": "{kind = 'uniform', low = 1, high = 2}"}, "tau_exc", Uniform(1, 2)),
        ({"tau_m_exc.mean": "25"}, "tau_m_exc", Gamma(25, 0.577, 3, 200)),
        ({"tau_m_exc.mean": 25, "tau_m_exc.high": "inf"}, "tau_m_exc", Gamma(25, 0.577, 3)),
        ({"tau_m_exc.kind": "lognormal"}, "tau_m_exc", LogNormal(15, 0.577, 3, 200)),
        ({"connectivity": "random"}, "connectivity", "random"),
        ({"homeostasis": "false"}, "homeostasis", False),
        ({"input_probability": "0.3"}, "input_probability", 0.3),
        ({"tau_exc": 4 * brian2.ms}, "tau_exc", Constant(4)),
    ],
)
def test_updated_takes_values_strings_and_dotted_names(changes, name, wanted):
    spec = ReservoirSpec(delay_ee=1)
    updated = spec.updated(changes)
    np.testing.assert_equal(getattr(updated, name), wanted)
    assert updated.delay_ee == Constant(1)
    assert spec == ReservoirSpec(delay_ee=1)


def test_delays_of_links_or_a_speed_switch_the_default_off():
    plain = ReservoirSpec()
    assert plain.delay_exc == plain.delay_inh == Uniform(1, 200)
    assert 'delay_exc = { kind = "uniform"' in plain.to_toml()
    for change in ({"delay_ee": 0}, {"delay_ie": Uniform(1, 5)}, {"delay_speed": 2.0}):
        spec = plain.updated(change)
        assert spec.delay_exc is None
        assert spec.delay_inh is None
        assert "delay_exc =" not in spec.to_toml()
        assert "# delay_exc is not given" in spec.to_toml(comments=True)
        assert ReservoirSpec.from_toml(spec.to_toml(comments=True)) == spec
    assert ReservoirSpec(delay_exc=3).delay_inh == Uniform(1, 200)
    assert ReservoirSpec(delay_exc=None).delay_exc == Constant(0)  # none at all
    assert ReservoirSpec(delay_exc=3).updated({"delay_exc": None, "delay_inh": 0, "delay_ee": 3}).delay_ee == Constant(3)


def test_a_whole_file_from_before_delays_had_a_default_keeps_its_meaning():
    after = {"delay_exc", "delay_inh", "input_channels", "in_degree_exc", "in_degree_inh", "psp_normalised"}
    dense = ReservoirSpec.preset("dense")
    lines = [line for line in dense.to_toml().splitlines() if line.partition(" ")[0] not in after]
    old = ReservoirSpec.from_toml("\n".join(lines))
    assert old == dense
    assert ReservoirSpec.from_toml("\n".join([*lines, "delay_ee = 3"])).delay_ee == Constant(3)
    assert ReservoirSpec.from_toml("\n".join(lines[1:])).delay_exc == Uniform(1, 200)  # a partial file has the new defaults


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"neuron": "3"}, "did you mean 'neurons'"),
        ({"neurons": "many"}, "neurons = 'many'"),
        ({"neurons.mean": 3}, "neurons.mean: neurons is no distribution, so it has no 'mean'"),
        ({"topology.k": 3}, "topology.k: topology is not given: set it whole first"),
        ({"tau_m.mean": 3}, "tau_m: no such parameter; did you mean 'tau_m"),
        ({"tau_m_exc.shape": 3}, "no parameter 'shape'"),
        ({"tau_m_exc.mean": -3}, "mean must be positive"),
        ({"tau_exc.mean": 3}, "no parameter 'mean'"),
    ],
)
def test_changes_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(SpecError, match=message):
        ReservoirSpec().updated(changes)


def test_equality_hash_and_copies():
    one, two = ReservoirSpec(tau_exc=[3.0, 4.0], neurons=2), ReservoirSpec(tau_exc=[3.0, 4.0], neurons=2)
    assert one == two
    assert one != two.updated({"tau_exc": "[3.0, 5.0]"})
    assert one != "spec"
    for again in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert again == one
        with pytest.raises(ValueError, match="read-only"):
            again.tau_exc[0] = 9
    with pytest.raises(ValueError, match="frozen"):
        one.neurons = 3


def test_file_round_trip(tmp_path):
    spec = ReservoirSpec(neurons=77, tau_exc=Uniform(2, 4))
    spec.save(tmp_path / "a.toml")
    assert ReservoirSpec.load(tmp_path / "a.toml") == spec


def test_bad_files_are_named(tmp_path):
    path = tmp_path / "a.toml"
    for content, error, message in (
        (None, FileError, "does not exist"),
        (b"\xff\xfe", FileError, "is no UTF-8 text"),
        (b"neurons = = 3", SpecError, "no valid TOML.*line 1"),
        (b"neuron = 3", SpecError, "did you mean 'neurons'"),
    ):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(error, match=message) as caught:
            ReservoirSpec.load(path)
        assert os.fspath(path) in str(caught.value)
    with pytest.raises(FileError, match="is a folder, and no ordinary file"):
        ReservoirSpec.load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tau_mexc.mean": 3}, "tau_mexc: no such parameter; did you mean 'tau_m_exc'"),
        ({"clusters": 50, "neurons": 20}, "clusters = 50: 20 neurons make at most half as many"),
        ({"refractory_exc": 1e300}, "refractory_exc = 1e+300: must be at least 0 and at most 1e+06"),
        ({"refractory_inh": Gamma(1e6, 0.5)}, "refractory_inh"),
        ({"delay_ee": 1e9}, "delay_ee = 1000000000.0: must be at least 0 and at most 1000"),
        ({"delay_exc": -1}, "delay_exc = -1: must be at least 0 and at most 1000"),
        ({"delay_inh": "nan"}, "delay_inh"),
        ({"delay_exc": 1, "delay_ee": 2}, "delay_exc and delay_ee: give delays per neuron (delay_exc, delay_inh), per link"),
        ({"delay_ii": 1, "delay_speed": 2}, "delay_ii and delay_speed: give delays per neuron"),
        ({"delay_speed": 0}, "delay_speed = 0: must be greater than 0"),
        ({"background_rate": 1e12}, "background_rate"),
        ({"dt": 1e-12}, "dt = 1e-12"),
        ({"neurons": 10**9}, "neurons = 1000000000"),
    ],
)
def test_what_would_overflow_or_never_end_is_refused(changes, message):
    with pytest.raises(SpecError) as caught:
        ReservoirSpec().updated(changes)
    assert message in str(caught.value)


def test_a_wrong_dotted_name_hides_no_other_problem():
    with pytest.raises(SpecError) as caught:
        ReservoirSpec().updated({"neurons.mean": 3, "dt": 0})
    assert len(caught.value.problems) == 2


def test_a_distribution_without_an_upper_bound_is_fine_where_its_mean_is():
    assert ReservoirSpec(refractory_exc=Gamma(3, 0.5)).refractory_exc == Gamma(3, 0.5)


def test_presets_change_what_they_name_and_nothing_else():
    plain = ReservoirSpec()
    assert ReservoirSpec.preset("default") == plain
    for name, changes in PRESETS.items():
        spec = ReservoirSpec.preset(name)
        assert {field for field in type(spec).model_fields if getattr(spec, field) != getattr(plain, field)} == set(changes)
        assert ReservoirSpec.from_toml(spec.to_toml()) == spec
    with pytest.raises(InputError, match="preset = 'dens': must be one of default, dense"):
        ReservoirSpec.preset("dens")


def test_the_changelog_has_the_lines_that_restore_the_earlier_defaults():
    text = (Path(__file__).resolve().parents[2] / "CHANGELOG.md").read_text()
    block = text.partition("```toml\n")[2].partition("```")[0]
    assert ReservoirSpec.from_toml(textwrap.dedent(block)) == ReservoirSpec.preset("dense")
