"""``hrsnn predict``: a saved model on new data."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import Draws, execute
from hrsnn.scripts.cli.settings import pairs_of, value_of
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from hrsnn.estimators import ReservoirForecaster
    from hrsnn.scripts.reports.prediction_report import ForecastSeries, NamedSamples
    from hrsnn.tasks.new_samples import ModelInput

#: Most values of a continuation.
_MOST_STEPS = 10**6


@dataclass(frozen=True, kw_only=True)
class Predict(Draws):
    """Name the classes of new samples, or forecast a new series, by a model that `classify` or `forecast` has saved."""

    model: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")]
    """File that `hrsnn classify --save` or `hrsnn forecast --save` wrote."""

    new_data: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
    """Samples, with labels or without: npz, ts, h5, a recording or an image, or a folder of them; of a series, a table."""

    steps: int = 0
    """Number of values by which a series is continued in closed loop, each forecast being the next input."""

    task_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """Option by which the data are read, in place of that in the model, such as column=speed."""

    def check(self) -> None:
        """Raise an error before the work: for a number of steps."""
        count_of("--steps", self.steps, 0, _MOST_STEPS)

    def run(self) -> NamedSamples | ForecastSeries:
        """Use the model."""
        from hrsnn.estimators import ReservoirForecaster
        from hrsnn.estimators.model_file import describe_model, load_model

        model, about = load_model(self.model), describe_model(self.model)
        if isinstance(model, ReservoirForecaster):
            return self._forecast(model, about)
        if not (hasattr(model, "predict") and hasattr(model, "classes_")):
            raise InputError("MODEL", type(model).__name__, "must be a classifier or a forecaster")
        if self.steps:
            raise InputError("--steps", self.steps, f"is of forecasters; the model is a {type(model).__name__}")
        return self._named(model, about)

    def _named(self, model: Any, about: Mapping[str, Any]) -> NamedSamples:
        from hrsnn.scripts.reports.prediction_report import NamedSamples
        from hrsnn.tasks.recognition import new_samples

        found = new_samples(self.new_data, "classes", self._takes(about))
        labels = None if found.labels is None else _like(found.labels, model.classes_)
        return NamedSamples(
            title=self._title(len(found.names), "sample", model, about),
            names=found.names,
            predicted=model.predict(found.x),
            classes=model.classes_,
            probabilities=model.predict_proba(found.x) if hasattr(model, "predict_proba") else None,
            labels=labels,
        )

    def _forecast(self, model: ReservoirForecaster, about: Mapping[str, Any]) -> ForecastSeries:
        from hrsnn.analysis import nrmse
        from hrsnn.scripts.reports.prediction_report import ForecastSeries
        from hrsnn.tasks.recognition import new_samples

        found = new_samples(self.new_data, "series", self._takes(about))
        inputs = np.asarray(found.x)
        if inputs.shape[1] != model.n_features_in_:
            said = f"{inputs.shape[1]} columns of numbers"
            raise InputError("DATA", said, f"the model takes {model.n_features_in_}: choose with --task-option column=NAME")
        forecast = model.predict(inputs).reshape(len(inputs), -1)
        own = model.continues_ or forecast.shape[1] == inputs.shape[1]
        target = None if found.labels is None or found.labels.shape[1] != forecast.shape[1] else found.labels
        ahead, begin = model.horizon, model.washout
        scores, baselines = {}, {}
        if target is not None and len(inputs) - ahead > begin + 1:
            # in units of the training part's standard deviation where outputs are inputs, as in training
            scale = model.scale_ if own else target.std(axis=0)
            scores["nrmse"] = nrmse(forecast[begin:-ahead], target[begin + ahead :], scale=scale)
            if own:
                last = nrmse(target[begin:-ahead], target[begin + ahead :], scale=scale)
                baselines["nrmse"] = {"last_value": last}
        empty = np.empty((0, forecast.shape[1]))
        return ForecastSeries(
            title=self._title(len(inputs), "row", model, about),
            outputs=[str(name) for name in found.names][: forecast.shape[1]],
            horizon=ahead,
            forecast=forecast,
            target=target,
            continuation=model.forecast(self.steps, after=inputs) if self.steps else empty,
            scores=scores,
            baselines=baselines,
            washout=begin,
        )

    def _takes(self, about: Mapping[str, Any]) -> ModelInput:
        """Return what the model takes, with the options given here in place of its own."""
        from hrsnn.tasks.new_samples import ModelInput
        from hrsnn.tasks.registry import TASKS

        kept = about.get("input", {})
        options = dict(kept.get("options", {}))
        known = TASKS.find(about["task"]).options if about.get("task") in TASKS else {}
        for name, text in pairs_of(self.task_option, "--task-option"):
            if known and name not in known:
                raise InputError(
                    "--task-option", name, f"is no option of the task {about['task']}: known are {', '.join(known)}"
                )
            options[name] = text if known and known[name].takes_text else value_of("--task-option", name, text)
        return ModelInput(options, kept.get("shape"), kept.get("whole"), kept.get("rate"))

    def _title(self, count: int, what: str, model: Any, about: Mapping[str, Any]) -> str:
        of = about.get("title", type(model).__name__)
        return f"{count} {what}{'s' if count != 1 else ''} of {self.new_data.name}, by {self.model.name} ({of})"


def _like(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return labels in the type of the classes: folders have names, and arrays may have numbers."""
    if labels.dtype.kind == classes.dtype.kind or {labels.dtype.kind, classes.dtype.kind} <= set("iu"):
        return labels
    names = {str(one): one for one in classes.tolist()}
    return np.array([names.get(str(one), one) for one in labels.tolist()], dtype=object)


if __name__ == "__main__":
    sys.exit(execute(Predict))
