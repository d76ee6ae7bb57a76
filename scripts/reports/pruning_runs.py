"""Pruning runs of one or several methods and seeds, each in its own folder."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import tyro

from hrsnn.errors import InputError
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import Flag, ParallelCommand
from hrsnn.scripts.cli.task_arguments import StatesOption, TaskArguments, tasks_of
from hrsnn.scripts.reports.pruning_report import PruningRuns, Run
from hrsnn.validation.numbers import repeats_of

if TYPE_CHECKING:
    from hrsnn.networks import PruningMethod
    from hrsnn.reservoir import Reservoir
    from hrsnn.spec import ReservoirSpec
    from hrsnn.tasks import TaskChoice


def method_names(default: str) -> str:
    """Return a text for the help: the default, and all methods with what they are."""
    from hrsnn.networks import METHODS

    return f"(default: {default}; {'; '.join(f'{name}: {one.summary}' for name, one in METHODS.loadable().items())})"


@dataclass(frozen=True, kw_only=True)
class PruningCommand(TaskArguments, ParallelCommand):
    """Base class of the commands that prune, with their shared options."""

    iterations: int = 100
    """Number of iterations."""

    synapse_target: float = 0.95
    """Share of the links removed in the end."""

    neuron_target: Annotated[
        float | None, tyro.conf.arg(metavar="S", help_behavior_hint="(default: that of lnp, half of the links', else 0)")
    ] = None
    """Share of the neurons removed in the end."""

    restore: Literal["usual", "none", "bias", "sums", "both", "rate"] = "usual"
    """What neurons get back: mean drive as a bias, sums of weights, both, or these and the rate; usual: as a method says."""

    exponents: Literal["usual", "local", "v", "all"] = "usual"
    """Exponent of a neuron: that of its block (usual), or its share of the spectrum over v or over all its variables."""

    refresh: int = 10
    """Number of iterations between two measurements of the exponents."""

    duration: float = 2000.0
    """Duration of the noise under which networks are measured (ms)."""

    score: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("memory", "series", "classes"))] = "none"
    """Task on which the network is scored after every iteration; it is not used for pruning."""

    states: StatesOption = "windows"
    """States that a classifier sees: counts in 5 windows, in one, or filtered spikes at the end of a sample."""

    keep: Flag = False
    """Keep the network of every iteration in the out folder."""

    resume: Flag = False
    """Resume the runs in the out folder."""

    seeds: int = 1
    """Number of seeds, starting from --seed."""

    @property
    def scored_task(self) -> TaskChoice | None:
        """The task on which networks are scored, with its options."""
        if self.score != "none":
            return self.task_choice(self.score, option="--score")
        for option, value in (("--path", self.path), ("--data", self.data), ("--task-option", self.task_option)):
            if value:
                raise InputError(option, value, "is for the task of --score")
        return None

    def pruned(self, methods: Mapping[str, tuple[str, Mapping[str, Any]]]) -> PruningRuns:
        """Prune by several methods, given as a method and its settings for each label."""
        from hrsnn.networks import pruning_method

        repeats_of("--seeds", self.seeds)
        repeats_of("--iterations", self.iterations)
        if self.resume and self.out is None:
            raise InputError("--resume", True, "needs --out, the folder of the runs")
        made = [pruning_method(name, **options) for name, options in methods.values()]  # invalid settings raise an error
        if self.exponents != "usual" and not any(getattr(method, "uses_exponents", True) for method in made):
            raise InputError("--exponents", self.exponents, "must be left out: no method of this run uses any")
        self.scored_task  # noqa: B018  # raises an error for an unknown task before the work
        spec, seeds = self.reservoir_spec(), range(self.seed, self.seed + self.seeds)
        folder = None if self.out is None else (self.out / report.RUNS).absolute()
        quiet = dataclasses.replace(self, quiet=True) if self.seeds * len(methods) > 1 else self
        units = list(itertools.product(methods, seeds))
        runner = PruningRunner(quiet, spec, dict(methods), folder)
        runs = dict(zip(units, self.all_of(runner, units), strict=True))
        return PruningRuns(self, spec, tuple(methods), seeds, runs, folder, runner.dense)


@dataclass(frozen=True)
class PruningRunner:
    """Function that carries out one run for a label and a seed."""

    options: PruningCommand
    spec: ReservoirSpec
    methods: Mapping[str, tuple[str, Mapping[str, Any]]]
    folder: Path | None

    @property
    def neuron_target(self) -> float:
        """Target for neurons, the same for all methods: what was asked for, or the largest that one of them states."""
        from hrsnn.networks import pruning_method
        from hrsnn.networks.pruning import usual_neuron_target

        if self.options.neuron_target is not None:
            return self.options.neuron_target
        methods = [pruning_method(name, **settings) for name, settings in self.methods.values()]
        return max(usual_neuron_target(method, self.options.synapse_target) for method in methods)

    def exponents_for(self, method: PruningMethod) -> Literal["local", "v", "all"] | None:
        """Return the exponents that a method gets: none where it uses none, or they are the usual ones."""
        chosen = self.options.exponents
        return None if chosen == "usual" or not getattr(method, "uses_exponents", True) else chosen

    def dense(self, seed: int) -> Reservoir:
        """Return the network before pruning, with the channels that the task of the score needs."""
        from hrsnn.builder import build
        from hrsnn.formats.graphs import network_file
        from hrsnn.networks.studies.pruned_scores import channels_of

        task, file = self.options.scored_task, self.options.graph
        said = None if file is None else network_file(file).channels
        return build(self.spec, seed, channels=channels_of(task, seed) if task is not None else said or 1)

    def __call__(self, unit: tuple[str, int]) -> Run:
        from hrsnn.networks import noise, prune, pruning_method

        (label, seed), options = unit, self.options
        name, settings = self.methods[label]
        dense, task = self.dense(seed), options.scored_task
        method = pruning_method(name, **settings)
        out = None if self.folder is None else self.folder / f"{label}-{seed}"
        found = prune(
            dense,
            method,
            iterations=options.iterations,
            synapse_target=options.synapse_target,
            neuron_target=self.neuron_target,
            restore=None if options.restore == "usual" else options.restore,
            stimulus=noise(dense.channels, options.duration, seed=seed),
            exponents=self.exponents_for(method),
            refresh=options.refresh,
            score=None if task is None else TaskScore(task, options.engine, seed, options.states),
            seed=seed,
            engine=options.engine,
            out=out,
            resume=options.resume,
            keep=options.keep and out is not None,
            progress=options.progress,
        )
        return Run(found.records, found.seconds, found.reservoir, found.origin)


@dataclass(frozen=True)
class TaskScore:
    """Function from a network to its main score on a task; a checkpoint stores its repr."""

    task: TaskChoice
    engine: str
    seed: int
    states: StatesOption = "windows"

    def __repr__(self) -> str:
        options = f", options={self.task.settings!r}" if self.task.settings else ""
        options += "" if self.states == "windows" else f", states={self.states!r}"
        return f"TaskScore(task={self.task.name!r}, engine={self.engine!r}, seed={self.seed}{options})"

    def __call__(self, network: Reservoir) -> float:
        from hrsnn.networks.studies.pruned_scores import ScoredNetwork, TaskSuite, score_names, score_network

        suite = TaskSuite((self.task,), engine=self.engine, seed=self.seed, states=self.states)
        candidate = ScoredNetwork(network, np.arange(network.neurons), lambda channels: network)
        return score_network(candidate, suite)[score_names(self.task)[0]]
