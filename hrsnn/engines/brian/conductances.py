"""A balanced network with conductances in place of currents, in Brian2: all stimuli side by side in one group of neurons."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from hrsnn.balanced.network import BalancedNetwork
from hrsnn.engines.batch import Batch
from hrsnn.engines.brian.session import brian2, own_brian2
from hrsnn.errors import InputError
from hrsnn.runtime.stopping import notice_signals
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import takes

_EQUATIONS = """
dV/dt = -leak*V + g_exc*(E_exc - V) + g_inh*(E_inh - V) : 1
dg_exc/dt = -g_exc/tau_exc : Hz
dg_inh/dt = -g_inh/tau_inh : Hz
chosen : 1
"""


@takes(tau_exc="ms", tau_inh="ms")
def conductance_spikes(
    network: BalancedNetwork,
    stimulus: SpikeTrains,
    reversal_exc: float = 3.5,
    reversal_inh: float = -3.5,
    tau_exc: float = 1.0,
    tau_inh: float = 1.0,
    target: str = "auto",
) -> SpikeTrains:
    """Simulate a balanced network whose synapses are conductances, and return its spikes.

    ``V' = -lambda V + g_E (E_E - V) + g_I (E_I - V)``, ``g_E' = -g_E/tau_E``, ``g_I' = -g_I/tau_I``. A spike over a positive
    weight w adds ``w/(E_E tau_E)`` to g_E, over a negative one ``w/(E_I tau_I)`` to g_I: near V = 0 it moves V by w in all,
    as in the network of currents. Input weights, fast weights, thresholds, resets and the rule of one spike a step are those
    of the network; the reset by a neuron's own spike is immediate.

    Parameters
    ----------
    network : BalancedNetwork
        Without slow weights, as :func:`hrsnn.balanced.balanced_for_inputs` makes it by default, with one leak and no noise.
    stimulus : SpikeTrains
        All samples of one duration.
    reversal_exc, reversal_inh : float
        E_E and E_I over the mean threshold, from rest at 0.
    tau_exc, tau_inh : float
        Time constants of the conductances (ms).
    target : {"auto", "cython", "numpy"}
        Brian2's code generation.

    Returns
    -------
    SpikeTrains
        Over the neurons, a sample for each stimulus.

    Raises
    ------
    InputError
        When the network has slow weights, several leaks or noise, a reversal potential is on the wrong side, or samples
        differ in duration.

    Notes
    -----
    A reconstruction: the abstract of Stadtmann et al. (2025) says that complex variants need other neurons and synapses
    only, and their public code has currents. Driving forces that shrink as V nears a reversal potential, and the delay of
    the conductances, are what can break the balance here. A step solves the equation of V exactly for conductances that are
    constant in it; what a spike adds is scaled such that its sum over the steps is right for any tau.

    Examples
    --------
    >>> from hrsnn.balanced import balanced_for_inputs
    >>> from hrsnn.balanced.inputs import random_input_weights
    >>> stimulus = SpikeTrains.from_dense(np.random.default_rng(0).random((2, 100, 4)) < 0.1, dt=1.0)
    >>> network = balanced_for_inputs(0.1 * random_input_weights(20, 4))
    >>> spikes = conductance_spikes(network, stimulus, target="numpy")
    >>> spikes.shape, spikes.n_spikes > 10
    ((2, 20), True)
    """
    _check(network, stimulus)
    level = float(network.threshold.mean())
    high, low = reversal_exc * level, reversal_inh * level
    if not high > network.threshold.max():
        raise InputError("reversal_exc", reversal_exc, "must be above all thresholds, in mean thresholds")
    if not -np.inf < low < 0:
        raise InputError("reversal_inh", reversal_inh, "must be below 0, the potential at rest")
    taus = [positive(name, value, "ms") / 1000 for name, value in (("tau_exc", tau_exc), ("tau_inh", tau_inh))]
    batch = Batch(network, stimulus, 0.0, 0, [np.empty(0)])
    n, samples, steps = network.neurons, len(stimulus), int(batch.steps[0])
    check_memory("stimulus", stimulus, 80.0 * samples * n, "the neurons of all samples")
    inputs = network.B_weights.T @ network.decoder * (network.hold / 1000)
    recurrent = -np.array(network.fast).T  # row j: what a spike of j does to others
    own = -np.diag(recurrent).copy()
    np.fill_diagonal(recurrent, 0.0)
    # the sum of a conductance over the steps, times dt, is that of w/(E tau) over time
    jumps = [-np.expm1(-network.dt / 1000 / tau) / (network.dt / 1000) for tau in taus]
    conductances = [
        [np.maximum(weights, 0) / high * jumps[0], np.minimum(weights, 0) / low * jumps[1]]
        for weights in (inputs, recurrent)
    ]
    arriving = _by_step(batch, network.channels)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    with notice_signals() as check_interrupted, own_brian2(target):
        group = brian2.NeuronGroup(
            samples * n,
            _EQUATIONS,
            threshold="chosen > 0",
            reset="chosen = 0",
            method="exponential_euler",
            dt=network.dt * brian2.ms,
            namespace={
                "leak": float(network.leak[0]) * brian2.Hz,
                "E_exc": high,
                "E_inh": low,
                "tau_exc": taus[0] * brian2.second,
                "tau_inh": taus[1] * brian2.second,
            },
            name="conductance_neurons",
        )
        v, g_exc, g_inh, chosen = (
            np.asarray(group.variables[name].get_value()).reshape(samples, n) for name in ("V", "g_exc", "g_inh", "chosen")
        )
        clock = {"step": 0}

        def choose() -> None:
            above = v - network.threshold
            if network.several_spikes:
                chosen[:] = above > 0
            else:
                first = above.argmax(axis=1)
                over = np.flatnonzero(above[np.arange(samples), first] > 0)
                chosen[over, first[over]] = 1

        def act() -> None:
            step = clock["step"]
            counts = arriving.get(step)
            if counts is not None:
                rows, values = counts
                g_exc[rows] += values @ conductances[0][0]
                g_inh[rows] += values @ conductances[0][1]
            spiked = np.asarray(group.spikes)
            if len(spiked):
                where, who = np.divmod(spiked, n)
                found.append((spiked.astype(np.int64), np.full(len(spiked), step)))
                np.add.at(v, (where, who), -own[who])
                if network.linked or network.edited:
                    np.add.at(g_exc, where, conductances[1][0][who])
                    np.add.at(g_inh, where, conductances[1][1][who])
            clock["step"] = step + 1
            if clock["step"] % 500 == 0:
                check_interrupted()

        operations = [
            brian2.NetworkOperation(run, clock=group.clock, when=when, name=f"conductance_{run.__name__}")
            for run, when in ((choose, "before_thresholds"), (act, "end"))
        ]
        made: Any = brian2.Network(group, *operations)
        made.run(steps * network.dt * brian2.ms, namespace={})
    return _trains(found, samples, n, network.dt, float(stimulus.durations[0]))


def _check(network: BalancedNetwork, stimulus: SpikeTrains) -> None:
    if np.ptp(network.leak):
        raise InputError("leak", network.leak, "must be one for all neurons")
    if network.noise:
        raise InputError("noise", network.noise, "must be 0")
    if network.state_bits:
        raise InputError("state_bits", network.state_bits, "must be 0")
    largest = float(np.abs(network.slow).max())
    if largest > 1e-9:
        raise InputError("slow", f"up to {largest:.3g}/s", "must be 0: conductances are those of the fast weights")
    if np.ptp(stimulus.durations):
        raise InputError("stimulus", stimulus.durations, "must have samples of one duration (ms)")


def _by_step(batch: Batch, channels: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return the counts (rows, channels) of input spikes by step, with the rows of the samples that have some."""
    collected: dict[int, list[tuple[int, int, float]]] = {}
    for index in range(len(batch)):
        now = batch.presentation(index, drive=False)
        for step, channel, count in zip(now.spike_step, now.spike_channel, now.spike_count, strict=True):
            collected.setdefault(int(step), []).append((index, int(channel), float(count)))
    found = {}
    for step, events in collected.items():
        table = np.array(events)
        rows, place = np.unique(table[:, 0].astype(np.intp), return_inverse=True)
        values = np.zeros((len(rows), channels))
        np.add.at(values, (place, table[:, 1].astype(np.intp)), table[:, 2])
        found[step] = rows, values
    return found


def _trains(found: list[tuple[np.ndarray, np.ndarray]], samples: int, n: int, dt: float, duration: float) -> SpikeTrains:
    """Return the spikes of all samples, those of step n at n dt."""
    spiked = np.concatenate([np.empty(0, np.int64), *(one for one, _ in found)])
    step = np.concatenate([np.empty(0, np.int64), *(one for _, one in found)])
    times = step * dt
    where, who = np.divmod(spiked, n)
    order = np.argsort(where, kind="stable")
    edges = np.searchsorted(where[order], np.arange(samples + 1))
    parts = (order[begin:end] for begin, end in pairwise(edges.tolist()))
    return SpikeTrains.from_samples([(times[part], who[part]) for part in parts], n_channels=n, duration=duration)
