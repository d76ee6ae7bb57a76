"""The report on pruning runs: the last networks, their records as a table, and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.registry import bounds_of, label_of, unit_of
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.neurons import neurons_csv
from hrsnn.scripts.cli.tables import csv_text

if TYPE_CHECKING:
    from hrsnn.networks import PruningRecord
    from hrsnn.reservoir import Reservoir
    from hrsnn.scripts.reports.pruning_runs import PruningCommand
    from hrsnn.spec import ReservoirSpec

#: Fields of the last record and of that of the dense network that the report shows.
SHOWN = (
    "links",
    "neurons",
    "strong_component",
    "largest_exponent",
    "spectrum_distance",
    "epsilon",
    "participation",
    "operations",
    "mean_rate",
    "silent_share",
)


@dataclass(frozen=True)
class Run:
    """Results of one run."""

    records: Sequence[PruningRecord]
    seconds: Sequence[Mapping[str, float]]
    reservoir: Reservoir
    origin: Any


@dataclass(frozen=True)
class PruningRuns:
    """Records of all runs, the last networks, and figures."""

    options: PruningCommand
    spec: ReservoirSpec
    labels: tuple[str, ...]
    seeds: range
    runs: Mapping[tuple[str, int], Run]
    folder: Path | None
    dense: Callable[[int], Reservoir]  #: from a seed to the network before pruning

    def mean(self, label: str, name: str, place: int) -> float:
        """Return the mean over seeds of one number of the first (0) or last (-1) record."""
        return float(np.mean([getattr(self.runs[label, seed].records[place], name) for seed in self.seeds]))

    @property
    def shown(self) -> tuple[str, ...]:
        """Names of the numbers in the report."""
        return (*SHOWN, *(("score",) if self.options.score != "none" else ()))

    @property
    def text(self) -> str:
        """Readable table of the last network of each method and the dense one."""
        from hrsnn.networks.studies.pruned_scores import score_names

        what = f"seeds {self.seeds[0]} to {self.seeds[-1]}" if len(self.seeds) > 1 else f"seed {self.seeds[0]}"
        gone = f"{self.options.synapse_target:.0%} of the links"
        lines = [f"{', '.join(self.labels)}: {gone} in {self.options.iterations} iterations, {what}"]
        lines.append(f"{'':34s}{'dense':>10s}" + "".join(f"{label:>14s}" for label in self.labels))
        task = self.options.scored_task
        for name in self.shown:
            values = "".join(f"{self.mean(label, name, -1):14.4g}" for label in self.labels)
            unit = unit_of(score_names(task)[0]) if name == "score" and task is not None else unit_of(name)
            lines.append(f"{report.row(name, self.mean(self.labels[0], name, 0), unit='').rstrip()}{values}  {unit}")
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
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
            "restore": options.restore,
            "graph": None if options.graph is None else options.graph.name,
            "seed": self.seeds[0],
            "seeds": list(self.seeds),
            "versions": report.versions(),
        }

    def write(self, folder: Path, formats: Sequence[str] = report.PNG) -> str:
        """Write all files into `folder`, and return the text with their location."""
        from hrsnn.formats.graphs import network_file
        from hrsnn.networks import graph_figures, pruning_figures, write_graph
        from hrsnn.networks.graphs.pruned import pruned_graph
        from hrsnn.networks.studies.pruned_scores import score_names

        first = self.runs[self.labels[0], self.seeds[0]]
        dense = self.dense(self.seeds[0])
        records = {label: [self.runs[label, seed].records for seed in self.seeds] for label in self.labels}
        networks = {"dense": dense, **{label: self.runs[label, self.seeds[0]].reservoir for label in self.labels}}
        pictures = {
            "sizes": pruning_figures.sizes_over_iterations(records),
            "behaviour": pruning_figures.behaviour_over_iterations(records),
            "eigenvalues": pruning_figures.eigenvalue_clouds(networks),
            "distributions": pruning_figures.distributions(networks),
            "graph": graph_figures.network_graphs({label: networks[label] for label in self.labels}),
        }
        task = self.options.scored_task
        if task is not None:
            name = score_names(task)[0]
            pictures["score"] = pruning_figures.score_over_iterations(records, label_of(name), bounds_of(name))
        timing = {f"{label}-{seed}": run.seconds for (label, seed), run in self.runs.items()}
        savers: dict[str, Callable[[Path], None]] = {
            "reservoir.npz": first.reservoir.save,
            "reservoir.graphml": partial(write_graph, first.reservoir),
            "neurons.csv": neurons_csv(dense, _left(dense, first)),
        }
        file = self.options.graph
        graph = None if file is None else network_file(file).graph
        if file is not None and graph is not None:
            left = pruned_graph(graph, dense, first.reservoir, first.origin)
            savers[f"graph{file.suffix}"] = partial(write_graph, left)
        files = {"timing.json": timing, "table.csv": self.table()}
        of_one = savers if len(self.labels) == 1 else None
        return report.write_outcome(self, folder, self.spec, pictures, files, of_one, formats)

    def table(self) -> str:
        """Return the records as CSV, a line for each iteration of each run."""
        names = ("iteration", "budget", *self.shown)
        rows = (
            [label, seed, *(getattr(record, name) for name in names)]
            for (label, seed), run in self.runs.items()
            for record in run.records
        )
        return csv_text(["method", "seed", *names], rows)


def _left(dense: Reservoir, run: Run) -> dict[str, NDArray[Any]]:
    """Return which neurons of the dense network are left, 1 or 0, and how many links each has left."""
    left, n = run.reservoir, dense.neurons
    return {
        "kept": np.isin(np.arange(n), run.origin).astype(int),
        "links_in_left": np.bincount(run.origin[left.post], minlength=n),
        "links_out_left": np.bincount(run.origin[left.pre], minlength=n),
    }
