"""Specification of a reservoir: its parameters as numbers, distributions or arrays, with TOML input and output."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic_core import PydanticCustomError

from hrsnn.connectivity.topologies import Topology
from hrsnn.display.specs import changed, spec_line, spec_summary, spec_table
from hrsnn.distributions import Constant, Distribution, Gamma, Uniform, unit_in
from hrsnn.errors import InputError, SpecError
from hrsnn.files.parsing import parsed_toml, toml_value
from hrsnn.files.reading import read_text
from hrsnn.files.writing import write_text
from hrsnn.presets import PRESETS, VARIANTS
from hrsnn.validation.parameter_bounds import (
    Delay,
    Duration,
    Finite,
    NonNegative,
    OptionalReal,
    Positive,
    Probability,
    Rate,
    Real,
    Release,
    Truth,
)
from hrsnn.validation.parameter_text import toml_of
from hrsnn.validation.spec_problems import check_names, problems_of
from hrsnn.validation.units import OURS, plain, takes

#: Ways of giving delays, of which a spec has at most one: per neuron, per link, and from positions.
DELAYS = (("delay_exc", "delay_inh"), ("delay_ee", "delay_ei", "delay_ie", "delay_ii"), ("delay_speed",))

#: Parameters that are missing in files in which all were written before delays had a default, and their values in these.
_BEFORE: Mapping[str, Any] = {"delay_exc": 0, "delay_inh": 0, "input_channels": 4}
_ADDED = {
    *_BEFORE,
    "in_degree_exc",
    "in_degree_inh",
    "psp_normalised",
    *(name for names in DELAYS for name in names),
    "delay_input",
    "graph",
    "graph_weights",
    "topology",
}


def _field(default: Any, unit: str, text: str, **bounds: Any) -> Any:
    return Field(default, description=text, json_schema_extra={"unit": unit}, **bounds)


def _topology(value: Any) -> Any:
    """Return a mapping as a topology; a topology and None as they are."""
    if value is None or isinstance(value, Topology):
        return value
    try:
        return Topology.of(value)
    except InputError as error:
        raise PydanticCustomError("unit", "{reason}", {"reason": f"topology: {error}"}) from error


class ReservoirSpec(BaseModel):
    """Parameters of a heterogeneous recurrent spiking reservoir, from which :func:`hrsnn.build` draws one.

    Every parameter of a neuron, link or synapse is a number, a distribution (:class:`~hrsnn.Gamma`,
    :class:`~hrsnn.LogNormal`, :class:`~hrsnn.Uniform`, :class:`~hrsnn.Constant`) or an array with one value for each
    neuron (link, synapse). Times are in ms, voltages in mV, rates in Hz; Brian2 quantities are converted, alone, in arrays,
    in lists and inside a distribution, and are an error where the parameter has another dimension or none. The model is
    described in the manual, in "The model": LIF neurons with exponential currents written as voltages::

        tau_m dv/dt = v_rest - v + I_exc + I_inh + i_bias + I_ext(t)

    and pair-based STDP with four constants for each synapse.

    Raises
    ------
    SpecError
        Lists all problems: unknown names (with the most similar name), values out of range.

    Examples
    --------
    >>> spec = ReservoirSpec(neurons=300, tau_exc=4)
    >>> spec.tau_exc, spec.variant("HoNHoS").heterogeneous_neurons
    (Constant(value=4.0), False)
    >>> ReservoirSpec(neuron=300)
    Traceback (most recent call last):
    ...
    hrsnn.errors.SpecError: neuron: no such parameter; did you mean 'neurons'?

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), eq. 1-5. Defaults: Maass et al. (2002); Perez-Nieves et al. (2021) for the gamma
    shape 3 (CV 0.577); the others were chosen in trials, for 1 to 30 Hz and under 20 % silent neurons.
    """

    kind: ClassVar[str] = "reservoir"  # of networks, in hrsnn.kinds

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)

    neurons: int = _field(1000, "", "number of neurons", ge=2, le=10**7, strict=True)
    excitatory_fraction: Real = _field(0.8, "", "share of excitatory neurons", gt=0, le=1)
    heterogeneous_neurons: Truth = _field(True, "", "false: every neuron parameter is its distribution's mean (HoN...)")
    heterogeneous_synapses: Truth = _field(True, "", "false: every STDP constant is its distribution's mean (...HoS)")
    heterogeneous_thresholds: Truth = _field(True, "", "false: every threshold is its distribution's mean")
    dt: Real = _field(0.5, "ms", "time step of the grid engines", ge=1e-4, le=100)

    tau_m_exc: Positive = _field(Gamma(15, 0.577, 3, 200), "ms", "membrane time constant of excitatory neurons")
    tau_m_inh: Positive = _field(Gamma(10, 0.577, 3, 200), "ms", "membrane time constant of inhibitory neurons")
    tau_exc: Positive = _field(Constant(3), "ms", "decay of the excitatory current")
    tau_inh: Positive = _field(Constant(6), "ms", "decay of the inhibitory current")
    v_threshold: Finite = _field(Constant(15), "mV", "a neuron spikes when v exceeds this")
    v_reset: Finite = _field(
        Constant(5),
        "mV",
        "v after a spike, held while refractory; a number moves with drawn thresholds",
    )
    v_rest: Finite = _field(Constant(0), "mV", "resting potential")
    v_start: Finite = _field(Constant(14), "mV", "v at the onset of every stimulus")
    i_bias: Finite = _field(Constant(11.5), "mV", "constant drive")
    refractory_exc: Duration = _field(Constant(3), "ms", "refractory period of excitatory neurons")
    refractory_inh: Duration = _field(Constant(2), "ms", "refractory period of inhibitory neurons")

    adaptation: NonNegative = _field(
        Constant(0), "mV", "jump of a neuron's own adaptation at its spike, which lowers its drive; 0: off"
    )
    tau_adaptation: Positive = _field(Constant(100), "ms", "decay of the adaptation")

    clusters: int = _field(
        1, "", "number of clusters (CHRSNN, 4 to 8): networks of their own whose mean tau_m differs", ge=1, strict=True
    )
    cluster_spread: Real = _field(
        4.0, "", "mean tau_m of the slowest cluster over that of the fastest, log-spaced between", ge=1
    )
    inter_cluster_share: Real = _field(0.02, "", "share of the links that lead to another cluster, at random", ge=0, lt=1)

    connectivity: Literal["in_degree", "distance", "random", "networkx"] = _field(
        "in_degree",
        "",
        "distance: P = C exp(-(D/length_scale)^2) on a grid of spacing 1; in_degree: given numbers of links to each "
        "neuron, from sources drawn by this law; random: one probability; networkx: the random graph of topology",
    )
    topology: Annotated[Topology | None, BeforeValidator(_topology)] = _field(
        None,
        "",
        "random graph of NetworkX, when connectivity is networkx: its function and arguments, such as "
        '{ function = "watts_strogatz_graph", k = 6, p = 0.1 }',
    )
    graph: str | None = _field(
        None,
        "",
        "file of a network: a saved reservoir or a sparse matrix (.npz), GraphML or links (.edges, .csv), whose links, and "
        "whatever else it has, replace those that the spec would draw; neurons must be as many",
    )
    graph_weights: Literal["linear", "log", "rank"] = _field(
        "linear",
        "",
        "weights of a graph without a unit: linear: in proportion to its values; log: to log(1 + value); rank: as drawn, "
        "the largest to the largest value",
    )
    in_degree_exc: int = _field(
        2, "", "links from excitatory neurons to each neuron (in_degree)", ge=0, le=10**7, strict=True
    )
    in_degree_inh: int = _field(
        2, "", "links from inhibitory neurons to each neuron (in_degree)", ge=0, le=10**7, strict=True
    )
    length_scale: Real = _field(2.0, "", "lambda of the distance law, in grid spacings", gt=0)
    probability_ee: Probability = _field(0.3, "", "C of links E -> E")
    probability_ei: Probability = _field(0.2, "", "C of links E -> I")
    probability_ie: Probability = _field(0.4, "", "C of links I -> E")
    probability_ii: Probability = _field(0.1, "", "C of links I -> I")
    connection_probability: Probability = _field(0.05, "", "of every pair, when connectivity is random")
    weight_ee: NonNegative = _field(Gamma(1.2, 0.7), "mV", "weight of links E -> E, before weight_scale")
    weight_ei: NonNegative = _field(Gamma(0.6, 0.7), "mV", "weight of links E -> I, before weight_scale")
    weight_ie: NonNegative = _field(Gamma(1.5, 0.7), "mV", "weight of links I -> E, before weight_scale")
    weight_ii: NonNegative = _field(Gamma(1.4, 0.7), "mV", "weight of links I -> I, before weight_scale")
    weight_scale: Real = _field(
        6.0, "", "W_scale: multiplies recurrent weights, beside a factor that keeps the rate the same at any size", ge=0
    )
    psp_normalised: Truth = _field(
        False,
        "",
        "true: weights of recurrent links and input spikes to neuron i times tau_m,i over the mean of its type, such that "
        "its postsynaptic potentials do not depend on tau_m,i",
    )
    w_max_factor: Real = _field(3.0, "", "w_max = this times the mean weight of the pair type", gt=1)
    delay_exc: Delay = _field(
        Uniform(1, 200), "ms", "axonal delay of an excitatory neuron, the same for all its links; 0 arrives at the next step"
    )
    delay_inh: Delay = _field(Uniform(1, 200), "ms", "axonal delay of an inhibitory neuron")
    delay_ee: Delay = _field(None, "ms", "delay drawn for each link E -> E, instead of delay_exc and delay_inh")
    delay_ei: Delay = _field(None, "ms", "delay drawn for each link E -> I")
    delay_ie: Delay = _field(None, "ms", "delay drawn for each link I -> E")
    delay_ii: Delay = _field(None, "ms", "delay drawn for each link I -> I")
    delay_speed: OptionalReal = _field(
        None,
        "",
        "conduction speed (grid spacings/ms): the delay of a link is its length over this",
        gt=0,
    )
    delay_input: Delay = _field(None, "ms", "delay drawn for each input link")
    heterogeneous_delays: Truth = _field(True, "", "false: every delay is its distribution's mean")

    short_term_plasticity: Truth = _field(False, "", "true: recurrent links depress and facilitate (U, D, F)")
    release_ee: Release = _field(
        Gamma(0.5, 0.5, high=1), "", "U of links E -> E: share of the resources that a first spike uses"
    )
    release_ei: Release = _field(Gamma(0.05, 0.5, high=1), "", "U of links E -> I")
    release_ie: Release = _field(Gamma(0.25, 0.5, high=1), "", "U of links I -> E")
    release_ii: Release = _field(Gamma(0.32, 0.5, high=1), "", "U of links I -> I")
    recovery_ee: Positive = _field(Gamma(1100, 0.5), "ms", "D of links E -> E: recovery from depression")
    recovery_ei: Positive = _field(Gamma(125, 0.5), "ms", "D of links E -> I")
    recovery_ie: Positive = _field(Gamma(700, 0.5), "ms", "D of links I -> E")
    recovery_ii: Positive = _field(Gamma(144, 0.5), "ms", "D of links I -> I")
    facilitation_ee: Positive = _field(Gamma(50, 0.5), "ms", "F of links E -> E: decay of facilitation")
    facilitation_ei: Positive = _field(Gamma(1200, 0.5), "ms", "F of links E -> I")
    facilitation_ie: Positive = _field(Gamma(20, 0.5), "ms", "F of links I -> E")
    facilitation_ii: Positive = _field(Gamma(60, 0.5), "ms", "F of links I -> I")

    input_fraction: Real = _field(1.0, "", "share of the neurons that input reaches", gt=0, le=1)
    input_probability: Probability | Literal["auto"] = _field(
        "auto", "", "P_IR: that a channel reaches a target neuron; auto: min(1, input_channels/channels)"
    )
    input_channels: Real = _field(2.0, "", "channels that reach a target neuron, for auto", gt=0)
    input_weight: NonNegative = _field(Gamma(6.5, 0.7), "mV", "weight of an input spike")
    input_gain: Finite = _field(Uniform(-7, 7), "mV", "drive of an analog input of 1")

    background_rate: Rate = _field(Constant(0), "Hz", "rate of background Poisson spikes a neuron; 0: off")
    background_weight: NonNegative = _field(Constant(3), "mV", "weight of a background spike")
    background_frozen: Truth = _field(False, "", "true: the background repeats itself at every input value or stimulus")

    tau_plus: Positive = _field(Gamma(20, 0.5), "ms", "decay of the presynaptic trace")
    tau_minus: Positive = _field(Gamma(20, 0.5), "ms", "decay of the postsynaptic trace")
    a_plus: NonNegative = _field(Gamma(0.001, 0.5), "w_max", "potentiation at a postsynaptic spike")
    a_minus: NonNegative | Literal["auto"] = _field(
        "auto", "w_max", "depression at a presynaptic spike; auto: gamma, CV 0.5, depression 1.05 times potentiation"
    )
    stdp_pairing: Literal["independent", "comonotone"] = _field(
        "independent", "", "of a synapse's constants; comonotone: the larger a_plus tau_plus, the larger a_minus tau_minus"
    )
    depression_ratio: Real = _field(1.05, "", "mean a_minus tau_minus over mean a_plus tau_plus, for auto", ge=0)
    homeostasis: Truth = _field(
        True, "", "after each stimulus of a plastic run, restore the sums of a neuron's E, I and input weights"
    )

    @field_validator("*", mode="wrap")
    @classmethod
    def _in_its_unit(cls, value: Any, validate: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """Validate a parameter in the unit of its field; quantities of another dimension are an error."""
        name = str(info.field_name)
        unit = unit_of_parameter(name)
        try:
            if not isinstance(value, dict):  # a dict is a distribution, which converts its own parameters
                value = plain(value, unit, name)
        except InputError as error:
            raise PydanticCustomError("unit", "{reason}", {"reason": str(error)}) from error
        value = validate(value)
        made_in = unit_in(value) if isinstance(value, Distribution) else None
        if made_in not in (None, unit):
            reason = f"must be in {unit}" if unit in OURS else "must be plain numbers, which have no unit"
            message = str(InputError(name, value, f"{reason}: this distribution was made of quantities in {made_in}"))
            raise PydanticCustomError("unit", "{reason}", {"reason": message})
        return value

    def __init__(self, /, **values: Any) -> None:  # so that an unknown parameter "self" is reported like any other
        check_names(values)
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SpecError(problems_of(error, type(self).model_fields)) from None
        if 2 * self.clusters > self.neurons:
            raise SpecError(
                [str(InputError("clusters", self.clusters, f"{self.neurons} neurons make at most half as many"))]
            )
        self._check_topology()
        given = [
            next((name for name in names if name in self.model_fields_set and getattr(self, name) is not None), None)
            for names in DELAYS
        ]
        if given[0] is not None and not any(_delays(getattr(self, name)) for name in DELAYS[0]):
            given[0] = None
        ways = [name for name in given if name is not None]
        if len(ways) > 1:
            text = "give delays per neuron (delay_exc, delay_inh), per link (delay_ee, ...) or by delay_speed"
            raise SpecError([f"{ways[0]} and {ways[1]}: {text}"])
        for name in DELAYS[0]:
            if any(given[1:]):
                self.__dict__[name] = None
            elif getattr(self, name) is None:
                self.__dict__[name] = Constant(0)

    def _check_topology(self) -> None:
        if self.connectivity != "networkx":
            if self.topology is not None:
                reason = f'has no effect: connectivity is "{self.connectivity}", not "networkx"'
                raise SpecError([str(InputError("topology", self.topology, reason))])
            return
        if self.topology is None:
            raise SpecError([str(InputError("topology", None, "must be given when connectivity is networkx"))])
        if self.clusters > 1:
            raise SpecError([str(InputError("clusters", self.clusters, "must be 1: topology has the areas"))])
        try:
            self.topology.check(self.neurons)
        except InputError as error:
            raise SpecError([str(error)]) from None

    def __eq__(self, other: object) -> bool:
        # pydantic's __eq__ compares arrays with ==, which raises
        return self.to_toml() == other.to_toml() if isinstance(other, ReservoirSpec) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_toml())

    def __repr__(self) -> str:
        return spec_line("ReservoirSpec", changed(dict(self), _defaults()))

    __str__ = __repr__

    def summary(self) -> str:
        """Return all parameters as text, a line each, with their units."""
        return spec_summary("ReservoirSpec", dict(self), unit_of_parameter)

    def _repr_html_(self) -> str:
        def about(name: str) -> tuple[str, str]:
            return unit_of_parameter(name), str(type(self).model_fields[name].description)

        return spec_table("ReservoirSpec", "Parameters of a reservoir.", dict(self), _defaults(), about)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> ReservoirSpec:
        return self  # immutable; copied arrays would be writable

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)  # unpickled arrays are writable

    @takes()
    def variant(self, name: str) -> ReservoirSpec:
        """Return a variant with the same means, heterogeneous (He) or not (Ho) in neurons (N) and STDP (S).

        Its name is HoNHoS, HeNHoS, HoNHeS or HeNHeS.

        Raises
        ------
        InputError
            For another name.
        """
        if name not in VARIANTS:
            raise InputError("variant", name, f"must be one of {', '.join(VARIANTS)}")
        neurons, synapses = VARIANTS[name]
        return self.updated({"heterogeneous_neurons": neurons, "heterogeneous_synapses": synapses})

    @classmethod
    def preset(cls, name: str, **changes: Any) -> ReservoirSpec:
        """Return a preset, with some parameters changed: "default", "dense" or "dense_delays".

        In "dense", the defaults before delays, about nine weak links a neuron are drawn by the distance law, spikes arrive
        at the next step, neurons are slower, and input reaches 30 % of them. "dense_delays" has the delays
        of the default and weaker links, for a similar rate: a network to prune.

        Raises
        ------
        InputError
            For another name.
        SpecError
            For changes that :meth:`updated` refuses.

        Examples
        --------
        >>> ReservoirSpec.preset("dense", neurons=300).connectivity
        'distance'
        """
        if name not in PRESETS:
            raise InputError("preset", name, f"must be one of {', '.join(PRESETS)}")
        return cls().updated({**PRESETS[name], **changes})

    def updated(self, changes: dict[str, Any]) -> ReservoirSpec:
        """Return a spec with some parameters changed.

        Parameters
        ----------
        changes : dict
            Values by name. A string is parsed as a TOML value (``"300"``, ``"{kind = 'gamma', ...}"``), a bare word as
            a string. A dotted name is a parameter of a distribution: ``{"tau_m_exc.mean": "25"}``.

        Raises
        ------
        SpecError
            Lists all problems.

        Examples
        --------
        >>> ReservoirSpec().updated({"neurons": "300", "tau_m_exc.mean": 25}).tau_m_exc
        Gamma(mean=25.0, cv=0.577, low=3.0, high=200.0)
        """
        if not isinstance(changes, Mapping):
            raise InputError("changes", changes, "must be a mapping, from parameters to values")
        changes = {str(name): value for name, value in changes.items()}
        check_names(changes)
        values: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        problems: list[str] = []
        for name, given in changes.items():
            try:
                value = toml_value(given) if isinstance(given, str) else given
            except ValueError as error:
                problems.append(f"{name:.60}: {error}")
                continue
            parent, _, leaf = name.partition(".")
            if leaf:
                current = values.get(parent, getattr(self, parent, None))
                if isinstance(current, Distribution | Topology):
                    current = current.to_dict()
                if isinstance(current, dict):  # also where an earlier change has made it a dict
                    values[parent] = {**current, leaf: value}
                elif parent in ReservoirSpec.model_fields:
                    whole = "is not given: set it whole first, as a table with its function" if parent == "topology" else ""
                    problems.append(f"{name}: {parent} {whole or f'is no distribution, so it has no {leaf!r}'}")
                else:
                    values[parent] = value  # an unknown parameter, which the constructor reports
            else:
                values[name] = value
        try:
            spec = ReservoirSpec(**values)
        except SpecError as error:
            raise SpecError([*problems, *error.problems]) from None
        if problems:
            raise SpecError(problems)
        return spec

    @classmethod
    def from_toml(cls, text: str) -> ReservoirSpec:
        """Read a spec from TOML text; parameters that are not given have their defaults.

        Raises
        ------
        SpecError
            Lists all problems, or names the line where the text is not valid TOML.
        """
        try:
            values = parsed_toml(text)
        except ValueError as error:
            raise SpecError([f"no valid TOML: {error}"]) from None
        if set(cls.model_fields) - _ADDED <= set(values):
            values = {**_BEFORE, **values}
        return cls(**values)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ReservoirSpec:
        """Read a spec from a TOML file.

        Raises
        ------
        FileError
            When the file cannot be read.
        SpecError
            When the spec is not valid; every problem names the file.
        """
        text = read_text(path)
        try:
            return cls.from_toml(text)
        except SpecError as error:
            raise SpecError([f"{os.fspath(path)}: {problem}" for problem in error.problems]) from None

    def save(self, path: str | os.PathLike[str], comments: bool = True) -> None:
        """Write the spec atomically to a TOML file."""
        write_text(path, self.to_toml(comments=comments))

    def to_toml(self, comments: bool = False) -> str:
        """Return the spec as TOML text with all parameters that are given; with `comments`, their descriptions and units.

        ``ReservoirSpec.from_toml(spec.to_toml())`` equals the spec.
        """
        lines = []
        for name, field in type(self).model_fields.items():
            unit = unit_of_parameter(name)
            if comments:
                lines.append(f"# {field.description}{f' ({unit})' if unit else ''}")
            value = getattr(self, name)
            if value is not None:
                lines.append(f"{name} = {toml_of(value.value if isinstance(value, Constant) else value)}")
            elif comments:
                lines.append(f"# {name} is not given")
        return "\n".join(lines) + "\n"


def has_delays(spec: ReservoirSpec) -> bool:
    """Return whether recurrent links have delays, by the parameters of a spec."""
    given = [getattr(spec, name) for names in DELAYS for name in names]
    return any(_delays(value) for value in given)


def _delays(value: Any) -> bool:
    """Return whether a parameter for delays is given, and not the number 0."""
    return value is not None and not (isinstance(value, Constant) and value.value == 0)


@functools.cache
def _defaults() -> dict[str, Any]:
    return dict(ReservoirSpec())


def parameter_unit(name: str) -> str:
    """Return the unit of a number that is searched or changed by its dotted name; "no unit" where it has none.

    Examples
    --------
    >>> parameter_unit("tau_m_exc.mean"), parameter_unit("tau_m_exc.cv"), parameter_unit("weight_scale")
    ('ms', 'no unit', 'no unit')
    """
    parameter, _, part = name.partition(".")
    known = parameter in ReservoirSpec.model_fields and part != "cv"
    return (unit_of_parameter(parameter) if known else "") or "no unit"


def unit_of_parameter(name: str) -> str:
    """Return the unit of a parameter of a spec: "ms", "mV", "Hz", "w_max", or "" where it has none.

    Examples
    --------
    >>> unit_of_parameter("tau_m_exc"), unit_of_parameter("neurons")
    ('ms', '')
    """
    extra = ReservoirSpec.model_fields[name].json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) else ""
