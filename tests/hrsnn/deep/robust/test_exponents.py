"""Exponents of feed-forward networks are those of their neurons: block-triangular Jacobians."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.learning.network import Spiking  # noqa: E402
from hrsnn.deep.models import architecture  # noqa: E402
from hrsnn.deep.neurons import integrate_and_fire, lif, qif_from_fixed_points  # noqa: E402
from hrsnn.deep.robust.exponents import layer_exponents  # noqa: E402
from hrsnn.errors import InputError  # noqa: E402
from hrsnn.training.surrogates import TRIANGLE, step  # noqa: E402


@pytest.mark.parametrize("gain", [0.3, 3.0])
def test_the_exponents_of_two_layers_are_those_of_their_neurons_whatever_the_weights_between_them(gain):
    """By QR of the Jacobians of all steps, through a window; the layer that reads the other one adds nothing."""
    random = torch.Generator().manual_seed(2)
    width, keep, steps, sizes = 20.0, 0.6, 200, (3, 4)
    between = gain * torch.randn(sizes[1], sizes[0], generator=random, dtype=torch.float64)
    inputs = torch.randn(steps, sizes[0], generator=random, dtype=torch.float64) + 0.4

    def spikes(u):
        return step(u - 1, lambda x: TRIANGLE.window(x / width) / width)

    def advance(state, x):
        first, second = state[: sizes[0]], state[sizes[0] :]
        new = keep * first * (1 - spikes(first)) + x
        return torch.cat([new, keep * second * (1 - spikes(second)) + between @ spikes(new)])

    state, basis = torch.zeros(sum(sizes), dtype=torch.float64), torch.eye(sum(sizes), dtype=torch.float64)
    by_qr, own = np.zeros(sum(sizes)), np.zeros(sum(sizes))
    for x in inputs:
        jacobian = torch.autograd.functional.jacobian(lambda u, x=x: advance(u, x), state)
        assert not jacobian[: sizes[0], sizes[0] :].any()
        own += np.log(np.abs(np.diag(jacobian.numpy())))
        # from the last layer on, so that triangular factors stay so
        basis, upper = torch.linalg.qr(jacobian.flip(0, 1) @ basis)
        by_qr += np.log(np.abs(np.diag(upper.numpy())))
        state = advance(state, x).detach()
    assert np.isfinite(own).all()
    assert np.sort(by_qr / steps) == pytest.approx(np.sort(own / steps), abs=1e-6)


def test_a_neuron_that_fires_forgets_and_one_that_does_not_keeps_its_share():
    network = Spiking(architecture("mlp", (2,), 3), lif(0.8), steps=5)
    with torch.no_grad():
        for name in ("linear1", "linear2"):
            network.weight[name].zero_()
        network.weight["linear1"][0, 0] = 50.0
        for norm in network.norm.values():
            norm.variance.fill_(1.0)
    found = layer_exponents(network, torch.ones(1, 2))
    assert found["spike1"][0] == -math.inf
    assert found["spike1"][1:] == pytest.approx(math.log(0.8))
    kept = Spiking(architecture("mlp", (2,), 3), integrate_and_fire(subtract=True), steps=5, window=1.0)
    assert layer_exponents(kept, torch.ones(1, 2))["spike1"] == pytest.approx(0.0)


def test_a_wide_window_gives_finite_exponents_where_there_were_none(chain):
    images = torch.from_numpy(chain.test.values[:20])
    without, through = (layer_exponents(chain.spiking, images, window)["spike1"] for window in (None, 50.0))
    assert np.isinf(without).mean() > 0.5
    assert np.isfinite(through).all()


def test_what_has_no_exponents_is_refused(chain):
    with pytest.raises(InputError, match="has no spikes"):
        layer_exponents(chain.network, torch.zeros(1, 1, 8, 8))
    with pytest.raises(InputError, match="must have a = 0"):
        layer_exponents(Spiking(architecture("mlp", (2,), 3), qif_from_fixed_points()), torch.zeros(1, 2))
