"""Baselines of a search: Optuna's random search and tree-structured Parzen estimator (TPE), in a resumable form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

BASELINES: dict[str, type[RandomSampler] | type[TPESampler]] = {"random": RandomSampler, "tpe": TPESampler}


class BaselineSampler(BaseSampler):
    """Optuna sampler whose proposals depend only on the seed, the trial's number and earlier trials.

    Optuna's own samplers restart their random numbers in every process, so that a resumed random search would propose its
    first points again.

    Parameters
    ----------
    name : {"random", "tpe"}
        Both with Optuna's defaults, except that TPE is multivariate, with a constant liar for running trials.
    seed : int

    Raises
    ------
    InputError
        For another name.

    Notes
    -----
    TPE uses the constraints of trials (:meth:`optuna.trial.Trial.set_constraint`); random search ignores them.

    Examples
    --------
    >>> import optuna
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(sampler=BaselineSampler("tpe", seed=1))
    >>> study.optimize(lambda trial: (trial.suggest_float("x", 0, 9) - 3) ** 2, 30)
    >>> study.best_value < 0.5
    True

    References
    ----------
    Bergstra et al. (2011), Algorithms for hyper-parameter optimization, NeurIPS 24, section 4.
    """

    def __init__(self, name: str, seed: int) -> None:
        if name not in BASELINES:
            raise InputError("baseline", name, f"must be one of {', '.join(BASELINES)}")
        self.name = name
        self.seed = seed

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the parameters that are proposed jointly: with TPE all, after the first trial."""
        return self._begun_anew(trial).infer_relative_search_space(study, trial)

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        """Return values of the parameters that are proposed jointly."""
        return self._begun_anew(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return the value of a parameter that is proposed independently."""
        # each name has its own branch: otherwise all parameters of a trial would be the same quantile of their ranges
        return self._begun_anew(trial, param_name).sample_independent(study, trial, param_name, param_distribution)

    def _begun_anew(self, trial: FrozenTrial, *what: str) -> BaseSampler:
        drawn = generator(self.seed, "search", self.name, trial.number, *what).integers(2**31)
        return BASELINES[self.name](seed=int(drawn))
