"""``hrsnn deep measure``: a trained network on the test part: accuracy, rates, entropies, operations, gradients, memory."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.deep.options import OfTrained
from hrsnn.scripts.deep.outcome import DeepOutcome

#: Samples from which statistics of layers and gradients are computed.
_PROBE = 128


@dataclass(frozen=True, kw_only=True)
class DeepMeasure(OfTrained):
    """Measure a trained network on the test part of its task, in PyTorch and, where it can be exported, in integers."""

    def run(self) -> DeepOutcome:
        """Measure, and report."""
        import torch
        from sklearn.base import clone

        from hrsnn.analysis.figures.deep import potentials_and_windows, weights_before_and_after
        from hrsnn.analysis.firing.operations import energy
        from hrsnn.deep.frames import frames_of
        from hrsnn.deep.learning.information import layer_statistics
        from hrsnn.deep.learning.mismatch import gradient_mismatch
        from hrsnn.deep.learning.training import predictions, stimulus, torch_threads
        from hrsnn.deep.memory import memory_table

        settings, state = self.stored()
        task = self.task_of(state)
        _, test = frames_of(task, settings.steps)
        network = settings.build(state.settings["training"]["seed"])
        first = network.arrays()
        network.load_arrays(state.best)
        network.eval()
        with torch_threads():
            begun = time.perf_counter()
            predicted = predictions(network, settings, test, self.seed)
            seconds = time.perf_counter() - begun
            given = torch.from_numpy(stimulus(settings, test, np.arange(min(_PROBE, len(test))), self.seed))
            labels = torch.from_numpy(test.labels[:_PROBE])
            statistics = layer_statistics(network, given)
            mismatch = gradient_mismatch(network, given, labels)
            with torch.no_grad():
                run = network.run(given, record=True)
        linear = clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test)
        spiking = list(statistics.operations.values())[1:]
        scores = {
            "accuracy": float((predicted == test.labels).mean()),
            "mean_rate_per_step": float(np.mean(list(statistics.rates.values()))),
            "synaptic_operations": float(sum(spiking)),
            "multiplications_of_the_first_layer": float(next(iter(statistics.operations.values()))),
            "energy_of_operations_nj": float(energy(sum(spiking), "accumulate_45nm")) * 1e9,
            "gradient_cosine": mismatch.cosine,
            "gradient_cosine_common": mismatch.cosine_common,
        }
        whole, timing = self._in_integers(network, settings, test, predicted)
        scores |= whole
        widths = {name: float(layer.width) for name, layer in network.spiking.items()}  # type: ignore[arg-type]
        potentials = {name: u.numpy().ravel() for name, u in run.potentials.items()}
        names = [f"weight.{node.name}" for node in network.architecture.weighted]
        weights = {name.removeprefix("weight."): (first[name].ravel(), state.best[name].ravel()) for name in names}
        layers = _layers(statistics, mismatch)
        return DeepOutcome(
            title=f"{settings.model} on {task.name}: {len(test)} test samples, {settings.steps} steps, seed {self.seed}",
            seed=self.seed,
            scores=scores,
            baselines={"accuracy": {"linear": float(linear), "chance": 1 / settings.classes}},
            details={"network": settings.plain(), "layers": layers, "memory_mb": memory_table(network.architecture)},
            tables=_tables(layers, memory_table(network.architecture)),
            draw=lambda: {
                "potentials": potentials_and_windows(potentials, widths, settings.neuron.threshold),
                "weights": weights_before_and_after(weights),
            },
            files={"timing.json": {"torch_samples_per_second": len(test) / seconds, **timing}},
        )

    def _in_integers(
        self, network: Any, settings: Any, test: Any, predicted: np.ndarray
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Return accuracy and agreement of the packed network, and its speed; nothing where it has no integers."""
        from hrsnn.deep.learning.export import packed
        from hrsnn.deep.learning.training import stimulus
        from hrsnn.deep.packed.inference import IntegerInference
        from hrsnn.errors import InputError

        try:
            runner = IntegerInference(packed(network, settings.coding))
        except InputError:  # in floating point, or with the scales of a batch
            return {}, {}
        runner.predictions(stimulus(settings, test, np.arange(1), self.seed))  # compiles
        # batches as PyTorch had them, so that random spikes are the same
        begun, found = time.perf_counter(), []
        for first in range(0, len(test), 256):
            rows = np.arange(first, min(first + 256, len(test)))
            found.append(runner.predictions(stimulus(settings, test, rows, self.seed, "evaluation", first)))
        seconds = time.perf_counter() - begun
        whole = np.concatenate(found)
        scores = {
            "integer_accuracy": float((whole == test.labels).mean()),
            "integer_agreement": float((whole == predicted).mean()),
        }
        return scores, {"integer_samples_per_second": len(test) / seconds}


def _layers(statistics: Any, mismatch: Any) -> dict[str, dict[str, float]]:
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
