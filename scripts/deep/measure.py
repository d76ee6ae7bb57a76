"""``hrsnn deep measure``: a trained network on the test part: accuracy, rates, entropies, operations, gradients, memory."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.deep.options import OfTrained
from hrsnn.scripts.deep.outcome import DeepOutcome

if TYPE_CHECKING:
    from hrsnn.deep.learning.information import LayerStatistics
    from hrsnn.deep.learning.mismatch import Mismatch


@dataclass(frozen=True, kw_only=True)
class DeepMeasure(OfTrained):
    """Measure a trained network on the test part of its task, in PyTorch and, where it can be exported, in integers."""

    def run(self) -> DeepOutcome:
        """Measure, and report."""
        from sklearn.base import clone

        from hrsnn.analysis.figures.deep import potentials_and_windows, weights_before_and_after
        from hrsnn.analysis.firing.operations import energy
        from hrsnn.deep.frames import frames_of
        from hrsnn.deep.learning.evaluation import evaluate
        from hrsnn.deep.memory import memory_table

        settings, state = self.spiking()
        task = self.task_of(state)
        _, test = frames_of(task, settings.steps)
        network = self.network_of(settings, state)
        first = settings.build(state.settings["training"]["seed"]).arrays()
        found = evaluate(network, settings, test, self.seed)
        linear = clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test)
        # with direct coding the first layer multiplies
        first_layer, *spiking = found.statistics.operations.values()
        scores = {
            "accuracy": float((found.predicted == test.labels).mean()),
            "mean_rate_per_step": float(np.mean(list(found.statistics.rates.values()))),
            "synaptic_operations": float(sum(spiking)),
            "operations_of_the_first_layer": float(first_layer),
            "energy_of_synaptic_operations_nj": float(energy(sum(spiking), "accumulate_45nm")) * 1e9,
            "gradient_cosine": found.mismatch.cosine,
            "gradient_cosine_common": found.mismatch.cosine_common,
        }
        speed = {"torch_samples_per_second": len(test) / found.seconds}
        if found.integers is not None:
            scores["integer_accuracy"] = float((found.integers == test.labels).mean())
            scores["integer_agreement"] = float((found.integers == found.predicted).mean())
            speed["integer_samples_per_second"] = len(test) / found.integer_seconds
        names = [f"weight.{node.name}" for node in network.architecture.weighted]
        weights = {name.removeprefix("weight."): (first[name].ravel(), state.best[name].ravel()) for name in names}
        layers, memory = _layers(found.statistics, found.mismatch), memory_table(network.architecture)
        return DeepOutcome(
            title=f"{settings.model} on {task.name}: {len(test)} test samples, {settings.steps} steps, seed {self.seed}",
            seed=self.seed,
            scores=scores,
            baselines={"accuracy": {"linear": float(linear), "chance": 1 / settings.classes}},
            details={"network": settings.plain(), "layers": layers, "memory_mb": memory},
            tables=_tables(layers, memory),
            draw=lambda: {
                "potentials": potentials_and_windows(found.potentials, found.mismatch.widths, settings.neuron.threshold),
                "weights": weights_before_and_after(weights),
            },
            files={"timing.json": speed},
        )


def _layers(statistics: LayerStatistics, mismatch: Mismatch) -> dict[str, dict[str, float]]:
    """Return the numbers of each layer."""
    found: dict[str, dict[str, float]] = {}
    for name, share in statistics.positive_weights.items():
        found[name] = {"positive_weights": share, "operations": statistics.operations[name]}
    for name, rate in statistics.rates.items():
        found[name] = {
            "rate": rate,
            "entropy": statistics.entropies[name],
            "window": mismatch.widths[name],
            "in_window": mismatch.shares[name],
        }
    return found


def _tables(layers: dict[str, dict[str, float]], memory: dict[str, dict[int, float]]) -> str:
    lines = [f"{'layer':12s}{'rate':>10s}{'entropy':>10s}{'window':>10s}{'in it':>10s}{'p_w':>10s}{'operations':>14s}"]
    columns = (
        ("rate", 10),
        ("entropy", 10),
        ("window", 10),
        ("in_window", 10),
        ("positive_weights", 10),
        ("operations", 14),
    )
    for name, numbers in layers.items():
        cells = (f"{numbers[key]:{width}.4g}" if key in numbers else " " * width for key, width in columns)
        lines.append(f"{name:12s}{''.join(cells)}".rstrip())
    batches = "".join(f"{'batch ' + str(batch):>12s}" for batch in next(iter(memory.values())))
    lines.append(f"{'memory (MB)':12s}{batches}")
    lines += [f"{bits:12s}{''.join(f'{value:12.4g}' for value in row.values())}" for bits, row in memory.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(execute(DeepMeasure))
