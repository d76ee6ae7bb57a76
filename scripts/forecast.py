"""``hrsnn forecast``: forecasts of a chaotic series."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import Flag, execute
from hrsnn.scripts.cli.report import Report, controls_of, joined, values_of
from hrsnn.scripts.cli.saved_model import SavesModel
from hrsnn.scripts.cli.task_arguments import DataArguments, NullArguments, scores_of, tasks_of

if TYPE_CHECKING:
    from hrsnn.analysis.protocols import Forecasting, FreeRunning
    from hrsnn.tasks import SeriesTask, TaskChoice

#: Training values, test values and starts, in open loop and in closed loop.
_OPEN, _CLOSED = (500, 100, 1), (5000, 10000, 10)


@dataclass(frozen=True, kw_only=True)
class Forecast(DataArguments, NullArguments, SavesModel):
    """Forecast a chaotic series with a ridge readout, simpler models, and an echo state network."""

    any_network: ClassVar[bool] = True

    task: Annotated[str, tyro.conf.arg(metavar="TASK", help_behavior_hint=tasks_of("series"))] = "lorenz63"
    """Series to forecast; `hrsnn tasks` describes all."""

    train: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 500, --closed-loop 5000)")] = None
    """Number of training values."""

    test: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 100, --closed-loop 10000)")] = None
    """Number of test values."""

    horizon: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 1)")] = None
    """Number of values ahead."""

    closed_loop: Flag = False
    """Feed forecasts back as inputs, and report valid prediction times."""

    starts: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 10)")] = None
    """With --closed-loop, number of starting points in the test part."""

    quadratic: int = 0
    """Number of principal components of the states whose squares and products the readout sees too; 0: linear."""

    scores: Annotated[tuple[str, ...], tyro.conf.arg(metavar="SCORE", help_behavior_hint=scores_of("series"))] = ()
    """Further scores, each with that of the network without recurrent links."""

    def run(self) -> Report:
        """Forecast, and report the error, or the valid times, with those of the baselines."""
        if self.starts is not None and not self.closed_loop:
            raise InputError("--starts", self.starts, "is for --closed-loop")
        if self.scores and self.closed_loop:
            raise InputError("--scores", " ".join(self.scores), "are of open loop: --closed-loop has its own")
        if self.save is not None and self.closed_loop:
            allowed = "is of open loop: `hrsnn predict --steps` closes the loop of a saved model"
            raise InputError("--save", self.save.name, allowed)
        if self.null and self.closed_loop:
            raise InputError("--null", " ".join(self.null), "is for open loop")
        choice = self.chosen(self.task, "series")
        train, test, starts = _CLOSED if self.closed_loop else _OPEN
        given = {"train": self.train, "test": self.test, "horizon": self.horizon}
        sizes = self.sizes(choice, given, {"train": train, "test": test, "horizon": 1})
        task = choice.load_series(**sizes, seed=self.seed)
        details: dict[str, object] = {
            "task": task.name,
            "engine": self.engine,
            "train": task.train.stop - task.train.start,
            "test": task.test.stop - task.test.start,
        }
        if task.horizon is not None:
            details["horizon"] = task.horizon
        if self.closed_loop:
            return self._freely(task, starts if self.starts is None else self.starts, details)
        return self._open(task, choice, details)

    def _open(self, task: SeriesTask, choice: TaskChoice, details: dict[str, object]) -> Report:
        from hrsnn.analysis.protocols import forecast
        from hrsnn.scripts.cli import pictures
        from hrsnn.tasks.new_samples import ModelInput

        spec, ahead = self.network_spec(), details.get("horizon")
        result = forecast(
            task,
            spec,
            baselines=choice.declaration.baselines,
            scores=self.scores,
            nulls=self.null,
            quadratic=self.quadratic,
            seed=self.seed,
            engine=self.engine,
            model=self.save is not None,
            progress=self.progress,
        )
        found = Report(
            title=(
                f"{task.name}: {details['train']} training and {details['test']} test values, "
                f"{f'{ahead} ahead, ' if ahead else ''}"
                f"{spec.neurons} neurons, seed {self.seed}"
            ),
            seed=self.seed,
            spec=spec,
            reservoir=result.reservoir,
            scores={
                "nrmse": result.nrmse,
                "nrmse_v": result.nrmse_v,
                **({} if result.nrmse_decoded is None else {"nrmse_decoded": result.nrmse_decoded}),
                **values_of(result.further),
            },
            baselines=joined(
                {
                    **controls_of(result.further),
                    "nrmse": {
                        **result.baselines,
                        "no_recurrence": result.nrmse_uncoupled,
                        **({} if result.nrmse_bank is None else {"delay_bank": result.nrmse_bank}),
                    },
                    "nrmse_v": {
                        **result.baselines,
                        "no_recurrence": result.nrmse_v_uncoupled,
                        **({} if result.nrmse_v_bank is None else {"delay_bank": result.nrmse_v_bank}),
                    },
                    **_of_decoder(result),
                },
                result.nulls,
            ),
            spikes=dataclasses.asdict(result.rates),
            draw=lambda: pictures.of_forecast(result),
            timing=result.timing,
            details={**details, "quadratic": self.quadratic, "readout_columns": result.columns},
        )
        self.keep(result.model, choice, ModelInput(choice.settings), found)
        return found

    def _freely(self, task: SeriesTask, starts: int, details: dict[str, object]) -> Report:
        from hrsnn.analysis.protocols import forecast_freely
        from hrsnn.scripts.cli import pictures

        spec = self.network_spec()
        result = forecast_freely(
            task,
            spec,
            starts=starts,
            quadratic=self.quadratic,
            seed=self.seed,
            engine=self.engine,
            progress=self.progress,
        )
        unit = "steps" if task.lyapunov_exponent is None else "Lyapunov times"
        scores, baselines = _valid_times(result)
        return Report(
            title=(
                f"{task.name} in closed loop: valid times in {unit} (at most {result.longest:.4g}), "
                f"mean of {starts} starts, {details['train']} training values, {spec.neurons} neurons, seed {self.seed}"
                f"{_right_to_the_end(result)}"
            ),
            seed=self.seed,
            spec=spec,
            reservoir=result.reservoir,
            scores=scores,
            baselines=baselines,
            spikes=dataclasses.asdict(result.rates),
            draw=lambda: pictures.of_free_running(result, unit, task.outputs),
            timing=result.timing,
            details={
                **details,
                "quadratic": self.quadratic,
                "closed_loop": True,
                "starts": starts,
                "unit": unit,
                "longest": result.longest,
                # for each start, a value for each threshold
                "valid_times": result.valid_times,
                # share of starts, by threshold, at which a forecast was valid to the end
                "censored": {name: each for name, each in result.censored.items() if any(each.values())},
            },
        )


def _of_decoder(result: Forecasting) -> dict[str, dict[str, float]]:
    """Return the baselines of a network's own decoder: models, no recurrence, and the system that it follows."""
    if result.nrmse_decoded_uncoupled is None:
        return {}
    ideal = {} if result.nrmse_ideal is None else {"ideal_system": result.nrmse_ideal}
    return {"nrmse_decoded": {**result.baselines, "no_recurrence": result.nrmse_decoded_uncoupled, **ideal}}


def _right_to_the_end(result: FreeRunning) -> str:
    """Describe the models that were valid to the end of some segments: their mean valid times are too low."""
    shares = {name.replace("_", " "): max(each.values()) for name, each in result.censored.items()}
    return "".join(f"; {name} right to the end in {share:.0%} of the starts" for name, share in shares.items() if share)


def _valid_times(result: FreeRunning) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return mean valid times by threshold, from spikes and then from v, with those of the baselines."""
    scores, baselines = {}, {}
    for suffix in ("", "_v", "_decoded"):
        if f"reservoir{suffix}" not in result.valid_time:
            continue
        compared = {"no_recurrence": f"no_recurrence{suffix}"}
        compared |= {"ideal_system": "ideal_system"} if suffix == "_decoded" else {}
        compared |= {name: name for name in ("last_value", "linear_autoregression", "echo_state_network")}
        for threshold, value in result.valid_time[f"reservoir{suffix}"].items():
            score = f"valid_time{suffix}_{threshold}"
            scores[score] = value
            baselines[score] = {label: result.valid_time[name][threshold] for label, name in compared.items()}
    return scores, baselines


if __name__ == "__main__":
    sys.exit(execute(Forecast))
