"""Reports of networks trained by gradients: on a task with classes, and on a series."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrsnn.files.npz import write_npz
from hrsnn.scripts.cli.report import PNG, Report, write_outcome

if TYPE_CHECKING:
    from hrsnn.analysis.protocols.gradient_forecasting import TrainedForecasting
    from hrsnn.analysis.protocols.gradient_training import TrainedClassification
    from hrsnn.kinds import NetworkSpec
    from hrsnn.tasks import ClassificationTask, SeriesTask


@dataclass(frozen=True, kw_only=True)
class TrainingReport(Report):
    """Report of a training, which writes the readout and the epochs too."""

    result: TrainedClassification | TrainedForecasting

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json``, with PyTorch's version."""
        from importlib import metadata

        found = super().metrics()
        return {**found, "versions": {**found["versions"], "torch": metadata.version("torch")}}

    def write(self, folder: Path, formats: Sequence[str] = PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        from hrsnn.training.checkpoints import table

        arrays = {"weight": self.result.readout, "bias": self.result.bias}
        savers: dict[str, Callable[[Path], None]] = {
            f"{self.reservoir.kind}.npz": self.reservoir.save,
            "readout.npz": partial(write_npz, kind="readout", version=1, arrays=arrays),
        }
        files = {"timing.json": self.timing, "log.csv": table(list(self.result.training.epochs))}
        return write_outcome(self, folder, self.spec, self.draw(), files, savers, formats)


def classification_report(
    result: TrainedClassification, task: ClassificationTask, spec: NetworkSpec, title: str, details: Mapping[str, Any]
) -> TrainingReport:
    """Return the report of a training on classes; `title` is of the network, `details` of the options."""
    best = result.training.epochs[result.training.best]
    return TrainingReport(
        title=(
            f"{task.name}: {len(task.y_train)} training (30 % of them for validation) and {len(task.y_test)} test samples, "
            f"{title}"
        ),
        seed=details["seed"],
        spec=spec,
        reservoir=result.network,
        scores={"accuracy": result.accuracy},
        baselines={"accuracy": result.baselines},
        spikes=dataclasses.asdict(result.rates),
        draw=partial(_pictures, result, task.classes.tolist()),
        timing=result.timing,
        details={
            "task": task.name,
            "train_samples": len(task.y_train),
            "test_samples": len(task.y_test),
            "best_epoch": result.training.best,
            "validation_accuracy": best.validation_score,
            "parameters": result.parameters,
            **details,
        },
        result=result,
    )


def forecast_report(
    result: TrainedForecasting, task: SeriesTask, spec: NetworkSpec, title: str, details: Mapping[str, Any]
) -> TrainingReport:
    """Return the report of a training on a series; `title` is of the network, `details` of the options."""
    best = result.training.epochs[result.training.best]
    train, test = (part.stop - part.start for part in (task.train, task.test))
    ahead = {} if task.horizon is None else {"horizon": task.horizon}
    return TrainingReport(
        title=(
            f"{task.name}: {train} training (a quarter of them for validation) and {test} test values, "
            f"{f'{task.horizon} ahead, ' if ahead else ''}{title}"
        ),
        seed=details["seed"],
        spec=spec,
        reservoir=result.network,
        scores={"nrmse": result.nrmse, "nrmse_ridge": result.nrmse_ridge},
        baselines={"nrmse": result.baselines, "nrmse_ridge": result.baselines_ridge},
        spikes=dataclasses.asdict(result.rates),
        draw=partial(_forecast_pictures, result, task),
        timing=result.timing,
        details={
            "task": task.name,
            "train": train,
            "test": test,
            **ahead,
            "best_epoch": result.training.best,
            "validation_nrmse": best.validation_loss**0.5,
            "parameters": result.parameters,
            **details,
        },
        result=result,
    )


def _pictures(result: TrainedClassification, classes: list[Any]) -> Mapping[str, Any]:
    from hrsnn.scripts.cli import pictures

    return pictures.of_training(result, classes)


def _forecast_pictures(result: TrainedForecasting, task: SeriesTask) -> Mapping[str, Any]:
    from hrsnn.scripts.cli import pictures

    return pictures.of_trained_forecast(result, task)
