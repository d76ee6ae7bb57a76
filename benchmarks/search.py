"""How near the best point is after so many trials: this package's sampler, random search, TPE and Optuna's Gaussian process.

    python benchmarks/search.py --seeds 10
    python benchmarks/search.py --objectives memory --seeds 3 --values 1000

Needs the extra ``bench`` (Optuna's own Gaussian process runs on torch). Prints the simple regret: how much worse than the
optimum the point is, without noise, that looked best so far. The optimum of the memory objective is not known: there it is
the best value that any run saw, and the regret is of the values as they were seen.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from hrsnn import Gamma, ReservoirSpec
from hrsnn.parallel import one_blas_thread, run_all
from hrsnn.search import DistributionSampler, Space, quantiles, wasserstein
from hrsnn.seeds import generator

AXIS = {"mean": [8, 90], "cv": [0.05, 1.2]}
P = (np.arange(200) + 0.5) / 200


@dataclass(frozen=True)
class Problem:
    """Something to maximise: `true` of a spec, seen with Gaussian noise; `optimum` of it, nan where it is not known."""

    space: Space
    true: Callable[[ReservoirSpec, int], float]
    noise: float
    optimum: float


TARGETS = {"tau_m_exc": Gamma(35, 0.7, 3, 200), "tau_m_inh": Gamma(18, 0.3, 3, 200)}


def match(spec: ReservoirSpec, seed: int) -> float:
    """Minus the squared W2 from two target distributions, and from a target scale."""
    far = sum(wasserstein(getattr(spec, name), target) ** 2 for name, target in TARGETS.items())
    return -far / 400 - float(np.log(spec.weight_scale / 5) ** 2)


#: Two kinds of neurons are wanted: the score of a time constant has a narrow and a broad peak.
PEAKS = {"tau_m_exc": (15.0, 4.0, 60.0, 15.0), "tau_m_inh": (12.0, 3.0, 40.0, 10.0), "tau_plus": (20.0, 5.0, 70.0, 20.0)}


def share(name: str, distribution: Any) -> float:
    """The mean score of draws from a distribution; concave in how many are under either peak, so that both have to be."""
    first, width, second, breadth = PEAKS[name]
    q = quantiles(distribution, P)
    low, high = np.exp(-(((q - first) / width) ** 2)).mean(), np.exp(-(((q - second) / breadth) ** 2)).mean()
    return float(np.sqrt(low) + np.sqrt(high))


def mixture(spec: ReservoirSpec, seed: int) -> float:
    """The scores of three distributions."""
    return sum(share(name, getattr(spec, name)) for name in PEAKS)


def best_mixture(space: Space) -> float:
    """The optimum of :func:`mixture`, one distribution after the other, on a fine grid."""
    total = 0.0
    for name in PEAKS:
        form: Any = space.ranges[name]
        means, cvs = np.geomspace(*form.mean, 160), np.geomspace(*form.cv, 160)
        total += max(share(name, form.distribution(mean, cv)) for mean in means for cv in cvs)
    return total


@dataclass(frozen=True)
class Memory:
    """Memory capacity of 300 neurons."""

    values: int

    def __call__(self, spec: ReservoirSpec, seed: int) -> float:
        from hrsnn.analysis.objectives import NamedObjective

        found = NamedObjective(name="memory", values=self.values)(spec.updated({"neurons": 300}), seed)
        return found.value if max(found.violations.values()) <= 0 else 0.0


def problem(name: str, values: int) -> Problem:
    if name == "match":
        space = Space.of({**dict.fromkeys(TARGETS, AXIS), "weight_scale": [1, 20]})
        return Problem(space, match, 0.02, 0.0)
    if name == "mixture":
        space = Space.of(dict.fromkeys(PEAKS, AXIS))
        return Problem(space, mixture, 0.02, best_mixture(space))
    space = Space.of({"tau_m_exc": AXIS, "tau_m_inh": AXIS, "length_scale": [1, 4], "weight_scale": [1.5, 12]})
    return Problem(space, Memory(values), 0.0, float("nan"))


def sampler(name: str, space: Space, seed: int, trials: int) -> Any:
    dimensions = len(space.distributions())
    if name == "ours":
        return DistributionSampler(space, startup=min(2 * dimensions + 2, trials // 3), seed=seed)
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    return optuna.samplers.GPSampler(seed=seed)


@dataclass(frozen=True)
class Race:
    """One problem, as a function of a sampler and a seed: best true value after each trial, and seconds a proposal."""

    problem: Problem
    trials: int

    def __call__(self, task: tuple[str, int]) -> tuple[list[float], float]:
        name, seed = task
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore")
        study = optuna.create_study(direction="maximize", sampler=sampler(name, self.problem.space, seed, self.trials))
        seen, true, seconds = [], [], []
        for k in range(self.trials):
            begin = time.perf_counter()
            trial = study.ask(self.problem.space.distributions())
            seconds.append(time.perf_counter() - begin)
            value = self.problem.true(self.problem.space.spec(trial.params), 1000 * seed + k)
            noisy = value + self.problem.noise * float(generator(seed, "noise", k).normal())
            study.tell(trial, noisy)
            seen.append(noisy)
            true.append(value)
        best = [true[int(np.argmax(seen[: k + 1]))] for k in range(self.trials)]
        return best, float(np.mean(seconds[-max(1, self.trials // 10) :]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--objectives", nargs="+", default=["match", "mixture"], choices=["match", "mixture", "memory"])
    parser.add_argument("--samplers", nargs="+", default=["ours", "random", "tpe", "gp"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--values", type=int, default=2000, help="input values of the memory task")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    print(f"{'':10s}{'':8s}{'regret at':>10s}" + "".join(f"{share:>9d}" for share in marks(options.trials)) + "   s/trial")
    with one_blas_thread():
        for name in options.objectives:
            one = problem(name, options.values)
            tasks = [(each, seed) for each in options.samplers for seed in range(options.seeds)]
            found = run_all(Race(one, options.trials), tasks, jobs=options.jobs)
            curves = np.array([best for best, _ in found]).reshape(len(options.samplers), options.seeds, options.trials)
            optimum = one.optimum if np.isfinite(one.optimum) else curves.max()
            seconds = np.array([spent for _, spent in found]).reshape(len(options.samplers), -1).mean(axis=1)
            for k, each in enumerate(options.samplers):
                regret = (optimum - curves[k]).mean(axis=0)
                row = "".join(f"{regret[mark - 1]:9.4f}" for mark in marks(options.trials))
                print(f"{name:10s}{each:8s}{'':10s}{row}{seconds[k]:10.3f}", flush=True)


def marks(trials: int) -> list[int]:
    """Numbers of trials at which the regret is shown."""
    return sorted({max(1, trials // 4), max(1, trials // 2), max(1, 3 * trials // 4), trials})


if __name__ == "__main__":
    main()
