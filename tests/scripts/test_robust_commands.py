"""Commands on robust networks, end to end: train under attack, prune, convert, attack, quantise and export."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn import scripts

TRAIN = ["deep", "train", "--train", "300", "--test", "100", "--model", "mlp", "--relu", "--robust", "trades"]
TRAIN = [*TRAIN, "--attack-steps", "2", "--epochs", "4", "--batch", "32"]
PRUNE = ["deep", "prune", "--kept", "0.2", "--epochs", "2", "--attack-steps", "2", "--batch", "32"]
CONVERT = ["deep", "convert", "--steps", "4", "--epochs", "1", "--attack-steps", "2", "--calibration-steps", "10"]
ATTACK = ["deep", "attack", "--samples", "20", "--attacks", "fgsm", "pgd", "square", "--views", "triangle 1", "rate"]
ATTACK = [*ATTACK, "--attack-steps", "3", "--queries", "20", "--restarts", "2", "--eps", "0.05", "0.1"]


def call(*words: str | Path) -> int:
    return scripts.main([*map(str, words), "--quiet"])


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network of rectified units, its pruned form, and the spiking one that this became."""
    folder = tmp_path_factory.mktemp("robust")
    assert call(*TRAIN, "--out", folder / "units") == 0
    assert call(*PRUNE, "--trained", folder / "units", "--out", folder / "sparse") == 0
    assert call(*CONVERT, "--trained", folder / "sparse", "--out", folder / "spikes") == 0
    return folder


def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return found


def test_each_command_leaves_a_network_its_history_and_a_picture(chain: Path) -> None:
    for name in ("units", "sparse", "spikes"):
        files = sorted(path.name for path in (chain / name).iterdir())
        assert files == ["history.csv", "learning.png", "methods.md", "metrics.json", "network.npz"], name
        assert "validation_score" in (chain / name / "history.csv").read_text().splitlines()[0]
    assert metrics(chain / "units")["network"]["rectified"]
    assert metrics(chain / "sparse")["scores"]["share_kept"] == pytest.approx(0.2, abs=1e-3)
    found = metrics(chain / "spikes")
    assert found["network"]["masked"]
    assert found["network"]["own_thresholds"]
    assert set(found["thresholds"]) == {"spike1", "spike2"}
    assert set(found["baselines"]["validation_accuracy"]) == {"rectified", "not_finetuned", "chance"}


@pytest.mark.parametrize(("words", "of", "name"), [(PRUNE, "units", "sparse"), (CONVERT, "sparse", "spikes")])
def test_the_same_command_again_changes_no_byte(words: list[str], of: str, name: str, chain: Path) -> None:
    files = {path: path.read_bytes() for path in (chain / name).iterdir()}
    assert call(*words, "--trained", chain / of, "--out", chain / name) == 0
    assert {path: path.read_bytes() for path in (chain / name).iterdir()} == files


def test_a_mask_goes_to_another_network_of_the_same_model(chain: Path, tmp_path: Path, run: Any) -> None:
    other = ["deep", "train", "--train", "300", "--test", "100", "--model", "mlp", "--neuron", "if", "--window", "1"]
    assert call(*other, "--epochs", "0", "--out", tmp_path / "fresh") == 0
    words = ["deep", "prune", "--epochs", "1", "--robust", "kl", "--attack-steps", "1", "--trained", tmp_path / "fresh"]
    assert call(*words, "--mask-of", chain / "sparse", "--out", tmp_path / "masked") == 0
    kept = [metrics(one)["scores"]["share_kept"] for one in (tmp_path / "masked", chain / "sparse")]
    assert kept[0] == kept[1]
    assert call(*other[:6], "--model", "conv-16-32-fc64", "--epochs", "0", "--out", tmp_path / "conv") == 0
    ran = run("deep", "prune", "--trained", tmp_path / "conv", "--mask-of", chain / "sparse")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "must be of the layers of a masked network" in ran.err


@pytest.mark.parametrize(
    "method", ["lnp", *(pytest.param(name, marks=pytest.mark.long) for name in ("random", "betweenness"))]
)
def test_methods_without_labels_prune_what_was_trained_and_what_was_converted(
    method: str, chain: Path, tmp_path: Path
) -> None:
    words = ["deep", "prune", "--kept", "0.1", "--method", method, "--epochs", "1", "--robust", "natural", "--seed", "2"]
    words += ["--removed-neurons", "0.5"] * (method == "lnp")
    for name in ("units", "spikes")[: 1 if method == "lnp" else 2]:
        assert call(*words, "--trained", chain / name, "--out", tmp_path / name) == 0
        found = metrics(tmp_path / name)
        assert found["scores"]["share_kept"] == pytest.approx(0.1, abs=1e-4)
        assert found["pruning"]["method"] == method
        before = (tmp_path / name / "metrics.json").read_bytes()
        assert call(*words, "--trained", chain / name, "--out", tmp_path / name) == 0
        assert (tmp_path / name / "metrics.json").read_bytes() == before


def test_an_attack_goes_on_with_the_runs_that_are_there(chain: Path, tmp_path: Path, run: Any) -> None:
    words = [*ATTACK, "--trained", str(chain / "spikes"), "--transfer", str(chain / "sparse")]
    assert call(*words, "--out", tmp_path / "whole") == 0
    found = metrics(tmp_path / "whole")["scores"]
    for eps in ("0.05", "0.1"):
        assert found[f"ensemble_{eps}"] <= found[f"single_{eps}"] <= found["clean_accuracy"]
    assert found["energy_nj"] > 0
    assert (tmp_path / "whole" / "robustness.png").exists()
    # as after a kill: some runs are missing, and what is derived from them
    shutil.copytree(tmp_path / "whole", tmp_path / "killed")
    runs = sorted((tmp_path / "killed" / "runs").glob("*.json"))
    for path in [one for one in runs if one.name != "settings.json"][::2]:
        path.unlink()
    (tmp_path / "killed" / "metrics.json").unlink()
    assert call(*words, "--out", tmp_path / "killed") == 0
    for path in (tmp_path / "whole").rglob("*.json"):
        again = tmp_path / "killed" / path.relative_to(tmp_path / "whole")
        assert again.read_bytes() == path.read_bytes(), path.name
    ran = run(*words, "--out", tmp_path / "whole", "--queries", "21")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "made with other settings: queries" in ran.err


def test_a_sparse_network_is_packed_with_its_index(chain: Path, tmp_path: Path) -> None:
    words = ["--weight-bits", "8", "--potential-bits", "8", "--epochs", "1", "--learning-rate", "0"]
    assert call("deep", "quantise", *words, "--trained", chain / "spikes", "--out", tmp_path / "fewer") == 0
    assert call("deep", "export", "--trained", tmp_path / "fewer" / "8w-8u", "--out", tmp_path / "packed") == 0
    layers = metrics(tmp_path / "packed")["layers"]
    assert {layer["index"] for layer in layers if layer["kind"] == "linear"} <= {"bitmask", "columns"}
    assert (tmp_path / "packed" / "network.bin").stat().st_size < 84_480 / 2  # of 8 bits each


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "--eps", "0.1"], "--eps = 0.1: is of training under attack: give --robust"),
        (["train", "--robust", "natural", "--eps", "0.1"], "--eps = 0.1: has no effect on natural training"),
        (["train", "--robust", "pgd", "--eps", "-1"], "eps = -1.0: must be 0 or more"),
        (["train", "--robust", "pgd", "--attack-steps", "0"], "steps = 0"),
        (["train", "--relu", "--neuron", "qif"], "--neuron = 'qif': has no effect on rectified units"),
        (["train", "--relu", "--steps", "4"], "--steps = 4: has no effect on rectified units"),
        (["train", "--robust", "pgd", "--coding", "poisson"], "cannot be attacked: its input is random"),
        (["prune", "--trained", "x", "--kept", "0"], "kept = 0.0: must be above 0 and at most 1"),
        (["prune", "--trained", "x", "--score-epochs", "3"], "--score-epochs = 3: is of --method scores"),
        (["prune", "--trained", "x", "--mask-of", "y", "--kept", "0.1"], "--kept = 0.1: has no effect: the mask is that of"),
        (["prune", "--trained", "x", "--removed-neurons", "0.5"], "--removed-neurons = 0.5: is of --method lnp"),
        (["prune", "--trained", "x", "--method", "lnp", "--removed-neurons", "1"], "neurons = 1.0: must be a share"),
        (["prune", "--trained", "missing"], "does not exist"),
        (["convert"], "--trained = None: is needed"),
        (["convert", "--trained", "x", "--percentile", "0"], "percentile = 0.0"),
        (["convert", "--trained", "x", "--factor", "-1"], "factor = -1.0"),
        (["attack", "--trained", "x", "--eps", "-0.1"], "eps = -0.1: must be 0 or more"),
        (["attack", "--trained", "x", "--eps", "0.1", "0.1"], "--eps = (0.1, 0.1): must be one radius or more, each once"),
        (["attack", "--trained", "x", "--attacks", "cw"], "must be some of fgsm, rfgsm, pgd, apgd, square"),
        (["attack", "--trained", "x", "--views", "gauss"], "must be some of triangle 1"),
        (["attack", "--trained", "x", "--samples", "0"], "--samples = 0"),
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


def test_what_a_network_cannot_is_refused(chain: Path, run: Any) -> None:
    units, spikes = chain / "units", chain / "spikes"
    for verb in ("measure", "export", "quantise"):
        assert (
            "has rectified units and no spikes: `hrsnn deep convert` gives it some"
            in run("deep", verb, "--trained", units).err
        )
    assert (
        "has spikes already: `hrsnn deep train --relu` makes one without" in run("deep", "convert", "--trained", spikes).err
    )
    assert "has no effect on rectified units" in run("deep", "attack", "--trained", units, "--views", "rate").err
    assert "has no masks: `hrsnn deep prune` makes" in run("deep", "prune", "--trained", units, "--mask-of", units).err
