"""Growing a reservoir from a spec: every part drawn from its own branch of the seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hrsnn.distributions import Constant, Distribution, Gamma
from hrsnn.errors import InputError, SpecError
from hrsnn.links import distance_links, grid_positions, random_links, random_pairs
from hrsnn.reservoir import Links, Reservoir
from hrsnn.seeds import generator
from hrsnn.spec import Parameter, ReservoirSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A spike of these pairs, index 0 excitatory and 1 inhibitory, by (pre, post).
PAIRS = {"ee": (0, 0), "ei": (0, 1), "ie": (1, 0), "ii": (1, 1)}
#: K of the network in which the default weights were found: 30.6 at 1000 neurons and lambda 2.
REFERENCE_K = 30.0


def build(spec: ReservoirSpec, seed: int = 0, channels: int = 1) -> Reservoir:
    """Grow the reservoir that `spec` describes.

    Parameters
    ----------
    spec : ReservoirSpec
    seed : int
        Same spec, seed and channels: the same bytes. Each part (links, each weight, each time constant, ...) draws from
        a branch of its own, so that changing one never shifts another.
    channels : int
        Number of input channels.

    Returns
    -------
    Reservoir

    Raises
    ------
    SpecError
        When an array in the spec has another length than the network needs, or parameters contradict each other.
    InputError
        When `seed` or `channels` is no valid whole number.

    Notes
    -----
    Weights are the spec's times W_scale * 30/K, K the mean over neurons of sum_j exp(-(D/lambda)^2): the rate then
    hardly depends on the size. Random links get, pair type by pair type, the same mean total input as the
    distance-dependent network: the factor is W_scale * 30 C / (p (N - 1)).

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=1000), seed=1, channels=40)
    >>> reservoir.neurons, 8000 < reservoir.synapses < 9500
    (1000, True)
    """
    if isinstance(channels, bool) or not isinstance(channels, (int, np.integer)) or channels < 1:
        raise InputError("channels", channels, "must be a whole number >= 1")
    n = spec.neurons
    is_excitatory = np.zeros(n, dtype=bool)
    is_excitatory[generator(seed, "types").permutation(n)[: round(n * spec.excitatory_fraction)]] = True
    positions = grid_positions(n)
    pre, post, scale = _recurrent_pairs(spec, seed, positions, is_excitatory)
    return assemble(spec, seed, channels, is_excitatory, positions, pre, post, weight_factors=scale)


def assemble(
    spec: ReservoirSpec,
    seed: int,
    channels: int,
    is_excitatory: np.ndarray,
    positions: np.ndarray,
    pre: np.ndarray,
    post: np.ndarray,
    weight_factors: Mapping[str, float],
) -> Reservoir:
    """Everything but the types, positions and recurrent pairs: draw it, and put the reservoir together.

    Parameters
    ----------
    weight_factors : dict
        Factor on the spec's weights by pair type ("ee", "ei", "ie", "ii").

    Raises
    ------
    SpecError
        When an array in the spec has another length than the network needs.
    """
    kind = (~is_excitatory).astype(np.intp)
    pair = 2 * kind[pre] + kind[post]  # 0 ee, 1 ei, 2 ie, 3 ii
    weight, delay, w_max = np.empty(len(pre)), np.empty(len(pre)), np.empty(len(pre))
    for code, name in enumerate(PAIRS):
        here = pair == code
        size = int(here.sum())
        distribution = _as_distribution(getattr(spec, f"weight_{name}"), weight_factors[name])
        bound = spec.w_max_factor * _mean(distribution)
        w_max[here] = bound
        weight[here] = _draw(_below(distribution, bound), size, seed, f"weight_{name}")
        delay[here] = _draw(getattr(spec, f"delay_{name}"), size, seed, f"delay_{name}")

    targets = np.sort(
        generator(seed, "input_targets").permutation(len(kind))[: max(1, round(len(kind) * spec.input_fraction))]
    )
    probability = min(1.0, 4 / channels) if spec.input_probability == "auto" else spec.input_probability
    channel, target = random_pairs(channels, len(targets), probability, generator(seed, "input_links"))
    input_bound = spec.w_max_factor * _mean(spec.input_weight)

    neuron = {
        **{
            name: _neuron_values(spec, getattr(spec, name), len(kind), seed, name)
            for name in ("tau_exc", "tau_inh", "v_threshold", "v_reset", "v_rest", "v_start", "i_bias")
        },
        "background_rate": _neuron_values(spec, spec.background_rate, len(kind), seed, "background_rate"),
        "background_weight": _neuron_values(spec, spec.background_weight, len(kind), seed, "background_weight"),
        "tau_m": _by_type(spec, is_excitatory, seed, "tau_m"),
        "refractory": _by_type(spec, is_excitatory, seed, "refractory"),
    }
    return Reservoir(
        is_excitatory=is_excitatory,
        positions=positions,
        recurrent=Links(pre, post, weight, delay, w_max, **_stdp(spec, w_max, seed, "recurrent")),
        input=Links(
            channel,
            targets[target],
            _draw(_below(spec.input_weight, input_bound), len(channel), seed, "input_weight"),
            np.zeros(len(channel)),
            np.full(len(channel), input_bound),
            **_stdp(spec, np.full(len(channel), input_bound), seed, "input"),
        ),
        input_gain=_draw(spec.input_gain, len(channel), seed, "input_gain"),
        channels=channels,
        dt=spec.dt,
        background_frozen=spec.background_frozen,
        homeostasis=spec.homeostasis,
        **neuron,
    )


def _recurrent_pairs(
    spec: ReservoirSpec, seed: int, positions: np.ndarray, is_excitatory: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """The recurrent links and the factor on the weights of each pair type."""
    constants = {name: getattr(spec, f"probability_{name}") for name in PAIRS}
    if spec.connectivity == "random":
        p = spec.connection_probability
        pre, post = random_links(spec.neurons, p, generator(seed, "links"))
        expected = max(p * (spec.neurons - 1), 1e-300)
        return pre, post, {name: spec.weight_scale * REFERENCE_K * c / expected for name, c in constants.items()}
    table = np.array([[constants["ee"], constants["ei"]], [constants["ie"], constants["ii"]]])
    pre, post, kernel_sum = distance_links(positions, is_excitatory, table, spec.length_scale, generator(seed, "links"))
    # at a lambda far below the spacing there are no links and K is 0: no weight to scale
    factor = spec.weight_scale * REFERENCE_K / kernel_sum if kernel_sum > 0 else spec.weight_scale
    return pre, post, dict.fromkeys(PAIRS, factor)


def _by_type(spec: ReservoirSpec, is_excitatory: np.ndarray, seed: int, name: str) -> np.ndarray:
    """A parameter that excitatory and inhibitory neurons draw from distributions of their own."""
    values = np.empty(len(is_excitatory))
    for suffix, here in (("exc", is_excitatory), ("inh", ~is_excitatory)):
        field = f"{name}_{suffix}"
        values[here] = _neuron_values(spec, getattr(spec, field), int(here.sum()), seed, field)
    return values


def _neuron_values(spec: ReservoirSpec, parameter: Parameter, size: int, seed: int, name: str) -> np.ndarray:
    # drawn either way, so that an array of the wrong length is an error in every variant
    values = _draw(parameter, size, seed, name)
    return values if spec.heterogeneous_neurons else np.full(size, _mean(parameter))


def _stdp(spec: ReservoirSpec, w_max: np.ndarray, seed: int, side: str) -> dict[str, np.ndarray]:
    """The four constants of each synapse, drawn independently; the amplitudes in mV."""
    a_minus = spec.a_minus
    if isinstance(a_minus, str):
        # derived from the means: derived synapse by synapse, the mean of A_minus would be 1.40 and lower the spikes
        mean = spec.depression_ratio * _mean(spec.a_plus) * _mean(spec.tau_plus) / _mean(spec.tau_minus)
        a_minus = Gamma(mean, 0.5) if mean > 0 else Constant(0)
    chosen: dict[str, Parameter] = {
        "tau_plus": spec.tau_plus,
        "tau_minus": spec.tau_minus,
        "a_plus": spec.a_plus,
        "a_minus": a_minus,
    }
    values = {}
    for name, parameter in chosen.items():
        drawn = _draw(parameter, len(w_max), seed, f"{side}.{name}")
        values[name] = drawn if spec.heterogeneous_synapses else np.full(len(w_max), _mean(parameter))
    return {name: value * w_max if name.startswith("a_") else value for name, value in values.items()}


def _draw(parameter: Parameter, size: int, seed: int, name: str) -> np.ndarray:
    if isinstance(parameter, Distribution):
        return parameter.sample(size, generator(seed, name))
    if len(parameter) != size:
        raise SpecError([f"{name.rpartition('.')[2]}: an array of {len(parameter)} values, but the network has {size}"])
    return parameter


def _mean(parameter: Parameter) -> float:
    return parameter.truncated_mean if isinstance(parameter, Distribution) else float(parameter.mean())


def _as_distribution(parameter: Parameter, factor: float) -> Parameter:
    if isinstance(parameter, Distribution):
        return parameter.scaled(factor) if factor > 0 else Constant(0)
    return parameter * factor


def _below(parameter: Parameter, bound: float) -> Parameter:
    if isinstance(parameter, Distribution):
        return parameter.below(bound) if bound > 0 else Constant(0)
    return np.minimum(parameter, bound)
