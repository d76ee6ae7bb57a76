"""Values with units: a number or a distribution, and the name of its unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrsnn.distributions import Constant, Distribution, from_dict, unit_in
from hrsnn.errors import InputError, SpecError
from hrsnn.validation.annotations import is_number
from hrsnn.validation.parameter_text import toml_of

_ALLOWED = 'must be a number, a number with a unit such as "281 pF", or a distribution'
_TEXT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:\s*\*?\s*([A-Za-z][\w*/ ()-]*|1\s*/[\w*/ ()-]+))?\s*")


@dataclass(frozen=True)
class Amount:
    """A number or a distribution, with its unit.

    Parameters
    ----------
    value : float or Distribution
        In the unit.
    unit : str
        Name of a unit, or product, quotient or whole power of names, as Brian2 has them: ``"nS"``, ``"mV/ms"``; ``"1"`` for
        none.

    Raises
    ------
    InputError
        When the value is no finite number and no distribution, or there is no such unit.

    Examples
    --------
    >>> from hrsnn import Gamma
    >>> Amount(30, "nS").sample(2, np.random.default_rng(0))
    array([30., 30.])
    >>> Amount.of("C", "281 pF"), Amount.of("tau", {"kind": "gamma", "mean": 20, "cv": 0.5, "unit": "ms"}).unit
    (Amount(281 pF), 'ms')
    """

    value: float | Distribution
    unit: str = "1"

    def __post_init__(self) -> None:
        if not isinstance(self.value, Distribution):
            if not is_number(self.value) or not np.isfinite(float(self.value)):
                raise InputError("value", self.value, "must be a finite number, or a distribution")
            object.__setattr__(self, "value", float(self.value))
        if not isinstance(self.unit, str):
            raise InputError("unit", self.unit, "must be the name of a unit")
        object.__setattr__(self, "unit", self.unit.strip() or "1")
        if self.unit not in ("1", "ms", "mV"):  # known without Brian2
            _unit(self.unit)

    def __repr__(self) -> str:
        shown = f"{self.value:g}" if isinstance(self.value, float) else repr(self.value)
        return f"Amount({shown}{'' if self.unit == '1' else f' {self.unit}'})"

    @classmethod
    def of(cls, field: str, given: Any, unit: str | None = None) -> Amount:
        """Return the amount of a number, text such as ``"281 pF"``, a Brian2 quantity, a distribution or a table.

        Parameters
        ----------
        field : str
            Name of the parameter in messages.
        given : object
            A table has the entries of a distribution and, optionally, ``unit``.
        unit : str, optional
            Unit of numbers and distributions that are given without one.

        Raises
        ------
        InputError
            When it is anything else.
        """
        if isinstance(given, cls):
            return given
        try:
            return cls._of(given, unit or "1")
        except (InputError, SpecError) as error:
            reason = error.allowed if isinstance(error, InputError) else str(error)
            shown = given if not isinstance(error, InputError) or error.field != "unit" else error.value
            raise InputError(field, shown, reason) from None

    @classmethod
    def _of(cls, given: Any, unit: str) -> Amount:
        if isinstance(given, str):
            found = _TEXT.fullmatch(given)
            if not found:
                raise InputError(
                    "value", given, 'must be a number, a number with a unit such as "281 pF", or a distribution'
                )
            return cls(float(found.group(1)), (found.group(2) or unit).strip())
        if isinstance(given, Distribution):
            return cls(given, unit_in(given) or unit)
        if isinstance(given, dict):
            table = dict(given)
            return cls(from_dict({k: v for k, v in table.items() if k != "unit"}), table.get("unit", unit))
        if hasattr(given, "dim") and not np.ndim(given):
            from hrsnn.engines.brian.unit_text import amount_of_quantity

            return cls(*amount_of_quantity(given))
        if not is_number(given):
            raise InputError("value", given, _ALLOWED)
        return cls(given, unit)

    @property
    def distribution(self) -> Distribution:
        """The distribution; of a number, a constant."""
        return self.value if isinstance(self.value, Distribution) else Constant(self.value)

    @property
    def mean(self) -> float:
        """Mean, in the unit, after truncation."""
        return self.distribution.truncated_mean

    @property
    def factor(self) -> float:
        """Value of the unit in the base unit of SI."""
        return float(_unit(self.unit).factor)

    def sample(self, size: int, generator: np.random.Generator) -> np.ndarray:
        """Draw values, (size,), in the unit."""
        return self.distribution.sample(size, generator)

    def scaled(self, factor: float) -> Amount:
        """Return `factor` >= 0 times the amount."""
        if isinstance(self.value, Distribution):
            return Amount(self.value.scaled(factor) if factor > 0 else 0.0, self.unit)
        return Amount(self.value * factor, self.unit)

    def to_toml(self) -> str:
        """Return the amount as a TOML value, which :meth:`of` reads."""
        if isinstance(self.value, Distribution):
            text = toml_of(self.value)
            return text if self.unit == "1" else f"{text[:-2]}, unit = {toml_of(self.unit)} }}"
        return repr(self.value) if self.unit == "1" else toml_of(f"{self.value!r} {self.unit}")


def _unit(text: str) -> Any:
    from hrsnn.engines.brian.unit_text import unit_of_text

    return unit_of_text(text)
