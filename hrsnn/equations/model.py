"""Specification of a network by Brian2 equations of its neurons and links."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from hrsnn.display.specs import changed, spec_line, spec_summary, spec_table
from hrsnn.distributions import Distribution
from hrsnn.equations.amounts import Amount
from hrsnn.equations.fields import ABOUT, PAIRS, TABLES, TEXTS, checked, checked_table
from hrsnn.equations.grammar import words_of
from hrsnn.equations.lif import LIF
from hrsnn.equations.model_text import toml_of_model
from hrsnn.errors import InputError, SpecError
from hrsnn.files.parsing import parsed_toml, toml_value
from hrsnn.files.reading import read_text
from hrsnn.files.writing import write_text

#: A field that is not given: as of the default model, or empty.
_NONE: Any = None
#: Fields that a model of its own has empty, where the default model has the leaky integrate-and-fire neuron's.
_EMPTY: dict[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    **dict.fromkeys(TABLES, MappingProxyType({})),
    "refractory": 0.0,
    "method": "auto",
    "record": "v",
    "drive": "",
    "plastic_input": False,
    "homeostasis": False,
}


@dataclass(frozen=True, kw_only=True)
class BrianModel:
    """A recurrent network whose neurons and links are given as Brian2 equations.

    :func:`hrsnn.equations.build_brian` draws networks of it. Without arguments it is the leaky integrate-and-fire network of
    :class:`hrsnn.ReservoirSpec`. A model that is given `equations` has only what is given: no other text, parameter, weight
    or delay of the default one.

    Parameters
    ----------
    neurons : int
        Number of neurons N.
    excitatory_fraction : float
        Share of excitatory neurons.
    dt : float
        Time step (ms).
    equations, threshold, reset : str
        As of ``brian2.NeuronGroup``.
    refractory : float or str
        ms, or an expression, such as the name of a parameter.
    method : str
        ``exact``, ``exponential_euler``, ``euler``, ``rk2``, ``rk4``, ``heun``, ``milstein``; or ``auto``, the first
        that can of exact, exponential_euler and euler; with noise, of euler and heun.
    record : str
        Variable that is recorded as v: in mV if it is a voltage, else in the base unit of SI.
    drive : str
        Parameter of the neurons that analog input sets, ``sum_links gain * u``; none for networks that take spikes only.
    synapses, on_pre, on_post : str
        Further equations of recurrent links, and statements at the arrival of a spike and at a spike of the target. ``w``
        is the weight, >= 0, and ``w_max`` its bound. ``excitatory`` and ``inhibitory`` are 1 for neurons of that type, else
        0, as in ``I_exc_post += excitatory_pre*w``. They run in every simulation and may not change w.
    input_on_pre : str
        Statements of an input link at an input spike.
    plasticity, plastic_on_pre, plastic_on_post : str
        Equations and statements that run only with ``plastic=True``, after the others; they may change w. At an arrival
        ``arrivals`` is the number of spikes that arrive in the step: of an input channel there may be several.
    plastic_input : bool
        Whether they apply to input links too.
    homeostasis : bool
        Whether the sums of a neuron's excitatory, inhibitory and input weights are restored after each stimulus.
    connectivity, in_degree_exc, in_degree_inh, length_scale, connection_probability, probability_ee, ... : optional
        As of :class:`hrsnn.ReservoirSpec`.
    weight_ee, weight_ei, weight_ie, weight_ii : Amount, optional
        Weights by the types of source and target, all of one dimension; those not given are as the first that is.
    weight_scale, w_max_factor : float
        Factor on the weights; w_max of a link over the mean weight of its pair type. Draws are below w_max.
    delay_exc, delay_inh : Amount, optional
        Axonal delays (ms), one a neuron.
    input_fraction, input_channels : float
        Share of the neurons that input reaches, and the mean number of channels that reach one.
    input_weight, input_gain : Amount, optional
        Weight of an input spike; drive by an analog input of 1.
    input_scale : float
        Factor on both.
    parameters : mapping of str to Amount
        Constants of the neurons, a draw for each neuron. They need no line in the equations. If X_exc and X_inh are given,
        and the texts have X instead, X is drawn from the one or the other by the type of the neuron.
    synapse_parameters : mapping of str to Amount
        Constants of the links, a draw for each link.
    initial : mapping of str to Amount or str
        Values of variables at the onset of every stimulus; a name is that of a parameter. By default 0.

    Raises
    ------
    SpecError
        Lists all problems: text that Brian2 cannot parse, units that do not agree, unknown names, names used twice, values
        out of range.

    Notes
    -----
    Amounts are given as numbers (no unit), text such as ``"281 pF"``, Brian2 quantities, distributions, or
    :class:`hrsnn.equations.Amount`; in TOML a distribution may have ``unit = "nS"``. A text is checked before Brian2 sees
    it: expressions, assignments and Brian2's own functions, and nothing else of Python. ``summed`` and ``linked`` variables
    are not available.

    Examples
    --------
    >>> model = BrianModel(
    ...     neurons=50,
    ...     equations="dv/dt = (E_L - v + I)/tau : volt (unless refractory)",
    ...     threshold="v > -50*mV",
    ...     reset="v = E_L",
    ...     refractory=2,
    ...     drive="I",
    ...     on_pre="v_post += (excitatory_pre - 4*inhibitory_pre)*w",
    ...     input_on_pre="v_post += w",
    ...     weight_ee="0.5 mV",
    ...     input_weight="1 mV",
    ...     input_gain="20 mV",
    ...     parameters={"E_L": "-65 mV", "tau": {"kind": "gamma", "mean": 20, "cv": 0.3, "unit": "ms"}},
    ...     initial={"v": "E_L"},
    ... )
    >>> model.updated({"tau.mean": "30", "E_L": "-70 mV"}).parameters["tau"].mean
    30.0
    >>> model.updated({"threshold": "v > -50"})
    Traceback (most recent call last):
    ...
    hrsnn.errors.SpecError: threshold = 'v > -50': has units that do not agree: ...

    References
    ----------
    M. Stimberg, R. Brette & D. Goodman (2019), Brian 2, an intuitive and efficient neural simulator.
    """

    kind: ClassVar[str] = "brian"  # of networks, in hrsnn.kinds

    neurons: int = 1000
    excitatory_fraction: float = 0.8
    dt: float = 0.5
    equations: str = _NONE
    threshold: str = _NONE
    reset: str = _NONE
    refractory: float | str = _NONE
    method: str = _NONE
    record: str = _NONE
    drive: str = _NONE
    synapses: str = _NONE
    on_pre: str = _NONE
    on_post: str = _NONE
    input_on_pre: str = _NONE
    plasticity: str = _NONE
    plastic_on_pre: str = _NONE
    plastic_on_post: str = _NONE
    plastic_input: bool = _NONE
    homeostasis: bool = _NONE
    connectivity: str = "in_degree"
    in_degree_exc: int = 2
    in_degree_inh: int = 2
    length_scale: float = 2.0
    probability_ee: float = 0.3
    probability_ei: float = 0.2
    probability_ie: float = 0.4
    probability_ii: float = 0.1
    connection_probability: float = 0.05
    weight_ee: Any = None
    weight_ei: Any = None
    weight_ie: Any = None
    weight_ii: Any = None
    weight_scale: float = 1.0
    w_max_factor: float = 3.0
    delay_exc: Any = None
    delay_inh: Any = None
    input_fraction: float = 1.0
    input_channels: float = 2.0
    input_weight: Any = None
    input_gain: Any = None
    input_scale: float = 1.0
    parameters: Mapping[str, Any] = _NONE
    synapse_parameters: Mapping[str, Any] = _NONE
    initial: Mapping[str, Any] = _NONE

    def __post_init__(self) -> None:
        problems: list[str] = []
        given = dict(vars(self))
        base = LIF if given["equations"] is None else _EMPTY
        for name, value in given.items():
            try:
                now = base.get(name, _EMPTY.get(name)) if value is None else value
                taken = MappingProxyType(checked_table(name, now)) if name in TABLES else _checked(name, now)
                object.__setattr__(self, name, taken)
            except (InputError, SpecError) as error:
                problems.append(str(error))
        if not problems:
            problems = self._inconsistent()
        if problems:
            raise SpecError(problems)

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self._values(),)

    def __hash__(self) -> int:
        return hash(self.to_toml())

    def __eq__(self, other: object) -> bool:
        return self.to_toml() == other.to_toml() if isinstance(other, BrianModel) else NotImplemented

    def __getattr__(self, name: str) -> Any:
        # a value by its name, without its unit, as searches read it
        for table in TABLES if not name.startswith("_") else ():
            found = vars(self).get(table)
            if found is not None and name in found:
                one = found[name]
                return one.value if isinstance(one, Amount) else one
        raise AttributeError(f"BrianModel has no field and no parameter {name!r}")

    def __dir__(self) -> list[str]:
        return sorted(
            {*super().__dir__(), *(name for table in ("parameters", "synapse_parameters") for name in vars(self)[table])}
        )

    def __repr__(self) -> str:
        return spec_line("BrianModel", changed(self._values(), _defaults()))

    def summary(self) -> str:
        """Return all fields as text, a line each."""
        return spec_summary("BrianModel", self._values())

    def _repr_html_(self) -> str:
        def about(name: str) -> tuple[str, str]:
            return "", {**ABOUT, **TABLES}[name]

        return spec_table("BrianModel", "A network by Brian2 equations.", self._values(), _defaults(), about)

    def _values(self) -> dict[str, Any]:
        found = {name: vars(self)[name] for name in ABOUT}
        return {**found, **{name: dict(vars(self)[name]) for name in TABLES}}

    @property
    def learns(self) -> bool:
        """Whether it has plasticity."""
        return bool(self.plasticity or self.plastic_on_pre or self.plastic_on_post)

    @property
    def by_type(self) -> tuple[str, ...]:
        """Parameters of neurons that are drawn from NAME_exc and NAME_inh by the type of the neuron."""
        words = self.words
        return tuple(
            name
            for name in (one.removesuffix("_exc") for one in self.parameters or () if one.endswith("_exc"))
            if name in words and f"{name}_inh" in (self.parameters or ()) and name not in (self.parameters or ())
        )

    @property
    def words(self) -> frozenset[str]:
        """All names in the texts; without the suffixes _pre and _post too."""
        text = "\n".join(str(getattr(self, name)) for name in (*TEXTS, "refractory"))
        found = words_of(text)
        named = {one for one in (self.initial or {}).values() if isinstance(one, str)}
        return frozenset(found | named | {word.removesuffix("_pre").removesuffix("_post") for word in found})

    def weight_of(self, pair: str) -> Amount | None:
        """Return the weight of a pair type, "ee", "ei", "ie" or "ii": as given, or as the first that is."""
        given = [one for one in (getattr(self, f"weight_{name}") for name in (pair, *PAIRS)) if one is not None]
        return given[0] if given else None

    def _inconsistent(self) -> list[str]:
        from hrsnn.engines.brian.model_check import problems_of

        return problems_of(self)

    def updated(self, changes: dict[str, Any]) -> BrianModel:
        """Return a copy with some fields or parameters changed.

        Parameters
        ----------
        changes : dict
            Values by name: of a field; of a parameter (``C``, or ``parameters.C`` for a new one); ``tau.mean`` of its
            distribution. Text is read as TOML, and else is text. A number without a unit keeps the unit. New `equations`
            that come with `parameters` make a model of its own.

        Raises
        ------
        SpecError
            Lists all problems: unknown names (with the most similar one) and values that are not allowed.
        """
        values = self._values()
        if "equations" in changes and "parameters" in changes:
            values = {name: value for name, value in values.items() if name not in _EMPTY and name not in _of_lif()}
        for name, given in changes.items():
            try:
                value = toml_value(given) if isinstance(given, str) and name not in TEXTS else given
            except ValueError as error:
                raise SpecError([f"{name}: {error}"]) from None
            try:
                _put(values, str(name), value)
            except InputError as error:
                raise SpecError([str(error)]) from None
        return BrianModel(**values)

    def to_toml(self, comments: bool = False) -> str:
        """Return all fields that are given as TOML text; with `comments`, what each is."""
        return toml_of_model(self._values(), comments)

    @classmethod
    def from_toml(cls, text: str) -> BrianModel:
        """Read a model from TOML text.

        A text with `equations` is a whole model; one without changes the default.

        Raises
        ------
        SpecError
            When it is not valid.
        """
        try:
            values = parsed_toml(text)
        except ValueError as error:
            raise SpecError([f"no valid TOML: {error}"]) from None
        if "equations" not in values:
            return cls().updated(values)
        unknown = [name for name in values if name not in ABOUT and name not in TABLES]
        if unknown:
            raise SpecError([_no_such(name, [*ABOUT, *TABLES]) for name in unknown])
        return cls(**values)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the TOML atomically to a file."""
        write_text(path, self.to_toml(comments=True))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BrianModel:
        """Read a model from a TOML file; see :meth:`from_toml`.

        Raises
        ------
        FileError
            When the file cannot be read.
        SpecError
            When it is not valid; every problem names the file.
        """
        text = read_text(path)
        try:
            return cls.from_toml(text)
        except SpecError as error:
            raise SpecError([f"{os.fspath(path)}: {problem}" for problem in error.problems]) from None


def _checked(name: str, value: Any) -> Any:
    return None if value is None else checked(name, value)


def _made(values: dict[str, Any]) -> BrianModel:
    return BrianModel(**values)


def _defaults() -> dict[str, Any]:
    given = {one.name: one.default for one in dataclasses.fields(BrianModel)}
    return {**given, **{name: LIF.get(name, _EMPTY.get(name)) for name, value in given.items() if value is None}}


def _of_lif() -> set[str]:
    return {name for name in LIF if name.startswith(("weight_", "delay_", "input_"))}


def _no_such(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"a model has {', '.join(known[:8])}, ..."
    return f"{name:.60}: no such field or parameter; {hint}"


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    """Change one value, of a field or in a table, or of a parameter of a distribution."""
    parent, _, leaf = name.partition(".")
    if name in TABLES:
        values[name] = checked_table(name, value, values.get(name))
        return
    tables = [table for table in TABLES if parent in values.get(table, {})]
    if parent in TABLES:
        table, parent, leaf = parent, *leaf.partition(".")[::2]
        home = values.setdefault(table, {})
    elif parent in ABOUT:
        home = values
    elif tables:
        table, home = tables[0], values[tables[0]]
    else:
        known = [*ABOUT, *TABLES, *(one for table in TABLES for one in values.get(table, {}))]
        raise SpecError([_no_such(name, known)])
    current = home.get(parent)
    if leaf:
        if not isinstance(current, Amount) or not isinstance(current.value, Distribution):
            raise SpecError([f"{name}: {parent} is no distribution, so it has no {leaf!r}"])
        value = {**current.value.to_dict(), leaf: value, "unit": current.unit}
    unit = current.unit if isinstance(current, Amount) else None
    if home is values:
        values[parent] = checked(parent, value, unit) if isinstance(current, Amount) else value
    else:
        home.update(checked_table(table, {parent: value}, home))
