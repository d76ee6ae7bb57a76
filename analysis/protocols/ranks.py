"""Ranks of the final states of a reservoir and of the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis import effective_rank, entropy_rank, numerical_rank
from hrsnn.analysis.runs.rates import Rates, warn_of_silence
from hrsnn.display import Displayed
from hrsnn.kinds import Network, NetworkSpec, build_network
from hrsnn.reading import has_decoder, ideal_states, read_states
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ranks(Displayed):
    """Ranks of one matrix (stimuli, units): effective, entropy and numerical rank."""

    effective: float
    entropy: float
    numerical: float

    @classmethod
    def of(cls, matrix: Array) -> Ranks:
        """Compute the three ranks of `matrix`."""
        return cls(float(effective_rank(matrix)), float(entropy_rank(matrix)), float(numerical_rank(matrix)))


@dataclass(frozen=True)
class Ranking(Displayed):
    """Ranks of the final states of a reservoir and its controls, as returned by :func:`rank`."""

    #: `ranks`, `uncoupled`, `input_counts`: Ranks of the reservoir's final states, of those without recurrent links, and of
    #: the input's spike counts (of currents: their means).
    ranks: Ranks
    uncoupled: Ranks
    input_counts: Ranks
    #: (stimuli, neurons) Filtered spikes at the end of each stimulus.
    states: Array
    reservoir: Network
    #: Spikes of all stimuli.
    activity: Activity[Network]
    rates: Rates
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]
    #: `decoded`, `decoded_uncoupled` and `ideal`: Of the states that the network's decoder makes of the spikes at the end of
    #: each stimulus, with and without recurrent links, and of the system that it follows (for an input of currents); None
    #: for a network without a decoder.
    decoded: Ranks | None = None
    decoded_uncoupled: Ranks | None = None
    ideal: Ranks | None = None


@takes()
def rank(
    stimuli: Stimulus,
    spec: NetworkSpec | None = None,
    *,
    seed: int = 0,
    engine: str = "auto",
    progress: bool = False,
) -> Ranking:
    """Compute the ranks of the final states of a reservoir with fixed weights over a set of stimuli.

    Parameters
    ----------
    stimuli : SpikeTrains or Currents
    spec : NetworkSpec, optional
        Specification of a network of any kind; by default a reservoir.
    seed : int
        Seed of the reservoir and its background.
    engine : str
    progress : bool

    Returns
    -------
    Ranking

    Raises
    ------
    InputError
        When an option is not allowed.

    Warns
    -----
    UndefinedWarning
        When no neuron spiked.

    Notes
    -----
    The rank is at most the number of stimuli: compare runs with equal numbers. Noise increases it as computation does.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import PoissonEncoder, ReservoirSpec
    >>> stimuli = PoissonEncoder(duration=100).fit_transform(np.eye(5))
    >>> rank(stimuli, ReservoirSpec(neurons=30)).ranks.effective <= 5
    True
    """
    watch = Stopwatch()
    reservoir = build_network(spec or ReservoirSpec(), seed, channels=stimuli.n_channels)

    def run(one: Network) -> Activity[Network]:
        with watch("simulate"):
            return simulate(one, stimuli, record=("spikes", "states"), engine=engine, seed=seed, progress=progress)

    activity, uncoupled = run(reservoir), run(reservoir.without_recurrence())
    warn_of_silence(activity)
    with watch("rank"):
        if isinstance(stimuli, Currents):
            counts = stimuli.values.sum(axis=1) / stimuli.lengths[:, None]
        else:
            counts = stimuli.counts(1)[:, 0, :].astype(np.float64)
        decoded: dict[str, Ranks] = {}
        if has_decoder(reservoir):
            decoded = {
                "decoded": Ranks.of(read_states(activity, "decoded")[:, -1]),
                "decoded_uncoupled": Ranks.of(read_states(uncoupled, "decoded")[:, -1]),
            }
            ideal = ideal_states(reservoir, stimuli)
            if ideal is not None:
                decoded["ideal"] = Ranks.of(ideal[:, -1])
        return Ranking(
            ranks=Ranks.of(activity.states[:, -1]),
            uncoupled=Ranks.of(uncoupled.states[:, -1]),
            input_counts=Ranks.of(counts),
            states=activity.states[:, -1],
            reservoir=reservoir,
            activity=activity,
            rates=Rates.of(activity),
            timing=watch.seconds,
            **decoded,
        )
