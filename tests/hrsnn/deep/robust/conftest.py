"""Networks that are trained once for all tests of robust networks."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.frames import Frames, frames_of  # noqa: E402
from hrsnn.deep.learning.network import Spiking  # noqa: E402
from hrsnn.deep.learning.optimisers import TrainingSettings  # noqa: E402
from hrsnn.deep.learning.settings import NetworkSettings  # noqa: E402
from hrsnn.deep.learning.training import train  # noqa: E402
from hrsnn.deep.robust.conversion import ConversionSettings, converted  # noqa: E402
from hrsnn.deep.robust.ensemble import first_samples, pictures  # noqa: E402
from hrsnn.deep.robust.objectives import Adversarial  # noqa: E402
from hrsnn.tasks import load_task  # noqa: E402


class Chain(NamedTuple):
    """A network of rectified units, the one of spikes that it became, and samples."""

    part: Frames
    validation: Frames
    test: Frames
    settings: NetworkSettings
    network: Spiking
    spiking_settings: NetworkSettings
    spiking: Spiking


@pytest.fixture(scope="session")
def chain() -> Chain:
    """Digits of 8 x 8 pixels: trained by TRADES for six epochs, converted, and finetuned for two."""
    task = load_task("digits").subset(train=600, test=200)
    (part, validation), (_, test) = frames_of(task.validation_part()), frames_of(task)
    settings = NetworkSettings("mlp", part.shape, 10, steps=1, rectified=True)
    loss = Adversarial("trades", 0.1, steps=3)
    network = train(settings, TrainingSettings(epochs=6, batch=32), part, validation, objective=loss).network
    options = ConversionSettings(batches=3, calibration_steps=20)
    target, spiking = converted(network, settings, pictures(part)[0], options)
    short = TrainingSettings(epochs=2, learning_rate=0.05)
    found = train(target, short, part, validation, start=spiking.arrays(), objective=dataclasses.replace(loss, method="kl"))
    return Chain(part, validation, first_samples(test, 100, 0), settings, network, target, found.network)
