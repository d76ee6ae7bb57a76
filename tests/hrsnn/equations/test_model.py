"""Models: what Brian2 and the package refuse, as one line that names the field; changes and files."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from hrsnn import Gamma
from hrsnn.equations import Amount, BrianModel
from hrsnn.equations.presets import PRESETS
from hrsnn.errors import HrsnnError, SpecError

OWN: dict[str, Any] = {
    "neurons": 20,
    "equations": "dv/dt = (E_L - v + I)/tau : volt (unless refractory)",
    "threshold": "v > -50*mV",
    "reset": "v = E_L",
    "refractory": 2,
    "drive": "I",
    "on_pre": "v_post += w",
    "weight_ee": "1 mV",
    "input_gain": "20 mV",
    "parameters": {"E_L": "-65 mV", "tau": "20 ms"},
    "initial": {"v": "E_L"},
}


@pytest.fixture(scope="module")
def lif() -> BrianModel:
    """Made when it is needed: Brian2 checks its equations for seconds."""
    return BrianModel(neurons=20)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"equations": "dv/dt = "}, "equations = 'dv/dt =': must be equations"),
        ({"equations": "dv/dt = (E_L - v + I)/tau : mV"}, "Use 'volt' instead"),
        ({"equations": "dv/dt = (E_L - v + I)/tau : volt**9**9"}, "equations = 'volt**9**9': must be a unit of Brian2"),
        ({"equations": "dv/dt = (E_L - v + I) : volt"}, "(E_L - v + I) : volt': has units that do not agree"),
        ({"equations": "dv/dt = (E_L - v + I)/tua : volt"}, "equations = 'tua': is not defined"),
        ({"equations": "dv/dt = (E_L - v + I)/tau : volt (linked)"}, "must have flags of"),
        ({"threshold": "v > -50"}, "threshold = 'v > -50': has units that do not agree"),
        ({"threshold": "v + 1*mV"}, "threshold = 'v + 1*mV': must be a condition"),
        ({"threshold": ""}, "threshold = '': must not be empty"),
        ({"reset": "v = V_reset"}, "reset = 'V_reset': is not defined"),
        ({"reset": "tau = 3*ms"}, "reset = 'tau': is a constant"),
        ({"refractory": "v"}, "refractory = 'v': must be a time or a condition"),
        ({"refractory": -1}, "refractory = -1: must be a time from 0"),
        ({"method": "exactly"}, "method = 'exactly': must be one of auto, exact"),
        ({"method": "exact", "equations": "dv/dt = (E_L - v + I)/tau*(v/mV) : volt"}, "'exact': is refused by Brian2"),
        ({"record": "u"}, "record = 'u': must be one of v"),
        ({"drive": "v"}, "drive = 'v': must be a variable that no equation computes"),
        ({"drive": "I", "parameters": {"E_L": "-65 mV", "tau": "20 ms", "I": "3 mV"}}, "drive = 'I': must be a"),
        ({"drive": "", "input_gain": None}, "drive = '': must be given, or input_on_pre"),
        ({"input_gain": "3 nS"}, "has units that do not agree"),
        ({"input_gain": "3 nS", "equations": OWN["equations"] + "\nI : volt"}, "must have the unit of I"),
        ({"on_pre": "v_post += w*ms"}, "on_pre = 'v_post += w*ms': has units that do not agree"),
        ({"on_pre": "w += 1*mV"}, "on_pre = 'w': may change only in plasticity"),
        ({"on_pre": "v_post += w", "weight_ee": None}, "weight_ee = None: must be given"),
        ({"weight_ei": "2 nS"}, "must all have one unit, mV"),
        ({"weight_ee": "-1 mV"}, "weight_ee = '-1 mV': must not be negative"),
        ({"input_on_pre": "v_post += w"}, "input_weight = None: must be given"),
        ({"plastic_on_pre": "x += 1"}, "plastic_on_pre = 'x': is not defined"),
        ({"plasticity": "dtrace/dt = -trace/tau : 1 (event-driven)"}, "plasticity = 'trace': must have another name"),
        ({"plasticity": "dv/dt = -v/tau : volt (event-driven)"}, "plasticity = 'v': must have another name"),
        ({"parameters": {"E_L": "-65 mV", "tau": "20 mV"}}, "has units that do not agree"),
        ({"parameters": {"E_L": "-65 mV", "tau": "20 ms", "spare": 1}}, "parameters = 'spare': is used in no text"),
        ({"parameters": {"E_L": "-65 mV", "tau": "20 ms", "mV": 1}}, "parameters = 'mV'"),
        ({"parameters": {"E_L": "-65 mV", "tau": "20 ms", "dt": 1}}, "parameters = 'dt': is the name of a field"),
        ({"parameters": {"E_L": "-65 mV", "tau": "20 ms", "v": "1 mV"}}, "parameters = 'v': is computed by equations"),
        ({"synapse_parameters": {"tau": "2 ms"}}, "synapse_parameters = 'tau': must have another name"),
        ({"initial": {"v": "3"}}, "initial.v = Amount(3): must have the unit of v"),
        ({"initial": {"tau": "3 ms"}}, "initial = 'tau': must be a variable"),
        ({"initial": {"v": "E_K"}}, "initial.v = 'E_K': must be a value, or one of"),
        ({"delay_exc": "2 mV"}, "delay_exc = '2 mV': must be in ms"),
        ({"delay_exc": 2000}, "delay_exc = 2000: must be from 0 to 1000 ms"),
        ({"connectivity": "networkx"}, "connectivity = 'networkx': must be one of"),
        ({"neurons": 1}, "neurons = 1: must be a whole number from 2"),
        ({"plastic_input": 1}, "plastic_input = 1: must be true or false"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_one_line_that_names_the_field(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        BrianModel(**{**OWN, **changes})
    assert "\n" not in str(caught.value)
    assert said in str(caught.value)


def test_changes_are_of_fields_of_parameters_and_of_distributions(lif: BrianModel) -> None:
    model = lif.updated(
        {"tau_m_exc.mean": "20", "v_rest": "-1", "weight_ee.cv": 0.1, "parameters.v_reset": "4 mV", "neurons": "9"}
    )
    assert model.parameters["tau_m_exc"] == Amount(Gamma(20, 0.577, 3, 200), "ms")
    assert model.parameters["v_rest"] == Amount(-1, "mV")
    assert (model.weight_ee.value.cv, model.parameters["v_reset"].value, model.neurons) == (0.1, 4.0, 9)
    assert lif.parameters["v_rest"].value == 0
    # as a search reads and writes it
    assert lif.tau_m_exc == Gamma(15, 0.577, 3, 200)
    assert "tau_m_exc" in dir(lif)
    assert lif.updated({"tau_m_exc": Gamma(7, 0.3)}).parameters["tau_m_exc"] == Amount(Gamma(7, 0.3), "ms")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tau_m_ecx": 3}, "did you mean 'tau_m_exc'?"),
        ({"v_rest.mean": 3}, "v_rest is no distribution"),
        ({"v_rest": "much"}, "v_rest = 'much'"),
    ],
    ids=str,
)
def test_wrong_changes(lif: BrianModel, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        lif.updated(changes)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", PRESETS)
def test_a_model_is_its_toml(name: str, tmp_path: Path) -> None:
    model = BrianModel().updated({**PRESETS[name], "neurons": 30})
    model.save(tmp_path / "model.toml")
    again = BrianModel.load(tmp_path / "model.toml")
    assert again == model
    assert again.to_toml() == model.to_toml()
    assert pickle.loads(pickle.dumps(model)) == model
    assert hash(again) == hash(model)


def test_a_file_with_equations_is_a_whole_model(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('equations = "dv/dt = -v/tau : 1"\nthreshold = "v > 1"\nreset = "v = 0"\n[parameters]\ntau = "5 ms"\n')
    with pytest.raises(SpecError, match=r"own\.toml: drive = '': must be given, or input_on_pre"):
        BrianModel.load(path)
    path.write_text("neurons = 40\n")
    assert BrianModel.load(path) == BrianModel(neurons=40)


@pytest.mark.parametrize("text", ["equations = 3", "a = ", "parameters = 3", 'equations = "\\u0000"', "[initial]\nv = [1]"])
def test_a_damaged_file_is_an_error_of_the_package(text: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(HrsnnError, match=r"m\.toml"):
        BrianModel.load(tmp_path / "m.toml")


def test_a_parameter_of_two_types_is_one_name_in_the_equations(lif: BrianModel) -> None:
    assert set(lif.by_type) == {"tau_m", "refractory_period"}
    assert not BrianModel(**OWN).by_type
