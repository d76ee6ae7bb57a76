"""Spoken digits: accuracy by encoding and rate, effects of recurrence and heterogeneity, and one test.

    python benchmarks/spoken_digits.py --path free-spoken-digit-dataset [--parts curve regimes test] [--seeds 10]
        [--figure docs/images/spoken_digits.png]

curve: accuracy on the validation split (recordings 40 to 49, never the official test set) against the mean rate, for each
encoding, with and without recurrent links, at rates set by the weight or gain of the input.
regimes: the digit read from one instantaneous state (spikes filtered with 20 ms) at the end of the word and after it, so
that early parts have to be remembered; 300 neurons, paired seeds, and 95 % BCa bootstrap intervals of the paired
differences from the heterogeneous reservoir with recurrent links.
test: the encoding and rate chosen from the curve, on the official test set, five seeds, with its controls.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from hrsnn import Currents, Gamma, ReservoirSpec, Uniform, build, simulate
from hrsnn.analysis import paired_test
from hrsnn.analysis.protocols import classify
from hrsnn.readout import readout
from hrsnn.tasks import load_task

CHOSEN = {"input_fraction": 1.0}
TWIN = {"heterogeneous_neurons": False, "heterogeneous_synapses": False}

#: Frames without input after each word.
SILENCE = 15
#: Times at which the state is read (ms): at the end of the word, and 50, 100 and 150 ms later.
READ_AT = (500.0, 550.0, 600.0, 650.0)

DELAYED = {f"delay_{pair}": 50.0 for pair in ("ee", "ei", "ie", "ii")} | {"weight_scale": 10.0}
SLOW = {
    "tau_exc": 60.0,
    "tau_inh": 10.0,
    "weight_scale": 0.5,
    "i_bias": 12.0,
    "weight_ie": Gamma(6, 0.7),
    "weight_ii": Gamma(5, 0.7),
}
#: For each regime, its changes to the spec, and the input gains at which the homogeneous network, and the network without
#: recurrent links, have the rate of the heterogeneous network with recurrent links.
REGIMES: dict[str, tuple[dict[str, Any], float, float]] = {
    "defaults": ({}, 12.6, 9.3),
    "delays of 50 ms": (DELAYED, 17.0, 16.2),
    "slow excitation": (SLOW, 16.8, 20.7),
}


def networks(twin_gain: float, uncoupled_gain: float) -> dict[str, dict[str, Any]]:
    """Return the networks of each regime; the others are compared with the first."""
    uncoupled = {"weight_scale": 0.0}
    return {
        "heterogeneous": {},
        "homogeneous": TWIN,
        "homogeneous, same rate": TWIN | {"input_gain": Uniform(-twin_gain, twin_gain)},
        "uncoupled": uncoupled,
        "uncoupled, same rate": uncoupled | {"input_gain": Uniform(-uncoupled_gain, uncoupled_gain)},
    }


def curve(path: Path, neurons: int, seeds: int) -> list[tuple[str, float, float, float]]:
    """Return, and print, rows of (encoding and network, rate in Hz, silent share, accuracy)."""
    rows = []
    print(f"{'encoding':<16}{'targets':>8}{'input':>7}{'W_scale':>9}{'rate Hz':>9}{'silent':>8}{'accuracy':>10}")
    for encoding, name, sizes in (
        ("level_crossing", "input_weight", (1.0, 3.0, 6.0, 10.0)),
        ("current", "input_gain", (1.0, 4.0, 8.0, 12.0)),
    ):
        task = load_task("fsdd", path=path, split="validation", encoding=encoding)
        encoder = task.encoder.fit(task.x_train)
        train, test = encoder.transform(task.x_train), encoder.transform(task.x_test)
        for fraction, scale in ((0.3, 5.0), (1.0, 5.0), (1.0, 0.0)):
            for size in sizes:
                drive = Gamma(size, 0.7) if encoding == "level_crossing" else Uniform(-size, size)
                changes = {"input_fraction": fraction, "weight_scale": scale, name: drive}
                scores = []
                for seed in range(seeds):
                    reservoir = build(
                        ReservoirSpec.preset("dense", neurons=neurons, **changes),
                        seed,
                        channels=train.n_channels,
                    )
                    on_train, on_test = (simulate(reservoir, x, record=("counts",), windows=5) for x in (train, test))
                    silent = (on_test.spike_counts.sum(axis=0) == 0).mean()
                    accuracy = score(np.sqrt(on_train.counts), np.sqrt(on_test.counts), task)
                    scores.append((on_test.rates.mean(), silent, accuracy))
                rate, silent, accuracy = np.mean(scores, axis=0)
                rows.append((f"{encoding}, targets {fraction:g}, W_scale {scale:g}", rate, silent, accuracy))
                print(
                    f"{encoding:<16}{fraction:>8g}{size:>7g}{scale:>9g}{rate:>9.1f}{silent:>8.2f}{accuracy:>10.3f}",
                    flush=True,
                )
    raw = task.raw_baseline.fit(task.x_train, task.y_train).score(task.x_test, task.y_test)
    print(f"{task.raw_baseline_name}: {raw:.3f}")
    return rows


def score(states_train: np.ndarray, states_test: np.ndarray, task: Any) -> float:
    """Compute the accuracy of the default readout."""
    rows, others = (states.reshape(len(states), -1) for states in (states_train, states_test))
    return float(readout().fit(rows, task.y_train).score(others, task.y_test))


def regimes(path: Path, seeds: int) -> None:
    """Print accuracies of the final state, and paired differences."""
    task = load_task("fsdd", path=path, split="validation").subset(train=1000)
    encoder = task.encoder.fit(task.x_train)
    train, test = (with_silence(encoder.transform(x)) for x in (task.x_train, task.x_test))
    print(f"{'regime':<17}{'network':<24}{'rate Hz':>8}" + "".join(f"{f'at {t:.0f} ms':>24}" for t in READ_AT))
    for regime, (changes, *gains) in REGIMES.items():
        base: np.ndarray | None = None
        for name, more in networks(*gains).items():
            found, rates = [], []
            for seed in range(seeds):
                spec = ReservoirSpec.preset("dense", neurons=300, **(CHOSEN | changes | more))
                reservoir = build(spec, seed, channels=train.n_channels)
                on_train, on_test = (simulate(reservoir, x, record=("states",), sample_times=READ_AT) for x in (train, test))
                states = zip(np.moveaxis(on_train.states, 1, 0), np.moveaxis(on_test.states, 1, 0), strict=True)
                found.append([score(x, z, task) for x, z in states])
                rates.append(on_test.rates.mean())
            print(f"{regime:<17}{name:<24}{np.mean(rates):>8.1f}" + "".join(against(np.array(found), base)), flush=True)
            base = np.array(found) if base is None else base


def with_silence(currents: Currents) -> Currents:
    """Return the words followed by frames of their mean, 0."""
    return Currents(np.pad(currents.values, ((0, 0), (0, SILENCE), (0, 0))), currents.dt)


def against(found: np.ndarray, base: np.ndarray | None) -> Iterator[str]:
    """Yield the mean of each column, and the interval of its paired difference from `base`."""
    for column in range(found.shape[1]):
        mean = f"{found[:, column].mean():.3f}"
        if base is not None:
            mean += " ({:+.3f} {:+.3f})".format(*paired_test(found[:, column], base[:, column]).interval)
        yield f"{mean:>24}"


def tested(path: Path, neurons: int, seeds: int) -> None:
    """Print accuracies on the official test set: the chosen network, its controls, and the baselines."""
    print(f"{'official test set':<44}{'rate Hz':>8}{'silent':>8}  accuracy of each seed, mean")
    for name, changes, encoding in (
        ("current, all targets", CHOSEN, "current"),
        ("the same, homogeneous twin", CHOSEN | TWIN, "current"),
        ("current, defaults (30 % targets)", {}, "current"),
    ):
        task = load_task("fsdd", path=path, encoding=encoding)
        runs = [
            classify(task, ReservoirSpec.preset("dense", neurons=neurons, **changes), seed=seed, plastic=False)
            for seed in range(seeds)
        ]
        rate, silent = (np.mean([getattr(run.rates, part) for run in runs]) for part in ("mean_rate", "silent_share"))
        show(name, [run.accuracy for run in runs], f"{rate:>8.1f}{silent:>8.2f}")
        show("  without recurrent links", [run.baselines["no_recurrence"] for run in runs])
    show("log-mel, logistic regression", [runs[0].baselines["raw_input"]])
    show("the currents themselves, logistic regression", [runs[0].baselines["encoder_means"]])


def show(name: str, accuracies: list[float], activity: str = " " * 16) -> None:
    """Print a row of the table of the test."""
    each = " ".join(f"{accuracy:.3f}" for accuracy in accuracies)
    print(f"{name:<44}{activity}  {each}  {np.mean(accuracies):.3f}", flush=True)


def draw(rows: list[tuple[str, float, float, float]], file: Path) -> None:
    """Draw accuracy against rate, one line per encoding and network."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name in dict.fromkeys(row[0] for row in rows):
        _, rate, _, accuracy = zip(*[row for row in rows if row[0] == name], strict=True)
        axes.plot(rate, accuracy, marker="o", label=name)
    axes.axvspan(1, 30, color="0.93", zorder=0)
    axes.set(xlabel="mean rate (Hz)", ylabel="accuracy, validation", title="Spoken digits")
    axes.legend(fontsize="small")
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("curve", "regimes", "test")
    parser.add_argument("--path", type=Path, required=True, help="folder of the recordings")
    parser.add_argument("--parts", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--neurons", type=int, default=1000, help="of curve and test")
    parser.add_argument("--seeds", type=int, default=10, help="of regimes; test has 5")
    parser.add_argument("--curve-seeds", type=int, default=1)
    parser.add_argument("--figure", type=Path, help="where to draw the curve")
    arguments = parser.parse_args()
    if "curve" in arguments.parts:
        rows = curve(arguments.path, arguments.neurons, arguments.curve_seeds)
        if arguments.figure:
            draw(rows, arguments.figure)
    if "regimes" in arguments.parts:
        regimes(arguments.path, arguments.seeds)
    if "test" in arguments.parts:
        tested(arguments.path, arguments.neurons, 5)


if __name__ == "__main__":
    main()
