"""Saved models on new data: the predictions of the run that they come from, data with and without labels, bad input."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_data import arrays, events, pictures, sounds, table, trains

from hrsnn import describe_model, load_model

_TINY = ["--neurons", 20, "--quiet", "--json"]


def flat(folder: Path, path: Path) -> Path:
    """Return a folder with the files of all classes, without the names of the classes."""
    (folder / "flat").mkdir()
    for k, file in enumerate(sorted(path.glob("*/*"))):
        shutil.copy(file, folder / "flat" / f"{k:02d}{file.suffix}")
    return folder / "flat"


def one_file(folder: Path, path: Path) -> Path:
    return min(path.glob("*/*"))


def without(*names: str) -> Callable[[Path, Path], Path]:
    def written(folder: Path, path: Path) -> Path:
        with np.load(path) as found:
            np.savez(folder / "new.npz", **{name: found[name] for name in found.files if name not in names})
        return folder / "new.npz"

    return written


#: Data, the same without labels, and the number of samples.
OWN: dict[str, tuple[Callable[[Path], Path], Callable[[Path, Path], Path], int]] = {
    "images": (pictures, flat, 24),
    "an image": (pictures, one_file, 1),
    "sounds": (sounds, flat, 16),
    "arrays": (arrays, without("y"), 24),
    "events": (events, without("label"), 16),
}


@pytest.mark.parametrize("name", OWN)
def test_samples_with_and_without_labels_are_named_alike(name: str, tmp_path: Path, run: Any) -> None:
    make, bare, count = OWN[name]
    data, model = make(tmp_path), tmp_path / "model.npz"
    assert run("classify", data, "--save", model, *_TINY).code == 0
    labelled = json.loads(run("predict", model, data, "--json").out)
    assert labelled["scores"]["accuracy"] > 0.6
    unlabelled = json.loads(run("predict", model, bare(tmp_path, data), "--json").out)
    assert unlabelled["scores"] == {}
    assert len(unlabelled["predicted"]) == count
    assert unlabelled["predicted"] == labelled["predicted"][:count]
    np.testing.assert_allclose(np.sum(unlabelled["probabilities"], axis=1), 1)


def test_the_test_part_has_the_accuracy_of_the_run(tmp_path: Path, run: Any) -> None:
    x, y = np.random.default_rng(0).random((40, 6)), np.arange(40) % 2
    x[y == 1, :3] += 0.4
    np.savez(tmp_path / "parts.npz", x_train=x[:24], y_train=y[:24], x_test=x[24:], y_test=y[24:])
    for states in ("windows", "total", "final"):
        options = ["--states", states, "--save", tmp_path / "m.npz", *_TINY]
        found = json.loads(run("classify", tmp_path / "parts.npz", *options).out)
        again = json.loads(run("predict", tmp_path / "m.npz", tmp_path / "parts.npz", "--json").out)
        assert again["scores"]["accuracy"] == found["scores"]["accuracy"]
    about = describe_model(tmp_path / "m.npz")
    assert about["scores"]["accuracy"] == found["scores"]["accuracy"]
    assert set(about["baselines"]["accuracy"]) == set(found["baselines"]["accuracy"])


def test_spike_trains_and_their_order(tmp_path: Path, run: Any) -> None:
    assert run("classify", trains(tmp_path), "--readout", "sampled", "--save", tmp_path / "m.npz", *_TINY).code == 0
    found = run("predict", tmp_path / "m.npz", trains(tmp_path), "--out", tmp_path / "out")
    lines = (tmp_path / "out" / "predictions.csv").read_text().splitlines()
    assert lines[0].split(",")[:4] == ["sample", "class", "probability", "label"]
    assert found.out.splitlines()[1].split() == lines[0].split(",")[:4]
    assert [line.split(",")[0] for line in lines[1:4]] == ["0", "1", "2"]
    assert {one.name for one in (tmp_path / "out").iterdir()} >= {"confusion.png", "metrics.json", "predictions.csv"}


def test_a_series_is_forecast_in_its_own_units(tmp_path: Path, run: Any) -> None:
    data, model = table(tmp_path), tmp_path / "m.npz"
    options = ["--task-option", "column=speed", "--task-option", "target=gust+3", "--train", 500, "--test", 200]
    found = json.loads(run("forecast", data, *options, "--save", model, *_TINY).out)
    again = json.loads(run("predict", model, data, "--json").out)
    rows = np.array([[float(cell) for cell in line.split(",")] for line in data.read_text().splitlines()[1:]])
    forecast = np.array(again["forecasts"])[:, 0]
    assert again["outputs"] == ["gust"]
    assert again["horizon"] == 3
    part = slice(600, 800)  # the test part of the run
    error = np.sqrt(np.mean((forecast[part] - rows[3:, 2][part]) ** 2)) / rows[103:603, 2].std()
    kept = [found["scores"][name] for name in ("nrmse", "nrmse_v")]
    assert min(abs(error - each) for each in kept) < 1e-9
    assert load_model(model).features in ("states", "v")


def test_a_series_goes_on_in_closed_loop(tmp_path: Path, run: Any) -> None:
    data, model = table(tmp_path), tmp_path / "m.npz"
    options = ["--task-option", "column=speed", "--train", 500, "--test", 100, "--neurons", 60, "--quiet"]
    assert run("forecast", data, *options, "--save", model).code == 0
    found = run("predict", model, data, "--steps", 20, "--out", tmp_path / "out")
    assert found.code == 0
    last = [line.split(",") for line in (tmp_path / "out" / "continuation.csv").read_text().splitlines()[1:]]
    assert [int(row) for row, _ in last] == list(range(900, 920))
    wave = np.sin(np.arange(900, 920) / 4)
    made = np.array([float(value) for _, value in last])
    # the first forecast is that of the last row
    ahead = json.loads((tmp_path / "out" / "metrics.json").read_text())["forecasts"][-1][0]
    assert made[0] == pytest.approx(ahead, rel=1e-12)
    assert np.abs(made[0] - wave[0]) < 0.3


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(tmp_path: Path, run: Any) -> None:
    data, model = arrays(tmp_path), tmp_path / "m.npz"
    assert run("classify", data, "--save", model, *_TINY).code == 0
    assert run("predict", model, data, "--out", tmp_path / "here").code == 0
    command = [sys.executable, "-m", "hrsnn", "predict", model, data, "--out", tmp_path / "there"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for one in (tmp_path / "here").iterdir():
        assert one.read_bytes() == (tmp_path / "there" / one.name).read_bytes(), one.name


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from hrsnn import scripts

    folder = tmp_path_factory.mktemp("models")
    for command, data in (("classify", arrays(folder)), ("forecast", table(folder))):
        more = ["--task-option", "column=speed"] if command == "forecast" else []
        tiny = ["--neurons", "20", "--quiet", "--json"]
        assert scripts.main([command, str(data), "--save", str(folder / f"{command}.npz"), *more, *tiny]) == 0
    np.savez(folder / "large.npz", x=np.zeros((3, 6, 6), np.uint8))
    np.savez(folder / "floats.npz", x=np.zeros((3, 5, 5)))
    np.savez(folder / "names.npz", samples=np.zeros((3, 5, 5), np.uint8))
    np.savez(folder / "others.npz", x=np.zeros((3, 5, 5), np.uint8), y=np.array([20, 21, 22]))
    (folder / "short.csv").write_text("speed\n" + "1\n" * 50)
    (folder / "half.npz").write_bytes((folder / "classify.npz").read_bytes()[:4000])
    (folder / "speed.csv").write_text("speed,gust\n1,2\n3,x\n")
    (folder / "gust.csv").write_text("gust\n1\n3\n")
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["classify.npz", "others.npz"], "3 of the labels are no class of the model"),
        (["forecast.npz", "short.csv"], "no error: the first 100 rows are not scored, and the forecasts are 1 rows ahead"),
        (["forecast.npz", "wind.csv", "--task-option", "column=speed"], "  last value  sd"),
        (["forecast.npz", "wind.csv"], "shown are the last of 900 forecasts; predictions.csv in --out has all"),
    ],
)
def test_what_a_table_does_not_have_is_said(
    arguments: list[str], message: str, saved: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved)
    found = run("predict", *arguments)
    assert found.code == 0, found.err
    words = re.sub(r"( +)[\d.]+ (sd)", r"  \2", found.out) if "last value" in message else found.out
    assert message in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["classify.npz", "large.npz"], "(6, 6); the model takes (5, 5)"),
        (["classify.npz", "floats.npz"], "floating-point numbers; the model was fitted to whole numbers"),
        (["classify.npz", "missing.npz"], "does not exist"),
        (["missing.npz", "images.npz"], "does not exist"),
        (["half.npz", "images.npz"], "damaged"),
        (["images.npz", "images.npz"], "model"),
        (["classify.npz", "wind.csv"], "a series; the model names the classes of samples"),
        (["forecast.npz", "images.npz"], "is no table"),
        (["forecast.npz", "gust.csv"], "has the columns gust"),
        (["forecast.npz", "speed.csv", "--task-option", "column=speed,gust"], "must be a finite number"),
        (["forecast.npz", "wind.csv", "--task-option", "column=speed,gust"], "the model takes 1"),
        (["forecast.npz", "wind.csv", "--task-option", "colunm=speed"], "is no option of the task csv"),
        (["forecast.npz", "wind.csv", "--steps", "-1"], "--steps"),
        (["classify.npz", "images.npz", "--steps", "3"], "is of forecasters"),
        (["classify.npz", "names.npz"], "is not recognised as samples for the model: own data are an .npz with an array x"),
        (["classify.npz", "images.npz", "--neurons", "3"], "unrecognized options: --neurons"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], message: str, saved: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved)
    found = run("predict", *arguments)
    assert found.code == 2
    assert found.out == ""
    assert message in found.err
    assert found.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--save", "m.txt"], "must end in .npz"),
        (["--save", "no/m.npz"], "in a folder that does not exist"),
        (["--save", "m.npz", "--seeds", "2"], "is of one run"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_run(
    options: list[str], message: str, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = run("classify", *options)
    assert found.code == 2
    assert message in found.err
    assert list(tmp_path.iterdir()) == []
    assert "closes the loop" in run("forecast", "--closed-loop", "--save", "m.npz").err
