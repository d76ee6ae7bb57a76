"""Exact gradients of functions of spike times and membrane potentials, by the adjoint of the event-driven simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.gradients.adjoint_kernel import Adjoint, Cells, Links, Spikes, backward
from hrsnn.analysis.gradients.trajectory_events import trajectory_events
from hrsnn.display import Displayed
from hrsnn.engines.events import events
from hrsnn.engines.exact.engine import Trajectory
from hrsnn.engines.input_rows import InputRows
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus, check_sample
from hrsnn.validation.numbers import float_vector
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SpikeGradients(Displayed):
    """Derivatives of a loss by the parameters of a reservoir, in units of the loss by that of the parameter."""

    weight: Array  #: (S,) recurrent weights, 1/mV; of a weight >= 0, whose source has the sign
    delay: Array  #: (S,) delays of the recurrent links, 1/ms
    input_weight: Array  #: (input links,) weights of input spikes, 1/mV
    input_gain: Array  #: (input links,) gains of the analog input, 1/mV
    i_bias: Array  #: (N,) 1/mV
    v_threshold: Array  #: (N,) 1/mV
    v_reset: Array  #: (N,) 1/mV
    v_start: Array  #: (N,) 1/mV
    spike_time: Array  #: (spikes,) 1/ms: by a shift of each spike, with all that follows from it


@takes()
def spike_gradients(
    reservoir: Reservoir,
    stimulus: Stimulus,
    trajectory: Trajectory,
    *,
    spike_time: ArrayLike | None = None,
    v_integral: ArrayLike | None = None,
    v_end: ArrayLike | None = None,
    index: int = 0,
    seed: int = 0,
) -> SpikeGradients:
    """Return the exact gradient of a loss of spike times and membrane potentials along a trajectory.

    The loss is ``L(t_1, t_2, ..., integral of v_i dt, v_i(T))``, given by its derivatives. Between events the adjoint
    variables of a neuron, the derivatives of L by v and the currents at a time, are carried back by the transpose of the
    exact solution. With f- the slope of v just before a spike of k at t, and f+ that at its release,

    ``dL/dt = given + sum over links of w (dL/dI_i / tau_s - dL/dv_i / tau_m,i) - f+ dL/dv_k(release)``,
    ``dL/dv_k(t) = -(dL/dt) / f-``,    ``dL/dw = sum over arrivals of dL/dI_i``,

    the derivatives of each link being those at the arrival; v is held, and its derivative 0, while i is refractory.

    Parameters
    ----------
    reservoir : Reservoir
        Without adaptation and short-term plasticity; weights are fixed.
    stimulus : SpikeTrains or Currents
    trajectory : Trajectory
        ``trajectory(reservoir, stimulus, index=index, seed=seed)``, from v_start and without currents.
    spike_time : array (spikes,), optional
        Derivatives of L by the times of the spikes in ``trajectory.spike_time`` (1/ms); 0 by default, as the others.
    v_integral : array (N,), optional
        Derivatives of L by the integral of each v over the whole stimulus, refractory periods included (1/(mV ms)).
    v_end : array (N,), optional
        Derivatives of L by v at the end of the stimulus (1/mV).
    index : int
        Sample of the stimulus.
    seed : int
        Seed of the background input.

    Returns
    -------
    SpikeGradients

    Raises
    ------
    InputError
        For adaptation, short-term plasticity, or currents through delayed input links; when the trajectory is of another
        stimulus, or derivatives have the wrong shape or are not finite.

    Notes
    -----
    Gradients are those of the simulation as it went: a spike that appears or vanishes makes L jump, which no gradient shows,
    and near such a change, where f- is about 0, they are large. The cost is that of one more simulation, for all parameters.

    References
    ----------
    Wunderlich & Pehle 2021, table 2, for zero delays and no refractory period; delays as in Mészáros et al. 2025.

    Examples
    --------
    How the first spike moves with the bias, against a difference:

    >>> from hrsnn import ReservoirSpec, SpikeTrains, build
    >>> from hrsnn.analysis import spike_gradients
    >>> from hrsnn.engines.exact.engine import trajectory
    >>> nothing = SpikeTrains([], [], [0, 0], 1, 60.0)
    >>> reservoir = build(ReservoirSpec(neurons=5, i_bias=20), seed=0)
    >>> run = trajectory(reservoir, nothing)
    >>> found = spike_gradients(reservoir, nothing, run, spike_time=np.eye(len(run.spike_time))[0])
    >>> other = trajectory(reservoir.replace(i_bias=reservoir.i_bias + 1e-5), nothing)
    >>> bool(abs((other.spike_time[0] - run.spike_time[0]) / 1e-5 - found.i_bias.sum()) < 1e-4)
    True
    """
    _check(reservoir, stimulus, index)
    n, spikes = reservoir.neurons, len(trajectory.spike_time)
    given = {}
    for name, values, size in (("spike_time", spike_time, spikes), ("v_integral", v_integral, n), ("v_end", v_end, n)):
        given[name] = np.zeros(size) if values is None else float_vector(name, values).copy()
        if given[name].shape != (size,) or not np.isfinite(given[name]).all():
            raise InputError(name, values, f"must be {size} finite numbers")
    now = events(reservoir, stimulus, index, 0.0, seed)
    if now.duration != trajectory.duration:
        raise InputError(
            "trajectory", f"of {trajectory.duration:g} ms", f"must be of this stimulus, {now.duration:g} ms long"
        )

    order, links, signs = _recurrent(reservoir)
    input_order, row, inputs = _inputs(reservoir)
    edges = np.empty(0)
    if isinstance(stimulus, Currents):
        edges = np.arange(len(stimulus.sample(index)), dtype=np.float64) * float(stimulus.dt)
    happened = trajectory_events(reservoir, trajectory, now, order, row, edges)

    # a neuron whose refractory period goes on at the end does not react to its v
    held = np.zeros(n, bool)
    held[trajectory.spike_neuron[trajectory.release_time > trajectory.duration]] = True
    start = np.where(held, 0.0, given["v_end"])
    adjoint = Adjoint(start, np.zeros(n), np.zeros(n), np.full(n, now.duration), held.copy(), np.zeros(n))
    cells = Cells(
        reservoir.tau_m, reservoir.tau_exc, reservoir.tau_inh, reservoir.v_threshold - reservoir.v_reset, given["v_integral"]
    )
    who = trajectory.spike_neuron
    at_once = reservoir.refractory[who] <= 0
    by_time, by_release = given["spike_time"], np.zeros(spikes)
    release_drift = np.nan_to_num(trajectory.release_drift)
    by_bias = np.zeros((len(edges) + 1, n))
    record = Spikes(who, trajectory.drift, release_drift, at_once, by_time, by_release)
    backward(happened, adjoint, cells, record, links, inputs, by_bias)

    resting = np.minimum(trajectory.release_time, now.duration) - trajectory.spike_time
    by_reset = by_release + given["v_integral"][who] * resting
    return SpikeGradients(
        weight=_placed(order, signs * links.by_weight),
        delay=_placed(order, links.by_delay),
        input_weight=_placed(input_order, inputs.by_weight),
        input_gain=_gains(reservoir, stimulus, index, by_bias),
        i_bias=adjoint.bias,
        v_threshold=_summed(who, by_time / trajectory.drift, n),
        v_reset=_summed(who, by_reset, n) + np.where(held, given["v_end"], 0.0),
        v_start=adjoint.v,
        spike_time=by_time,
    )


def _check(reservoir: Reservoir, stimulus: Stimulus, index: int) -> None:
    check_sample(stimulus, reservoir.channels, index)
    for has, what in (
        (reservoir.adaptation.any(), "adaptation"),
        (reservoir.short_term is not None, "short-term plasticity"),
    ):
        if has:
            raise InputError("reservoir", f"with {what}", f"has no gradient here: the adjoint is of neurons without {what}")
    if isinstance(stimulus, Currents) and reservoir.input.delay.any():
        raise InputError("stimulus", "currents", "must be spikes where input links have delays")


def _recurrent(reservoir: Reservoir) -> tuple[NDArray[np.int64], Links, Array]:
    """Return the order of the recurrent links by (source, delay, target), the links in it, and their signs."""
    order = np.lexsort((reservoir.post, reservoir.delay, reservoir.pre))
    excitatory = reservoir.is_excitatory[reservoir.pre[order]]
    signs = np.where(excitatory, 1.0, -1.0)
    post, weight, size = reservoir.post[order], signs * reservoir.weight[order], len(order)
    return order, Links(post, weight, excitatory, np.zeros(size), np.zeros(size)), signs


def _inputs(reservoir: Reservoir) -> tuple[NDArray[np.int64], NDArray[np.int64], Links]:
    """Return the order of the input links by (channel or row of a delay, target), their channels or rows, and the links."""
    row = reservoir.input_channel.astype(np.int64)
    if reservoir.input.delay.any():
        row = InputRows.of(reservoir.input, reservoir.input.delay).of_link
    order = np.lexsort((reservoir.input_post, row))
    post, weight, size = reservoir.input_post[order], reservoir.input_weight[order], len(order)
    return order, row[order], Links(post, weight, np.ones(size, np.bool_), np.zeros(size), np.zeros(size))


def _placed(order: NDArray[np.int64], values: Array) -> Array:
    found = np.empty_like(values)
    found[order] = values
    return found


def _summed(who: NDArray[np.int64], values: Array, n: int) -> Array:
    return np.bincount(who, values, n).astype(np.float64)  # without spikes, bincount returns integers


def _gains(reservoir: Reservoir, stimulus: Stimulus, index: int, by_bias: Array) -> Array:
    """Return the derivatives by the gains: those by the bias in each interval, times the value of the channel in it."""
    if not isinstance(stimulus, Currents):
        return np.zeros(len(reservoir.input))
    within = by_bias[:-1] - by_bias[1:]  # what was collected after the beginning of an interval but not after its end
    found = stimulus.sample(index).T @ within
    return np.asarray(found[reservoir.input_channel, reservoir.input_post])
