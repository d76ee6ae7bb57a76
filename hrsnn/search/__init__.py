"""Bayesian optimisation over the distributions of a reservoir, for any objective.

An objective is a function from a spec and a seed to a number; this package does not depend on any score. The public names
load when they are first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hrsnn.runtime.left_out import check_installed

if TYPE_CHECKING:
    from hrsnn.search.acquisition import expected_improvement
    from hrsnn.search.gaussian_process import GaussianProcess, fit_gaussian_process
    from hrsnn.search.importance import Importance, combinations, exact_sage, sage_values, shapley_values, switched
    from hrsnn.search.loop import search
    from hrsnn.search.product_matern import ProductMatern
    from hrsnn.search.quantile_embedding import quantiles, wasserstein
    from hrsnn.search.result import Measurement, SearchResult, SearchTrial
    from hrsnn.search.sampler import DistributionSampler
    from hrsnn.search.sinkhorn import IndefiniteWarning, checked_gram, sinkhorn_divergence, sinkhorn_gram
    from hrsnn.search.space import SPACES, DistributionRange, NumberRange, Space, named_space

_HOME = {
    "DistributionRange": "space",
    "DistributionSampler": "sampler",
    "GaussianProcess": "gaussian_process",
    "Importance": "importance",
    "IndefiniteWarning": "sinkhorn",
    "Measurement": "result",
    "NumberRange": "space",
    "ProductMatern": "product_matern",
    "SPACES": "space",
    "SearchResult": "result",
    "SearchTrial": "result",
    "Space": "space",
    "checked_gram": "sinkhorn",
    "combinations": "importance",
    "exact_sage": "importance",
    "expected_improvement": "acquisition",
    "fit_gaussian_process": "gaussian_process",
    "named_space": "space",
    "quantiles": "quantile_embedding",
    "sage_values": "importance",
    "search": "loop",
    "shapley_values": "importance",
    "sinkhorn_divergence": "sinkhorn",
    "sinkhorn_gram": "sinkhorn",
    "switched": "importance",
    "wasserstein": "quantile_embedding",
}

__all__ = [
    "SPACES",
    "DistributionRange",
    "DistributionSampler",
    "GaussianProcess",
    "Importance",
    "IndefiniteWarning",
    "Measurement",
    "NumberRange",
    "ProductMatern",
    "SearchResult",
    "SearchTrial",
    "Space",
    "checked_gram",
    "combinations",
    "exact_sage",
    "expected_improvement",
    "fit_gaussian_process",
    "named_space",
    "quantiles",
    "sage_values",
    "search",
    "shapley_values",
    "sinkhorn_divergence",
    "sinkhorn_gram",
    "switched",
    "wasserstein",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.search' has no attribute {name!r}")
    if _HOME[name] in ("loop", "sampler"):
        check_installed("optuna")
    return getattr(import_module(f"hrsnn.search.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
