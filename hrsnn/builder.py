"""Construction of a reservoir from a spec; each part is drawn from its own branch of the seed."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from hrsnn.connectivity import distance_links, equal_pairs, grid_positions, in_degree_links, random_links, random_pairs
from hrsnn.distributions import Constant, Distribution, Gamma
from hrsnn.errors import HrsnnWarning, InputError, SpecError
from hrsnn.files.reading import refuse_damaged
from hrsnn.reservoir import NEURON_ARRAYS, SHORT_TERM_ARRAYS, Links, Reservoir, ShortTerm
from hrsnn.runtime.seeds import generator
from hrsnn.spec import DELAYS, ReservoirSpec
from hrsnn.validation.limits import check_memory
from hrsnn.validation.network_size import expected_links, network_memory
from hrsnn.validation.numbers import MOST_CHANNELS, count_of
from hrsnn.validation.parameter_bounds import Parameter
from hrsnn.validation.units import takes

#: Types of neuron pairs as (pre, post), index 0 excitatory and 1 inhibitory.
PAIRS = {"ee": (0, 0), "ei": (0, 1), "ie": (1, 0), "ii": (1, 1)}
#: Parameters that the spec has twice, for excitatory and for inhibitory neurons.
_BY_TYPE = ("tau_m", "refractory")
#: Arrays with one value a neuron that are not drawn from a parameter of the spec.
_LAID_OUT = ("is_excitatory", "positions", "cluster")
#: Arrays of short-term plasticity, and the parameters they are drawn from.
_SHORT_TERM = {name: name.removeprefix("tau_") for name in SHORT_TERM_ARRAYS}
#: K of the network for which the default weights were chosen: 30.6 at 1000 neurons and lambda 2.
REFERENCE_K = 30.0
logger = logging.getLogger("hrsnn")


@takes()
def build(spec: ReservoirSpec, seed: int = 0, channels: int = 1) -> Reservoir:
    """Draw a reservoir from a spec.

    Parameters
    ----------
    spec : ReservoirSpec
    seed : int
        The same spec, seed and channels give the same bytes. Each part (links, each weight, each time constant, ...) is
        drawn from its own branch of the seed, so that a change of one part leaves the draws of the others unchanged.
    channels : int
        Number of input channels.

    Returns
    -------
    Reservoir

    Raises
    ------
    SpecError
        When the length of an array in the spec differs from what the network needs.
    InputError
        When `seed` or `channels` is not a valid whole number, the network would exceed the memory limit, v_reset is
        drawn at or above v_threshold, or the graph of the spec has another number of neurons.
    FileError
        When the spec names the file of a graph that is missing, damaged, or no network.

    Notes
    -----
    The weights of the spec are multiplied by W_scale * 30/K, where K is the mean over neurons of
    sum_j exp(-(D/lambda)^2), so that the rate hardly depends on the size. With random links, each pair type has the same
    mean total input as in the distance-dependent network: the factor is W_scale * 30 C / (p (N - 1)); with a topology of S
    links W_scale * 30 C N / S. With given in-degrees too: it is W_scale * 30 C f / k for the k links from neurons of a type
    that is the share f of all.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=1000), seed=1, channels=40)
    >>> reservoir.neurons, reservoir.synapses
    (1000, 4000)
    """
    channels = count_of("channels", channels, most=MOST_CHANNELS)
    if spec.graph is not None:
        return _of_graph(spec, seed, channels)
    n = spec.neurons
    check_memory("neurons", n, network_memory(spec, channels), f"a network of {expected_links(spec):.2g} links")
    is_excitatory = np.zeros(n, dtype=bool)
    is_excitatory[generator(seed, "types").permutation(n)[: round(n * spec.excitatory_fraction)]] = True
    if spec.topology is not None:
        drawn = spec.topology.draw(n, generator(seed, "links", "topology"))
        # as of random links: a neuron's mean total input is that in a large distance-dependent network with K = 30
        mean_degree = max(len(drawn.pre) / n, 1e-300)
        scale = {
            name: spec.weight_scale * REFERENCE_K * getattr(spec, f"probability_{name}") / mean_degree for name in PAIRS
        }
        return assemble(spec, seed, channels, is_excitatory, drawn.positions, drawn.pre, drawn.post, scale, drawn.area)
    cluster, positions = cluster_layout(n, spec.clusters)
    pre, post, scale = _recurrent_pairs(spec, seed, positions, cluster, is_excitatory)
    return assemble(spec, seed, channels, is_excitatory, positions, pre, post, weight_factors=scale, cluster=cluster)


def _of_graph(spec: ReservoirSpec, seed: int, channels: int) -> Reservoir:
    """Return the network of the graph that the spec names, completed by what the spec draws."""
    from hrsnn.formats.graphs import network_file
    from hrsnn.graph import from_graph  # which assembles its reservoirs here

    assert spec.graph is not None
    file = network_file(spec.graph)
    if file.neurons != spec.neurons:
        raise InputError("neurons", spec.neurons, f"must be {file.neurons}, as {spec.graph} has")
    if file.channels not in (None, channels):
        text = f"{spec.graph} has input links of {file.channels} channels, and {channels} are needed: they are drawn anew"
        warnings.warn(text, HrsnnWarning, stacklevel=3)
    if file.saved is not None and spec.graph_weights != "linear":
        raise InputError("graph_weights", spec.graph_weights, f"must be linear: the weights of {spec.graph} are in mV")
    if file.saved is not None and file.channels == channels:
        return file.saved
    with refuse_damaged(spec.graph, "network"):
        return from_graph(file.graph if file.saved is None else file.saved.graph(), spec, seed, channels)


def assemble(
    spec: ReservoirSpec,
    seed: int,
    channels: int,
    is_excitatory: np.ndarray,
    positions: np.ndarray,
    pre: np.ndarray,
    post: np.ndarray,
    weight_factors: Mapping[str, float],
    cluster: np.ndarray,
) -> Reservoir:
    """Draw a reservoir with the given types, positions and recurrent pairs of neurons.

    Parameters
    ----------
    weight_factors : dict
        Factor on the spec's weights by pair type ("ee", "ei", "ie", "ii").
    cluster : (N,) array
        Cluster of each neuron, which determines its mean tau_m, or area.

    Raises
    ------
    SpecError
        When the length of an array in the spec differs from what the network needs.
    """
    kind = (~is_excitatory).astype(np.int8)
    pair = 2 * kind[pre] + kind[post]  # 0 ee, 1 ei, 2 ie, 3 ii
    weight, w_max = np.empty(len(pre)), np.empty(len(pre))
    short_term = {name: np.empty(len(pre)) for name in _SHORT_TERM} if spec.short_term_plasticity else {}
    for code, name in enumerate(PAIRS):
        here = pair == code
        size = int(here.sum())
        distribution = _as_distribution(getattr(spec, f"weight_{name}"), weight_factors[name])
        bound = spec.w_max_factor * _mean(distribution)
        w_max[here] = bound
        weight[here] = _draw(_below(distribution, bound), size, seed, f"weight_{name}")
        for field, values in short_term.items():
            values[here] = _draw(getattr(spec, f"{_SHORT_TERM[field]}_{name}"), size, seed, f"{_SHORT_TERM[field]}_{name}")

    _say_rounding(spec)
    delay = _delays(spec, seed, is_excitatory, positions, pre, post)
    targets = np.sort(
        generator(seed, "input_targets").permutation(len(kind))[: max(1, round(len(kind) * spec.input_fraction))]
    )
    probability = min(1.0, spec.input_channels / channels) if spec.input_probability == "auto" else spec.input_probability
    pairs = equal_pairs if spec.connectivity == "in_degree" else random_pairs
    channel, target = pairs(channels, len(targets), probability, generator(seed, "input_links"))
    input_bound = spec.w_max_factor * _mean(spec.input_weight)
    input_weight = _draw(_below(spec.input_weight, input_bound), len(channel), seed, "input_weight")
    input_w_max = np.full(len(channel), input_bound)

    neuron: dict[str, Any] = {
        **{
            name: _neuron_values(spec, getattr(spec, name), len(kind), seed, name)
            for name in NEURON_ARRAYS
            if name not in (*_LAID_OUT, *_BY_TYPE)
        },
        "tau_m": _by_type(spec, is_excitatory, seed, "tau_m", _cluster_factors(spec, cluster)),
        "refractory": _by_type(spec, is_excitatory, seed, "refractory", np.ones(len(kind))),
    }
    if spec.psp_normalised:
        factor = _psp_factors(neuron["tau_m"], is_excitatory)
        weight, w_max = weight * factor[post], w_max * factor[post]
        input_weight, input_w_max = (values * factor[targets[target]] for values in (input_weight, input_w_max))
    threshold = spec.v_threshold
    if not spec.heterogeneous_thresholds:
        neuron["v_threshold"] = np.full(len(kind), _mean(threshold))
    if isinstance(spec.v_reset, Constant) and not isinstance(threshold, Constant):
        neuron["v_reset"] = neuron["v_reset"] + neuron["v_threshold"] - _mean(threshold)
    return Reservoir(
        is_excitatory=is_excitatory,
        positions=positions,
        cluster=cluster,
        recurrent=_links(pre, post, weight, delay, w_max, **_stdp(spec, w_max, seed, "recurrent")),
        input=_links(
            channel,
            targets[target],
            input_weight,
            _delay_values(spec, "delay_input", len(channel), seed),
            input_w_max,
            **_stdp(spec, input_w_max, seed, "input"),
        ),
        input_gain=_draw(spec.input_gain, len(channel), seed, "input_gain"),
        channels=channels,
        dt=spec.dt,
        background_frozen=spec.background_frozen,
        homeostasis=spec.homeostasis,
        short_term=ShortTerm(**short_term) if short_term else None,
        **neuron,
    )


def _links(pre: np.ndarray, post: np.ndarray, *drawn: np.ndarray, **constants: np.ndarray) -> Links:
    """Return links that take what was drawn for them over, instead of copying gigabytes."""
    for values in (*drawn, *constants.values()):
        values.setflags(write=False)
    return Links(pre, post, *drawn, **constants)


def _recurrent_pairs(
    spec: ReservoirSpec, seed: int, positions: np.ndarray, cluster: np.ndarray, is_excitatory: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Draw the recurrent pairs (pre, post); also return the factor on the weights of each pair type."""
    parts, kernel_sum = [], 0.0
    for k in range(spec.clusters):
        (members,) = np.nonzero(cluster == k)
        draws = generator(seed, "links", k)
        if spec.connectivity == "random":
            pre, post = random_links(len(members), spec.connection_probability, draws)
        elif spec.connectivity == "in_degree":
            degrees = (spec.in_degree_exc, spec.in_degree_inh)
            pre, post = in_degree_links(positions[members], is_excitatory[members], degrees, spec.length_scale, draws)
        else:
            table = np.array([[spec.probability_ee, spec.probability_ei], [spec.probability_ie, spec.probability_ii]])
            pre, post, k_here = distance_links(positions[members], is_excitatory[members], table, spec.length_scale, draws)
            kernel_sum += k_here * len(members) / spec.neurons
        parts.append((members[pre], members[post]))
    parts.append(_bridges(spec, seed, cluster, sum(len(pre) for pre, _ in parts)))
    key = np.concatenate([np.int64(spec.neurons) * pre + post for pre, post in parts])
    if (key[1:] < key[:-1]).any():  # sorting indices of both would take ten times as long
        key.sort()
    pre, post = (side.astype(np.int32) for side in np.divmod(key, spec.neurons))
    if spec.connectivity == "distance":
        # when lambda is far below the grid spacing there are no links and K is 0: there is no weight to scale
        factor = spec.weight_scale * REFERENCE_K / kernel_sum if kernel_sum > 0 else spec.weight_scale
        return pre, post, dict.fromkeys(PAIRS, factor)
    # a neuron's mean total input from its own cluster is that in a large distance-dependent network with K = 30
    constants = {name: getattr(spec, f"probability_{name}") for name in PAIRS}
    if spec.connectivity == "random":
        received = dict.fromkeys(PAIRS, spec.connection_probability * (spec.neurons / spec.clusters - 1))
    else:
        there_are = {"e": int(is_excitatory.sum()), "i": int((~is_excitatory).sum())}
        wanted = {"e": spec.in_degree_exc, "i": spec.in_degree_inh}
        from_each = {
            kind: min(wanted[kind], max(number - 1, 1)) * spec.neurons / max(number, 1) for kind, number in there_are.items()
        }
        received = {name: from_each[name[0]] for name in PAIRS}
    scale = spec.weight_scale * REFERENCE_K
    return pre, post, {name: scale * c / max(received[name], 1e-300) for name, c in constants.items()}


def _bridges(spec: ReservoirSpec, seed: int, cluster: np.ndarray, inside: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw random links between clusters, on average a given share of all links."""
    sizes = np.bincount(cluster, minlength=spec.clusters)
    between = spec.neurons**2 - int((sizes.astype(np.int64) ** 2).sum())
    if not between:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    wanted = inside * spec.inter_cluster_share / (1 - spec.inter_cluster_share)
    pre, post = random_links(spec.neurons, min(1.0, wanted / between), generator(seed, "bridges"))
    apart = cluster[pre] != cluster[post]
    return pre[apart], post[apart]


def cluster_layout(n: int, clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cluster of each of `n` neurons, sizes as equal as possible, and positions on one grid per cluster.

    Examples
    --------
    >>> cluster, positions = cluster_layout(16, 2)
    >>> np.bincount(cluster), positions.shape
    (array([8, 8]), (16, 3))
    """
    cluster = (np.arange(n) * clusters // n).astype(np.int32)
    parts, shift = [], 0.0
    for size in np.bincount(cluster, minlength=clusters):
        part = grid_positions(int(size)) if size else np.empty((0, 3))
        parts.append(part + [shift, 0, 0])
        shift += (part[:, 0].max() if size else 0.0) + 4.0
    return cluster, np.concatenate(parts)


def _cluster_factors(spec: ReservoirSpec, cluster: np.ndarray) -> np.ndarray:
    """Return the factor on tau_m by a neuron's cluster: log-spaced, with mean 1, so that the network's mean is the spec's.

    Areas of a topology are no clusters with time constants of their own.
    """
    if spec.clusters == 1:
        return np.ones(len(cluster))
    factors = np.geomspace(1.0, spec.cluster_spread, spec.clusters)
    return np.asarray((factors / factors.mean())[cluster])


def _psp_factors(tau_m: np.ndarray, is_excitatory: np.ndarray) -> np.ndarray:
    """Return tau_m of each neuron over the mean of its type: the potential of a spike is proportional to 1/tau_m."""
    factors = np.ones(len(tau_m))
    for here in (is_excitatory, ~is_excitatory):
        if here.any():
            factors[here] = tau_m[here] / tau_m[here].mean()
    return factors


def _by_type(spec: ReservoirSpec, is_excitatory: np.ndarray, seed: int, name: str, factors: np.ndarray) -> np.ndarray:
    """Draw a parameter from the distributions of excitatory and of inhibitory neurons, times a factor for each neuron.

    Values given as an array in the spec are used as they are.
    """
    values = np.empty(len(is_excitatory))
    for suffix, here in (("exc", is_excitatory), ("inh", ~is_excitatory)):
        field = f"{name}_{suffix}"
        parameter = getattr(spec, field)
        drawn = _neuron_values(spec, parameter, int(here.sum()), seed, field)
        values[here] = drawn * factors[here] if isinstance(parameter, Distribution) else drawn
    return values


def _neuron_values(spec: ReservoirSpec, parameter: Parameter, size: int, seed: int, name: str) -> np.ndarray:
    # drawn in homogeneous variants too, so that an array of the wrong length is an error in every variant
    values = _draw(parameter, size, seed, name)
    return values if spec.heterogeneous_neurons else np.full(size, _mean(parameter))


def _delays(
    spec: ReservoirSpec, seed: int, is_excitatory: np.ndarray, positions: np.ndarray, pre: np.ndarray, post: np.ndarray
) -> np.ndarray:
    """Draw the delay of each link (ms): that of its source, its own, or its length over the conduction speed."""
    if spec.delay_speed is not None:
        distance = np.sqrt(((positions[pre] - positions[post]) ** 2).sum(axis=1))
        values = np.asarray(distance / spec.delay_speed)
        return values if spec.heterogeneous_delays or not len(values) else np.full(len(values), values.mean())
    kind = (~is_excitatory).astype(np.int8)
    pair = 2 * kind[pre] + kind[post]
    if any(getattr(spec, f"delay_{name}") is not None for name in PAIRS):
        delay = np.zeros(len(pre))
        for code, name in enumerate(PAIRS):
            delay[pair == code] = _delay_values(spec, f"delay_{name}", int((pair == code).sum()), seed)
        return delay
    of_neuron = np.zeros(len(is_excitatory))
    for name, here in (("delay_exc", is_excitatory), ("delay_inh", ~is_excitatory)):
        of_neuron[here] = _delay_values(spec, name, int(here.sum()), seed)
    return np.asarray(of_neuron[pre])


def _say_rounding(spec: ReservoirSpec) -> None:
    """Say once a network which numbers given as delays are no whole steps, to which grid engines round them."""
    text = "%s = %g ms is no whole number of steps of %g ms: engines on a grid round it"
    for name in (*(one for names in DELAYS for one in names), "delay_input"):
        value = getattr(spec, name)
        if isinstance(value, Constant):  # a speed is a number
            steps = value.value / spec.dt
            if abs(steps - round(steps)) > 1e-9:
                logger.info(text, name, value.value, spec.dt)


def _delay_values(spec: ReservoirSpec, name: str, size: int, seed: int) -> np.ndarray:
    parameter: Parameter | None = getattr(spec, name)
    if parameter is None:
        return np.zeros(size)
    drawn: np.ndarray = _draw(parameter, size, seed, name)  # in homogeneous variants too, for the error of a wrong length
    return drawn if spec.heterogeneous_delays else np.full(size, _mean(parameter))


def _stdp(spec: ReservoirSpec, w_max: np.ndarray, seed: int, side: str) -> dict[str, np.ndarray]:
    """Draw the four STDP constants of each synapse; the amplitudes are in mV."""
    chosen: dict[str, Parameter] = {
        "tau_plus": spec.tau_plus,
        "tau_minus": spec.tau_minus,
        "a_plus": spec.a_plus,
        "a_minus": depression(spec),
    }
    values = {}
    for name, parameter in chosen.items():
        drawn = _draw(parameter, len(w_max), seed, f"{side}.{name}")
        values[name] = drawn if spec.heterogeneous_synapses else np.full(len(w_max), _mean(parameter))
    if spec.stdp_pairing == "comonotone":
        # the pairs of depression go to the synapses in the order of their potentiation: the draws stay the same
        to, of = (np.argsort(values[f"a_{sign}"] * values[f"tau_{sign}"], kind="stable") for sign in ("plus", "minus"))
        for name in ("tau_minus", "a_minus"):
            moved = np.empty(len(w_max))
            moved[to] = values[name][of]
            values[name] = moved
    for name in ("a_plus", "a_minus"):
        values[name] *= w_max
    return values


def depression(spec: ReservoirSpec) -> Parameter:
    """Return A_minus of a spec, with "auto" replaced by its distribution."""
    if not isinstance(spec.a_minus, str):
        return spec.a_minus
    # from the means: computed for each synapse, the mean of A_minus would be 1.40 and the network would spike less
    mean = spec.depression_ratio * _mean(spec.a_plus) * _mean(spec.tau_plus) / _mean(spec.tau_minus)
    return Gamma(mean, 0.5) if mean > 0 else Constant(0)


def _draw(parameter: Parameter, size: int, seed: int, name: str) -> np.ndarray:
    if isinstance(parameter, Distribution):
        return parameter.sample(size, generator(seed, name))
    if len(parameter) != size:
        raise SpecError([f"{name.rpartition('.')[2]}: an array of {len(parameter)} values, but the network has {size}"])
    return parameter.copy()


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
