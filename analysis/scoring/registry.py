"""Registry of the scores, and the score that a name in a table stands for."""

from __future__ import annotations

from collections.abc import Iterable

from hrsnn.analysis.scoring.contract import ANY, Bounds, Family, Score
from hrsnn.runtime.registry import Registry
from hrsnn.tasks import TASKS
from hrsnn.validation.units import takes

#: Longest label of an axis on one line, in characters.
_LONGEST_LABEL = 28
_HERE = "hrsnn.analysis.scoring"
#: Units of numbers by words of their names, before those of the scores.
_UNITS = {
    "ratio": "ratio",
    "saved": "share",
    "per_step": "spikes per step",
    "used_share": "spikes per step",
    "per_second": "1/s",
    "nj": "nJ",
    "bytes": "bytes",
    "nrmse": "sd",
    "coding_error": "sd",
    "share": "share",
    "span_ms": "ms",
    "links": "links",
    "neurons": "neurons",
    "strong_component": "neurons",
}
#: Scores of this package and of installed ones.
SCORES: Registry[Score] = Registry(
    "score",
    "hrsnn.scores",
    Score,
    {
        "memory_capacity": f"{_HERE}.of_memory:MEMORY_CAPACITY",
        "memory_capacity_v": f"{_HERE}.of_memory:MEMORY_CAPACITY_V",
        "memory_capacity_decoded": f"{_HERE}.of_memory:MEMORY_CAPACITY_DECODED",
        "bits_per_spike": f"{_HERE}.of_memory:BITS_PER_SPIKE",
        "bits_per_spike_decoded": f"{_HERE}.of_memory:BITS_PER_SPIKE_DECODED",
        "nrmse": f"{_HERE}.of_series:NRMSE",
        "nrmse_v": f"{_HERE}.of_series:NRMSE_V",
        "nrmse_decoded": f"{_HERE}.of_series:NRMSE_DECODED",
        "valid_time": f"{_HERE}.of_series:VALID_TIME",
        "valid_time_decoded": f"{_HERE}.of_series:VALID_TIME_DECODED",
        "accuracy": f"{_HERE}.of_classes:ACCURACY",
        "accuracy_decoded": f"{_HERE}.of_classes:ACCURACY_DECODED",
        "generalisation_gap": f"{_HERE}.of_classes:GENERALISATION_GAP",
        "effective_rank": f"{_HERE}.of_classes:EFFECTIVE_RANK",
        "entropy_rank": f"{_HERE}.of_classes:ENTROPY_RANK",
        "efficiency": f"{_HERE}.of_activity:EFFICIENCY",
        "effective_dimension": f"{_HERE}.of_activity:EFFECTIVE_DIMENSION",
        "third_order_correlation": f"{_HERE}.of_activity:THIRD_ORDER_CORRELATION",
        "mean_rate": f"{_HERE}.of_activity:MEAN_RATE",
        "silent_share": f"{_HERE}.of_activity:SILENT_SHARE",
        "spikes_per_neuron": f"{_HERE}.of_activity:SPIKES_PER_NEURON",
        "spikes": f"{_HERE}.of_activity:SPIKES",
        "operations": f"{_HERE}.of_activity:OPERATIONS",
        "rank": f"{_HERE}.reported:RANK",
        "generalisation_rank": f"{_HERE}.reported:GENERALISATION_RANK",
        "rank_difference": f"{_HERE}.reported:RANK_DIFFERENCE",
        "separation": f"{_HERE}.reported:SEPARATION",
        "capacity": f"{_HERE}.reported:CAPACITY",
        "correlation": f"{_HERE}.reported:CORRELATION_OF_STATES",
        "synchrony": f"{_HERE}.reported:SYNCHRONY",
        "participation": f"{_HERE}.reported:PARTICIPATION",
        "rate": f"{_HERE}.reported:RATE",
        "silent": f"{_HERE}.of_activity:SILENT_SHARE",
        "energy_joules": f"{_HERE}.reported:ENERGY",
        "interval_variation": f"{_HERE}.reported:INTERVAL_VARIATION",
        "fano_factor": f"{_HERE}.reported:FANO_FACTOR",
        "branching_parameter": f"{_HERE}.reported:BRANCHING_PARAMETER",
        "inhibition_over_excitation": f"{_HERE}.reported:INHIBITION_OVER_EXCITATION",
        "spectrum_distance": f"{_HERE}.reported:SPECTRUM_DISTANCE",
        "epsilon": f"{_HERE}.reported:EPSILON",
        "largest_exponent": f"{_HERE}.reported:LARGEST_EXPONENT",
        "without_silent_neurons": f"{_HERE}.reported:LARGEST_EXPONENT",
        "kaplan_yorke_dimension": f"{_HERE}.reported:KAPLAN_YORKE_DIMENSION",
        "links": f"{_HERE}.reported:LINKS",
        "neurons": f"{_HERE}.reported:NEURONS",
        "reciprocity": f"{_HERE}.reported:RECIPROCITY",
        "clustering": f"{_HERE}.reported:CLUSTERING",
        "strong_component": f"{_HERE}.reported:STRONG_COMPONENT",
    },
)


def declared_name(score: str) -> str | None:
    """Return the name in `SCORES` that a score in a table goes by: the longest one within it, between underscores.

    A score of another package is one only at the end of the name, after that of a task.

    Examples
    --------
    >>> declared_name("digits_accuracy"), declared_name("valid_time_v_0.5"), declared_name("memory_capacity_v")
    ('accuracy', 'valid_time', 'memory_capacity_v')
    """
    own = set(SCORES.own_names)
    within = [name for name in SCORES if (f"_{name}_" in f"_{score}_" if name in own else f"_{score}".endswith(f"_{name}"))]
    return max(within, key=len, default=None)


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
    name = declared_name(score)
    return ANY if name is None else SCORES[name].bounds


def label_of(score: str) -> str:
    """Return the label of a score in a table, for an axis: that of its task if its name begins with one, and its own.

    Examples
    --------
    >>> label_of("digits_accuracy"), label_of("digits_spikes_ratio"), label_of("memory_capacity")
    ('Digits: accuracy', 'Digits: spikes / dense', 'Memory capacity (values)')
    """
    name = declared_name(score)
    if name is None:
        return score.replace("_", " ").capitalize()
    before, _, after = f"_{score}_".partition(f"_{name}_")
    label = f"{SCORES[name].label} / dense" if after.strip("_") == "ratio" else SCORES[name].axis
    task = before.strip("_")
    if task not in TASKS:
        return label
    label = f"{TASKS[task].label}: {label[:1].lower()}{label[1:]}"
    return label if len(label) <= _LONGEST_LABEL else label.replace(": ", ":\n", 1)


def unit_of(score: str) -> str:
    """Return the unit of a number in a table, or "no unit" for a pure number.

    Examples
    --------
    >>> unit_of("mean_rate"), unit_of("digits_accuracy"), unit_of("nrmse_v"), unit_of("fano_factor")
    ('Hz', 'share', 'sd', 'no unit')
    >>> unit_of("mean_rate_per_step"), unit_of("bytes_of_the_file"), unit_of("digits_spikes_ratio")
    ('spikes per step', 'bytes', 'ratio')
    >>> unit_of("without_silent_neurons")
    '1/s'
    """
    if score in SCORES and SCORES[score].unit:
        return SCORES[score].unit
    for words, unit in _UNITS.items():
        if f"_{words}_" in f"_{score}_":
            return unit
    name = declared_name(score)
    if name is None:
        return "no unit"
    return SCORES[name].unit or ("share" if SCORES[name].bounds == (0.0, 1.0) else "no unit")


def signs_of(names: Iterable[str], family: Family) -> dict[str, int]:
    """Return the better direction (1 or -1) of those scores that are of a family, in the order of `SCORES`.

    Examples
    --------
    >>> signs_of(["links", "digits_rank", "digits_accuracy", "nrmse"], "skill")
    {'nrmse': -1, 'digits_accuracy': 1, 'digits_rank': 1}
    """
    declared = {name: declared_name(name) for name in names}
    return {
        name: score.better
        for own, score in SCORES.where(lambda one: one.family == family).items()
        for name, found in declared.items()
        if found == own
    }
