"""Cue accumulation of Stadtmann et al. (2025): accuracy, spikes and balance of balanced and unbalanced networks."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.analysis.balanced.arms import CueOptions
    from hrsnn.balanced import BalancedSpec

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
Unit = tuple[str, int]
#: End of the names of arms with shared noise.
_SHARED = "-shared"
ACCURACY, SAVED = 0.976, 0.999
RAW = "raw_input"
#: Arms that are run with the same random numbers for the spikes of both parts too.
SHARED = ("balanced", "no_recurrence", "balanced_memory", RAW)
#: Scores by the name of their quantity, with their bounds.
QUANTITIES: Mapping[str, tuple[str, tuple[float, float]]] = {
    "accuracy": ("accuracy", (0.0, 1.0)),
    "accuracy of the end": ("accuracy_recall", (0.0, 1.0)),
    "rate (Hz)": ("mean_rate", (0.0, np.inf)),
    "tightness": ("tightness", (0.0, 1.0)),
    "correlation of E and -I": ("correlation", (-1.0, 1.0)),
    "balance by the published filter": ("filtered_anticorrelation", (-1.0, 1.0)),
}
_SAVED = "spikes saved"


@dataclass(frozen=True)
class CueRunner:
    """Function from an arm, with ``-shared`` for shared noise, and a seed to scores."""

    spec: BalancedSpec
    cue: CueOptions
    engine: str

    def __call__(self, unit: Unit) -> dict[str, float]:
        from hrsnn.analysis.balanced.arms import cue_scores

        arm, seed = unit
        options = dataclasses.replace(self.cue, shared_noise=arm.endswith(_SHARED))
        return cue_scores(arm.removesuffix(_SHARED), self.spec, options, seed, self.engine)


@dataclass(frozen=True)
class CueTable:
    """Scores of all arms: ``by[arm][score]`` is an array (seeds,); with shared noise the arm is ``arm, shared noise``."""

    by: Mapping[str, Mapping[str, Array]]

    def saved(self, arm: str) -> Array:
        """Return the share of the spikes of an arm that the balanced network saves."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(1 - self.by["balanced"]["mean_rate"] / self.by[arm]["mean_rate"])

    def rows(self) -> Iterator[RecipeRow]:
        """Yield the quantities of all arms."""
        for quantity, (score, bounds) in QUANTITIES.items():
            for arm, scores in self.by.items():
                if score in scores:
                    yield RecipeRow(quantity, arm, tuple(scores[score].tolist()), bounds)
        for arm, scores in self.by.items():
            if "mean_rate" in scores and "shared" not in arm and arm != "balanced":
                yield RecipeRow(_SAVED, f"against {arm}", tuple(self.saved(arm).tolist()), (-np.inf, 1.0))

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim."""
        weights, others = (self.by[arm]["accuracy"] for arm in ("balanced_uncapped", "unbalanced"))
        return [
            Reading(
                "balance-lowers-rates",
                "share of spikes saved against random orthogonal weights of the same norm",
                self.saved("unbalanced"),
            ),
            Reading(
                "balance-cue-accuracy",
                "accuracy",
                reason="the paper trains weights by gradients, and here readouts alone are trained (the rows above)",
            ),
            Reading(
                "balance-by-initialisation",
                "accuracy of a linear readout of all spikes, any number of spikes a step: balanced - orthogonal weights",
                weights - others,
            ),
        ]

    def figure(self) -> Figure:
        """Draw accuracies, rates and tightness; the published accuracy as a line."""
        from hrsnn.analysis.figures import accuracy_and_rate

        labels = {
            "Accuracy, all spikes": "accuracy",
            "Accuracy, last 150 ms": "accuracy_recall",
            "Rate (Hz)": "mean_rate",
            "Tightness": "tightness",
        }
        panels = {
            label: {arm: scores[score] for arm, scores in self.by.items() if score in scores}
            for label, score in labels.items()
        }
        bounds = {label: one for label, score in labels.items() for name, one in QUANTITIES.values() if name == score}
        blue = tuple(arm for arm in self.by if arm.startswith(("balanced,", "balanced_memory")) or arm == "balanced")
        return accuracy_and_rate(panels, {"Accuracy, all spikes": ACCURACY}, bounds, ("Rate (Hz)",), blue)


def run(options: RecipeOptions) -> RecipeResult:
    """Score all arms for every seed, some with shared noise too, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.analysis.balanced.arms import CUE_ARMS, CueOptions
    from hrsnn.balanced import BalancedSpec

    spec = options.spec
    samples = count_of("--option samples", options.values["samples"], 20, 10**5)
    assert isinstance(spec, BalancedSpec)
    if spec.system != "inputs":
        raise InputError("--set system", spec.system, "must be inputs: the balanced initialisation for given input weights")
    cue = CueOptions(samples, samples, balanced_samples=max(1, min(10, samples // 10)))
    arms = [*CUE_ARMS, RAW, *(f"{arm}{_SHARED}" for arm in SHARED)]
    units = [(arm, seed) for seed in options.seeds for arm in arms]
    empty = {score: np.ones(1) for score, _ in QUANTITIES.values()}
    readings = CueTable(dict.fromkeys(CUE_ARMS, empty)).readings()
    logger.info(verdicts_in_reach([family_size(readings)], len(options.seeds)))
    raw = (RAW, f"{RAW}{_SHARED}")
    found = run_units(options, CueRunner(spec, cue, options.engine), units, alike=lambda unit: unit[0] in raw)
    table = CueTable(
        {
            arm.replace(_SHARED, ", shared noise"): {
                score: np.array([found[arm, seed][score] for seed in options.seeds])
                for score in found[arm, options.seeds[0]]
            }
            for arm in arms
        }
    )
    return RecipeResult(
        list(table.rows()),
        judge(table.readings()),
        lambda: {"balance_cue": table.figure()},
        {**run_settings(options), "rules": dict(CUE_ARMS)},
    )


RECIPE = Recipe(
    title="Accuracy, spikes and balance on cue accumulation, with a readout as all that is trained",
    paper="stadtmann-et-al-2025",
    item="abstract",
    run=run,
    claims=("balance-lowers-rates", "balance-cue-accuracy", "balance-by-initialisation"),
    published={"accuracy": Published(ACCURACY, "abstract"), _SAVED: Published(SAVED, "abstract: up to")},
    options={"samples": 100},
    network="balanced",
    spec={
        "system": "inputs",
        "neurons": "100",
        "decay": "2000",
        "leak": "0.5",
        "gain": "0.1",
        "decoder_norm": "0.38",
        "dt": "0.25",
    },
    seeds=12,
    duration="10 minutes",
    paper_scale=paper_scale("balance-cue"),
)
