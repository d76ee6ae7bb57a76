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

#: By patterns of names: no name matches two patterns of different bounds.
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
    """The least and the largest value that a score can have; infinite where there is no bound, or the name is not known.

    Parameters
    ----------
    score : str
        As results name it.

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
    """The bounds of all patterns that the name matches: one of each score that this package reports."""
    return [bounds for bounds, names in _BOUNDS.items() if any(fnmatchcase(score, name) for name in names)]
