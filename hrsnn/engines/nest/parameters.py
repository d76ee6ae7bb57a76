"""A reservoir and its stimuli as arrays of NEST's own parameters, which :mod:`hrsnn.engines.nest.network` builds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hrsnn.engines.batch import Batch, Presentation
from hrsnn.errors import DivergenceError, InputError
from hrsnn.reservoir import Reservoir
from hrsnn.validation.limits import check_memory

#: NEST counts time in tics; the tic is the longest of these shares of a ms of which dt is a multiple.
_TICS = (1000, 10_000, 100_000, 1_000_000)
#: Longest minimum delay (steps) that is made use of: every stimulus is preceded by as many steps.
_LONGEST_LEAD = 32
#: Bytes of a neuron, of each step of the longest delay in its buffers of arrivals, and of a link, as measured.
_NEURON, _SLOT, _LINK = 4000, 32, 100


def network_arrays(reservoir: Reservoir) -> dict[str, np.ndarray]:
    """Return the parameters of the neurons and links in NEST.

    ``C_m = tau_m``, so that a current in pA is the same number of mV here; ``V_th = nextafter(v_threshold)``, since NEST
    fires at the threshold and the model above it; ``t_ref = (max(refractory/dt, 1) - 1) dt``, since NEST counts from the end
    of the step of the spike. Links of inhibitory neurons have negative weights, by which NEST chooses ``tau_syn_in``.

    Parameters
    ----------
    reservoir : Reservoir
        Frozen, without adaptation, with recurrent delays of dt or more.

    Returns
    -------
    dict of str to array
        Of neurons ``tau_m``, ``tau_syn_ex``, ..., by NEST's names; of links ``source``, ``target``, ``weight``, ``delay``,
        and ``U``, ``tau_rec``, ``tau_fac`` where they have short-term plasticity; of input links ``channel``,
        ``input_target``, ``input_weight``, ``input_gain``, ``input_delay``; ``dt``, ``tics_per_ms``, ``channels``, and
        ``lead``, the shortest delay in steps. Delays are in ms.

    Raises
    ------
    InputError
        When a recurrent delay is below half a step, or dt is not a multiple of 1e-6 ms, or the network needs more
        memory than the limit, with its longest delay.
    """
    r, dt = reservoir, reservoir.dt
    delay, lag = (np.rint(links.delay / dt).astype(np.int64) for links in (r.recurrent, r.input))
    if (delay < 1).any():
        shortest = float(r.delay[delay < 1].min())
        raise InputError(
            "delay", shortest, f"NEST's shortest delay is one step, dt = {dt:g} ms: set all delays to {dt:g} or more"
        )
    lead = int(min(delay.min(initial=_LONGEST_LEAD if len(delay) else 1), _LONGEST_LEAD))
    longest = int(max(delay.max(initial=1), lag.max(initial=0) + lead))
    needed = r.neurons * (_NEURON + _SLOT * longest) + _LINK * (r.synapses + len(r.input))
    check_memory("delay", longest * dt, float(needed), "the network in NEST")
    sign = np.where(r.is_excitatory[r.pre], 1.0, -1.0)
    held = np.maximum(np.rint(r.refractory / dt), 1.0) - 1.0
    arrays = {
        "dt": np.array(dt),
        "tics_per_ms": np.array(_tics(dt)),
        "lead": np.array(lead),
        "channels": np.array(r.channels),
        "tau_m": r.tau_m,
        "C_m": r.tau_m,
        "tau_syn_ex": r.tau_exc,
        "tau_syn_in": r.tau_inh,
        "E_L": r.v_rest,
        "I_e": r.i_bias,
        "V_th": np.nextafter(r.v_threshold, np.inf),
        "V_reset": r.v_reset,
        "V_m": r.v_start,
        "t_ref": held * dt,
        "source": r.pre,
        "target": r.post,
        "weight": sign * r.weight,
        "delay": delay * dt,
        "channel": r.input_channel,
        "input_target": r.input_post,
        "input_weight": r.input_weight,
        "input_gain": r.input_gain,
        "input_delay": (lag + lead) * dt,  # a generator's spike takes the shortest delay; it is sent as much earlier
    }
    if r.short_term is not None:
        # tsodyks2_synapse acts with w u x, and the model with w u x/U
        arrays |= {"U": r.short_term.release, "weight": sign * r.weight / r.short_term.release}
        arrays |= {"tau_rec": r.short_term.tau_recovery, "tau_fac": r.short_term.tau_facilitation}
    return arrays


def _tics(dt: float) -> int:
    for tics in _TICS:
        if abs(dt * tics - round(dt * tics)) < 1e-9 * dt * tics and round(dt * tics) > 0:
            return tics
    raise InputError("dt", dt, "must be a multiple of 1e-6 ms, NEST's shortest unit of time here")


def stimulus_arrays(batch: Batch, index: int, now: Presentation) -> dict[str, np.ndarray]:
    """Return stimulus `index`, of which `now` is the presentation without its drive, in steps from its onset.

    Returns
    -------
    dict of str to array
        ``steps``, their number; ``spike_step``, ``spike_channel``, ``spike_count`` of input spikes, sorted by channel and
        step; ``value_step`` (K,) and ``values`` (K, channels), which are held, of an analog stimulus; ``background_step``,
        ``background_neuron``, ``background_weight`` (mV), sorted by neuron and step.
    """
    step, channel, count = now.spike_step, now.spike_channel.astype(np.int64), now.spike_count
    if batch.input_rows is not None and len(step):  # NEST delays them: back from arrivals in rows to spikes of channels
        step, channel = step - batch.input_rows.delay[channel], batch.input_rows.channel[channel].astype(np.int64)
        _, first = np.unique(np.stack([channel, step]), axis=1, return_index=True)
        step, channel, count = step[first], channel[first], count[first]
    order = np.lexsort((step, channel))
    value_step, values = (np.empty(0, np.int64), np.empty((0, 0))) if batch.spiking else batch.values(index)
    own = np.lexsort((now.background_step, now.background_neuron))
    found = {
        "steps": np.array(now.n_steps),
        "spike_step": step[order],
        "spike_channel": channel[order],
        "spike_count": count[order].astype(np.int64),
        "value_step": value_step,
        "values": values,
        "background_step": now.background_step[own],
        "background_neuron": now.background_neuron[own].astype(np.int64),
        "background_weight": now.background_jump[own],
    }
    return found


def check_finite(network: Mapping[str, np.ndarray], stimulus: Mapping[str, np.ndarray]) -> None:
    """Check that no current can become infinite, which NEST does not notice: the neuron only spikes in every step.

    Raises
    ------
    DivergenceError
        When a sum over links, each at its largest input, is not finite.
    """
    most = {"input_weight": stimulus["spike_count"].max(initial=0), "input_gain": np.abs(stimulus["values"]).max(initial=0)}
    with np.errstate(over="ignore"):
        for name, amount in most.items():
            total = np.bincount(network["input_target"], np.abs(network[name]))
            if not np.isfinite(amount * total).all():
                raise DivergenceError("the drive of a neuron is not finite; the input or the weights are far too large")
