"""Parameter distributions: constant, uniform, gamma and log-normal."""

from __future__ import annotations

import dataclasses
import math
import sys
from abc import ABC, abstractmethod
from dataclasses import InitVar, dataclass, field
from typing import Any, ClassVar

import numpy as np

from hrsnn.errors import InputError, SpecError
from hrsnn.validation.annotations import is_number
from hrsnn.validation.units import OURS, plain, takes, unit_of

#: Draws outside the bounds are repeated; bounds that would accept a smaller share of the draws than this are an error.
_LEAST_ACCEPTED = 0.01


@dataclass(frozen=True)
class Distribution(ABC):
    """Base class of the distributions.

    Parameters may be Brian2 quantities, all of one dimension; plain numbers given with them are in ms, mV or Hz. `unit`
    records the unit, and a parameter of another dimension rejects the distribution. A distribution made of plain numbers
    fits every parameter.
    """

    kind: ClassVar[str]
    #: Parameters that are dimensionless even when the others have a unit.
    shares: ClassVar[frozenset[str]] = frozenset()
    #: "ms", "mV" or "Hz"; None for plain numbers. Kept by ``dataclasses.replace``, but neither compared nor shown.
    unit: InitVar[str | None] = field(default=None, kw_only=True)

    def __post_init__(self, unit: str | None) -> None:
        if unit is not None and (not isinstance(unit, str) or unit not in OURS):
            raise InputError("unit", unit, f"must be one of {', '.join(OURS)}")
        for one in dataclasses.fields(self):
            value = getattr(self, one.name)
            if one.name in self.shares:
                value = plain(value, "", one.name)
            else:
                unit = unit or unit_of(value, one.name)
                value = plain(value, unit or "", one.name)
            if not is_number(value):
                raise InputError(one.name, value, "must be a number")
            if isinstance(value, int) and abs(value) > sys.float_info.max:
                raise InputError(one.name, value, "must be a number below 1e308")
            object.__setattr__(self, one.name, float(value))
        if unit is not None:
            object.__setattr__(self, "unit", unit)
        problems = self._problems()
        if problems:
            raise SpecError([f"{self}: {problem}" for problem in problems])

    @abstractmethod
    def _problems(self) -> list[str]:
        """Return one message for each invalid parameter."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Smallest and largest possible value."""

    @property
    @abstractmethod
    def truncated_mean(self) -> float:
        """Mean after truncation."""

    @abstractmethod
    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Draw `n` independent values, float64."""

    @abstractmethod
    def scaled(self, factor: float) -> Distribution:
        """Return the distribution of `factor` times a value (`factor` > 0)."""

    def below(self, high: float) -> Distribution:
        """Return the distribution truncated at `high`, or unchanged where its support ends below."""
        high = plain(high, unit_in(self) or "", "high")
        if self.support[1] <= high:
            return self
        return dataclasses.replace(self, high=high)  # type: ignore[call-arg]

    def to_dict(self) -> dict[str, Any]:
        """Return a dictionary with the entries of a TOML file; infinite bounds are omitted."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {"kind": self.kind, **{k: v for k, v in values.items() if math.isfinite(v)}}


@dataclass(frozen=True)
class Constant(Distribution):
    """The constant ``value``.

    Examples
    --------
    >>> Constant(3.0).sample(2, np.random.default_rng(0))
    array([3., 3.])
    """

    kind: ClassVar[str] = "constant"
    value: float

    def _problems(self) -> list[str]:
        return [] if math.isfinite(self.value) else ["value must be finite"]

    @property
    def support(self) -> tuple[float, float]:
        return self.value, self.value

    @property
    def truncated_mean(self) -> float:
        return self.value

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        return np.full(n, self.value)

    @takes()
    def scaled(self, factor: float) -> Constant:
        return dataclasses.replace(self, value=self.value * factor)

    def below(self, high: float) -> Constant:
        return dataclasses.replace(self, value=min(self.value, plain(high, unit_in(self) or "", "high")))


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform on [``low``, ``high``).

    Examples
    --------
    >>> Uniform(-8, 8).truncated_mean
    0.0
    """

    kind: ClassVar[str] = "uniform"
    low: float
    high: float

    def _problems(self) -> list[str]:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return ["low and high must be finite"]
        return [] if self.low < self.high else ["low must be below high"]

    @property
    def support(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def truncated_mean(self) -> float:
        return (self.low + self.high) / 2

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        return generator.uniform(self.low, self.high, n)

    @takes()
    def scaled(self, factor: float) -> Uniform:
        return dataclasses.replace(self, low=self.low * factor, high=self.high * factor)


@dataclass(frozen=True)
class _PositiveSkewed(Distribution):
    """Base class of gamma and log-normal: mean and CV before truncation, bounds, and sampling by rejection."""

    shares: ClassVar[frozenset[str]] = frozenset({"cv"})
    mean: float
    cv: float
    low: float = 0.0
    high: float = math.inf

    def _problems(self) -> list[str]:
        problems = [] if 0 < self.mean < math.inf else ["mean must be positive and finite"]
        if not 1e-6 <= self.cv <= 100:  # outside, gamma draws with shape 1/cv^2 are not usable
            problems.append("cv must be positive, from 1e-6 to 100")
        if not 0 <= self.low < self.high:  # true for nan as well
            problems.append("the bounds must be 0 <= low < high")
        if not problems and self._share(0) < _LEAST_ACCEPTED:
            problems.append(
                f"only {self._share(0):.2g} of the draws lie in [{self.low:g}, {self.high:g}]: move the mean or the bounds"
            )
        return problems

    @abstractmethod
    def _share(self, moment: int) -> float:
        """Return the integral of x^moment between the bounds divided by that over all x > 0 (moment 0 or 1)."""

    @abstractmethod
    def _draw(self, n: int, generator: np.random.Generator) -> np.ndarray: ...

    @property
    def support(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def truncated_mean(self) -> float:
        return self.mean * self._share(1) / self._share(0)

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        values = self._draw(n, generator)
        while True:
            (outside,) = np.nonzero((values < self.low) | (values > self.high))
            if not outside.size:
                return values
            values[outside] = self._draw(outside.size, generator)

    @takes()
    def scaled(self, factor: float) -> Distribution:
        return dataclasses.replace(self, mean=self.mean * factor, low=self.low * factor, high=self.high * factor)


@dataclass(frozen=True)
class Gamma(_PositiveSkewed):
    """Gamma distribution with ``mean`` and ``cv`` (standard deviation / mean) before truncation to [``low``, ``high``].

    Shape k = 1/cv^2, scale theta = mean/k. The mean after truncation is
    k theta (P(k+1, high/theta) - P(k+1, low/theta)) / (P(k, high/theta) - P(k, low/theta)),
    P the regularised lower incomplete gamma function.

    Parameters
    ----------
    mean, cv : float
        Positive. The mean and the bounds may be Brian2 quantities of one dimension; the CV has none.
    low, high : float
        Bounds, 0 <= low < high; a draw outside is repeated.

    Raises
    ------
    SpecError
        When a parameter is out of range or under 1 % of the draws would fall inside the bounds.

    Examples
    --------
    >>> tau_m = Gamma(mean=30, cv=0.577, low=3, high=200)
    >>> round(tau_m.truncated_mean, 2)
    30.1
    >>> tau_m.sample(3, np.random.default_rng(0)).round(1)
    array([28.8, 38.5, 18.8])
    """

    kind: ClassVar[str] = "gamma"

    def _share(self, moment: int) -> float:
        from scipy.special import gammainc

        shape = 1 / self.cv**2
        scale = self.mean / shape
        return float(gammainc(shape + moment, self.high / scale) - gammainc(shape + moment, self.low / scale))

    def _draw(self, n: int, generator: np.random.Generator) -> np.ndarray:
        shape = 1 / self.cv**2
        return generator.gamma(shape, self.mean / shape, n)


@dataclass(frozen=True)
class LogNormal(_PositiveSkewed):
    """Log-normal distribution with ``mean`` and ``cv`` (sd / mean) before truncation to [``low``, ``high``].

    s^2 = ln(1 + cv^2), m = ln(mean) - s^2/2; the mean after truncation is
    mean (Phi(b - s) - Phi(a - s)) / (Phi(b) - Phi(a)), a and b the standardised logarithms of the bounds.

    Parameters
    ----------
    mean, cv : float
        Positive. The mean and the bounds may be Brian2 quantities of one dimension; the CV has none.
    low, high : float
        Bounds, 0 <= low < high; a draw outside is repeated.

    Raises
    ------
    SpecError
        When a parameter is out of range or under 1 % of the draws would fall inside the bounds.

    Examples
    --------
    >>> round(LogNormal(mean=20, cv=0.5, high=60).truncated_mean, 2)
    19.74
    """

    kind: ClassVar[str] = "lognormal"

    def _share(self, moment: int) -> float:
        from scipy.special import ndtr

        s = math.sqrt(math.log1p(self.cv**2))
        m = math.log(self.mean) - s * s / 2
        z = [(math.log(x) - m) / s - moment * s if x > 0 else -math.inf for x in (self.low, self.high)]
        return float(ndtr(z[1]) - ndtr(z[0]))

    def _draw(self, n: int, generator: np.random.Generator) -> np.ndarray:
        s = math.sqrt(math.log1p(self.cv**2))
        return generator.lognormal(math.log(self.mean) - s * s / 2, s, n)


def unit_in(distribution: Distribution) -> str | None:
    """Return the unit of the quantities that a distribution was made of, "ms", "mV" or "Hz"; None for plain numbers.

    Examples
    --------
    >>> from brian2 import ms
    >>> unit_in(Gamma(mean=30 * ms, cv=0.5, low=3)), unit_in(Gamma(30, 0.5))
    ('ms', None)
    """
    unit: str | None = vars(distribution).get("unit")
    return unit


KINDS: dict[str, type[Distribution]] = {c.kind: c for c in (Constant, Gamma, LogNormal, Uniform)}


def from_dict(values: dict[str, Any]) -> Distribution:
    """Return the distribution of a dictionary made by :meth:`Distribution.to_dict`.

    Raises
    ------
    InputError
        When ``kind`` is missing or unknown, or the parameters are not those of the kind.

    Examples
    --------
    >>> from_dict({"kind": "uniform", "low": 0, "high": 2})
    Uniform(low=0.0, high=2.0)
    """
    values = dict(values)
    kind = values.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError("kind", kind, f"must be one of {', '.join(sorted(KINDS))}")
    fields = dataclasses.fields(KINDS[kind])
    unknown = sorted(set(values) - {f.name for f in fields}, key=str)
    missing = [f.name for f in fields if f.default is dataclasses.MISSING and f.name not in values]
    if unknown or missing:
        wrong = [f"no parameter {name!r}" for name in unknown] + [f"{name!r} is missing" for name in missing]
        raise InputError(kind, values, f"{', '.join(wrong)}; {kind} takes {', '.join(f.name for f in fields)}")
    return KINDS[kind](**values)
