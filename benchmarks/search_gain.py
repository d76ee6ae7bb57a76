"""Gain by heterogeneity: a heterogeneous and a homogeneous network, searched with the same budget, on fresh seeds.

    python benchmarks/search_gain.py --out results/search_gain
    python benchmarks/search_gain.py --preset dense --out results/search_gain_dense
    python benchmarks/search_gain.py --out results/search_gain --measured-neurons 1000
    python benchmarks/search_gain.py --out results/search_gain --task fsdd --path free-spoken-digit-dataset

Memory: capacity and efficiency are optimised, with heterogeneous and homogeneous time constants. Spoken digits: accuracy on
a validation part of the training part; the best networks are then trained on the whole training part, and measured on the
test part once. A search has 40 points of 3 seeds, and is repeated with `--searches` different seeds. The defaults and the
best of each search are then compared in pairs, on seeds that no search used. All results are stored in the out folder, from
which the study can be resumed.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from hrsnn import ReservoirSpec
from hrsnn.analysis import paired_test
from hrsnn.analysis.protocols import classify
from hrsnn.analysis.studies.objectives import NamedObjective
from hrsnn.files.writing import write_json
from hrsnn.presets import PRESETS
from hrsnn.runtime.parallel import run_all
from hrsnn.search import Space, named_space, search
from hrsnn.tasks import ClassificationTask, TaskChoice, load_task

KINDS = ("heterogeneous", "homogeneous")
FRESH = 700_000


def memory_scores(spec: ReservoirSpec, seed: int) -> dict[str, float]:
    """Compute memory capacity C, spikes per neuron and second S, and efficiency."""
    objective = NamedObjective(name="memory", values=4000)
    capacity, spikes = objective.measured(spec, seed, ("memory_capacity", "spikes_per_neuron")).scores.values()
    return {"C": capacity, "S": spikes, "C/S": capacity / max(spikes, 1e-3)}


def spoken_scores(path: Path, spec: ReservoirSpec, seed: int) -> dict[str, float]:
    """Compute accuracy on the test part, with and without recurrent links, and spikes per neuron and second."""
    found, alone = (
        classify(spoken(path), one, seed=seed, plastic=False, baselines=())
        for one in (spec, spec.updated({"weight_scale": 0.0}))
    )
    rate = found.rates.mean_rate
    return {
        "accuracy": found.accuracy,
        "uncoupled": alone.accuracy,
        "S": rate,
        "S_uncoupled": alone.rates.mean_rate,
        "silent": found.rates.silent_share,
        "accuracy/S": found.accuracy / max(rate, 1e-3),
    }


@functools.lru_cache(maxsize=1)
def spoken(path: Path) -> ClassificationTask:
    """Load the official split of spoken digits, encoded."""
    task = load_task("fsdd", path=path)
    assert isinstance(task, ClassificationTask)
    encoder = clone(task.encoder).fit(task.x_train)
    train, test = encoder.transform(task.x_train), encoder.transform(task.x_test)
    return ClassificationTask(**{**vars(task), "x_train": train, "x_test": test, "encoder": None})


@dataclass(frozen=True)
class Kept:
    """Function from a spec and a seed to scores, read from a file if there is one."""

    measure: Callable[[ReservoirSpec, int], dict[str, float]]
    folder: Path

    def __call__(self, task: tuple[ReservoirSpec, int]) -> dict[str, float]:
        spec, seed = task
        file = self.folder / f"{hashlib.sha256(spec.to_toml().encode()).hexdigest()[:16]}-{seed}.json"
        if not file.exists():
            write_json(file, self.measure(spec, seed))
        kept: dict[str, float] = json.loads(file.read_text())
        return kept


def network(kind: str, preset: str, neurons: int) -> tuple[ReservoirSpec, Space]:
    """Return the spec and its search space."""
    spec = ReservoirSpec.preset(preset, neurons=neurons)
    if kind == "heterogeneous":
        return spec, named_space("neurons", spec)
    return spec.variant("HoNHoS"), named_space("neurons", spec).homogeneous()


def show(table: Mapping[str, Mapping[str, np.ndarray]], pairs: list[tuple[str, str, str]]) -> None:
    """Print means over searches and fresh seeds and those of each search, then the paired differences.

    `table` has an array (searches, seeds) for each network and score; `pairs` are (score, one, other).
    """
    for name, scores in table.items():
        print(f"\n{name}")
        for score, values in scores.items():
            each = ", ".join(f"{one:.4g}" for one in values.mean(axis=1))
            print(f"  {score:12s}{values.mean():8.4g}" + (f"   each search: {each}" if len(values) > 1 else ""))
    print("\ndifferences in pairs of fresh seeds, means over the searches; 95 % (bootstrap), p (sign flips)")
    for score, one, other in pairs:
        difference = table[one][score] - table[other][score]
        test = paired_test(difference.mean(axis=0), np.zeros(difference.shape[1]))
        low, high = test.interval
        each = ", ".join(f"{value:+.4g}" for value in difference.mean(axis=1))
        print(f"{score}: {one} - {other}: {test.mean:+.4g} [{low:+.4g}, {high:+.4g}], p {test.p_value:.2g}; each: {each}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--task", choices=["memory", "fsdd"], default="memory")
    parser.add_argument("--path", type=Path, help="folder of the spoken digits")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--searches", type=int, default=1, help="with seeds 0, 1, ...")
    parser.add_argument("--preset", default="default", choices=PRESETS)
    parser.add_argument("--neurons", type=int, default=300)
    parser.add_argument("--measured-neurons", type=int, default=None, help="of the fresh runs; those of the search")
    parser.add_argument("--fresh", type=int, default=20, help="seeds that no search used")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    folder = options.out / "fresh" / options.task
    folder.mkdir(parents=True, exist_ok=True)
    if options.task == "memory":
        objectives = {name: NamedObjective(name=name) for name in ("memory", "efficiency")}
        measure: Any = memory_scores
    else:
        objectives = {"accuracy": NamedObjective(name="accuracy", choice=TaskChoice("fsdd", {"path": options.path}))}
        measure = functools.partial(spoken_scores, options.path)

    measured = options.measured_neurons or options.neurons
    specs = {f"default, {kind}": [network(kind, options.preset, measured)[0]] for kind in KINDS}
    if options.task == "fsdd":  # the effect of a single parameter
        specs |= {
            f"all targets, {kind}": [network(kind, options.preset, measured)[0].updated({"input_fraction": 1.0})]
            for kind in KINDS
        }
    for (name, objective), kind, seed in itertools.product(objectives.items(), KINDS, range(options.searches)):
        spec, space = network(kind, options.preset, options.neurons)
        found = search(
            spec,
            space,
            objective,
            trials=options.trials,
            workers=options.jobs,
            storage=options.out / f"{name}-{kind}-{seed}.db",
            resume=True,
            seed=seed,
        )
        point = {key: round(value, 3) for key, value in found.best.parameters.items()}
        print(f"{name}, {kind}, search {seed}: {found.best.value:.4g} at {point}", flush=True)
        specs.setdefault(f"best {name}, {kind}", []).append(
            space.spec(found.best.parameters, network(kind, options.preset, measured)[0])
        )

    tasks = [(spec, FRESH + k) for every in specs.values() for spec in every for k in range(options.fresh)]
    scores = iter(run_all(Kept(measure, folder), tasks, jobs=options.jobs))
    table = {}
    for name, every in specs.items():
        rows = [[next(scores) for _ in range(options.fresh)] for _ in every]
        table[name] = {score: np.array([[one[score] for one in row] for row in rows]) for score in rows[0][0]}
    looked_at = {"memory": ("C", "S"), "efficiency": ("C/S",), "accuracy": ("accuracy", "uncoupled", "S")}
    pairs: list[tuple[str, str, str]] = []
    others = [what for what in ("default", "all targets") if f"{what}, {KINDS[0]}" in table]
    for name in objectives:
        for score in looked_at[name]:
            pairs += [(score, f"{what}, {KINDS[0]}", f"{what}, {KINDS[1]}") for what in ("default", f"best {name}")]
            pairs += [(score, f"best {name}, {kind}", f"{what}, {kind}") for what in others for kind in KINDS]
    show(table, pairs)
    if options.task == "fsdd":
        task = load_task("fsdd", path=options.path)
        assert isinstance(task, ClassificationTask)
        raw = clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test)
        print(f"\n{task.raw_baseline_name}: {raw:.4g}")
        for name, of in table.items():
            test = paired_test((of["accuracy"] - of["uncoupled"]).mean(axis=0), np.zeros(options.fresh))
            low, high = test.interval
            print(f"accuracy with recurrent links - without, {name}: {test.mean:+.4g} [{low:+.4g}, {high:+.4g}]")


if __name__ == "__main__":
    main()
