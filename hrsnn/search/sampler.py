"""Optuna sampler for Bayesian optimisation over distributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from optuna.samplers import BaseSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import StudyDirection
from optuna.trial import TrialState

from hrsnn.errors import InputError
from hrsnn.runtime.parallel import one_blas_thread
from hrsnn.runtime.seeds import check_seed, generator
from hrsnn.search.coordinates import Coordinates
from hrsnn.search.space import DistributionRange, Space
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

Array = NDArray[np.float64]

#: Attribute of a trial: the values whose mean is its value.
REPLICATES = "replicates"
#: Attribute of a trial: violation of each constraint by name, at most 0 where it is satisfied.
VIOLATIONS = "violations"
#: Number of values from which the fit has one start: the likelihood then has one relevant maximum.
_MANY = 100
#: Settings of the maximisation where each point requires hundreds of divergences.
_JOINT_EFFORT = {"candidates": 128, "around": 64, "starts": 0}


class DistributionSampler(BaseSampler):
    """Optuna sampler by expected improvement of a Gaussian process on W2 distances between distributions.

    Parameters
    ----------
    space : Space, optional
        Space to search. Default: the parameters that all finished trials have in common; a pair of positive floats
        ``x.mean`` and ``x.cv`` is then a gamma distribution.
    startup : int
        Number of initial trials, from a scrambled Sobol sequence.
    seed : int, optional
        Default: a random seed.
    joint : {"sinkhorn"}, optional
        Use the Sinkhorn divergence of the joint distribution of all parameters, instead of W2 of each with its own length
        scale. This need not give a kernel: eigenvalues are checked, and negative ones are set to zero with an
        :class:`hrsnn.search.IndefiniteWarning`. Much slower, with a coarser search for proposals.

    Raises
    ------
    InputError
        For an invalid seed, number of trials or `joint`; in a study, when it has several objectives.

    Notes
    -----
    A proposal depends only on the seed, the trial's number and the trials of the study, so that a resumed search gives the
    same proposals as an uninterrupted one. Running trials count as having the best value so far (a constant liar), which
    separates the proposals of a batch. Failed trials count as having the worst value so far. The attribute ``"replicates"``
    of a trial determines the uncertainty of its value; with ``"violations"``, the expected improvement is multiplied by the
    probability that no constraint is violated, from one Gaussian process for each.

    Examples
    --------
    >>> import optuna
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(sampler=DistributionSampler(seed=1, startup=4))
    >>> def objective(trial):
    ...     return (trial.suggest_float("x.mean", 1, 9) - 3) ** 2 + trial.suggest_float("x.cv", 0.1, 1)
    >>> study.optimize(objective, 12)
    >>> study.best_value < 0.3
    True

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), eq. 6, with the sign of its argument corrected; Ginsbourger et al. (2010), Kriging is
    well-suited to parallelize optimization, for the constant liar; Gardner et al. (2014), Bayesian optimization with
    inequality constraints, ICML.
    """

    def __init__(
        self,
        space: Space | None = None,
        *,
        startup: int = 10,
        seed: int | None = None,
        joint: Literal["sinkhorn"] | None = None,
    ) -> None:
        if joint not in (None, "sinkhorn"):
            raise InputError("joint", joint, "must be 'sinkhorn' or None")
        self._joint = joint is not None
        self._space, self._startup = space, count_of("startup", startup, 0)
        self._seed = check_seed(seed) if seed is not None else _any_seed()
        self._common = IntersectionSearchSpace()
        ranges = {} if space is None else space.ranges
        self._forms = {name: one.form for name, one in ranges.items() if isinstance(one, DistributionRange)}

    @property
    def name(self) -> str:
        """Description of the sampler that is stored in a study."""
        return f"{type(self).__name__}, joint" if self._joint else type(self).__name__

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        space = self._common.calculate(study) if self._space is None else self._space.distributions()
        return {name: one for name, one in space.items() if not one.single()}

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        self._refuse_several_objectives(study)
        if not search_space:
            return {}
        coordinates = Coordinates(search_space, self._forms, self._joint)
        every = [one for one in study.get_trials(deepcopy=False) if one.number != trial.number and _has(one, search_space)]
        done = [one for one in every if one.state in (TrialState.COMPLETE, TrialState.PRUNED) and _value(one) is not None]
        if trial.number < self._startup or len(done) < 2:
            return coordinates.parameters(self._sobol(len(search_space), trial.number))
        # a trial whose machine died is not a result for its parameters, and is run again
        again = {number for one in every for number in one.system_attrs.get("retry_history", [])}
        failed = [one for one in every if one.state == TrialState.FAIL and one.number not in again]
        running = [one for one in every if one.state == TrialState.RUNNING]
        sign = 1.0 if study.direction == StudyDirection.MAXIMIZE else -1.0
        with one_blas_thread():  # the last bits would depend on the number of threads; also faster for small matrices
            point = self._proposed(coordinates, done, failed, running, sign, trial.number)
        return coordinates.parameters(point)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        self._refuse_several_objectives(study)
        if param_distribution.single():
            return param_distribution.to_external_repr(getattr(param_distribution, "low", 0))
        rng = generator(self._seed, "search", "independent", trial.number, param_name)
        return Coordinates({param_name: param_distribution}, {}).parameters(rng.random(1))[param_name]

    def reseed_rng(self) -> None:
        """Do nothing: the random numbers of a proposal are determined by the trial's number."""

    def _sobol(self, dimensions: int, number: int) -> Array:
        from scipy.stats import qmc

        sequence = qmc.Sobol(dimensions, rng=generator(self._seed, "search", "sobol"))
        return np.asarray(sequence.fast_forward(number).random(1)[0] if number else sequence.random(1)[0])

    def _proposed(
        self,
        coordinates: Coordinates,
        done: list[FrozenTrial],
        failed: list[FrozenTrial],
        running: list[FrozenTrial],
        sign: float,
        number: int,
    ) -> Array:
        from hrsnn.search.acquisition import log_expected_improvement, maximise
        from hrsnn.search.gaussian_process import fit_gaussian_process

        replicates = [sign * np.asarray(one.user_attrs.get(REPLICATES, [_value(one)]), dtype=np.float64) for one in done]
        values = np.array([one.mean() for one in replicates])
        counts = np.array([len(one) for one in replicates], dtype=np.float64)
        scatter = np.array([((one - one.mean()) ** 2).sum() for one in replicates])
        cube = coordinates.cube([one.params for one in done])
        points = coordinates.embedded(cube)
        lost = coordinates.embedded(coordinates.cube([one.params for one in failed]))
        process = fit_gaussian_process(
            np.concatenate([points, lost]),
            np.concatenate([values, np.full(len(lost), values.min())]),
            coordinates.sizes,
            counts=np.concatenate([counts, np.ones(len(lost))]),
            scatter=np.concatenate([scatter, np.zeros(len(lost))]),
            distances=coordinates.distances,
            starts=2 if len(values) < _MANY else 1,
            seed=self._seed,
        )
        chances = [
            fit_gaussian_process(points, violated, coordinates.sizes, distances=coordinates.distances, seed=self._seed)
            for violated in _violations(done)
            if violated.max() > 0
        ]
        # the best mean of the process, since the best of the noisy values is biased by selection
        expected = process.predict(points)[0]
        allowed = np.array([all(v <= 0 for v in one.user_attrs.get(VIOLATIONS, {}).values()) for one in done])
        best = float(expected[allowed].max()) if allowed.any() else None
        if running:
            pending = coordinates.embedded(coordinates.cube([one.params for one in running]))
            process = process.condition(pending, np.full(len(running), expected.max() if best is None else best))

        def logarithm(points_of_cube: Array) -> Array:
            from scipy.special import log_ndtr

            at = coordinates.embedded(points_of_cube)
            total = np.zeros(len(at)) if best is None else log_expected_improvement(*process.predict(at), best)
            for chance in chances:
                mean, deviation = chance.predict(at)
                total = total + log_ndtr(-mean / np.maximum(deviation, 1e-9 * chance.spread))
            return total

        order = np.argsort(-np.where(allowed, expected, expected - np.ptp(expected) - 1), kind="stable")
        rng = generator(self._seed, "search", "proposal", number)
        effort = _JOINT_EFFORT if coordinates.joint else {}
        return maximise(logarithm, len(coordinates.dimensions), rng, near=cube[order[:3]], **effort)

    def _refuse_several_objectives(self, study: Study) -> None:
        if len(study.directions) > 1:
            raise InputError("study", study.study_name, "has several objectives: this sampler knows one")


def _any_seed() -> int:
    return int(np.random.SeedSequence().generate_state(1)[0])


def _has(trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]) -> bool:
    return all(trial.distributions.get(name) == distribution for name, distribution in search_space.items())


def _value(trial: FrozenTrial) -> float | None:
    """Return the value of a finished trial; for a pruned one, its last report."""
    value = trial.value
    if trial.state == TrialState.PRUNED:
        value = trial.intermediate_values[trial.last_step] if trial.last_step is not None else None
    return None if value is None or not np.isfinite(value) else float(value)


def _violations(trials: list[FrozenTrial]) -> list[Array]:
    """Return the violations by all trials of each constraint that all of them have."""
    found = [one.user_attrs.get(VIOLATIONS, {}) for one in trials]
    names = [name for name in found[0] if all(name in one for one in found)]
    return [np.array([one[name] for one in found], dtype=np.float64) for name in names]
