"""Nonlinear Hawkes processes of excitatory and inhibitory neurons, simulated exactly by thinning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.firing.hawkes_kernel import PRODUCT, SUM, Links, Rates, State, thin
from hrsnn.engines.jit import plain_tuples
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import duration_of, positive
from hrsnn.validation.units import take_fields, takes

Inhibition = Literal["product", "sum"]
_READINGS = {"product": PRODUCT, "sum": SUM}
#: Random numbers that are drawn at once, and the most spikes that they can give.
_CHUNK = 3 * 10**5


@dataclass(frozen=True)
class HawkesProcess:
    """Nonlinear Hawkes process on the links of a network, with exponential kernels.

    The drives of neuron i are ``e_i(t) = sum_j w_ij sum_s h_exc(t - t_js)`` over its excitatory sources j and their spikes s
    before t, and ``g_i(t)`` likewise over its inhibitory sources, with ``h(u) = exp(-u / tau) / tau``. Its intensity is

        product:  Phi(base_i + e_i) / (1 + g_i / half)
        sum:      Phi(base_i + e_i) + Phi(g_i)

    with ``Phi(x) = min(max(x, 0), ceiling)``: bounded, and linear below the ceiling.

    Parameters
    ----------
    base : array (N,)
        Intensities without drive (Hz), at least 0.
    pre, post : array of int (links,)
    weight : array (links,)
        Number of spikes that a spike adds in the mean, in the linear range; at least 0, with inhibitory sources too.
    inhibitory : array of bool (N,)
        Whether a neuron is inhibitory.
    inhibition : {"product", "sum"}
        Product: inhibition divides the intensity, as in the text of the source and in the model that it cites. Sum: as its
        eq. 11 is printed, where a positive function of the inhibitory spikes is added, so that inhibitory neurons excite.
    tau_exc, tau_inh : float
        Time constants of the kernels (ms).
    ceiling : float
        Bound of Phi (Hz); infinite for a linear process.
    half : float
        Inhibitory drive that halves the intensity (Hz).

    Raises
    ------
    InputError
        When arrays do not fit, or a value is out of its range.

    Notes
    -----
    The source has means over populations, 1 / N times a sum: here the weights have this factor. All neurons have the same
    form of intensity; the cited model has division in the excitatory population only.

    Examples
    --------
    >>> pair = HawkesProcess(base=[5.0, 5.0], pre=[0], post=[1], weight=[0.5], inhibitory=[False, False])
    >>> linear_rates(pair)
    array([5. , 7.5])

    References
    ----------
    Chakraborty & Mukhopadhyay 2024, eq. 11; C. Duval, E. Lucon, C. Pouzat, Interacting Hawkes processes with multiplicative
    inhibition, Stoch. Process. Appl. 148 (2022).
    """

    base: ArrayLike
    pre: ArrayLike
    post: ArrayLike
    weight: ArrayLike
    inhibitory: ArrayLike
    inhibition: Inhibition = "product"
    tau_exc: float = 3.0
    tau_inh: float = 6.0
    ceiling: float = 200.0
    half: float = 20.0

    def __post_init__(self) -> None:
        take_fields(self, base="Hz", tau_exc="ms", tau_inh="ms", ceiling="Hz", half="Hz")
        if self.inhibition not in _READINGS:
            raise InputError("inhibition", self.inhibition, f"must be one of {', '.join(_READINGS)}")
        base, inhibitory = np.asarray(self.base, dtype=np.float64), np.asarray(self.inhibitory, dtype=bool)
        ends = [np.asarray(one, dtype=np.int64) for one in (self.pre, self.post)]
        weight = np.asarray(self.weight, dtype=np.float64)
        if base.ndim != 1 or not base.size or not (np.isfinite(base) & (base >= 0)).all():
            raise InputError("base", self.base, "must be one rate of at least 0 for each neuron")
        if inhibitory.shape != base.shape:
            raise InputError("inhibitory", self.inhibitory, f"must be one value for each of the {len(base)} neurons")
        if weight.ndim != 1 or not (np.isfinite(weight) & (weight >= 0)).all():
            raise InputError("weight", self.weight, "must be finite numbers of at least 0")
        for name, one in zip(("pre", "post"), ends, strict=True):
            if one.shape != weight.shape or (one.size and not (one.min() >= 0 and one.max() < len(base))):
                raise InputError(name, one, f"must be one neuron, 0 to {len(base) - 1}, for each of the {weight.size} links")
        for name, unit in (("tau_exc", "ms"), ("tau_inh", "ms"), ("half", "Hz")):
            positive(name, getattr(self, name), unit)
        if not self.ceiling > 0:
            raise InputError("ceiling", self.ceiling, "must be above 0")
        for name, array in {
            "base": base,
            "pre": ends[0],
            "post": ends[1],
            "weight": weight,
            "inhibitory": inhibitory,
        }.items():
            object.__setattr__(self, name, array)

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return len(np.asarray(self.base))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Weights ``W[post, pre]`` (N, N), all at least 0; parallel links add."""
        found = np.zeros((self.neurons, self.neurons))
        np.add.at(found, (np.asarray(self.post), np.asarray(self.pre)), np.asarray(self.weight))
        return found


@takes()
def hawkes_of(
    reservoir: Reservoir, weight: ArrayLike, base: float = 5.0, branching: float = 0.6, **options: Any
) -> HawkesProcess:
    """Return a Hawkes process on the recurrent links of a reservoir.

    Weights are scaled by one factor for each type of link, excitatory or inhibitory source and target, such that the sum of
    what a neuron receives is `branching` in the mean over the neurons of a type: networks whose weights have other scales
    are then compared at equal means.

    Parameters
    ----------
    reservoir : Reservoir
    weight : array (links,)
        Weights of its recurrent links, in its order, such as those after STDP.
    base : float
        Intensity without drive (Hz).
    branching : float
        Mean sum of the weights that a neuron receives from the sources of one type.
    **options
        Of :class:`HawkesProcess`.

    Returns
    -------
    HawkesProcess

    Raises
    ------
    InputError
        When the weights do not fit, or an option is not allowed.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=50), seed=1)
    >>> process = hawkes_of(reservoir, reservoir.weight, branching=0.5)
    >>> excitatory = process.matrix[:, reservoir.is_excitatory]
    >>> round(float(excitatory.sum(axis=1).mean()), 12)
    0.5
    """
    given = np.asarray(weight, dtype=np.float64)
    if given.shape != reservoir.weight.shape:
        raise InputError("weight", given.shape, f"must be one weight for each of the {reservoir.synapses} links")
    excitatory, scaled = np.asarray(reservoir.is_excitatory), given.copy()
    for target in (True, False):
        for source in (True, False):
            links = (excitatory[reservoir.post] == target) & (excitatory[reservoir.pre] == source)
            total = float(given[links].sum())
            if total > 0:
                scaled[links] *= branching * (excitatory == target).sum() / total
    rates = np.full(reservoir.neurons, float(base))
    return HawkesProcess(rates, reservoir.pre, reservoir.post, scaled, ~excitatory, **options)


@takes()
def linear_rates(process: HawkesProcess) -> NDArray[np.float64]:
    """Compute the stationary rates of a process without inhibitory neurons and below its ceiling: ``(I - W)^-1 base``.

    Parameters
    ----------
    process : HawkesProcess
        With the reading "sum", inhibitory neurons count as excitatory ones.

    Returns
    -------
    array (N,)
        Hz.

    Raises
    ------
    InputError
        When the process has no stationary rates, because the spectral radius of W is 1 or above, or inhibition divides.

    Notes
    -----
    The ceiling is ignored: rates are those of the linear process.

    Examples
    --------
    >>> linear_rates(HawkesProcess([10.0], [0], [0], [0.5], [False]))
    array([20.])

    References
    ----------
    A. G. Hawkes, Spectra of some self-exciting and mutually exciting point processes, Biometrika 58 (1971).
    """
    matrix = process.matrix
    if process.inhibition == "product" and matrix[:, np.asarray(process.inhibitory)].any():
        raise InputError("process", "inhibition divides", "must be without links from inhibitory neurons, or with their sum")
    _check_stationary(matrix)
    return np.asarray(np.linalg.solve(np.eye(process.neurons) - matrix, np.asarray(process.base)))


def _check_stationary(matrix: NDArray[np.float64]) -> None:
    radius = float(np.abs(np.linalg.eigvals(matrix)).max())
    if radius >= 1:
        raise InputError("weight", radius, "must have a spectral radius below 1 for stationary rates")


@takes(duration="ms")
def hawkes_spikes(process: HawkesProcess, duration: float, *, seed: int = 0) -> SpikeTrains:
    """Simulate a Hawkes process from silence, exactly, by thinning.

    Candidates come at the rate of an upper bound of all intensities, which holds until the next spike since drives only
    decay in between; a candidate is a spike with the probability of the intensity over the bound.

    Parameters
    ----------
    process : HawkesProcess
    duration : float
        ms.
    seed : int

    Returns
    -------
    SpikeTrains
        One sample with a channel for each neuron.

    Raises
    ------
    InputError
        When the duration is not positive, more spikes come than memory holds, or nothing bounds the intensity: without a
        ceiling the weights of the links that excite must have a spectral radius below 1.

    Examples
    --------
    >>> pair = HawkesProcess(base=[5.0, 5.0], pre=[0], post=[1], weight=[0.5], inhibitory=[False, False])
    >>> from hrsnn.analysis import firing_rates
    >>> bool(np.allclose(firing_rates(hawkes_spikes(pair, duration=2e6, seed=1)), linear_rates(pair), rtol=0.03))
    True

    References
    ----------
    Y. Ogata, On Lewis' simulation method for point processes, IEEE Trans. Inf. Theory 27 (1981).
    """
    duration = duration_of("duration", duration)
    n, random = process.neurons, generator(seed, "hawkes")
    if np.isinf(process.ceiling):
        excites = ~np.asarray(process.inhibitory) | (process.inhibition == "sum")
        _check_stationary(process.matrix * excites)
    order = np.argsort(np.asarray(process.pre), kind="stable")
    counts = np.bincount(np.asarray(process.pre), minlength=n)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    links = Links(
        first,
        np.asarray(process.post)[order],
        np.asarray(process.weight)[order],
        np.asarray(process.inhibitory),
        process.tau_exc,
        process.tau_inh,
    )
    rates = Rates(
        np.asarray(process.base) / 1000, process.ceiling / 1000, process.half / 1000, _READINGS[process.inhibition]
    )
    state = State(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(1))
    parts: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = []
    total, done = 0, False
    while not done:
        times, neurons = np.empty(_CHUNK // 3), np.empty(_CHUNK // 3, dtype=np.int64)
        found, _, done = thin(*plain_tuples((state, rates, links)), duration, random.random(_CHUNK), times, neurons)
        parts.append((times[:found].copy(), neurons[:found].copy()))
        total += found
        check_memory("duration", duration, 40 * total, "the spikes")
    spikes, channels = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    return SpikeTrains(spikes, channels, np.array([0, total]), n_channels=n, duration=duration)
