"""Memory over the mean and the spread of the delays, beside the delay bank and the network without recurrent links.

    python benchmarks/delay_memory.py --neurons 300 1000 --seeds 20 --out results/delay_memory
    python benchmarks/delay_memory.py --neurons 1000 --parts physiological --seeds 20 --out results/delay_memory_40

Delays of all neurons: equal, gamma with CV 0.5, or uniform from 1 ms (CV 0.57), with means of 25, 50 and 100 ms, values held
20 ms each; `physiological`: up to 40 ms, values held 5 and 10 ms. The recurrent weights are multiplied by the factor with
which the network has the rate that the default one has under the first 500 values, within 2 %; the bank has the same rate by
its input. Intervals are of the mean over the seeds, by Student's t. With `--out`, all scores are stored as table.csv.
"""

from __future__ import annotations

import argparse
import csv
import functools
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn import Gamma, HrsnnWarning, ReservoirSpec, Uniform, build, simulate
from hrsnn.analysis import mean_interval
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions, calibration
from hrsnn.analysis.runs.rate_matching import at_rate, with_weights
from hrsnn.files.writing import write_text
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks.memory import memory

#: Delays and the time for which a value is held (ms), by part.
SETTINGS: Mapping[str, list[tuple[str, Any, float]]] = {
    "spread": [
        ("no delay", 0, 20),
        *((f"equal, {mean} ms", mean, 20) for mean in (25, 50, 100)),
        *((f"gamma, mean {mean} ms, CV 0.5", Gamma(mean, 0.5, 1, 1000), 20) for mean in (25, 50, 100)),
        *((f"uniform, 1 to {2 * mean} ms", Uniform(1, 2 * mean), 20) for mean in (25, 50, 100)),
    ],
    "physiological": [
        (f"{name}, values of {hold} ms", delay, hold)
        for hold in (5, 10)
        for name, delay in (("no delay", 0), ("equal, 20 ms", 20), ("uniform, 1 to 40 ms", Uniform(1, 40)))
    ],
}
_COLUMNS = ("neurons", "delays", "seed", "rate", "spikes", "v", "spikes_alone", "v_alone", "spikes_bank", "v_bank")


def scored(values: int, job: tuple[int, str, Any, float, int]) -> dict[str, Any]:
    """Compute the memory of one network and of its controls."""
    neurons, name, delay, hold, seed = job
    task = memory(values=values, hold=hold, seed=seed)
    spec = ReservoirSpec(neurons=neurons)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        wanted = float(simulate(build(spec, seed), calibration(task), record=(), seed=seed).rates.mean())
        drawn = build(spec.updated({"delay_exc": delay, "delay_inh": delay}), seed)
        network = at_rate(drawn, with_weights, calibration(task), wanted, seed=seed).network
        options = RunOptions(seed=seed, max_delay=60, surrogates=19, bootstrap=20)
        scores = ("memory_capacity", "memory_capacity_v")
        found = task_scores(lambda _: network, task, options, scores, baselines=("no_recurrence", "delay_bank"))
    row = {"neurons": neurons, "delays": name, "seed": seed, "rate": found.rates.mean_rate}
    for score, short in zip(scores, ("spikes", "v"), strict=True):
        row[short] = found.scores[score]
        row[f"{short}_alone"] = found.baselines[score]["no_recurrence"]
        row[f"{short}_bank"] = found.baselines[score].get("delay_bank", np.nan)
    return row


def interval(values: list[float], sign: str = "") -> str:
    """Return the mean of some values with its 95 % interval, by Student's t."""
    if not np.isfinite(values).all():
        return ""
    low, high = mean_interval(values)
    return f"{np.mean(values):{sign}.2f} [{low:{sign}.2f}, {high:{sign}.2f}]"


def table(rows: list[dict[str, Any]]) -> str:
    """Return the means as Markdown, a row for each size and distribution of delays."""
    header = ["neurons", "delays", "spikes", "minus delay bank", "no recurrence", "v", "v minus bank", "rate (Hz)"]
    lines = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    for neurons, name in dict.fromkeys((row["neurons"], row["delays"]) for row in rows):
        mine = [row for row in rows if (row["neurons"], row["delays"]) == (neurons, name)]
        cells = [interval([row["spikes"] for row in mine])]
        cells += [interval([row["spikes"] - row["spikes_bank"] for row in mine], "+")]
        cells += [interval([row["spikes_alone"] for row in mine]), interval([row["v"] for row in mine])]
        cells += [interval([row["v"] - row["v_bank"] for row in mine], "+")]
        cells += [f"{np.mean([row['rate'] for row in mine]):.1f}"]
        lines.append(f"| {neurons} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Read the options, score, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--parts", nargs="+", choices=SETTINGS, default=list(SETTINGS), metavar="PART")
    parser.add_argument("--values", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=100, help="first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder for table.csv")
    options = parser.parse_args()
    jobs = [
        (neurons, *setting, options.first + k)
        for neurons in options.neurons
        for part in options.parts
        for setting in SETTINGS[part]
        for k in range(options.seeds)
    ]
    rows = run_all(functools.partial(scored, options.values), jobs, jobs=options.jobs, progress=True)
    if options.out is not None:
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        options.out.mkdir(parents=True, exist_ok=True)
        write_text(options.out / "table.csv", text.getvalue())
    print(table(rows))


if __name__ == "__main__":
    main()
