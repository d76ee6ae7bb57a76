"""The scores of a network on a task, with their baselines: what all commands and studies stand on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hrsnn.analysis.runs import RECORDS, RunOptions, TaskRun, rates_of, run_task
from hrsnn.analysis.runs.controls import has_links
from hrsnn.analysis.runs.rates import Rates
from hrsnn.analysis.scoring.baselines import BASELINES, baselines_of, null_name
from hrsnn.analysis.scoring.contract import Score
from hrsnn.analysis.scoring.registry import SCORES
from hrsnn.connectivity.null_models import KEPT, Kept
from hrsnn.display import Tabular
from hrsnn.errors import InputError
from hrsnn.kinds import Network
from hrsnn.tasks import ClassificationTask, SeriesTask

#: Scores of a task of each kind, unless others are asked for; the first is the one that matters most.
MAIN: Mapping[str, tuple[str, ...]] = {
    "classes": ("accuracy",),
    "series": ("nrmse", "nrmse_v"),
    "memory": ("memory_capacity", "memory_capacity_v"),
}


@dataclass(frozen=True)
class TaskScores(Tabular):
    """Scores of a run, as returned by :func:`task_scores`.

    Attributes
    ----------
    scores : mapping of str to float
        Scores by name, in the order asked for; nan where one is undefined.
    baselines : mapping of str to mapping of str to float
        For each score, its baselines by name: ``baselines["accuracy"]["no_recurrence"]``.
    rates : Rates
        Rates during the run, such as ``rates.mean_rate`` (Hz).
    run : TaskRun
        Activities, states and readouts.
    """

    scores: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]]
    rates: Rates
    run: TaskRun

    def table(self) -> dict[str, list[Any]]:
        """Return all scores as a table, columns by name: the score, of which network or model, and the value."""
        columns: dict[str, list[Any]] = {"score": [], "of": [], "value": []}
        for score, value in self.scores.items():
            for of, one in {"network": value, **self.baselines.get(score, {})}.items():
                for column, entry in zip(columns, (score, of, one), strict=True):
                    columns[column].append(entry)
        return columns


def task_scores(
    network: Callable[[int], Network],
    task: ClassificationTask | SeriesTask,
    options: RunOptions | None = None,
    scores: Sequence[str] = (),
    *,
    baselines: Sequence[str] = (),
    records: Sequence[str] = (),
) -> TaskScores:
    """Score a network on a task.

    With ``options.plastic``, STDP runs over the training part first, without labels or targets. Weights are then fixed.
    Readouts are fitted and tuned on the training part; the test part is scored once.

    Parameters
    ----------
    network : callable
        Function from a number of input channels to the network.
    task : ClassificationTask or SeriesTask
    options : RunOptions, optional
    scores : sequence of str
        Names in :data:`hrsnn.analysis.scoring.registry.SCORES`; by default `MAIN` of the task's kind.
    baselines : sequence of str
        Names in :data:`hrsnn.analysis.scoring.baselines.BASELINES`, such as those that the task declares.
    records : sequence of str
        Of "spikes", "states" and "v": recorded even if no score needs them.

    Returns
    -------
    TaskScores

    Raises
    ------
    InputError
        When a score or a baseline is unknown, or a score is not defined for this kind of task.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.tasks import load_task
    >>> task = load_task("memory", values=600)
    >>> found = task_scores(
    ...     lambda channels: build(ReservoirSpec(neurons=30), seed=1, channels=channels),
    ...     task,
    ...     RunOptions(max_delay=5),
    ...     baselines=("no_recurrence", "raw_input"),
    ... )
    >>> list(found.scores), list(found.baselines["memory_capacity"])
    (['memory_capacity', 'memory_capacity_v'], ['no_recurrence', 'raw_input'])
    """
    names = tuple(scores) or MAIN[task.kind]
    needed = {need for name in names for need in check_score(name, task.kind).needs}
    wanted = tuple(record for record in RECORDS if record in needed or record in records)
    run = run_task(network, task, options or RunOptions(), wanted)
    if baselines:  # of every network with a decoder, whatever the task
        baselines = (*baselines, "ideal_system")
    return TaskScores(
        scores={name: SCORES[name].of(run) for name in names},
        baselines=baselines_of(run, baselines, names),
        rates=rates_of(run),
        run=run,
    )


def scores_for(names: Sequence[str], kind: str) -> tuple[str, ...]:
    """Return those of `names` that are defined for tasks of this kind.

    Raises
    ------
    InputError
        When there is no such score, or it cannot be computed from a run.
    """
    found = []
    for name in names:
        score = SCORES.find(name)
        if score.function is None:
            known = ", ".join(SCORES.where(lambda one: one.function is not None))
            raise InputError("score", name, f"is only reported by a command of its own; those of any network are {known}")
        if kind in score.kinds:
            found.append(name)
    return tuple(found)


def further_scores(run: TaskRun, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Compute scores of a run that has all records, with those without recurrent links.

    Parameters
    ----------
    run : TaskRun
    names : sequence of str
        Names in :data:`hrsnn.analysis.scoring.registry.SCORES`.

    Returns
    -------
    dict of str to dict of str to float
        For each score ``network`` and ``no_recurrence``, of decoded states ``ideal_system`` too.

    Raises
    ------
    InputError
        When a score is unknown, or not defined for this kind of task.
    """
    found = {name: check_score(name, run.task.kind) for name in names}
    runs = {"network": run, "no_recurrence": run.without_recurrence} if found else {}
    values = {name: {label: score.of(one) for label, one in runs.items()} for name, score in found.items()}
    return {name: {**each, **BASELINES["ideal_system"](run, name)} for name, each in values.items()}


def null_scores(run: TaskRun, nulls: Sequence[Kept], names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Compute scores of null models of a run's network.

    Parameters
    ----------
    run : TaskRun
    nulls : sequence of str
        What they keep: "degree", "sign", "distance" (:func:`hrsnn.connectivity.null_models.null_model`).
    names : sequence of str
        Names in :data:`hrsnn.analysis.scoring.registry.SCORES`.

    Returns
    -------
    dict of str to dict of str to float
        For each score, values by the names of the null models: ``null_degree``, ``null_sign``, ``null_distance``.

    Raises
    ------
    InputError
        When the network is no reservoir with recurrent links, or what is kept is none of these.
    """
    for keep in nulls:
        if keep not in KEPT:
            raise InputError("null", keep, f"must be of {', '.join(KEPT)}")
    if nulls and not has_links(run.initial):
        raise InputError("null", tuple(nulls), f"needs a reservoir with recurrent links, and this is a {run.initial.kind}")
    return baselines_of(run, [null_name(keep) for keep in dict.fromkeys(nulls)], names)


def check_score(name: str, kind: str) -> Score:
    """Return the declaration of a score that can be computed for tasks of this kind.

    Raises
    ------
    InputError
        When there is no such score; the message names those of this kind.
    """
    score = SCORES.find(name)
    if score.function is None or kind not in score.kinds:
        known = ", ".join(SCORES.where(lambda one: one.function is not None and kind in one.kinds))
        raise InputError("score", name, f"is not defined for tasks of the kind {kind}, which have {known}")
    return score
