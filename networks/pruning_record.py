"""The record of one iteration of pruning: size, structure and activity of the network under noise."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance

from hrsnn.activity import Activity
from hrsnn.analysis import synaptic_operations
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.networks.gains import spectral_error
from hrsnn.networks.graphs.laplacian import EIGENVECTOR_LIMIT, participation, strong_component, weak_components
from hrsnn.reservoir import Reservoir
from hrsnn.validation.annotations import is_number
from hrsnn.validation.numbers import count_of

Array = NDArray[np.float64]
#: Number of exponents that are compared.
LEADING = 10
_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class PruningRecord(Displayed):
    """Record of one iteration, 0 for the dense network; equal for equal seeds, as it contains no wall-clock times."""

    iteration: int
    budget: int  #: number of links after this iteration, as planned
    links: int  #: recurrent links; fewer than the budget only if the remaining neurons have no more
    neurons: int
    in_degrees: tuple[int, ...]  #: numbers of neurons with 0, 1, 2, ... incoming links
    out_degrees: tuple[int, ...]  #: numbers of neurons with 0, 1, 2, ... outgoing links
    strong_component: int  #: neurons in the largest strongly connected component
    pieces: int  #: weakly connected components; a neuron without links is one
    tau_excitatory: tuple[float, ...]  #: ms: mean and standard deviation of tau_m, and its 0, 25, 50, 75 and 100 % quantiles
    tau_inhibitory: tuple[float, ...]
    largest_exponent: float  #: lambda_1 without silent neurons (1/s); nan if undefined or not measured
    spectrum_distance: float  #: 1/s: W_1 between the ten leading exponents of the network and of the dense one; or nan
    epsilon: float  #: see :func:`hrsnn.networks.spectral_error`; above 2000 neurons nan between two refreshes
    participation: float  #: mean inverse participation ratio of the Laplacian; above 2000 neurons nan between two refreshes
    mean_rate: float  #: Hz, under the noise
    excitatory_rate: float
    inhibitory_rate: float
    silent_share: float
    operations: float  #: recurrent synaptic operations per second under the noise (SOP)
    mean_weight: float  #: mV
    mean_bias: float  #: mV: mean change of i_bias relative to the dense network
    score: float = float("nan")  #: value of the user's score function
    numbers: Mapping[str, float] = field(default_factory=dict)  #: numbers from the method: rescaling, restored links, ...

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> PruningRecord:
        """Read a record from JSON, where nan is null.

        Raises
        ------
        InputError
            When a field is missing or unknown, or a value has the wrong type.
        """
        if stored.keys() != _TYPES.keys():
            raise InputError(
                "records", sorted(stored.keys() ^ _TYPES.keys()), "must have every name of a record and no others"
            )
        return cls(**{name: _READERS[_TYPES[name]](name, value) for name, value in stored.items()})

    def plain(self) -> dict[str, Any]:
        """Return a dictionary of numbers and lists, for JSON."""
        return dataclasses.asdict(self)


def number_or_nan(name: str, value: Any) -> float:
    """Return a finite number from JSON; nan for null.

    Raises
    ------
    InputError
        When it is anything else.
    """
    if value is None:
        return math.nan
    if not is_number(value) or not math.isfinite(value):
        raise InputError(name, value, "must be a finite number, or null where there is none")
    return float(value)


def _listed(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(name, value, "must be a list")
    return value


def _by_name(name: str, value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise InputError(name, value, "must be a mapping")
    return {key: number_or_nan(f"{name}.{key}", item) for key, item in value.items()}


_TYPES = {field.name: str(field.type) for field in dataclasses.fields(PruningRecord)}
#: Functions that read the value of a field, by its type.
_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "int": lambda name, value: count_of(name, value, 0),
    "float": number_or_nan,
    "tuple[int, ...]": lambda name, value: tuple(count_of(name, item, 0) for item in _listed(name, value)),
    "tuple[float, ...]": lambda name, value: tuple(number_or_nan(name, item) for item in _listed(name, value)),
    "Mapping[str, float]": _by_name,
}


def record_of(
    reservoir: Reservoir,
    dense: Reservoir,
    origin: NDArray[np.int64],
    activity: Activity,
    leading: Array | None,
    dense_leading: Array | None,
    *,
    eigenvectors_up_to: int = EIGENVECTOR_LIMIT,
    **others: Any,
) -> PruningRecord:
    """Return the record of a network from its arrays, its activity under the noise, and its leading exponents."""
    n, excitatory, rates = reservoir.neurons, reservoir.is_excitatory, activity.rates
    seconds = float(activity.durations.sum()) / 1000
    bias = reservoir.i_bias - dense.i_bias[origin]
    return PruningRecord(
        links=reservoir.synapses,
        neurons=n,
        in_degrees=_distribution(reservoir.post, n),
        out_degrees=_distribution(reservoir.pre, n),
        strong_component=strong_component(n, reservoir.pre, reservoir.post),
        pieces=weak_components(n, reservoir.pre, reservoir.post),
        tau_excitatory=_summary(reservoir.tau_m[excitatory]),
        tau_inhibitory=_summary(reservoir.tau_m[~excitatory]),
        largest_exponent=float("nan") if leading is None or not len(leading) else float(leading[0]),
        spectrum_distance=distance_of_spectra(leading, dense_leading),
        epsilon=spectral_error(reservoir, dense, origin) if n <= eigenvectors_up_to else float("nan"),
        participation=participation(n, reservoir.pre, reservoir.post, limit=eigenvectors_up_to),
        mean_rate=float(rates.mean()),
        excitatory_rate=_mean(rates[excitatory]),
        inhibitory_rate=_mean(rates[~excitatory]),
        silent_share=float((rates == 0).mean()),
        operations=float(synaptic_operations(activity.spike_counts, reservoir.pre).sum()) / seconds,
        mean_weight=_mean(reservoir.weight),
        mean_bias=float(bias.mean()),
        **others,
    )


def distance_of_spectra(leading: Array | None, dense: Array | None) -> float:
    """Return W_1 between the ten leading exponents of two networks (1/s); nan where one has fewer, or was not measured."""
    if leading is None or dense is None or min(len(leading), len(dense)) < LEADING:
        return float("nan")
    return float(wasserstein_distance(leading, dense))


def _distribution(ends: NDArray[np.integer], n: int) -> tuple[int, ...]:
    return tuple(np.bincount(np.bincount(ends, minlength=n)).tolist())


def _summary(tau: Array) -> tuple[float, ...]:
    if not len(tau):
        return ()
    return (float(tau.mean()), float(tau.std()), *(float(q) for q in np.quantile(tau, _QUANTILES)))


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")
