"""Values with units: every form in which one may be given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA

from hrsnn import Gamma, Uniform
from hrsnn.engines.brian.unit_text import unit_of_text
from hrsnn.equations import Amount
from hrsnn.errors import InputError
from hrsnn.files.parsing import parsed_toml


@pytest.mark.parametrize(
    ("given", "value", "unit"),
    [
        (3, 3.0, "1"),
        ("0.5", 0.5, "1"),
        ("281 pF", 281.0, "pF"),
        ("-70.6*mV", -70.6, "mV"),
        ("1e-3 1/ms", 1e-3, "1/ms"),
        (-70.6 * mV, -70.6, "mV"),
        (30 * nS, 3e-8, "siemens"),
        (Gamma(20 * ms, 0.5), Gamma(20, 0.5), "ms"),
        (Uniform(0, 2), Uniform(0, 2), "1"),
        ({"kind": "gamma", "mean": 5, "cv": 0.5, "unit": "nS"}, Gamma(5, 0.5), "nS"),
    ],
    ids=str,
)
def test_forms(given: Any, value: Any, unit: str) -> None:
    amount = Amount.of("g", given)
    assert (amount.value, amount.unit) == (value, unit)
    assert Amount.of("g", parsed_toml(f"g = {amount.to_toml()}")["g"]) == amount


@pytest.mark.parametrize(
    "given", ["2 foo", "(2", "2 __class__", "2 mV**99", "nan", None, float("inf"), True, {"kind": "x"}, [1, 2]], ids=str
)
def test_anything_else_is_an_error_of_its_field(given: Any) -> None:
    with pytest.raises(InputError, match="g_L"):
        Amount.of("g_L", given)


@pytest.mark.parametrize(
    ("text", "factor"), [("1", 1), ("nS", 1e-9), ("mV/ms", 1), ("nS*mV/pA", 1), ("pF**-1", 1e12), ("1/ms", 1e3)]
)
def test_units_by_name(text: str, factor: float) -> None:
    assert unit_of_text(text).factor == pytest.approx(factor, rel=1e-14)


def test_dimensions_are_those_of_brian2() -> None:
    assert unit_of_text("nS*mV").dim is pA.dim


def test_a_number_without_a_unit_keeps_that_of_the_parameter() -> None:
    assert Amount.of("C", 300, unit="pF") == Amount(300, "pF")
    assert Amount(Gamma(2, 0.5), "nS").scaled(3).mean == pytest.approx(6)
    np.testing.assert_array_equal(Amount(2, "nS").sample(3, np.random.default_rng(0)), [2, 2, 2])
