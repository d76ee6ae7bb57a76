"""Heterogeneity of tau_m, covariance of the states, and memory, at six coefficients of variation: the chain of the claims.

    python benchmarks/heterogeneity_chain.py --neurons 1000 --seeds 20 --jobs 2
    python benchmarks/heterogeneity_chain.py --preset dense --seeds 20 --out results/chain

tau_m has the same mean at each CV (0: all equal), gamma-distributed and truncated to 3 to 200 ms. Networks are taken as
drawn, and with postsynaptic potentials that do not depend on tau_m (``psp_normalised``) at the rate of the network with
equal tau_m, by one shift of the biases, within 2 %. Chakraborty & Mukhopadhyay (2024), theorem 1: heterogeneity lowers the
squared covariances, and memory rises as they fall. The last lines have, for each seed, the slope of each quantity over the
CV and its correlation with memory over the six networks: means with 95 % intervals by Student's t.
"""

from __future__ import annotations

import argparse
import csv
import functools
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn import HrsnnWarning, ReservoirSpec, build, simulate
from hrsnn.analysis import effective_dimension, heterogeneity, mean_interval, state_correlation
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions, calibration
from hrsnn.analysis.runs.rate_matching import at_rate, with_bias
from hrsnn.files.writing import write_text
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks.memory import memory

VARIATIONS = (0.0, 0.2, 0.4, 0.577, 0.8, 1.0)
COMPARED = ("as drawn", "equal rates")
_QUANTITIES = ("heterogeneity", "squared_covariance", "correlation", "dimension", "rate")
_COLUMNS = ("compared", "cv", "seed", *_QUANTITIES, "spikes", "v")


def spec_of(base: ReservoirSpec, variation: float) -> ReservoirSpec:
    """Return the spec with another CV of tau_m."""
    if variation == 0:
        return base.updated({"heterogeneous_neurons": False})
    return base.updated({"tau_m_exc.cv": variation, "tau_m_inh.cv": variation})


def scored(base: ReservoirSpec, values: int, job: tuple[str, float, int]) -> dict[str, Any]:
    """Compute the quantities of one network."""
    compared, variation, seed = job
    task = memory(values=values, seed=seed)
    options = RunOptions(seed=seed, max_delay=60, surrogates=19, bootstrap=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        equal = compared == "equal rates"
        spec = spec_of(base.updated({"psp_normalised": equal}), variation)
        network = build(spec, seed)
        if equal:
            alike = build(spec_of(base, 0.0), seed)
            wanted = float(simulate(alike, calibration(task), record=(), seed=seed).rates.mean())
            network = at_rate(network, with_bias, calibration(task), wanted, seed=seed).network
        scores = ("memory_capacity", "memory_capacity_v")
        found = task_scores(lambda _: network, task, options, scores, baselines=())
        states = found.run.final_states
        correlation = state_correlation(states)
    return {
        "compared": compared,
        "cv": variation,
        "seed": seed,
        "heterogeneity": heterogeneity(network.tau_m, network.is_excitatory),
        "squared_covariance": correlation.squared_covariance,
        "correlation": correlation.root_mean_square,
        "dimension": effective_dimension(states),
        "rate": found.rates.mean_rate,
        "spikes": found.scores["memory_capacity"],
        "v": found.scores["memory_capacity_v"],
    }


def interval(values: Any, digits: str = ".3g") -> str:
    """Return the mean with its 95 % interval."""
    low, high = mean_interval(values)
    return f"{np.mean(values):{digits}} [{low:{digits}}, {high:{digits}}]"


def tables(rows: list[dict[str, Any]]) -> str:
    """Return the means at each CV, and the slopes and correlations, as Markdown."""
    lines = []
    for compared in COMPARED:
        mine = [row for row in rows if row["compared"] == compared]
        seeds = sorted({row["seed"] for row in mine})
        named = ("spikes", "v", *_QUANTITIES)
        head = ["CV", "memory, spikes", "memory, v", "H", "sum of squared covariances", "root mean square correlation"]
        head += ["effective dimension", "rate (Hz)"]
        lines += ["", f"{compared}:", "", f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
        for variation in VARIATIONS:
            here = [row for row in mine if row["cv"] == variation]
            cells = [interval([row[name] for row in here]) for name in named]
            lines.append(f"| {variation:g} | {' | '.join(cells)} |")
        by = {
            name: np.array([[row[name] for row in sorted(mine, key=lambda r: r["cv"]) if row["seed"] == s] for s in seeds])
            for name in named
        }
        slopes = [interval(np.polyfit(VARIATIONS, by[name].T, 1)[0]) for name in named]
        lines.append(f"| slope over the CV | {' | '.join(slopes)} |")
        with_memory = []
        for name in named:
            pairs = [np.corrcoef(a, b)[0, 1] for a, b in zip(by[name], by["spikes"], strict=True)]
            with_memory.append("" if name == "spikes" or not np.isfinite(pairs).all() else interval(pairs, "+.2f"))
        lines.append(f"| correlation with memory from spikes | {' | '.join(with_memory)} |")
    return "\n".join(lines)


def main() -> None:
    """Read the options, score, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--preset", default="default", help="preset of the spec")
    parser.add_argument("--values", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=100, help="first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder for table.csv")
    options = parser.parse_args()
    base = ReservoirSpec.preset(options.preset, neurons=options.neurons)
    jobs = [(how, cv, options.first + k) for k in range(options.seeds) for how in COMPARED for cv in VARIATIONS]
    rows = run_all(functools.partial(scored, base, options.values), jobs, jobs=options.jobs, progress=True)
    if options.out is not None:
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        options.out.mkdir(parents=True, exist_ok=True)
        write_text(options.out / "table.csv", text.getvalue())
    print(tables(rows))


if __name__ == "__main__":
    main()
