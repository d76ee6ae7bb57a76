"""Model files: the same predictions from a fresh process, what cannot be saved, damaged and hostile files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from hrsnn import (
    FileError,
    HrsnnWarning,
    InputError,
    PoissonEncoder,
    ReservoirClassifier,
    ReservoirForecaster,
    ReservoirRegressor,
    ReservoirSpec,
    ReservoirTransformer,
    describe_model,
    load_model,
    save_model,
)
from hrsnn.balanced import BalancedSpec
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.readout import readout

X = np.random.default_rng(0).random((24, 3))
LABELS = np.where(X[:, 0] > X[:, 1], "a", "b")
WAVE = np.sin(np.arange(300) / 4)[:, None]
SMALL = ReservoirSpec(neurons=20, tau_m_exc=np.linspace(5, 20, 16), adaptation=0.1)
ENCODER = PoissonEncoder(peak_rate=300, duration=40)

MODELS = {
    "logistic": lambda: ReservoirClassifier(SMALL, encoder=ENCODER).fit(X, LABELS),
    "ridge, two classes": lambda: ReservoirClassifier(SMALL, encoder=ENCODER, readout="ridge").fit(X, LABELS),
    "ridge, many": lambda: ReservoirClassifier(SMALL, encoder=ENCODER, readout="ridge").fit(X, np.arange(24) % 4),
    "sampled": lambda: ReservoirClassifier(SMALL, encoder=ENCODER, readout="sampled", windows=2).fit(X, LABELS),
    "regression": lambda: ReservoirRegressor(SMALL, plastic=True, neurons=[1, 4]).fit(X, X[:, :2]),
    "pipeline": lambda: make_pipeline(ENCODER, ReservoirTransformer(SMALL), readout().estimator).fit(X, LABELS),
    "forecast": lambda: ReservoirForecaster(SMALL, features="v", washout=50).fit(WAVE),
    "quadratic": lambda: ReservoirForecaster(SMALL, quadratic=5, washout=50).fit(np.hstack([WAVE, WAVE**2])),
    "spikes": lambda: ReservoirForecaster(
        SMALL, encoder=PoissonEncoder(dt=20, scale="channel", series=True), washout=50, horizon=2
    ).fit(WAVE),
    "balanced": lambda: ReservoirForecaster(BalancedSpec(neurons=40, dimensions=3), features="decoded").fit(WAVE),
}
PROGRAM = """
import sys, numpy as np
from hrsnn import load_model
model = load_model(sys.argv[1])
data = np.load(sys.argv[2])
found = model.predict(data)
if hasattr(model, "forecast"):
    found = np.concatenate([found, model.forecast(4)])
np.save(sys.argv[3], found)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.npz"
    save_model(path, MODELS["logistic"](), {"task": "toy", "score": 0.5})
    return path


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_predicts_the_same_bits(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    save_model(tmp_path / "m.npz", model)
    again = load_model(tmp_path / "m.npz")
    assert type(again) is type(model)
    assert repr(again) == repr(model)
    data = X if not hasattr(model, "forecast") else WAVE if model.n_features_in_ == 1 else np.hstack([WAVE, WAVE**2])
    assert again.predict(data).tobytes() == model.predict(data).tobytes()
    if hasattr(model, "predict_proba"):
        assert again.predict_proba(data).tobytes() == model.predict_proba(data).tobytes()
    if getattr(model, "continues_", False):
        assert again.forecast(5).tobytes() == model.forecast(5).tobytes()
    save_model(tmp_path / "again.npz", again)
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "m.npz").read_bytes()


@pytest.mark.slow
def test_a_fresh_process_predicts_the_same_bits(saved: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    done = subprocess.run([sys.executable, "-c", PROGRAM, saved, tmp_path / "x.npy", tmp_path / "found.npy"], check=False)
    assert done.returncode == 0
    assert np.load(tmp_path / "found.npy").tobytes() == load_model(saved).predict(X).tobytes()


def test_what_is_kept_beside_the_model(saved: Path) -> None:
    about = describe_model(saved)
    assert (about["task"], about["score"]) == ("toy", 0.5)
    assert set(about["versions"]) == {"hrsnn", "numpy", "scikit-learn"}
    # three references to the network, one copy
    arrays, _ = read_npz(saved, "model", 1)
    assert sum(array.dtype == np.uint8 for array in arrays.values()) == 1


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: ReservoirClassifier(SMALL), "must be a fitted estimator"),
        (lambda: 3, "must be a fitted estimator"),
        (
            lambda: make_pipeline(ENCODER, ReservoirTransformer(SMALL, plastic=False), RandomForestClassifier(2)).fit(
                X, LABELS
            ),
            "RandomForestClassifier': cannot be saved",
        ),
    ],
)
def test_what_cannot_be_saved_is_named(model: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        save_model(tmp_path / "m.npz", model())
    assert list(tmp_path.iterdir()) == []


def rewritten(saved: Path, path: Path, change: Any) -> Path:
    arrays, header = read_npz(saved, "model", 1)
    change(header)
    write_npz(path, "model", 1, arrays, header)
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header["model"].update({"class": "Popen"}),
        lambda header: header["model"].update({"class": "RandomForestClassifier"}),
        lambda header: header["model"]["fitted"].update({"predict": 3}),
        lambda header: header["model"]["fitted"].update({"__class__": 3}),
        lambda header: header["model"]["fitted"].pop("readout_"),
        lambda header: header["model"]["parameters"].update({"windoes": 3}),
        lambda header: header["model"]["parameters"].update({"encoder": {"array": "array999"}}),
        lambda header: header["model"]["parameters"].update({"spec": {"spec": "reservoir", "toml": "neurons = -3"}}),
        lambda header: header["model"]["parameters"].update({"spec": {"spec": "os", "toml": ""}}),
        lambda header: header.update({"model": [1]}),
        lambda header: header.update({"about": 0.5}),
        lambda header: header.update({"more": 1}),
        lambda header: header.pop("versions"),
    ],
)
def test_a_file_that_says_something_else_is_refused_in_one_line(change: Any, saved: Path, tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        load_model(rewritten(saved, tmp_path / "m.npz", change))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_classes_that_do_not_fit_the_weights(saved: Path, tmp_path: Path) -> None:
    """Labels are predicted all the same, while probabilities are not defined."""
    arrays, header = read_npz(saved, "model", 1)
    wrong = {name: np.tile(values, 2) if values.tolist() == ["a", "b"] else values for name, values in arrays.items()}
    assert any(values.shape == (4,) for values in wrong.values())
    write_npz(tmp_path / "m.npz", "model", 1, wrong, header)
    with pytest.raises(FileError):
        load_model(tmp_path / "m.npz")


def test_damaged_files_and_other_versions(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    for name, wrong in (
        ("half", content[: len(content) // 2]),
        ("bit", content[:3000] + b"\xff" + content[3001:]),
        ("no", b""),
    ):
        (tmp_path / f"{name}.npz").write_bytes(wrong)
        with pytest.raises(FileError):
            load_model(tmp_path / f"{name}.npz")
    with pytest.raises(FileError):
        load_model(tmp_path / "missing.npz")
    old = rewritten(saved, tmp_path / "old.npz", lambda header: header["versions"].update({"scikit-learn": "0.24.2"}))
    with pytest.warns(HrsnnWarning, match=r"scikit-learn 0\.24\.2"):
        load_model(old)
    assert json.dumps(describe_model(saved))
