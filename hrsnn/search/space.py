"""Search spaces: ranges of the means and CVs of distributions, and of numbers."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.builder import depression
from hrsnn.display import Displayed
from hrsnn.distributions import Distribution, Gamma, LogNormal
from hrsnn.errors import FileError, InputError
from hrsnn.files.parsing import parsed_toml
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.kinds.contract import NetworkSpec, is_spec
from hrsnn.kinds.registry import KINDS
from hrsnn.spec import ReservoirSpec, unit_of_parameter
from hrsnn.validation.annotations import is_number
from hrsnn.validation.units import plain, takes

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Range = tuple[float, float]


@dataclass(frozen=True)
class DistributionRange(Displayed):
    """Range of distributions of a parameter: gamma or log-normal, with ranges of the mean and the CV.

    Parameters
    ----------
    mean : (float, float)
        Range of the mean before truncation, searched on a logarithmic scale.
    cv : (float, float) or None
        Range of the CV, likewise; None: the parameter equals its mean for all neurons (links).
    form : Gamma or LogNormal
        Kind of distribution and bounds of the truncation.
    """

    mean: Range
    cv: Range | None
    form: Gamma | LogNormal

    def distribution(self, mean: float, cv: float | None) -> Distribution | float:
        """Return the distribution with this mean and CV; a number without a CV."""
        if cv is None:
            return float(np.clip(mean, self.form.low, self.form.high))
        return dataclasses.replace(self.form, mean=mean, cv=cv)


@dataclass(frozen=True)
class NumberRange(Displayed):
    """Range of the values of a parameter, on a logarithmic scale if they are positive."""

    low: float
    high: float

    @property
    def log(self) -> bool:
        return self.low > 0


@dataclass(frozen=True)
class Space(Displayed):
    """Search space: ranges of parameters of a spec, by name.

    Parameters
    ----------
    ranges : mapping of str to DistributionRange or NumberRange

    Raises
    ------
    InputError
        When it is empty, or bounds are not two ascending, finite (for distributions: positive) numbers.

    Examples
    --------
    >>> space = Space.of({"tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1.0]}, "weight_scale": [2, 10]})
    >>> list(space.distributions())
    ['tau_m_exc.mean', 'tau_m_exc.cv', 'weight_scale']
    >>> spec = space.spec({"tau_m_exc.mean": 25.0, "tau_m_exc.cv": 0.5, "weight_scale": 4.0})
    >>> spec.tau_m_exc, spec.weight_scale
    (Gamma(mean=25.0, cv=0.5, low=3.0, high=200.0), 4.0)
    """

    ranges: Mapping[str, DistributionRange | NumberRange]

    def __post_init__(self) -> None:
        if not isinstance(self.ranges, Mapping):
            raise InputError("space", self.ranges, "must be a mapping from parameters to ranges")
        if not self.ranges:
            raise InputError("space", "{}", "is empty: it must have a range for at least one parameter")
        for name, one in self.ranges.items():
            for end, value in vars(one).items():
                plain(value, "", f"space.{name}.{end}")  # plain numbers only: `of` accepts quantities
            if isinstance(one, NumberRange):
                _check(name, (one.low, one.high), positive=False)
            else:
                _check(f"{name}.mean", one.mean)
                if one.cv is not None:
                    _check(f"{name}.cv", one.cv)

    @classmethod
    def of(cls, values: Mapping[str, Any], spec: NetworkSpec | None = None) -> Space:
        """Return a space from plain values, as in a TOML file.

        Parameters
        ----------
        values : mapping
            For each parameter ``[low, high]``, or ``{"mean": [low, high], "cv": [low, high]}``; without ``cv`` it is the
            same for all neurons. ``kind`` ("gamma", "lognormal") and the bounds ``low`` and ``high`` of the truncation are
            by default those of the spec, or else "gamma", 0 and none. Numbers may be Brian2 quantities.
        spec : ReservoirSpec, optional

        Raises
        ------
        InputError
            For an unknown parameter, or bounds that are not two ascending numbers.
        """
        if not isinstance(values, Mapping):
            raise InputError("space", values, "must be a mapping from parameters to ranges")
        if spec is not None and not is_spec(spec):
            raise InputError("spec", spec, "must be the specification of a network, such as ReservoirSpec, or None")
        spec = spec or ReservoirSpec()
        ranges: dict[str, DistributionRange | NumberRange] = {}
        for name, given in values.items():
            is_reservoir = isinstance(spec, ReservoirSpec)
            if name not in (ReservoirSpec.model_fields if is_reservoir else dir(spec)):
                raise InputError("space", name, "is no parameter of a spec; `hrsnn spec` lists them all")
            unit = unit_of_parameter(name) if is_reservoir else ""
            if isinstance(given, Mapping):
                value = {key: plain(part, "" if key == "cv" else unit, f"space.{name}.{key}") for key, part in given.items()}
                unknown = set(value) - {"mean", "cv", "kind", "low", "high"}
                if unknown or "mean" not in value:
                    raise InputError(f"space.{name}", dict(value), "must hold mean, and may hold cv, kind, low and high")
                cv = None if "cv" not in value else _pair(f"{name}.cv", value["cv"])
                form = _form(name, getattr(spec, name), value)
                ranges[name] = DistributionRange(_pair(f"{name}.mean", value["mean"]), cv, form)
            else:
                ranges[name] = NumberRange(*_pair(name, plain(given, unit, f"space.{name}")))
        space = cls(ranges)
        space.spec({name: _middle(one) for name, one in space.distributions().items()}, spec)
        return space

    @classmethod
    def load(cls, path: str | os.PathLike[str], spec: NetworkSpec | None = None) -> Space:
        """Read a space from a TOML file; see :meth:`of`.

        Raises
        ------
        FileError
            When the file cannot be read, is not TOML, or is not a valid space.
        """
        text = read_text(path)
        try:
            values = parsed_toml(text)
        except ValueError as error:
            raise FileError(path, f"no valid TOML: {error}") from error
        with refuse_damaged(path, "search space"):
            return cls.of(values, spec)

    def homogeneous(self) -> Space:
        """Return the space without CVs, in which every neuron (link) has the mean."""
        return Space(
            {
                name: one if isinstance(one, NumberRange) else dataclasses.replace(one, cv=None)
                for name, one in self.ranges.items()
            }
        )

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return the dimensions for an Optuna study: floats ``name``, ``name.mean`` and ``name.cv``."""
        from optuna.distributions import FloatDistribution

        found: dict[str, BaseDistribution] = {}
        for name, one in self.ranges.items():
            if isinstance(one, NumberRange):
                found[name] = FloatDistribution(one.low, one.high, log=one.log)
                continue
            found[f"{name}.mean"] = FloatDistribution(*one.mean, log=True)
            if one.cv is not None:
                found[f"{name}.cv"] = FloatDistribution(*one.cv, log=True)
        return found

    @takes()
    def spec(self, parameters: Mapping[str, float], spec: NetworkSpec | None = None) -> Any:
        """Return the spec with the parameters of one trial; it is of the same kind.

        Raises
        ------
        SpecError
            When a value is not allowed in a spec.
        """
        changes: dict[str, Any] = {}
        for name, one in self.ranges.items():
            if isinstance(one, NumberRange):
                changes[name] = parameters[name]
            else:
                cv = None if one.cv is None else parameters[f"{name}.cv"]
                changes[name] = one.distribution(parameters[f"{name}.mean"], cv)
        return (spec or ReservoirSpec()).updated(changes)

    @takes()
    def parameters(self, spec: NetworkSpec) -> dict[str, float] | None:
        """Return the parameters of `spec` as a point of the space; None where it is outside."""
        found: dict[str, float] = {}
        for name, one in self.ranges.items():
            value = depression(spec) if isinstance(spec, ReservoirSpec) and name == "a_minus" else getattr(spec, name)
            if isinstance(one, NumberRange):
                if not isinstance(value, (int, float)):
                    return None
                found[name] = float(value)
            elif isinstance(value, type(one.form)):
                found[f"{name}.mean"] = value.mean
                if one.cv is not None:
                    found[f"{name}.cv"] = value.cv
            else:
                return None
        ranges: dict[str, Any] = dict(self.distributions())
        return found if all(ranges[name].low <= x <= ranges[name].high for name, x in found.items()) else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for :meth:`of`."""
        return {
            name: [one.low, one.high]
            if isinstance(one, NumberRange)
            else {
                "mean": list(one.mean),
                **({} if one.cv is None else {"cv": list(one.cv)}),
                **{key: value for key, value in one.form.to_dict().items() if key in ("kind", "low", "high")},
            }
            for name, one in self.ranges.items()
        }


_TAU, _AMOUNT = {"mean": [5, 80], "cv": [0.05, 1.0]}, {"mean": [1e-4, 1e-2], "cv": [0.05, 1.0]}
_NEURONS = {
    "tau_m_exc": {"mean": [8, 90], "cv": [0.05, 1.2]},
    "tau_m_inh": {"mean": [8, 90], "cv": [0.05, 1.2]},
    "length_scale": [1.0, 4.0],
    "weight_scale": [1.5, 12.0],
    "input_fraction": [0.1, 1.0],
}
_SYNAPSES = {"tau_plus": _TAU, "tau_minus": _TAU, "a_plus": _AMOUNT, "a_minus": _AMOUNT}
#: Spaces by name: parameters for fixed weights, parameters of STDP, and both.
SPACES: Mapping[str, Mapping[str, Any]] = {
    "neurons": _NEURONS,
    "synapses": _SYNAPSES,
    "all": {**_NEURONS, **_SYNAPSES},
}


@takes()
def named_space(name: str, spec: NetworkSpec | None = None) -> Space:
    """Return a space by its name among those of the spec's kind (`SPACES` for a reservoir), or from a TOML file.

    Without a name it is the first of the kind, for a reservoir ``neurons``.

    Raises
    ------
    InputError, FileError
        When `name` is neither, or the space is not valid.

    Examples
    --------
    >>> sorted(named_space("synapses").ranges)
    ['a_minus', 'a_plus', 'tau_minus', 'tau_plus']
    """
    spaces = KINDS.find((spec or ReservoirSpec()).kind).spaces
    name = name or next(iter(spaces), "")
    if name in spaces:
        return Space.of(spaces[name], spec)
    if not (os.path.lexists(name) or os.sep in name):
        raise InputError("space", name, f"must be one of {', '.join(spaces)}, or a TOML file")
    return Space.load(name, spec)


def _form(name: str, value: Any, given: Mapping[str, Any]) -> Gamma | LogNormal:
    """Return kind and bounds, as given or from the spec's value."""
    kinds: dict[str, type[Gamma] | type[LogNormal]] = {"gamma": Gamma, "lognormal": LogNormal}
    known = value if isinstance(value, (Gamma, LogNormal)) else Gamma(1.0, 0.5)
    kind = given.get("kind", known.kind)
    if kind not in kinds:
        raise InputError(f"space.{name}.kind", kind, "must be gamma or lognormal")
    low, high = (given.get(end, getattr(known, end)) for end in ("low", "high"))
    if not all(map(is_number, (low, high))) or not 0 <= low < high or low > sys.float_info.max:
        raise InputError(f"space.{name}", (low, high), "must have bounds 0 <= low < high")
    high = high if high <= sys.float_info.max else np.inf
    centre = np.sqrt(low * high) if low > 0 and np.isfinite(high) else max(1.0, 2 * low) if np.isinf(high) else high / 2
    return kinds[kind](float(centre), 0.5, float(low), float(high))


def _middle(distribution: Any) -> float:
    low, high = distribution.low, distribution.high
    return float(np.sqrt(low * high) if distribution.log else (low + high) / 2)


def _pair(name: str, value: Any) -> Range:
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(map(is_number, value)):
        raise InputError(f"space.{name}", value, "must be [low, high]")
    try:
        return float(value[0]), float(value[1])
    except OverflowError as error:  # an integer may be larger than any float
        raise InputError(f"space.{name}", value, "must be [low, high], numbers below 1e308") from error


def _check(name: str, bounds: Range, positive: bool = True) -> None:
    low, high = bounds
    if not (np.isfinite(bounds).all() and low < high and (low > 0 or not positive)):
        wanted = "two ascending positive numbers" if positive else "two ascending numbers"
        raise InputError(f"space.{name}", list(bounds), f"must be {wanted}")
