"""How the numbers of a run are summarised and tested, in the words of a paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TEST = (
    "their 95 % intervals are bias-corrected and accelerated bootstraps over the pairs [@efron-1987], and p-values "
    "are those of the "
    "two-sided sign-flip test [@fisher-1935]"
)
#: How the interval of a score within one run is computed, by the beginning of its name.
_WITHIN = {
    "memory_capacity": "a moving-block bootstrap of the held-out values",
    "branching_parameter": "a bootstrap over blocks of the stimulus",
}


def statistics(found: Mapping[str, Any]) -> str:
    """Return sentences on the intervals and tests in the content of ``metrics.json``.

    Examples
    --------
    >>> statistics({"seed": 3, "scores": {"accuracy": 0.9}})
    'Numbers are of a single run (one seed), without interval.'
    """
    return " ".join(_sentences(found))


def _sentences(found: Mapping[str, Any]) -> Iterator[str]:
    seeds = found.get("seeds") or ()
    many = len(seeds) if isinstance(seeds, list | tuple) else 0
    interval, claims = found.get("interval"), found.get("claims")
    if isinstance(interval, Mapping) and "what" in interval:
        yield f"Numbers are means over {many} seeds, with intervals: {interval['what']}."
    elif isinstance(interval, Mapping) and interval:
        for name in interval:
            how = next((words for start, words in _WITHIN.items() if name.startswith(start)), "resampling within the run")
            yield f"The 95 % interval of `{name}` is {how}: the uncertainty within this run, not between networks."
    elif many > 1:
        yield f"Numbers are means over {many} seeds."
    else:
        yield "Numbers are of a single run (one seed), without interval."
    if "difference" in found:
        yield f"Scores and baselines were compared in pairs of equal seed: {_TEST}."
    if found.get("fresh"):
        count = len(found["fresh"]["best"])
        yield f"The best and the default were compared in {count} pairs of equal seed: {_TEST}."
    if claims:
        yield (
            f"Claims were tested on differences paired by seed; {_TEST}, with Holm's correction [@holm-1979] within "
            f"each family. "
            "A claim is supported or refuted where the corrected p-value is below 0.05, undecided otherwise."
        )
    if "importance" in found:
        yield "Intervals of Shapley values are 95 % intervals over the seeds."
