"""Firing statistics of a reservoir under a stimulus, and its synaptic operations."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
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
from hrsnn.analysis.runs.rates import Rates
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.kinds import Network, NetworkSpec, build_network
from hrsnn.kinds.contract import is_network, is_spec
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Bins of the population activity for the branching parameter (ms), and the largest number of lags.
_BRANCHING_BIN, _BRANCHING_LAGS = 4.0, 40


@dataclass(frozen=True)
class Firing(Displayed):
    """Firing statistics of one population."""

    #: Hz.
    rates: RateDistribution
    #: (neurons,) CV of each neuron's interspike intervals; nan with fewer than three.
    interval_variations: Array
    #: (neurons,) Fano factors of counts in consecutive windows; nan for silent neurons.
    fano_factors: Array
    #: Chi of counts in bins of 5 ms.
    synchrony: float
    #: Branching parameter of the activity in bins of 4 ms; None if the stimuli are too short or too few.
    branching: Branching | None

    @property
    def interval_variation(self) -> float:
        """Mean CV over the neurons with enough intervals; nan if there is none."""
        return _mean(self.interval_variations)

    @property
    def fano_factor(self) -> float:
        """Mean Fano factor over the neurons that fire; nan if none does."""
        return _mean(self.fano_factors)


@dataclass(frozen=True)
class Measures(Displayed):
    """Firing statistics and synaptic operations of a reservoir, as returned by :func:`measure`."""

    #: `firing` and `uncoupled`: Statistics of the reservoir, and of the same neurons without recurrent links.
    firing: Firing
    uncoupled: Firing
    #: `excitatory_rate` and `inhibitory_rate`: Mean rates of E and I (Hz); nan if the population is empty.
    excitatory_rate: float
    inhibitory_rate: float
    #: None, with a warning, with short-term plasticity, and for a network that is no reservoir.
    currents: MeanCurrents | None
    #: `operations` and `input_operations`: Synaptic operations per stimulus: recurrent ones, and those of the input spikes.
    operations: float
    input_operations: float
    #: Recurrent operations per second.
    operations_a_second: float
    #: Energy of the recurrent operations (J per stimulus), by the names of ``ENERGY_PER_OPERATION``.
    energies: Mapping[str, float]
    reservoir: Network
    #: Spikes of all stimuli.
    activity: Activity[Network]
    rates: Rates
    #: Run of the first stimulus with traces of some neurons; None unless they were asked for.
    traced: Activity[Network] | None
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]


@takes(window="ms")
def measure(
    stimulus: Stimulus,
    network: NetworkSpec | Network | None = None,
    *,
    seed: int = 0,
    engine: str = "auto",
    window: float = 100.0,
    traces: int | Sequence[str] = 0,
    progress: bool = False,
) -> Measures:
    """Measure the firing statistics of a reservoir with fixed weights under a stimulus.

    Parameters
    ----------
    stimulus : SpikeTrains or Currents
    network : NetworkSpec or Network, optional
        Specification of a network to build, or an existing network (for instance a pruned one); by default a reservoir.
    seed : int
        Seed of the reservoir and its background.
    engine : str
    window : float
        Window of the Fano factor (ms); shorter if no stimulus is as long.
    traces : int or sequence of str
        Neurons whose v, currents and adaptation are recorded in every step of the first stimulus, as far as the engine can:
        so many, drawn by the seed, or by their labels.
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
    One long stimulus is more informative than many short ones: interspike intervals longer than a stimulus are not observed,
    and all neurons begin each stimulus at rest. For the branching parameter the mean over the stimuli is subtracted;
    correlations due to the input remain, and can be seen in the control without recurrent links.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import Currents, ReservoirSpec
    >>> u = np.random.default_rng(0).uniform(-1, 1, (1, 200, 1))
    >>> measures = measure(Currents(u, dt=20.0), ReservoirSpec.preset("dense", neurons=60))
    >>> 0 < measures.firing.interval_variation < 2, measures.energies["loihi"] > 0
    (True, True)
    """
    window = positive("window", window, "ms")
    if is_network(network):
        reservoir = network
    elif network is None or is_spec(network):
        reservoir = build_network(network or ReservoirSpec(), seed, channels=stimulus.n_channels)
    else:
        raise InputError("network", type(network).__name__, "must be a ReservoirSpec, a Reservoir, or of another kind")
    watch = Stopwatch()

    def run(one: Network) -> Activity[Network]:
        with watch("simulate"):
            return simulate(one, stimulus, engine=engine, seed=seed, progress=progress)

    traced = None
    shown: Sequence[int] | Sequence[str]
    if isinstance(traces, int):
        size = count_of("traces", traces, least=0, most=reservoir.neurons)
        shown = np.sort(generator(seed, "measure", "traces").choice(reservoir.neurons, size, replace=False)).tolist()
    else:
        shown = traces
    if shown:
        with watch("simulate"):
            traced = _traced(reservoir, stimulus[:1], shown, seed, engine)
    activity, uncoupled = run(reservoir), run(reservoir.without_recurrence())
    with watch("measure"):
        rates = firing_rates(activity.spikes)
        excitatory = getattr(reservoir, "is_excitatory", None)
        operations = synaptic_operations(activity.spike_counts, reservoir.pre, reservoir.weight)
        arriving, input_operations = None, 0.0
        if isinstance(stimulus, SpikeTrains) and isinstance(reservoir, Reservoir):
            arriving, counts = firing_rates(stimulus), stimulus.counts()[:, 0]
            crossing = synaptic_operations(counts, reservoir.input_channel, reservoir.input_weight)
            input_operations = float(crossing.mean())
        currents = None
        if not isinstance(reservoir, Reservoir):
            warnings.warn(f"the mean currents of a {reservoir.kind} are undefined", UndefinedWarning, stacklevel=3)
        elif reservoir.short_term is None:
            currents = mean_currents(reservoir, rates, arriving)
        else:
            warnings.warn(
                "weights change with short-term plasticity: the mean currents are undefined", UndefinedWarning, stacklevel=3
            )
        return Measures(
            firing=_firing(activity.spikes, window),
            uncoupled=_firing(uncoupled.spikes, window),
            excitatory_rate=float("nan") if excitatory is None else _mean(rates[excitatory]),
            inhibitory_rate=float("nan") if excitatory is None else _mean(rates[~excitatory]),
            currents=currents,
            operations=float(operations.mean()),
            input_operations=input_operations,
            operations_a_second=float(operations.sum() / (activity.durations.sum() / 1000)),
            energies={name: float(energy(operations.mean(), name)) for name in ENERGY_PER_OPERATION},
            reservoir=reservoir,
            activity=activity,
            rates=Rates.of(activity),
            traced=traced,
            timing=watch.seconds,
        )


def _traced(
    network: Network, stimulus: Stimulus, neurons: Sequence[int] | Sequence[str], seed: int, engine: str
) -> Activity[Network]:
    """Return a run with v, and as far as the kind of network has them currents and adaptation, of some neurons in steps."""
    adapts = "adaptation" in network.needs()
    record = ("spikes", "v", *(("currents", "adaptation")[: 1 + adapts] if isinstance(network, Reservoir) else ()))
    return simulate(network, stimulus, engine=engine, seed=seed, record=record, record_neurons=neurons, sample_times="steps")


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
    """Count spikes in bins of `width` ms, or in halves of the samples if there would be a single bin."""
    counts = binned_counts(spikes, width)
    return counts if len(counts) > 1 else binned_counts(spikes, width / 2)


def _branching(spikes: SpikeTrains) -> Branching | None:
    shortest = float(spikes.durations.min())
    bins = math.floor(shortest / _BRANCHING_BIN * (1 + 1e-12))
    # the bootstrap needs ten blocks, each of twice as many bins as lags
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
