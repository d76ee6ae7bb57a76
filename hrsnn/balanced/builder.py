"""Building of a balanced network from its specification."""

from __future__ import annotations

import warnings

import numpy as np

from hrsnn.balanced.decoders import random_decoder, tightened
from hrsnn.balanced.inputs import integrators, random_input_weights
from hrsnn.balanced.lag import code_of, compensated, makes_unstable, needed_rate, tolerated_lag
from hrsnn.balanced.network import BalancedNetwork
from hrsnn.balanced.spec import BalancedSpec
from hrsnn.balanced.systems import MARGIN, LinearSystem, legendre, rotations, variances
from hrsnn.distributions import Distribution, Uniform
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.runtime.seeds import check_seed, generator
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import MOST_CHANNELS, count_of
from hrsnn.validation.units import takes

#: Steps that a code needs over those that there are: above the first a warning, above the second an error.
_WARNED, _REFUSED = 0.9, 1.1
#: Number of states up to which the decay of rotations does not depend on it.
_FEW = 32


@takes()
def build_balanced(spec: BalancedSpec, seed: int = 0, channels: int = 1) -> BalancedNetwork:
    """Draw a balanced network.

    Parameters
    ----------
    spec : BalancedSpec
    seed : int
        Seed of all draws.
    channels : int
        Number C of input channels.

    Returns
    -------
    BalancedNetwork

    Raises
    ------
    InputError
        When the system grows, the channels are not those of the given matrices, or dt is over 1.1 times what the code needs.

    Warns
    -----
    HrsnnWarning
        When dt is over 0.9 times what the code needs (:func:`hrsnn.balanced.lag.needed_rate`): it may break down.

    Notes
    -----
    Columns of the decoder are random directions of length `decoder_norm`, made a tight frame by ``decoder = "tight"``
    (:func:`hrsnn.balanced.decoders.tightened`); of the system `inputs`, random input weights
    (:func:`hrsnn.balanced.inputs.random_input_weights`) of that root mean square length, a state for each channel, to which
    an input spike adds `gain`. The states of a stable system have unit variance
    for independent inputs, uniform on (-1, 1) and each held for `hold`. An integrator moves by `gain` in a second with an
    input of 1; an oscillator is kicked to the amplitude `gain` by an input of 1 in one `hold`. Matrices that are given are
    taken as they are.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec
    >>> network = build_balanced(BalancedSpec(neurons=100, dimensions=8), seed=1, channels=2)
    >>> network.neurons, network.states, network.channels, network.lag > 0
    (100, 8, 2, True)
    """
    if not isinstance(spec, BalancedSpec):
        raise InputError("spec", spec, "must be a BalancedSpec")
    check_seed(seed)
    channels = count_of("channels", channels, most=MOST_CHANNELS)
    spec = _with_states(spec, channels)
    n, j = spec.neurons, spec.states
    check_memory("neurons", n, 8.0 * (3 * n * j + 4 * j * (j + channels)), "the network")
    system = linear_system(spec, seed, channels)
    if system.growth > MARGIN * max(1.0, float(np.abs(system.A).max())):
        raise InputError("matrix", f"growth {system.growth:.3g}/s", "must not grow: eigenvalues with real parts <= 0")
    norm = _drawn(spec.decoder_norm, n, seed, "decoder_norm")
    leak = _drawn(spec.leak, n, seed, "leak")
    if spec.system == "inputs":
        random = random_input_weights(n, channels, seed).T
        decoder = random / np.sqrt((random**2).sum(axis=0).mean()) * norm
        norm = np.sqrt((decoder**2).sum(axis=0))
    else:
        decoder = random_decoder(j, norm, generator(seed, "balanced", "decoder"))
        decoder = tightened(decoder) if spec.decoder == "tight" else decoder
    lag = _lag(spec, system, float(norm.mean()), float(leak.mean()))
    weights = compensated(system, float(leak.mean()), lag)
    own = spec.quadratic_cost * leak**2
    return BalancedNetwork(
        decoder=decoder,
        A=system.A,
        B=system.B,
        A_weights=weights.A,
        B_weights=weights.B,
        leak=leak,
        threshold=(spec.linear_cost * leak + own + norm**2) / 2,
        own_reset=own,
        dt=spec.dt,
        hold=spec.hold,
        lag=1000 * lag,
        noise=spec.noise,
    )


@takes()
def linear_system(spec: BalancedSpec, seed: int = 0, channels: int = 1) -> LinearSystem:
    """Return the linear system that a specification describes, with the scaled input matrix.

    Raises
    ------
    InputError
        When the channels are not those of the given matrices.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec
    >>> linear_system(BalancedSpec(system="integrator", gain=2.0)).B
    array([[2.]])
    """
    spec = _with_states(spec, channels)
    j, hold = spec.states, spec.hold / 1000
    if spec.system == "inputs":
        return integrators(_drawn(_decay(spec), j, seed, "decay") / 1000, spec.gain, hold)
    if spec.matrix is not None and spec.input_matrix is not None:
        given = np.array(spec.input_matrix)
        if given.shape[1] != channels:
            raise InputError("channels", channels, f"must be {given.shape[1]}, the columns of input_matrix")
        return LinearSystem(np.array(spec.matrix), spec.gain * given)
    random = generator(seed, "balanced", "input")
    if spec.system == "integrator":
        return LinearSystem(np.zeros((j, j)), spec.gain * _spread(np.eye(j), channels))
    frequency = spec.frequency if isinstance(spec.frequency, float) else 1.0 if spec.system == "oscillator" else _span(j)
    if spec.system == "oscillator":
        pairs = j // 2
        kicked = np.kron(np.eye(pairs), [[1.0], [0.0]])
        matrix = rotations(np.full(pairs, frequency), np.full(pairs, np.inf), j)
        return LinearSystem(matrix, spec.gain / hold * _spread(kicked, channels))
    if spec.system == "legendre":
        line = legendre(j, spec.window)
        mix = random.normal(size=(1, channels)) if channels > 1 else np.ones((1, 1))
        return _unit_variance(LinearSystem(line.A, line.B @ mix), hold, np.ones(j, dtype=np.intp).cumsum() - 1, spec.gain)
    pairs = -(-j // 2)
    frequencies = (np.arange(pairs) + 0.5) / pairs * frequency
    decays = _drawn(_decay(spec), pairs, seed, "decay") / 1000
    plain = LinearSystem(rotations(frequencies, decays, j), random.normal(size=(j, channels)))
    scaled = _unit_variance(plain, hold, np.arange(j) // 2, spec.gain)
    basis = np.linalg.qr(generator(seed, "balanced", "basis").normal(size=(j, j)))[0]
    return LinearSystem(basis @ scaled.A @ basis.T, basis @ scaled.B)


def _with_states(spec: BalancedSpec, channels: int) -> BalancedSpec:
    """Return the specification with a state for each channel, where the system is that of the inputs."""
    if spec.system != "inputs" or spec.dimensions == channels:
        return spec
    if spec.dimensions != "auto":
        raise InputError("dimensions", spec.dimensions, f"must be {channels}, the number of channels, or auto")
    return spec.updated({"dimensions": channels})


def _span(states: int) -> float:
    """Return the highest frequency of rotations (Hz) for "auto": J/3, or less where there are many, for fewer spikes."""
    return states / 3 if states <= _FEW else max(_FEW / 3, states / 4)


def _decay(spec: BalancedSpec) -> float | Distribution:
    """Return the decays (ms); for "auto" many states hold values for longer, and have to keep them above the noise."""
    if not isinstance(spec.decay, str):
        return spec.decay
    mean = 600.0 if spec.states <= _FEW else min(600.0 * spec.states / _FEW, 1200.0)
    return Uniform(mean * 2 / 3, mean * 4 / 3)


def _spread(columns: np.ndarray, channels: int) -> np.ndarray:
    """Return input columns for all channels: channel c acts as column c, and the columns repeat."""
    return np.asarray(columns[:, np.arange(channels) % columns.shape[1]])


def _unit_variance(system: LinearSystem, hold: float, group: np.ndarray, gain: float) -> LinearSystem:
    """Scale the states such that the mean variance of each group of states is 1, and multiply the input by `gain`."""
    variance = np.diag(variances(system, hold))
    scale = 1 / np.sqrt(np.bincount(group, variance) / np.bincount(group))[group]
    return LinearSystem(system.A * scale[:, None] / scale[None, :], gain * system.B * scale[:, None])


def _drawn(value: float | Distribution, count: int, seed: int, name: str) -> np.ndarray:
    if isinstance(value, Distribution):
        drawn = value.sample(count, generator(seed, "balanced", name))
        if not (drawn > 0).all():
            raise InputError(name, float(drawn.min()), "must be positive: draws of its distribution are not")
        return drawn
    return np.full(count, value)


def _lag(spec: BalancedSpec, system: LinearSystem, norm: float, leak: float) -> float:
    """Return the lag to be compensated (s), after the check of the predicted spikes against one a step."""
    dt = spec.dt / 1000
    spikes, lag = code_of(system, leak, spec.hold / 1000, norm, spec.neurons)
    share = dt * needed_rate(spikes, spec.states, tolerated_lag(system, leak))
    text = (
        f"is too long for these states and decoder_norm, with about {spikes:.0f} spikes a second and one at most in a step: "
        f"must be at most {_WARNED * spec.dt / share:.2g} ms, or decoder_norm longer"
    )
    if share > _REFUSED:
        raise InputError("dt", spec.dt, text)
    if share > _WARNED:
        warnings.warn(str(InputError("dt", spec.dt, text)), HrsnnWarning, stacklevel=4)
    if isinstance(spec.lag, float):
        return spec.lag / 1000
    return 0.0 if makes_unstable(system, leak, lag) else lag
