"""Neurons of deep networks in discrete time: quadratic, leaky and perfect integrate-and-fire."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hrsnn.deep.windows import analytic_width
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.runtime.registry import Registry
from hrsnn.validation.units import take_fields


@dataclass(frozen=True)
class Neuron(Displayed):
    """A neuron in discrete time, whose potential follows a parabola between spikes.

    ``u[t] = a v^2 + b v + c + x[t]``, ``v = u[t-1] (1 - s[t-1])``, ``s = H(u - threshold)``: a spike where u is above the
    threshold, and a reset to 0. :func:`lif`, :func:`integrate_and_fire`, :func:`qif_from_fixed_points` and
    :func:`qif_from_roots` make the usual ones.

    Parameters
    ----------
    a, b, c : float
    threshold : float
    clamp_vertex : bool
        Whether v is at least the vertex ``-b / 2a``, below which the parabola rises again: with `a` > 0 a large negative
        potential would otherwise become a spike.
    subtract : bool
        Whether a spike takes the threshold off the potential instead of setting it to 0: ``v = u[t-1] - threshold s[t-1]``.
        What was above the threshold is then kept, and the rate of a perfect integrator is that of its input.

    Raises
    ------
    InputError
        When a number is not finite, the threshold is not positive, or not above the vertex; when `a` is negative.

    References
    ----------
    Moreno et al. (2025), arXiv 2510.05168 (reconstructed: the full text was not at hand).

    Examples
    --------
    >>> qif_from_fixed_points(0.25, 0.0, 0.5)
    Neuron(a=0.25, b=0.875, c=0, threshold=1, clamp_vertex=True, subtract=False)
    >>> round(lif().width(), 3)
    1.084
    """

    a: float = 0.0
    b: float = 0.5
    c: float = 0.0
    threshold: float = 1.0
    clamp_vertex: bool = True
    subtract: bool = False

    def __post_init__(self) -> None:
        take_fields(self)
        for name in ("a", "b", "c", "threshold"):
            if not math.isfinite(getattr(self, name)):
                raise InputError(name, getattr(self, name), "must be finite")
        if self.a < 0:
            raise InputError("a", self.a, "must be 0 or more: a parabola that opens downwards has no threshold")
        if self.threshold <= 0 or self.floor >= self.threshold:
            raise InputError("threshold", self.threshold, f"must be positive and above the vertex, {self.floor:g}")

    @property
    def floor(self) -> float:
        """Least potential that is carried over; minus infinity without a clamp."""
        return -self.b / (2 * self.a) if self.clamp_vertex and self.a else -math.inf

    def width(self, input_mean: float = 0.0, input_variance: float | None = None) -> float:
        """Return the analytic half-width of the window (:func:`hrsnn.deep.windows.analytic_width`)."""
        if self.subtract:
            raise InputError(
                "subtract", True, "has no analytic window, which is of neurons that are reset to 0: give a width"
            )
        return analytic_width(self.a, self.b, self.c, self.threshold, input_mean, input_variance, self.floor)


def lif(decay: float = 0.5, threshold: float = 1.0) -> Neuron:
    """Return the leaky integrate-and-fire neuron, which keeps the share `decay` of its potential in a step.

    Examples
    --------
    >>> lif(decay=0.9)
    Neuron(a=0, b=0.9, c=0, threshold=1, clamp_vertex=True, subtract=False)
    """
    return Neuron(b=decay, threshold=threshold)


def integrate_and_fire(threshold: float = 1.0, subtract: bool = False) -> Neuron:
    """Return the integrate-and-fire neuron without a leak.

    Examples
    --------
    >>> integrate_and_fire(subtract=True)
    Neuron(a=0, b=1, c=0, threshold=1, clamp_vertex=True, subtract=True)
    """
    return Neuron(b=1.0, threshold=threshold, subtract=subtract)


def qif_from_fixed_points(
    a: float = 0.25, u1: float = 0.0, u2: float = 0.5, threshold: float = 1.0, clamp_vertex: bool = True
) -> Neuron:
    """Return the quadratic neuron with fixed points at u1 and u2: ``u[t] = v + a (v - u1)(v - u2) + x[t]``.

    Examples
    --------
    >>> neuron = qif_from_fixed_points(0.5, -0.2, 0.6)
    >>> [round(neuron.a * u * u + neuron.b * u + neuron.c, 12) for u in (-0.2, 0.6)]
    [-0.2, 0.6]
    """
    return Neuron(a, 1 - a * (u1 + u2), a * u1 * u2, threshold, clamp_vertex)


def qif_from_roots(
    a: float = 0.25, u1: float = 0.0, u2: float = 0.5, threshold: float = 1.0, clamp_vertex: bool = True
) -> Neuron:
    """Return the quadratic neuron whose parabola is 0 at u1 and u2: ``u[t] = a (v - u1)(v - u2) + x[t]``.

    Examples
    --------
    >>> qif_from_roots()
    Neuron(a=0.25, b=-0.125, c=0, threshold=1, clamp_vertex=True, subtract=False)
    """
    return Neuron(a, -a * (u1 + u2), a * u1 * u2, threshold, clamp_vertex)


#: Neurons by name, with their default parameters.
NEURONS: Registry[Neuron] = Registry(
    "neuron",
    "hrsnn.neurons",
    Neuron,
    {
        "lif": "hrsnn.deep.neurons:LIF",
        "qif": "hrsnn.deep.neurons:QIF",
        "qif-roots": "hrsnn.deep.neurons:QIF_ROOTS",
        "if": "hrsnn.deep.neurons:IF",
    },
)

LIF, IF, QIF, QIF_ROOTS = lif(), integrate_and_fire(), qif_from_fixed_points(), qif_from_roots()
