"""Balanced networks as reservoirs on series, beside other networks of as many neurons at as near a rate as can be.

    python benchmarks/balanced_tasks.py memory narma10 mackey_glass lorenz63 --neurons 300 1000 --seeds 10 --out runs

Each task has one balanced network, chosen on validation values of a seed that no table has; SPECS says which. Networks: the
balanced one, read by its decoder and by regression on filtered spikes; the same without links (any number of neurons may
spike in a step), and the linear system itself; the random E/I network with delays (the default specification) and without,
each with its bias shifted until it has the rate of the balanced one within 2 % under the first 500 values; both without
links, and the delay bank, matched in the same way; a hybrid, half the neurons balanced and half a random network that they
drive; an echo state network of as many units as the balanced one has states; linear and quadratic autoregression; the last
value. Readouts see states alone, never the input. Every job is kept in the folder of --out, and a second start goes on.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn import Currents, HrsnnWarning, ReservoirSpec, build, simulate
from hrsnn.analysis import information_capacity, mean_interval, memory_capacity
from hrsnn.analysis.figures.seeds import scores_over_seeds
from hrsnn.analysis.figures.style import save
from hrsnn.analysis.forecasting.baselines import linear_autoregression
from hrsnn.analysis.forecasting.echo_state import fit_echo_state_network
from hrsnn.analysis.forecasting.models import MODELS
from hrsnn.analysis.runs import RunOptions, SeriesRun, calibration, run_task
from hrsnn.analysis.runs.rate_matching import at_rate, with_bias
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.files.writing import to_json, write_text
from hrsnn.kinds import Network
from hrsnn.regression.quadratic import series_readout
from hrsnn.regression.ridge import Forecast
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks import SeriesTask, load_task

Array = np.ndarray
_SERIES = {"train": 3000, "test": 1000}
#: Task, its options, and the scores.
TASKS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "memory": ("memory", {"values": 4000}),
    "capacity": ("memory", {"values": 10_000}),
    "narma10": ("narma10", _SERIES),
    "mackey_glass": ("mackey_glass", _SERIES),
    "lorenz63": ("lorenz63", _SERIES),
}
_MEMORY = {300: {"dimensions": 12}, 1000: {"dimensions": 32}}
#: Balanced networks by task and number of neurons.
SPECS: Mapping[str, Mapping[int, Mapping[str, Any]]] = {
    "memory": _MEMORY,
    "capacity": _MEMORY,
    "narma10": {
        300: {"dimensions": 24, "decay": 240.0, "frequency": 25.0, "decoder_norm": 1.3, "dt": 0.05},
        1000: {"dimensions": 32, "decay": 240.0, "frequency": 25.0, "decoder_norm": 0.5, "dt": 0.05},
    },
    "mackey_glass": {
        300: {"dimensions": 16, "decay": 60.0, "frequency": 10.0, "decoder_norm": 0.3, "dt": 0.05},
        1000: {"dimensions": 16, "decay": 60.0, "frequency": 10.0, "decoder_norm": 0.15, "dt": 0.05},
    },
    "lorenz63": {
        300: {"dimensions": 6, "decay": 40.0, "frequency": 1.0, "decoder_norm": 0.12, "dt": 0.05},
        1000: {"dimensions": 6, "decay": 40.0, "frequency": 1.0, "decoder_norm": 0.03, "dt": 0.05},
    },
}
#: Longest delays by degree for the information capacity, components of quadratic readouts, and lags of their baseline.
_DELAYS, _COMPONENTS, _LAGS = {1: 60, 2: 20, 3: 8}, 32, {1: (6, 12, 24), 3: (2, 4, 8)}
#: Networks without a quadratic readout, which takes most of the time where there are many neurons.
LINEAR_ONLY = ("delay bank", "random E/I, no links")
#: Rate from which the balanced network without links is not run: its spikes would not fit in memory (Hz).
_LOUD = 400.0
_SCORES = ("memory", "bits", "degree 1", "degree 2", "degree 3", "linear", "quadratic")
_NO_DELAYS = {"delay_exc": 0, "delay_inh": 0}


def networks_of(task: SeriesTask, spec: BalancedSpec, seed: int) -> Iterator[tuple[str, SeriesRun, str]]:
    """Run all spiking networks through a task; each with its name and what is read."""
    options = RunOptions(seed=seed, max_delay=100)

    def run(network: Network) -> SeriesRun:
        found = run_task(lambda _: network, task, options, ("spikes", "states"))
        assert isinstance(found, SeriesRun)
        return found

    channels, stimulus = task.inputs.shape[1], calibration(task)
    balanced = build_balanced(spec, seed, channels)
    own = run(balanced)
    yield "balanced", own, "decoded"
    yield "balanced", own, "states"
    alone = balanced.without_recurrence()
    if float(simulate(alone, stimulus, record=()).rates.mean()) < _LOUD:
        yield "balanced, no links", run(alone), "decoded"
    yield "its linear system", dataclasses.replace(own, ideal=True), "decoded"
    wanted = float(simulate(balanced, stimulus, record=()).rates.mean())
    for name, changes in (("random E/I, delays", {}), ("random E/I, no delays", _NO_DELAYS)):
        drawn = build(ReservoirSpec(neurons=spec.neurons).updated(dict(changes)), seed, channels=channels)
        found = run(at_rate(drawn, with_bias, stimulus, wanted, seed=seed).network)
        yield name, found, "states"
        if found.delay_bank is not None:
            yield "delay bank", found.delay_bank, "states"
    yield "random E/I, no links", run(at_rate(drawn.without_recurrence(), with_bias, stimulus, wanted).network), "states"


def hybrid(task: SeriesTask, spec: BalancedSpec, seed: int, wanted: float) -> tuple[Array, float, int]:
    """Return the states of the hybrid, its spikes per value, and its links.

    The decoded states of N/2 balanced neurons, sampled four times a value, drive N/2 neurons without delays as currents; the
    readout sees the decoded states and the filtered spikes of the second half, each scaled to a mean variance of 1.
    """
    # longer decoders, so that half of the neurons have fewer spikes than all would
    half = spec.updated({"neurons": spec.neurons // 2, "decoder_norm": 1.5 * float(spec.decoder_norm)})  # type: ignore[arg-type]
    memory = build_balanced(half, seed, task.inputs.shape[1])
    times = task.hold / 4 * np.arange(1, 4 * len(task.inputs) + 1)
    first = simulate(memory, task.stimulus())
    decoded = memory.decode(first.spikes, times)[0]
    # each value of the decoded states arrives in the time after it, and no neuron sees the future
    drive = np.vstack([np.zeros(memory.states), decoded[:-1]]) / np.sqrt(3 * memory.states) / decoded.std()
    second = build(
        ReservoirSpec(neurons=spec.neurons - half.neurons).updated({**_NO_DELAYS, "input_fraction": 1.0}),
        seed,
        channels=memory.states,
    )
    short = Currents(drive[None, :2000], dt=task.hold / 4)
    left = max(2 * wanted - float(first.rates.mean()), 0.2 * wanted)
    second = at_rate(second, with_bias, short, left, seed=seed).network
    stimulus = Currents(drive[None], dt=task.hold / 4)
    ran = simulate(
        second, stimulus, record=("states",), sample_times=task.hold * np.arange(1, len(task.inputs) + 1), seed=seed
    )
    parts = [decoded[3::4], ran.states[0]]
    states = np.hstack([part / max(np.sqrt(part.var(axis=0).mean()), 1e-12) for part in parts])
    spikes = (first.spike_count + ran.spike_count) / len(task.inputs)
    return states, spikes, memory.synapses + second.synapses + memory.neurons * second.neurons


def scores_of(name: str, task: SeriesTask, states: Array, seed: int, quadratic: bool = True) -> dict[str, float]:
    """Score states (times, units): memory and its bits a value, capacities by degree, or errors of one readout or both."""
    if name == "memory":
        found = memory_capacity(states, task.inputs[:, 0], 100, washout=task.washout, surrogates=20, bootstrap=20, seed=seed)
        return {"memory": found.total, "bits": found.bits}
    if name == "capacity":
        capacity = information_capacity(states, task.inputs[:, 0], _DELAYS)
        return {f"degree {degree}": float(one) for degree, one in zip(capacity.degrees, capacity.by_degree, strict=True)}
    errors = {}
    for label, components in (("linear", 0), ("quadratic", _COMPONENTS))[: 1 + quadratic]:
        prediction = series_readout(states, task.targets, task.train.stop, task.washout, components).prediction
        errors[label] = error_of(task, prediction)
    return errors


def error_of(task: SeriesTask, prediction: Array) -> float:
    """Return the NRMSE of the test part, in units of the sd of the training part."""
    off = (prediction - task.targets)[task.test]
    return float(np.sqrt(np.mean((off / task.targets[task.train].std(axis=0)) ** 2)))


def models_of(name: str, task: SeriesTask, units: int, seed: int) -> dict[str, dict[str, float]]:
    """Score models without spikes: an echo state network, autoregressions and the last value."""
    label, inputs = f"echo state network of {units}", task.inputs
    if name in ("memory", "capacity"):
        # its settings are chosen for the reconstruction of as many earlier values as it has units
        past = np.stack([np.concatenate([np.zeros(lag), inputs[:-lag, 0]]) for lag in range(1, units + 1)], axis=1)
        network = fit_echo_state_network(inputs, past, 2000, units, seed, washout=task.washout)
        return {label: scores_of(name, task, network.states, seed)}
    network = fit_echo_state_network(inputs, task.targets, task.train.stop, units, seed, washout=task.washout)
    tried = [quadratic_autoregression(task, lags) for lags in _LAGS[inputs.shape[1]]]
    quadratic = min(tried, key=lambda one: one.validation_error)
    linear = linear_autoregression(inputs, task.targets, train=task.train.stop, washout=task.washout)
    return {
        label: scores_of(name, task, network.states, seed),
        "autoregression": {"linear": error_of(task, linear), "quadratic": error_of(task, quadratic.prediction)},
        "last value": {"linear": error_of(task, MODELS["last_value"](task, 1, seed))},
    }


def quadratic_autoregression(task: SeriesTask, lags: int) -> Forecast:
    """Fit a quadratic readout of the present input and the ones before it, `lags` in all."""
    padded = np.vstack([np.zeros((lags - 1, task.inputs.shape[1])), task.inputs])
    rows = np.hstack([padded[lags - 1 - lag : len(padded) - lag] for lag in range(lags)])
    return series_readout(rows, task.targets, task.train.stop, task.washout, rows.shape[1])


def scored(out: Path | None, job: tuple[str, int, int]) -> list[dict[str, Any]]:
    """Score all networks on a task with one seed; a job that was kept is read."""
    name, neurons, seed = job
    kept = None if out is None else out / f"{name}-{neurons}-{seed}.json"
    if kept is not None and kept.exists():
        found: list[dict[str, Any]] = json.loads(kept.read_text())
        return found
    rows: list[dict[str, Any]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        task = load_task(TASKS[name][0], **TASKS[name][1], seed=seed)
        assert isinstance(task, SeriesTask)
        spec = BalancedSpec(neurons=neurons, **SPECS[name][neurons])

        def add(network: str, read: str, scores: dict[str, float], spikes: float, links: int, delays: int) -> None:
            cost = {"spikes": spikes, "rate": spikes / neurons / task.hold * 1000, "links": links, "delays": delays}
            rows.append({"task": name, "neurons": neurons, "seed": seed, "network": network, "read": read, **scores, **cost})

        for network, run, read in networks_of(task, spec, seed):
            spikes = 0.0 if run.ideal else run.activity.spike_count / len(task.inputs)
            states = run.states(read)  # type: ignore[arg-type]
            links = 0 if run.ideal else run.network.synapses
            delays = links if getattr(run.network, "delay", np.zeros(1)).any() else 0
            if network == "delay bank":  # one for each link of the input
                delays = len(run.network.input)  # type: ignore[attr-defined]
            add(network, read, scores_of(name, task, states, seed, network not in LINEAR_ONLY), spikes, links, delays)
        wanted = rows[0]["rate"]
        states, spikes, links = hybrid(task, spec, seed, wanted)
        add("hybrid", "decoded and states", scores_of(name, task, states, seed), spikes, links, 0)
        for model, scores in models_of(name, task, spec.states, seed).items():
            add(model, "", scores, 0.0, 0, 0)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_text(kept, to_json(rows))
    return rows


def interval(values: Array, signed: bool = False) -> str:
    """Return the mean of some values with its 95 % interval over the seeds, by Student's t."""
    if not len(values) or not np.isfinite(values).all():
        return ""
    digits = 3 - int(np.clip(np.floor(np.log10(max(abs(float(np.mean(values))), 1e-9))), -2, 2)) - 1
    texts = [f"{number:{'+' if signed else ''}.{digits}f}" for number in (np.mean(values), *mean_interval(values))]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]" if np.ptp(values) else texts[0]


def table(rows: list[dict[str, Any]]) -> str:
    """Return a Markdown table of one task and size: scores, the paired difference from the balanced network, and costs."""
    scores = [name for name in _SCORES if name in rows[0]]
    main = scores[-1] if "quadratic" in scores else scores[0]
    header = ["network", *(f"{score} (bits/spike)" if score == "bits" else score for score in scores)]
    header += [f"balanced - it, {main}", "Hz", "links", "delays"]
    lines = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    keys = dict.fromkeys((row["network"], row["read"]) for row in rows)
    own = column(rows, next(iter(keys)), main)
    for key in keys:
        cells = [f"{key[0]}{f', {key[1]}' if key[1] else ''}"]
        for score in scores:
            values = column(rows, key, score)
            if score == "bits" and len(values) and column(rows, key, "spikes").all():
                cells.append(f"{interval(values)} ({interval(values / column(rows, key, 'spikes'))})")
            else:
                cells.append(interval(values))
        other = column(rows, key, main)
        cells.append(interval(own - other, signed=True) if len(other) == len(own) and key != next(iter(keys)) else "")
        cells.append(f"{column(rows, key, 'rate').mean():.1f}" if column(rows, key, "rate").any() else "")
        cells += [
            f"{column(rows, key, cost).mean():.0f}" if column(rows, key, cost).any() else "" for cost in ("links", "delays")
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def column(rows: list[dict[str, Any]], key: tuple[str, str], name: str) -> Array:
    """Return a value of one network over the seeds."""
    return np.array([row[name] for row in rows if (row["network"], row["read"]) == key and name in row], dtype=float)


def draw(rows: list[dict[str, Any]], file: Path) -> None:
    """Draw the first score of each task and size, and bits a spike, a row for each network and a point for each seed."""
    panels: dict[str, dict[str, Array]] = {}
    for task, size in dict.fromkeys((row["task"], row["neurons"]) for row in rows):
        mine = [row for row in rows if (row["task"], row["neurons"]) == (task, size)]
        keys = dict.fromkeys((row["network"], row["read"]) for row in mine)
        score = next(name for name in (_SCORES[0], _SCORES[-1], *_SCORES) if name in mine[0])
        names = {
            key: key[0] if key[1] in ("", "decoded") or key[0] != "balanced" else f"{key[0]}, from rates" for key in keys
        }
        label = {"memory": "Memory (values)", "degree 1": "Capacity of degree 1", "quadratic": "NRMSE, quadratic readout"}[
            score
        ]
        panels[f"{label}{'' if score == 'memory' else f', {task}'}, N = {size}"] = {
            name: values for key, name in names.items() if len(values := column(mine, key, score)) > 1
        }
        if score == "memory":
            panels[f"Bits of memory a spike, N = {size}"] = {
                name: column(mine, key, "bits") / column(mine, key, "spikes")
                for key, name in names.items()
                if column(mine, key, "spikes").all()
            }
    save(scores_over_seeds(panels, dict.fromkeys(panels, (0.0, np.inf)), highlighted=2), file, dpi=150)


def main() -> None:
    """Read the options, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="+", choices=TASKS)
    parser.add_argument("--neurons", type=int, nargs="+", choices=(300, 1000), default=[300, 1000])
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder in which jobs are kept")
    parser.add_argument("--figure", type=Path, help="PNG or PDF of the main scores")
    options = parser.parse_args()
    jobs = [(task, size, seed) for task in options.tasks for size in options.neurons for seed in range(options.seeds)]
    found = run_all(functools.partial(scored, options.out), jobs, jobs=options.jobs, progress=True)
    rows = [row for each in found for row in each]
    for task in options.tasks:
        for size in options.neurons:
            mine = [row for row in rows if (row["task"], row["neurons"]) == (task, size)]
            print(f"\n{task}, N = {size}, seeds 0 to {options.seeds - 1}\n\n{table(mine)}", flush=True)
    if options.figure is not None:
        draw(rows, options.figure)


if __name__ == "__main__":
    main()
