"""Fig. 7 of Chakraborty & Mukhopadhyay (2024): active neurons, accuracy and rank over lambda and the weight scale."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import POSITIVE, SHARE, Bounds
from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import VariantRunner, check_sizes
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.spec import ReservoirSpec

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
#: Variant, lambda, W_scale, seed.
Unit = tuple[str, float, float, int]
ARMS = ("HoNHoS", "HeNHeS")
#: Stands in for the videos of the paper.
TASK = "digits"
#: Whether weights are divided by the mean number of neighbours, so that the rate hardly depends on lambda.
WEIGHTS = ("printed", "normalised")
QUANTITIES: Mapping[str, Bounds] = {"active share": SHARE, "accuracy": SHARE, "rank": POSITIVE, "rate (Hz)": POSITIVE}


def mean_neighbours(neurons: int, length_scale: float) -> float:
    """Return K, the mean over the neurons of a grid of ``sum_j exp(-(D_ij / lambda)^2)``.

    Examples
    --------
    >>> round(mean_neighbours(1000, 2.0), 1)
    30.6
    """
    from scipy.spatial.distance import pdist

    from hrsnn.connectivity.distance import grid_positions

    distances = pdist(grid_positions(neurons))
    return 2 * float(np.exp(-((distances / length_scale) ** 2)).sum()) / neurons


@dataclass(frozen=True)
class Fig7Runner:
    """Function from a variant, lambda, W_scale and a seed to active share, accuracy, rank and rate."""

    variants: VariantRunner

    def __call__(self, unit: Unit) -> dict[str, float]:
        from hrsnn.analysis.protocols.task_scores import task_scores
        from hrsnn.analysis.runs import RunOptions
        from hrsnn.builder import build

        (arm, length, scale, seed), runs = unit, self.variants
        spec = self.spec(runs.spec.variant(arm), length, scale)
        task = runs.task(TASK, runs.values["train"], seed)
        options = RunOptions(seed=seed, plastic=True, states=runs.values["states"], engine=runs.engine)
        names = ("silent_share", "accuracy", "effective_rank", "mean_rate")
        found = task_scores(lambda channels: build(spec, seed, channels), task, options, names).scores
        values = (1 - found["silent_share"], found["accuracy"], found["effective_rank"], found["mean_rate"])
        return dict(zip(QUANTITIES, values, strict=True))

    def spec(self, spec: ReservoirSpec, length: float, scale: float) -> ReservoirSpec:
        """Return a spec at a point of the grid; printed weights are those of the spec without the factor 30 / K."""
        from hrsnn.builder import REFERENCE_K

        if self.variants.values["weights"] == "printed":
            scale *= mean_neighbours(spec.neurons, length) / REFERENCE_K
        return spec.updated({"length_scale": length, "weight_scale": scale})


@dataclass(frozen=True)
class Fig7Maps:
    """Maps: ``by[arm][quantity]`` is an array (seeds, lambdas, scales)."""

    by: Mapping[str, Mapping[str, Array]]
    lengths: Sequence[float]
    scales: Sequence[float]

    def best(self, arm: str) -> tuple[Array, Array]:
        """Return by seed lambda and W_scale of the best accuracy; of equal ones the smaller."""
        accuracy = self.by[arm]["accuracy"]
        places = accuracy.reshape(len(accuracy), -1).argmax(axis=1)
        return np.asarray(self.lengths)[places // len(self.scales)], np.asarray(self.scales)[places % len(self.scales)]

    def rows(self) -> Iterator[RecipeRow]:
        """Yield all maps, and where the accuracy is best."""
        for quantity, bounds in QUANTITIES.items():
            for arm, maps in self.by.items():
                for i, length in enumerate(self.lengths):
                    for k, scale in enumerate(self.scales):
                        of = f"{arm}, lambda {length:g}, W {scale:.3g}"
                        yield RecipeRow(quantity, of, tuple(maps[quantity][:, i, k].tolist()), bounds)
        for arm in self.by:
            for what, values in zip(("lambda", "W_scale"), self.best(arm), strict=True):
                yield RecipeRow(f"{what} of the best accuracy", arm, tuple(values.tolist()), POSITIVE)

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim."""
        hom, het = (self.best(arm) for arm in ARMS)
        sparse = {arm: np.asarray(self.scales)[self.by[arm]["accuracy"][:, 0].argmax(axis=1)] for arm in ARMS}
        active = np.mean([self.by[arm]["active share"][:, :, -1] - self.by[arm]["active share"][:, :, 0] for arm in ARMS], 0)
        ranks = np.mean([self.by[arm]["rank"].mean(axis=2) for arm in ARMS], axis=0)  # (seeds, lambdas)
        middle = 1 + int(ranks[:, 1:-1].mean(axis=0).argmax())
        end = -1 if ranks[:, -1].mean() > ranks[:, 0].mean() else 0
        return [
            Reading("het-needs-fewer-links", "lambda of the best accuracy: HoNHoS - HeNHeS", hom[0] - het[0]),
            Reading(
                "het-needs-smaller-weights",
                f"log of W_scale of the best accuracy at lambda {self.lengths[0]:g}: HoNHoS - HeNHeS",
                np.log(sparse["HoNHoS"] / sparse["HeNHeS"]),
            ),
            Reading(
                "more-neurons-fire-with-strong-weights",
                f"active share, mean over lambda: W_scale {self.scales[-1]:.3g} - {self.scales[0]:.3g}",
                active.mean(axis=1),
            ),
            Reading(
                "rank-has-an-optimum-in-density",
                f"rank, mean over W_scale: lambda {self.lengths[middle]:g} - {self.lengths[end]:g}, the better end",
                ranks[:, middle] - ranks[:, end],
            ),
        ]

    def figure(self) -> Figure:
        """Draw the mean maps of active share, accuracy and rank of both variants."""
        from hrsnn.analysis.figures import heat_maps

        labels = {"active share": "Active", "accuracy": "Accuracy", "rank": "Rank"}
        maps = {
            f"{label}, {arm}": self.by[arm][quantity].mean(axis=0).T for quantity, label in labels.items() for arm in ARMS
        }
        return heat_maps(maps, self.lengths, self.scales, x_label="$\\lambda$", y_label="$W_{scale}$")


def run(options: RecipeOptions) -> RecipeResult:
    """Score both variants at all points of the grid for every seed, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_sizes(values, "train", "test")
    if values["weights"] not in WEIGHTS:
        raise InputError("--option weights", values["weights"], f"must be one of {', '.join(WEIGHTS)}")
    if spec.connectivity != "distance":
        raise InputError("--set connectivity", spec.connectivity, "must be distance: lambda is of its law")
    points = count_of("--option points", values["points"], 3, 100)
    lengths = [round(float(one), 6) for one in np.linspace(*_ends(values, "lambda"), points)]
    scales = [round(float(one), 6) for one in np.geomspace(*_ends(values, "scale"), points)]
    one = dict.fromkeys(QUANTITIES, 1.0)
    empty = {arm: {name: np.full((2, points, points), value) for name, value in one.items()} for arm in ARMS}
    logger.info(verdicts_in_reach([family_size(Fig7Maps(empty, lengths, scales).readings())], len(options.seeds)))
    runner = Fig7Runner(VariantRunner(spec, values, options.engine, None))
    units = [(arm, a, b, seed) for seed in options.seeds for a in lengths for b in scales for arm in ARMS]
    found = run_units(options, runner, units)
    maps = Fig7Maps(
        {
            arm: {
                name: np.array([[[found[arm, a, b, seed][name] for b in scales] for a in lengths] for seed in options.seeds])
                for name in QUANTITIES
            }
            for arm in ARMS
        },
        lengths,
        scales,
    )
    return RecipeResult(list(maps.rows()), judge(maps.readings()), lambda: {"fig7": maps.figure()}, run_settings(options))


def _ends(values: Mapping[str, Any], name: str) -> tuple[float, float]:
    low, high = values[f"{name}_low"], values[f"{name}_high"]
    if not 0 < low < high:
        raise InputError(f"--option {name}_low", low, f"must be above 0 and below {name}_high")
    return low, high


RECIPE = Recipe(
    title="Active neurons, accuracy and rank over lambda and the weight scale",
    paper="chakraborty-mukhopadhyay-2024",
    item="fig. 7",
    run=run,
    claims=(
        "het-needs-fewer-links",
        "het-needs-smaller-weights",
        "more-neurons-fire-with-strong-weights",
        "rank-has-an-optimum-in-density",
    ),
    published={"active share": Published(None, "fig. 7")},
    options={
        "points": 4,
        "lambda_low": 0.8,
        "lambda_high": 3.5,
        "scale_low": 0.5,
        "scale_high": 30.0,
        "weights": "printed",
        "train": 100,
        "test": 100,
        "states": "total",
    },
    spec={
        "neurons": "100",
        "connectivity": "distance",
        "short_term_plasticity": "true",
        "tau_m_exc.mean": "30",
        "tau_m_inh.mean": "20",
        "i_bias": "14",
        "input_fraction": "0.3",
        "input_channels": "4",
    },
    seeds=12,
    duration="4 minutes",
    paper_scale=paper_scale("fig7"),
)
