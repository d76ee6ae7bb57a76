"""Pruning by one method or several, from one seed or several: each run in a folder of its own, and what they amount to."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import tyro

from hrsnn.analysis.score_bounds import bounds_of
from hrsnn.errors import InputError
from hrsnn.files.parsing import toml_value
from hrsnn.files.reading import refuse_damaged
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import Flag, ParallelCommand
from hrsnn.validation.limits import check_name
from hrsnn.validation.numbers import repeats_of

if TYPE_CHECKING:
    from hrsnn.networks import PruningRecord
    from hrsnn.reservoir import Reservoir
    from hrsnn.spec import ReservoirSpec

#: What each score is called, and the channels of its task.
SCORES = {"memory": ("memory_capacity", 1), "lorenz63": ("nrmse", 3), "digits": ("digits_accuracy", 64)}
_SCORE_LABELS = {"memory": "Memory capacity (values)", "lorenz63": "NRMSE, 10 steps ahead", "digits": "Accuracy on digits"}
#: What the report shows of the last record, beside the same of the dense network.
SHOWN = (
    "links",
    "neurons",
    "strong_component",
    "largest_exponent",
    "participation",
    "operations",
    "mean_rate",
    "silent_share",
)


@dataclass(frozen=True, kw_only=True)
class PruningCommand(ParallelCommand):
    """The options that pruning by one method and by several have in common."""

    graph: Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: none)")] = None
    """Prune the network in a file instead: a saved reservoir (.npz), GraphML (.graphml) or an edge list (.edges)."""

    iterations: int = 100
    """How many iterations."""

    synapse_target: float = 0.95
    """Share of the links that is gone in the end."""

    neuron_target: Annotated[float | None, tyro.conf.arg(metavar="S", help_behavior_hint="(default: all neurons stay)")] = (
        None
    )
    """Share of the neurons that is gone in the end."""

    exponents: Literal["local", "v", "all"] = "local"
    """Each neuron's Lyapunov exponent: of its own block, or of the whole spectrum over its v or over all it has."""

    refresh: int = 10
    """Exponents are measured anew after so many iterations."""

    duration: float = 2000.0
    """How long the noise lasts under which everything is measured (ms)."""

    score: Literal["none", "memory", "lorenz63", "digits"] = "none"
    """A task on which the network is scored after every iteration; the pruning does not see it."""

    keep: Flag = False
    """Keep the network of every iteration in the out folder."""

    resume: Flag = False
    """Go on with the runs in the out folder."""

    seeds: int = 1
    """How many seeds, from --seed on."""

    def pruned(self, methods: Mapping[str, tuple[str, Mapping[str, Any]]]) -> PruningRuns:
        """Run what is to be run: for each label a method and its settings."""
        from hrsnn.networks import pruning_method

        repeats_of("--seeds", self.seeds)
        repeats_of("--iterations", self.iterations)
        if self.resume and self.out is None:
            raise InputError("--resume", True, "needs --out, the folder of the runs")
        for name, options in methods.values():
            pruning_method(name, **options)  # says what is wrong before the work
        if self.graph is not None and self.neurons is not None:
            raise InputError("--neurons", self.neurons, "cannot be given with --graph, which has its own")
        spec, seeds = self.reservoir_spec(), range(self.seed, self.seed + self.seeds)
        folder = None if self.out is None else (self.out / report.RUNS).absolute()
        quiet = dataclasses.replace(self, quiet=True) if self.seeds * len(methods) > 1 else self
        units = list(itertools.product(methods, seeds))
        found = self.all_of(PruningRunner(quiet, spec, dict(methods), folder), units)
        return PruningRuns(self, spec, tuple(methods), seeds, dict(zip(units, found, strict=True)), folder)


@dataclass(frozen=True)
class Run:
    """What is kept of one run."""

    records: Sequence[PruningRecord]
    seconds: Sequence[Mapping[str, float]]
    reservoir: Reservoir
    origin: Any


@dataclass(frozen=True)
class PruningRunner:
    """One run, as a function of its label and seed."""

    options: PruningCommand
    spec: ReservoirSpec
    methods: Mapping[str, tuple[str, Mapping[str, Any]]]
    folder: Path | None

    def dense(self, seed: int) -> Reservoir:
        """The network before pruning, with the channels that the score's task needs."""
        from hrsnn.builder import build

        score, file = self.options.score, self.options.graph
        channels = SCORES[score][1] if score != "none" else 1
        if file is None:
            return build(self.spec, seed, channels=channels)
        saved = network_in(file, self.spec, seed, channels)
        if score != "none" and saved.channels != channels:
            raise InputError("--score", score, f"needs {channels} channels of input: the reservoir has {saved.channels}")
        return saved

    def __call__(self, unit: tuple[str, int]) -> Run:
        from hrsnn.networks import noise, prune, pruning_method

        (label, seed), options = unit, self.options
        name, settings = self.methods[label]
        dense = self.dense(seed)
        out = None if self.folder is None else self.folder / f"{label}-{seed}"
        found = prune(
            dense,
            pruning_method(name, **settings),
            iterations=options.iterations,
            synapse_target=options.synapse_target,
            neuron_target=options.neuron_target,
            stimulus=noise(dense.channels, options.duration, seed=seed),
            exponents=options.exponents,
            refresh=options.refresh,
            score=None if options.score == "none" else TaskScore(options.score, options.engine, seed),
            seed=seed,
            engine=options.engine,
            out=out,
            resume=options.resume,
            keep=options.keep and out is not None,
            progress=options.progress,
        )
        return Run(found.records, found.seconds, found.reservoir, found.origin)


def network_in(file: Path, spec: ReservoirSpec, seed: int, channels: int | None) -> Reservoir:
    """The network in a file: a saved reservoir, which has its own channels, or a graph, completed from the spec.

    Raises
    ------
    FileError
        When it cannot be read, or holds no network; the message names the file.
    """
    from hrsnn.networks import read_graph
    from hrsnn.reservoir import Reservoir

    if file.suffix == ".npz":
        return Reservoir.load(file)
    graph = read_graph(file)
    with refuse_damaged(file, "network"):
        return Reservoir.from_graph(graph, spec, seed, channels)


@dataclass(frozen=True)
class TaskScore:
    """The score of a network on a task, as a function of the network; a checkpoint knows it by its repr."""

    task: str
    engine: str
    seed: int

    def __call__(self, network: Reservoir) -> float:
        from hrsnn.networks.pruned_scores import ScoredNetwork, TaskSuite, score_network

        suite = TaskSuite((self.task,), engine=self.engine, seed=self.seed)
        candidate = ScoredNetwork(network, np.arange(network.neurons), lambda channels: network)
        return score_network(candidate, suite)[SCORES[self.task][0]]


@dataclass(frozen=True)
class PruningRuns:
    """The outcome: records of all runs, the last networks, pictures."""

    options: PruningCommand
    spec: ReservoirSpec
    labels: tuple[str, ...]
    seeds: range
    runs: Mapping[tuple[str, int], Run]
    folder: Path | None

    def mean(self, label: str, name: str, place: int) -> float:
        """Mean over seeds of one number of the first (0) or last (-1) record."""
        return float(np.mean([getattr(self.runs[label, seed].records[place], name) for seed in self.seeds]))

    @property
    def shown(self) -> tuple[str, ...]:
        """The numbers of the report."""
        return (*SHOWN, *(("score",) if self.options.score != "none" else ()))

    @property
    def text(self) -> str:
        """The last network of each method beside the dense one, for people."""
        what = f"seeds {self.seeds[0]} to {self.seeds[-1]}" if len(self.seeds) > 1 else f"seed {self.seeds[0]}"
        gone = f"{self.options.synapse_target:.0%} of the links"
        lines = [f"{', '.join(self.labels)}: {gone} in {self.options.iterations} iterations, {what}"]
        lines.append(f"{'':34s}{'dense':>10s}" + "".join(f"{label:>14s}" for label in self.labels))
        for name in self.shown:
            values = "".join(f"{self.mean(label, name, -1):14.4g}" for label in self.labels)
            lines.append(f"{report.row(name, self.mean(self.labels[0], name, 0)).removesuffix(' Hz')}{values}")
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """What ``metrics.json`` holds and ``--json`` prints."""
        options = self.options
        return {
            "scores": {label: {name: self.mean(label, name, -1) for name in self.shown} for label in self.labels},
            "baselines": {"dense": {name: self.mean(self.labels[0], name, 0) for name in self.shown}},
            "spikes": {label: {"mean_rate": self.mean(label, "mean_rate", -1)} for label in self.labels},
            "records": {
                label: {str(seed): [record.plain() for record in self.runs[label, seed].records] for seed in self.seeds}
                for label in self.labels
            },
            "iterations": options.iterations,
            "synapse_target": options.synapse_target,
            "neuron_target": options.neuron_target,
            "graph": None if options.graph is None else options.graph.name,
            "seed": self.seeds[0],
            "seeds": list(self.seeds),
            "versions": report.versions(),
        }

    def write(self, folder: Path) -> str:
        """Write everything into `folder`, and return the text with where it is."""
        from hrsnn.networks import pruning_figures, write_graph

        first = self.runs[self.labels[0], self.seeds[0]]
        dense = PruningRunner(self.options, self.spec, {}, None).dense(self.seeds[0])
        records = {label: [self.runs[label, seed].records for seed in self.seeds] for label in self.labels}
        networks = {"dense": dense, **{label: self.runs[label, self.seeds[0]].reservoir for label in self.labels}}
        pictures = {
            "sizes": pruning_figures.sizes_over_iterations(records),
            "behaviour": pruning_figures.behaviour_over_iterations(records),
            "eigenvalues": pruning_figures.eigenvalue_clouds(networks),
            "distributions": pruning_figures.distributions(networks),
            "graph": pruning_figures.network_graph(first.reservoir),
        }
        if self.options.score != "none":
            task = self.options.score
            bounds = bounds_of(SCORES[task][0])
            pictures["score"] = pruning_figures.score_over_iterations(records, _SCORE_LABELS[task], bounds)
        timing = {f"{label}-{seed}": run.seconds for (label, seed), run in self.runs.items()}
        savers: dict[str, Callable[[Path], None]] = {
            "reservoir.npz": first.reservoir.save,
            "reservoir.graphml": partial(write_graph, first.reservoir),
        }
        files = {"timing.json": timing, "table.csv": self.table()}
        return report.write_outcome(self, folder, self.spec, pictures, files, savers if len(self.labels) == 1 else None)

    def table(self) -> str:
        """The records as CSV, a line for each iteration of each run."""
        out = io.StringIO()
        lines = csv.writer(out, lineterminator="\n")
        names = ("iteration", "budget", *self.shown)
        lines.writerow(["method", "seed", *names])
        for (label, seed), run in self.runs.items():
            lines.writerows([label, seed, *(getattr(record, name) for name in names)] for record in run.records)
        return out.getvalue()


def settings_of(texts: Sequence[str], name: str) -> dict[str, Any]:
    """Settings KEY=VALUE of a method, values as TOML spells them and bare words as themselves.

    Raises
    ------
    InputError
        When one is not of that form, or beyond a limit of TOML.

    Examples
    --------
    >>> settings_of(["score=paper", "restored=0.05", "neurons=false"], "--option")
    {'score': 'paper', 'restored': 0.05, 'neurons': False}
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key.strip() and equals and value.strip()):
            raise InputError(name, text, "must be KEY=VALUE")
        check_name(name, key.strip())
        try:
            found[key.strip()] = toml_value(value.strip())
        except ValueError as error:
            raise InputError(f"{name} {key.strip()}", value, str(error)) from error
    return found
