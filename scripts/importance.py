"""``hrsnn importance``: contribution of each heterogeneity to memory and spikes."""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import Cluster, Flag, execute
from hrsnn.scripts.cli.task_arguments import TaskArguments, tasks_of
from hrsnn.validation.numbers import repeats_of

if TYPE_CHECKING:
    from hrsnn.analysis.studies.objectives import NamedObjective
    from hrsnn.search.importance import Importance
    from hrsnn.spec import ReservoirSpec

logger = logging.getLogger("hrsnn")

#: Groups of parameters that are switched together.
_GROUPS = {"weights": ("weight_ee", "weight_ei", "weight_ie", "weight_ii"), "delays": ("delay_exc", "delay_inh")}
_DEFAULT = ("tau_m_exc", "tau_m_inh", "weights")


@dataclass(frozen=True, kw_only=True)
class ImportanceStudy(TaskArguments):
    """Attribute memory and spikes to heterogeneities, from all combinations of them switched on and off."""

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("memory", "classes", "series"))] = (
        "memory"
    )
    """Task of any kind, whose main score is attributed; `hrsnn tasks` describes all."""

    parameters: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME")] = _DEFAULT
    """Up to six parameters with distributions; "weights" stands for the four recurrent ones together, "delays"
    for delay_exc and delay_inh."""

    seeds: int = 10
    """Number of seeds, starting from --seed."""

    workers: int = 1
    """Number of parallel processes; results do not depend on it."""

    cluster: Cluster = None
    """Dask scheduler (tcp://host:8786) or batch system (slurm, pbs, ...) to run on."""

    values: int = 2000
    """Number of input values of a memory task."""

    plastic: Flag = False
    """Run STDP over the training part of the task first; without it, STDP parameters have no effect."""

    def run(self) -> ImportanceReport:
        """Run all combinations."""
        from hrsnn.analysis.protocols.task_scores import MAIN
        from hrsnn.analysis.studies.objectives import OBJECTIVES, NamedObjective, check_plastic
        from hrsnn.runtime.parallel import run_all
        from hrsnn.search.importance import (
            NEEDS_EXTRA,
            combinations,
            exact_sage,
            sage_package,
            sage_values,
            shapley_values,
            switched,
        )

        repeats_of("--seeds", self.seeds, 2)
        names = tuple(dict.fromkeys(self.parameters))
        if not 1 <= len(names) <= 6:
            raise InputError("--parameters", names, "must be one to six")
        spec = self.reservoir_spec()
        groups = {name: _GROUPS.get(name, (name,)) for name in names}
        check_plastic(itertools.chain(*groups.values()), self.plastic)
        specs = [switched(spec, groups, [bool(one) for one in on]) for on in combinations(len(names))]
        seeds = range(self.seed, self.seed + self.seeds)
        sampled = sage_package() is not None
        tasks = [(one, seed) for one in specs for seed in seeds]
        choice = self.task_choice(self.task)
        measured = ObjectiveScores(
            NamedObjective(
                name=next(name for name, one in OBJECTIVES.loadable().items() if one.kind == choice.kind),
                values=self.values,
                choice=choice,
                plastic=self.plastic,
                engine=self.engine,
            ),
            (MAIN[choice.kind][0], "spikes_per_neuron"),
        )
        if not sampled:  # said only once all input is accepted: an error is one line
            logger.info("SAGE by permutations %s; the exact values are all here", NEEDS_EXTRA)
        found = run_all(measured, tasks, jobs=self.workers, cluster=self.cluster, progress=self.progress)
        tables = np.array(found).reshape(len(specs), len(seeds), 2)
        of = {
            score: {
                "shapley": shapley_values(tables[..., k], names),
                "sage_exact": exact_sage(tables[..., k], names),
                **({"sage": sage_values(tables[..., k], names, seed=self.seed)} if sampled else {}),
            }
            for k, score in enumerate((MAIN[choice.kind][0], "spikes"))
        }
        title = f"importance: {2 ** len(names)} combinations of {self.seeds} seeds, {spec.neurons} neurons"
        title += ", after STDP" if self.plastic else ""
        return ImportanceReport(title=f"{title}, seed {self.seed}", spec=spec, seed=self.seed, of=of, table=tables)


@dataclass(frozen=True)
class ObjectiveScores:
    """Function that computes scores of one run in the task of an objective."""

    objective: NamedObjective
    scores: tuple[str, ...]

    def __call__(self, task: tuple[ReservoirSpec, int]) -> tuple[float, ...]:
        return tuple(self.objective.measured(*task, self.scores).scores.values())


@dataclass(frozen=True, kw_only=True)
class ImportanceReport:
    """Importances for each score, by three methods; without the extra, by the two exact ones."""

    title: str
    spec: ReservoirSpec
    seed: int
    of: Mapping[str, Mapping[str, Importance]]
    table: Any

    @property
    def text(self) -> str:
        """Text with a line for each heterogeneity and score."""
        lines = [self.title]
        for score, ways in self.of.items():
            sampled = ways.get("sage")
            beside = "" if sampled is None else " (by permutations)"
            lines.append(f"{score.replace('_', ' ')}: Shapley value [95 % over seeds], exact SAGE{beside}")
            for k, name in enumerate(ways["shapley"].names):
                low, high = ways["shapley"].interval[k]
                beside = "" if sampled is None else f" ({sampled.values[k]:.3g})"
                row = report.row(name, float(ways["shapley"].values[k]), score)
                lines.append(f"{row}  [{low:+.4g}, {high:+.4g}]  {ways['sage_exact'].values[k]:.3g}{beside}")
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        return {
            "importance": {
                score: {way: {"names": i.names, "values": i.values, "interval": i.interval} for way, i in ways.items()}
                for score, ways in self.of.items()
            },
            "table": {score: self.table[..., k] for k, score in enumerate(self.of)},
            "seed": self.seed,
            "versions": report.versions(),
        }

    def write(self, folder: Path, formats: Sequence[str] = report.PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        from hrsnn.analysis.figures import importances

        picture = importances({score: ways["shapley"] for score, ways in self.of.items()})
        return report.write_outcome(self, folder, self.spec, {"importance": picture}, {}, formats=formats)


if __name__ == "__main__":
    sys.exit(execute(ImportanceStudy))
