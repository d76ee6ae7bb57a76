"""Conversion between a study's parameters, the unit cube of proposals, and the space in which distances are computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from hrsnn.distributions import Gamma, LogNormal
from hrsnn.search.product_matern import Distances, block_distances
from hrsnn.search.quantile_embedding import NODES, Kind, logarithms, nodes, skewed_quantiles
from hrsnn.search.sinkhorn import JointDistances

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Array = NDArray[np.float64]
_MEAN, _CV = ".mean", ".cv"
_UNTRUNCATED = Gamma(1.0, 0.5)
#: Probabilities of the quantiles that represent a group of a joint distribution: equally spaced, and few, as the cost of
#: the divergence is quadratic in their number.
_MIDDLES = (np.arange(12) + 0.5) / 12


@dataclass(frozen=True)
class Coordinates:
    """Coordinates of the dimensions of a search.

    Notes
    -----
    A group with a mean and a CV has two blocks of columns, the quantile embeddings of its distribution and of that of its
    logarithm: distances in them are W2, in units of the largest distance between two corners of the group. With `joint` the
    first block has the quantiles of all groups, in the same units, for :class:`hrsnn.search.sinkhorn.JointDistances`. Every
    other number is a block of one column, from 0 to 1; a choice has a column for each option, so that the distance is the
    same between any two.
    """

    #: The axes of the unit cube, in order.
    dimensions: Mapping[str, BaseDistribution]
    #: Kind and bounds of the groups ``name.mean`` and ``name.cv``; by default gammas without bounds.
    forms: Mapping[str, Gamma | LogNormal]
    #: Whether all groups are one block.
    joint: bool = False

    def __post_init__(self) -> None:
        groups = [
            name.removesuffix(_MEAN)
            for name in self.dimensions
            if name.endswith(_MEAN) and name.removesuffix(_MEAN) + _CV in self.dimensions and self._is_group(name)
        ]
        object.__setattr__(self, "groups", tuple(groups))
        object.__setattr__(self, "joint", self.joint and bool(groups))
        reaches = {}
        for group in groups:
            ends = np.meshgrid(*(self._ends(group + suffix) for suffix in (_MEAN, _CV)))
            corners = self._embeddings(group, ends[0].ravel(), ends[1].ravel())
            reaches[group] = [float(pdist(one).max()) or 1.0 for one in corners]
        object.__setattr__(self, "_reaches", reaches)

    groups: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _reaches: Mapping[str, list[float]] = field(init=False, repr=False, compare=False)

    @property
    def distances(self) -> Distances:
        """Function that computes the distances of embedded points within each block."""
        return JointDistances(len(self.groups)) if self.joint else block_distances

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of columns of each block of :meth:`embedded`."""
        in_groups = {group + suffix for group in self.groups for suffix in (_MEAN, _CV)}
        others = [len(getattr(d, "choices", (0,))) for name, d in self.dimensions.items() if name not in in_groups]
        if self.joint:
            return (len(_MIDDLES) * len(self.groups), *others)
        return (*[NODES] * 2 * len(self.groups), *others)

    def embedded(self, cube: Array) -> Array:
        """Convert points of the unit cube (n, dimensions) to the space of distances (n, columns)."""
        from optuna.distributions import CategoricalDistribution

        axis = {name: self._numbers(name, cube[:, k]) for k, name in enumerate(self.dimensions)}
        blocks = []
        for group in self.groups:
            mean, cv, reaches = axis.pop(group + _MEAN), axis.pop(group + _CV), self._reaches[group]
            if self.joint:
                blocks.append(self._quantiles(group, mean, cv, _MIDDLES) / reaches[0])
            else:
                both = zip(self._embeddings(group, mean, cv), reaches, strict=True)
                blocks.extend(one / reach for one, reach in both)
        for name, numbers in axis.items():
            distribution: Any = self.dimensions[name]
            if isinstance(distribution, CategoricalDistribution):
                blocks.append((numbers[:, None] == np.arange(len(distribution.choices))) / np.sqrt(2))
                continue
            low, high = self._ends(name)
            x = np.log(numbers / low) / np.log(high / low) if distribution.log else (numbers - low) / (high - low)
            blocks.append(x[:, None])
        return np.concatenate(blocks, axis=1)

    def cube(self, trials: Iterable[Mapping[str, Any]]) -> Array:
        """Convert parameters of trials to points of the unit cube."""
        rows = [[self._position(name, trial[name]) for name in self.dimensions] for trial in trials]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self.dimensions))

    def parameters(self, point: Array) -> dict[str, Any]:
        """Convert a point of the unit cube to parameters, as Python types."""
        found: dict[str, Any] = {}
        for k, (name, distribution) in enumerate(self.dimensions.items()):
            number = float(self._numbers(name, point[k : k + 1])[0])
            found[name] = distribution.to_external_repr(number)
        return found

    def _is_group(self, mean: str) -> bool:
        from optuna.distributions import FloatDistribution

        pair = [self.dimensions[mean], self.dimensions[mean.removesuffix(_MEAN) + _CV]]
        return all(isinstance(one, FloatDistribution) and one.low > 0 for one in pair)

    def _ends(self, name: str) -> tuple[float, float]:
        distribution: Any = self.dimensions[name]
        return float(distribution.low), float(distribution.high)

    def _quantiles(self, group: str, mean: Array, cv: Array, probabilities: Array) -> Array:
        form = self.forms.get(group, _UNTRUNCATED)
        kind: Kind = "gamma" if isinstance(form, Gamma) else "lognormal"
        return skewed_quantiles(kind, mean, cv, form.low, form.high, probabilities)

    def _embeddings(self, group: str, mean: Array, cv: Array) -> tuple[Array, Array]:
        """Return the embeddings of distributions and of their logarithms."""
        p, weight = nodes()
        quantiles = self._quantiles(group, mean, cv, p)
        return quantiles * np.sqrt(weight), logarithms(quantiles) * np.sqrt(weight)

    def _numbers(self, name: str, u: Array) -> Array:
        """Return Optuna's internal numbers at positions `u` in [0, 1], rounded to allowed steps."""
        from optuna.distributions import CategoricalDistribution, IntDistribution

        distribution: Any = self.dimensions[name]
        if isinstance(distribution, CategoricalDistribution):
            count = len(distribution.choices)
            return np.asarray(np.minimum(np.floor(u * count), count - 1))
        low, high = self._ends(name)
        step = distribution.step
        if distribution.log:
            x = np.exp(np.log(low) + u * np.log(high / low))
        elif step is None:
            x = low + u * (high - low)
        else:
            x = low + step * np.minimum(np.floor(u * (round((high - low) / step) + 1)), round((high - low) / step))
        if isinstance(distribution, IntDistribution):
            x = np.round(x)
        return np.asarray(np.clip(x, low, high))

    def _position(self, name: str, value: Any) -> float:
        """Return the position of a parameter on its axis, in [0, 1]."""
        from optuna.distributions import CategoricalDistribution

        distribution: Any = self.dimensions[name]
        x = float(distribution.to_internal_repr(value))
        if isinstance(distribution, CategoricalDistribution):
            return (x + 0.5) / len(distribution.choices)
        low, high = self._ends(name)
        if distribution.log:
            return float(np.log(x / low) / np.log(high / low))
        if distribution.step is not None:
            return float((round((x - low) / distribution.step) + 0.5) / (round((high - low) / distribution.step) + 1))
        return (x - low) / (high - low)
