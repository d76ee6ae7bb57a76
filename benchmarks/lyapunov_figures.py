"""Figures of docs/lyapunov.md: a shifted spike, the neurons of one reservoir, lambda_1 against rate, and the map.

    python benchmarks/lyapunov_figures.py [--out docs/images] [--neurons 300] [--seeds 3] [--jobs 1]

Also measures which changes of the initial state decay.

Prints the numbers that the page quotes.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from matplotlib.figure import Figure

from hrsnn import ReservoirSpec, build
from hrsnn.analysis import figures, lyapunov_spectrum, transient_length
from hrsnn.analysis.figures.style import EXCITATORY, INHIBITORY
from hrsnn.analysis.protocols import chaos, chaos_map
from hrsnn.analysis.protocols.edge_of_chaos import random_drive

_BIASES = (12, 13, 14, 15, 16, 17, 18)
# a neuron with these constants (ms, mV) fires; its target stays below threshold
_TAU, _DRIVE, _THRESHOLD, _RESET, _HELD = 20.0, 20.0, 15.0, 5.0, 3.0
_WEIGHT, _TAU_EXC, _TAU_TARGET = 30.0, 3.0, 15.0


def shifted_spike(change: float = 0.7) -> Figure:
    """Draw the effect of a slightly higher initial v, and hence an earlier spike, on a neuron and on its target."""
    t = np.linspace(0, 22, 2201)
    figure = Figure(figsize=(3.5, 3.2), layout="constrained")
    source, target = figure.subplots(2, 1, sharex=True)
    for start, style, name in ((12.0, "-", "as it was"), (12.0 + change, "--", "started higher")):
        spike = _TAU * np.log((_DRIVE - start) / (_DRIVE - _THRESHOLD))
        release = spike + _HELD
        before = _DRIVE + (start - _DRIVE) * np.exp(-t / _TAU)
        after = _DRIVE + (_RESET - _DRIVE) * np.exp(-(t - release) / _TAU)
        v = np.where(t < spike, before, np.where(t < release, _RESET, after))
        source.plot(t, v, style, color=EXCITATORY, linewidth=1, label=name)
        since = np.maximum(t - spike, 0)
        current = np.where(t < spike, 0, _WEIGHT * np.exp(-since / _TAU_EXC))
        v = _WEIGHT * _TAU_EXC / (_TAU_TARGET - _TAU_EXC) * (np.exp(-since / _TAU_TARGET) - np.exp(-since / _TAU_EXC))
        target.plot(t, current, style, color=INHIBITORY, linewidth=1, label="I_exc" if style == "-" else None)
        target.plot(t, v, style, color=EXCITATORY, linewidth=1, label="v" if style == "-" else None)
    source.axhline(_THRESHOLD, color="#7F7F7F", linewidth=0.7, linestyle=":")
    for axes, label in ((source, "v of the source (mV)"), (target, "target (mV)")):
        axes.set_ylabel(label, fontsize=8)
        axes.tick_params(labelsize=7, width=0.6, length=2.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=7, frameon=False, loc="upper left" if axes is target else "lower left")
    target.set_xlabel("Time (ms)", fontsize=8)
    return figure


def forgotten(spec: ReservoirSpec, seeds: range, sizes: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)) -> None:
    """Count, of five random changes of v at the start, those that still change spikes in the last tenth of 5.2 s."""
    print(f"changes that are not forgotten, of {5 * len(seeds)}, by their size in mV: {sizes}")
    for weight_scale in (0, 2.5, 5, 10):
        remain, exponents, transients = np.zeros(len(sizes), int), [], []
        for seed in seeds:
            reservoir, drive = build(spec.updated({"weight_scale": weight_scale}), seed), random_drive(5200.0, seed)
            exponents.append(lyapunov_spectrum(reservoir, drive, count=1).largest_active)
            transients.append(transient_length(reservoir, drive))
            for place, size in enumerate(sizes):
                ends = [transient_length(reservoir, drive, change=size, starts=1, seed=start) for start in range(5)]
                remain[place] += np.isinf(ends).sum()
        print(
            f"weight scale {weight_scale}: lambda_1 {np.round(exponents, 1)}, transients {np.round(transients)} ms: {remain}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "docs" / "images")
    parser.add_argument("--neurons", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    spec, seeds = ReservoirSpec.preset("dense", neurons=arguments.neurons), range(arguments.seeds)

    one = chaos(spec, seed=0)
    found, reservoir = one.spectrum, one.reservoir
    local = found.per_neuron_local + 1000 / reservoir.tau_exc + 1000 / reservoir.tau_inh

    def spread(values: np.ndarray) -> float:
        return float(values.std() / abs(values.mean()))

    print(f"one reservoir: rate {found.rate:.1f} Hz, lambda_1 {found.largest:.1f} +- {found.standard_error[0]:.1f} /s")
    print(f"CV of the neurons' exponents: three rows {spread(found.per_neuron):.2f}, v {spread(found.per_neuron_v):.2f}")
    print(f"correlation of v row and block {np.corrcoef(found.per_neuron_v, local)[0, 1]:.2f}; floored {found.floored}")
    figure = figures.exponents_of_neurons(found.per_neuron_v, reservoir.tau_m, found.rates, reservoir.is_excitatory)
    figures.save(figure, arguments.out / "lyapunov_neurons.png", dpi=200)

    grid = chaos_map(spec, seeds=seeds, jobs=arguments.jobs)
    print("map of lambda_1 (1/s), mean over the seeds; rows: length scale, columns: weight scale")
    print(np.round(grid.largest.mean(axis=-1), 1))
    print(np.round(grid.rate.mean(axis=-1), 1), "Hz")
    figure = figures.chaos_map(grid.length_scale, grid.weight_scale, grid.largest.mean(axis=-1))
    figures.save(figure, arguments.out / "lyapunov_map.png", dpi=200)

    rows = [
        chaos_map(spec.updated({"i_bias": bias}), weight_scales=[5], length_scales=[2], seeds=seeds, jobs=arguments.jobs)
        for bias in _BIASES
    ]
    for bias, row in zip(_BIASES, rows, strict=True):
        print(
            f"bias {bias}: {row.rate.mean():.1f} Hz, lambda_1 {row.largest.mean():.1f}, {np.round(row.largest.ravel(), 1)}"
        )
    runs = [grid, *rows]
    rate, largest, error = (
        np.concatenate([getattr(run, name).ravel() for run in runs]) for name in ("rate", "largest", "standard_error")
    )
    figure = figures.exponents_against_rates(rate, largest, error)
    figures.save(figure, arguments.out / "lyapunov_rates.png", dpi=200)
    forgotten(spec, seeds)
    figures.save(shifted_spike(), arguments.out / "lyapunov_shift.png", dpi=200)


if __name__ == "__main__":
    main()
