"""Lower and upper bounds of every score."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import numpy as np

from hrsnn.validation.units import takes

Bounds = tuple[float, float]

ANY: Bounds = (-np.inf, np.inf)
_SHARE: Bounds = (0.0, 1.0)
_CORRELATION: Bounds = (-1.0, 1.0)
_POSITIVE: Bounds = (0.0, np.inf)

#: Patterns of names by bounds: no name matches patterns of different bounds.
_BOUNDS: Mapping[Bounds, tuple[str, ...]] = {
    _SHARE: ("*accuracy", "silent_share", "synchrony", "participation"),
    _CORRELATION: ("*correlation",),
    _POSITIVE: (
        "*capacity",
        "*capacity_v",
        "*nrmse",
        "*nrmse_v",
        "valid_time*",
        "*_rank",
        "*efficiency",
        "*dimension",
        "separation",
        "*_rate",
        "*spikes*",
        "*operations*",
        "energy_joules",
        "interval_variation",
        "fano_factor",
        "branching_parameter",
        "inhibition_over_excitation",
        "spectrum_distance",
        "links",
        "neurons",
        "strong_component",
    ),
    ANY: ("largest_exponent", "without_silent_neurons", "rank_difference", "score"),
}


@takes()
def bounds_of(score: str) -> Bounds:
    """Return the smallest and largest possible value of a score; infinite without a bound or for an unknown name.

    Parameters
    ----------
    score : str
        Name of the score in results.

    Returns
    -------
    (float, float)

    Examples
    --------
    >>> bounds_of("digits_accuracy"), bounds_of("memory_capacity"), bounds_of("largest_exponent")
    ((0.0, 1.0), (0.0, inf), (-inf, inf))
    """
    found = matching(score)
    return found[0] if found else ANY


def matching(score: str) -> list[Bounds]:
    """Return the bounds of all patterns that the name matches: one for each score that this package reports."""
    return [bounds for bounds, names in _BOUNDS.items() if any(fnmatchcase(score, name) for name in names)]
