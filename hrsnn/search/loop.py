"""The search loop: propose a batch, evaluate it, record the results; resumable."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.errors import HrsnnError, InputError
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
#: How often in a row processes may die before a search gives up.
_RETRIES = 5


Objective = Callable[[ReservoirSpec, int], "float | Measurement"]


@takes()
def search(
    spec: ReservoirSpec | None,
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
    """Search a space of distributions for what makes an objective large, or small.

    Parameters
    ----------
    spec : ReservoirSpec, optional
        What the parameters of each trial are put into.
    space : Space
    objective : callable
        From a spec and a seed to a number, or to :class:`Measurement`. It runs in other processes where `workers` is over 1.
        With ``settings`` (a mapping), a study is not resumed by an objective of others.
    trials : int
        How many points in all, those of a resumed study among them.
    workers : int
        How many evaluations at a time, each in a process of its own; the result is the same for any number.
    batch : int
        How many points are asked for at a time. The result depends on it.
    seeds : int
        How many evaluations a point, each with a seed of its own: their mean counts.
    direction : {"maximize", "minimize"}
    storage : path or URL, optional
        A SQLite file, from which a stopped search goes on; or a database's URL, which several machines may share, each of
        them in a search of its own that stops when all have done `trials` together. Left out: memory.
    name : str
        Of the study in the storage.
    resume : bool
        Go on with the study in the file, or begin it where there is none; a line in the log ``hrsnn`` then says so. Without,
        there must be none.
    seed : int
        Of the search, and with a trial's number of its evaluations.
    sampler : optuna sampler, optional
        What proposes points; a :class:`DistributionSampler` where left out.
    start_at_spec : bool
        The first point is the spec itself, where it is inside the space.
    cluster : str or client, optional
        Dask's, instead of processes on this machine: see :func:`hrsnn.runtime.parallel.run_all`.
    progress : bool or callable
        True: a bar on stderr. A callable gets (trials done, trials in all).

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
        When every trial of the start failed, with what the last one said; or processes die again and again.

    Notes
    -----
    An evaluation that raises or returns nan makes its trial a failed one, and the search goes on. Ctrl-C, or a kill,
    loses no more than the running evaluations: resumed, they are run again with the same parameters and seeds, and what
    comes out is what would have come out. On a shared database what is proposed depends on who was first: nothing is
    lost, but no two searches are the same.

    The best value is the luckiest of many: measure the best spec again, with seeds that the search has not used.

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
    """One evaluation of the objective: of a trial's parameters, with one of its seeds; what it raises is an outcome too."""

    objective: Objective
    spec: ReservoirSpec
    space: Space
    seed: int
    seeds: int

    def tasks(self, number: int, parameters: Mapping[str, float]) -> list[tuple[Mapping[str, float], int]]:
        """The parameters with each of the seeds of trial `number`."""
        drawn = generator(self.seed, "search", "trial", number).integers(2**31, size=self.seeds)
        return [(parameters, int(one)) for one in drawn]

    def __call__(self, task: tuple[Mapping[str, float], int]) -> Measurement | str:
        parameters, seed = task
        try:
            found = self.objective(self.space.spec(parameters, self.spec), seed)
            measured = found if isinstance(found, Measurement) else Measurement(float(found))
            numbers = [float(measured.value), *(float(value) for value in measured.violations.values())]
        except Exception as error:
            check_stopped()  # an interrupted evaluation is no failed one
            return f"{type(error).__name__}: {error}"
        if not np.isfinite(numbers).all():
            return f"the objective returned {measured.value:g}, with violations {dict(measured.violations)}"
        return measured


@dataclass(frozen=True)
class _Run:
    """One process's part in a search."""

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
        """Batch after batch; what an earlier process left of a batch comes first."""
        from optuna.trial import TrialState

        while True:
            every = [one for one in self.study.get_trials(deepcopy=False) if one.state != TrialState.WAITING]
            begun = [self._completed(one) for one in every if one.state == TrialState.RUNNING]
            tell(len(every) - len(begun))
            self._stop_where_all_fail([one for one in every if one.state != TrialState.RUNNING], startup)
            # the batch that the first unfinished trial belongs to: it was begun before any trial of it was told
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
        """Trial after trial, until all processes on the study have done enough together."""

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
        """A trial that another process began: its parameters, and those that it had not been given yet."""
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
        """The mean of the outcomes, which the trial keeps; where one of them failed, so did the trial."""
        errors = [one for one in outcomes if isinstance(one, str)]
        if errors:
            trial.set_user_attr(_ERROR, errors[0])
            raise HrsnnError(errors[0])
        measured = [one for one in outcomes if isinstance(one, Measurement)]
        names = measured[0].violations
        trial.set_user_attr(REPLICATES, [float(one.value) for one in measured])
        violations = {name: float(np.mean([one.violations[name] for one in measured])) for name in names}
        trial.set_user_attr(VIOLATIONS, violations)
        known = trial.constraints  # of a trial that died before it was told, and that has the same ones now
        for name in violations.keys() - known.keys():
            trial.set_constraint(name, violations[name])  # where Optuna's own samplers look
        return float(np.mean([one.value for one in measured]))

    def _stop_where_all_fail(self, finished: Sequence[FrozenTrial], startup: int) -> None:
        failed = [one for one in finished if _error(one)]
        if len(finished) >= startup and len(failed) == len(finished):
            reason = _error(failed[-1])
            raise HrsnnError(f"each of the first {len(finished)} trials failed, the last one with {reason}")


def _finished(trial: FrozenTrial) -> bool:
    """Whether a trial is done, well or badly; one that died with its machine is not."""
    from optuna.trial import TrialState

    return trial.state == TrialState.COMPLETE or bool(_error(trial))


def _error(trial: FrozenTrial) -> str:
    """Why a trial failed.

    One that was killed before it was told, and then done again, may have attributes of both outcomes.
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
