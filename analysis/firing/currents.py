"""Excitatory and inhibitory currents of the neurons in time, from spikes, weights and input, for networks of two kinds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hrsnn.balanced import BalancedNetwork
from hrsnn.balanced.decoding import filtered
from hrsnn.display import Displayed
from hrsnn.engines.batch import Batch
from hrsnn.errors import InputError
from hrsnn.kinds import Network
from hrsnn.reservoir import Links, Reservoir
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.stimuli.time_grid import steps_of
from hrsnn.validation.limits import check_memory
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Currents(Displayed):
    """Currents of N neurons (mV) in steps of dt, as returned by :func:`currents`."""

    excitation: Array  #: (steps, N) >= 0
    inhibition: Array  #: (steps, N) <= 0
    dt: float  #: ms

    @property
    def net(self) -> Array:
        """Sum of both (steps, N)."""
        return self.excitation + self.inhibition


@takes()
def currents(network: Network, spikes: SpikeTrains, stimulus: Stimulus) -> Currents:
    """Compute the excitatory and inhibitory currents of each neuron in a run of one stimulus.

    Parameters
    ----------
    network : Reservoir or BalancedNetwork
    spikes : SpikeTrains
        One sample over the neurons, ``activity.spikes``.
    stimulus : SpikeTrains or Currents
        The one sample that was simulated.

    Returns
    -------
    Currents
        Of a reservoir: I_exc and I_inh, with input spikes in I_exc and analog input by its sign. Of a balanced network:
        fast and slow weights and the input, each by its sign, over lambda_i; a spike's effect is spread over its step.
        The reset by a neuron's own spikes is no current; bias and background of a reservoir are left out.

    Raises
    ------
    InputError
        When there is not one sample, or the network is of another kind, or has short-term plasticity or input delays.

    Examples
    --------
    >>> from hrsnn import Currents, ReservoirSpec, build, simulate
    >>> stimulus = Currents(np.ones((1, 5, 1)), dt=10)
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> found = currents(reservoir, simulate(reservoir, stimulus).spikes, stimulus)
    >>> found.excitation.shape, bool((found.inhibition <= 0).all())
    ((100, 30), True)
    """
    if len(spikes) != 1 or len(stimulus) != 1:
        raise InputError("spikes", f"{len(spikes)} samples", "must be one, and so must be the stimulus")
    if spikes.n_channels != network.neurons:
        raise InputError("spikes", f"{spikes.n_channels} channels", f"must be of {network.neurons} neurons")
    batch = Batch(network, stimulus, max(0.0, float(spikes.durations[0] - stimulus.durations[0])), 0, [np.empty(0)])
    steps = int(batch.steps[0])
    check_memory("stimulus", stimulus, 40.0 * steps * network.neurons, "the currents")
    if isinstance(network, BalancedNetwork):
        return _of_balanced(network, spikes, batch, steps)
    if isinstance(network, Reservoir) and network.short_term is None:
        return _of_reservoir(network, spikes, batch, steps)
    raise InputError("network", network.kind, "must be a balanced network, or a reservoir without short-term plasticity")


def _drive(batch: Batch, steps: int, neurons: int) -> Array:
    """Return the analog drive in each step (steps, N)."""
    now, drive = batch.presentation(0), np.zeros((steps, neurons))
    until = np.append(now.drive_step[1:], steps)[: len(now.drive_step)]
    for first, end, row in zip(now.drive_step, until, now.drive, strict=True):
        drive[first:end] = row
    return drive


def _of_balanced(network: BalancedNetwork, spikes: SpikeTrains, batch: Batch, steps: int) -> Currents:
    times, who = spikes.sample(0)
    dt, n, step = network.dt, network.neurons, np.minimum(steps_of(times, network.dt), steps - 1)
    drive = _drive(batch, steps, n)
    rates = filtered(times, who, dt * np.arange(steps), network.leak)
    now = batch.presentation(0, drive=False)
    kicks = network.B_weights.T @ network.decoder * network.hold / 1000
    others = -np.array(network.fast)
    np.fill_diagonal(others, 0.0)
    spiked = csr_array((np.ones(len(step)), (step, who)), shape=(steps, n))
    pulses = 1000 / dt / network.leak
    sides = []
    for sign in (1, -1):
        found = sign * np.maximum(sign * drive, 0)
        found += rates @ (sign * np.maximum(sign * network.slow, 0)).T / network.leak
        found += spiked @ (sign * np.maximum(sign * others, 0)).T * pulses
        jumps = now.spike_count[:, None] * kicks[now.spike_channel]
        np.add.at(found, now.spike_step, sign * np.maximum(sign * jumps, 0) * pulses)
        sides.append(found)
    return Currents(sides[0], sides[1], dt)


def _of_reservoir(reservoir: Reservoir, spikes: SpikeTrains, batch: Batch, steps: int) -> Currents:
    times, who = spikes.sample(0)
    dt, n = reservoir.dt, reservoir.neurons
    step = steps_of(times, dt)
    jumps = {True: np.zeros((steps, n)), False: np.zeros((steps, n))}
    post, amount, arrival = _arriving(reservoir.recurrent, step, who, reservoir.delay, dt)
    excites = np.repeat(reservoir.is_excitatory[who], np.diff(np.searchsorted(reservoir.pre, np.arange(n + 1)))[who])
    for kind in (True, False):
        chosen = (excites == kind) & (arrival < steps)
        np.add.at(jumps[kind], (arrival[chosen], post[chosen]), amount[chosen])
    now = batch.presentation(0)
    if batch.spiking and not reservoir.input.delay.any():
        order, count = now.spike_channel, now.spike_count
        post, amount, arrival = _arriving(reservoir.input, now.spike_step, order, np.zeros(len(reservoir.input)), dt)
        times_each = np.diff(np.searchsorted(reservoir.input.pre, np.arange(reservoir.channels + 1)))[order]
        np.add.at(jumps[True], (arrival, post), amount * np.repeat(count, times_each))
    elif reservoir.input.delay.any():
        raise InputError("network", "has input delays", "must not have: they are not followed here")
    drive = _drive(batch, steps, n)
    exc = _decaying(jumps[True], np.exp(-dt / reservoir.tau_exc)) + np.maximum(drive, 0)
    return Currents(exc, np.minimum(drive, 0) - _decaying(jumps[False], np.exp(-dt / reservoir.tau_inh)), dt)


def _arriving(
    links: Links, step: NDArray[np.int64], who: NDArray[np.int32], delay: Array, dt: float
) -> tuple[NDArray[np.int32], Array, NDArray[np.int64]]:
    """Return (target, weight, step of arrival) of all links of all spikes, in the order of the spikes."""
    start = np.searchsorted(links.pre, np.arange(int(max(who.max(initial=0), links.pre.max(initial=0))) + 2))
    count = np.diff(start)[who]
    offset = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    link = np.repeat(start[who], count) + offset
    lag = np.round(delay[link] / dt).astype(np.int64)
    return links.post[link], links.weight[link], np.repeat(step, count) + lag


def _decaying(jumps: Array, decay: Array) -> Array:
    """Return currents that decay by a factor in each step and take the jumps, from 0."""
    now = np.zeros(jumps.shape[1])
    for row in jumps:
        now = now * decay + row
        row[:] = now
    return jumps
