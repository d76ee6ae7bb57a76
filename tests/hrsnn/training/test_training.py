"""The loop: known answers, checkpoints, and what is refused."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from training_networks import EVERYTHING, small, two_classes  # noqa: E402

from hrsnn import Currents, InputError, ReservoirSpec, SpikeTrains, Uniform, build, simulate  # noqa: E402
from hrsnn.errors import DivergenceError, FileError  # noqa: E402
from hrsnn.files.npz import read_npz, write_npz  # noqa: E402
from hrsnn.training import TrainableNetwork, TrainingOptions, train  # noqa: E402
from hrsnn.training import loop as training_loop  # noqa: E402

TRAINS, LABELS = two_classes(12)
VALIDATION = two_classes(8, seed=1)
OPTIONS = TrainingOptions(epochs=3, batch=5, learning_rate=0.03)
#: Uncoupled neurons that all get both channels.
UNCOUPLED = {"connectivity": "random", "connection_probability": 0, "input_fraction": 1, "input_probability": 1}


def network(learn: tuple[str, ...] = ("recurrent", "inputs", "tau_m", "readout"), **options: Any) -> TrainableNetwork:
    return TrainableNetwork(small(15), 2, learn, **options)


def parameters(module: TrainableNetwork) -> list[np.ndarray]:
    return [one.detach().numpy().copy() for one in module.parameters()]


def test_two_channels_are_told_apart() -> None:
    module = network()
    found = train(module, TRAINS, LABELS, VALIDATION, dataclasses.replace(OPTIONS, epochs=8))
    assert [one.epoch for one in found.epochs] == list(range(9))
    assert found.epochs[found.best].validation_score == 1.0
    assert found.epochs[-1].train_loss < found.epochs[1].train_loss
    assert found.epochs[found.best].rate > 1


def test_a_learning_rate_of_0_moves_nothing(tmp_path: Path) -> None:
    reservoir = small(15)
    module = TrainableNetwork(reservoir, 2, (*EVERYTHING, "readout"))
    before = parameters(module)
    options = dataclasses.replace(OPTIONS, learning_rate=0.0, rate_weight=1.0, voltage_weight=1.0)
    found = train(module, TRAINS, LABELS, VALIDATION, options)
    for one, other in zip(before, parameters(module), strict=True):
        np.testing.assert_array_equal(one, other)
    assert module.network().equals(reservoir)
    assert len({one.validation_loss for one in found.epochs}) == 1


def test_only_what_learns_moves() -> None:
    for name in ("recurrent", "inputs", "tau_m", "v_threshold", "delays", "readout"):
        reservoir = small(15)
        module = TrainableNetwork(reservoir, 2, (name,), longest_delay=10.0, width=10.0)
        weight = module.readout.weight.detach().clone()
        train(module, TRAINS, LABELS, VALIDATION, dataclasses.replace(OPTIONS, epochs=1, learning_rate=0.5))
        module.dynamics.named.get(name, module.readout)
        # the parameters after the best epoch may be those before training
        assert torch.equal(module.readout.weight, weight) or name == "readout"
        after = module.network()
        arrays = {"recurrent": "weight", "inputs": "input_weight", "delays": "delay"}
        for other in ("weight", "input_weight", "tau_m", "v_threshold", "delay", "tau_exc"):
            if other != arrays.get(name, name):
                np.testing.assert_array_equal(getattr(after, other), getattr(reservoir, other), err_msg=f"{name} {other}")


def test_the_rate_is_regularised_towards_its_target() -> None:
    rates = []
    for target in (2.0, 60.0):
        options = TrainingOptions(epochs=6, batch=12, learning_rate=0.05, rate_weight=10.0, rate_target=target)
        module = network(width=5.0)
        found = train(module, TRAINS, LABELS, VALIDATION, options)
        rates.append(found.epochs[-1].rate)
    assert rates[0] < found.epochs[0].rate < rates[1]


def teacher_and_student(factor: float) -> tuple[np.ndarray, np.ndarray]:
    """tau_m of a teacher, and those that a student learns from its spikes, starting `factor` times off.

    Eight uncoupled neurons, driven through 12 mV by uniform noise that is held for 5 ms, 16 times 300 ms; the student sees
    the teacher's spikes filtered with 20 ms.
    """
    n, rng = 8, np.random.default_rng(0)
    stimulus = Currents(rng.uniform(-1, 1, (8, 60, 1)), dt=5.0)
    spec = ReservoirSpec.preset("dense", neurons=n, dt=1.0, **UNCOUPLED)
    teacher = build(spec, seed=1, channels=1).replace(tau_m=rng.uniform(10, 40, n), input_gain=np.full(n, 12.0))

    def seeing_spikes(tau_m: np.ndarray) -> TrainableNetwork:
        module = TrainableNetwork(teacher.replace(tau_m=tau_m), n, ("tau_m",), dtype="float64")
        with torch.no_grad():
            module.readout.weight.copy_(torch.eye(n))
            module.readout.bias.zero_()
        return module

    assert 5 < simulate(teacher, stimulus).rates.mean() < 30
    module = seeing_spikes(teacher.tau_m)
    with torch.no_grad():
        aims = module(module.minibatch(module.samples(stimulus), range(8))).outputs.transpose(0, 1).numpy()
    student = seeing_spikes(teacher.tau_m * factor)
    options = TrainingOptions(epochs=16, batch=8, learning_rate=0.1, schedule="cosine", clip=0)
    train(student, stimulus, aims, (stimulus, aims), options)
    return teacher.tau_m, student.network().tau_m


@pytest.mark.parametrize("factor", [pytest.param(0.5, marks=pytest.mark.long), 1.5])
def test_the_time_constants_of_a_teacher_are_found_from_its_spikes(factor: float) -> None:
    wanted, found = teacher_and_student(factor)
    np.testing.assert_allclose(found, wanted, rtol=0.1)


def order_of_two(samples: int, seed: int) -> tuple[SpikeTrains, np.ndarray]:
    """One spike of each of two channels, 20 ms apart, at any time: which comes first?"""
    rng, labels = np.random.default_rng(seed), np.arange(samples) % 2
    middle = rng.uniform(20, 70, samples)
    early = [[m - 10, m + 10] if label == 0 else [m + 10, m - 10] for m, label in zip(middle, labels, strict=True)]
    return SpikeTrains.from_samples([(times, [0, 1]) for times in early], 2, 110.0), labels


def test_delays_learn_a_coincidence_that_no_weights_find() -> None:
    """Currents and membranes of 2 ms forget a spike long before the other comes; only delays bring the two together."""
    spec = ReservoirSpec.preset("dense", neurons=8, dt=1.0, **UNCOUPLED, excitatory_fraction=1)
    spec = spec.updated({"tau_m_exc": 2, "tau_exc": 2, "i_bias": 5, "v_start": 5, "v_reset": 0, "w_max_factor": 10})
    accuracy = {}
    for learn, delay in (("inputs", 0), ("input_delays", Uniform(0, 8))):
        reservoir = build(spec.updated({"input_weight": 18, "delay_input": delay}), seed=0, channels=2)
        module = TrainableNetwork(reservoir, 2, (learn, "readout"), width=4.0, longest_delay=30.0, tau_readout=5.0)
        options = TrainingOptions(epochs=22, batch=32, learning_rate=0.05)
        found = train(module, *order_of_two(32, seed=1), order_of_two(48, seed=2), options)
        accuracy[learn] = found.epochs[found.best].validation_score
    assert accuracy["input_delays"] > 0.95
    assert accuracy["inputs"] < 0.75  # chance, and what the first and the last spikes tell at the edges


def test_a_series_of_targets_is_learned() -> None:
    """The mean of the input so far, a number at the end of each of four parts."""
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 1, (12, 4, 2))
    targets = np.cumsum(values[:, :, :1], axis=1) / np.arange(1, 5)[:, None]
    reservoir = small(15, delay_input=0)
    module = TrainableNetwork(reservoir, 1)
    data = (Currents(values[:8], 10.0), targets[:8]), (Currents(values[8:], 10.0), targets[8:])
    found = train(module, *data[0], data[1], TrainingOptions(epochs=6, batch=4, learning_rate=0.03))
    assert found.epochs[found.best].validation_loss < 0.5 * found.epochs[0].validation_loss
    assert found.epochs[1].validation_score == -found.epochs[1].validation_loss


@pytest.mark.parametrize("schedule", ["constant", "plateau", "cosine"])
def test_a_training_goes_on_with_the_same_numbers(tmp_path: Path, schedule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = dataclasses.replace(OPTIONS, schedule=schedule, epochs=4)
    whole = network()
    wanted = train(whole, TRAINS, LABELS, VALIDATION, options, tmp_path / "whole")

    class Stopped(Exception):
        pass

    step = training_loop.take_step
    calls = []

    def stopping(*arguments: Any) -> tuple[float, float]:
        calls.append(1)
        if len(calls) % 4 == 0:
            raise Stopped
        return step(*arguments)

    monkeypatch.setattr(training_loop, "take_step", stopping)
    runs = 0
    while True:
        module, runs = network(), runs + 1
        try:
            found = train(module, TRAINS, LABELS, VALIDATION, options, tmp_path / "parts")
        except Stopped:
            continue
        break
    assert runs > 2
    assert repr(found) == repr(wanted)  # nan is not equal to itself
    for one, other in zip(parameters(whole), parameters(module), strict=True):
        np.testing.assert_array_equal(one, other)
    for name in ("checkpoint.npz", "log.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()


@pytest.mark.long
def test_a_killed_training_goes_on(tmp_path: Path) -> None:
    code = textwrap.dedent(
        """
        import os, sys
        from test_training import LABELS, OPTIONS, TRAINS, VALIDATION, network
        from hrsnn.training import loop, train
        save, saved = loop.checkpoints.save, []
        def killing(*arguments):
            save(*arguments)
            saved.append(1)
            if len(sys.argv) > 2 and len(saved) == 2:
                os.kill(os.getpid(), 9)
        loop.checkpoints.save = killing
        train(network(), TRAINS, LABELS, VALIDATION, OPTIONS, sys.argv[1])
        """
    )
    environment = {"PYTHONPATH": ":".join([str(Path(__file__).parent), *sys.path])}

    def run(*arguments: str) -> int:
        import os

        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env={**os.environ, **environment}, check=False, timeout=200).returncode

    assert run(str(tmp_path / "killed"), "kill") == -9
    assert run(str(tmp_path / "killed")) == 0
    train(network(), TRAINS, LABELS, VALIDATION, OPTIONS, tmp_path / "whole")
    for name in ("checkpoint.npz", "log.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes()


def test_training_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    options = dataclasses.replace(OPTIONS, learning_rate=0.0, epochs=50, patience=2)
    found = train(network(), TRAINS, LABELS, VALIDATION, options)
    assert (found.best, len(found.epochs)) == (0, 3)


def test_a_nan_loss_stops_with_the_epoch_and_keeps_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(network(), TRAINS, LABELS, VALIDATION, dataclasses.replace(OPTIONS, epochs=1), tmp_path)
    kept = (tmp_path / "checkpoint.npz").read_bytes()
    module = network()
    penalty = training_loop.take_step.__globals__["rate_penalty"]
    monkeypatch.setitem(training_loop.take_step.__globals__, "rate_penalty", lambda *one: penalty(*one) * float("nan"))
    monkeypatch.setattr(training_loop, "_settings", lambda *one: _without_rates(*one))
    with pytest.raises(DivergenceError, match=r"the loss is nan in epoch 2: the checkpoint of epoch 1 is kept"):
        train(module, TRAINS, LABELS, VALIDATION, dataclasses.replace(OPTIONS, rate_weight=1.0), tmp_path)
    assert (tmp_path / "checkpoint.npz").read_bytes() == kept


_settings = training_loop._settings


def _without_rates(*arguments: Any) -> dict[str, Any]:
    found = _settings(*arguments)
    found["options"]["rate_weight"] = 0.0
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"module": lambda: network(("recurrent", "readout"))}, "is of a training that was made with other settings: "),
        ({"module": lambda: network(width=3.0)}, "made with other settings: model"),
        ({"module": lambda: network(seed=5)}, "made with other settings: "),
        ({"labels": 1 - LABELS}, "made with other settings: data"),
        ({"options": dataclasses.replace(OPTIONS, batch=4)}, "made with other settings: options"),
    ],
    ids=["learn", "width", "seed", "labels", "batch"],
)
def test_checkpoints_of_another_training_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    train(network(), TRAINS, LABELS, VALIDATION, OPTIONS, tmp_path)
    module = change.get("module", network)()
    with pytest.raises(FileError, match=message):
        train(module, TRAINS, change.get("labels", LABELS), VALIDATION, change.get("options", OPTIONS), tmp_path)


def test_a_longer_training_goes_on(tmp_path: Path) -> None:
    train(network(), TRAINS, LABELS, VALIDATION, dataclasses.replace(OPTIONS, epochs=1), tmp_path / "parts")
    longer = train(network(), TRAINS, LABELS, VALIDATION, OPTIONS, tmp_path / "parts")
    assert repr(longer) == repr(train(network(), TRAINS, LABELS, VALIDATION, OPTIONS))


def test_damaged_checkpoints_are_refused(tmp_path: Path) -> None:
    train(network(), TRAINS, LABELS, VALIDATION, OPTIONS, tmp_path)
    path = tmp_path / "checkpoint.npz"
    whole = path.read_bytes()
    arrays, header = read_npz(path, "training", 1)
    name = next(name for name in arrays if name.startswith("now/"))
    for change in (whole[: len(whole) // 2], b"", {name: arrays[name] * np.nan}, {name: arrays[name][:-1]}, {name: None}):
        if isinstance(change, bytes):
            path.write_bytes(change)
        else:
            changed = {key: value for key, value in {**arrays, **change}.items() if value is not None}
            write_npz(path, "training", 1, changed, header)
        with pytest.raises(FileError, match=r"checkpoint\.npz: "):
            train(network(), TRAINS, LABELS, VALIDATION, OPTIONS, tmp_path)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (LABELS + 1, "targets = .*: must be whole numbers from 0 to 1, one for each output"),
        (LABELS - 1, "must be whole numbers from 0 to 1"),
        (LABELS * 0.5, "must be whole numbers from 0 to 1"),
        (LABELS[:5], r"targets = \(5,\): must be 12 classes"),
        (np.zeros((12, 3)), "must be 12 classes, or 12 x K x 2 numbers"),
        (np.zeros((12, 3, 5)), "must be finite numbers for 2 outputs"),
        (np.full((12, 3, 2), np.nan), "must be finite numbers for 2 outputs"),
        (np.array(["a"] * 12), "must be whole numbers from 0 to 1"),
    ],
    ids=["high", "low", "halves", "few", "flat", "outputs", "nan", "text"],
)
def test_targets_that_do_not_fit_are_refused(targets: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        train(network(), TRAINS, targets, VALIDATION, OPTIONS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": -1}, "epochs = -1"),
        ({"batch": 0}, "batch = 0"),
        ({"learning_rate": -0.1}, "learning_rate = -0.1"),
        ({"learning_rate": float("nan")}, "learning_rate = nan"),
        ({"schedule": "step"}, "schedule = 'step': must be one of constant, cosine, plateau"),
        ({"read": "mean"}, "read = 'mean': must be one of sum, max, final"),
        ({"clip": -1.0}, "clip = -1.0: must be positive and at most 1e+15, or 0 for none"),
        ({"clip": float("inf")}, "clip = inf: must be positive and at most 1e+15, or 0 for none"),
        ({"rate_target": 0.0}, "rate_target = 0.0"),
        ({"truncate": 0}, "truncate = 0"),
        ({"seed": -1}, "seed = -1"),
        ({"schedule": "x" * 5000}, "schedule = 'xxx"),
    ],
    ids=lambda one: "-".join(f"{name}" for name in one) if isinstance(one, dict) else "",
)
def test_bad_options_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        TrainingOptions(**change)
    assert str(refused.value).startswith(message)
    assert len(str(refused.value)) < 400


def test_nothing_to_learn_is_refused() -> None:
    with pytest.raises(InputError, match=r"learn = \(\): names nothing that learns"):
        train(network(()), TRAINS, LABELS, VALIDATION, OPTIONS)


def test_a_minibatch_beyond_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "100000")
    with pytest.raises(
        InputError, match=r"batch = 5: a minibatch of 40 steps .*set checkpoint, or lower batch.* would take"
    ):
        train(network(), TRAINS, LABELS, VALIDATION, OPTIONS)


def test_progress_reaches_the_end() -> None:
    seen: list[tuple[float, float]] = []
    train(network(), TRAINS, LABELS, VALIDATION, OPTIONS, progress=lambda *now: seen.append(now))
    assert seen[-1] == (80.0, 80.0)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
