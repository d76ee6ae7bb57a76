"""Lagged products against the plain sum."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn.analysis.capacity.lagged_products import lagged_products


@pytest.mark.parametrize("times", [1, 255, 256, 257, 1000])
@pytest.mark.parametrize("max_delay", [1, 7, 100])
def test_equal_to_the_sum(times: int, max_delay: int) -> None:
    random = np.random.default_rng(times + max_delay)
    rows, values = random.normal(size=(times, 3)), random.normal(size=(2, max_delay + times))
    found = lagged_products(rows, values, max_delay)
    assert found.shape == (2, 3, max_delay)
    for tau in range(1, max_delay + 1):
        expected = values[:, max_delay - tau : max_delay - tau + times] @ rows
        np.testing.assert_allclose(found[:, :, tau - 1], expected, atol=1e-12 * times)
