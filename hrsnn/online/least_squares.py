"""A linear readout that is fitted a row at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of, positive

Array = NDArray[np.float64]


class RecursiveLeastSquares(Displayed):
    """Linear readout ``y = W x``, fitted to one row after another.

    After n updates, with a forgetting factor f::

        W = argmin sum_k f^(n - k) |target_k - W x_k|^2 + penalty f^n |W|^2,

    by ``P <- (P - g x^T P) / f``, ``g = P x / (f + x^T P x)``, ``W <- W + (target - W x) g^T``, from ``P = I / penalty``.

    Parameters
    ----------
    units, outputs : int
    penalty : float
        Penalty of the squared weights.
    forgetting : float
        Above 0 and at most 1; with 1 all rows count the same.
    intercept : bool
        Whether a constant input of 1 is added, penalised as the others.

    Attributes
    ----------
    weights : array (outputs, units)
        With an intercept (outputs, units + 1), the last column being that of the constant.

    Raises
    ------
    InputError
        When a number is out of range.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(50, 3))
    >>> model = RecursiveLeastSquares(3, 1, penalty=1e-6)
    >>> for row in rows:
    ...     _ = model.update(row, row @ [1.0, -2.0, 0.5])
    >>> model.predict(rows[0]).round(3) == np.round(rows[0] @ [1.0, -2.0, 0.5], 3)
    array([ True])

    References
    ----------
    S. Haykin (2002), Adaptive filter theory, chapter 9. D. Sussillo and L. F. Abbott (2009) for FORCE.
    """

    def __init__(
        self, units: int, outputs: int, *, penalty: float = 1.0, forgetting: float = 1.0, intercept: bool = True
    ) -> None:
        units, outputs = count_of("units", units), count_of("outputs", outputs)
        if not 0 < forgetting <= 1:
            raise InputError("forgetting", forgetting, "must be above 0 and at most 1")
        self.penalty, self.forgetting, self.intercept = positive("penalty", penalty, "no unit"), forgetting, intercept
        size = units + bool(intercept)
        self.weights: Array = np.zeros((outputs, size))
        self._inverse: Array = np.eye(size) / self.penalty
        self.updates = 0

    def predict(self, states: ArrayLike) -> Array:
        """Return the output for one row (units,) or several (rows, units)."""
        return np.asarray(self._row(states) @ self.weights.T)

    def update(self, states: ArrayLike, target: ArrayLike) -> Array:
        """Fit one row, and return the error of the output before it, ``target - y``.

        Parameters
        ----------
        states : array (units,)
        target : array (outputs,)
        """
        x = self._row(states)
        if x.ndim != 1:
            raise InputError("states", x.shape, "must be one row")
        error = np.atleast_1d(np.asarray(target, dtype=np.float64)) - self.weights @ x
        if error.shape != (len(self.weights),) or not np.isfinite(error).all():
            raise InputError("target", target, f"must be {len(self.weights)} finite numbers")
        projected = self._inverse @ x
        gain = projected / (self.forgetting + x @ projected)
        self._inverse = (self._inverse - np.outer(gain, projected)) / self.forgetting
        self.weights += np.outer(error, gain)
        self.updates += 1
        return np.asarray(error)

    def _row(self, states: ArrayLike) -> Array:
        x = np.asarray(states, dtype=np.float64)
        units = self.weights.shape[1] - bool(self.intercept)
        if x.ndim not in (1, 2) or x.shape[-1] != units:
            raise InputError("states", x.shape, f"must have {units} units")
        return np.append(x, np.ones((*x.shape[:-1], 1)), axis=-1) if self.intercept else x

    def _parts(self) -> Iterable[str]:
        outputs, size = self.weights.shape
        yield f"{size - bool(self.intercept)} units, {outputs} outputs, {self.updates} updates"
        yield f"penalty {self.penalty:g}, forgetting {self.forgetting:g}"
