"""Fitted estimators as plain values and arrays, and back: for model files, which hold no pickle.

Only classes in `CLASSES` are stored and made again. A class that is not there is refused: a file cannot name code to run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn.balanced.state import BalancedState
from hrsnn.distributions import Distribution, from_dict
from hrsnn.engines.network_state import NetworkState
from hrsnn.errors import FileError, InputError
from hrsnn.kinds import KINDS
from hrsnn.kinds.contract import is_network, is_spec

_ENCODERS = (
    "CurrentEncoder",
    "EventEncoder",
    "LatencyEncoder",
    "LevelCrossingEncoder",
    "PoissonEncoder",
    "ReceptiveFieldEncoder",
    "TemporalDifferenceEncoder",
)
#: Classes by name, each with the module that has it.
CLASSES: Mapping[str, str] = {
    **dict.fromkeys(_ENCODERS, "hrsnn.encoders"),
    "Cochleagram": "hrsnn.encoders.cochleagram",
    "GlobalRange": "hrsnn.encoders.global_range",
    **dict.fromkeys(
        ("ReservoirClassifier", "ReservoirForecaster", "ReservoirRegressor", "ReservoirTransformer"), "hrsnn.estimators"
    ),
    "LinearReadout": "hrsnn.regression.ridge",
    "QuadraticExpansion": "hrsnn.regression.quadratic",
    "QuadraticReadout": "hrsnn.regression.quadratic",
    "StandardisedColumns": "hrsnn.readout",
    "Standardiser": "hrsnn.preprocessing",
    "Pipeline": "sklearn.pipeline",
    "FunctionTransformer": "sklearn.preprocessing",
    "LabelBinarizer": "sklearn.preprocessing",
    "MinMaxScaler": "sklearn.preprocessing",
    "StandardScaler": "sklearn.preprocessing",
    "LogisticRegression": "sklearn.linear_model",
    "Ridge": "sklearn.linear_model",
    "RidgeClassifier": "sklearn.linear_model",
    "MLPClassifier": "sklearn.neural_network",
}
#: Functions of a ``FunctionTransformer`` by name, each with the module that has it.
FUNCTIONS: Mapping[str, str] = {
    "image_rows": "hrsnn.encoders.images",
    "list": "builtins",
    "trains_of": "hrsnn.tasks.spiking_recordings",
}
#: Fitted attributes whose names do not end with an underscore, and those that are not needed to predict.
_MORE = {
    "RidgeClassifier": ("_label_binarizer",),
    "MLPClassifier": ("_label_binarizer",),
    "Standardiser": ("mean", "kept", "spread"),
    "LinearReadout": ("standardise", "mean", "vectors", "coefficients", "intercept"),
    "QuadraticExpansion": ("standardise", "mean", "vectors"),
    "QuadraticReadout": ("expand", "linear"),
}
_LESS = {"MLPClassifier": ("loss_curve_", "validation_scores_", "best_validation_score_")}
_PLAIN = (bool, int, float, str, type(None))
_STATES: Mapping[str, Callable[[Path], Any]] = {"NetworkState": NetworkState.load, "BalancedState": BalancedState.load}
Arrays = dict[str, np.ndarray]


def packed(value: Any, arrays: Arrays, where: str = "model") -> Any:
    """Return a value as what JSON can hold; arrays are added to `arrays`, and named in their place.

    Raises
    ------
    InputError
        For a value of a class that is not stored.
    """
    if isinstance(value, np.generic):
        return packed(value.item(), arrays, where)
    if isinstance(value, float) and not np.isfinite(value):
        return {"number": repr(value)}
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            return {"names": [packed(one, arrays, where) for one in value.tolist()]}
        return {"array": _added(value, arrays)}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [packed(one, arrays, f"{where}[{k}]") for k, one in enumerate(value)]}
    if isinstance(value, dict):
        return {"dict": [[packed(name, arrays, where), packed(one, arrays, where)] for name, one in value.items()]}
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if isinstance(value, Distribution):
        return {"distribution": value.to_dict()}
    if is_spec(value):
        return {"spec": value.kind, "toml": _file_of(value, ".toml").decode()}
    if is_network(value) or type(value).__name__ in _STATES:
        kind = value.kind if is_network(value) else type(value).__name__
        return {"saved": kind, "bytes": _added(np.frombuffer(_file_of(value), np.uint8), arrays)}
    if getattr(value, "__name__", "") in FUNCTIONS and value is _function(value.__name__):
        return {"function": value.__name__}
    name = type(value).__name__
    if name not in CLASSES or type(value).__module__.split(".")[0] != CLASSES[name].split(".")[0]:
        raise InputError(
            where, name, "cannot be saved: a model file holds encoders, reservoirs and the readouts of hrsnn.readout only"
        )
    given = value.get_params(deep=False) if hasattr(value, "get_params") else {}
    fitted = {one: part for one, part in vars(value).items() if _is_fitted(name, one) and one not in given}
    parts = {"parameters": given, "fitted": fitted}
    return {"class": name, **{part: _packed_items(items, arrays, f"{where}.{name}") for part, items in parts.items()}}


def unpacked(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return the value that :func:`packed` was given.

    Raises
    ------
    KeyError, TypeError, ValueError
        When it is none.
    """
    if isinstance(value, _PLAIN):
        return value
    if "number" in value:
        return float(value["number"])
    if "names" in value:
        return np.array([unpacked(one, arrays) for one in value["names"]], dtype=object)
    if "array" in value:
        found = arrays[value["array"]]
        if found.dtype.kind not in "biufU":
            raise ValueError(f"{value['array']} has the type {found.dtype}")
        return found
    for kind in (list, tuple):
        if kind.__name__ in value:
            return kind(unpacked(one, arrays) for one in value[kind.__name__])
    if "dict" in value:
        return {unpacked(name, arrays): unpacked(one, arrays) for name, one in value["dict"]}
    if "slice" in value:
        return slice(*value["slice"])
    if "distribution" in value:
        return from_dict(value["distribution"])
    if "spec" in value:
        return _read(KINDS.find(value["spec"]).spec.load, value["toml"].encode(), ".toml")
    if "saved" in value:
        name, content = value["saved"], arrays[value["bytes"]].tobytes()
        return _read(_STATES[name] if name in _STATES else KINDS.find(name).load, content)
    if "function" in value:
        return _function(value["function"])
    name = value["class"]
    kind = getattr(import_module(CLASSES[name]), name)
    parts = {part: {key: unpacked(one, arrays) for key, one in value[part].items()} for part in ("parameters", "fitted")}
    made = kind(**parts["parameters"]) if hasattr(kind, "get_params") else kind.__new__(kind)
    for attribute, one in parts["fitted"].items():
        if not _is_fitted(name, attribute):
            raise ValueError(attribute)
        object.__setattr__(made, attribute, one)  # data classes may be frozen
    return made


def _function(name: str) -> Any:
    return getattr(import_module(FUNCTIONS[name]), name)


def _packed_items(items: Mapping[str, Any], arrays: Arrays, where: str) -> dict[str, Any]:
    return {name: packed(one, arrays, f"{where}.{name}") for name, one in sorted(items.items())}


def _is_fitted(name: str, attribute: str) -> bool:
    if attribute in _LESS.get(name, ()):
        return False
    return attribute in _MORE.get(name, ()) or (attribute.endswith("_") and not attribute.startswith("_"))


def _added(array: np.ndarray, arrays: Arrays) -> str:
    for name, other in arrays.items():  # an estimator has the same network in several places
        if other.dtype == array.dtype == np.uint8 and np.array_equal(other, array):
            return name
    name = f"array{len(arrays)}"
    arrays[name] = array
    return name


def _file_of(value: Any, suffix: str = ".npz") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"part{suffix}"
        value.save(path)
        return path.read_bytes()


def _read(load: Callable[[Path], Any], content: bytes, suffix: str = ".npz") -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"part{suffix}"
        path.write_bytes(content)
        try:
            return load(path)
        except FileError as error:  # of a part, whose file nobody knows
            raise ValueError(str(error).removeprefix(f"{path}: ")) from error
