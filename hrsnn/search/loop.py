"""Resumable search loop: propose a batch, evaluate it, record the results."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.errors import HrsnnError, InputError
from hrsnn.kinds.contract import NetworkSpec
from hrsnn.runtime.clusters import connect_cluster
from hrsnn.runtime.parallel import run_all
from hrsnn.runtime.progress import progress_bar
from hrsnn.runtime.seeds import generator
from hrsnn.runtime.stopping import check_stopped
from hrsnn.search.result import Direction, Measurement, SearchResult, SearchTrial
from hrsnn.search.sampler import REPLICATES, VIOLATIONS, DistributionSampler
from hrsnn.search.space import Space
from hrsnn.search.storages import is_shared
from hrsnn.search.studies import open_study
from hrsnn.spec import ReservoirSpec
from hrsnn.validation.limits import check_name
from hrsnn.validation.numbers import count_of, repeats_of
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

_ERROR = "error"
#: Maximum number of successive times that processes are killed before a search fails.
_RETRIES = 5


Objective = Callable[[Any, int], "float | Measurement"]


@takes()
def search(
    spec: NetworkSpec | None,
    space: Space,
    objective: Objective,
    *,
    trials: int = 40,
    workers: int = 1,
    batch: int = 4,
    seeds: int = 3,
    direction: Direction = "maximize",
    storage: str | os.PathLike[str] | None = None,
    name: str = "search",
    resume: bool = False,
    seed: int = 0,
    sampler: BaseSampler | None = None,
    start_at_spec: bool = True,
    cluster: Any = None,
    progress: bool | Callable[[float, float], None] = False,
) -> SearchResult:
    """Maximise or minimise an objective over a space of distributions.

    Parameters
    ----------
    spec : ReservoirSpec, optional
        Spec in which the parameters of each trial are set.
    space : Space
    objective : callable
        Function from a spec and a seed to a number, or to :class:`Measurement`. It runs in other processes if `workers` is
        more than 1. If it has ``settings`` (a mapping), a study is resumed only with equal settings.
    trials : int
        Total number of points, including those of a resumed study.
    workers : int
        Number of evaluations at a time, each in its own process; the result does not depend on it.
    batch : int
        Number of points proposed at a time; the result depends on it.
    seeds : int
        Number of evaluations of each point, with different seeds, of which the mean is used.
    direction : {"maximize", "minimize"}
    storage : path or URL, optional
        A SQLite file, from which an interrupted search can be resumed; or the URL of a database, which several machines may
        share, each with its own search that stops when there are `trials` in total. Default: memory.
    name : str
        Name of the study in the storage.
    resume : bool
        Whether to continue the study in the file, or start it where there is none, with a message in the log ``hrsnn``.
        Otherwise an existing study is an error.
    seed : int
        Seed of the search; with a trial's number, also of its evaluations.
    sampler : optuna sampler, optional
        Sampler of points, by default a :class:`DistributionSampler`.
    start_at_spec : bool
        Whether the first point is the spec itself, if it is inside the space.
    cluster : str or client, optional
        Dask cluster to use instead of processes on this machine: see :func:`hrsnn.runtime.parallel.run_all`.
    progress : bool or callable
        True: show a bar on stderr. A callable gets (trials done, trials in total).

    Returns
    -------
    SearchResult

    Raises
    ------
    InputError
        When an option is not allowed.
    FileError
        When the storage cannot be used: see :func:`hrsnn.search.studies.open_study`.
    HrsnnError
        When all initial trials failed, with the error of the last one; or processes are killed repeatedly.

    Notes
    -----
    If an evaluation raises or returns nan, its trial is marked as failed and the search continues. After Ctrl-C or a kill,
    only the running evaluations are lost: a resumed search runs them again with the same parameters and seeds, and its
    result is that of an uninterrupted one. With a shared database the proposals depend on the order in which machines
    finish, so that results are not reproducible.

    The best value is biased upwards by selection: evaluate the best spec again, with seeds that the search has not used.

    Examples
    --------
    >>> def distance(spec, seed):
    ...     return abs(spec.tau_m_exc.mean - 20.0)
    >>> space = Space.of({"tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1.0]}})
    >>> result = search(None, space, distance, trials=16, seeds=1, direction="minimize")
    >>> len(result.trials), result.best.value < 2
    (16, True)
    """
    base = spec or ReservoirSpec()
    trials, workers, batch = count_of("trials", trials), count_of("workers", workers), repeats_of("batch", batch)
    seeds = repeats_of("seeds", seeds)
    check_name("name", name)
    if direction not in ("maximize", "minimize"):
        raise InputError("direction", direction, "must be 'maximize' or 'minimize'")
    startup = max(2, min(len(space.distributions()) + 1, trials // 3))
    chosen = sampler or DistributionSampler(space, startup=startup, seed=seed)
    settings = {
        "direction": direction,
        "space": space.to_dict(),
        "spec": base.to_toml(),
        "seed": seed,
        "seeds": seeds,
        "batch": batch,
        "sampler": getattr(chosen, "name", type(chosen).__name__),
        "objective": getattr(objective, "settings", None),
    }
    evaluate = _Evaluation(objective, base, space, seed, seeds)
    first = space.parameters(base) if start_at_spec else None
    with (
        open_study(storage, name, settings, chosen, first=first, resume=resume) as study,
        connect_cluster(cluster, workers) as client,
    ):
        run = _Run(study, space, evaluate, workers, client)
        if is_shared(storage):
            run.shared(trials)
        else:
            with progress_bar(progress, trials, "trials") as tell:
                run.alone(trials, batch, startup, tell)
        found = tuple(_kept(one) for one in study.get_trials(deepcopy=False) if _finished(one))
    return SearchResult(base, space, direction, found)


@dataclass(frozen=True)
class _Evaluation:
    """Evaluation of the objective for a trial's parameters and one of its seeds; exceptions are returned as outcomes."""

    objective: Objective
    spec: NetworkSpec
    space: Space
    seed: int
    seeds: int

    def tasks(self, number: int, parameters: Mapping[str, float]) -> list[tuple[Mapping[str, float], int]]:
        """Return the parameters with each of the seeds of trial `number`."""
        drawn = generator(self.seed, "search", "trial", number).integers(2**31, size=self.seeds)
        return [(parameters, int(one)) for one in drawn]

    def __call__(self, task: tuple[Mapping[str, float], int]) -> Measurement | str:
        parameters, seed = task
        try:
            found = self.objective(self.space.spec(parameters, self.spec), seed)
            measured = found if isinstance(found, Measurement) else Measurement(float(found))
            numbers = [float(measured.value), *(float(value) for value in measured.violations.values())]
        except Exception as error:
            check_stopped()  # an interrupted evaluation has not failed
            return f"{type(error).__name__}: {error}"
        if not np.isfinite(numbers).all():
            return f"the objective returned {measured.value:g}, with violations {dict(measured.violations)}"
        return measured


@dataclass(frozen=True)
class _Run:
    """The part of a search that runs in this process."""

    study: Study
    space: Space
    evaluate: _Evaluation
    workers: int
    cluster: Any

    def alone(
        self,
        trials: int,
        batch: int,
        startup: int,
        tell: Callable[[float], None],
    ) -> None:
        """Run batches, beginning with unfinished trials of an earlier process."""
        from optuna.trial import TrialState

        while True:
            every = [one for one in self.study.get_trials(deepcopy=False) if one.state != TrialState.WAITING]
            begun = [self._completed(one) for one in every if one.state == TrialState.RUNNING]
            tell(len(every) - len(begun))
            self._stop_where_all_fail([one for one in every if one.state != TrialState.RUNNING], startup)
            # number of the first trial of the batch: all trials of a batch are started before any is finished
            number = begun[0].number if begun else len(every)
            for _ in range(len(every), min(trials, (number // batch + 1) * batch)):
                begun.append(self.study.ask(self.space.distributions()))
            if not begun:
                return
            tasks = [task for one in begun for task in self.evaluate.tasks(one.number, one.params)]
            outcomes = run_all(self.evaluate, tasks, jobs=self.workers, retries=_RETRIES, cluster=self.cluster)
            for k, one in enumerate(begun):
                self._tell(one, outcomes[k * self.evaluate.seeds : (k + 1) * self.evaluate.seeds])

    def shared(self, trials: int) -> None:
        """Run trials until all processes on the study together have finished enough."""

        def one(trial: Trial) -> float:
            parameters = self._suggested(trial)
            tasks = self.evaluate.tasks(trial.number, parameters)
            outcomes = run_all(self.evaluate, tasks, jobs=self.workers, retries=_RETRIES, cluster=self.cluster)
            return self._recorded(trial, outcomes)

        def enough(study: Study, _: Any = None) -> None:
            if sum(_finished(trial) for trial in study.get_trials(deepcopy=False)) >= trials:
                study.stop()

        if sum(_finished(trial) for trial in self.study.get_trials(deepcopy=False)) < trials:
            self.study.optimize(one, callbacks=[enough], catch=(HrsnnError,))
        self._stop_where_all_fail(self.study.get_trials(deepcopy=False), trials)

    def _completed(self, left: FrozenTrial) -> Trial:
        """Return a trial that another process started, with any missing parameters suggested."""
        from optuna.trial import Trial

        trial = Trial(self.study, left._trial_id)
        self._suggested(trial)
        return trial

    def _suggested(self, trial: Trial) -> dict[str, float]:
        return {
            name: trial.suggest_float(name, one.low, one.high, log=one.log)  # type: ignore[attr-defined]
            for name, one in self.space.distributions().items()
        }

    def _tell(self, trial: Trial, outcomes: Sequence[Measurement | str]) -> None:
        from optuna.trial import TrialState

        try:
            value = self._recorded(trial, outcomes)
        except HrsnnError:
            self.study.tell(trial, state=TrialState.FAIL)
        else:
            self.study.tell(trial, value)

    def _recorded(self, trial: Trial, outcomes: Sequence[Measurement | str]) -> float:
        """Store the outcomes in the trial and return their mean; if one of them failed, the trial has failed."""
        errors = [one for one in outcomes if isinstance(one, str)]
        if errors:
            trial.set_user_attr(_ERROR, errors[0])
            raise HrsnnError(errors[0])
        measured = [one for one in outcomes if isinstance(one, Measurement)]
        names = measured[0].violations
        trial.set_user_attr(REPLICATES, [float(one.value) for one in measured])
        violations = {name: float(np.mean([one.violations[name] for one in measured])) for name in names}
        trial.set_user_attr(VIOLATIONS, violations)
        known = trial.constraints  # from a trial that was killed before it was finished, with the same values
        for name in violations.keys() - known.keys():
            trial.set_constraint(name, violations[name])  # where Optuna's samplers read them
        return float(np.mean([one.value for one in measured]))

    def _stop_where_all_fail(self, finished: Sequence[FrozenTrial], startup: int) -> None:
        failed = [one for one in finished if _error(one)]
        if len(finished) >= startup and len(failed) == len(finished):
            reason = _error(failed[-1])
            raise HrsnnError(f"each of the first {len(finished)} trials failed, the last one with {reason}")


def _finished(trial: FrozenTrial) -> bool:
    """Return whether a trial has completed or failed; one whose machine died has not."""
    from optuna.trial import TrialState

    return trial.state == TrialState.COMPLETE or bool(_error(trial))


def _error(trial: FrozenTrial) -> str:
    """Return why a trial failed.

    A trial that was killed before it was finished, and then run again, may have attributes of both outcomes.
    """
    from optuna.trial import TrialState

    return str(trial.user_attrs.get(_ERROR, "")) if trial.state == TrialState.FAIL else ""


def _kept(trial: FrozenTrial) -> SearchTrial:
    value, error = trial.value, _error(trial)
    return SearchTrial(
        number=trial.number,
        parameters=trial.params,
        value=float("nan") if value is None else float(value),
        replicates=() if error else tuple(trial.user_attrs.get(REPLICATES, ())),
        violations={} if error else trial.user_attrs.get(VIOLATIONS, {}),
        error=error,
    )
