"""Brian2 quantities at every place that takes a number."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brian2
import networkx
import numpy as np
import pytest
from brian2 import Hz, ms, mV, second, us
from hypothesis import given
from hypothesis import strategies as st
from unit_cases import RESERVOIR, UNITS, others

from hrsnn import (
    Constant,
    Gamma,
    InputError,
    LogNormal,
    Reservoir,
    ReservoirSpec,
    SpecError,
    Uniform,
)
from hrsnn.distributions import unit_in
from hrsnn.reservoir import Links, ShortTerm
from hrsnn.spec import unit_of_parameter
from hrsnn.tasks import TASKS
from hrsnn.validation.arrays import rules_of
from hrsnn.validation.units import OURS, plain, takes

ROOT = Path(__file__).resolve().parents[3]


# --- the one function


def fifteen(x: float) -> float:
    return float(f"{x:.15g}")


numbers = st.floats(-1e12, 1e12, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-12).map(fifteen)


@pytest.mark.parametrize("unit", OURS)
@given(values=st.lists(numbers, min_size=1, max_size=20))
def test_a_number_comes_back_from_its_unit(unit, values):
    quantity = UNITS[unit]
    assert plain(np.array(values) * quantity, unit).tolist() == values
    assert plain([value * quantity for value in values], unit) == values
    assert plain(tuple(value * quantity for value in values), unit) == tuple(values)
    assert plain({"a": [values[0] * quantity]}, unit) == {"a": [values[0]]}
    assert plain(values[0] * quantity, unit) == values[0]


@given(st.floats(-1e300, 1e300, allow_subnormal=False))
def test_any_float_comes_back_to_fifteen_digits(x):
    assert plain(x * Hz, "Hz") == pytest.approx(x, rel=1e-14, abs=0)


def test_rounding_is_exact_where_it_is_easy_to_miss():
    # 0.02 * 1e3 is 20.000000000000004 in some orders of factors, and 1000 has another number of digits than its neighbour
    hard = [20.0, 0.1, 0.3, 1e-9, 123456.789, 999.999999999999, 1000.0, 1e15, 3e20, 0.0, -0.7, np.inf]
    assert plain(np.array(hard) * ms, "ms").tolist() == hard
    assert [plain(x * ms, "ms") for x in hard] == hard
    assert np.isnan(plain(np.nan * ms, "ms"))


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.02 * second, "ms", 20.0),
        (3 * brian2.volt, "mV", 3000.0),
        (0.02 / ms, "Hz", 20.0),
        (ms, "ms", 1.0),
        ([3 * ms, 4], "ms", [3.0, 4]),
        ([np.array([1, 2]) * ms, [3 * ms]], "ms", [[1.0, 2.0], [3.0]]),
        ((3 * ms, 4 * us), "us", (3000.0, 4.0)),
        (brian2.Quantity(3.0), "", 3.0),
        (brian2.Quantity([3.0, 4.0]), "ms", [3.0, 4.0]),
    ],
    ids=repr,
)
def test_quantities_become_numbers_of_the_unit(value, unit, expected):
    found = plain(value, unit)
    flat = [x.tolist() if isinstance(x, np.ndarray) else x for x in found] if isinstance(found, list) else found
    assert (flat.tolist() if isinstance(flat, np.ndarray) else flat) == expected


def test_variables_of_brian2_and_arrays_of_objects_have_units_too():
    group = brian2.NeuronGroup(2, "v : volt")
    group.v = [1, 2] * mV
    assert plain(group.v, "mV").tolist() == [1.0, 2.0]  # no Quantity, and NumPy would read volts
    with pytest.raises(InputError, match="must be a quantity in ms"):
        plain(group.v, "ms")
    assert plain(np.array([3 * ms, 4 * ms], dtype=object), "ms") == [3.0, 4.0]
    pandas = pytest.importorskip("pandas")
    assert plain(pandas.Series([3 * ms, 4 * ms]), "ms") == [3.0, 4.0]
    assert plain(pandas.DataFrame({"t": [3 * ms]}), "ms") == [[3.0]]


@pytest.mark.parametrize(
    ("value", "unit", "message"),
    [
        (3 * mV, "ms", r"^x = 3\. \* mvolt: must be a quantity in ms, or a number"),
        ([3 * ms, 4 * mV], "ms", r"^x\[1\] = 4\. \* mvolt: must be a quantity in ms"),
        ([[1], [2, 4 * mV]], "ms", r"^x\[1\]\[1\] = 4\. \* mvolt"),
        ({"a": 4 * mV}, "ms", r"^x\['a'\] = 4\. \* mvolt"),
        (np.ones(2) * ms, "", r"^x = array\(\[1\., 1\.\]\) \* msecond: must be a number without a unit"),
        (1 * ms, "w_max", r"^x = 1\. \* msecond: must be a number without a unit"),
        (3 * brian2.nA, "mV", r"^x = 3\. \* namp: must be a quantity in mV"),
    ],
    ids=repr,
)
def test_quantities_of_another_dimension_are_refused_by_name(value, unit, message):
    with pytest.raises(InputError, match=message):
        plain(value, unit, "x")


@pytest.mark.parametrize(
    "value", [3, "auto", None, [1.0, 2.0], (1, "a"), {"a": [1]}, np.ones(3), range(3), RESERVOIR, {1, 2}]
)
def test_what_holds_no_quantity_is_the_same_object(value):
    assert plain(value, "ms") is value


class Untouchable(list):
    """A list that nobody may look through."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError

    __len__ = __getitem__ = __iter__


def test_without_brian2_nothing_is_looked_at(monkeypatch):
    monkeypatch.delitem(sys.modules, "brian2.units.fundamentalunits")
    given = Untouchable()
    assert plain(given, "ms") is given
    assert takes()(lambda x: x)(given) is given


def test_arrays_of_numbers_are_never_looked_through(monkeypatch):
    million = np.zeros(1_000_000)
    with monkeypatch.context() as patch:
        patch.setattr("hrsnn.validation.units._in_unit", lambda *_: pytest.fail("looked"))
        assert plain(million, "ms") is million
        assert plain([million, million], "ms")[0] is million


# --- functions


def test_a_function_takes_what_it_says_and_refuses_the_rest():
    @takes(t="ms")
    def f(t, share=1.0, *, more=None, **options):
        return t, share, more, options

    assert f([1 * ms, 2], 0.5, more={"a": 1}, other=3) == ([1.0, 2], 0.5, {"a": 1}, {"other": 3})
    for wrong, name in (
        (lambda: f(1 * mV), "t"),
        (lambda: f(1, 2 * ms), "share"),
        (lambda: f(1, more=[2 * ms]), r"more\[0\]"),
        (lambda: f(1, other=2 * ms), "other"),
    ):
        with pytest.raises(InputError, match=f"^{name} = "):
            wrong()
    with pytest.raises(TypeError, match=r"too|takes"):
        f(1, 2, 3)
    with pytest.raises(TypeError, match="no parameter u"):
        takes(u="ms")(f.__wrapped__)


PUBLIC = ("hrsnn", "hrsnn.analysis", "hrsnn.analysis.protocols", "hrsnn.networks", "hrsnn.search")
#: Functions that take no number at all: results, runs, paths.
WITHOUT_NUMBERS = {
    *("firing_rates", "mean_rate", "silent_share"),  # the durations of their trains go through `plain`
    *("with_time_constants", "fitted_spec", "read_graph", "write_graph", "name_of", "original_weight", "missing_links"),
}


def public_functions() -> dict[str, Callable[..., Any]]:
    found = {}
    for package in PUBLIC:
        module = importlib.import_module(package)
        found |= {f"{package}.{name}": getattr(module, name) for name in module.__all__}
    found |= {f"tasks.{name}": declared.load for name, declared in TASKS.items()}
    return {name: one for name, one in found.items() if inspect.isfunction(one)}


FUNCTIONS = public_functions()


def test_every_public_function_says_what_it_takes():
    silent = {name.rpartition(".")[2] for name, one in FUNCTIONS.items() if not hasattr(one, "units_taken")}
    assert silent <= WITHOUT_NUMBERS


PARAMETERS = [
    (name, parameter)
    for name, one in FUNCTIONS.items()
    if hasattr(one, "units_taken")
    for parameter, about in inspect.signature(one).parameters.items()
    if about.kind not in (about.VAR_KEYWORD, about.VAR_POSITIONAL)
]


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_every_parameter_refuses_other_dimensions_by_name(name, parameter):
    function = FUNCTIONS[name]
    unit = function.units_taken.get(parameter, "")
    needed = [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty and p.kind < 2]
    for wrong in others(unit):
        for value, where in ((wrong, ""), ([wrong], r"\[0\]"), ([1, (2, wrong)], r"\[1\]\[1\]"), (np.ones(2) * wrong, "")):
            with pytest.raises(InputError, match=rf"^{parameter}{where} = .*: must be a (quantity in|number without)"):
                function(**{**dict.fromkeys(needed), parameter: value})


@pytest.mark.parametrize("name", [name for name, one in FUNCTIONS.items() if getattr(one, "units_taken", None)])
def test_the_units_taken_are_those_of_the_documentation(name):
    function = FUNCTIONS[name]
    text = inspect.getdoc(function) or ""
    section = re.search(r"Parameters\n-+\n(.*?)(?:\n\n[A-Z]\w+\n-+|\Z)", text, re.S)
    if section is None:
        return
    for head, body in re.findall(r"^(\S[^\n]*)\n?((?:    [^\n]*\n?)*)", section[1], re.M):
        said = re.search(r"(?<![\w/`])(ms|mV|Hz|1/s)(?![\w/`])", head.partition(":")[2] + " " + body)
        for parameter in re.split(r"\s*,\s*", head.partition(":")[0].strip()):
            taken = function.units_taken.get(parameter)
            if said and taken:
                assert said[1] in {"Hz": ("Hz", "1/s")}.get(taken, (taken,))


# --- the parameters of a spec, from the model itself

FIELDS = list(ReservoirSpec.model_fields)
DRAWN = [n for n in FIELDS if "Distribution" in str(ReservoirSpec.model_fields[n].annotation)]
WITH_UNIT = [n for n in FIELDS if unit_of_parameter(n) in OURS]


def test_a_field_has_a_unit_that_is_known():
    assert {unit_of_parameter(n) for n in FIELDS} == {"ms", "mV", "Hz", "w_max", ""}
    assert len(WITH_UNIT) > 30


@pytest.mark.parametrize("name", WITH_UNIT)
def test_a_parameter_takes_quantities_of_its_dimension(name):
    unit = UNITS[unit_of_parameter(name)]
    pairs: list[tuple[Any, Any]] = [(0.7 * unit, 0.7), (brian2.Quantity(0.7 * unit), 0.7)]
    if name in DRAWN:
        pairs += [
            ([0.1 * unit, 0.3 * unit], [0.1, 0.3]),
            ((0.1 * unit, 0.3 * unit), [0.1, 0.3]),
            ([0.1 * unit, 0.3], [0.1, 0.3]),
            (np.array([0.1, 0.3]) * unit, [0.1, 0.3]),
            (Constant(0.7 * unit), Constant(0.7)),
            (Uniform(0.1 * unit, 0.3 * unit), Uniform(0.1, 0.3)),
            (Uniform(0.1, 0.3 * unit), Uniform(0.1, 0.3)),
            (Gamma(mean=0.7 * unit, cv=0.5, low=0.1 * unit, high=2 * unit), Gamma(0.7, 0.5, 0.1, 2)),
            ({"kind": "lognormal", "mean": 0.7 * unit, "cv": 0.5}, LogNormal(0.7, 0.5)),
        ]
    for quantity, number in pairs:
        wanted = ReservoirSpec(**{name: number})
        assert ReservoirSpec(**{name: quantity}) == wanted
        assert ReservoirSpec().updated({name: quantity}) == wanted
    if name in DRAWN:
        changed = ReservoirSpec(**{name: Gamma(0.5, 0.5)}).updated({f"{name}.mean": 0.7 * unit})
        assert changed == ReservoirSpec(**{name: Gamma(0.7, 0.5)})


@pytest.mark.parametrize("name", FIELDS)
def test_a_parameter_refuses_other_dimensions_by_name(name):
    for wrong in others(unit_of_parameter(name)):
        values: list[Any] = [wrong, [wrong], (1, wrong), np.ones(2) * wrong]
        if name in DRAWN and wrong.dim is not brian2.nA.dim:
            values += [Constant(wrong), Uniform(0.1 * wrong, wrong), Gamma(wrong, 0.5), {"kind": "constant", "value": wrong}]
            values += [copy.deepcopy(Gamma(wrong, 0.5)), pickle.loads(pickle.dumps(LogNormal(wrong, 0.5)))]
            values += [dataclasses.replace(Gamma(wrong, 0.5), cv=0.3), Gamma(wrong, 0.5).scaled(2.0).below(9.0)]
        for value in values:
            for make in (lambda v: ReservoirSpec(**{name: v}), lambda v: ReservoirSpec().updated({name: v})):
                with pytest.raises(SpecError) as caught:
                    make(value)
                assert len(caught.value.problems) == 1
                assert re.match(rf"{name}(\[\d\])? = ", caught.value.problems[0]), caught.value.problems


def test_all_wrong_units_of_a_spec_are_told_at_once():
    with pytest.raises(SpecError) as caught:
        ReservoirSpec(tau_m_exc=20 * mV, background_rate=20 * ms, neurons=-1, weight_scale=[5 * mV])
    assert [problem.partition(" = ")[0] for problem in caught.value.problems] == [
        "neurons",
        "tau_m_exc",
        "weight_scale[0]",
        "background_rate",
    ]


def test_a_distribution_remembers_its_dimension_and_is_else_the_same():
    made, number = Gamma(30 * ms, 0.5, 3 * ms), Gamma(30, 0.5, 3)
    assert (made, hash(made), repr(made), made.to_dict()) == (number, hash(number), repr(number), number.to_dict())
    assert unit_in(made) == "ms"
    assert unit_in(number) is None
    assert vars(number) == {"mean": 30.0, "cv": 0.5, "low": 3.0, "high": np.inf}
    assert [field.name for field in dataclasses.fields(made)] == ["mean", "cv", "low", "high"]
    assert ReservoirSpec(tau_m_exc=made).to_toml() == ReservoirSpec(tau_m_exc=number).to_toml()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gamma(30 * ms, 0.5 * ms), "^cv = .*number without a unit"),
        (lambda: Gamma(30 * ms, 0.5, 3 * mV), "^low = .*quantity in ms"),
        (lambda: Uniform(-8 * mV, 8 * ms), "^high = .*quantity in mV"),
        (lambda: Constant([3 * ms]), "^value = .*must be a number|^value"),
        (lambda: Gamma(30 * ms, 0.5).scaled(2 * ms), "^factor = "),
        (lambda: Gamma(30 * ms, 0.5).below(60 * mV), "^high = "),
        (lambda: Gamma(30, 0.5, unit="V"), "^unit = "),
    ],
)
def test_a_distribution_is_of_one_dimension(make, message):
    with pytest.raises(InputError, match=message):
        make()


# --- arrays of a network


def array_fields() -> list[tuple[type, str]]:
    return [(cls, name) for cls in (Reservoir, Links, ShortTerm) for name in rules_of(cls)]


@pytest.mark.parametrize(("cls", "name"), array_fields(), ids=lambda x: getattr(x, "__name__", x))
def test_an_array_of_a_network_is_in_the_unit_of_its_comment(cls, name):
    line = re.search(rf"^    {name}: .*?#: (.*?)$", inspect.getsource(cls), re.M | re.S)
    assert line is not None
    said, unit = re.search(r"(?<!\w)(ms|mV|Hz)(?!\w)", line[1]), rules_of(cls)[name].unit
    assert unit == (said[1] if said else "")
    part = {Reservoir: RESERVOIR, Links: RESERVOIR.recurrent, ShortTerm: RESERVOIR.short_term}[cls]
    value = getattr(part, name)
    for wrong in others(unit):
        with pytest.raises(InputError, match=rf"^{name} = "):
            dataclasses.replace(part, **{name: np.asarray(value, float) * wrong})
    if unit:
        for given in (value * UNITS[unit], [x * UNITS[unit] for x in value]):
            again = getattr(dataclasses.replace(part, **{name: given}), name)
            np.testing.assert_allclose(again, value, rtol=6e-15, atol=0)


def test_graphs_may_carry_quantities():
    def graph(unit_weight: Any, unit_time: Any, **about: Any) -> networkx.DiGraph:
        edges = [(0, 1, 2.0), (1, 2, -1.0), (2, 0, 1.0)]
        made = networkx.DiGraph(
            [(a, b, {"weight": w * unit_weight, "delay": 1.5 * unit_time}) for a, b, w in edges], **about
        )
        for node in made:
            made.nodes[node].update(tau_m=(20 + node) * unit_time, v_rest=0.3 * unit_weight)
        return made

    numbers = Reservoir.from_graph(graph(1, 1, weight_unit="mV"))
    assert Reservoir.from_graph(graph(mV, ms)).equals(numbers)
    assert Reservoir.from_graph(graph(mV, ms, weight_unit="mV")).equals(numbers)
    for wrong in (graph(ms, ms), graph(mV, mV)):
        with pytest.raises(InputError, match=r"^(weight|delay|tau_m|v_rest) = .*must be a quantity in"):
            Reservoir.from_graph(wrong)
    mixed = graph(mV, ms)
    mixed[0][1]["weight"] = 2.0  # in mV, or to be scaled?
    with pytest.raises(InputError, match="on every edge or on none"):
        Reservoir.from_graph(mixed)
    placed = graph(1, 1)
    for node in placed:
        placed.nodes[node]["position"] = (node * ms, 0, 0)
    with pytest.raises(InputError, match=r"^position.* = "):
        Reservoir.from_graph(placed)


# --- what is no function of `takes`: each entry point with numbers, with quantities, and with a wrong dimension
