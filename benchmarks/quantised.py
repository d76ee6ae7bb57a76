"""Memory, forecasts and accuracy of reservoirs and of balanced networks against the bits of weights and of v.

    python benchmarks/quantised.py --out results/quantised [--seeds 12] [--jobs 2] [--fsdd FOLDER] [--tasks TASK ...]
        [--networks NETWORK ...] [--arms ARM ...]

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
from hrsnn.analysis import bounds_of, holm, mean_interval, memory_capacity, paired_test
from hrsnn.analysis.figures.style import COLUMN_WIDTH, EXCITATORY, GREY, INHIBITORY, SMALL_TEXT, label_axes, save
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.files.writing import to_json, write_text
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks import ClassificationTask, load_task

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


@functools.lru_cache(maxsize=1)
def spoken_digits(folder: Path, seed: int) -> ClassificationTask:
    """Return 400 utterances to train and 200 to test as currents; all arms of a seed share them."""
    return load_task("fsdd", path=folder, seed=seed).subset(400, 200, seed=seed).encoded()


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
                    assert fsdd is not None
                    task = spoken_digits(fsdd, seed)
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
    places = 3 if score == "accuracy" else 2
    mean, low, high = (f"{float(number):{'+' if signed else ''}.{places}f}" for number in numbers)
    return f"{mean} [{low}, {high}]"


def table(rows: list[dict[str, Any]], task: str) -> str:
    """Return a Markdown table of a task; p by sign flips, with Holm's correction over the table."""
    score = SCORES[task]
    by: dict[tuple[str, str], tuple[np.ndarray, float]] = {}
    for network, arm in dict.fromkeys((row["network"], row["arm"]) for row in rows if row["task"] == task):
        mine = [row for row in rows if (row["network"], row["arm"], row["task"]) == (network, arm, task)]
        values, rates = (np.array([row[one] for row in mine], dtype=float) for one in ("score", "rate"))  # None is nan
        by[network, arm] = values, float(rates.mean())
    differences = {key: by[key][0] - by[key[0].removesuffix(", N x N"), "float64"][0] for key in by if key[1] != "float64"}
    tested = [key for key, one in differences.items() if len(one) > 1 and np.isfinite(one).all()]
    p_values = [paired_test(differences[key]).p_value for key in tested]
    corrected = dict(zip(tested, holm(p_values) if tested else [], strict=True))
    lines = [f"| network | bits | {score} | minus float64 | p | Hz |", f"|{' --- |' * 6}"]
    for key, (values, rate) in by.items():
        difference = _cell(differences[key], signed=True, score=score) if key in differences else ""
        p = f"{corrected[key]:.2g}" if key in corrected else ""
        lines.append(f"| {' | '.join((*key, _cell(values, score=score), difference, p, format(rate, '.1f')))} |")
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
    parser.add_argument("--networks", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--arms", nargs="+", choices=list(_ARMS), help="some of the bits, beside float64; default: all")
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
        if network in options.networks and (options.arms is None or arm in ("float64", *options.arms))
    ]
    rows = run_all(functools.partial(scored, options.out, options.fsdd), jobs, jobs=options.jobs, progress=True)
    for task in tasks:
        print(f"{task}\n\n{table(rows, task)}\n")
    if options.figure is not None:
        save(figure([row for row in rows if row["task"] == "memory"]), options.figure)


if __name__ == "__main__":
    main()
