"""Lemma 3.2.1 of Chakraborty & Mukhopadhyay (2024): rates of Hawkes processes with weights after STDP."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import ANY, POSITIVE, SHARE, Bounds
from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.units import by_seed, run_settings, run_units
from hrsnn.validation.numbers import duration_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.reservoir import Reservoir
    from hrsnn.spec import ReservoirSpec
    from hrsnn.stimuli.spike_trains import SpikeTrains

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
Unit = tuple[str, int]
#: Rules of STDP: whether synapses are heterogeneous, how potentiation and depression are paired, and homeostasis.
ARMS: Mapping[str, tuple[bool, str, bool]] = {
    "homogeneous": (False, "independent", True),
    "heterogeneous": (True, "independent", True),
    "heterogeneous, comonotone": (True, "comonotone", True),
    "homogeneous, sums free": (False, "independent", False),
    "heterogeneous, sums free": (True, "independent", False),
}
HOMOGENEOUS, HETEROGENEOUS = "homogeneous", "heterogeneous"
_CHANNELS = 40
#: Share of the largest weights whose part of the sum measures the tail.
_TAIL = 0.05
_PRODUCT, _SUM = "rate, inhibition divides (Hz)", "rate, inhibition adds (Hz)"
_KURTOSIS, _LARGEST, _CV = "excess kurtosis of the weights", "share of the largest 5 % of the weights", "CV of the weights"
_DRIFT = "change of the weights in the last half"
QUANTITIES: Mapping[str, tuple[str, Bounds]] = {
    _PRODUCT: ("rate_product", POSITIVE),
    _SUM: ("rate_sum", POSITIVE),
    _KURTOSIS: ("kurtosis", ANY),
    _LARGEST: ("largest", SHARE),
    _CV: ("variation", POSITIVE),
    _DRIFT: ("drift", POSITIVE),
}
_PAIRS = ((HETEROGENEOUS, HOMOGENEOUS), ("heterogeneous, comonotone", HOMOGENEOUS))
_FREE = (("heterogeneous, sums free", "homogeneous, sums free"),)


@dataclass(frozen=True)
class HawkesRunner:
    """Function from an arm and a seed to the rates of both readings and the form of the weights."""

    spec: ReservoirSpec
    values: Mapping[str, Any]
    engine: str

    def __call__(self, unit: Unit) -> dict[str, float]:
        from scipy import stats

        from hrsnn.analysis.firing.hawkes import hawkes_of, hawkes_spikes

        (arm, seed), values = unit, self.values
        initial, half, after = self.weights(arm, seed)
        excitatory = initial.is_excitatory
        links = excitatory[initial.pre] & excitatory[initial.post]
        one, before = after[links] / after[links].mean(), half[links] / half[links].mean()
        largest = np.sort(one)[::-1][: max(1, round(_TAIL * one.size))]
        found = {
            "kurtosis": float(stats.kurtosis(one)),
            "largest": float(largest.sum() / one.sum()),
            "variation": float(one.std()),
            # between the sorted weights, in units of their mean
            "drift": float(np.abs(np.sort(one) - np.sort(before)).mean()),
        }
        duration = 1000 * values["duration"]
        for reading in ("product", "sum"):
            process = hawkes_of(
                initial,
                after,
                values["base"],
                values["branching"],
                inhibition=reading,
                ceiling=values["ceiling"],
            )
            spikes = hawkes_spikes(process, duration, seed=seed)
            found[f"rate_{reading}"] = len(spikes.times) / initial.neurons / values["duration"]
        return found

    def weights(self, arm: str, seed: int) -> tuple[Reservoir, Array, Array]:
        """Return the reservoir before STDP, and its weights after half of the stimulation and at the end."""
        from hrsnn.builder import build
        from hrsnn.simulation import simulate

        heterogeneous, pairing, homeostasis = ARMS[arm]
        spec = self.spec.updated(
            {
                "heterogeneous_neurons": False,
                "heterogeneous_synapses": heterogeneous,
                "stdp_pairing": pairing,
                "homeostasis": homeostasis,
                "a_plus.mean": str(self.values["speed"] * 0.001),
            }
        )
        now = initial = build(spec, seed, _CHANNELS)
        kept = []
        for part in range(2):
            stimulus = poisson_input(1000 * self.values["stdp"] / 2, self.values["input"], seed, part)
            now = simulate(now, stimulus, plastic=True, record=(), engine=self.engine, seed=seed).reservoir
            kept.append(np.asarray(now.weight))
        return initial, kept[0], kept[1]


def poisson_input(duration: float, rate: float, seed: int, part: int) -> SpikeTrains:
    """Return independent Poisson spikes of all channels in one-second samples, between which sums are normalised."""
    from hrsnn.runtime.seeds import generator
    from hrsnn.stimuli.spike_trains import SpikeTrains

    random = generator(seed, "hawkes", "input", part)
    samples = max(1, round(duration / 1000))
    length = duration / samples
    counts = random.poisson(rate * _CHANNELS * length / 1000, samples)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    times = random.uniform(0, length, offsets[-1])
    sample = np.repeat(np.arange(samples), counts)
    order = np.lexsort((times, sample))
    return SpikeTrains(times[order], random.integers(0, _CHANNELS, offsets[-1]), offsets, _CHANNELS, length)


@dataclass(frozen=True)
class HawkesTable:
    """Results of all arms: ``by[arm][name]`` is an array (seeds,)."""

    by: Mapping[str, Mapping[str, Array]]

    def ratio(self, arm: str, other: str, name: str) -> Array:
        """Return by seed the rate of an arm over that of another."""
        return np.asarray(self.by[arm][name] / self.by[other][name])

    def rows(self) -> Iterator[RecipeRow]:
        """Yield all quantities of all arms, and the ratios of rates."""
        for quantity, (name, bounds) in QUANTITIES.items():
            for arm, found in self.by.items():
                yield RecipeRow(quantity, arm, tuple(found[name].tolist()), bounds)
        for quantity in (_PRODUCT, _SUM):
            for arm, other in (*_PAIRS, *_FREE):
                ratio = self.ratio(arm, other, QUANTITIES[quantity][0])
                yield RecipeRow(f"ratio of the {quantity.removesuffix(' (Hz)')}", f"{arm} / {other}", tuple(ratio.tolist()))

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim."""
        return [
            Reading(
                "lemma-hawkes-rate",
                "1 - ratio of the rates, heterogeneous over homogeneous, inhibition divides",
                1 - self.ratio(HETEROGENEOUS, HOMOGENEOUS, "rate_product"),
            ),
            Reading(
                "lemma-heavy-tails",
                "excess kurtosis of the excitatory weights: heterogeneous - homogeneous",
                self.by[HETEROGENEOUS]["kurtosis"] - self.by[HOMOGENEOUS]["kurtosis"],
            ),
        ]

    def figure(self) -> Figure:
        """Draw the rates and the tails of all arms."""
        from hrsnn.analysis.figures import accuracy_and_rate

        labels = {
            "Rate (Hz),\ninhibition divides": "rate_product",
            "Rate (Hz),\ninhibition adds": "rate_sum",
            "Excess kurtosis\nof the weights": "kurtosis",
            "Share of the largest\n5 % of the weights": "largest",
        }
        panels = {label: {arm: found[name] for arm, found in self.by.items()} for label, name in labels.items()}
        return accuracy_and_rate(panels, highlighted=tuple(arm for arm in self.by if arm.startswith("hetero")))


def run(options: RecipeOptions) -> RecipeResult:
    """Run STDP and the Hawkes processes of all arms for every seed, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    for name in ("duration", "stdp"):
        duration_of(f"--option {name}", 1000 * values[name])
    for name in ("base", "ceiling", "input", "speed"):
        if not values[name] > 0:
            raise InputError(f"--option {name}", values[name], "must be above 0")
    if not 0 < values["branching"] < 1:
        raise InputError("--option branching", values["branching"], "must be between 0 and 1")
    units = [(arm, seed) for seed in options.seeds for arm in ARMS]
    empty = HawkesTable({arm: {name: np.ones(1) for name, _ in QUANTITIES.values()} for arm in ARMS})
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(options.seeds)))
    found = run_units(options, HawkesRunner(spec, values, options.engine), units)
    names = [name for name, _ in QUANTITIES.values()]
    table = HawkesTable(
        {arm: {name: np.array([one[name] for one in by_seed(found, options.seeds, arm)]) for name in names} for arm in ARMS}
    )
    return RecipeResult(
        list(table.rows()), judge(table.readings()), lambda: {"hawkes": table.figure()}, run_settings(options)
    )


RECIPE = Recipe(
    title="Rates of Hawkes processes with weights after homogeneous and heterogeneous STDP",
    paper="chakraborty-mukhopadhyay-2024",
    item="lemma 3.2.1",
    run=run,
    claims=("lemma-hawkes-rate", "lemma-heavy-tails"),
    options={
        "stdp": 200.0,
        "speed": 10.0,
        "input": 20.0,
        "duration": 50.0,
        "base": 5.0,
        "branching": 0.4,
        "ceiling": 100.0,
    },
    spec={
        "neurons": "300",
        "connectivity": "distance",
        "length_scale": "4",
        "weight_scale": "4",
        "input_fraction": "0.3",
        "input_channels": "4",
        "i_bias": "14",
        "tau_m_exc.mean": "30",
        "tau_m_inh.mean": "20",
    },
    seeds=12,
    duration="3 minutes",
    paper_scale=paper_scale("hawkes"),
)
