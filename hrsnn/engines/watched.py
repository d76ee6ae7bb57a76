"""Which variables of which neurons a run records in time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Watched(NamedTuple):
    """Neurons whose variables an engine records at the requested times, and which variables.

    Engines write them as one array (times, variables, R): v; then I_exc and I_inh, if currents or adaptation are recorded;
    then the adaptation current.
    """

    neurons: np.ndarray  #: (R,) int64, ascending; all N unless some were chosen
    v: bool = False
    currents: bool = False
    adaptation: bool = False

    @property
    def variables(self) -> int:
        """Number of variables that are written for each neuron."""
        return 4 if self.adaptation else 3 if self.currents else 1

    def anything(self) -> bool:
        """Return whether anything is recorded."""
        return self.v or self.currents or self.adaptation

    def room(self, times: int) -> np.ndarray:
        """Return an array for the variables, (times, variables, R)."""
        return np.empty((times, self.variables, len(self.neurons)))

    def parts(self, written: np.ndarray) -> dict[str, Any]:
        """Return what was written as the arguments `v`, `currents` and `adaptation` of a response."""
        found: dict[str, Any] = {"v": written[:, 0]}
        if self.currents:
            found["currents"] = written[:, 1:3].transpose(0, 2, 1)
        if self.adaptation:
            found["adaptation"] = written[:, 3]
        return found
