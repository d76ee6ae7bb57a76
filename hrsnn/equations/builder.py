"""Drawing of a network from a model of Brian2 equations."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrsnn.builder import PAIRS, build
from hrsnn.equations.amounts import Amount
from hrsnn.equations.model import BrianModel
from hrsnn.equations.network import BrianNetwork
from hrsnn.runtime.seeds import generator
from hrsnn.spec import ReservoirSpec
from hrsnn.validation.units import takes

#: Fields that a model shares with the spec of reservoirs, from which its links are drawn.
_SHARED = (
    *("neurons", "excitatory_fraction", "dt", "connectivity", "in_degree_exc", "in_degree_inh", "length_scale"),
    *(f"probability_{pair}" for pair in PAIRS),
    *("connection_probability", "input_fraction", "input_channels"),
)


@takes()
def build_brian(spec: BrianModel, seed: int = 0, channels: int = 1) -> BrianNetwork:
    """Draw a network of a model.

    Parameters
    ----------
    spec : BrianModel
    seed : int
        The same model, seed and channels give the same bytes. Each part is drawn from its own branch of the seed.
    channels : int
        Number of input channels.

    Returns
    -------
    BrianNetwork

    Raises
    ------
    InputError
        When a seed or number of channels is not valid, or the network would exceed the memory limit.

    Notes
    -----
    Types of neurons, links, delays and the targets of input are those that :func:`hrsnn.build` draws from a spec with the
    same fields and the same seed; so are weights, gains and parameters of equal distribution and name.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> network, reservoir = build_brian(BrianModel(neurons=80), seed=3), build(ReservoirSpec(neurons=80), seed=3)
    >>> bool((network.post == reservoir.post).all()), bool(np.allclose(network.weight, reservoir.weight))
    (True, True)
    """
    drawn = build(_skeleton(spec), seed, channels)
    types = (~drawn.is_excitatory).astype(np.intp)
    pair = 2 * types[drawn.pre] + types[drawn.post]
    weight, w_max = np.zeros(drawn.synapses), np.zeros(drawn.synapses)
    for code, name in enumerate(PAIRS):
        amount, here = spec.weight_of(name), pair == code
        if amount is not None:
            weight[here], w_max[here] = _weights(amount, spec.weight_scale, spec, int(here.sum()), seed, f"weight_{name}")
    inputs = len(drawn.input)
    input_weight, input_w_max = np.zeros(inputs), np.zeros(inputs)
    if spec.input_weight is not None:
        input_weight, bound = _weights(spec.input_weight, spec.input_scale, spec, inputs, seed, "input_weight")
        input_w_max = np.full(inputs, bound)
    gain = np.zeros(inputs)
    if spec.input_gain is not None:
        gain = spec.input_scale * spec.input_gain.sample(inputs, generator(seed, "input_gain"))
    values = _neuron_values(spec, drawn.is_excitatory, seed)
    link_values, input_values = (
        {name: one.sample(size, generator(seed, f"{side}.{name}")) for name, one in spec.synapse_parameters.items()}
        for side, size in (("recurrent", drawn.synapses), ("input", inputs))
    )
    return BrianNetwork(
        model=spec,
        is_excitatory=drawn.is_excitatory,
        pre=drawn.pre,
        post=drawn.post,
        weight=weight,
        w_max=w_max,
        delay=drawn.delay,
        input_channel=drawn.input.pre,
        input_post=drawn.input.post,
        input_weight=input_weight,
        input_w_max=input_w_max,
        input_gain=gain,
        channels=channels,
        values=values,
        link_values=link_values,
        input_values=input_values,
        initial=_initial(spec, values, drawn.synapses, seed),
    )


def _skeleton(spec: BrianModel) -> ReservoirSpec:
    """Return a spec of reservoirs with the links and delays of a model."""
    changes: dict[str, Any] = {name: getattr(spec, name) for name in _SHARED}
    for name in ("delay_exc", "delay_inh"):
        delay = getattr(spec, name)
        changes[name] = 0 if delay is None else delay.value
    return ReservoirSpec().updated(changes)


def _weights(amount: Amount, scale: float, spec: BrianModel, size: int, seed: int, name: str) -> tuple[np.ndarray, float]:
    """Draw weights below their bound, and return both."""
    scaled = amount.scaled(scale)
    bound = spec.w_max_factor * scaled.mean
    distribution = scaled.distribution.below(bound) if bound > 0 else scaled.distribution
    return distribution.sample(size, generator(seed, name)), bound


def _neuron_values(spec: BrianModel, is_excitatory: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    n, of_type = len(is_excitatory), spec.by_type
    halves = {f"{name}_{kind}" for name in of_type for kind in ("exc", "inh")}
    found = {name: one.sample(n, generator(seed, name)) for name, one in spec.parameters.items() if name not in halves}
    for name in of_type:
        values = found[name] = np.empty(n)
        unit = spec.parameters[f"{name}_exc"]
        for kind, here in (("exc", is_excitatory), ("inh", ~is_excitatory)):
            one = spec.parameters[f"{name}_{kind}"]
            # both types in the unit of the excitatory one
            ratio = 1.0 if one.unit == unit.unit else one.factor / unit.factor
            values[here] = ratio * one.sample(int(here.sum()), generator(seed, f"{name}_{kind}"))
    return found


def _initial(spec: BrianModel, values: dict[str, np.ndarray], links: int, seed: int) -> dict[str, np.ndarray]:
    from hrsnn.engines.brian.model_equations import neuron_equations

    of_neurons = neuron_equations(spec) if spec.initial else {}
    found = {}
    for name, one in spec.initial.items():
        size = spec.neurons if name in of_neurons else links
        found[name] = values[one] if isinstance(one, str) else one.sample(size, generator(seed, "initial", name))
    return found
