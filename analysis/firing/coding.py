"""Error of a code in spikes, and its spikes against the most that its rule allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.errors import InputError
from hrsnn.validation.numbers import positive, series_of
from hrsnn.validation.units import takes


@takes()
def coding_error(target: ArrayLike, estimate: ArrayLike, *, relative: bool = False) -> float:
    """Compute the root mean square of ``target - estimate`` over times and states.

    Parameters
    ----------
    target, estimate : array (times, J) or (times,)
    relative : bool
        Whether it is divided by the sd of the target, over all states about their means.

    Returns
    -------
    float

    Raises
    ------
    InputError
        When shapes differ, a value is not finite, or a relative error is asked of a constant target.

    Examples
    --------
    >>> coding_error([1.0, -1.0], [0.5, -0.5], relative=True)
    0.5
    """
    wanted, found = series_of("target", target), series_of("estimate", estimate)
    if wanted.shape != found.shape:
        raise InputError("estimate", found.shape, f"must have the shape of the target, {wanted.shape}")
    error = float(np.sqrt(((wanted - found) ** 2).mean()))
    if not relative:
        return error
    deviation = float(np.sqrt(wanted.var(axis=0).mean()))
    if not deviation:
        raise InputError("target", "constant", "must vary for a relative error")
    return error / deviation


@takes(duration="ms", dt="ms")
def used_share(spikes: int, duration: float, dt: float) -> float:
    """Return the spikes of all neurons over one a step, the most of a balanced network: near 1 its code breaks down.

    Parameters
    ----------
    spikes : int
        Number of spikes of all neurons.
    duration, dt : float
        ms.

    Raises
    ------
    InputError
        When a time is not positive or the number is negative.

    Examples
    --------
    >>> used_share(5000, duration=1000, dt=0.1)
    0.5
    """
    if spikes < 0:
        raise InputError("spikes", spikes, "must be 0 or more")
    return spikes * positive("dt", dt, "ms") / positive("duration", duration, "ms")
