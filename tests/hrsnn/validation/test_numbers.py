"""Numbers at the edge."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of, float_vector, positive, whole_vector


@pytest.mark.parametrize("value", [0, -1.0, np.nan, np.inf, True, "3", None, [1.0]])
def test_what_is_not_positive_is_refused(value):
    with pytest.raises(InputError, match=r"^dt = .*: must be positive \(ms\)"):
        positive("dt", value, "ms")


@pytest.mark.parametrize("value", [0, -1, 2.0, True, "3", None])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(InputError, match=r"^steps = .*: must be a whole number >= 1"):
        count_of("steps", value)


def test_numbers_pass_unchanged():
    assert positive("dt", np.float32(0.5), "ms") == 0.5
    assert count_of("steps", np.int64(0), least=0) == 0


@pytest.mark.parametrize("values", [[0.5], [np.nan], [np.inf], ["a"], [2**31], [-(2**31) - 1], [[1]], 3])
def test_what_is_no_vector_of_whole_numbers_is_refused(values):
    with pytest.raises(InputError):
        whole_vector("channels", values, np.int32)


@pytest.mark.parametrize("values", [["a"], [[1.0]], 3.0, None])
def test_what_is_no_vector_of_numbers_is_refused(values):
    with pytest.raises(InputError):
        float_vector("times", values)


def test_a_vector_is_a_copy():
    given = np.array([1.0, 2.0])
    taken = float_vector("times", given)
    given[0] = 9.0
    assert taken.tolist() == [1.0, 2.0]
