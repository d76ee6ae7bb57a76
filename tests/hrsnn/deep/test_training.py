"""Training: what is learnt, chosen, kept and resumed."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.frames import Frames  # noqa: E402
from hrsnn.deep.learning.checkpoint import read_checkpoint, write_checkpoint  # noqa: E402
from hrsnn.deep.learning.optimisers import TrainingSettings  # noqa: E402
from hrsnn.deep.learning.predictions import predictions  # noqa: E402
from hrsnn.deep.learning.settings import NetworkSettings  # noqa: E402
from hrsnn.deep.learning.training import train  # noqa: E402
from hrsnn.deep.neurons import qif_from_fixed_points  # noqa: E402
from hrsnn.deep.precision import precision_of  # noqa: E402
from hrsnn.errors import DivergenceError, FileError, InputError  # noqa: E402

SHORT = TrainingSettings(epochs=3, batch=32)


def mlp(part: Frames, **options) -> NetworkSettings:
    return NetworkSettings("mlp", part.shape, 10, **options)


def test_same_seed_same_numbers(digits):
    part, validation = digits
    runs = [train(mlp(part), dataclasses.replace(SHORT, seed=seed), part, validation) for seed in (1, 1, 2)]
    assert runs[0].history == runs[1].history != runs[2].history
    for name, value in runs[0].network.arrays().items():
        assert np.array_equal(value, runs[1].network.arrays()[name])
    assert runs[0].history[-1]["loss"] < runs[0].history[0]["loss"]
    assert runs[0].history[-1]["validation_accuracy"] > 0.8


def test_the_global_state_of_pytorch_is_left_alone(digits):
    part, validation = digits
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    train(mlp(part), dataclasses.replace(SHORT, epochs=1), part, validation)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_the_best_epoch_of_the_validation_part_is_kept(digits):
    part, validation = digits
    settings = mlp(part, precision=precision_of(1, 4))
    found = train(settings, dataclasses.replace(SHORT, epochs=4), part, validation)
    accuracies = [row["validation_accuracy"] for row in found.history]
    assert found.best_epoch == int(np.argmax(accuracies)) + 1
    right = predictions(found.network, settings, validation) == validation.labels
    assert right.mean() == max(accuracies)


def test_without_a_learning_rate_no_weight_moves(digits):
    part, validation = digits
    settings = mlp(part)
    found = train(settings, dataclasses.replace(SHORT, learning_rate=0.0), part, validation)
    for name, value in settings.build(0).named_parameters():
        assert np.array_equal(found.network.arrays()[name], value.detach().numpy()), name


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_a_run_that_was_stopped_ends_with_the_same_numbers(optimiser, digits, tmp_path, monkeypatch):
    part, validation = digits
    rate = 0.1 if optimiser == "sgd" else 0.003
    training = TrainingSettings(epochs=4, batch=64, optimiser=optimiser, learning_rate=rate, augment=("images", "cutout"))
    settings = mlp(part, neuron=qif_from_fixed_points(), precision=precision_of(1, 2), learn_neurons=True)
    whole = train(settings, training, part, validation)
    path = tmp_path / "checkpoint.npz"

    def stop(done: float, total: float) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(settings, training, part, validation, checkpoint=path, progress=stop)
    assert read_checkpoint(path).epoch == 2
    resumed = train(settings, training, part, validation, checkpoint=path)
    assert resumed.history == whole.history
    assert resumed.best_epoch == whole.best_epoch
    for name, value in whole.network.arrays().items():
        assert np.array_equal(value, resumed.network.arrays()[name]), name


CHILD = """
import sys, time
from pathlib import Path
from hrsnn.deep.frames import frames_of
from hrsnn.deep.learning.settings import NetworkSettings
from hrsnn.deep.learning.training import train
from hrsnn.deep.learning.optimisers import TrainingSettings
from hrsnn.tasks import load_task
part, validation = frames_of(load_task("digits").subset(train=400, test=200).validation_part())
train(NetworkSettings("mlp", part.shape, 10), TrainingSettings(epochs=6, batch=32), part, validation,
      checkpoint=Path(sys.argv[1]), progress=lambda done, total: time.sleep(0.5))
"""


def test_a_killed_run_goes_on_to_the_same_numbers(digits, tmp_path):
    part, validation = digits
    path, training = tmp_path / "checkpoint.npz", TrainingSettings(epochs=6, batch=32)
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], env=os.environ)
    try:
        limit = time.monotonic() + 100
        while not path.exists() and time.monotonic() < limit:
            time.sleep(0.05)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert 1 <= read_checkpoint(path).epoch < 6
    resumed, whole = (train(mlp(part), training, part, validation, checkpoint=one) for one in (path, None))
    assert resumed.history == whole.history
    for name, value in whole.network.arrays().items():
        assert np.array_equal(value, resumed.network.arrays()[name]), name


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_epochs_before(digits, tmp_path, monkeypatch):
    part, validation = digits
    path = tmp_path / "checkpoint.npz"
    from hrsnn.deep.learning import training as module

    real, calls = module.temporal_cross_entropy, []

    def broken(outputs, labels):
        calls.append(1)
        return real(outputs, labels) * (float("nan") if len(calls) > len(part) // 32 + 3 else 1)

    monkeypatch.setattr(module, "temporal_cross_entropy", broken)
    with pytest.raises(DivergenceError, match="the loss is nan in epoch 2: lower learning_rate"):
        train(mlp(part), SHORT, part, validation, checkpoint=path)
    assert read_checkpoint(path).epoch == 1


def test_a_checkpoint_of_another_run_is_refused(digits, tmp_path):
    part, validation = digits
    path = tmp_path / "checkpoint.npz"
    train(mlp(part), dataclasses.replace(SHORT, epochs=1), part, validation, checkpoint=path)
    with pytest.raises(FileError, match="made with other settings: training"):
        train(mlp(part), SHORT, part, validation, checkpoint=path)
    with pytest.raises(FileError, match="made with other settings: network"):
        train(mlp(part, steps=2), dataclasses.replace(SHORT, epochs=1), part, validation, checkpoint=path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: {"best": {}}, "is of another network"),
        (lambda state: {"last": state.last | {"bias.linear3": np.zeros(3, np.float32)}}, "bias.linear3.*another network"),
        (lambda state: {"best": state.best | {"bias.linear3": np.full(10, np.nan)}}, "must be of finite numbers"),
        (lambda state: {"best": state.best | {"bias.linear3": np.full(10, "1")}}, "must be of finite numbers"),
        (lambda state: {"optimiser": {"steps": np.asarray(3)}}, "is of another network or optimiser"),
        (lambda state: {"optimiser": state.optimiser | {"steps": np.asarray(-1)}}, "steps = -1"),
        (lambda state: {"history": []}, "must have 1 epochs"),
        (lambda state: {"history": [{"loss": "x"}]}, "must be of numbers"),
        (lambda state: {"best_epoch": 2}, "of which one is the best"),
    ],
)
def test_a_checkpoint_that_is_none_of_this_network_is_refused_by_name(change, message, digits, tmp_path):
    part, validation = digits
    path, one = tmp_path / "checkpoint.npz", dataclasses.replace(SHORT, epochs=1)
    train(mlp(part), one, part, validation, checkpoint=path)
    state = read_checkpoint(path)
    write_checkpoint(path, dataclasses.replace(state, **change(state)))
    with pytest.raises(FileError, match=f"checkpoint.npz: is damaged or no deep network.*{message}"):
        train(mlp(part), one, part, validation, checkpoint=path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(FileError):
        read_checkpoint(path)


def test_without_an_epoch_the_same_call_reads_its_file(digits, tmp_path):
    part, validation = digits
    none, path = dataclasses.replace(SHORT, epochs=0), tmp_path / "checkpoint.npz"
    first, again = (train(mlp(part), none, part, validation, checkpoint=path).network.arrays() for _ in range(2))
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_given_weights_are_where_training_begins(digits):
    part, validation = digits
    full = train(mlp(part), dataclasses.replace(SHORT, epochs=4), part, validation)
    quantised = mlp(part, precision=precision_of(8, 8))
    none = dataclasses.replace(SHORT, epochs=0)
    found = train(quantised, none, part, validation, start=full.network.arrays())
    assert np.array_equal(found.network.arrays()["weight.linear1"], full.network.arrays()["weight.linear1"])
    assert (found.history, found.best_epoch) == ([], 0)


def test_a_batch_that_would_not_fit_is_refused_before_it_is_made(digits, monkeypatch):
    part, validation = digits
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e8")
    with pytest.raises(InputError, match=r"batch = 1000000: a batch of 280 samples in 100000 steps would take about"):
        train(mlp(part, steps=100_000), TrainingSettings(batch=1_000_000), part, validation)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": -1}, "epochs = -1"),
        ({"batch": 1}, "batch = 1"),
        ({"optimiser": "rmsprop"}, "optimiser = 'rmsprop': must be one of sgd, adam"),
        ({"learning_rate": float("nan")}, "learning_rate = nan"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        TrainingSettings(**options)


def test_settings_survive_json(digits):
    part, _ = digits
    settings = mlp(part, neuron=qif_from_fixed_points(), precision=precision_of(1, 2, reproduce="code"), window=0.5)
    assert NetworkSettings.from_plain(settings.plain()) == settings
    with pytest.raises(InputError, match="coding = 'rate'"):
        mlp(part, coding="rate")
