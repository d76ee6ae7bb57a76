"""The fitted model of a run, to be saved and used on new data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hrsnn.analysis.runs.classes import TEST, ClassesRun, noise_seed
from hrsnn.analysis.runs.series import SeriesRun
from hrsnn.errors import InputError
from hrsnn.reading import Read, has_decoder, reads_of

if TYPE_CHECKING:
    from hrsnn.estimators import ReservoirClassifier, ReservoirForecaster


def classifier_of(run: ClassesRun) -> ReservoirClassifier:
    """Return the encoder, the network and the readout of a run as an estimator.

    Parameters
    ----------
    run : ClassesRun

    Returns
    -------
    ReservoirClassifier
        Of the test samples, it predicts the classes that the run did. Of a network with a decoder, the readout is the one of
        the neurons' states or of the decoded ones, whichever names more of the last fifth of the training samples correctly.

    Raises
    ------
    InputError
        When no unit varies, so that the readout sees nothing.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.analysis.runs import RunOptions, run_task
    >>> from hrsnn.tasks import load_task
    >>> digits = load_task("digits").subset(train=40, test=20)
    >>> run = run_task(lambda channels: build(ReservoirSpec(neurons=30), 0, channels), digits, RunOptions())
    >>> bool((classifier_of(run).predict(digits.x_test) == run.predicted).all())
    True
    """
    from sklearn.base import clone

    from hrsnn.estimators import ReservoirClassifier

    options, task = run.options, run.task
    reads: tuple[Read, ...] = ("states", "decoded") if has_decoder(run.network) else ("states",)
    read = max(reads, key=lambda one: float(run.readout_of(one).best_score_))
    pipeline = run.readout_of(read).best_estimator_
    if not pipeline["standardise"].kept_.any():
        raise InputError("network", f"{run.network.neurons} neurons", "must vary over the training samples: no unit does")
    chosen = options.select is not None and read == "states"
    return ReservoirClassifier.of_parts(
        pipeline,
        run.train[:1],
        encoder=None if task.encoder is None else clone(task.encoder).fit(task.x_train),
        reservoir=run.network,
        features="decoded" if read == "decoded" else "states" if options.states == "final" else "counts",
        windows=options.counted_windows,
        neurons=run.seen if chosen else None,
        readout=options.readout,
        engine=options.engine,
        seed=noise_seed(options.seed, TEST),
    )


def forecaster_of(run: SeriesRun) -> ReservoirForecaster:
    """Return the scale of the inputs, the network and the readout of a run as an estimator.

    Parameters
    ----------
    run : SeriesRun

    Returns
    -------
    ReservoirForecaster
        In the units of the data. Its readout is that of the filtered spikes, of v or of the decoded states, whichever has
        the smallest error on the last fifth of the training part.

    Raises
    ------
    InputError
        When the task has no scale, or no horizon.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.analysis.runs import RunOptions, run_task
    >>> from hrsnn.tasks import load_task
    >>> task = load_task("lorenz63", train=200, test=50)
    >>> run = run_task(lambda channels: build(ReservoirSpec(neurons=30), 0, channels), task, RunOptions())
    >>> model = forecaster_of(run)
    >>> model.predict(task.input_scale.original(task.inputs)).shape
    (350, 3)
    """
    from hrsnn.estimators import ReservoirForecaster

    task, options = run.task, run.options
    if task.input_scale is None or task.target_scale is None or task.horizon is None:
        raise InputError("task", task.name, "must be a series to forecast, with its scale")
    read = min(reads_of(run.network), key=lambda one: run.forecast(one).validation_error)
    return ReservoirForecaster.of_parts(
        run.forecast(read).readout.rescaled(task.target_scale.mean, task.target_scale.deviation),
        run.activity,
        mean=task.input_scale.mean,
        deviation=task.input_scale.deviation,
        outputs=task.targets.shape[1],
        continues=task.is_one_step_ahead,
        encoder=task.encoder,
        horizon=task.horizon,
        hold=task.hold,
        washout=task.washout,
        features=read,
        quadratic=options.quadratic,
        engine=options.engine,
        seed=options.seed,
    )
