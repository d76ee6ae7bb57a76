"""Conversion: thresholds on known distributions, rates in closed form, and networks that agree."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.learning.layers import SpikingLayer  # noqa: E402
from hrsnn.deep.learning.settings import NetworkSettings  # noqa: E402
from hrsnn.deep.neurons import integrate_and_fire  # noqa: E402
from hrsnn.deep.precision import Precision  # noqa: E402
from hrsnn.deep.robust.conversion import ConversionSettings, converted, threshold_of, thresholds_of  # noqa: E402
from hrsnn.deep.robust.ensemble import pictures, right  # noqa: E402
from hrsnn.errors import InputError  # noqa: E402


@pytest.mark.parametrize("subtract", [False, True])
def test_the_rate_of_a_constant_current_is_known(subtract):
    """Reset to 0: 1 / ceil(theta / x), which is not the current; with the threshold taken off: floor(T x / theta) / T."""
    layer = SpikingLayer(integrate_and_fire(1.0, subtract), Precision(), window=1.0)
    values, steps = torch.tensor([-0.5, 0.0, 0.3, 0.45, 0.6, 0.9, 1.7]), 256
    rates = layer(values.expand(steps, -1))[0].mean(0)
    if subtract:
        wanted = [min(1.0, max(0.0, x)) for x in values.tolist()]
        assert rates.tolist() == pytest.approx(wanted, abs=1 / steps)
    else:
        wanted = [0, 0, 1 / 4, 1 / 3, 1 / 2, 1 / 2, 1]
        assert rates.tolist() == pytest.approx(wanted, abs=1 / steps)


def test_a_threshold_is_the_largest_percentile_of_its_batches():
    random = np.random.default_rng(0)
    batches = [scale * random.exponential(size=400_000) for scale in (0.5, 2.0, 1.0)]
    assert threshold_of(batches, 99.7) == pytest.approx(2 * -math.log(0.003), rel=0.02)
    assert threshold_of([np.zeros(10)]) == 0.03


def passing() -> tuple[NetworkSettings, torch.nn.Module]:
    """Rectified units of which each reads one pixel unchanged."""
    settings = NetworkSettings("mlp", (4,), 3, steps=1, rectified=True)
    network = settings.build()
    with torch.no_grad():
        for name, norm in network.norm.items():
            network.weight[name].zero_()
            network.weight[name][:, 0] = 1.0
            norm.variance.fill_(1 - 1e-5)
    return settings, network.eval()


def test_the_threshold_of_the_first_layer_is_the_percentile_of_the_images():
    settings, network = passing()
    images = torch.linspace(0, 1, 1001)[:, None].repeat(1, 4)
    options = ConversionSettings(percentile=90.0, factor=0.5, batch=1001, calibration_steps=10, steps=3)
    _, spiking = converted(network, settings, images, options)
    assert thresholds_of(spiking)["spike1"] == pytest.approx(0.45, abs=1e-6)
    _, whole = converted(network, settings, images, dataclasses.replace(options, factor=1.0))
    # the second layer sees 0 or the first threshold
    assert thresholds_of(whole)["spike2"] == pytest.approx(0.9, abs=1e-4)


def test_rectified_units_and_integrators_agree_within_1_percent(chain):
    options = ConversionSettings(steps=256, factor=1.0, percentile=100.0, subtract=True, batches=2)
    _, spiking = converted(chain.network, chain.settings, pictures(chain.part)[0], options)
    images, labels = pictures(chain.test)
    with torch.no_grad():
        units, spikes = (one(images).mean(0) for one in (chain.network, spiking))
    assert float((units.argmax(1) == spikes.argmax(1)).float().mean()) >= 0.99
    counts = [int(right(one, images, labels).sum()) for one in (chain.network, spiking)]
    assert abs(counts[0] - counts[1]) <= 1  # of 100
    # and more so with more steps
    spiking.steps = 32
    with torch.no_grad():
        fewer = spiking(images).mean(0)
    apart = [float((one - units).abs().mean() / units.abs().mean()) for one in (spikes, fewer)]
    assert apart[0] < 0.03 < apart[1]


def test_finetuning_trains_thresholds_and_keeps_the_last_layer_without_a_bias(chain):
    layer = chain.spiking.spiking["spike1"]
    first = converted(
        chain.network, chain.settings, pictures(chain.part)[0], ConversionSettings(batches=3, calibration_steps=20)
    )
    assert thresholds_of(chain.spiking) != thresholds_of(first[1])
    assert not chain.spiking.bias["linear3"].any()
    with torch.no_grad():
        before = layer.threshold.clone()
        layer.threshold.fill_(-1.0)
        chain.spiking.project()
        assert float(layer.threshold) == pytest.approx(0.03)
        layer.threshold.copy_(before)


def test_settings_survive_json_and_old_files(chain):
    plain = chain.spiking_settings.plain()
    assert NetworkSettings.from_plain(plain) == chain.spiking_settings
    for name in ("rectified", "own_thresholds", "masked"):
        plain.pop(name)
    plain["neuron"].pop("subtract")
    assert not NetworkSettings.from_plain(plain).own_thresholds


def test_what_cannot_be_converted_is_refused(chain):
    with pytest.raises(InputError, match="has spikes already"):
        converted(chain.spiking, chain.spiking_settings, torch.zeros(2, 1, 8, 8), ConversionSettings())
    residual = NetworkSettings("resnet-18", (1, 8, 8), 3, steps=1, rectified=True)
    with pytest.raises(InputError, match="adds spikes to currents, which have no common unit"):
        converted(residual.build(), residual, torch.zeros(2, 1, 8, 8), ConversionSettings())
    with pytest.raises(InputError, match="percentile = 101"):
        ConversionSettings(percentile=101)
    with pytest.raises(InputError, match="steps = 2: must be 1: rectified units have no time"):
        NetworkSettings("mlp", (4,), 3, steps=2, rectified=True)
