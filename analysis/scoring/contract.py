"""What a score declares: how it is computed from a run, its bounds, its better direction, and its label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_number

if TYPE_CHECKING:
    from hrsnn.tasks.declaration import TaskKind

Bounds = tuple[float, float]
ANY: Bounds = (-np.inf, np.inf)
#: Bounds of a share, 0 and 1.
SHARE: Bounds = (0.0, 1.0)
CORRELATION: Bounds = (-1.0, 1.0)
POSITIVE: Bounds = (0.0, np.inf)

#: What a score may need of a run: recorded spikes, states (filtered spikes) or v, the input, the network itself, or that the
#: network has a decoder of its own.
Need = Literal["spikes", "states", "v", "inputs", "network", "decoder"]
NEEDS: tuple[Need, ...] = ("spikes", "states", "v", "inputs", "network", "decoder")
#: "skill": how well a network does a task. "cost": what it takes. "distance": from another network. "description": neither.
Family = Literal["skill", "cost", "distance", "description"]


@dataclass(frozen=True, kw_only=True)
class Score:
    """A number that describes a run of a network through a task.

    Parameters
    ----------
    label : str
        Name in tables and on axes.
    unit : str
    bounds : (float, float)
        Smallest and largest possible value; intervals do not exceed them.
    better : {1, 0, -1}
        Whether more is better, neither, or less.
    family : {"skill", "cost", "distance", "description"}
        Skills are compared between networks in claims; costs form a family of tests of their own.
    kinds : tuple of str
        Kinds of tasks that have this score: "classes", "series", "memory".
    needs : tuple of str
        What `function` uses of a run: "spikes", "states", "v", "inputs", "network", or "decoder", a network with a decoder
        of its own. Spikes, states and v are recorded only for scores that need them.
    function : callable, optional
        From a run (:data:`hrsnn.analysis.runs.TaskRun`) to the score; nan where it is undefined. Without it
        the score is only reported, by a command that computes it in its own way.

    Raises
    ------
    InputError
        When a value is not allowed.

    Examples
    --------
    >>> score = Score(label="Active share", bounds=SHARE, kinds=("classes",), function=lambda run: 0.5)
    >>> score.axis, score.of(None)
    ('Active share', 0.5)
    """

    label: str
    unit: str = ""
    bounds: Bounds = ANY
    better: Literal[1, 0, -1] = 0
    family: Family = "description"
    kinds: tuple[TaskKind, ...] = ()
    needs: tuple[Need, ...] = ()
    function: Callable[[Any], float] | None = None

    def __post_init__(self) -> None:
        if not self.bounds[0] < self.bounds[1]:
            raise InputError("bounds", self.bounds, "must be two ascending numbers")
        if self.better not in (1, 0, -1):
            raise InputError("better", self.better, "must be 1, 0 or -1")
        for need in self.needs:
            if need not in NEEDS:
                raise InputError("needs", need, f"must be of {', '.join(NEEDS)}")
        if self.family == "skill" and not self.better:
            raise InputError("better", 0, "must be 1 or -1 for a skill")

    @property
    def axis(self) -> str:
        """Label of an axis, with the unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def of(self, run: Any) -> float:
        """Compute the score of a run.

        Raises
        ------
        InputError
            When the score has no function, or its function returns no number or uses what `needs` does not declare.
        """
        if self.function is None:
            raise InputError("score", self.label, "is only reported: it cannot be computed from a run of a task")
        try:
            value = self.function(run)
        except InputError as error:
            if error.field != "record":
                raise
            # the declaration is at fault, not the caller, who cannot add to what is recorded
            reason = f"cannot be computed from a run {error.value}: its declaration must name in needs what it uses"
            raise InputError("score", self.label, reason) from error
        if not is_number(value):
            raise InputError("score", self.label, f"must be computed as a number, not as {type(value).__name__}")
        return float(value)
