"""``hrsnn forecast``: predict a chaotic series."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path

if not __package__:  # run as a file: the package is in the checkout, and this folder is no place to import from
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.command import Command, execute
from hrsnn.scripts.out_folder import Report


@dataclass(frozen=True, kw_only=True)
class Forecast(Command):
    """Forecast a chaotic series with a ridge readout, beside simpler models and an echo state network."""

    task: str = "lorenz63"
    """The series: lorenz63."""

    train: int = 500
    """Training values."""

    test: int = 100
    """Test values."""

    horizon: int = 1
    """How many values ahead."""

    def run(self) -> Report:
        """Forecast, and report the error beside those of the baselines."""
        from hrsnn.analysis.protocols import forecast
        from hrsnn.scripts import pictures
        from hrsnn.tasks import SeriesTask, load_task

        spec = self.reservoir_spec()
        task = load_task(self.task, train=self.train, test=self.test, horizon=self.horizon, seed=self.seed)
        if not isinstance(task, SeriesTask):
            raise InputError("--task", self.task, "is no series; see hrsnn classify")
        result = forecast(task, spec, seed=self.seed, engine=self.engine, progress=self.progress)
        return Report(
            title=(
                f"{task.name}: {self.train} training and {self.test} test values, {self.horizon} ahead, "
                f"{spec.neurons} neurons, seed {self.seed}"
            ),
            seed=self.seed,
            spec=spec,
            reservoir=result.reservoir,
            scores={"nrmse": result.nrmse, "nrmse_v": result.nrmse_v},
            baselines={
                "nrmse": {**result.baselines, "no_recurrence": result.nrmse_uncoupled},
                "nrmse_v": {**result.baselines, "no_recurrence": result.nrmse_v_uncoupled},
            },
            spikes=dataclasses.asdict(result.rates),
            draw=lambda: pictures.of_forecast(result),
            timing=result.timing,
            details={
                "task": task.name,
                "engine": self.engine,
                "train": self.train,
                "test": self.test,
                "horizon": self.horizon,
            },
        )


if __name__ == "__main__":
    sys.exit(execute(Forecast))
