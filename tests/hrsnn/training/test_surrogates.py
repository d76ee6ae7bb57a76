"""Surrogate derivatives against finite differences, areas and published heights."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn.errors import InputError  # noqa: E402
from hrsnn.training.surrogates import SURROGATES, spike_function, step  # noqa: E402

NAMES = sorted(SURROGATES.own_names)
#: Away from the corners of the windows, on both sides.
POINTS = [-3.3, -0.81, -0.31, 0.27, 0.93, 4.1]
#: Window at 0 and its area, by the formulas of the sources.
HEIGHT_AND_AREA = {
    "fast_sigmoid": (0.5, 1.0),
    "superspike": (1.0, 2.0),
    "triangle": (1.0, 1.0),
    "arctan": (1.0, 1.0),
    "gaussian": (1 / math.sqrt(2 * math.pi), 1.0),
    "rectangle": (1.0, 1.0),
    "straight_through": (1.0, math.inf),
}


def gradient(name: str, points: list[float], width: float = 1.0) -> list[float]:
    u = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    spike_function(name, width)(u).sum().backward()
    return u.grad.tolist()


@pytest.mark.parametrize("width", [1.0, 0.4])
@pytest.mark.parametrize("name", NAMES)
def test_a_spike_is_above_the_threshold_whatever_the_surrogate(name: str, width: float) -> None:
    u = torch.tensor([-1e300, -1e-12, 0.0, 1e-12, 1e300], dtype=torch.float64)
    assert spike_function(name, width)(u).tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("width", [1.0, 0.4])
@pytest.mark.parametrize("name", NAMES)
def test_the_derivative_is_that_of_the_smooth_step(name: str, width: float) -> None:
    smooth, h = spike_function(name, width, smooth=True), 1e-6
    u = torch.tensor(POINTS, dtype=torch.float64) * width
    expected = (smooth(u + h) - smooth(u - h)) / (2 * h)
    assert gradient(name, u.tolist(), width) == pytest.approx(expected.tolist(), abs=1e-8)
    assert torch.autograd.gradcheck(smooth, (u.requires_grad_(),))


@pytest.mark.parametrize("name", NAMES)
def test_height_and_area_are_those_of_the_source(name: str) -> None:
    height, area = HEIGHT_AND_AREA[name]
    assert gradient(name, [0.0]) == pytest.approx([height])
    ends = torch.tensor([-1e9, 1e9], dtype=torch.float64)
    low, high = spike_function(name, smooth=True)(ends).tolist()
    if math.isfinite(area):
        assert high - low == pytest.approx(area, abs=1e-8)
    else:
        assert high - low == 2e9


def test_the_window_is_taken_at_each_entry_and_times_what_comes_from_above() -> None:
    u = torch.tensor([[0.5, -2.0], [1.5, 0.25]], dtype=torch.float64, requires_grad=True)
    (step(u, lambda x: x**2) * torch.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert u.grad.tolist() == [[0.25, 8.0], [6.75, 0.25]]


def test_a_window_may_follow_a_parameter() -> None:
    size = {"value": 1.0}
    u = torch.zeros(1, requires_grad=True)
    spikes = step(u, lambda x: torch.full_like(x, size["value"]))
    size["value"] = 7.0
    spikes.sum().backward()
    assert u.grad.item() == 7.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", NAMES)
def test_the_type_is_kept(name: str, dtype: torch.dtype) -> None:
    u = torch.zeros(3, dtype=dtype, requires_grad=True)
    spikes = spike_function(name)(u)
    spikes.sum().backward()
    assert (spikes.dtype, u.grad.dtype) == (dtype, dtype)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "triangel"}, "surrogate = 'triangel': did you mean 'triangle'?"),
        ({"width": 0.0}, "width = 0.0: must be positive"),
        ({"width": math.inf}, "width = inf"),
        ({"width": math.nan}, "width = nan"),
    ],
    ids=["name", "zero", "infinite", "nan"],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        spike_function(**arguments)
