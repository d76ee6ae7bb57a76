"""Specification of a tightly balanced network: its linear system, decoder, leak, and the time step."""

from __future__ import annotations

import dataclasses
import difflib
import os
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hrsnn.balanced.parameters import ABOUT, Matrix, checked
from hrsnn.display.specs import changed, spec_line, spec_summary, spec_table
from hrsnn.distributions import Distribution
from hrsnn.errors import InputError, SpecError
from hrsnn.files.parsing import parsed_toml, toml_value
from hrsnn.files.reading import read_text
from hrsnn.files.writing import write_text
from hrsnn.validation.parameter_text import toml_of


@dataclass(frozen=True, kw_only=True)
class BalancedSpec:
    """Parameters of a tightly balanced network, from which :func:`hrsnn.balanced.build_balanced` draws one.

    The N neurons together follow a linear system of J states, ``x' = A x + B u``; their spikes, filtered with the leak and
    weighted by the decoder, are the estimate of x. `decay`, `decoder_norm` and `leak` are numbers or distributions, from
    which each rotation or neuron draws its own. Times are in ms, rates in 1/s. A number may also be given as text.

    Raises
    ------
    SpecError
        Lists all problems: values out of range, matrices that do not fit.

    Examples
    --------
    >>> spec = BalancedSpec(neurons=400, dimensions=16)
    >>> spec.states, spec.updated({"decoder_norm": "0.4"}).decoder_norm
    (16, 0.4)
    >>> BalancedSpec(neurons=10, dimensions=11)
    Traceback (most recent call last):
    ...
    hrsnn.errors.SpecError: dimensions = 11: must be from 1 to 10, the number of neurons

    References
    ----------
    M. Boerlin, C. Machens & S. Deneve (2013), Predictive coding of dynamical variables in balanced spiking networks.
    """

    kind: ClassVar[str] = "balanced"  # of networks, in hrsnn.kinds

    neurons: int = 1000
    dimensions: int | str = "auto"
    system: str = "rotations"
    matrix: Matrix | None = None
    input_matrix: Matrix | None = None
    frequency: float | str = "auto"
    decay: float | Distribution | str = "auto"
    window: float = 400.0
    hold: float = 20.0
    gain: float = 1.0
    decoder: str = "random"
    decoder_norm: float | Distribution = 0.3
    leak: float | Distribution = 20.0
    linear_cost: float = 0.0
    quadratic_cost: float = 0.0
    noise: float = 0.0
    lag: float | str = "auto"
    dt: float = 0.1

    def __post_init__(self) -> None:
        problems: list[str] = []
        for name in ABOUT:
            try:
                object.__setattr__(self, name, checked(name, getattr(self, name)))
            except (InputError, SpecError) as error:
                problems.append(str(error))
        if not problems:
            problems = self._inconsistent()
        if problems:
            raise SpecError(problems)

    def __repr__(self) -> str:
        return spec_line("BalancedSpec", changed(vars(self), _DEFAULTS))

    def summary(self) -> str:
        """Return all parameters as text, a line each."""
        return spec_summary("BalancedSpec", vars(self))

    def _repr_html_(self) -> str:
        def about(name: str) -> tuple[str, str]:
            return "", ABOUT[name]

        return spec_table("BalancedSpec", "Parameters of a balanced network.", vars(self), _DEFAULTS, about)

    def _inconsistent(self) -> list[str]:
        given = self.system == "matrices"
        for name in ("matrix", "input_matrix"):
            value = getattr(self, name)
            if given != (value is not None):
                wanted = "must be given with" if given else "can be given only with"
                return [str(InputError(name, value, f"{wanted} system = 'matrices'"))]
        if self.matrix is not None and self.input_matrix is not None:
            rows = len(self.matrix)
            if any(len(row) != rows for row in self.matrix):
                return [str(InputError("matrix", np.shape(self.matrix), "must be square"))]
            if len(self.input_matrix) != rows:
                return [
                    str(InputError("input_matrix", np.shape(self.input_matrix), f"must have {rows} rows, as matrix has"))
                ]
            if self.dimensions not in ("auto", rows):
                return [str(InputError("dimensions", self.dimensions, f"must be {rows}, the rows of matrix, or auto"))]
        if self.states > self.neurons:
            return [str(InputError("dimensions", self.states, f"must be from 1 to {self.neurons}, the number of neurons"))]
        if self.system == "inputs" and self.decoder != "random":
            return [
                str(InputError("decoder", self.decoder, "must be random with system = 'inputs', whose weights are drawn"))
            ]
        if self.system == "oscillator" and self.states % 2:
            return [str(InputError("dimensions", self.states, "must be even for an oscillator: two states each"))]
        return []

    @property
    def states(self) -> int:
        """Number of states J; of the system `inputs` without `dimensions` at least 1, as many as there are channels."""
        if self.matrix is not None:
            return len(self.matrix)
        if not isinstance(self.dimensions, str):
            return self.dimensions
        return min(
            self.neurons,
            {"integrator": 1, "inputs": 1, "oscillator": 2}.get(self.system, 2 * max(1, round(0.016 * self.neurons))),
        )

    def updated(self, changes: dict[str, Any]) -> BalancedSpec:
        """Return a copy with some parameters changed.

        Parameters
        ----------
        changes : dict
            Values by name; text is read as TOML, a bare word as text. ``leak.mean`` is a parameter of a distribution.

        Raises
        ------
        SpecError
            Lists all problems: unknown names (with the most similar one) and values that are not allowed.
        """
        values = {name: getattr(self, name) for name in ABOUT}
        for name, given in changes.items():
            parent, _, leaf = str(name).partition(".")
            if parent not in ABOUT:
                near = difflib.get_close_matches(parent, list(ABOUT), n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"a balanced network has {', '.join(ABOUT)}"
                raise SpecError([f"{name:.60}: no such parameter; {hint}"])
            try:
                value = toml_value(given) if isinstance(given, str) else given
            except ValueError as error:
                raise SpecError([f"{name}: {error}"]) from None
            if leaf:
                current = values[parent]
                if not isinstance(current, (Distribution, dict)):
                    raise SpecError([f"{name}: {parent} is no distribution, so it has no {leaf!r}"])
                value = {**(current.to_dict() if isinstance(current, Distribution) else current), leaf: value}
            values[parent] = value
        return BalancedSpec(**values)

    def to_toml(self, comments: bool = False) -> str:
        """Return all parameters that are given as TOML text; with `comments`, their descriptions."""
        lines = []
        for name, text in ABOUT.items():
            value = getattr(self, name)
            lines += [f"# {text}"] if comments else []
            if value is not None:
                lines.append(f"{name} = {toml_of(value)}")
            elif comments:
                lines.append(f"# {name} is not given")
        return "\n".join(lines) + "\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the TOML atomically to a file."""
        write_text(path, self.to_toml(comments=True))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BalancedSpec:
        """Read a specification from a TOML file.

        Raises
        ------
        FileError
            When the file cannot be read.
        SpecError
            When it is not valid; every problem names the file.
        """
        text = read_text(path)
        try:
            return cls().updated(parsed_toml(text))
        except SpecError as error:
            raise SpecError([f"{os.fspath(path)}: {problem}" for problem in error.problems]) from None
        except ValueError as error:
            raise SpecError([f"{os.fspath(path)}: no valid TOML: {error}"]) from None


_DEFAULTS = {field.name: field.default for field in dataclasses.fields(BalancedSpec)}
