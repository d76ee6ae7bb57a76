"""Baselines of the scores of a task: what the same score is without the network, or without its recurrent links."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.forecasting.models import MODELS
from hrsnn.analysis.runs import ClassesRun, RunOptions, SeriesRun, TaskRun, share_correct
from hrsnn.analysis.scoring.echo_state_classes import fit_echo_state_features
from hrsnn.analysis.scoring.registry import SCORES
from hrsnn.connectivity.null_models import KEPT, Kept
from hrsnn.encoders.frames import window_means
from hrsnn.errors import InputError
from hrsnn.recording import filtered_states
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus

Array = NDArray[np.float64]
#: Time constant of filtered spikes, as of the states of a network (ms).
_TAU_STATE = 20.0
#: Function from a run and a score to values by label: none where the baseline has no such score.
Baseline = Callable[[TaskRun, str], dict[str, float]]


def baselines_of(run: TaskRun, names: Sequence[str], scores: Sequence[str]) -> dict[str, dict[str, float]]:
    """Compute the baselines of several scores of a run.

    Parameters
    ----------
    run : TaskRun
    names : sequence of str
        Names in `BASELINES`, as the task declares them.
    scores : sequence of str
        Names in :data:`hrsnn.analysis.scoring.SCORES`.

    Returns
    -------
    dict of str to dict of str to float
        For each score, values by label, in the order of `names`.

    Raises
    ------
    InputError
        For an unknown name.
    """
    for name in names:
        if name not in BASELINES:
            raise InputError("baselines", name, f"must be of {', '.join(BASELINES)}")
    found: dict[str, dict[str, float]] = {score: {} for score in scores}
    for name in names:
        for score in scores:
            found[score] |= BASELINES[name](run, score)
    return found


def _raw_input(run: TaskRun, score: str) -> dict[str, float]:
    if isinstance(run, ClassesRun) and score == "accuracy":
        from sklearn.base import clone

        task = run.task
        with run.options.watch("controls"):
            predicted = clone(task.raw_baseline).fit(task.x_train, task.y_train).predict(task.x_test)
        return {"raw_input": share_correct(predicted, task.y_test)}
    if isinstance(run, SeriesRun) and score.startswith("memory_capacity"):
        return {"raw_input": run.input_capacity.total}
    return {}


def _encoded_input(run: TaskRun, score: str) -> dict[str, float]:
    if not isinstance(run, ClassesRun) or score != "accuracy":
        return {}
    label = "encoder_means" if isinstance(run.train, Currents) else "encoder_counts"
    features = [_features(stimulus, run.options) for stimulus in (run.train, run.test)]
    return {label: share_correct(run.predictions(*features), run.task.y_test)}


def _features(stimulus: Stimulus, options: RunOptions) -> Array:
    """Return what a readout of the input sees instead of the states: counts or mean currents, or the end of the input."""
    if isinstance(stimulus, Currents):
        if options.states == "final":
            return np.asarray(stimulus.values[np.arange(len(stimulus)), stimulus.lengths - 1])
        return window_means([stimulus.sample(index) for index in range(len(stimulus))], options.counted_windows)
    if options.states == "final":
        ends = zip(range(len(stimulus)), stimulus.durations, strict=True)
        return np.stack(
            [
                filtered_states(*stimulus.sample(index), np.array([end]), _TAU_STATE, stimulus.n_channels)[0]
                for index, end in ends
            ]
        )
    return np.asarray(np.sqrt(stimulus.counts(options.counted_windows)))


def _no_recurrence(run: TaskRun, score: str) -> dict[str, float]:
    return {"no_recurrence": SCORES.find(score).of(run.without_recurrence)}


def _ideal_system(run: TaskRun, score: str) -> dict[str, float]:
    """Return a score of decoded states if they were those of the system that the network follows, without spikes."""
    ideal = run.of_ideal_system if "decoder" in SCORES.find(score).needs else None
    return {} if ideal is None else {"ideal_system": SCORES.find(score).of(ideal)}


def _delay_bank(run: TaskRun, score: str) -> dict[str, float]:
    bank = run.delay_bank
    return {} if bank is None else {"delay_bank": SCORES.find(score).of(bank)}


def _null_model(keep: Kept) -> Baseline:
    def baseline(run: TaskRun, score: str) -> dict[str, float]:
        null = run.null_model(keep)
        return {} if null is None else {null_name(keep): SCORES.find(score).of(null)}

    return baseline


def null_name(keep: Kept) -> str:
    """Return the name of the baseline that is a null model, such as "null_degree"."""
    return f"null_{keep}"


def _model(name: str) -> Baseline:
    def baseline(run: TaskRun, score: str) -> dict[str, float]:
        if not isinstance(run, SeriesRun) or not score.startswith("nrmse"):
            return {}
        return {name: run.error(run.model_forecast(name))}

    return baseline


def _echo_state_network(run: TaskRun, score: str) -> dict[str, float]:
    """Of as many units as the network has neurons, with its seed, and the readout of the run."""
    name = "echo_state_network"
    if not isinstance(run, ClassesRun):
        return _model(name)(run, score)
    if score != "accuracy":
        return {}
    options, task = run.options, run.task
    windows = 0 if options.states == "final" else options.counted_windows
    with options.watch("controls"):
        size = run.network.neurons
        features = fit_echo_state_features(run.train, task.y_train, size, options.seed, windows=windows)
        seen = [features(stimulus) for stimulus in (run.train, run.test)]
    return {name: share_correct(run.predictions(*seen), task.y_test)}


#: Baselines by the name under which tasks declare them.
BASELINES: Mapping[str, Baseline] = {
    "raw_input": _raw_input,
    "encoded_input": _encoded_input,
    "no_recurrence": _no_recurrence,
    "ideal_system": _ideal_system,
    "delay_bank": _delay_bank,
    **{null_name(keep): _null_model(keep) for keep in KEPT},
    **{name: _model(name) for name in MODELS},
    "echo_state_network": _echo_state_network,
}
