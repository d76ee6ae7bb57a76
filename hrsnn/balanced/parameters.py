"""Parameters of a balanced network: what each is, which values it may have, and a value as its type."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hrsnn.distributions import Distribution, from_dict
from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_number, is_whole

#: Systems by name; "matrices" is that of `matrix` and `input_matrix`, "inputs" a leaky integrator for each channel.
SYSTEMS = ("rotations", "legendre", "integrator", "oscillator", "inputs", "matrices")
#: Decoders by name: random directions, or those of a frame that is tight.
DECODERS = ("random", "tight")
Matrix = tuple[tuple[float, ...], ...]

ABOUT = {
    "neurons": "number of neurons N",
    "dimensions": "number of states J of the linear system; auto: of the matrices or the channels, else 0.032 a neuron",
    "system": f"linear system that the network follows: {', '.join(SYSTEMS)}",
    "matrix": "A of the system `matrices`, J rows (1/s)",
    "input_matrix": "B of the system `matrices`, J rows with a value for each channel (1/s)",
    "frequency": "highest frequency of rotations, or that of an oscillator (Hz); auto: J/3 Hz (J/4 over 32 states), 1 Hz",
    "decay": "time constant of rotations and of `inputs` (ms); auto: uniform(400, 800), and up to twice that over 32 states",
    "window": "length of the Legendre delay line (ms)",
    "hold": "time for which an input value is held (ms): states have unit sd for random values; an input spike counts as 1",
    "gain": "factor of the input matrix",
    "decoder": f"columns of the decoder: {', '.join(DECODERS)}",
    "decoder_norm": "length gamma of a neuron's decoder: its spike moves the estimate by so much, in sd of a state",
    "leak": "leak lambda of the membranes and of the estimate (1/s)",
    "linear_cost": "nu, cost of spikes: raises thresholds by nu lambda/2",
    "quadratic_cost": "mu, cost of rates: raises thresholds and resets by mu lambda^2",
    "noise": "sd of the voltage noise, in thresholds",
    "lag": "lag of the coding error that is compensated (ms); auto: estimated, and 0 where that makes the system unstable",
    "dt": "time step (ms); at most one neuron spikes in each",
}
_DISTRIBUTED = ("decay", "decoder_norm", "leak")
#: Bounds of the numbers: lowest, highest, and whether the lowest is allowed.
_BOUNDS: dict[str, tuple[float, float, bool]] = {
    "frequency": (0, 1e4, False),
    "decay": (0, 1e7, False),
    "window": (0, 1e6, False),
    "hold": (0, 1e6, False),
    "gain": (-1e6, 1e6, True),
    "decoder_norm": (0, 1e3, False),
    "leak": (0, 1e4, False),
    "linear_cost": (0, 1e6, True),
    "quadratic_cost": (0, 1e6, True),
    "noise": (0, 1e3, True),
    "lag": (0, 100, True),
    "dt": (1e-4, 10, True),
}
_AUTO = ("frequency", "decay", "lag")


def checked(name: str, value: Any) -> Any:
    """Return a parameter converted to its type."""
    if name == "neurons" or (name == "dimensions" and value != "auto"):
        most = 10**6 if name == "neurons" else 10**5
        if not is_whole(value) or not 1 <= value <= most:
            raise InputError(name, value, f"must be a whole number from 1 to {most}{' or auto' * (name == 'dimensions')}")
        return int(value)
    if name == "system":
        if value not in SYSTEMS:
            raise InputError(name, value, f"must be one of {', '.join(SYSTEMS)}")
        return value
    if name == "decoder":
        if value not in DECODERS:
            raise InputError(name, value, f"must be one of {', '.join(DECODERS)}")
        return value
    if name in ("matrix", "input_matrix"):
        return None if value is None else _matrix(name, value)
    if value == "auto" and name in ("dimensions", *_AUTO):
        return value
    low, high, closed = _BOUNDS[name]
    if name in _DISTRIBUTED and isinstance(value, (dict, Distribution)):
        value = from_dict(value) if isinstance(value, dict) else value
        if value.support[0] < low or (math.isfinite(value.support[1]) and value.support[1] > high):
            raise InputError(name, value, f"must be from {low:g} to {high:g}")
        return value
    ends = f"{'from' if closed else 'above'} {low:g} {'to' if closed else 'and at most'} {high:g}"
    extra = ", or a distribution" * (name in _DISTRIBUTED) + ", or auto" * (name in _AUTO)
    if not is_number(value) or not (low <= value <= high and (closed or value > low)):
        raise InputError(name, value, f"must be {ends}{extra}")
    return float(value)


def _matrix(name: str, value: Any) -> Matrix:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(name, value, "must be rows of numbers, all of one length") from None
    if array.ndim != 2 or not array.size:
        raise InputError(name, array.shape, "must be rows of numbers, all of one length")
    if not np.isfinite(array).all():
        raise InputError(name, array[~np.isfinite(array)][0], "must be finite")
    return tuple(map(tuple, array.tolist()))
