"""Maps of rank and separation over the length scale and the weight scale of the recurrent links."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis import effective_rank, generalisation_rank, separation
from hrsnn.analysis.protocols.jitter import jittered
from hrsnn.analysis.runs.rates import Rates
from hrsnn.builder import build
from hrsnn.display import Displayed
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.recording import filtered_states
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.parallel import run_all
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.numbers import count_of, float_vector
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from distributed import Client

Array = NDArray[np.float64]

#: As many points on each axis as Chakraborty & Mukhopadhyay (2024) use; they include the defaults of the spec, 2 and 5.
LENGTH_SCALES = tuple(float(value) for value in np.linspace(0.5, 4.5, 9))
WEIGHT_SCALES = tuple(float(value) for value in np.geomspace(0.5, 50.0, 9))
#: Time constant of the filter that turns spikes into states (ms).
TAU_STATE = 20.0


@dataclass(frozen=True)
class KernelQuality(Displayed):
    """Ranks and separation of states of different stimuli and of jittered copies."""

    #: Rank of the states of different stimuli; higher is better.
    effective_rank: float
    #: Rank of the states of jittered copies of one stimulus, mean over stimuli; lower is better.
    generalisation_rank: float
    #: ``effective_rank - generalisation_rank``.
    rank_difference: float
    #: Mean distance between the states of different stimuli over that between jittered copies of one; nan when no copy
    #: differs.
    separation: float

    @classmethod
    def of(cls, states: Array, copies: Array) -> KernelQuality:
        """Compute from the states of different stimuli (stimuli, units) and of copies (stimuli, copies, units)."""
        rank, noise = float(effective_rank(states)), generalisation_rank(copies)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HrsnnWarning)  # silent networks are expected on a map
            apart = separation(copies).ratio
        return cls(rank, noise, rank - noise, apart)


@dataclass(frozen=True)
class RankMap(Displayed):
    """Maps of rank and separation, as returned by :func:`rank_map`: means over seeds, (weight scales, length scales)."""

    #: `length_scales` and `weight_scales`: Axes: lambda (grid spacings) and W_scale.
    length_scales: Array
    weight_scales: Array
    #: effective_rank, generalisation_rank, rank_difference, separation, mean_rate (Hz), silent_share, spikes_per_neuron and
    #: links (recurrent links per neuron).
    maps: dict[str, Array]
    #: Control: the reservoir of the first seed without recurrent links.
    uncoupled: KernelQuality
    #: Control: the input spikes, filtered in the same way as those of the neurons.
    input_spikes: KernelQuality
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]

    @property
    def best(self) -> tuple[int, int]:
        """Row and column of the largest rank difference."""
        row, column = np.unravel_index(int(np.argmax(self.maps["rank_difference"])), self.maps["rank_difference"].shape)
        return int(row), int(column)

    def at(self, row: int, column: int) -> dict[str, float]:
        """Return all values at one point."""
        return {name: float(values[row, column]) for name, values in self.maps.items()}


@dataclass(frozen=True)
class _Point:
    """Parameters of one network of the map."""

    length_scale: float
    weight_scale: float
    seed: int


@dataclass(frozen=True)
class _Measurement:
    """Function from a point of the map to its values, with the data that all points share."""

    spec: ReservoirSpec
    stimuli: SpikeTrains
    copies: SpikeTrains
    jittered: int
    engine: str

    def __call__(self, point: _Point) -> dict[str, float]:
        spec = self.spec.updated({"length_scale": point.length_scale, "weight_scale": point.weight_scale})
        reservoir = build(spec, point.seed, channels=self.stimuli.n_channels)
        kernel, rates = self.measure(reservoir, point.seed)
        return {**asdict(kernel), **asdict(rates), "links": reservoir.synapses / reservoir.neurons}

    def measure(self, reservoir: Reservoir, seed: int) -> tuple[KernelQuality, Rates]:
        activity, noisy = (
            simulate(reservoir, one, record=("states",), tau_state=TAU_STATE, engine=self.engine, seed=seed)
            for one in (self.stimuli, self.copies)
        )
        return KernelQuality.of(activity.states[:, -1], self.by_stimulus(noisy.states[:, -1])), Rates.of(activity)

    def by_stimulus(self, rows: Array) -> Array:
        """Reshape rows of copies to (stimuli, copies, units)."""
        return rows.reshape(self.jittered, -1, rows.shape[1])


@takes(jitter="ms")
def rank_map(
    stimuli: SpikeTrains,
    spec: ReservoirSpec | None = None,
    length_scales: ArrayLike = LENGTH_SCALES,
    weight_scales: ArrayLike = WEIGHT_SCALES,
    *,
    copies: int = 200,
    jittered_stimuli: int = 2,
    jitter: float = 2.0,
    seeds: Sequence[int] = (0,),
    engine: str = "auto",
    jobs: int = 1,
    cluster: Client | str | None = None,
    progress: bool = False,
) -> RankMap:
    """Map rank, generalisation rank and separation of reservoirs with fixed weights over lambda and W_scale.

    Parameters
    ----------
    stimuli : SpikeTrains
        Different stimuli.
    spec : ReservoirSpec, optional
        All other settings; connectivity must not be random.
    length_scales, weight_scales : sequence of float
        lambda of the distance law (grid spacings), and W_scale. Since W_scale is multiplied by 30/K, a longer lambda gives
        more but weaker links: the maps separate structure from total drive.
    copies : int
        Number of jittered copies of a stimulus; if it equals the number of stimuli, the two ranks have the same bound.
    jittered_stimuli : int
        Number of stimuli, from the first, that are copied.
    jitter : float
        Standard deviation of the noise on spike times (ms).
    seeds : sequence of int
        Seeds of the networks at each point, whose values are averaged; the noise is that of the first seed.
    engine : str
    jobs : int
        Number of parallel processes; results do not depend on it.
    cluster : distributed.Client or str, optional
        Cluster to use instead of local processes: see :func:`hrsnn.runtime.parallel.run_all`.
    progress : bool

    Returns
    -------
    RankMap

    Raises
    ------
    InputError
        When an option is not allowed.

    Notes
    -----
    Both ranks use 99 % of the sum of the singular values, and saturate: 50 digits in 1000 neurons had a rank of 49 at every
    point, as did their jittered copies. Use enough stimuli and copies that the ranks stay below their number.

    Examples
    --------
    >>> from hrsnn import PoissonEncoder
    >>> stimuli = PoissonEncoder(duration=50).fit_transform(np.eye(6))
    >>> found = rank_map(stimuli, ReservoirSpec(neurons=30), [1.0, 2.0], [1.0, 5.0, 20.0], copies=3)
    >>> found.maps["effective_rank"].shape
    (3, 2)

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), fig. 7 and the section on sparse connections: 81 points, five networks each.
    R. Legenstein & W. Maass, Neural Networks 20 (2007), for the two ranks.
    """
    spec = spec or ReservoirSpec()
    if spec.graph is not None:
        raise InputError("graph", spec.graph, "must be left out: lambda would change nothing")
    if spec.connectivity == "random":
        raise InputError("connectivity", spec.connectivity, "must be 'in_degree' or 'distance', or lambda changes nothing")
    axes = [_axis("length_scales", length_scales, zero=False), _axis("weight_scales", weight_scales, zero=True)]
    count_of("copies", copies, 2)
    if not 2 <= count_of("jittered_stimuli", jittered_stimuli) <= len(stimuli):
        raise InputError("jittered_stimuli", jittered_stimuli, f"must be from 2 to the {len(stimuli)} stimuli")
    if not len(seeds):
        raise InputError("seeds", seeds, "must hold at least one")
    noisy = jittered(stimuli[:jittered_stimuli], copies, jitter, seeds[0])
    measurement = _Measurement(spec, stimuli, noisy, jittered_stimuli, engine)
    points = [_Point(float(x), float(w), int(seed)) for w, x, seed in itertools.product(axes[1], axes[0], seeds)]
    watch = Stopwatch()
    with watch("map"):
        found = run_all(measurement, points, jobs=jobs, cluster=cluster, progress=progress)

    shape = (len(axes[1]), len(axes[0]), len(seeds))
    maps = {name: np.array([one[name] for one in found]).reshape(shape).mean(axis=2) for name in found[0]}
    silent = build(spec, int(seeds[0]), channels=stimuli.n_channels).without_recurrence()
    return RankMap(
        length_scales=axes[0],
        weight_scales=axes[1],
        maps=maps,
        uncoupled=measurement.measure(silent, int(seeds[0]))[0],
        input_spikes=KernelQuality.of(_filtered(stimuli), measurement.by_stimulus(_filtered(noisy))),
        timing=watch.seconds,
    )


KERNEL_SCORES = tuple(field.name for field in fields(KernelQuality))


def _filtered(trains: SpikeTrains) -> Array:
    """Return the filtered spikes of the input channels at the end of each sample: (samples, channels)."""
    ends = zip(range(len(trains)), trains.durations, strict=True)
    n = trains.n_channels
    return np.stack([filtered_states(*trains.sample(index), np.array([end]), TAU_STATE, n)[0] for index, end in ends])


def _axis(name: str, values: ArrayLike, *, zero: bool) -> Array:
    axis = np.asarray(float_vector(name, values))
    ascending = len(axis) > 0 and np.isfinite(axis).all() and (np.diff(axis) > 0).all()
    if not ascending or axis[0] < 0 or (axis[0] == 0 and not zero):
        raise InputError(name, values, f"must be ascending numbers {'>= 0' if zero else 'over 0'}")
    return axis
