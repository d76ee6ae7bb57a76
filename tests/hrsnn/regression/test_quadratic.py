"""Quadratic readouts: functions that they know exactly, scikit-learn as an independent method, and their size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from hrsnn.analysis import ridge_readout
from hrsnn.errors import InputError
from hrsnn.regression.quadratic import QuadraticExpansion, quadratic_readout, series_readout

RANDOM = np.random.default_rng(0)
STATES = RANDOM.normal(size=(500, 5)) @ RANDOM.normal(size=(5, 5)) + 3


def test_any_quadratic_form_is_exact_and_its_readout_takes_further_states() -> None:
    form, slope = RANDOM.normal(size=(5, 5)), RANDOM.normal(size=5)
    target = np.einsum("ti,ij,tj->t", STATES, form, STATES) + STATES @ slope - 7
    found = quadratic_readout(STATES, target, train=300)
    np.testing.assert_allclose(found.prediction, target, atol=1e-6 * np.abs(target).max())
    np.testing.assert_allclose(found.readout(STATES[300:]).ravel(), found.prediction[300:], rtol=1e-9)
    assert np.std(ridge_readout(STATES, target, train=300).prediction[300:] - target[300:]) > 0.1 * target.std()


def test_it_is_ridge_on_the_polynomial_features_of_scikit_learn() -> None:
    target = RANDOM.normal(size=(500, 2))
    rows = StandardScaler().fit(STATES[20:300]).transform(STATES)
    features = PolynomialFeatures(2, include_bias=False).fit_transform(rows)
    split = 300 - round(0.2 * 280)  # columns are scaled by the rows that the penalty is fitted on
    z = StandardScaler().fit(features[20:split]).transform(features)
    for alpha in (1e-4, 0.1, 10.0):
        model = Ridge(alpha=alpha * 280).fit(z[20:300], target[20:300])
        ours = quadratic_readout(STATES, target, 300, alphas=[alpha], washout=20)
        np.testing.assert_allclose(ours.prediction, model.predict(z), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("units", "components", "columns"), [(5, 32, 20), (5, 5, 20), (5, 2, 8), (40, 8, 76), (32, 32, 560)]
)
def test_its_size_is_what_it_says(units: int, components: int, columns: int) -> None:
    states = RANDOM.normal(size=(900, units))
    expand = QuadraticExpansion.fit(states, components)
    assert expand.columns == expand(states).shape[1] == columns
    assert quadratic_readout(states, states[:, 0], 800, components).columns == columns


def test_of_many_states_the_products_are_those_of_principal_components() -> None:
    states = RANDOM.normal(size=(600, 3)) @ RANDOM.normal(size=(3, 20)) + 0.1 * RANDOM.normal(size=(600, 20))
    scaled = StandardScaler().fit(states).transform(states)
    components = PCA(3).fit_transform(scaled)
    products = QuadraticExpansion.fit(states, 3)(states)[:, 20:]
    wanted = PolynomialFeatures(2, include_bias=False).fit_transform(components)[:, 3:]
    np.testing.assert_allclose(np.abs(products), np.abs(wanted), rtol=1e-6, atol=1e-9)  # signs of components are free


def test_the_test_part_changes_nothing_before_it() -> None:
    target = STATES[:, 0] ** 2
    other = STATES.copy()
    other[300:] *= 50
    for components in (2, 8):
        one, two = (quadratic_readout(states, target, 300, components).prediction[:300] for states in (STATES, other))
        np.testing.assert_array_equal(one, two)


def test_states_that_never_vary_give_the_training_mean() -> None:
    target = np.arange(60.0)
    found = quadratic_readout(np.zeros((60, 4)), target, train=40)
    np.testing.assert_allclose(found.prediction, 19.5)


def test_no_components_are_a_linear_readout() -> None:
    target = RANDOM.normal(size=500)
    linear = ridge_readout(STATES, target, 300, washout=10)
    np.testing.assert_array_equal(series_readout(STATES, target, 300, 10).prediction, linear.prediction)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"components": 0}, "components = 0: must be a whole number >= 1"),
        ({"components": 101}, "components = 101: must be at most 100"),
        ({"components": 2.5}, "components"),
        ({"train": 501}, "train = 501"),
        ({"washout": 300}, "train = 300"),
        ({"states": np.full((500, 2), np.nan)}, "states"),
    ],
    ids=["none", "too many", "a fraction", "train", "washout", "nan"],
)
def test_bad_input_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        quadratic_readout(**{"states": STATES, "targets": STATES[:, 0], "train": 300, **changes})
