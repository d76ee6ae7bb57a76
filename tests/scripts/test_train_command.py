"""``hrsnn train``: what it prints and writes, that it goes on, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn import Reservoir, ReservoirSpec, simulate
from hrsnn.balanced import BalancedNetwork
from hrsnn.files.npz import read_npz

SMALL = ("train", "--train", 40, "--test", 20, "--neurons", 20, "--set", "dt=1", "--epochs", 2, "--batch", 10)
PNG = b"\x89PNG\r\n\x1a\n"


def folder(path: Path) -> dict[str, bytes]:
    """All files but the times, also in subfolders."""
    files = (file for file in path.rglob("*") if file.is_file() and file.name != "timing.json")
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def test_json_and_out_folder(run: Any, tmp_path: Path) -> None:
    words = (*SMALL, "--variant", "HeNB", "--learn", "recurrent", "tau_m", "delays", "--seed", 3, "--json")
    ran = run(*words, "--out", tmp_path / "a")
    assert ran.code == 0, ran.err
    metrics = json.loads(ran.out)
    assert set(metrics["baselines"]["accuracy"]) == {"raw_input", "readout_only", "no_recurrence", "gru"}
    assert metrics["learn"] == ["recurrent", "tau_m", "delays", "readout"]
    assert metrics["seed"] == 3
    assert metrics["spikes"]["mean_rate"] > 0
    files = folder(tmp_path / "a")
    pictures = {"training", "tau_m", "accuracy", "confusion", "weights", "raster", "time_constants"}
    assert {name for name in files if name.endswith(".png")} == {f"{name}.png" for name in pictures}
    assert all(files[f"{name}.png"].startswith(PNG) for name in pictures)
    assert json.loads(files["metrics.json"]) == metrics
    assert files["log.csv"].count(b"\n") == 4  # a header, before training, two epochs
    reservoir = Reservoir.load(tmp_path / "a" / "reservoir.npz")
    assert reservoir.neurons == 20
    assert read_npz(tmp_path / "a" / "readout.npz", "readout", 1)[0]["weight"].shape == (10, 20)
    # once more in the folder, and in another: the same bytes
    for name in ("a", "b"):
        assert run(*words, "--out", tmp_path / name).code == 0
        assert folder(tmp_path / name) == files


def test_what_is_saved_classifies_as_reported(run: Any, tmp_path: Path) -> None:
    """By the compiled engine and the readout of the mean of filtered spikes."""
    from hrsnn.tasks import load_task

    words = ("--learn", "recurrent", "tau_m", "input_delays", "--dtype", "float64", "--no-controls", "--json")
    ran = run(*SMALL, "--set", "delay_input=3", *words, "--out", tmp_path / "a")
    assert ran.code == 0, ran.err
    task = load_task("digits", seed=0).subset(train=40, test=20, seed=0)
    part = task.validation_part()
    stimulus = part.encoder.fit(part.x_train).transform(task.x_test)
    activity = simulate(Reservoir.load(tmp_path / "a" / "reservoir.npz"), stimulus)
    readout = read_npz(tmp_path / "a" / "readout.npz", "readout", 1)[0]
    counts = np.zeros((20, 20))
    for index in range(20):
        times, neurons = activity.spikes.sample(index)
        # a spike at step k counts for the steps k ... 99 of the mean, with e^(-age/20)
        left = 1 - np.exp(-(100 - np.round(times)) / 20)
        np.add.at(counts[index], neurons, left / (1 - np.exp(-1 / 20)) / 100)
    outputs = counts @ readout["weight"].T + readout["bias"]
    accuracy = (np.asarray(task.classes)[outputs.argmax(1)] == task.y_test).mean()
    assert json.loads(ran.out)["scores"]["accuracy"] == pytest.approx(accuracy)


@pytest.mark.long
def test_a_balanced_network_is_trained_and_what_is_saved_classifies_as_reported(run: Any, tmp_path: Path) -> None:
    """By its own engine and a readout of the spikes filtered with 2 s, at the end of a stimulus."""
    from hrsnn.tasks import load_task

    sizes = "--task-option train=40 --task-option test=20 --task-option cues=1 --neurons 40"
    network = "--network balanced --preset cue --set dt=1 --set decoder_norm=0.6 --learn recurrent inputs tau_m"
    options = "--epochs 1 --batch 14 --learning-rate 0.003 --read final --tau-readout 2000 --truncate 300 --dtype float64"
    ran = run(*f"train --task cue {sizes} {network} {options} --json --out".split(), tmp_path / "a")
    assert ran.code == 0, ran.err
    metrics = json.loads(ran.out)
    assert set(metrics["baselines"]["accuracy"]) == {"raw_input", "readout_only", "no_recurrence", "gru"}
    files = folder(tmp_path / "a")
    assert {name for name in files if name.endswith(".png")} == {
        f"{name}.png" for name in ("training", "tau_m", "accuracy", "confusion", "raster")
    }
    trained = BalancedNetwork.load(tmp_path / "a" / "balanced.npz")
    assert np.ptp(trained.leak) > 0  # they learned, in small steps from 0.5/s
    np.testing.assert_allclose(trained.leak, 0.5, rtol=0.05)
    task = load_task("cue", train=40, test=20, cues=1, seed=0)
    activity = simulate(trained, task.x_test)
    readout = read_npz(tmp_path / "a" / "readout.npz", "readout", 1)[0]
    filtered = np.zeros((20, 40))
    for index in range(20):
        times, neurons = activity.spikes.sample(index)
        np.add.at(filtered[index], neurons, np.exp(-(float(task.x_test.durations[0]) - 1 - np.round(times)) / 2000))
    outputs = filtered @ readout["weight"].T + readout["bias"]
    accuracy = (outputs.argmax(1) == task.y_test).mean()
    assert metrics["scores"]["accuracy"] == pytest.approx(accuracy)


@pytest.mark.parametrize(
    ("variant", "homogeneous", "clusters"),
    [
        ("HoNB", True, 1),
        ("HeNB", False, 1),
        ("HRSNN-BP", False, 1),
        ("CHRSNN-BP", False, 4),
        ("ASRNN", False, 1),
        ("HoNHeS", True, 1),
    ],
)
def test_the_models_of_the_paper(run: Any, tmp_path: Path, variant: str, homogeneous: bool, clusters: int) -> None:
    ran = run(*SMALL, "--epochs", 0, "--no-controls", "--variant", variant, "--out", tmp_path / "a", "--json")
    assert ran.code == 0, ran.err
    metrics = json.loads(ran.out)
    reservoir = Reservoir.load(tmp_path / "a" / "reservoir.npz")
    values = np.unique(reservoir.tau_m[reservoir.is_excitatory & (reservoir.cluster == 0)])
    assert (len(values) == 1) == homogeneous
    assert len(np.unique(reservoir.cluster)) == clusters
    assert ("tau_m" in metrics["learn"]) == (variant.endswith("-BP") or variant == "ASRNN")
    assert ("tau_adaptation" in metrics["learn"]) == reservoir.adaptation.any() == (variant == "ASRNN")
    assert {"recurrent", "inputs", "readout"} <= set(metrics["learn"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--variant", "HeNBB"), "variant = 'HeNBB': did you mean 'HeNB'? must be one of "),
        (("--variant", "x" * 5000), "variant = 'xxx"),
        (("--learn", "delay"), "--learn = 'delay': must be of recurrent, inputs"),
        (
            ("--learn", "tau_m", "--dale", "parametrisation"),
            "--dale = 'parametrisation': has no effect: of recurrent, inputs",
        ),
        (("--learn", "tau_adaptation"), "network = 'without adaptation': has none that learns: adaptation must be above 0"),
        (("--times", "distribution"), "--times = 'distribution': has no effect: of tau_m"),
        (("--longest-delay", "9"), "--longest-delay = 9.0: has no effect: of delays, input_delays nothing learns"),
        (("--learn", "delays", "--longest-delay", "-9"), "longest_delay = -9.0: must be positive"),
        (("--rate-target", "5"), "--rate-target = 5.0: has no effect without --rate-weight"),
        (("--method", "eprop", "--learn", "tau_m"), "learn = 'tau_m': must be of recurrent, inputs, readout with e-prop"),
        (("--method", "eprop", "--truncate", "9"), "truncate = 9: has no effect with e-prop"),
        (("--surrogate", "sigmoid"), "surrogate = 'sigmoid': did you mean 'fast_sigmoid'?"),
        (("--width", "0"), "width = 0.0: must be positive"),
        (("--epochs", "-1"), "epochs = -1"),
        (("--batch", "0"), "batch = 0"),
        (("--clip", "nan"), "clip = nan"),
        (("--task", "memory"), "--task = 'memory': is of the kind memory"),
        (("--horizon", "2"), "--horizon = 2: is of series, and this is a task with classes"),
        (("--window", "20"), "--window = 20: is of series, and this is a task with classes"),
        (("--task", "lorenz63", "--read", "final"), "--read = 'final': is of tasks with classes: a series is read"),
        (("--task", "lorenz63", "--method", "eprop"), "--method = 'eprop': is of tasks with classes"),
        (("--task", "lorenz63", "--window", "90", "--task-option", "washout=9"), "window = 90: must be at most 39 values"),
        (("--network", "deep"), "--network = 'deep': has no gradients: must be reservoir or balanced"),
        (("--tau-readout", "0"), "tau_readout = 0.0: must be positive"),
        (
            ("--network", "balanced", "--variant", "HeNB"),
            "--variant = 'HeNB': is of reservoirs; a balanced network has none",
        ),
        (("--network", "balanced", "--dale", "parametrisation"), "--dale = 'parametrisation': is of reservoirs"),
        (("--network", "balanced", "--times", "distribution"), "--times = 'distribution': is of reservoirs"),
        (("--network", "balanced", "--longest-delay", "9"), "--longest-delay = 9.0: is of reservoirs"),
        (
            ("--network", "balanced", "--set", "dimensions=4", "--learn", "delays"),
            "--learn = 'delays': must be of recurrent, inputs",
        ),
        (
            ("--network", "balanced", "--set", "dimensions=4", "--set", "noise=0.1"),
            "network = 'with noise 0.1': has no gradients",
        ),
        (
            ("--network", "balanced", "--set", "dimensions=4", "--method", "eprop"),
            "network = 'balanced': must be a reservoir",
        ),
        (("--set", "short_term_plasticity=true"), "network = 'with short-term plasticity': has no gradients here"),
    ],
    ids=lambda one: "_".join(one)[:40] if isinstance(one, tuple) else "",
)
def test_what_is_refused_is_one_line(words: tuple[str, ...], message: str, run: Any, tmp_path: Path) -> None:
    ran = run(*SMALL, *words, "--quiet", "--out", tmp_path / "a")
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert ran.err.startswith(f"hrsnn train: {message}"), ran.err
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 620


@pytest.mark.long
def test_several_seeds_are_the_single_ones_with_paired_differences(run: Any, tmp_path: Path) -> None:
    """Each goes on from its own checkpoints, and any number of processes gives the same bytes."""
    single = [json.loads(run(*SMALL, "--seed", seed, "--json").out) for seed in (4, 5)]
    words = (*SMALL, "--seed", 4, "--seeds", 2, "--quiet", "--out", tmp_path / "a")
    ran = run(*words)
    assert ran.code == 0, ran.err
    files = folder(tmp_path / "a")
    assert "runs/seed_5/no_recurrence/checkpoint.npz" in files
    metrics = json.loads(files["metrics.json"])
    assert metrics["versions"] == single[0]["versions"]
    own = [one["scores"]["accuracy"] for one in single]
    assert metrics["per_seed"]["scores"]["accuracy"] == own
    for name, found in metrics["difference"]["accuracy"].items():
        differences = np.subtract(own, [one["baselines"]["accuracy"][name] for one in single])
        assert found["mean"] == pytest.approx(differences.mean())
        assert found["interval"][0] <= differences.mean() <= found["interval"][1]
        assert f"accuracy - {name}".replace("_", " ") in ran.out
    assert set(metrics["difference"]["accuracy"]) == {"raw_input", "readout_only", "no_recurrence", "gru"}
    # a run that is stopped in its second seed: what was there is used, and the rest made
    for path in (tmp_path / "a" / "runs" / "seed_5").rglob("*.npz"):
        path.unlink()
    assert run(*words, "--jobs", 2).code == 0
    assert folder(tmp_path / "a") == files


def test_cuda_is_refused_where_there_is_none(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    ran = run(*SMALL, "--device", "cuda", "--quiet")
    assert (ran.code, ran.err) == (2, "hrsnn train: device = 'cuda': is not here: PyTorch finds no CUDA device; use cpu\n")


def test_an_out_folder_of_another_training_is_refused(run: Any, tmp_path: Path) -> None:
    words = (*SMALL, "--no-controls", "--quiet", "--out", tmp_path / "a")
    assert run(*words).code == 0
    other = run(*words, "--width", 3)
    assert other.code == 2
    assert "checkpoint.npz: is of a training that was made with other settings: model" in other.err
    assert "name another folder" in other.err
    assert run(*words, "--epochs", 3).code == 0  # longer: it goes on


def test_without_pytorch_the_extra_is_named(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    for name in [name for name in sys.modules if name.startswith("hrsnn.training")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None)
    ran = run(*SMALL)
    assert (ran.code, ran.out, ran.err) == (2, "", "hrsnn train: training needs PyTorch: pip install 'hrsnn[torch]'\n")


SERIES = (
    *("train", "--task", "lorenz63", "--train", 80, "--test", 20, "--task-option", "washout=20", "--horizon", 2),
    *("--neurons", 15, "--set", "dt=2", "--epochs", 1, "--window", 20),
)


def test_a_series_is_forecast_beside_its_baselines(run: Any, tmp_path: Path) -> None:
    words = (*SERIES, "--variant", "HeNB", "--json", "--out")
    ran = run(*words, tmp_path / "a")
    assert ran.code == 0, ran.err
    metrics = json.loads(ran.out)
    cheap = {"untrained", "last_value", "linear_autoregression", "echo_state_network"}
    for score in ("nrmse", "nrmse_ridge"):
        assert set(metrics["baselines"][score]) == {*cheap, "no_recurrence", "gru"}
    told = {name: metrics[name] for name in ("train", "test", "horizon", "window", "batch", "learning_rate")}
    assert told == {"train": 80, "test": 20, "horizon": 2, "window": 20, "batch": 4, "learning_rate": 0.01}
    files = folder(tmp_path / "a")
    pictures = {"training", "tau_m", "forecast", "weights", "raster", "time_constants"}
    assert {name for name in files if name.endswith(".png")} == {f"{name}.png" for name in pictures}
    assert read_npz(tmp_path / "a" / "readout.npz", "readout", 1)[0]["weight"].shape == (3, 15)
    # a run of which a part is left
    (tmp_path / "a" / "runs" / "gru" / "checkpoint.npz").unlink()
    (tmp_path / "a" / "metrics.json").unlink()
    assert run(*words, tmp_path / "a").code == 0
    assert folder(tmp_path / "a") == files
    # another window is another training
    other = run(*words, tmp_path / "a", "--window", 30)
    assert other.code == 2
    assert "checkpoint.npz: is of a training that was made with other settings:" in other.err


def test_own_values_are_forecast(run: Any, tmp_path: Path) -> None:
    wave = np.sin(np.arange(150) / 4)
    (tmp_path / "wave.csv").write_text("\n".join(["level", *map(str, wave)]))
    sizes = ("--train", 60, "--test", 20, "--task-option", "washout=10", "--neurons", 15, "--set", "dt=2", "--window", 20)
    ran = run("train", tmp_path / "wave.csv", *sizes, "--epochs", 0, "--no-controls", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["scores"]["nrmse"] < 1


def test_what_a_search_found_is_trained(run: Any, tmp_path: Path) -> None:
    task = ("--objective", "accuracy", "--task", "digits", "--train", 40, "--validation", 40, "--neurons", 30)
    search = ("search", *task, "--set", "dt=1", "--trials", 2, "--batch", 2, "--seeds", 1, "--fresh", 0)
    assert run(*search, "--quiet", "--out", tmp_path / "search").code == 0
    words = (*SMALL, "--epochs", 0, "--no-controls", "--searched", tmp_path / "search", "--json")
    ran = run(*words, "--variant", "HeNB", "--out", tmp_path / "a")
    assert ran.code == 0, ran.err
    found = json.loads((tmp_path / "search" / "metrics.json").read_text())
    assert json.loads(ran.out)["searched"] == {"best_value": found["best_value"], "direction": "maximize", "trials": 2}
    best, spec = (ReservoirSpec.load(tmp_path / name / "spec.toml") for name in ("search", "a"))
    assert spec == best.updated({"neurons": 20}).variant("HeNHoS")
    assert spec != ReservoirSpec(neurons=20, dt=1).variant("HeNHoS")
    for more, message in (
        (("--variant", "HoNB"), "--variant = 'HoNB': has other neurons than the heterogeneous ones of the search"),
        (("--spec", "x.toml"), "--spec = 'x.toml': cannot be given with --searched"),
        (("--searched", tmp_path / "a"), f"{tmp_path / 'a' / 'metrics.json'}: is of another command"),
        (("--searched", tmp_path), f"{tmp_path / 'metrics.json'}: is missing"),
    ):
        ran = run(*words, *more)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert ran.err.startswith(f"hrsnn train: {message}"), ran.err


def test_models_and_surrogates_are_listed(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run("list", "variants")
    assert "HeNB       heterogeneous neurons; weights and readout learn" in ran.out
    assert json.loads(run("list", "surrogates", "--json").out)["surrogates"]["triangle"] == "max(0, 1 - |x|)"
    import hrsnn.scripts.list as listing

    monkeypatch.setattr(listing, "find_spec", lambda name: None)
    for group in ("variants", "surrogates"):
        assert run("list", group).out == f"{group}\n  needs the extra torch: pip install 'hrsnn[torch]'\n"
    assert "needs the extra torch" in run("list").out
    assert json.loads(run("list", "variants", "--json").out)["variants"] == {}
