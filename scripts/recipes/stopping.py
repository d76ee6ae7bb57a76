"""Eq. 10 of Chakraborty & Mukhopadhyay (2024): spikes until the first spike of the readout layer, for the variants."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import POSITIVE, SHARE, Bounds
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.table3 import published_spikes
from hrsnn.scripts.recipes.units import by_seed, run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import NO_RECURRENCE, VARIANTS, VariantRunner, check_sizes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
Unit = tuple[str, str, int]
ARMS = (*VARIANTS, NO_RECURRENCE)
#: Stands in for the paper's spoken digits, whose lengths differ.
TASK = "digits"
_UNTIL = "spikes until the first output spike"
_NOT_SHD = "the layer needs samples of one duration"
QUANTITIES: Mapping[str, tuple[str, Bounds]] = {
    "accuracy by the first output spike": ("accuracy", SHARE),
    "accuracy at the end": ("accuracy_at_end", SHARE),
    _UNTIL: ("spikes", POSITIVE),
    "spikes in the whole sample": ("spikes_in_all", POSITIVE),
    "time of the first output spike (ms)": ("time", POSITIVE),
    "share of samples with an output spike": ("stopped", SHARE),
}
#: Ratios of spikes by heterogeneous STDP to those by homogeneous STDP.
_PAIRS = (("HoNHeS", "HoNHoS"), ("HeNHeS", "HeNHoS"))


@dataclass(frozen=True)
class StoppingRunner:
    """Function from a task, an arm and a seed to accuracies, spikes and times."""

    variants: VariantRunner

    def __call__(self, unit: Unit) -> dict[str, float]:
        from hrsnn.analysis.protocols.first_spike import classify_by_first_spike
        from hrsnn.builder import build
        from hrsnn.presets import VARIANTS as known
        from hrsnn.simulation import simulate
        from hrsnn.tasks import ClassificationTask

        (name, arm, seed), runs = unit, self.variants
        task = runs.task(name, runs.values["train"], seed)
        assert isinstance(task, ClassificationTask)
        encoded = task.encoded()
        spec = runs.spec.variant(arm if arm in known else "HeNHeS")
        network = build(spec, seed, encoded.x_train.n_channels)
        network = network.without_recurrence() if arm == NO_RECURRENCE else network
        learned = simulate(network, encoded.x_train, plastic=True, record=(), blank=100.0, engine=runs.engine, seed=seed)
        tolerance = runs.values["tolerance"]
        found = classify_by_first_spike(learned.reservoir, encoded, tolerance=tolerance, engine=runs.engine, seed=seed)
        return {name: float(value) for name, value in dataclasses.asdict(found).items() if name != "threshold"}


@dataclass(frozen=True)
class StoppingTable:
    """Results: ``by[arm][name]`` is an array (seeds,)."""

    by: Mapping[str, Mapping[str, Array]]

    def ratio(self, arm: str, other: str, name: str) -> Array:
        """Return by seed the spikes of an arm over those of another."""
        return np.asarray(self.by[arm][name] / self.by[other][name])

    def rows(self) -> Iterator[RecipeRow]:
        """Yield all quantities of all arms, and the ratios of spikes beside the published ones."""
        for quantity, (name, bounds) in QUANTITIES.items():
            for arm, found in self.by.items():
                yield RecipeRow(quantity, arm, tuple(found[name].tolist()), bounds)
        for quantity in (_UNTIL, "spikes in the whole sample"):
            for arm, other in _PAIRS:
                ratio = self.ratio(arm, other, QUANTITIES[quantity][0])
                yield RecipeRow(f"ratio of {quantity}, {TASK}", f"{arm} / {other}", tuple(ratio.tolist()), POSITIVE)
        for arm, other in _PAIRS:
            first, second = (published_spikes(one, "shd").value for one in (arm, other))
            assert first is not None
            assert second is not None
            published = Published(round(first / second, 3), "table III")
            yield RecipeRow(f"ratio of {_UNTIL}, SHD", f"{arm} / {other}", published=published, not_run=_NOT_SHD)

    def readings(self) -> list[Reading]:
        """Return what is measured for the claim."""
        return [
            Reading(
                "table-3-het-stdp-fewer-spikes",
                "1 - ratio of the spikes until the first output spike: HeNHeS / HeNHoS",
                1 - self.ratio("HeNHeS", "HeNHoS", "spikes"),
            )
        ]

    def figure(self) -> Figure:
        """Draw accuracies, spikes and times of all arms."""
        from hrsnn.analysis.figures import scores_over_seeds

        labels = {
            "Accuracy, first output spike": "accuracy",
            "Accuracy, at the end": "accuracy_at_end",
            "Spikes per neuron, until then": "spikes",
            "Spikes per neuron, whole sample": "spikes_in_all",
        }
        panels = {label: {arm: found[name] for arm, found in self.by.items()} for label, name in labels.items()}
        bounds = {label: SHARE if label.startswith("Accuracy") else POSITIVE for label in panels}
        return scores_over_seeds(panels, bounds, highlighted=len(VARIANTS))


def run(options: RecipeOptions) -> RecipeResult:
    """Run all variants for every seed, and test the claim."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_sizes(values, "train", "test")
    empty = StoppingTable({arm: {name: np.ones(2) for name, _ in QUANTITIES.values()} for arm in ARMS})
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(options.seeds)))
    runner = StoppingRunner(VariantRunner(spec, values, options.engine, None))
    found = run_units(options, runner, [(TASK, arm, seed) for seed in options.seeds for arm in ARMS])
    names = [name for name, _ in QUANTITIES.values()]
    table = StoppingTable(
        {arm: {name: _of(by_seed(found, options.seeds, TASK, arm), name) for name in names} for arm in ARMS}
    )
    claims = judge(table.readings())
    return RecipeResult(list(table.rows()), claims, lambda: {"stopping": table.figure()}, run_settings(options))


def _of(found: list[Mapping[str, Any]], name: str) -> Array:
    return np.array([one[name] for one in found], dtype=np.float64)


RECIPE = Recipe(
    title="Spikes until the first spike of a spiking readout layer, beside the whole sample",
    paper="chakraborty-mukhopadhyay-2024",
    item="eq. 10, table III",
    run=run,
    claims=("table-3-het-stdp-fewer-spikes",),
    options={"train": 200, "test": 200, "tolerance": 0.02},
    spec={"neurons": "200"},
    seeds=12,
    duration="2 minutes",
    paper_scale=paper_scale("stopping"),
)
