"""A network by equations as a Brian2 network: groups with all values set."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.engines.brian.model_check import checked
from hrsnn.engines.brian.model_equations import TYPES, equations_of, link_equations, neuron_equations, statements
from hrsnn.engines.brian.session import brian2, code_class
from hrsnn.engines.brian.unit_text import unit_of_text
from hrsnn.equations.amounts import Amount

if TYPE_CHECKING:
    from hrsnn.equations.network import BrianNetwork


def to_network(network: BrianNetwork, plastic: bool = False, spiking: bool = True, target: str = "auto") -> Any:
    """Return the network as a Brian2 ``Network``, to run, record and extend with Brian2.

    Parameters
    ----------
    network : BrianNetwork
    plastic : bool
        Whether the links have the model's plasticity.
    spiking : bool
        Whether it has the group of channels and the input links.
    target : str
        Code of its groups: "numpy", "cython", or "auto", Brian2's preference ``codegen.target`` at the time of the run.

    Returns
    -------
    brian2.Network
        Its objects are ``neurons`` and, where the network has them, ``recurrent``, ``channels`` (set ``multiplicity`` of a
        channel to 1 to make it spike in the current step) and ``input``. All share one clock of step ``network.dt``.

    Examples
    --------
    >>> from hrsnn.equations import BrianModel, build_brian
    >>> made = to_network(build_brian(BrianModel(neurons=30), seed=0))
    >>> len(made["neurons"]), len(made["recurrent"])
    (30, 120)
    """
    model = network.model
    found, code = checked(model), code_class(target)
    clock = brian2.Clock(dt=network.dt * brian2.ms, name="model_clock")
    refractory = model.refractory if isinstance(model.refractory, str) else (model.refractory or 0) * brian2.ms
    # names are fixed, since generated code contains them: numbered ones would be compiled again for each network
    neurons = brian2.NeuronGroup(
        network.neurons,
        neuron_equations(model),
        threshold=model.threshold,
        reset=model.reset or None,
        refractory=refractory,
        method=_method(found.update),
        clock=clock,
        codeobj_class=code,
        namespace={},
        name="neurons",
    )
    for name, values in network.values.items():
        one = model.parameters.get(name, model.parameters.get(f"{name}_exc"))
        _put(neurons, name, values, one)
    for name, kind in zip(TYPES, (network.is_excitatory, ~network.is_excitatory), strict=True):
        if name in neurons.variables:
            _put(neurons, name, kind.astype(float))
    _put_initial(network, neurons)
    made = brian2.Network(neurons)
    if network.synapses:
        ends, arrays = (network.pre, network.post), (network.weight, network.w_max)
        made.add(_links(network, "recurrent", neurons, neurons, ends, arrays, plastic, clock, code))
    if spiking and len(network.input_channel):
        channels = brian2.NeuronGroup(
            network.channels,
            "multiplicity : 1",
            threshold="multiplicity > 0",
            reset="multiplicity = 0",
            clock=clock,
            codeobj_class=code,
            namespace={},
            name="channels",
        )
        ends, arrays = (network.input_channel, network.input_post), (network.input_weight, network.input_w_max)
        made.add(channels, _links(network, "input", channels, neurons, ends, arrays, plastic, clock, code))
    return made


def _links(
    network: BrianNetwork,
    side: str,
    source: Any,
    target: Any,
    ends: tuple[np.ndarray, np.ndarray],
    arrays: tuple[np.ndarray, np.ndarray],
    plastic: bool,
    clock: Any,
    code: Any,
) -> Any:
    model = network.model
    on_pre, on_post = (statements(model, side, event, plastic) for event in ("pre", "post"))
    synapses = brian2.Synapses(
        source,
        target,
        model=link_equations(model, side, plastic),
        on_pre=on_pre or None,
        on_post=on_post or None,
        method=_method(checked(model).link_updates[side, plastic]),
        clock=clock,
        codeobj_class=code,
        namespace={},
        name=side,
    )
    synapses.connect(i=ends[0], j=ends[1])
    weight = model.weight_of("ee") if side == "recurrent" else model.input_weight
    for name, values in zip(("w", "w_max"), arrays, strict=True):
        _put(synapses, name, values, weight)
    drawn = network.link_values if side == "recurrent" else network.input_values
    for name, values in drawn.items():
        _put(synapses, name, values, model.synapse_parameters[name])
    # input spikes are processed before the pre events of recurrent links, and those before all post events
    if on_pre:
        synapses.pre.order = -1 if side == "input" else 0
    if on_post:
        synapses.post.order = 1
    _put_initial(network, synapses)
    if side == "recurrent" and on_pre and network.delay.any():
        synapses.pre.delay = np.round(network.delay / network.dt) * clock.dt
    return synapses


def _put_initial(network: BrianNetwork, group: Any) -> None:
    for name, values in network.initial.items():
        if name in equations_of(group):
            one: Any = network.model.initial[name]
            if isinstance(one, str):
                one = network.model.parameters.get(one, network.model.parameters.get(f"{one}_exc"))
            # input links have a variable of plasticity too, which the network has for recurrent links
            _put(group, name, values if group.name != "input" else np.full(len(group), one.mean), one)


def _put(group: Any, name: str, values: np.ndarray, amount: Amount | None = None) -> None:
    factor = 1.0 if amount is None else unit_of_text(amount.unit).factor
    setattr(group, f"{name}_", values * factor)  # which the device of C++ standalone takes too


@functools.cache  # Brian2 caches by the identity of the method: a new one in each run would fill memory
def _method(code: str) -> Callable[..., str]:
    return functools.partial(_given, code=code)


def _given(equations: Any, variables: Any = None, options: Any = None, *, code: str) -> str:
    return code
