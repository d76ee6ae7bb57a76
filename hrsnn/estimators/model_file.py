"""Model files: fitted estimators with their encoder, network and readout, without pickle."""

from __future__ import annotations

import os
import warnings
from importlib import metadata
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.estimators.base import ReservoirEstimator
from hrsnn.estimators.forecaster import ReservoirForecaster
from hrsnn.estimators.stored import packed, unpacked
from hrsnn.estimators.transformer import ReservoirTransformer
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.units import takes

_KIND, _VERSION = "model", 1
_PACKAGES = ("hrsnn", "scikit-learn", "numpy")


@takes()
def save_model(path: str | os.PathLike[str], model: Any, about: dict[str, Any] | None = None) -> None:
    """Write a fitted estimator to an ``.npz`` file, whole or not at all.

    Parameters
    ----------
    path : path
    model : estimator
        A :class:`hrsnn.ReservoirClassifier`, :class:`hrsnn.ReservoirRegressor`, :class:`hrsnn.ReservoirForecaster` or
        :class:`hrsnn.ReservoirTransformer`, or a scikit-learn pipeline of such, encoders of this package and the readouts
        of :mod:`hrsnn.readout`.
    about : dict, optional
        Further numbers and text to be kept with it, as :func:`describe_model` returns them.

    Raises
    ------
    InputError
        When the model is not fitted, or a part of it is of a class that is not stored; the message names both.
    FileError
        When the file cannot be written; an existing file is then unchanged.

    Notes
    -----
    Numbers are stored as arrays and JSON with a digest. Predictions of the loaded model are the same to the last bit on the
    same machine with the same versions of NumPy and scikit-learn.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hrsnn import PoissonEncoder, ReservoirClassifier, ReservoirSpec, load_model
    >>> X, y = np.repeat(np.eye(2), 10, axis=0), np.repeat(["left", "right"], 10)
    >>> model = ReservoirClassifier(ReservoirSpec(neurons=40), encoder=PoissonEncoder(duration=60)).fit(X, y)
    >>> path = Path(tempfile.mkdtemp()) / "model.npz"
    >>> save_model(path, model)
    >>> bool((load_model(path).predict(X) == model.predict(X)).all())
    True
    """
    try:
        check_is_fitted(model)
    except (NotFittedError, TypeError) as error:
        raise InputError("model", type(model).__name__, "must be a fitted estimator") from error
    arrays: dict[str, np.ndarray] = {}
    header = {
        "model": packed(model, arrays),
        "about": packed(dict(about or {}), arrays, "about"),
        "versions": {name: metadata.version(name) for name in _PACKAGES},
    }
    write_npz(path, _KIND, _VERSION, arrays, header)


@takes()
def load_model(path: str | os.PathLike[str]) -> Any:
    """Read a fitted estimator from a file written by :func:`save_model`.

    Raises
    ------
    FileError
        When the file is missing or damaged, of a newer version, or does not hold a model.

    Warns
    -----
    HrsnnWarning
        When it was written with another version of scikit-learn (the first two numbers): predictions may differ.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.preprocessing import StandardScaler
    >>> path = Path(tempfile.mkdtemp()) / "scaler.npz"
    >>> save_model(path, StandardScaler().fit([[0.0], [2.0]]))
    >>> load_model(path).transform([[4.0]])
    array([[3.]])
    """
    return _load(path)[0]


@takes()
def describe_model(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what was saved beside a model: `about`, and the ``versions`` of the packages that wrote it.

    Raises
    ------
    FileError
        As :func:`load_model`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.preprocessing import StandardScaler
    >>> path = Path(tempfile.mkdtemp()) / "scaler.npz"
    >>> save_model(path, StandardScaler().fit([[0.0], [2.0]]), about={"unit": "mV"})
    >>> describe_model(path)["unit"]
    'mV'
    """
    return _load(path)[1]


def _check_usable(model: Any) -> None:
    """Run encoder, network and readout on an input of zeros: parts that do not fit one another raise an error here."""
    encoder: Any = getattr(model, "encoder_", None)
    rows = (
        encoder is not None
        and not hasattr(encoder, "steps")
        and get_tags(encoder).input_tags.two_d_array
        and not getattr(encoder, "series", False)
    )
    if rows and hasattr(encoder, "n_features_in_"):
        encoder.transform(np.zeros((1, encoder.n_features_in_)))
    if isinstance(model, ReservoirForecaster):
        model.predict(np.zeros((2, model.n_features_in_)))
    transformer = getattr(model, "transformer_", model)
    if isinstance(transformer, ReservoirTransformer):
        states = transformer.transform(Currents(np.zeros((1, 1, transformer.n_features_in_)), dt=1.0))
        if isinstance(model, ReservoirEstimator):
            model.readout_.predict(states)
            if hasattr(model.readout_, "predict_proba"):
                shape = model.readout_.predict_proba(states).shape
                if shape != (1, len(model.readout_.classes_)):
                    raise InputError("readout", shape, f"must give {len(model.readout_.classes_)} probabilities")


def _load(path: str | os.PathLike[str]) -> tuple[Any, dict[str, Any]]:
    arrays, header = read_npz(path, _KIND, _VERSION)
    with refuse_damaged(path, _KIND):
        if set(header) != {"model", "about", "versions"}:
            raise InputError("names", sorted(header), "must be model, about and versions")
        model, about = unpacked(header["model"], arrays), unpacked(header["about"], arrays)
        if not isinstance(about, dict):
            raise InputError("about", about, "must be a mapping")
        check_is_fitted(model)
        _check_usable(model)
        versions = {str(name): str(version) for name, version in header["versions"].items()}
    written, here = versions.get("scikit-learn", ""), metadata.version("scikit-learn")
    if written.split(".")[:2] != here.split(".")[:2]:
        text = f"{path} was written with scikit-learn {written:.20}, this is {here}: predictions may differ"
        warnings.warn(text, HrsnnWarning, stacklevel=3)
    return model, {**about, "versions": versions}
