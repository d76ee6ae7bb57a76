"""Open-loop forecasts: a ridge readout of a driven reservoir, and the baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis.forecasting.errors import valid_times
from hrsnn.analysis.forecasting.models import MODELS
from hrsnn.analysis.protocols.task_scores import check_score, further_scores, null_scores
from hrsnn.analysis.runs import RunOptions, SeriesRun, rates_of, run_task
from hrsnn.analysis.runs.models import forecaster_of
from hrsnn.analysis.runs.rates import Rates, warn_of_silence
from hrsnn.connectivity.null_models import Kept
from hrsnn.display import Tabular
from hrsnn.kinds import Network, NetworkSpec, build_network
from hrsnn.reading import has_decoder, reads_of
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks import SeriesTask
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Forecasting(Tabular):
    """Open-loop forecasts of a reservoir and its baselines, as returned by :func:`forecast`."""

    #: `nrmse` and `nrmse_v`: NRMSE of the reservoir on the test part, read from filtered spikes and from membrane
    #: potentials.
    nrmse: float
    nrmse_v: float
    #: `nrmse_uncoupled` and `nrmse_v_uncoupled`: The same without recurrent links.
    nrmse_uncoupled: float
    nrmse_v_uncoupled: float
    #: `nrmse_bank` and `nrmse_v_bank`: The same of the delay bank; None for a network without delays.
    nrmse_bank: float | None
    nrmse_v_bank: float | None
    #: NRMSE of the baselines: ``last_value``, ``linear_autoregression``, ``echo_state_network`` (of the same size).
    baselines: Mapping[str, float]
    #: In open loop, where each forecast starts from the true inputs: for ``reservoir``, ``reservoir_v``, ``no_recurrence``,
    #: ``no_recurrence_v``, with a decoder ``reservoir_decoded``, ``no_recurrence_decoded`` and ``ideal_system``, and each of
    #: the baselines, by threshold, the time until the error first exceeds it; see
    #: :func:`valid_times`. In closed loop: :func:`hrsnn.analysis.protocols.forecast_freely`.
    valid_time: Mapping[str, Mapping[float, float]]
    #: `target` and `prediction`: (times, outputs) Target and prediction (from filtered spikes) over the test part.
    target: Array
    prediction: Array
    #: Time for which each value was held (ms).
    hold: float
    reservoir: Network
    #: Spikes of the whole run.
    activity: Activity[Network]
    rates: Rates
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]
    #: Further scores that were asked for, each as ``network`` and ``no_recurrence``.
    further: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    #: `nrmse_decoded`, `nrmse_decoded_uncoupled` and `nrmse_ideal`: NRMSE read from the states that the network's decoder
    #: makes of the spikes, with and without recurrent links, and from those of the system that it follows; None for a
    #: network without a decoder, the last for an input of spikes too.
    nrmse_decoded: float | None = None
    nrmse_decoded_uncoupled: float | None = None
    nrmse_ideal: float | None = None
    #: (times, outputs) Predictions of the baselines over the test part.
    compared: Mapping[str, Array] = field(default_factory=dict, repr=False)
    #: Time from one value to the next, and its unit; names of the outputs.
    clock: tuple[float, str] = (1.0, "values")
    outputs: tuple[str, ...] = ()
    #: Number of columns that the readout sees of the filtered spikes and, with a decoder, of the decoded states.
    columns: Mapping[str, int] = field(default_factory=dict)
    #: Scale, network and readout as an estimator, to be saved and used on new data, where it was asked for.
    model: Any = None
    #: For each score, those of the null models that were asked for, by name.
    nulls: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def table(self) -> dict[str, list[Any]]:
        """Return the errors as a table, columns by name: of which network or model, and its NRMSE."""
        ours = {field.name: getattr(self, field.name) for field in fields(self) if field.name.startswith("nrmse")}
        found = {name.replace("nrmse", "network"): value for name, value in ours.items() if value is not None}
        return {"of": [*found, *self.baselines], "nrmse": [*found.values(), *self.baselines.values()]}

    def plot(self, figure: Figure | SubFigure | None = None) -> Figure:
        """Draw target, prediction and the best baseline, panels; see :func:`hrsnn.analysis.figures.forecast_series`."""
        from hrsnn.analysis.figures.forecasts import forecast_series, output_labels

        step, unit = self.clock
        best = min(self.compared, key=lambda name: self.baselines[name], default=None)
        return forecast_series(
            step * np.arange(len(self.target)),
            self.target,
            self.prediction,
            output_labels(self.outputs, self.target.reshape(len(self.target), -1).shape[1]),
            baselines={} if best is None else {best: self.compared[best]},
            time_label=f"Time ({unit})" if unit != "values" else "Value of the test part",
            figure=figure,
        )


@takes()
def forecast(
    task: SeriesTask,
    spec: NetworkSpec | None = None,
    *,
    baselines: Sequence[str] = tuple(MODELS),
    scores: Sequence[str] = (),
    nulls: Sequence[Kept] = (),
    quadratic: int = 0,
    model: bool = False,
    seed: int = 0,
    engine: str = "auto",
    progress: bool = False,
) -> Forecasting:
    """Forecast a series with a ridge readout of a reservoir with fixed weights.

    Parameters
    ----------
    task : SeriesTask
        From :func:`hrsnn.tasks.load_task`.
    spec : NetworkSpec, optional
        Specification of a network of any kind; by default a reservoir.
    baselines : sequence of str
        Models in :data:`hrsnn.analysis.forecasting.models.MODELS`, such as those that a task declares; other names, of
        baselines that are always computed, are ignored.
    scores : sequence of str
        Further scores, by their names in :data:`hrsnn.analysis.scoring.registry.SCORES`.
    nulls : sequence of {"degree", "sign", "distance"}
        Null models of the links whose scores are computed too: :func:`hrsnn.connectivity.null_models.null_model`.
    quadratic : int
        Number of principal components of the states whose squares and products the readouts of the network see too
        (:func:`hrsnn.regression.quadratic.quadratic_readout`), at most 100; 0: linear readouts.
    model : bool
        Whether to return the fitted estimator (:func:`hrsnn.analysis.runs.models.forecaster_of`).
    seed : int
        Seed of the reservoir, its background and the echo state network.
    engine : str
    progress : bool

    Returns
    -------
    Forecasting

    Raises
    ------
    InputError
        When an option is not allowed.

    Warns
    -----
    UndefinedWarning
        When no neuron spiked.

    Notes
    -----
    Every penalty, the number of lags, and the echo state network's spectral radius, input scale and leak are chosen on the
    last fifth of the training part; the test part is scored once.
    NRMSE is in units of the training part's standard deviation.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> from hrsnn.tasks import load_task
    >>> result = forecast(load_task("lorenz63", train=200, test=50), ReservoirSpec(neurons=30))
    >>> result.prediction.shape == result.target.shape
    True
    """
    options = RunOptions(seed=seed, quadratic=quadratic, engine=engine, progress=progress, watch=Stopwatch())
    for name in scores:
        check_score(name, task.kind)
    run = run_task(lambda channels: build_network(spec or ReservoirSpec(), seed, channels), task, options)
    assert isinstance(run, SeriesRun)
    uncoupled, bank, ideal = run.without_recurrence, run.delay_bank, run.of_ideal_system
    warn_of_silence(run.activity)
    with options.watch("readout"):
        prediction = run.forecast("states").prediction
        ours = {
            "reservoir": prediction,
            "reservoir_v": run.forecast("v").prediction,
            "no_recurrence": uncoupled.forecast("states").prediction,
            "no_recurrence_v": uncoupled.forecast("v").prediction,
        }
        if has_decoder(run.network):
            ours["reservoir_decoded"] = run.forecast("decoded").prediction
            ours["no_recurrence_decoded"] = uncoupled.forecast("decoded").prediction
        if ideal is not None:
            ours["ideal_system"] = ideal.forecast("decoded").prediction
        error = {name: run.error(each) for name, each in ours.items()}
        compared = {name: run.model_forecast(name) for name in baselines if name in MODELS}
        return Forecasting(
            nrmse=error["reservoir"],
            nrmse_v=error["reservoir_v"],
            nrmse_uncoupled=error["no_recurrence"],
            nrmse_v_uncoupled=error["no_recurrence_v"],
            nrmse_decoded=error.get("reservoir_decoded"),
            nrmse_decoded_uncoupled=error.get("no_recurrence_decoded"),
            nrmse_ideal=error.get("ideal_system"),
            columns={read: run.forecast(read).columns for read in reads_of(run.network) if read != "v"},
            nrmse_bank=None if bank is None else bank.error(bank.forecast("states").prediction),
            nrmse_v_bank=None if bank is None else bank.error(bank.forecast("v").prediction),
            baselines={name: run.error(other) for name, other in compared.items()},
            valid_time={
                name: valid_times(each[task.test], task.targets[task.test], task)
                for name, each in {**ours, **compared}.items()
            },
            target=task.targets[task.test],
            prediction=prediction[task.test],
            hold=task.hold,
            compared={name: each[task.test] for name, each in compared.items()},
            clock=task.clock,
            outputs=task.outputs,
            reservoir=run.network,
            activity=run.activity,
            rates=rates_of(run),
            further=further_scores(run, scores),
            model=forecaster_of(run) if model else None,
            nulls=null_scores(run, nulls, ("nrmse", "nrmse_v", *scores)),
            timing=options.watch.seconds,
        )
