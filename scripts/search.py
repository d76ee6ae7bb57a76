"""``hrsnn search``: Bayesian optimisation over the distributions of a reservoir."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.analysis.scoring.registry import label_of, unit_of
from hrsnn.errors import InputError
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import Cluster, Flag, execute
from hrsnn.scripts.cli.task_arguments import StatesOption, TaskArguments
from hrsnn.spec import parameter_unit
from hrsnn.validation.numbers import repeats_of

if TYPE_CHECKING:
    from distributed import Client

    from hrsnn.analysis import PairedTest
    from hrsnn.analysis.studies.objectives import NamedObjective
    from hrsnn.kinds import NetworkSpec
    from hrsnn.search import SearchResult

#: Scores that objectives are, where they have other names.
_SCORES = {"memory": "memory_capacity", "spikes": "spikes_per_neuron"}
#: What stands in brackets behind a difference.
FRESH = "95 % bootstrap interval of the difference, paired by fresh seed; p of the sign-flip test"
_FRESH = 10**6  # larger than seeds that users choose


def objectives(default: str) -> str:
    """Return a text for the help: the default, and all objectives with what they are."""
    from hrsnn.analysis.studies.objectives import OBJECTIVES

    return f"(default: {default}; {', '.join(f'{name}: {one.summary}' for name, one in OBJECTIVES.loadable().items())})"


@dataclass(frozen=True, kw_only=True)
class Search(TaskArguments):
    """Search for the distributions that optimise an objective, and measure the best with fresh seeds."""

    any_network: ClassVar[bool] = True

    objective: Annotated[str, tyro.conf.arg(metavar="NAME", help_behavior_hint=objectives)] = "memory"
    """What is optimised."""

    space: Annotated[str, tyro.conf.arg(help_behavior_hint="(default: the first of the kind, of a reservoir neurons)")] = ""
    """Search space: of a reservoir neurons, synapses or all; or a TOML file."""

    trials: int = 40
    """Number of points."""

    workers: int = 1
    """Number of parallel processes; results do not depend on it."""

    batch: int = 4
    """Number of points proposed at a time; results depend on it."""

    seeds: int = 3
    """Number of evaluations per point."""

    fresh: int = 20
    """Number of seeds, not used by the search, for a paired comparison of the best and the default; 0: none."""

    against: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME", help_behavior_hint="(default: none)")] = ()
    """Other samplers, random and tpe, to compare with, each with the same budget; drawn in the picture convergence."""

    storage: Annotated[str | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: memory)")] = field(
        default=None,
        repr=False,  # a URL may contain a password
    )
    """SQLite file from which the search can be resumed, or URL of a database that several machines share."""

    resume: Flag = False
    """Resume the search in the file, or start it if there is none yet."""

    cluster: Cluster = None
    """Dask scheduler (tcp://host:8786) or batch system (slurm, pbs, ...) to run on."""

    values: int = 2000
    """Number of input values of the memory task."""

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint="(default: that of the objective)")] = ""
    """Task of the kind that the objective needs; `hrsnn tasks` describes all."""

    train: int = 600
    """Number of training samples for accuracy."""

    validation: int = 600
    """Number of samples on which accuracy is measured, from the training part of the task."""

    states: StatesOption = "windows"
    """States that a classifier sees: counts in 5 windows, in one, or filtered spikes at the end of a sample."""

    decoded: Flag = False
    """Read the states that the network's own decoder makes of its spikes, for memory, accuracy and nrmse."""

    plastic: Flag = False
    """Run STDP over the training part of each evaluation first; without it, STDP parameters have no effect."""

    def run(self) -> SearchReport:
        """Search, and compare the best with the default."""
        from hrsnn.analysis.studies.objectives import NamedObjective, check_plastic
        from hrsnn.kinds import KINDS
        from hrsnn.runtime.clusters import connect_cluster
        from hrsnn.search import named_space, search
        from hrsnn.search.baselines import BaselineSampler
        from hrsnn.spec import ReservoirSpec

        repeats_of("--fresh", self.fresh, 0)
        if self.fresh == 1:
            raise InputError("--fresh", 1, "must be 0, or at least 2: one pair has no interval")
        if self.resume and self.storage is None:
            raise InputError("--resume", True, "needs --storage, the file to go on with")
        choice = self.objective_task(self.objective, self.task)
        if len(set(self.against)) < len(self.against):
            raise InputError("--against", " ".join(self.against), "must name each only once")
        rivals = {name: BaselineSampler(name, self.seed) for name in self.against}
        spec = self.network_spec()
        space = named_space(self.space, spec)
        if isinstance(spec, ReservoirSpec) and not (spec.heterogeneous_neurons or spec.heterogeneous_synapses):
            space = space.homogeneous()  # a CV would have no effect
        check_plastic(space.ranges, self.plastic)
        if self.decoded and not KINDS.find(spec.kind).decodes:
            able = ", ".join(KINDS.where(lambda one: one.decodes))
            raise InputError("--decoded", True, f"needs a decoder, which a {spec.kind} does not have: --network {able}")
        objective = NamedObjective(
            name=self.objective,
            values=self.values,
            choice=choice,
            train=self.train,
            validation=self.validation,
            plastic=self.plastic,
            states=self.states,
            decoded=self.decoded,
            engine=self.engine,
        )
        if self.cluster is None:  # files on this machine need not exist on others
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
        with connect_cluster(self.cluster, self.workers) as client:  # only once: jobs of a batch system may wait for hours
            result = searched(name=self.objective, resume=self.resume, cluster=client)
            against = {
                name: searched(name=f"{self.objective}-{name}", resume=self.resume, sampler=sampler, cluster=client)
                for name, sampler in rivals.items()
            }
            best, default = self._measured_again(objective, result, client) if self.fresh else ([], [])
        title = f"search: {self.objective}, {len(result.trials)} trials of {self.seeds} seeds, {spec.neurons} neurons"
        return SearchReport(
            title=f"{title}, seed {self.seed}",
            objective=self.objective,
            result=result,
            seed=self.seed,
            best=best,
            default=default,
            against=against,
        )

    def _measured_again(
        self, objective: NamedObjective, result: SearchResult, client: Client | None
    ) -> tuple[list[float], list[float]]:
        """Evaluate the best and the default with the same fresh seeds."""
        from hrsnn.runtime.parallel import run_all
        from hrsnn.runtime.seeds import generator

        seeds = [int(one) for one in generator(self.seed, "search", "fresh").integers(_FRESH, 2**31, size=self.fresh)]
        tasks = [(spec, one) for one in seeds for spec in (result.best_spec, result.spec)]
        found = run_all(ObjectiveValue(objective), tasks, jobs=self.workers, cluster=client, progress=self.progress)
        return found[::2], found[1::2]


@dataclass(frozen=True)
class ObjectiveValue:
    """Function from a task to the value of an objective, without constraints."""

    objective: NamedObjective

    def __call__(self, task: tuple[NetworkSpec, int]) -> float:
        return self.objective(*task).value


@dataclass(frozen=True, kw_only=True)
class SearchReport:
    """Search, fresh measurements of the best and the default, and searches by other samplers."""

    title: str
    objective: str
    result: SearchResult
    seed: int
    best: list[float] = field(default_factory=list)
    default: list[float] = field(default_factory=list)
    against: Mapping[str, SearchResult] = field(default_factory=dict)

    @property
    def baselines(self) -> dict[str, float]:
        """Best values of the other searches; nan if no trial met the constraints."""
        return {name: float(one.best_so_far()[-1]) for name, one in self.against.items()}

    @property
    def test(self) -> PairedTest | None:
        """Paired test of the fresh values, best minus default."""
        from hrsnn.analysis import paired_test

        return paired_test(self.best, self.default) if self.best else None

    @property
    def best_is_default(self) -> bool:
        """Whether the search found nothing better than where it began."""
        return bool(self.result.best_spec.to_toml() == self.result.spec.to_toml())

    @property
    def unit(self) -> str:
        """Unit of the objective."""
        return "1/s^2" if self.objective == "lyapunov" else unit_of(_SCORES.get(self.objective, self.objective))

    @property
    def text(self) -> str:
        """Text with the best point and its comparison with the default."""
        best, test = self.result.best, self.test
        failed = sum(bool(one.error) for one in self.result.trials)
        lines = [
            self.title,
            report.row("best_value", best.value, unit=self.unit),
            *(report.row(name, value, "best", unit=parameter_unit(name)) for name, value in best.parameters.items()),
            *(report.row(f"best_value,_{name}", value, unit=self.unit) for name, value in self.baselines.items()),
            report.row("failed_trials", failed, unit="trials"),
        ]
        if self.best_is_default:
            lines.append("the best is the default: there is nothing to compare it with")
        if test is not None:
            lines.append(report.row("best,_fresh_seeds", sum(self.best) / len(self.best), unit=self.unit))
        if test is not None and not self.best_is_default:
            low, high = test.interval
            lines += [
                report.row("default,_fresh_seeds", sum(self.default) / len(self.default), unit=self.unit),
                f"{report.row('difference', test.mean, unit=self.unit)}  [{low:.4g}, {high:.4g}], p {test.p_value:.2g}",
                f"in brackets: {FRESH}",
            ]
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
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
                "best_is_default": self.best_is_default,
                "mean_difference": test.mean,
                "interval": test.interval,
                "p_value": test.p_value,
            },
            "seed": self.seed,
            "versions": report.versions(),
        }

    def write(self, folder: Path, formats: Sequence[str] = report.PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        from hrsnn.analysis import figures

        pictures = figures.of_search(self.result, self.against, label_of(_SCORES.get(self.objective, self.objective)))
        files = {"report.txt": self.text + "\n"}
        return report.write_outcome(self, folder, self.result.best_spec, pictures, files, formats=formats)

    @property
    def spec(self) -> NetworkSpec:
        """Specification of the best networks."""
        best: NetworkSpec = self.result.best_spec
        return best


if __name__ == "__main__":
    sys.exit(execute(Search))
