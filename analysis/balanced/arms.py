"""Arms of the studies of balance: the balanced network of a specification and its controls, with the scores of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sklearn.base import clone

from hrsnn.analysis.balanced.controls import ANY_NUMBER, CONTROLS, ONE, at_rate
from hrsnn.analysis.balanced.cue_accumulation import accuracy_and_balance
from hrsnn.analysis.balanced.tracking import Tracking, track
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.errors import InputError
from hrsnn.simulation import simulate
from hrsnn.tasks import load_task
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.units import takes

#: Leak of the network that keeps its states in ongoing spikes (1/s), and the samples with which rates are matched.
MEMORY_LEAK, _MATCHED_ON = 5.0, 40
#: Arms of tracking and of the cue task, each with the rule by which neurons spike in a step.
TRACKING_ARMS: Mapping[str, str] = {
    "balanced": ONE,
    **{name: CONTROLS[name].rule for name in ("balanced_uncapped", "no_recurrence", "shuffled")},
}
CUE_ARMS: Mapping[str, str] = {
    "balanced": ONE,
    "balanced_uncapped": ANY_NUMBER,
    "no_recurrence": ANY_NUMBER,
    "no_recurrence_at_rate": ANY_NUMBER,
    "shuffled": ANY_NUMBER,
    "unbalanced": ANY_NUMBER,
    "unbalanced_capped": ONE,
    "balanced_memory": ONE,
    "memory_no_recurrence": ANY_NUMBER,
}
#: Arms of the cue task with conductances, simulated by Brian2.
CONDUCTANCE_ARMS: Mapping[str, str] = {"conductances": ONE, "conductances_no_recurrence": ANY_NUMBER}


@dataclass(frozen=True)
class CueOptions:
    """Sizes of the cue task, and what is read at the end of a sample."""

    train: int = 200  #: samples of the training part
    test: int = 200  #: samples of the part that is scored
    shared_noise: bool = False  #: whether all parts have the same random numbers for their spikes
    tau: float = 15.0  #: time constant of the readout of the end (ms)
    end: float = 150.0  #: length of the end (ms)
    balanced_samples: int = 10  #: samples whose currents are computed

    def task(self, seed: int) -> ClassificationTask:
        """Return the task of a seed."""
        options: dict[str, Any] = {"train": self.train, "test": self.test, "shared_noise": self.shared_noise}
        task = load_task("cue", **options, seed=seed)
        assert isinstance(task, ClassificationTask)
        return task


@takes()
def cue_network(arm: str, spec: BalancedSpec, task: ClassificationTask, seed: int = 0) -> BalancedNetwork:
    """Return the network of an arm, in `CUE_ARMS`, for a task of spike trains.

    ``balanced``; ``balanced_uncapped``, ``no_recurrence``, ``shuffled``, ``unbalanced`` and ``unbalanced_capped``, of
    :data:`hrsnn.analysis.balanced.controls.CONTROLS`; ``no_recurrence_at_rate``, with input weights by which it has the rate
    of ``balanced`` on 40 training samples; ``balanced_memory``, with a leak of 5/s, and ``memory_no_recurrence``, the same
    without links. ``conductances`` and ``conductances_no_recurrence`` are the first and its control, whose synapses
    :func:`cue_scores` replaces.

    Raises
    ------
    InputError
        When the arm is unknown, or its rate cannot be reached.
    """
    known = [*CUE_ARMS, *CONDUCTANCE_ARMS]
    if arm not in known:
        raise InputError("arm", arm, f"must be one of {', '.join(known)}")
    channels = task.x_train.n_channels
    if arm in ("balanced_memory", "memory_no_recurrence"):
        network = build_balanced(spec.updated({"leak": MEMORY_LEAK}), seed, channels)
        return network if arm == "balanced_memory" else network.without_recurrence()
    network = build_balanced(spec, seed, channels)
    if arm in ("balanced", "conductances"):
        return network
    if arm == "conductances_no_recurrence":
        return network.without_recurrence()
    if arm != "no_recurrence_at_rate":
        return CONTROLS[arm].make(network, seed)
    some = task.x_train[:_MATCHED_ON]
    rate = float(simulate(network.with_matrices(), some, seed=seed).rates.mean())
    return at_rate(network.without_recurrence(), some, rate, seed) if rate else network.without_recurrence()


@takes()
def cue_scores(arm: str, spec: BalancedSpec, options: CueOptions, seed: int = 0, engine: str = "auto") -> dict[str, float]:
    """Return the scores of an arm on the task of a seed: :func:`accuracy_and_balance`; of ``raw_input``, two accuracies.

    Raises
    ------
    InputError
        As :func:`cue_network` and :func:`hrsnn.analysis.balanced.cue_accumulation.accuracy_and_balance`.
    """
    task = options.task(seed)
    if arm == "raw_input":
        duration = float(task.x_train.durations[0])
        windows = {"accuracy": 0.0, "accuracy_recall": duration - options.end}
        found = {}
        for name, begin in windows.items():
            train, test = (x.time_slice(begin, duration) for x in (task.x_train, task.x_test))
            found[name] = float(clone(task.raw_baseline).fit(train, task.y_train).score(test, task.y_test))
        return found
    network = cue_network(arm, spec, task, seed)
    simulated = None
    if arm in CONDUCTANCE_ARMS:
        from hrsnn.engines.brian.conductances import conductance_spikes

        simulated = partial(conductance_spikes, network)
    return accuracy_and_balance(
        network,
        task,
        tau=options.tau,
        end=options.end,
        balanced_samples=options.balanced_samples,
        seed=seed,
        engine=engine,
        simulated=simulated,
    )


@takes()
def tracked(arm: str, spec: BalancedSpec, seed: int = 0, duration: float = 2000.0, engine: str = "auto") -> Tracking:
    """Return the tracking of an arm, in `TRACKING_ARMS`; the estimate of a control has the factor of the least error.

    Raises
    ------
    InputError
        When the arm is unknown, or the targets cannot be reached.
    """
    if arm not in TRACKING_ARMS:
        raise InputError("arm", arm, f"must be one of {', '.join(TRACKING_ARMS)}")
    channels = len(spec.input_matrix[0]) if spec.input_matrix is not None else spec.states
    network = build_balanced(spec, seed, channels)
    own = arm == "balanced"
    made = network if own else CONTROLS[arm].make(network, seed)
    return track(made, duration=duration, scaled=not own, seed=seed, engine=engine)
