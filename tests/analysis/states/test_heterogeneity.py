"""Heterogeneity of parameters whose spread is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import polygamma

from hrsnn import Gamma, LogNormal, ReservoirSpec, build
from hrsnn.analysis import heterogeneity
from hrsnn.errors import InputError

SPEC = ReservoirSpec.preset("dense", neurons=200)


@pytest.mark.parametrize("cv", [0.1, 0.7])
def test_log_normal_in_closed_form(cv: float) -> None:
    values = LogNormal(20, cv).sample(200_000, np.random.default_rng(0))
    assert heterogeneity(values) == pytest.approx(0.5 * np.log1p(np.log1p(cv**2)), rel=0.02)


def test_gamma_in_closed_form() -> None:
    # the logarithm of a gamma variable of shape k has the variance trigamma(k)
    values = Gamma(30, 3**-0.5).sample(200_000, np.random.default_rng(0))
    assert heterogeneity(values) == pytest.approx(0.5 * np.log1p(polygamma(1, 3)), rel=0.02)


def test_independent_parameters_add_and_copies_do_not() -> None:
    random = np.random.default_rng(0)
    logs = np.linalg.qr(random.normal(size=(100, 2)) - 0.0)[0]
    logs = np.linalg.qr(np.column_stack([np.ones(100), logs]))[0][:, 1:] * np.sqrt(99)  # variance 1, no covariance
    one = heterogeneity(np.exp(logs[:, 0]))
    assert one == pytest.approx(0.5 * np.log(2))
    assert heterogeneity(np.exp(logs)) == pytest.approx(2 * one)
    # one direction of variance 2
    assert heterogeneity(np.exp(logs[:, [0, 0]])) == pytest.approx(0.5 * np.log(3))
    assert heterogeneity(np.column_stack([np.exp(logs[:, 0]), np.full(100, 5.0)])) == pytest.approx(one)


@given(st.floats(1e-6, 1e6), st.integers(0, 1000))
def test_units_do_not_matter_and_group_means_do_not_count(unit: float, seed: int) -> None:
    values = np.random.default_rng(seed).gamma(3, 1, size=(20, 2))
    groups = np.arange(20) % 3
    expected = heterogeneity(values, groups)
    assert expected >= 0
    assert heterogeneity(values * unit, groups) == pytest.approx(expected, abs=1e-9)
    scaled = values * np.array([1.0, 1e3, 1e-3])[groups][:, None]
    assert heterogeneity(scaled, np.array(["a", "b", "c"])[groups]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("variant", "neurons", "synapses"),
    [("HoNHoS", False, False), ("HeNHoS", True, False), ("HoNHeS", False, True), ("HeNHeS", True, True)],
)
def test_variants_of_a_reservoir(variant: str, neurons: bool, synapses: bool) -> None:
    reservoir = build(SPEC.variant(variant), seed=1, channels=3)
    parts = {of: heterogeneity(reservoir, of=of) for of in ("neurons", "synapses", "both")}  # type: ignore[arg-type]
    # gamma of shape 3; four gammas of shape 4
    assert parts["neurons"] == pytest.approx(0.5 * np.log1p(polygamma(1, 3)) if neurons else 0, abs=0.05)
    assert parts["synapses"] == pytest.approx(2 * np.log1p(polygamma(1, 4)) if synapses else 0, abs=0.05)
    assert parts["both"] == pytest.approx(parts["neurons"] + parts["synapses"])


def test_stdp_that_is_off_is_no_parameter() -> None:
    reservoir = build(SPEC.updated({"a_plus": 0, "a_minus": 0}), seed=1)
    assert heterogeneity(reservoir, of="synapses") == pytest.approx(np.log1p(polygamma(1, 4)), abs=0.05)


@pytest.mark.parametrize(
    ("parameters", "options", "field"),
    [
        ([1.0, 0.0], {}, "parameters"),
        ([1.0, np.nan], {}, "parameters"),
        ([1.0, np.inf], {}, "parameters"),
        ([1.0], {}, "parameters"),
        (np.ones((2, 2, 2)), {}, "parameters"),
        ([1.0, 2.0], {"groups": [0, 1]}, "parameters"),
        ([1.0, 2.0], {"groups": [0]}, "groups"),
        ([1.0, 2.0], {"of": "neurons"}, "of"),
        (build(SPEC), {"of": "all"}, "of"),
        (build(SPEC), {"groups": [0]}, "groups"),
    ],
)
def test_bad_input(parameters, options, field) -> None:
    with pytest.raises(InputError) as caught:
        heterogeneity(parameters, **options)
    assert caught.value.field == field
