"""Simple regret of this package's sampler, random search, TPE and Optuna's Gaussian process.

    python benchmarks/search.py --seeds 10
    python benchmarks/search.py --seeds 10 --drawn
    python benchmarks/search.py --objectives memory --seeds 10 --values 1000 --keep results/search_races

Needs the extra ``bench`` (Optuna's Gaussian process uses torch). Prints the simple regret, the difference between the
optimum and the noise-free value of the point with the best observed value so far, and its standard error over the seeds
after the last trial. The optimum of the memory objective is not known: it is replaced by the best value in any run, and the
regret is that of the observed values. With ``--drawn`` every seed has different targets (peaks), since a single instance may
suit a sampler by chance.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from hrsnn import Gamma, ReservoirSpec
from hrsnn.runtime.parallel import one_blas_thread, run_all
from hrsnn.runtime.seeds import generator
from hrsnn.search import DistributionSampler, Space, quantiles, wasserstein

AXIS = {"mean": [8, 90], "cv": [0.05, 1.2]}
P = (np.arange(200) + 0.5) / 200
SAMPLERS = ("ours", "random", "tpe", "gp")


@dataclass(frozen=True)
class Problem:
    """Function `true` of a spec to maximise, observed with Gaussian noise; `optimum` is nan if it is not known."""

    space: Space
    true: Callable[[ReservoirSpec, int], float]
    noise: float
    optimum: float


@dataclass(frozen=True)
class Match:
    """Minus the squared W2 distances from two target distributions and the squared distance from a target scale."""

    targets: dict[str, Gamma]
    scale: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Match:
        """Draw random targets."""
        targets = {name: Gamma(between(rng, 12, 65), between(rng, 0.1, 1), 3, 200) for name in MATCH.targets}
        return cls(targets, between(rng, 1.5, 15))

    def __call__(self, spec: ReservoirSpec, seed: int) -> float:
        far = sum(wasserstein(getattr(spec, name), target) ** 2 for name, target in self.targets.items())
        return -far / 400 - float(np.log(spec.weight_scale / self.scale) ** 2)


MATCH = Match({"tau_m_exc": Gamma(35, 0.7, 3, 200), "tau_m_inh": Gamma(18, 0.3, 3, 200)}, 5.0)


@dataclass(frozen=True)
class Mixture:
    """Sum of the scores of three distributions.

    Two kinds of neurons are optimal: the score of a time constant has a narrow and a broad peak (centre, width of each).
    """

    peaks: dict[str, tuple[float, float, float, float]]

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Mixture:
        """Draw random peaks, with widths of a fifth to a third of their centres."""

        def peak(low: float, high: float) -> tuple[float, float]:
            place = between(rng, low, high)
            return place, place * float(rng.uniform(0.2, 0.33))

        return cls({name: (*peak(10, 30), *peak(30, 80)) for name in MIXTURE.peaks})

    def __call__(self, spec: ReservoirSpec, seed: int) -> float:
        return sum(self.share(name, getattr(spec, name)) for name in self.peaks)

    def share(self, name: str, distribution: Any) -> float:
        """Mean score of draws from a distribution; concave in the share under either peak, so that both matter."""
        first, width, second, breadth = self.peaks[name]
        q = quantiles(distribution, P)
        low, high = np.exp(-(((q - first) / width) ** 2)).mean(), np.exp(-(((q - second) / breadth) ** 2)).mean()
        return float(np.sqrt(low) + np.sqrt(high))

    def best(self, space: Space) -> float:
        """Find the optimum for each distribution separately, on a fine grid."""
        total = 0.0
        for name in self.peaks:
            form: Any = space.ranges[name]
            means, cvs = np.geomspace(*form.mean, 120), np.geomspace(*form.cv, 80)
            total += max(self.share(name, form.distribution(mean, cv)) for mean in means for cv in cvs)
        return total


MIXTURE = Mixture(
    {"tau_m_exc": (15.0, 4.0, 60.0, 15.0), "tau_m_inh": (12.0, 3.0, 40.0, 10.0), "tau_plus": (20.0, 5.0, 70.0, 20.0)}
)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a log-uniform number between two bounds."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


@dataclass(frozen=True)
class Memory:
    """Memory capacity of 300 neurons."""

    values: int

    def __call__(self, spec: ReservoirSpec, seed: int) -> float:
        from hrsnn.analysis.studies.objectives import NamedObjective

        found = NamedObjective(name="memory", values=self.values)(spec.updated({"neurons": 300}), seed)
        return found.value if max(found.violations.values()) <= 0 else 0.0


@functools.cache
def problem(name: str, values: int, drawn: int | None = None) -> Problem:
    """Return a problem by its name; with a seed in `drawn`, one with random targets or peaks."""
    rng = generator(drawn or 0, "instance", name)
    if name == "match":
        space = Space.of({**dict.fromkeys(MATCH.targets, AXIS), "weight_scale": [1, 20]})
        return Problem(space, MATCH if drawn is None else Match.drawn(rng), 0.02, 0.0)
    if name == "mixture":
        space = Space.of(dict.fromkeys(MIXTURE.peaks, AXIS))
        wanted = MIXTURE if drawn is None else Mixture.drawn(rng)
        return Problem(space, wanted, 0.02, wanted.best(space))
    space = Space.of({"tau_m_exc": AXIS, "tau_m_inh": AXIS, "length_scale": [1, 4], "weight_scale": [1.5, 12]})
    return Problem(space, Memory(values), 0.0, float("nan"))


def sampler(name: str, space: Space, seed: int, trials: int) -> Any:
    dimensions = len(space.distributions())
    if name == "ours":
        return DistributionSampler(space, startup=min(dimensions + 1, trials // 3), seed=seed)
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    return optuna.samplers.GPSampler(seed=seed)


@dataclass(frozen=True)
class Race:
    """Function from a sampler and a seed to the best true values after each trial and seconds per proposal."""

    name: str
    values: int
    trials: int
    drawn: bool = False
    keep: str = ""

    def __call__(self, task: tuple[str, int]) -> tuple[list[float], float]:
        name, seed = task
        file = Path(f"{self.keep}_{name}_{seed}.json")
        if self.keep and file.exists():
            best, spent = json.loads(file.read_text())
            return best, spent
        found = self._run(name, seed)
        if self.keep:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(found))
        return found

    def problem(self, seed: int) -> Problem:
        return problem(self.name, self.values, seed if self.drawn else None)

    def _run(self, name: str, seed: int) -> tuple[list[float], float]:
        one = self.problem(seed)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore")
        study = optuna.create_study(direction="maximize", sampler=sampler(name, one.space, seed, self.trials))
        seen, true, seconds = [], [], []
        for k in range(self.trials):
            begin = time.perf_counter()
            trial = study.ask(one.space.distributions())
            seconds.append(time.perf_counter() - begin)
            value = one.true(one.space.spec(trial.params), 1000 * seed + k)
            noisy = value + one.noise * float(generator(seed, "noise", k).normal())
            study.tell(trial, noisy)
            seen.append(noisy)
            true.append(value)
        best = [true[int(np.argmax(seen[: k + 1]))] for k in range(self.trials)]
        return best, float(np.mean(seconds[-max(1, self.trials // 10) :]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--objectives", nargs="+", default=["match", "mixture"], choices=["match", "mixture", "memory"])
    parser.add_argument("--samplers", nargs="+", choices=SAMPLERS, default=list(SAMPLERS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--values", type=int, default=2000, help="input values of the memory task")
    parser.add_argument("--drawn", action="store_true", help="other targets and other peaks for every seed")
    parser.add_argument("--keep", default="", help="a folder for the curves: what is there is not run again")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    print(
        f"{'':10s}{'':8s}{'regret at':>10s}"
        + "".join(f"{share:>9d}" for share in marks(options.trials))
        + "      +-   s/trial"
    )
    with one_blas_thread():
        for name in options.objectives:
            tasks = [(each, seed) for each in options.samplers for seed in range(options.seeds)]
            keep = (
                f"{options.keep}/{name}{'_drawn' * options.drawn}_{options.values}_{options.trials}" if options.keep else ""
            )
            race = Race(name, options.values, options.trials, options.drawn, keep)
            found = run_all(race, tasks, jobs=options.jobs)
            curves = np.array([best for best, _ in found]).reshape(len(options.samplers), options.seeds, options.trials)
            known = np.array([race.problem(seed).optimum for seed in range(options.seeds)])
            optimum = np.where(np.isfinite(known), known, curves.max())[:, None]
            seconds = np.array([spent for _, spent in found]).reshape(len(options.samplers), -1).mean(axis=1)
            for k, each in enumerate(options.samplers):
                regret = optimum - curves[k]
                row = "".join(f"{regret[:, mark - 1].mean():9.4f}" for mark in marks(options.trials))
                error = regret[:, -1].std(ddof=1) / np.sqrt(options.seeds) if options.seeds > 1 else float("nan")
                print(f"{name:10s}{each:8s}{'':10s}{row}{error:8.4f}{seconds[k]:10.3f}", flush=True)


def marks(trials: int) -> list[int]:
    """Return the numbers of trials at which the regret is shown."""
    return sorted({max(1, trials // 4), max(1, trials // 2), max(1, 3 * trials // 4), trials})


if __name__ == "__main__":
    main()
