"""Scores against damage and noise, with readouts fitted before.

Readouts are fitted to the intact network and tested on the perturbed one: what is measured is how well a network that is in
use bears damage, not how well another readout could make up for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hrsnn.analysis.protocols.task_scores import MAIN, task_scores
from hrsnn.analysis.runs import RunOptions, TaskRun, retested
from hrsnn.analysis.scoring.registry import SCORES
from hrsnn.analysis.studies.perturbations import PERTURBATIONS
from hrsnn.errors import InputError
from hrsnn.kinds import Network
from hrsnn.reservoir import Reservoir
from hrsnn.tasks import ClassificationTask, SeriesTask
from hrsnn.validation.units import takes


def perturbed(run: TaskRun, name: str, level: float, seed: int) -> TaskRun:
    """Return a run with the same readouts, tested on the network or the input after a perturbation.

    Raises
    ------
    InputError
        For an unknown perturbation, a level out of range, and a network that is no reservoir.
    """
    if name not in PERTURBATIONS:
        raise InputError("perturbation", name, f"must be one of {', '.join(PERTURBATIONS)}")
    one, network = PERTURBATIONS[name], run.network
    if not isinstance(network, Reservoir):
        raise InputError("network", network.kind, "must be a reservoir")
    changed = network if one.network is None else one.network(network, level, seed)
    stimulus = None if one.stimulus is None else one.stimulus(run.stimulus, level, seed)
    return retested(run, changed, stimulus)


#: Scores by name: of the intact network, and by perturbation and level.
Curves = dict[str, dict[str, float]]


@takes()
def perturbation_curves(
    network: Callable[[int], Network],
    task: ClassificationTask | SeriesTask,
    levels: Mapping[str, Sequence[float]],
    options: RunOptions | None = None,
    scores: Sequence[str] = (),
    *,
    recurrent: bool = True,
) -> Curves:
    """Score a network on a task, intact and perturbed, with readouts fitted to the intact network.

    Parameters
    ----------
    network : callable
        Function from a number of input channels to the reservoir.
    task : ClassificationTask or SeriesTask
    levels : mapping of str to sequence of float
        Levels of each perturbation in `PERTURBATIONS`.
    options : RunOptions, optional
        Its seed is also that of the perturbations.
    scores : sequence of str
        Names in :data:`hrsnn.analysis.scoring.registry.SCORES`; by default those that matter most for the task's kind.
    recurrent : bool
        False: the control without recurrent links, with readouts of its own and the same perturbations.

    Returns
    -------
    dict of str to dict of str to float
        For ``intact`` and each perturbation with a level, such as ``neurons 0.1``, the scores by name.

    Raises
    ------
    InputError
        When a perturbation or a score is unknown, a level is out of range, or the network is no reservoir.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.tasks import load_task
    >>> found = perturbation_curves(
    ...     lambda channels: build(ReservoirSpec(neurons=40), seed=1, channels=channels),
    ...     load_task("memory", values=600),
    ...     {"neurons": (0.0, 0.5)},
    ...     RunOptions(max_delay=5),
    ... )
    >>> list(found), found["intact"] == found["neurons 0"]
    (['intact', 'neurons 0', 'neurons 0.5'], True)
    """
    options = options or RunOptions()
    names = tuple(scores) or MAIN[task.kind]
    run: TaskRun = task_scores(
        network if recurrent else lambda channels: network(channels).without_recurrence(), task, options, names
    ).run
    found = {"intact": {name: SCORES[name].of(run) for name in names}}
    for perturbation, asked in levels.items():
        for level in asked:
            changed = perturbed(run, perturbation, level, options.seed)
            found[curve_name(perturbation, level)] = {name: SCORES[name].of(changed) for name in names}
    return found


def curve_name(perturbation: str, level: float) -> str:
    """Return the name of a perturbation of a level, such as "neurons 0.1"."""
    return f"{perturbation} {level:g}"
