"""``hrsnn search``: Bayesian optimisation over the distributions of a reservoir."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

if not __package__:  # run as a file: the package is in the checkout, and this folder is no place to import from
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import Cluster, Command, Flag, check_path, execute
from hrsnn.validation.numbers import repeats_of

if TYPE_CHECKING:
    from distributed import Client

    from hrsnn.analysis import PairedTest
    from hrsnn.analysis.studies.objectives import NamedObjective
    from hrsnn.search import SearchResult
    from hrsnn.spec import ReservoirSpec

_FRESH = 10**6  # beyond the seeds that anyone gives by hand


@dataclass(frozen=True, kw_only=True)
class Search(Command):
    """Search the distributions that make an objective best, and measure the best again with fresh seeds."""

    objective: str = "memory"
    """Of memory, spikes, efficiency (memory over spikes), accuracy, nrmse and lyapunov."""

    space: str = "neurons"
    """What is searched: neurons, synapses, all, or a TOML file."""

    trials: int = 40
    """How many points."""

    workers: int = 1
    """How many evaluations at a time, each in a process of its own; the results are the same."""

    batch: int = 4
    """How many points are proposed at a time; the results depend on it."""

    seeds: int = 3
    """How many evaluations a point."""

    fresh: int = 20
    """How many seeds that the search has not used measure the best and the default again, in pairs; 0: none."""

    against: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME", help_behavior_hint="(default: none)")] = ()
    """Of random and tpe: other samplers to compare with, each with the same budget, drawn in convergence.png."""

    storage: Annotated[str | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: memory)")] = field(
        default=None,
        repr=False,  # a URL may hold a password
    )
    """SQLite file that the search can be resumed from; or the URL of a database that several machines share."""

    resume: Flag = False
    """Go on with the search in the file, or begin it where there is none yet."""

    cluster: Cluster = None
    """Scheduler of Dask (tcp://host:8786) or batch system (slurm, pbs, ...) to run on."""

    values: int = 2000
    """Input values of the memory task."""

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint="(default: digits, lorenz63)")] = ""
    """Task of accuracy: digits or fsdd; of nrmse: lorenz63."""

    path: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(for fsdd)")] = None
    """The folder of spoken digits."""

    train: int = 600
    """Training samples of accuracy."""

    validation: int = 600
    """Samples that accuracy is measured on, of the task's training part."""

    plastic: Flag = False
    """Let STDP run over the training part of each evaluation first; without, its parameters change nothing."""

    def run(self) -> SearchReport:
        """Search, and compare the best with the default."""
        from hrsnn.analysis.studies.objectives import NamedObjective, check_plastic
        from hrsnn.runtime.clusters import connect_cluster
        from hrsnn.search import named_space, search
        from hrsnn.search.baselines import BaselineSampler

        repeats_of("--fresh", self.fresh, 0)
        if self.fresh == 1:
            raise InputError("--fresh", 1, "must be 0, or at least 2: one pair has no interval")
        if self.resume and self.storage is None:
            raise InputError("--resume", True, "needs --storage, the file to go on with")
        check_path(self.path, (self.task,))
        if self.task and self.objective not in ("accuracy", "nrmse"):
            raise InputError("--task", self.task, f"is for the objectives accuracy and nrmse, not {self.objective:.60}")
        if len(set(self.against)) < len(self.against):
            raise InputError("--against", " ".join(self.against), "must name each only once")
        rivals = {name: BaselineSampler(name, self.seed) for name in self.against}
        spec = self.reservoir_spec()
        homogeneous = not (spec.heterogeneous_neurons or spec.heterogeneous_synapses)
        space = named_space(self.space, spec)
        space = space.homogeneous() if homogeneous else space  # a CV would change nothing
        check_plastic(space.ranges, self.plastic)
        objective = NamedObjective(
            name=self.objective,
            values=self.values,
            task=self.task,
            path=self.path,
            train=self.train,
            validation=self.validation,
            plastic=self.plastic,
            engine=self.engine,
        )
        if self.cluster is None:  # elsewhere, what is here says nothing
            objective.prepare()
        searched = functools.partial(
            search,
            spec,
            space,
            objective,
            trials=self.trials,
            workers=self.workers,
            batch=self.batch,
            seeds=self.seeds,
            direction=objective.direction,
            storage=self.storage,
            seed=self.seed,
            progress=self.progress,
        )
        with connect_cluster(self.cluster, self.workers) as client:  # once: jobs of a batch system may wait for hours
            result = searched(name=self.objective, resume=self.resume, cluster=client)
            against = {
                name: searched(name=f"{self.objective}-{name}", resume=self.resume, sampler=sampler, cluster=client)
                for name, sampler in rivals.items()
            }
            best, default = self._measured_again(objective, result, client) if self.fresh else ([], [])
        title = f"search: {self.objective}, {len(result.trials)} trials of {self.seeds} seeds, {spec.neurons} neurons"
        return SearchReport(
            title=f"{title}, seed {self.seed}", result=result, seed=self.seed, best=best, default=default, against=against
        )

    def _measured_again(
        self, objective: NamedObjective, result: SearchResult, client: Client | None
    ) -> tuple[list[float], list[float]]:
        """The best and the default, each with the same fresh seeds."""
        from hrsnn.runtime.parallel import run_all
        from hrsnn.runtime.seeds import generator

        seeds = [int(one) for one in generator(self.seed, "search", "fresh").integers(_FRESH, 2**31, size=self.fresh)]
        tasks = [(spec, one) for one in seeds for spec in (result.best_spec, result.spec)]
        found = run_all(ObjectiveValue(objective), tasks, jobs=self.workers, cluster=client, progress=self.progress)
        return found[::2], found[1::2]


@dataclass(frozen=True)
class ObjectiveValue:
    """An objective's value alone, as a function of one task."""

    objective: NamedObjective

    def __call__(self, task: tuple[ReservoirSpec, int]) -> float:
        return self.objective(*task).value


@dataclass(frozen=True, kw_only=True)
class SearchReport:
    """The outcome: the search, new measurements of the best and of the default, and the searches compared with it."""

    title: str
    result: SearchResult
    seed: int
    best: list[float] = field(default_factory=list)
    default: list[float] = field(default_factory=list)
    against: Mapping[str, SearchResult] = field(default_factory=dict)

    @property
    def baselines(self) -> dict[str, float]:
        """The best values of the other searches; nan where nothing that one tried met the constraints."""
        return {name: float(one.best_so_far()[-1]) for name, one in self.against.items()}

    @property
    def test(self) -> PairedTest | None:
        """Of the fresh values, best minus default."""
        from hrsnn.analysis import paired_test

        return paired_test(self.best, self.default) if self.best else None

    @property
    def text(self) -> str:
        """The best point, and what fresh seeds say of it."""
        best, test = self.result.best, self.test
        failed = sum(bool(one.error) for one in self.result.trials)
        lines = [
            self.title,
            report.row("best_value", best.value),
            *(report.row(f"  {name}", value) for name, value in best.parameters.items()),
            *(report.row(f"best_value,_{name}", value) for name, value in self.baselines.items()),
            report.row("failed_trials", failed),
        ]
        if test is not None:
            low, high = test.interval
            lines += [
                report.row("best,_fresh_seeds", sum(self.best) / len(self.best)),
                report.row("default,_fresh_seeds", sum(self.default) / len(self.default)),
                f"{report.row('difference', test.mean)}  [{low:.4g}, {high:.4g}], p {test.p_value:.2g}",
            ]
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """What ``metrics.json`` holds and ``--json`` prints."""
        best, test = self.result.best, self.test
        return {
            "best_value": best.value,
            "best_params": best.parameters,
            "baselines": self.baselines,
            "convergence": {name: one.best_so_far() for name, one in {"search": self.result, **self.against}.items()},
            "direction": self.result.direction,
            "space": self.result.space.to_dict(),
            "trials": [vars(one) for one in self.result.trials],
            "fresh": None
            if test is None
            else {
                "best": self.best,
                "default": self.default,
                "mean_difference": test.mean,
                "interval": test.interval,
                "p_value": test.p_value,
            },
            "seed": self.seed,
            "versions": report.versions(),
        }

    def write(self, folder: Path) -> str:
        """Write everything into `folder`, all files or none, and return the text with where they are."""
        from hrsnn.analysis import figures

        pictures = figures.of_search(self.result, self.against)
        return report.write_outcome(self, folder, self.result.best_spec, pictures, {"report.txt": self.text + "\n"})


if __name__ == "__main__":
    sys.exit(execute(Search))
