"""Claims about pruning curves, their verdicts, and the best arms at each sparsity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.registry import signs_of
from hrsnn.display import Displayed
from hrsnn.networks.studies.pruning_arms import ARMS

if TYPE_CHECKING:
    from hrsnn.analysis import PairedTest
    from hrsnn.analysis.claims import Verdict

Array = NDArray[np.float64]
#: Scores at each sparsity, by seed and arm.
Runs = Mapping[tuple[int, str], Mapping[str, Mapping[str, float]]]
#: Function from an arm and a score to values by seed; and function from it to differences.
Values = Callable[[str, str], Array]
Difference = Callable[[Values], Array]

#: Endings of scores that are counts, given as ratios to the dense network's too.
_COUNTS = ("_spikes", "_operations")
#: Share of the dense network's score up to which a loss counts as small.
_LITTLE = 0.05
#: Claims that one arm is better than another.
_BETTER = (
    ("LNP beats activity pruning", "lnp", "activity"),
    ("LNP beats activity pruning as published", "lnp", "activity_neurons"),
    ("LNP beats magnitude pruning", "lnp", "magnitude"),
    ("LNP beats random pruning", "lnp", "random"),
    ("LNP beats the random graph", "lnp", "erdos_renyi"),
    ("LNP beats noise pruning by weight", "lnp", "noise"),
    ("LNP with all steps beats activity pruning as published", "lnp_whole", "activity_neurons"),
    ("step 1 helps", "lnp_whole", "lnp_no_step_1"),
    ("step 2 helps", "lnp_whole", "lnp_no_step_2"),
    ("step 3 helps", "lnp_whole", "lnp_no_step_3"),
    ("step 4 helps", "lnp_whole", "lnp_no_step_4"),
    ("step 4 helps LNP without the others", "lnp_step_4", "lnp"),
    ("the text of the paper is better", "lnp_letter", "lnp_whole"),
    ("eq. 17 is a better step 3", "lnp_degree", "lnp"),
    ("exponents are a better score than the weight", "lnp", "lnp_weight"),
    ("drive is a better score than exponents", "lnp_drive", "lnp"),
    ("rescaled weights are better", "lnp_rescale", "lnp"),
    ("a measured covariance is better", "lnp_measured", "lnp"),
    ("a covariance with delays is better", "lnp_delayed", "lnp"),
    ("a leak near the critical one is better", "lnp", "lnp_diagonal"),
    ("drive beats LNP", "drive", "lnp"),
    ("drive beats magnitude pruning", "drive", "magnitude"),
    ("drive beats random pruning", "drive", "random"),
    ("signal beats drive", "signal", "drive"),
    ("drive is better at each target than over the network", "drive", "drive_network"),
    *((f"sums and bias help {name}", f"{name}_both", name) for name in ("lnp", "drive", "signal", "magnitude", "random")),
    *((f"without half the neurons {name} is better", f"{name}_half", name) for name in ("lnp", "drive", "random")),
    *(
        (f"at equal rate drive beats {name}", "drive_rate", f"{name}_rate")
        for name in ("lnp", "signal", "magnitude", "random")
    ),
    *((f"drive at the dense network's rate beats {name}", "drive_rate", name) for name in ("rebuilt", "rebuilt_in_degree")),
    ("drive at the dense network's rate beats the dense network", "drive_rate", "dense"),
    ("drive at the dense network's rate beats the delay bank", "drive_rate", "delay_bank"),
    ("pruned links are better than none", "lnp", "no_recurrence"),
    ("pruned links are better than their mean drive", "lnp", "no_recurrence_drive"),
)


@dataclass(frozen=True)
class ClaimVerdict(Displayed):
    """Claim in one score at one sparsity, with its test and verdict."""

    claim: str
    score: str
    sparsity: float
    test: PairedTest
    adjusted: float
    verdict: Verdict


@dataclass(frozen=True)
class Scores(Displayed):
    """All scores of all arms at all sparsities, by seed."""

    seeds: range
    sparsities: tuple[float, ...]
    runs: Runs

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms."""
        return tuple(dict.fromkeys(arm for _, arm in self.runs))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the scores."""
        first = next(iter(self.runs.values()))
        return tuple(next(iter(first.values())))

    def values(self, arm: str, score: str, sparsity: float) -> Array:
        """Return one score by seed; for an arm that is not pruned, the same at all sparsities."""
        runs = [self.runs[seed, arm] for seed in self.seeds]
        return np.array([(run[str(sparsity)] if str(sparsity) in run else next(iter(run.values())))[score] for run in runs])


def beside_dense(runs: Runs) -> Runs:
    """Add to runs the ratios of spikes and synaptic operations to those of the dense network of the same seed.

    Examples
    --------
    >>> runs = {(0, "dense"): {"0": {"digits_spikes": 8.0}}, (0, "lnp"): {"0.5": {"digits_spikes": 6.0}}}
    >>> beside_dense(runs)[0, "lnp"]
    {'0.5': {'digits_spikes': 6.0, 'digits_spikes_ratio': 0.75}}
    """
    if not any(arm == "dense" for _, arm in runs):
        return runs

    def ratios(seed: int, scores: Mapping[str, float]) -> dict[str, float]:
        (dense,) = runs[seed, "dense"].values()
        counts = [name for name in scores if name.endswith(_COUNTS)]
        return {f"{name}_ratio": scores[name] / dense[name] if dense[name] else float("nan") for name in counts}

    return {
        (seed, arm): {sparsity: {**scores, **ratios(seed, scores)} for sparsity, scores in run.items()}
        for (seed, arm), run in runs.items()
    }


def judged(scores: Scores, sparsity: float) -> list[ClaimVerdict]:
    """Test all claims whose arms were run in all scores; scores of a claim are a family at 5 % (Holm), costs another."""
    from hrsnn.analysis import holm, paired_test, verdicts

    def values(arm: str, name: str) -> Array:
        return scores.values(arm, name, sparsity)

    families: dict[tuple[str, bool], list[tuple[str, PairedTest]]] = {}
    costs = costs_in(scores.names)
    for claim, name, difference in _claims(scores.arms, scores.names):
        differences = difference(values)
        known = differences[np.isfinite(differences)]
        if len(known) > 1:
            families.setdefault((claim, name in costs), []).append((name, paired_test(known)))
    found = []
    for (claim, _), family in families.items():
        tests = [test for _, test in family]
        adjusted, said = holm([test.p_value for test in tests]), verdicts(tests, [1] * len(tests))
        found += [
            ClaimVerdict(claim, name, sparsity, test, float(p), verdict)
            for (name, test), p, verdict in zip(family, adjusted, said, strict=True)
        ]
    return found


def family_sizes(arms: Iterable[str], names: Iterable[str]) -> list[int]:
    """Return the number of claims in each family at every sparsity, for these arms and scores."""
    names = list(names)
    if "dense" in arms:
        names += [f"{name}_ratio" for name in names if name.endswith(_COUNTS)]
    costs = costs_in(names)
    return list(Counter((claim, name in costs) for claim, name, _ in _claims(arms, names)).values())


def costs_in(names: Iterable[str]) -> dict[str, int]:
    """Return the costs relative to the dense network: tested separately, since equal numbers of links differ in cost."""
    return signs_of([name for name in names if name.endswith("_ratio")], "cost")


def _claims(arms: Iterable[str], names: Iterable[str]) -> Iterator[tuple[str, str, Difference]]:
    """Yield claim, score, and the difference by seed that is positive if the claim is true."""

    def better(one: str, other: str, name: str, sign: int) -> Difference:
        return lambda values: sign * (values(one, name) - values(other, name))

    def little_lost(arm: str, name: str, sign: int) -> Difference:
        return lambda values: better(arm, "dense", name, sign)(values) + _LITTLE * np.abs(values("dense", name))

    def steadier(name: str) -> Difference:
        def difference(values: Values) -> Array:
            apart = [np.abs(v - np.median(v)) for v in (values(arm, name) for arm in ("activity_neurons", "lnp_whole"))]
            return np.asarray(apart[0] - apart[1])

        return difference

    arms, names = set(arms), list(names)
    skills, costs = signs_of(names, "skill"), costs_in(names)
    for claim, one, other in _BETTER:
        if {one, other} <= arms:
            # a network without links has no costs to compare
            for name, sign in (skills | costs if other in ARMS else skills).items():
                yield claim, name, better(one, other, name, sign)
    for name, sign in skills.items():
        for arm in ("lnp_whole", "drive_rate"):
            if {arm, "dense"} <= arms:
                yield f"{arm.replace('_', ' ')} loses less than {_LITTLE:.0%}", name, little_lost(arm, name, sign)
        if {"lnp_whole", "activity_neurons"} <= arms:
            yield "LNP varies less than activity pruning", name, steadier(name)


def leaders(scores: Scores, arms: Iterable[str], sparsity: float) -> dict[str, tuple[str, ...]]:
    """Return for each score the arm with the best mean, followed by those that may be as good, best first.

    An arm may be as good if the 95 % interval (Student) of its paired differences from the best contains 0.

    Examples
    --------
    >>> values = {"lnp": (3.0, 4.0, 5.0), "noise": (2.9, 4.2, 4.8), "random": (1.0, 2.0, 3.1)}
    >>> runs = {(s, arm): {"0.5": {"memory_capacity": v[s]}} for arm, v in values.items() for s in range(3)}
    >>> leaders(Scores(range(3), (0.5,), runs), values, 0.5)
    {'memory_capacity': ('lnp', 'noise')}
    """
    from hrsnn.analysis import mean_interval

    found = {}
    names = scores.names
    for name, sign in (signs_of(names, "skill") | signs_of(names, "distance") | costs_in(names)).items():
        values = {arm: sign * scores.values(arm, name, sparsity) for arm in arms}
        values = {arm: v for arm, v in values.items() if np.isfinite(v).all()}
        order = sorted(values, key=lambda arm: -float(values[arm].mean()))
        if order:
            equal = [arm for arm in order[1:] if mean_interval(values[order[0]] - values[arm])[0] <= 0]
            found[name] = (order[0], *equal)
    return found
