"""Arguments by name: intact ones for every parameter of the public functions, and odd ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np


class Unfriendly:
    """An object whose comparison, length and text raise errors."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        raise RuntimeError("no length")


def _quantity(unit: str) -> Any:
    import brian2

    return np.ones(3) * getattr(brian2, unit)


def _cyclic() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


#: Odd values, made when they are used.
ODD: Mapping[str, Callable[[], Any]] = {
    "nan": lambda: np.nan,
    "inf": lambda: np.inf,
    "-1": lambda: -1,
    "0": lambda: 0,
    "1e300": lambda: 1e300,
    "2**70": lambda: 2**70,
    "10**400": lambda: 10**400,
    "True": lambda: True,
    "None": lambda: None,
    "text": lambda: "abc",
    "bytes": lambda: b"abc",
    "control": lambda: "\x1b[31m\n",
    "complex": lambda: 1j,
    "empty": lambda: [],
    "empty array": lambda: np.empty(0),
    "no rows": lambda: np.empty((0, 4)),
    "no columns": lambda: np.empty((40, 0)),
    "scalar array": lambda: np.array(2.0),
    "nans": lambda: np.full((40, 4), np.nan),
    "one nan": lambda: np.where(np.arange(160).reshape(40, 4) == 7, np.nan, 1.0),
    "huge": lambda: np.full((40, 4), 1e300),
    "tiny": lambda: np.full((40, 4), 5e-324),
    "constant": lambda: np.ones((40, 4)),
    "negative": lambda: -np.ones(40),
    "float32": lambda: np.ones((40, 4), np.float32),
    "float16": lambda: np.ones(40, np.float16),
    "longdouble": lambda: np.ones(40, np.longdouble),
    "big-endian": lambda: np.ones((40, 4), ">f8"),
    "int8": lambda: np.full(40, -128, np.int8),
    "uint64": lambda: np.full(40, 2**64 - 1, np.uint64),
    "truths": lambda: np.ones(40, bool),
    "objects": lambda: np.array([1, "a", None], object),
    "numbers as objects": lambda: np.arange(40).astype(object),
    "texts": lambda: np.array(["a", "b"]),
    "dates": lambda: np.arange(40).astype("M8[ms]"),
    "records": lambda: np.zeros(3, dtype=[("a", "f8")]),
    "ragged": lambda: [[1, 2], [3]],
    "nested": lambda: [[[[1.0]]]],
    "many dimensions": lambda: np.ones((1,) * 20),
    "read only": lambda: np.broadcast_to(1.0, (40, 4)),
    "strided": lambda: np.arange(320.0).reshape(80, 4)[::-2],
    "masked": lambda: np.ma.masked_less(np.arange(40.0), 7),
    "mapping": lambda: {"a": 1},
    "set": lambda: {1, 2},
    "generator": lambda: (k for k in range(3)),
    "function": lambda: len,
    "class": lambda: int,
    "object": lambda: object(),
    "unfriendly": Unfriendly,
    "cyclic": _cyclic,
    "seconds": lambda: _quantity("second"),
    "volts": lambda: _quantity("volt"),
    "amperes": lambda: _quantity("amp"),
    "generator of random numbers": lambda: np.random.default_rng(0),
}


def _rows(value: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    if not isinstance(value, (np.ndarray, list, tuple)) or np.asarray(value).dtype.kind not in "biuf" or not np.ndim(value):
        return value
    return change(np.asarray(value))


#: Changes of the intact value of a parameter, which then does not fit the other arguments; of no array, nothing changes.
CHANGED: Mapping[str, Callable[[Any], Any]] = {
    "a row less": lambda value: _rows(value, lambda rows: rows[:-1]),
    "a row more": lambda value: _rows(value, lambda rows: np.concatenate([rows, rows[:1]])),
    "the first row": lambda value: _rows(value, lambda rows: rows[:1]),
    "one dimension more": lambda value: _rows(value, lambda rows: rows[..., None]),
    "transposed": lambda value: _rows(value, np.transpose),
    "in single precision": lambda value: _rows(value, lambda rows: rows.astype(np.float32)),
}


@cache
def networks() -> dict[str, Any]:
    """Return a reservoir, a balanced network, stimuli for both, and what a run recorded."""
    from hrsnn import Currents, ReservoirSpec, SpikeTrains, build, simulate
    from hrsnn.balanced import BalancedSpec
    from hrsnn.kinds import build_network

    reservoir = build(ReservoirSpec(neurons=12, length_scale=3), seed=1, channels=2)
    trains = SpikeTrains([1.0, 5.0, 9.0], [0, 1, 0], [0, 3], n_channels=2, duration=10.0)
    activity = simulate(reservoir, trains)
    return {
        "Reservoir": reservoir,
        "BalancedNetwork": build_network(BalancedSpec(neurons=12), 1, 2),
        "SpikeTrains": trains,
        "Currents": Currents(np.linspace(-1, 1, 20).reshape(1, 10, 2), dt=10.0),
        "Activity": activity,
        "state": activity.state,
        "DiGraph": reservoir.graph(),
        "csr_array": _matrix(),
        "ReservoirSpec": ReservoirSpec(neurons=12),
    }


def _matrix() -> Any:
    import scipy.sparse

    return scipy.sparse.csr_array(np.where(np.arange(144).reshape(12, 12) % 5 == 1, 0.05, 0.0) * (1 - np.eye(12)))


def _series(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape)


#: Intact values by the name of the parameter.
BY_NAME: Mapping[str, Callable[[], Any]] = {
    "states": lambda: _series(400, 4),
    "inputs": lambda: _series(400),
    "targets": lambda: _series(400),
    "target": lambda: _series(40),
    "prediction": lambda: _series(40),
    "n": lambda: 12,
    "pre": lambda: np.arange(11),
    "post": lambda: np.arange(1, 12),
    "weight": lambda: np.ones(11),
    "weights": lambda: 0.1 * _series(12, 12),
    "input_weights": lambda: _series(12),
    "rates": lambda: np.arange(12.0),
    "spike_counts": lambda: np.arange(12),
    "counts": lambda: np.arange(40),
    "activity": lambda: np.random.default_rng(1).poisson(3.0, 400),
    "kept": lambda: np.arange(12) < 9,
    "exponents": lambda: [0.5, 0.0, -2.0],
    "p_values": lambda: [0.01, 0.2, 0.04],
    "values": lambda: [1.0, 2.0, 4.0],
    "first": lambda: _series(6),
    "second": lambda: _series(6),
    "labels": lambda: np.arange(400) % 2,
    "links": lambda: 5,
    "train": lambda: 200,
    "max_delay": lambda: 3,
    "resamples": lambda: 50,
    "surrogates": lambda: 19,
    "bootstrap": lambda: 20,
    "iterations": lambda: 2,
    "duration": lambda: 20.0,
    "count": lambda: 3,
    "channels": lambda: 2,
    "size": lambda: 10,
    "steps": lambda: 5,
    "width": lambda: 2.0,
    "path": lambda: "file.npz",
    "times": lambda: [1.0, 2.0],
    "offsets": lambda: [0, 2],
    "n_channels": lambda: 2,
    "dt": lambda: 0.5,
    "leak": lambda: np.full(12, 3.0),
    "importance": lambda: np.arange(1.0, 12.0),
    "score": lambda: np.arange(12.0),
    "covariance": lambda: np.eye(12),
    "dense": lambda: networks()["Reservoir"],
    "random": lambda: np.random.default_rng(0),
    "predict": lambda: lambda row: np.asarray(row),
    "step": lambda: lambda state, x: (state, x),
    "cv": lambda: 0.5,
    "name": lambda: "lnp",
    "method": lambda: "magnitude",
    "kind": lambda: "drive",
    "out": lambda: None,
    "progress": lambda: False,
    "jobs": lambda: 1,
}
#: Intact values by the first word of an annotation.
BY_TYPE: Mapping[str, Callable[[], Any]] = {
    **{name: (lambda name=name: networks()[name]) for name in ("Reservoir", "BalancedNetwork", "SpikeTrains", "Activity")},  # type: ignore[misc]
    "ReservoirSpec": lambda: networks()["ReservoirSpec"],
    "NetworkType": lambda: networks()["Reservoir"],
    "Network": lambda: networks()["Reservoir"],
    "Stimulus": lambda: networks()["SpikeTrains"],
    "Trains": lambda: networks()["SpikeTrains"],
    "networkx.DiGraph": lambda: networks()["DiGraph"],
    "csr_array": lambda: networks()["csr_array"],
    "ArrayLike": lambda: _series(40),
    "Array": lambda: _series(40),
    "Indices": lambda: np.arange(3),
    "Mask": lambda: np.arange(12) < 9,
    "int": lambda: 3,
    "float": lambda: 0.5,
    "bool": lambda: True,
    "str": lambda: "lnp",
    "Sequence[Reservoir]": lambda: [networks()["Reservoir"]],
    "Sequence[int]": lambda: [1, 2],
    "Sequence[str]": lambda: ("spikes",),
}
#: Intact values that one function needs, by its name and the parameter's.
BY_FUNCTION: Mapping[tuple[str, str], Callable[[], Any]] = {
    ("Currents", "values"): lambda: _series(2, 3, 1),
    ("SpikeTrains", "channels"): lambda: [0, 1],
    ("Uniform", "high"): lambda: 2.0,
    ("bounds_of", "score"): lambda: "accuracy",
    ("branching_parameter", "activity"): lambda: np.random.default_rng(1).poisson(3.0, 900),
    ("energy", "operations"): lambda: [1.0, 5.0],
    ("information_capacity", "inputs"): lambda: np.tanh(_series(400)),
    ("integrated", "drift"): lambda: lambda x: -x,
    ("integrated", "jacobian"): lambda: lambda x: -np.eye(len(x)),
    ("operation_ratio", "dense"): lambda: np.arange(1, 13),
    ("operation_ratio", "pruned"): lambda: np.arange(12),
    ("sparsity", "dense"): lambda: np.ones(11),
    ("sparsity", "pruned"): lambda: np.ones(11),
    ("separation", "states"): lambda: _series(3, 4, 5),
    ("spike_efficiency", "nrmse"): lambda: 0.5,
    ("synchrony", "signals"): lambda: _series(40, 3),
    ("valid_prediction_time", "scale"): lambda: 1.0,
    ("keep_balanced_links", "kept"): lambda: np.arange(132) < 90,
    ("keep_links", "kept"): lambda: np.ones(networks()["Reservoir"].synapses, bool),
    ("link_scores", "rates"): lambda: np.ones(12),
    ("neighbourhood_rates", "rates"): lambda: np.arange(1.0, 13.0),
    ("noise_importance", "weight"): lambda: np.ones(11),
    ("noise_importance", "sign"): lambda: np.ones(11),
    ("noise_importance", "score"): lambda: np.ones(11),
    ("delayed_covariance", "links"): lambda: 0.05 * np.eye(12, k=1),
    ("delayed_covariance", "delay"): lambda: np.ones(11),
    ("sparsified", "links"): lambda: 0.05 * np.eye(12, k=1),
    ("rank_at_target", "score"): lambda: np.ones(11),
    ("spectral_error", "origin"): lambda: np.arange(12),
    ("spectral_error", "pruned"): lambda: networks()["Reservoir"],
    ("systematic_sample", "probability"): lambda: np.full(6, 0.5),
    ("read_graph", "path"): lambda: "file.edges",
    ("write_graph", "path"): lambda: "file.edges",
    ("lyapunov_spectrum", "stimulus"): lambda: networks()["Currents"],
    ("largest_lyapunov", "stimulus"): lambda: networks()["Currents"],
}


def intact(function: str, name: str, annotation: str) -> Any:
    """Return a value that a parameter of a function may have; None where no such value is known."""
    if (function.rpartition(".")[2], name) in BY_FUNCTION:
        return BY_FUNCTION[function.rpartition(".")[2], name]()
    own = BY_TYPE.get(annotation.partition(" | ")[0])
    by_name = BY_NAME.get(name)
    if annotation.startswith(("Reservoir", "BalancedNetwork", "networkx", "csr")) and own:
        return own()
    make = by_name or own
    return make() if make else None
