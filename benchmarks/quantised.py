"""Memory, forecasts and accuracy of reservoirs and of balanced networks against the bits of weights and of v.

    python benchmarks/quantised.py --out results/quantised [--seeds 12] [--jobs 2] [--fsdd FOLDER]

300 neurons each: the default reservoir, the same with steps of 1 ms, and a balanced network of 10 states, whose memory is
read by its decoder and whose other tasks by regression, as those of the reservoir. Weights are quantised after the network
is built; readouts are fitted to the quantised network, in double precision. Every run is kept in the folder of ``--out``,
and a second start goes on. It prints one table for each task, that of docs/quantised.md, with the paired difference from
float64 and its 95 % interval; ``--figure`` draws memory against bits.
"""

from __future__ import annotations

import argparse
import functools
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from hrsnn import DivergenceError, HrsnnWarning, Reservoir, ReservoirSpec, build, quantise, simulate
from hrsnn.analysis import bounds_of, mean_interval, memory_capacity
from hrsnn.analysis.figures.style import COLUMN_WIDTH, EXCITATORY, GREY, INHIBITORY, SMALL_TEXT, label_axes, save
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.scoring.task_runs import RunOptions
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.files.writing import to_json, write_text
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks import load_task

NEURONS, HOLD = 300, 20.0
_WEIGHTS: dict[str, dict[str, Any]] = {f"weights {bits} bit": {"weight_bits": bits} for bits in (1, 2, 3, 4, 8)}
_V: dict[str, dict[str, Any]] = {f"v {bits} bit": {"state_bits": bits} for bits in (2, 4, 8)}
_V_STOCHASTIC: dict[str, dict[str, Any]] = {
    f"v {bits} bit, stochastic": {"state_bits": bits, "stochastic_rounding": True} for bits in (2, 4, 8)
}
_BOTH: dict[str, dict[str, Any]] = {
    "weights and v 4 bit, stochastic": {"weight_bits": 4, "state_bits": 4, "stochastic_rounding": True},
    "weights and v 8 bit, stochastic": {"weight_bits": 8, "state_bits": 8, "stochastic_rounding": True},
}
_FLOAT: dict[str, dict[str, Any]] = {"float64": {}}
_ARMS = _FLOAT | _WEIGHTS | _V | _V_STOCHASTIC | _BOTH
#: Arms of each network.
ARMS: dict[str, dict[str, dict[str, Any]]] = {
    "reservoir": _ARMS,
    "reservoir, dt 1 ms": _FLOAT | _V | _V_STOCHASTIC,
    "balanced": _ARMS,
    "balanced, N x N": {
        f"weights {bits} bit": {"weight_bits": bits, "form": "matrices"} for bits in (1, 2, 3, 4, 8, 10, 12)
    },
}
#: Name of the score of each task, and whether more is better.
SCORES = {"memory": "memory_capacity", "narma10": "nrmse", "fsdd": "accuracy"}


def built(network: str, seed: int, channels: int) -> Reservoir | BalancedNetwork:
    """Return a network before it is quantised."""
    if network.startswith("balanced"):
        return build_balanced(BalancedSpec(neurons=NEURONS, dimensions=10), seed, channels)
    spec = ReservoirSpec(neurons=NEURONS, **({"dt": 1.0} if "1 ms" in network else {}))
    return build(spec, seed, channels=channels)


def decoded_memory(network: BalancedNetwork, seed: int, values: int) -> tuple[float, float]:
    """Return the memory by the decoder, and the rate."""
    task = load_task("memory", values=values, seed=seed)
    activity = simulate(network, task.stimulus())
    states = network.decode(activity.spikes, HOLD * np.arange(1, values + 1))[0]
    return memory_capacity(states, task.inputs[:, 0], 100, washout=200).total, float(activity.rates.mean())


def scored(out: Path, fsdd: Path | None, job: tuple[str, str, str, int]) -> dict[str, Any]:
    """Score one arm of one network on one task with one seed; a run that was kept is read."""
    task_name, network_name, arm, seed = job
    name = "-".join(part.replace(" ", "_").replace(",", "") for part in (task_name, network_name, arm))
    kept = out / "runs" / f"{name}-{seed}.json"
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        return found

    def network(channels: int) -> Reservoir | BalancedNetwork:
        return quantise(built(network_name, seed, channels), **ARMS[network_name][arm])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        try:
            if task_name == "memory" and network_name.startswith("balanced"):
                score, rate = decoded_memory(network(1), seed, 2000)
            else:
                if task_name == "fsdd":
                    task = load_task("fsdd", path=fsdd, seed=seed).subset(400, 200, seed=seed)
                else:
                    task = load_task(task_name, seed=seed, **({"values": 2000} if task_name == "memory" else {}))
                result = task_scores(network, task, RunOptions(seed=seed), (SCORES[task_name],))
                score, rate = result.scores[SCORES[task_name]], result.rates.mean_rate
        except DivergenceError:
            score, rate = float("nan"), float("nan")
    row = {"task": task_name, "network": network_name, "arm": arm, "seed": seed, "score": score, "rate": rate}
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_text(kept, to_json(row))
    return row


def _cell(values: np.ndarray, signed: bool = False, score: str = "") -> str:
    if not np.isfinite(values).all():
        return "diverges"
    if not np.ptp(values):
        return f"{values[0]:.3g}"
    numbers = (values.mean(), *mean_interval(values, bounds=bounds_of("" if signed else score)))
    mean, low, high = (f"{float(number):{'+' if signed else ''}.2f}" for number in numbers)
    return f"{mean} [{low}, {high}]"


def table(rows: list[dict[str, Any]], task: str) -> str:
    """Return a Markdown table of a task."""
    lines = ["| network | bits | " + SCORES[task] + " | minus float64 | Hz |", "| --- | --- | --- | --- | --- |"]
    for network, arms in ARMS.items():
        whole = "balanced" if network.startswith("balanced") else network
        float64 = np.array(
            [r["score"] for r in rows if (r["network"], r["arm"]) == (whole, "float64") and r["task"] == task]
        )
        for arm in arms:
            mine = [r for r in rows if (r["network"], r["arm"], r["task"]) == (network, arm, task)]
            if not mine:
                continue
            values = np.array([np.nan if r["score"] is None else r["score"] for r in mine], dtype=float)
            rates = [np.nan if r["rate"] is None else r["rate"] for r in mine]
            difference = "" if arm == "float64" else _cell(values - float64, signed=True)
            lines.append(
                f"| {network} | {arm} | {_cell(values, score=SCORES[task])} | {difference} | {np.mean(rates):.1f} |"
            )
    return "\n".join(lines)


#: Lines of the figure: network, arms, colour, marker.
LINES = {
    "weights": (
        ("reservoir", "reservoir", "weights {} bit", (1, 2, 3, 4, 8), INHIBITORY, "o"),
        ("balanced, decoder", "balanced", "weights {} bit", (1, 2, 3, 4, 8), EXCITATORY, "s"),
        ("balanced, N x N weights", "balanced, N x N", "weights {} bit", (1, 2, 3, 4, 8, 10, 12), "#009E73", "^"),
    ),
    "membrane potential": (
        ("reservoir, stochastic rounding", "reservoir", "v {} bit, stochastic", (2, 4, 8), INHIBITORY, "o"),
        ("reservoir, to the nearest", "reservoir", "v {} bit", (2, 4, 8), INHIBITORY, "v"),
        ("balanced, stochastic rounding", "balanced", "v {} bit, stochastic", (2, 4, 8), EXCITATORY, "s"),
        ("balanced, to the nearest", "balanced", "v {} bit", (2, 4, 8), EXCITATORY, "D"),
    ),
}


def figure(rows: list[dict[str, Any]]) -> Figure:
    """Draw memory against bits: the share of that in float64, with its 95 % interval."""
    drawing = Figure(figsize=(2 * COLUMN_WIDTH, 3.1), layout="constrained")
    for axes, (title, lines) in zip(drawing.subplots(1, 2, sharey=True), LINES.items(), strict=True):
        for label, network, arm, bits, colour, marker in lines:
            whole = "balanced" if network.startswith("balanced") else network
            float64 = {r["seed"]: r["score"] for r in rows if (r["network"], r["arm"]) == (whole, "float64")}
            shares = []
            for one in bits:
                mine = [r for r in rows if (r["network"], r["arm"]) == (network, arm.format(one))]
                shares.append(np.array([r["score"] / float64[r["seed"]] for r in mine]))
            means = np.array([share.mean() for share in shares])
            ends = np.array([mean_interval(share) if np.ptp(share) else (share[0],) * 2 for share in shares]).T
            style = "-" if "nearest" not in label else "--"
            axes.errorbar(
                bits,
                means,
                np.abs(ends - means),
                color=colour,
                marker=marker,
                linestyle=style,
                markersize=4,
                linewidth=1,
                capsize=2,
                label=label,
            )
        axes.axhline(1, color=GREY, linewidth=0.6)
        label_axes(axes, f"Bits of the {title}", "Memory capacity over that in float64" if title == "weights" else "")
        axes.set_ylim(-0.03, 1.1)
        axes.set_xticks((1, 2, 4, 6, 8, 10, 12) if title == "weights" else (2, 4, 6, 8))
        axes.legend(fontsize=SMALL_TEXT, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return drawing


def main() -> None:
    """Read the options, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder in which runs are kept")
    parser.add_argument("--fsdd", type=Path, help="folder of the wav files of FSDD; default: without this task")
    parser.add_argument("--tasks", nargs="+", choices=SCORES, default=list(SCORES))
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--figure", type=Path, help="path of the figure of memory")
    options = parser.parse_args()
    tasks = [task for task in options.tasks if task != "fsdd" or options.fsdd is not None]
    jobs = [
        (task, network, arm, seed)
        for task in tasks
        for seed in range(options.seeds)
        for network, arms in ARMS.items()
        for arm in arms
    ]
    rows = run_all(functools.partial(scored, options.out, options.fsdd), jobs, jobs=options.jobs, progress=True)
    for task in tasks:
        print(f"{task}\n\n{table(rows, task)}\n")
    if options.figure is not None:
        save(figure([row for row in rows if row["task"] == "memory"]), options.figure)


if __name__ == "__main__":
    main()
