"""Commands on deep networks, end to end: train, quantise, export, measure."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn import scripts
from hrsnn.deep.learning.checkpoint import read_checkpoint, write_checkpoint
from hrsnn.deep.packed.inference import IntegerInference
from hrsnn.deep.packed.network import PackedNetwork

SMALL = ["--train", "300", "--test", "100"]
TRAIN = ["deep", "train", *SMALL, "--model", "mlp", "--epochs", "3", "--batch", "32"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained network, and one with its quantised ones."""
    folder = tmp_path_factory.mktemp("deep")
    assert scripts.main([*TRAIN, "--out", str(folder / "full"), "--quiet"]) == 0
    words = ["--epochs", "3", "--batch", "32", "--potential-bits", "8", "2"]
    words = [*words, "--trained", str(folder / "full"), "--out", str(folder / "fewer"), "--quiet"]
    assert scripts.main(["deep", "quantise", *words]) == 0
    return folder


def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return found


def test_training_leaves_a_network_its_history_and_a_picture(trained: Path) -> None:
    folder = trained / "full"
    names = ["history.csv", "learning.png", "methods.md", "metrics.json", "network.npz"]
    assert sorted(path.name for path in folder.iterdir()) == names
    found = metrics(folder)
    assert found["scores"]["validation_accuracy"] > 0.7
    assert set(found["baselines"]["validation_accuracy"]) == {"linear", "chance"}
    assert "accuracy" not in found["scores"]  # the test part is not read
    lines = (folder / "history.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,loss,train_accuracy")
    assert len(lines) == 4


def test_the_same_command_again_changes_no_byte(trained: Path) -> None:
    files = {path: path.read_bytes() for path in (trained / "full").iterdir()}
    assert scripts.main([*TRAIN, "--out", str(trained / "full"), "--quiet"]) == 0
    assert {path: path.read_bytes() for path in (trained / "full").iterdir()} == files


def test_fewer_bits_are_a_network_each(trained: Path) -> None:
    found = metrics(trained / "fewer")
    assert set(found["scores"]) == {f"validation_accuracy_{bits}" for bits in ("32w-32u", "1w-8u", "1w-2u")}
    assert all((trained / "fewer" / bits / "network.npz").exists() for bits in ("1w-8u", "1w-2u"))
    assert found["bytes"]["1w-2u"] < found["bytes"]["1w-8u"] < found["bytes"]["32w-32u"] / 5
    assert found["scores"]["validation_accuracy_1w-8u"] > 0.6


@pytest.fixture(scope="module")
def exported(trained: Path) -> Path:
    words = ["--trained", str(trained / "fewer" / "1w-2u"), "--out", str(trained / "packed"), "--quiet"]
    assert scripts.main(["deep", "export", *words]) == 0
    return trained / "packed"


def test_the_packed_file_is_as_large_as_it_says(exported: Path) -> None:
    scores = metrics(exported)["scores"]
    assert (exported / "network.bin").stat().st_size == scores["bytes_of_the_file"]
    assert scores["bytes_of_its_weights"] < scores["bytes_of_its_numbers"] < scores["bytes_of_the_file"]
    assert scores["bytes_of_the_file"] < scores["bytes_of_floating_point"] / 5


def test_measures_are_of_the_test_part_and_integers_agree(trained: Path, exported: Path, run: Any) -> None:
    ran = run("deep", "measure", "--trained", trained / "fewer" / "1w-2u", "--out", trained / "measured", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found == metrics(trained / "measured")
    assert found["scores"]["integer_agreement"] >= 0.99
    assert found["scores"]["accuracy"] > 0.6
    assert set(found["baselines"]["accuracy"]) == {"linear", "chance"}
    assert 0 < found["layers"]["spike2"]["entropy"] < np.log(2)
    assert found["layers"]["linear2"]["positive_weights"] == pytest.approx(0.5, abs=0.05)
    assert {path.name for path in (trained / "measured").glob("*.png")} == {"potentials.png", "weights.png"}
    runner = IntegerInference(PackedNetwork.load(exported / "network.bin"))
    assert runner.outputs(np.zeros((2, 1, 8, 8), np.uint8)).shape == (2, 10)


def test_a_network_in_floating_point_has_no_integers(trained: Path, run: Any) -> None:
    ran = run("deep", "measure", "--trained", trained / "full", "--json")
    assert ran.code == 0, ran.err
    assert "integer_accuracy" not in json.loads(ran.out)["scores"]


def test_a_killed_command_goes_on_to_the_same_bytes(tmp_path: Path, trained: Path) -> None:
    out = tmp_path / "killed"
    words = [*TRAIN, "--out", str(out), "--quiet"]
    child = subprocess.Popen([sys.executable, "-m", "hrsnn", *words], env=os.environ)
    try:
        limit = time.monotonic() + 100
        while not (out / "network.npz").exists() and time.monotonic() < limit and child.poll() is None:
            time.sleep(0.02)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert scripts.main(words) == 0
    for name in ("network.npz", "history.csv", "metrics.json", "learning.png"):
        assert (out / name).read_bytes() == (trained / "full" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "--model", "vgg"], "model = 'vgg': did you mean 'vgg16'?"),
        (["train", "--model", "vgg16"], "needs larger images than 8 x 8 pixels: conv-16-32-fc64 and mlp fit"),
        (["train", "--neuron", "qlf"], "neuron = 'qlf': did you mean"),
        (["train", "--weight-bits", "3"], "weight_bits = 3: must be one of 1, 2, 4, 8, 32"),
        (["train", "--regulate", "True"], "--regulate = True: is of quantised networks: give --weight-bits"),
        (["train", "--reproduce", "text"], "--reproduce = 'text': is of quantised networks"),
        (["train", "--window", "0"], "window = 0.0: must be positive"),
        (["train", "--neuron", "if"], "has no stationary distribution: give a width"),
        (["train", "--epochs", "-1"], "epochs = -1"),
        (["train", "--batch", "1"], "batch = 1"),
        (["train", "--steps", "0"], "steps = 0"),
        (["train", "--learning-rate", "nan"], "learning_rate = nan"),
        (["train", "--neurons", "20"], "--neurons = 20: is of reservoirs, and has no effect on a deep network"),
        (["train", "--preset", "dense"], "--preset = 'dense': is of reservoirs"),
        (["train", "--set", "tau_exc=3"], "--set = ('tau_exc=3',): is of reservoirs"),
        (["train", "--task", "lorenz63"], "--task = 'lorenz63': is of the kind series"),
        (["train", "--task", "mnist", "--path", "missing"], "missing"),
        (["quantise"], "--trained = None: is needed"),
        (["quantise", "--trained", "missing"], "does not exist"),
        (["quantise", "--trained", "missing", "--potential-bits", "3"], "potential_bits = 3: must be one of"),
        (["quantise", "--trained", "missing", "--potential-bits", "32"], "must be some of 2, 4 and 8"),
        (["export"], "--trained = None: is needed"),
        (["measure", "--trained", "missing"], "does not exist"),
        (["mesure"], "did you mean"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line(
    words: list[str], message: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("deep", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert message in ran.err
    assert list(tmp_path.iterdir()) == []


def test_what_a_network_cannot_is_refused(trained: Path, run: Any, tmp_path: Path) -> None:
    full = trained / "full"
    assert "quantise it first" in run("deep", "export", "--trained", full).err
    assert "has no effect: no data are read" in run("deep", "export", "--trained", full, "--path", "x").err
    assert "is no option of the task digits" in run("deep", "measure", "--trained", full, "--path", "x").err
    assert "made with other settings: training" in run(*TRAIN[:-4], "--epochs", "4", "--out", full).err
    state = read_checkpoint(full / "network.npz")
    write_checkpoint(tmp_path / "network.npz", dataclasses.replace(state, best={}))
    for command in ("measure", "quantise"):
        ran = run("deep", command, "--trained", tmp_path)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "network.npz: is damaged or no deep network: network = " in ran.err
    bad = tmp_path / "network.npz"
    bad.write_bytes((full / "network.npz").read_bytes()[:1000])
    ran = run("deep", "measure", "--trained", tmp_path)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
