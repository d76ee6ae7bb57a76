"""Constants of neurons for tools that read NIR: those of the equations, or those with which forward Euler is exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrsnn.engines.propagators import current_to_v
from hrsnn.errors import InputError

#: Values of `discretisation`.
DISCRETISATIONS = ("none", "euler")
#: Unit of time of a graph, in ms.
TIME_UNITS = {"ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Discretisation:
    """How time constants stand in a graph whose steps are `dt` ms.

    With "none" a graph has the time constants of the equations. With "euler" it has

        tau' = dt/(1 - e^(-dt/tau)),    R_s = phi_s/(1 - e^(-dt/tau_m)),

    with phi_s of :func:`hrsnn.engines.propagators.current_to_v`. Then a step of forward Euler is the exact one of the grid:

        I + (dt/tau_s') (-I) = I e^(-dt/tau_s)
        v + (dt/tau_m') (v_leak - v + R_s I) = v_leak + (v - v_leak) e^(-dt/tau_m) + phi_s I
    """

    name: str
    dt: float

    def __post_init__(self) -> None:
        if self.name not in DISCRETISATIONS:
            raise InputError("discretisation", self.name, f"must be one of {', '.join(DISCRETISATIONS)}")

    def stated(self, tau: np.ndarray) -> np.ndarray:
        """Return the time constants (ms) as a graph has them."""
        return tau if self.name == "none" else np.asarray(-self.dt / np.expm1(-self.dt / tau))

    def own(self, node: str, stated: np.ndarray) -> np.ndarray:
        """Return the time constants of the equations from those of the node of a graph (ms).

        Raises
        ------
        InputError
            When one is not positive, or with "euler" not above dt: a step would then overshoot.
        """
        least = 0.0 if self.name == "none" else self.dt
        low = ~(stated > least)
        if low.any():
            allowed = f"must be above {least:g} (ms)" + (" for steps of dt by Euler's rule" if least else "")
            raise InputError(f"tau of node {node!r}", float(stated[low][0]), allowed)
        return stated if self.name == "none" else np.asarray(-self.dt / np.log1p(-self.dt / stated))

    def resistance(self, tau_m: np.ndarray, tau: np.ndarray) -> np.ndarray:
        """Return R_s, by which a current of time constant `tau` is multiplied in a graph."""
        if self.name == "none":
            return np.ones_like(tau_m)
        return np.asarray(current_to_v(tau_m, tau, self.dt) / -np.expm1(-self.dt / tau_m))


def check_time_unit(time_unit: str) -> float:
    """Return the unit of time in ms.

    Raises
    ------
    InputError
        When it is neither "ms" nor "s".
    """
    if time_unit not in TIME_UNITS:
        raise InputError("time_unit", time_unit, 'must be "ms" or "s"')
    return TIME_UNITS[time_unit]


def check_input(name: str) -> None:
    """Check what the input of a graph is.

    Raises
    ------
    InputError
        When it is neither "spikes" nor "currents".
    """
    if name not in ("spikes", "currents"):
        raise InputError("input", name, 'must be "spikes" or "currents"')
