"""Time and memory of one iteration of pruning, by step, against the number of neurons; the covariance by both methods.

``python benchmarks/pruning.py`` prints one table; ``--large`` adds 5000 neurons with a million links. ``--neurons --whole``
prints only the time of a whole run of 100 iterations, ``--neurons --localisation 10`` only the effect of step 3 on the
eigenvectors. CPU and wall-clock seconds differ if the machine was shared.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from hrsnn import Reservoir, ReservoirSpec, build
from hrsnn.analysis import lyapunov_spectrum
from hrsnn.networks import LNP, Pruning, dominant_leak, noise, noise_covariance, prune
from hrsnn.networks.linear.noise_covariance import coupling
from hrsnn.networks.methods.lyapunov_noise import dimensionless
from hrsnn.runtime.parallel import one_blas_thread

_STEPS = ("synapses", "neurons", "delocalisation", "simulation", "exponents", "record")


def network(neurons: int, links: int) -> Reservoir:
    """Build a random network with about this number of links."""
    probability = links / (neurons * (neurons - 1))
    return build(
        ReservoirSpec.preset("dense", neurons=neurons, connectivity="random", connection_probability=probability),
        seed=0,
    )


def timed(function: object) -> tuple[float, float]:
    """Return the wall-clock and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()  # type: ignore[operator]
    return time.perf_counter() - wall, time.process_time() - cpu


def iterations(reservoir: Reservoir, count: int, method: LNP) -> None:
    """Time a few iterations of a run of 100 that removes 95 % of the links and 50 % of the neurons."""
    share = 1 - 0.05 ** (count / 100)
    of_neurons = 1 - 0.5 ** (count / 100)
    wall, cpu = time.perf_counter(), time.process_time()
    found = prune(reservoir, method, iterations=count, synapse_target=share, neuron_target=of_neurons, refresh=count + 1)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    means = [np.mean([seconds.get(step, 0.0) for seconds in found.seconds[1:]]) for step in _STEPS]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{reservoir.neurons:6d} {reservoir.synapses:8d} {method.leak:8s} {wall / count:8.2f} {cpu / count:8.2f} "
        + " ".join(f"{value:8.3f}" for value in means)
        + f" {memory:7.2f} {found.records[-1].numbers['participation_before']:7.4f} {found.records[-1].participation:7.4f}",
        flush=True,
    )


def whole_run(reservoir: Reservoir, method: LNP) -> None:
    """Time 100 iterations that remove 95 % of the links and 25 % of the neurons."""
    taken: list[Pruning] = []
    wall, cpu = timed(
        lambda: taken.append(prune(reservoir, method, iterations=100, synapse_target=0.95, neuron_target=0.25))
    )
    (found,) = taken
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"100 iterations, leak {method.leak}, {reservoir.neurons} neurons, {reservoir.synapses} links to "
        f"{found.reservoir.neurons}, {found.reservoir.synapses}: wall {wall:.0f} s, CPU {cpu:.0f} s, {memory:.2f} GiB",
        flush=True,
    )
    for step in _STEPS:
        print(f"  {step}: {sum(seconds.get(step, 0.0) for seconds in found.seconds):.1f} s of wall", flush=True)


def covariances(reservoir: Reservoir, methods: tuple[str, ...]) -> None:
    """Time both methods for the covariance, and print their difference."""
    sign = np.where(reservoir.is_excitatory[reservoir.pre], 1.0, -1.0)
    strength = sign * dimensionless(reservoir, reservoir.weight)
    links = coupling(reservoir.neurons, reservoir.pre, reservoir.post, strength)
    leak, found = dominant_leak(links), {}
    for method in methods:
        seconds = timed(lambda m=method: found.update({m: noise_covariance(links, leak, method=m, tolerance=1e-6)}))
        print(
            f"covariance, {reservoir.neurons} neurons, {method}: wall {seconds[0]:.2f} s, CPU {seconds[1]:.2f} s", flush=True
        )
    if len(found) == 2:
        one, other = found.values()
        print(f"  largest difference over largest variance: {np.abs(one - other).max() / one.max():.1e}")


def localisation(spec: ReservoirSpec, seeds: int) -> None:
    """Print the mean inverse participation ratio before and after step 3, and components after it; 15 iterations to 95 %."""
    print(f"{spec.neurons} neurons, {spec.connectivity} links, {seeds} seeds, with 45, 20, 11 and 5 % of the links left")
    for aim in ("ipr", "degree", "none"):
        method = LNP(score="drive", leak="diagonal", delocalise=aim, timescales=False)  # type: ignore[arg-type]
        runs = [
            prune(build(spec, seed), method, iterations=15, neuron_target=0.0, seed=seed, refresh=16).records
            for seed in range(seeds)
        ]
        for name, value in (
            ("before", lambda record: record.numbers.get("participation_before", np.nan)),
            ("after", lambda record: record.participation),
            ("pieces", lambda record: record.pieces),
        ):
            values = np.array([[value(run[t]) for t in (4, 8, 11, 15)] for run in runs])
            cells = zip(values.mean(axis=0), values.std(axis=0, ddof=1), strict=True)
            print(f"  {aim:7s} {name:7s}" + "".join(f"{mean:9.3f} ({spread:.3f})" for mean, spread in cells), flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neurons", type=int, nargs="*", default=[250, 500, 1000])
    parser.add_argument("--density", type=float, default=0.05)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="5000 neurons, a million links")
    parser.add_argument("--whole", action="store_true", help="100 iterations of 1000 neurons, 50 000 links")
    parser.add_argument("--localisation", type=int, default=0, metavar="SEEDS", help="step 3 by its three aims")
    parser.add_argument("--spectrum", type=int, nargs="*", default=[], help="networks whose full spectrum is measured")
    options = parser.parse_args()
    with one_blas_thread():
        print(
            f"{'N':>6s} {'links':>8s} {'leak':8s} {'wall/it':>8s} {'CPU/it':>8s} "
            + " ".join(f"{s[:8]:>8s}" for s in (*_STEPS, "GiB", "IPR from", "to"))
        )
        for neurons in options.neurons:
            reservoir = network(neurons, round(options.density * neurons**2))
            if neurons == options.neurons[0]:
                prune(reservoir, LNP(timescales=False), iterations=1)  # load and compile before timing
            for leak in ("diagonal", "critical"):
                iterations(reservoir, options.iterations, LNP(leak=leak, timescales=False))  # type: ignore[arg-type]
            covariances(reservoir, ("dense", "sweeps"))
        for neurons in options.spectrum:
            reservoir = network(neurons, round(options.density * neurons**2))
            seconds = timed(lambda r=reservoir: lyapunov_spectrum(r, noise(1, 1000.0)))
            print(f"full spectrum, {neurons} neurons, 1 s: wall {seconds[0]:.1f} s, CPU {seconds[1]:.1f} s", flush=True)
        if options.whole:
            for leak in ("diagonal", "critical"):
                whole_run(network(1000, 50_000), LNP(leak=leak, timescales=False))  # type: ignore[arg-type]
        if options.localisation:
            localisation(ReservoirSpec.preset("dense", neurons=300, length_scale=4), options.localisation)
            random = ReservoirSpec.preset(
                "dense", neurons=1000, connectivity="random", connection_probability=options.density
            )
            localisation(random, options.localisation)
        if options.large:
            iterations(network(5000, 1_000_000), 1, LNP(leak="diagonal", timescales=False))


if __name__ == "__main__":
    main()
