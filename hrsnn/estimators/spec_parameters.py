"""Parameters of a specification as nested parameters of an estimator: ``spec__weight_scale``, ``spec__tau_m_exc__mean``."""

from __future__ import annotations

import dataclasses
from typing import Any, Self

from sklearn.base import BaseEstimator

from hrsnn.distributions import Distribution
from hrsnn.errors import InputError
from hrsnn.kinds.contract import NetworkSpec, is_spec
from hrsnn.spec import ReservoirSpec

_PREFIX = "spec__"


class SpecParameters(BaseEstimator):  # type: ignore[misc]
    """Estimator whose parameter ``spec`` has parameters, which searches and pipelines reach by their nested names.

    A specification never changes: setting one of its parameters replaces it.

    Examples
    --------
    >>> from hrsnn import ReservoirTransformer
    >>> model = ReservoirTransformer().set_params(spec__neurons=30, spec__tau_m_exc__mean=25, plastic=False)
    >>> model.spec.neurons, model.get_params()["spec__tau_m_exc__mean"], model.plastic
    (30, 25.0, False)
    """

    spec: NetworkSpec | None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; with `deep` those of the specification, its distributions and other estimators too."""
        found: dict[str, Any] = super().get_params(deep)
        spec = ReservoirSpec() if self.spec is None else self.spec
        if deep and is_spec(spec):
            for name, value in vars(spec).items():
                found[_PREFIX + name] = value
                if isinstance(value, Distribution):
                    parts = dataclasses.fields(value)
                    found.update({f"{_PREFIX}{name}__{part.name}": getattr(value, part.name) for part in parts})
        return found

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters by name.

        Raises
        ------
        InputError
            For an unknown name, or a parameter of something that is no specification.
        SpecError
            When the specification does not take a value.
        """
        nested = {name: parameters.pop(name) for name in list(parameters) if name.startswith(_PREFIX)}
        known = super().get_params(deep=True)
        for name in parameters:
            if name not in known:
                raise InputError("set_params", name, f"must be one of {', '.join(sorted(known))}")
        super().set_params(**parameters)
        if nested:
            spec = ReservoirSpec() if self.spec is None else self.spec
            if not is_spec(spec):
                raise InputError("spec", spec, f"must be a specification, to set {next(iter(nested))}")
            self.spec = spec.updated(
                {name.removeprefix(_PREFIX).replace("__", "."): value for name, value in nested.items()}
            )
        return self
