"""The scale of the columns of a series: mean and standard deviation of the part that is learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrsnn.display import Displayed
from hrsnn.errors import InputError


@dataclass(frozen=True)
class Scale(Displayed):
    """Mean and standard deviation of columns, by which a series is standardised.

    Attributes
    ----------
    mean, deviation : arrays (columns,)

    Examples
    --------
    >>> scale = Scale.of("values", np.array([[2.0], [4.0], [9.0]]), slice(0, 2))
    >>> scale.standardised(np.array([[9.0]])), scale.original(np.array([[6.0]]))
    (array([[6.]]), array([[9.]]))
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, field: str, columns: np.ndarray, part: slice) -> Scale:
        """Return the scale of columns (times, columns) in a part of the times.

        Raises
        ------
        InputError
            When a column does not vary there; the message begins with `field`.
        """
        learned = columns[part]
        constant = np.ptp(learned, axis=0) <= 1e-12 * np.abs(learned).max(axis=0)  # also by rounding
        if constant.any():
            raise InputError(field, f"column {int(np.argmax(constant))}", "must vary in the training part")
        return cls(learned.mean(axis=0), learned.std(axis=0))

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """Return values (times, columns) in standard deviations from the mean."""
        return np.asarray((values - self.mean) / self.deviation)

    def original(self, values: np.ndarray) -> np.ndarray:
        """Return standardised values (times, columns) in their own units."""
        return np.asarray(self.mean + self.deviation * values)
