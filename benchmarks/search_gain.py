"""Does heterogeneity pay? A heterogeneous network and its homogeneous twin, searched with the same budget, on fresh seeds.

    python benchmarks/search_gain.py --out results/search_gain
    python benchmarks/search_gain.py --out results/search_gain --measured-neurons 1000

Four searches (memory capacity and efficiency, with spread time constants and without), 40 points of 3 seeds each, kept in
the out folder and resumed from there. Then the defaults and the best of each, 20 seeds that no search used, in pairs.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn import ReservoirSpec
from hrsnn.analysis import paired_test
from hrsnn.analysis.objectives import NamedObjective
from hrsnn.parallel import run_all
from hrsnn.search import Space, named_space, search

OBJECTIVES, KINDS = ("memory", "efficiency"), ("heterogeneous", "homogeneous")
FRESH = range(700_000, 700_020)


@dataclass(frozen=True)
class Measure:
    """Memory capacity C and spikes a neuron and second S of one of several specs."""

    specs: dict[str, ReservoirSpec]

    def __call__(self, task: tuple[str, int]) -> tuple[float, float]:
        return NamedObjective(name="memory", values=4000).memory_and_spikes(self.specs[task[0]], task[1])


def network(kind: str, neurons: int) -> tuple[ReservoirSpec, Space]:
    """The spec and what is searched of it."""
    spec = ReservoirSpec(neurons=neurons)
    if kind == "heterogeneous":
        return spec, named_space("neurons", spec)
    return spec.variant("HoNHoS"), named_space("neurons", spec).homogeneous()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--neurons", type=int, default=300)
    parser.add_argument("--measured-neurons", type=int, default=None, help="of the fresh runs; those of the search")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    measured = options.measured_neurons or options.neurons
    specs = {f"default {kind}": network(kind, measured)[0] for kind in KINDS}
    for objective, kind in itertools.product(OBJECTIVES, KINDS):
        spec, space = network(kind, options.neurons)
        file = options.out / f"{objective}-{kind}.db"
        found = search(
            spec,
            space,
            NamedObjective(name=objective),
            trials=options.trials,
            workers=options.jobs,
            storage=file,
            resume=file.exists(),
        )
        print(f"{objective}, {kind}: {found.best.value:.4g} at {dict(found.best.parameters)}", flush=True)
        specs[f"best {objective}, {kind}"] = space.spec(found.best.parameters, network(kind, measured)[0])
    tasks = list(itertools.product(specs, FRESH))
    table = np.array(run_all(Measure(specs), tasks, jobs=options.jobs)).reshape(len(specs), len(FRESH), 2)
    scores: dict[str, dict[str, Any]] = {
        "C": dict(zip(specs, table[..., 0], strict=True)),
        "S": dict(zip(specs, table[..., 1], strict=True)),
        "C/S": dict(zip(specs, table[..., 0] / np.maximum(table[..., 1], 1e-3), strict=True)),
    }
    print(f"\n{'mean of 20 fresh seeds':32s}" + "".join(f"{score:>10s}" for score in scores))
    for name in specs:
        print(f"{name:32s}" + "".join(f"{of[name].mean():10.4g}" for of in scores.values()))
    print("\ndifferences in pairs, 95 % (bootstrap), p (sign flips)")
    for score, objective in (("C", "memory"), ("S", "memory"), ("C/S", "efficiency")):
        bests = [f"best {objective}, {kind}" for kind in KINDS]
        defaults = [f"default {kind}" for kind in KINDS]
        for one, other in (defaults, bests, (bests[0], defaults[0]), (bests[1], defaults[1])):
            test = paired_test(scores[score][one], scores[score][other])
            low, high = test.interval
            print(f"{score:4s}{one} - {other}: {test.mean:+.4g} [{low:+.4g}, {high:+.4g}], p {test.p_value:.2g}")


if __name__ == "__main__":
    main()
