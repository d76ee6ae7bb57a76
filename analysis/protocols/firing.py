"""Firing statistics of a reservoir under a stimulus, and its synaptic operations."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis import (
    ENERGY_PER_OPERATION,
    Branching,
    MeanCurrents,
    RateDistribution,
    UndefinedWarning,
    binned_counts,
    branching_parameter,
    energy,
    fano_factor,
    firing_rates,
    interval_variation,
    mean_currents,
    rate_distribution,
    synaptic_operations,
    synchrony,
)
from hrsnn.analysis.protocols.rates import Rates
from hrsnn.builder import build
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Bins of the population's activity for the branching parameter (ms), and how many of them it looks ahead at most.
_BRANCHING_BIN, _BRANCHING_LAGS = 4.0, 40


@dataclass(frozen=True)
class Firing:
    """How one population fired.

    Parameters
    ----------
    rates : RateDistribution
        Hz.
    interval_variations : array (neurons,)
        CV of each neuron's interspike intervals; nan where there are fewer than three.
    fano_factors : array (neurons,)
        Of counts in consecutive windows; nan where a neuron is silent.
    synchrony : float
        Chi of counts in 5 ms.
    branching : Branching or None
        Of the population's activity in bins of 4 ms; None where the stimuli are too short or too few.
    """

    rates: RateDistribution
    interval_variations: Array
    fano_factors: Array
    synchrony: float
    branching: Branching | None

    @property
    def interval_variation(self) -> float:
        """Mean over the neurons that have one; nan where none has."""
        return _mean(self.interval_variations)

    @property
    def fano_factor(self) -> float:
        """Mean over the neurons that fire; nan where none does."""
        return _mean(self.fano_factors)


@dataclass(frozen=True)
class Measures:
    """The outcome of :func:`measure`.

    Parameters
    ----------
    firing, uncoupled : Firing
        Of the reservoir, and of the same neurons without recurrent links.
    excitatory_rate, inhibitory_rate : float
        Mean rates of the two kinds of neurons (Hz); nan where there is none.
    currents : MeanCurrents or None
        None, with a warning, with short-term plasticity.
    operations, input_operations : float
        Synaptic operations a stimulus: recurrent ones, and of the input's spikes.
    operations_a_second : float
        Recurrent ones.
    energies : mapping
        Joules a stimulus for the recurrent operations, by the names of ``ENERGY_PER_OPERATION``.
    reservoir : Reservoir
    activity : Activity
        The spikes of all stimuli.
    rates : Rates
    timing : mapping
        Wall seconds by part.
    """

    firing: Firing
    uncoupled: Firing
    excitatory_rate: float
    inhibitory_rate: float
    currents: MeanCurrents | None
    operations: float
    input_operations: float
    operations_a_second: float
    energies: Mapping[str, float]
    reservoir: Reservoir
    activity: Activity
    rates: Rates
    timing: Mapping[str, float]


@takes(window="ms")
def measure(
    stimulus: Stimulus,
    network: ReservoirSpec | Reservoir | None = None,
    *,
    seed: int = 0,
    engine: str = "auto",
    window: float = 100.0,
    progress: bool = False,
) -> Measures:
    """Measure how a reservoir with fixed weights fires under a stimulus.

    Parameters
    ----------
    stimulus : SpikeTrains or Currents
    network : ReservoirSpec or Reservoir, optional
        What to build, or what is already there (a pruned one, for instance).
    seed : int
        Of the reservoir and its background.
    engine : str
    window : float
        Of the Fano factor (ms); shorter where no stimulus is as long.
    progress : bool

    Returns
    -------
    Measures

    Raises
    ------
    InputError
        When an option is not allowed.

    Notes
    -----
    A long stimulus says more than many short ones: interspike intervals longer than a stimulus are never seen, and each
    stimulus begins at rest, which all neurons share. For the branching parameter the mean over the stimuli is subtracted;
    what the input itself brings in correlations stays, and the control without recurrent links shows it.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import Currents, ReservoirSpec
    >>> u = np.random.default_rng(0).uniform(-1, 1, (1, 200, 1))
    >>> measures = measure(Currents(u, dt=20.0), ReservoirSpec(neurons=60))
    >>> 0 < measures.firing.interval_variation < 2, measures.energies["loihi"] > 0
    (True, True)
    """
    window = positive("window", window, "ms")
    if isinstance(network, Reservoir):
        reservoir = network
    elif network is None or isinstance(network, ReservoirSpec):
        reservoir = build(network or ReservoirSpec(), seed, channels=stimulus.n_channels)
    else:
        raise InputError("network", type(network).__name__, "must be a ReservoirSpec or a Reservoir")
    watch = Stopwatch()

    def run(one: Reservoir) -> Activity:
        with watch("simulate"):
            return simulate(one, stimulus, engine=engine, seed=seed, progress=progress)

    activity, uncoupled = run(reservoir), run(reservoir.without_recurrence())
    with watch("measure"):
        rates, excitatory = firing_rates(activity.spikes), reservoir.is_excitatory
        operations = synaptic_operations(activity.spike_counts, reservoir.pre, reservoir.weight)
        arriving, input_operations = None, 0.0
        if isinstance(stimulus, SpikeTrains):
            arriving, counts = firing_rates(stimulus), stimulus.counts()[:, 0]
            crossing = synaptic_operations(counts, reservoir.input_channel, reservoir.input_weight)
            input_operations = float(crossing.mean())
        currents = None
        if reservoir.short_term is None:
            currents = mean_currents(reservoir, rates, arriving)
        else:
            warnings.warn(
                "weights change with short-term plasticity: the mean currents are undefined", UndefinedWarning, stacklevel=3
            )
        return Measures(
            firing=_firing(activity.spikes, window),
            uncoupled=_firing(uncoupled.spikes, window),
            excitatory_rate=_mean(rates[excitatory]),
            inhibitory_rate=_mean(rates[~excitatory]),
            currents=currents,
            operations=float(operations.mean()),
            input_operations=input_operations,
            operations_a_second=float(operations.sum() / (activity.durations.sum() / 1000)),
            energies={name: float(energy(operations.mean(), name)) for name in ENERGY_PER_OPERATION},
            reservoir=reservoir,
            activity=activity,
            rates=Rates.of(activity),
            timing=watch.seconds,
        )


def _firing(spikes: SpikeTrains, window: float) -> Firing:
    longest = float(spikes.durations.max())
    return Firing(
        rates=rate_distribution(firing_rates(spikes)),
        interval_variations=interval_variation(spikes),
        fano_factors=fano_factor(_two_bins(spikes, min(window, longest))),
        synchrony=synchrony(_two_bins(spikes, min(5.0, longest))),
        branching=_branching(spikes),
    )


def _two_bins(spikes: SpikeTrains, width: float) -> NDArray[np.int64]:
    """Counts in bins of `width` ms, or in halves of the samples where there would be one bin alone."""
    counts = binned_counts(spikes, width)
    return counts if len(counts) > 1 else binned_counts(spikes, width / 2)


def _branching(spikes: SpikeTrains) -> Branching | None:
    shortest = float(spikes.durations.min())
    bins = math.floor(shortest / _BRANCHING_BIN * (1 + 1e-12))
    # few stimuli have to be cut into ten blocks or more of twice as many bins as lags
    lags = min(_BRANCHING_LAGS, bins // (2 * math.ceil(10 / len(spikes))))
    if lags < 2:
        return None
    cut = spikes.time_slice(0.0, min(bins * _BRANCHING_BIN, shortest))
    activity = binned_counts(cut, _BRANCHING_BIN).sum(axis=1).reshape(len(spikes), bins).astype(np.float64)
    if len(spikes) > 1:
        activity -= activity.mean(axis=0)
    return branching_parameter(activity, lags)


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
