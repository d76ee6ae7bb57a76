"""Tracking of sinusoids by a balanced network: error of the code, rate, balance and spikes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.firing.coding import coding_error, used_share
from hrsnn.analysis.firing.currents import Currents as NeuronCurrents
from hrsnn.analysis.firing.currents import currents
from hrsnn.analysis.firing.operations import UndefinedWarning
from hrsnn.analysis.firing.tightness import current_balance
from hrsnn.balanced import BalancedNetwork
from hrsnn.display import Displayed
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import duration_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Frequency of the first state, of which the j-th has j times as much (Hz); time between two comparisons (ms).
_SLOWEST, _EVERY = 1.0, 2.0
#: Time constant of the low-pass filter of the currents (ms), and the spikes a step above which a code breaks down.
_FILTER, _CLOSE = 10.0, 0.9


@dataclass(frozen=True)
class Tracking(Displayed):
    """A run of a network that tracks sinusoids, as returned by :func:`track`."""

    times: Array  #: (times,) ms
    target: Array  #: (times, J)
    estimate: Array  #: (times, J) decoder times filtered spikes, times `scale`
    scale: float  #: 1, or the factor of least error
    spikes: SpikeTrains  #: of the whole run
    currents: NeuronCurrents
    washout: float  #: ms
    network: BalancedNetwork

    def scores(self) -> dict[str, float]:
        """Return error, rate, balance and spikes, all after the washout but for the rate of the bound.

        ``rmse``; ``coding_error``, over the sd of the target; ``mean_rate`` (Hz); ``used_share``, spikes over steps; means
        over neurons of ``correlation`` and ``tightness``, nan where no current flows.
        """
        late = self.spikes.time_slice(self.washout, float(self.spikes.durations[0]))
        duration = float(late.durations[0])
        flow = self.currents
        balance = current_balance(
            flow.excitation, flow.inhibition, flow.dt, _FILTER, washout=min(round(self.washout / flow.dt), len(flow.net) - 1)
        )
        with warnings.catch_warnings(action="ignore", category=UndefinedWarning):
            balances = {"correlation": balance.mean_correlation, "tightness": balance.mean_tightness}
        return {
            "rmse": coding_error(self.target, self.estimate),
            "coding_error": coding_error(self.target, self.estimate, relative=True),
            "mean_rate": 1000 * late.n_spikes / (self.network.neurons * duration),
            "used_share": used_share(late.n_spikes, duration, self.network.dt),
            **balances,
        }


@takes()
def sinusoids(network: BalancedNetwork, times: ArrayLike) -> tuple[Array, Array]:
    """Return targets ``x_j = sin(2 pi j t)`` (times, J), t in s, and the inputs (times, C) that move the system along them.

    Parameters
    ----------
    network : BalancedNetwork
        With an input matrix B of full row rank: any x can then be a trajectory.
    times : array (times,)
        ms.

    Raises
    ------
    InputError
        When B has a lower rank.

    Notes
    -----
    ``u = B^+ (x' - A x)``, B^+ the pseudo-inverse.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> system = {"system": "matrices", "matrix": [[-20.0]], "input_matrix": [[2.0]]}
    >>> network = build_balanced(BalancedSpec(neurons=50, **system))
    >>> target, u = sinusoids(network, np.array([0.0, 250.0]))
    >>> target.ravel().round(6), u.ravel().round(6)
    (array([0., 1.]), array([ 3.141593, 10.      ]))
    """
    rank = int(np.linalg.matrix_rank(network.B))
    if rank < network.states:
        reason = f"must have rank {network.states}, the number of states: not every target can be reached with these inputs"
        raise InputError("input_matrix", f"rank {rank}", reason)
    w = 2 * np.pi * _SLOWEST * np.arange(1, network.states + 1)
    phase = np.asarray(times, dtype=np.float64)[:, None] / 1000 * w
    target = np.sin(phase)
    return target, (w * np.cos(phase) - target @ network.A.T) @ np.linalg.pinv(network.B).T


@takes(duration="ms", washout="ms")
def track(
    network: BalancedNetwork,
    duration: float = 2000.0,
    washout: float = 300.0,
    scaled: bool = False,
    seed: int = 0,
    engine: str = "auto",
) -> Tracking:
    """Let a network track sinusoids of 1, 2, ... J Hz, one for each state.

    Parameters
    ----------
    network : BalancedNetwork
    duration, washout : float
        Times (ms) that are compared, and before it.
    scaled : bool
        Whether the estimate is multiplied by the factor of least error, which controls of another gain need.
    seed : int
        Seed of the voltage noise.
    engine : str

    Raises
    ------
    InputError
        When a duration is not positive, or the targets cannot be reached (:func:`sinusoids`).

    Warns
    -----
    HrsnnWarning
        When more than 0.9 of the steps have a spike, where one at most is possible: the code breaks down.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> system = {"system": "matrices", "matrix": [[-20.0]], "input_matrix": [[1.0]]}
    >>> network = build_balanced(BalancedSpec(neurons=50, decoder_norm=0.1, **system))
    >>> found = track(network, duration=500).scores()
    >>> found["rmse"] < 0.1, found["tightness"] > 0.5
    (True, True)
    """
    duration, washout = duration_of("duration", duration), duration_of("washout", washout, zero=True)
    dt = network.dt
    steps = round((duration + washout) / dt)
    at: Array = np.asarray(np.arange(washout + _EVERY, duration + washout + dt / 2, _EVERY), dtype=np.float64)
    if len(at) < 2:
        raise InputError("duration", duration, f"must be at least {2 * _EVERY:g} ms")
    check_memory("duration", duration, 8.0 * steps * (8 * network.neurons + 4 * network.states), "the currents of the run")
    # values at the middle of each step, as it holds them
    _, inputs = sinusoids(network, dt * (np.arange(steps) + 0.5))
    target, _ = sinusoids(network, at)
    stimulus = Currents(inputs[None], dt=dt)
    spikes = simulate(network, stimulus, engine=engine, seed=seed).spikes
    estimate = network.decode(spikes, at)[0]
    squares = float((estimate**2).sum())
    scale = float((estimate * target).sum()) / squares if scaled and squares else 1.0
    share = used_share(spikes.n_spikes, duration + washout, dt)
    if share > _CLOSE and not network.several_spikes:
        warnings.warn(
            f"{share:.0%} of the steps have a spike, and one at most is possible: shorten dt, or make decoder_norm longer",
            HrsnnWarning,
            stacklevel=3,
        )
    flow = currents(network, spikes, stimulus)
    return Tracking(at, target, scale * estimate, scale, spikes, flow, washout, network)
