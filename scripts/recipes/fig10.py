"""Fig. 10 of Chakraborty & Mukhopadhyay (2024): links, neurons and RMSE on Lorenz-63 over the iterations of pruning."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.registry import bounds_of
from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, repeats_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.reservoir import Reservoir
    from hrsnn.spec import ReservoirSpec

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
#: Arms of the comparison: those of the figure, random pruning, and the network without recurrent links, which is not pruned.
PRUNED = ("lnp", "activity", "erdos_renyi", "random")
CONTROL = "no_recurrence"
_CURVES = {"links": "Links", "neurons": "Neurons", "nrmse": "NRMSE (10 steps ahead)"}
_CHANNELS = 3
#: Share of the dense network's NRMSE up to which a loss counts as small, as in the study of pruning curves.
_LITTLE = 0.05
#: Share of the iterations that counts as the first or the last ones.
_END = 0.2


@dataclass(frozen=True)
class Lorenz63Score:
    """Function from a network to its NRMSE on Lorenz-63, ten steps ahead, with a readout trained anew."""

    train: int
    test: int
    plastic: bool
    engine: str
    seed: int

    def __call__(self, network: Reservoir) -> float:
        from hrsnn.networks.studies.pruned_scores import ScoredNetwork, SuiteSizes, TaskSuite, score_network

        # the figure has no closed loop, which the suite measures too: as short a one as there is
        sizes = SuiteSizes(series_train=self.train, series_test=self.test, starts=1, steps=1)
        suite = TaskSuite(("lorenz63",), sizes, plastic=self.plastic, engine=self.engine, seed=self.seed)
        candidate = ScoredNetwork(network, np.arange(network.neurons), lambda channels: network)
        return score_network(candidate, suite)["nrmse"]


@dataclass(frozen=True)
class Fig10Runner:
    """Function from an arm and a seed to its curves."""

    spec: ReservoirSpec
    values: Mapping[str, Any]
    engine: str

    def __call__(self, unit: tuple[str, int]) -> dict[str, dict[str, float]]:
        arm, seed = unit
        return self.curves(seed, arm)

    def curves(self, seed: int, arm: str) -> dict[str, dict[str, float]]:
        """Prune and score; return links, neurons and NRMSE by iteration, 0 for the dense network."""
        from hrsnn.builder import build
        from hrsnn.networks import noise, prune, pruning_method

        values = self.values
        score = Lorenz63Score(values["train"], values["test"], values["plastic"], self.engine, seed)
        dense = build(self.spec, seed, channels=_CHANNELS)
        if arm == CONTROL:
            bare = dense.without_recurrence()
            return {"links": {"0": 0.0}, "neurons": {"0": float(bare.neurons)}, "nrmse": {"0": score(bare)}}
        found = prune(
            dense,
            pruning_method(arm),
            iterations=values["iterations"],
            synapse_target=values["synapse_target"],
            neuron_target=values["neuron_target"],
            stimulus=noise(_CHANNELS, seed=seed),
            score=score,
            seed=seed,
            engine=self.engine,
        )
        return {
            "links": {str(record.iteration): float(record.links) for record in found.records},
            "neurons": {str(record.iteration): float(record.neurons) for record in found.records},
            "nrmse": {str(record.iteration): float(record.score) for record in found.records},
        }


@dataclass(frozen=True)
class Curves:
    """Curves of all arms: arrays (seeds, iterations + 1) by quantity and arm; of the control a single column."""

    by: Mapping[str, Mapping[str, Array]]

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim of the figure."""
        nrmse = self.by["nrmse"]
        lnp, activity, random_graph = (nrmse[arm] for arm in ("lnp", "activity", "erdos_renyi"))
        few = max(1, round(_END * (lnp.shape[1] - 1)))
        least = {arm: self.fewest_links(arm) for arm in ("lnp", "activity")}
        return [
            Reading(
                "lnp-ends-smaller",
                f"share of the links with which the NRMSE is within {_LITTLE:.0%} of the dense network's: activity - LNP",
                least["activity"] - least["lnp"],
            ),
            Reading(
                "lnp-degrades-less-than-ap",
                "NRMSE, mean over the iterations: activity - LNP",
                (activity - lnp)[:, 1:].mean(axis=1),
            ),
            Reading(
                "random-graph-varies-more",
                "distance of the NRMSE from its median over the seeds, mean over the iterations: random graph - LNP",
                _apart(random_graph) - _apart(lnp),
            ),
            Reading(
                "random-graph-jumps-more",
                "change of the NRMSE from one iteration to the next, mean of its absolute value: random graph - LNP",
                _jumps(random_graph) - _jumps(lnp),
            ),
            Reading(
                "smaller-random-graph-is-worse",
                f"NRMSE of the random graph: mean of the last {few} iterations - mean of the first {few}",
                random_graph[:, -few:].mean(axis=1) - random_graph[:, 1 : few + 1].mean(axis=1),
            ),
            Reading(
                "ap-sizes-vary-more",
                "spread of the final numbers of links and neurons over the seeds: activity - LNP",
                reason="all methods are given the same numbers of links and neurons, so that they can be compared",
            ),
        ]

    def fewest_links(self, arm: str) -> Array:
        """Return by seed the smallest share of links at which the NRMSE is little above that of the dense network."""
        links, nrmse = self.by["links"][arm], self.by["nrmse"][arm]
        within = nrmse <= (1 + _LITTLE) * nrmse[:, :1]  # true for the dense network itself
        return np.asarray(np.where(within, links, np.inf).min(axis=1) / links[:, 0])

    def rows(self) -> Iterator[RecipeRow]:
        """Yield the rows of the table: the dense network, and each arm at the end and over all iterations."""
        last = self.by["nrmse"]["lnp"].shape[1] - 1
        for quantity, of in self.by.items():
            bounds = bounds_of(quantity)
            yield RecipeRow(f"{quantity} at the start", "dense", tuple(of["lnp"][:, 0].tolist()), bounds)
            for arm in PRUNED:
                yield RecipeRow(f"{quantity} at the end", arm, tuple(of[arm][:, last].tolist()), bounds)
        nrmse, bounds = self.by["nrmse"], bounds_of("nrmse")
        yield RecipeRow("nrmse", CONTROL, tuple(nrmse[CONTROL][:, 0].tolist()), bounds)
        for arm in PRUNED:
            yield RecipeRow("mean nrmse", arm, tuple(nrmse[arm][:, 1:].mean(axis=1).tolist()), bounds)
        for arm in PRUNED:
            yield RecipeRow("jump of the nrmse", arm, tuple(_jumps(nrmse[arm]).tolist()), bounds)
        for arm in PRUNED:
            yield RecipeRow("least share of links", arm, tuple(self.fewest_links(arm).tolist()), (0.0, 1.0))

    def figure(self) -> Figure:
        """Draw the three panels; NRMSE with the level of the network without recurrent links."""
        from hrsnn.analysis.figures import over_iterations

        panels = {label: {arm: self.by[name][arm] for arm in PRUNED} for name, label in _CURVES.items()}
        levels = {_CURVES["nrmse"]: {CONTROL: self.by["nrmse"][CONTROL][:, 0]}}
        return over_iterations(panels, levels, dict.fromkeys(panels, bounds_of("nrmse")))


def run(options: RecipeOptions) -> RecipeResult:
    """Prune by all methods for every seed, score every iteration, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values = options.values
    repeats_of("--option iterations", values["iterations"], 2)
    for name, least in (("synapse_target", np.nextafter(0, 1)), ("neuron_target", 0)):
        if not least <= values[name] < 1:
            raise InputError(f"--option {name}", values[name], "must be a share that is removed, below 1")
    for name in ("train", "test"):
        check_memory(f"--option {name}", values[name], 88 * count_of(f"--option {name}", values[name]), "the task lorenz63")
    spec = options.spec
    assert isinstance(spec, ReservoirSpec)
    units = [(arm, seed) for seed in options.seeds for arm in (*PRUNED, CONTROL)]
    empty = Curves({name: {arm: np.ones((1, 3)) for arm in PRUNED} for name in _CURVES}).readings()
    logger.info(verdicts_in_reach([family_size(empty)], len(options.seeds)))
    found = run_units(options, Fig10Runner(spec, values, options.engine), units, alike=lambda unit: unit[0] == CONTROL)
    curves = Curves(
        {
            name: {
                arm: np.array([list(found[arm, seed][name].values()) for seed in options.seeds])
                for arm in (*PRUNED, CONTROL)
            }
            for name in _CURVES
        }
    )
    return RecipeResult(
        list(curves.rows()),
        judge(curves.readings()),
        lambda: {"fig10": curves.figure()},
        {**run_settings(options), "curves": {name: dict(of) for name, of in curves.by.items()}},
    )


def _apart(values: Array) -> Array:
    """Return by seed the mean distance from the median over the seeds."""
    return np.asarray(np.abs(values - np.median(values, axis=0))[:, 1:].mean(axis=1))


def _jumps(values: Array) -> Array:
    """Return by seed the mean absolute change from one iteration to the next, of the pruned networks."""
    return np.asarray(np.abs(np.diff(values[:, 1:], axis=1)).mean(axis=1))


RECIPE = Recipe(
    title="Links, neurons and NRMSE on Lorenz-63 over the iterations of pruning",
    paper="chakraborty-mukhopadhyay-2024",
    item="fig. 10",
    run=run,
    claims=(
        "lnp-ends-smaller",
        "lnp-degrades-less-than-ap",
        "random-graph-varies-more",
        "random-graph-jumps-more",
        "smaller-random-graph-is-worse",
        "ap-sizes-vary-more",
    ),
    published={
        "links at the end": Published(None, "fig. 10 a"),
        "neurons at the end": Published(None, "fig. 10 b"),
        "nrmse at the start": Published(None, "fig. 10 c"),
        "nrmse at the end": Published(None, "fig. 10 c"),
    },
    options={
        "iterations": 40,
        "synapse_target": 0.95,
        "neuron_target": 0.5,
        "train": 2000,
        "test": 500,
        "plastic": False,
    },
    spec={"neurons": "300", "length_scale": "4"},
    seeds=12,
    duration="15 minutes",
    paper_scale=paper_scale("fig10"),
)
