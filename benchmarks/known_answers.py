"""Comparison of scores with known values.

    python benchmarks/known_answers.py [--seeds 8]

Expected values are closed forms or published values; results are means over the seeds, with the smallest and the largest.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy.signal import lfilter

from hrsnn import HrsnnWarning, SpikeTrains
from hrsnn.analysis import (
    binned_counts,
    branching_parameter,
    echo_state_network,
    effective_dimension,
    effective_rank,
    eigenmode_response,
    fano_factor,
    heterogeneity,
    information_capacity,
    interval_variation,
    linear_autoregression,
    linear_theory,
    memory_capacity,
    synchrony,
    valid_prediction_time,
)
from hrsnn.runtime.parallel import one_blas_thread
from hrsnn.runtime.seeds import generator

TIMES = 10_000


def network(u: np.ndarray, seed: int, scale: float, recurrent: str = "orthogonal") -> np.ndarray:
    return echo_state_network(u, 50, seed, spectral_radius=0.9, input_scale=scale, bias_scale=0, recurrent=recurrent)


def memory(seed: int) -> dict[str, tuple[Callable[[], float], float]]:
    """Return capacities of states that are known functions of the past inputs, with their expected values."""
    random = generator(seed, "known answers", "memory")
    u = random.uniform(-1, 1, TIMES)
    line = np.stack([np.roll(u, delay) for delay in range(1, 21)], axis=1)
    leaky = lfilter([1.0], [1.0, -0.9], u)[:, None]
    few = random.normal(size=(2000, 1000))

    def in_sample() -> float:
        targets = np.stack([np.roll(u[:2000], delay) for delay in range(1, 101)], axis=1)[200:]
        fitted = few[200:] @ np.linalg.lstsq(few[200:], targets, rcond=None)[0]
        return float(sum(np.corrcoef(fitted[:, k], targets[:, k])[0, 1] ** 2 for k in range(100)))

    answers: dict[str, tuple[Callable[[], float], float]] = {
        "memory: delay line of 20": (lambda: memory_capacity(line, u, 40).total, 20),
        "memory: leaky integrator, a = 0.9": (lambda: memory_capacity(leaky, u).total, 0.9**2),
        "memory: tanh network of 50, orthogonal, input 0.1": (lambda: memory_capacity(network(u, seed, 0.1), u).total, 43),
        "memory: the same, Gaussian": (lambda: memory_capacity(network(u, seed, 0.1, "gaussian"), u).total, 21),
        "memory: 1000 noise states, 2000 values": (lambda: memory_capacity(few, u[:2000]).total, 0),
        "the same in sample, as a warning": (in_sample, 0),
    }
    for scale, expected in ((0.1, 43.0), (0.5, 20.5), (1.0, 12.5), (2.0, 7.5)):
        answers[f"information capacity, linear part: tanh network, input {scale:g}"] = (
            lambda scale=scale: information_capacity(network(u, seed, scale), u, {1: 150}).linear,
            expected,
        )
    return answers


def others(seed: int) -> dict[str, tuple[Callable[[], float], float]]:
    """Return dimensions, heterogeneity, forecasts and population measures, with their expected values."""
    random = generator(seed, "known answers", "others")
    common, own = random.normal(size=(TIMES, 1)), random.normal(size=(TIMES, 20))
    correlated = np.sqrt(0.3) * common + np.sqrt(0.7) * own
    left, right = (np.linalg.qr(random.normal(size=(80, 60)))[0] for _ in range(2))
    w, w_in = random.normal(size=(20, 20)), random.normal(size=20)
    w *= 0.9 / np.abs(np.linalg.eigvals(w)).max()
    noise = random.normal(size=TIMES)
    series = lfilter([1.0], [1.0, -1.6, 0.8], noise)
    t = 0.01 * np.arange(1, 2000)
    times = np.cumsum(random.gamma(4.0, 20.0 / 4, 100_000))
    clocks = SpikeTrains.from_samples([(times, np.zeros(len(times), int))], 1, float(times[-1]) + 1)
    activity = [500]
    for _ in range(20_000):
        activity.append(random.poisson(0.98 * activity[-1] + 10))
    seen = random.binomial(activity, 0.1)

    def autoregression_error() -> float:
        prediction = linear_autoregression(series[:-1], series[1:], TIMES // 2)
        return float(np.sqrt(np.mean((prediction - series[1:])[TIMES // 2 :] ** 2)))

    return {
        "lemma 3.1.1: largest distance of both sides, 20 units": (
            lambda: float(np.abs(eigenmode_response(w, w_in, 50) - linear_theory(w, w_in, 50).response).max()),
            0,
        ),
        "effective rank: 60 singular values 0.8^k": (
            lambda: effective_rank(left * 0.8 ** np.arange(60) @ right.T),
            np.ceil(np.log(1 - 0.99 * (1 - 0.8**60)) / np.log(0.8)),
        ),
        "effective dimension: 20 units, correlation 0.3": (
            lambda: effective_dimension(correlated),
            20 / (1 + 19 * 0.3**2),
        ),
        "heterogeneity: log-normal, sigma 0.5": (
            lambda: heterogeneity(random.lognormal(3.0, 0.5, TIMES)),
            0.5 * np.log(1.25),
        ),
        "valid time at 0.1: error 1e-3 e^(lambda t)": (
            lambda: valid_prediction_time(
                1e-3 * np.exp(0.906 * t), 0 * t, 0.1, scale=1.0, time_step=0.01, lyapunov_exponent=0.906
            ),
            np.log(100),
        ),
        "autoregression of order 2: error / noise": (autoregression_error, 1),
        "interval CV: gamma intervals of shape 4": (lambda: float(interval_variation(clocks)[0]), 0.5),
        "Fano factor of the same, windows of 1 s": (lambda: float(fano_factor(binned_counts(clocks, 1000.0))[0]), 0.25),
        "synchrony: 100 independent signals": (lambda: synchrony(random.normal(size=(TIMES, 100))), 0.1),
        "branching parameter 0.98, a tenth of the units seen": (lambda: branching_parameter(seen, 150).parameter, 0.98),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    seeds = range(parser.parse_args().seeds)
    got: dict[str, list[float]] = {}
    expected: dict[str, float] = {}
    with one_blas_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        for seed in seeds:
            for name, (call, value) in {**memory(seed), **others(seed)}.items():
                got.setdefault(name, []).append(call())
                expected[name] = value
    print("| known answer | expected | got | least to largest |\n| --- | --- | --- | --- |")
    for name, values in got.items():
        low, high = min(values), max(values)
        print(f"| {name} | {expected[name]:.4g} | {np.mean(values):.4g} | {low:.4g} to {high:.4g} |")


if __name__ == "__main__":
    main()
