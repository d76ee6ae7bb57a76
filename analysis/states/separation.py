"""Separation: distances between states of different stimuli relative to those of jittered copies."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import pdist

from hrsnn.display import Displayed
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.validation.units import takes


@dataclass(frozen=True)
class Separation(Displayed):
    """Mean distances between states per neuron, in the unit of the states.

    Attributes
    ----------
    between : float
        Mean distance between the states of different stimuli.
    within : float
        Mean distance between the states of jittered copies of the same stimulus.
    ratio : float
        ``between / within``; 1 if stimuli differ no more than jittered copies, nan if no copies differ.
    """

    between: float
    within: float
    ratio: float


@takes()
def separation(states: ArrayLike) -> Separation:
    """Compare the distances between states of different stimuli with those between jittered copies of one.

    ``between = mean |x - y| / sqrt(neurons)`` over all pairs of states of different stimuli, ``within`` the same over all
    pairs of copies of the same stimulus.

    Parameters
    ----------
    states : array, shape (stimuli, copies, neurons)
        The final state of each copy of each stimulus, of any unit. Copies differ by noise alone.

    Returns
    -------
    Separation

    Raises
    ------
    InputError
        When there are fewer than two stimuli or two copies, or a value is not finite.

    Warns
    -----
    HrsnnWarning
        When no two copies differ: the ratio is nan.

    Notes
    -----
    Dividing by the square root of the number of neurons makes networks of different sizes comparable. In a chaotic network
    both `between` and `within` are large.

    Examples
    --------
    >>> separation([[[0.0], [1.0]], [[10.0], [11.0]]])
    Separation(between=10, within=1, ratio=10)

    References
    ----------
    W. Maass, T. Natschlaeger & H. Markram, "Real-time computing without stable states", Neural Computation 14 (2002),
    the separation property; R. Legenstein & W. Maass, Neural Networks 20 (2007), for the comparison with noise.
    """
    array = np.asarray(states, dtype=np.float64)
    if array.ndim != 3 or array.shape[0] < 2 or array.shape[1] < 2 or array.shape[2] == 0:
        raise InputError("states", array.shape, "must have shape (stimuli, copies, neurons), two or more of the first two")
    if not np.isfinite(array).all():
        raise InputError("states", array[~np.isfinite(array)][0], "must be finite")
    stimuli, copies, neurons = array.shape
    distances = pdist(array.reshape(-1, neurons)) / np.sqrt(neurons)
    first, second = np.triu_indices(stimuli * copies, k=1)
    same = first // copies == second // copies
    between, within = float(distances[~same].mean()), float(distances[same].mean())
    if within == 0:
        warnings.warn("no two copies of a stimulus differ: the ratio is nan", HrsnnWarning, stacklevel=3)
    return Separation(between, within, between / within if within > 0 else float("nan"))
