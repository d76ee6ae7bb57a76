"""Reservoirs and stimuli whose spikes are known from those of others: neurons in another order, other units."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from hrsnn import Currents, Reservoir, SpikeTrains
from hrsnn.reservoir import LINK_ARRAYS, NEURON_ARRAYS, SHORT_TERM_ARRAYS, Links

_VOLTAGES = ("v_threshold", "v_reset", "v_rest", "v_start", "i_bias", "background_weight", "adaptation")
_LINK_VOLTAGES = ("weight", "w_max", "a_plus", "a_minus")
_TIMES = ("tau_m", "tau_exc", "tau_inh", "tau_adaptation", "refractory")
_LINK_TIMES = ("delay", "tau_plus", "tau_minus")


def permuted(reservoir: Reservoir, order: np.ndarray) -> Reservoir:
    """Return the reservoir whose neuron k is neuron ``order[k]`` of the given one."""
    place = np.argsort(order)
    recurrent, links = _sorted(reservoir.recurrent, place[reservoir.pre], place[reservoir.post])
    inputs, input_links = _sorted(reservoir.input, reservoir.input.pre, place[reservoir.input.post])
    short_term = reservoir.short_term
    return reservoir.replace(
        recurrent=recurrent,
        input=inputs,
        input_gain=reservoir.input_gain[input_links],
        short_term=None if short_term is None else short_term.take(links),
        labels=None if reservoir.labels is None else reservoir.labels[order],
        **{name: getattr(reservoir, name)[order] for name in NEURON_ARRAYS},
    )


def _sorted(links: Links, pre: np.ndarray, post: np.ndarray) -> tuple[Links, np.ndarray]:
    order = np.lexsort((post, pre))
    values = {name: getattr(links, name)[order] for name in LINK_ARRAYS if name not in ("pre", "post")}
    return Links(pre=pre[order], post=post[order], **values), order


def in_voltages(reservoir: Reservoir, factor: float) -> Reservoir:
    """Return the reservoir with all voltages times a factor; a power of two changes no digit."""
    sides = {
        side: dataclasses.replace(links, **{name: getattr(links, name) * factor for name in _LINK_VOLTAGES})
        for side, links in (("recurrent", reservoir.recurrent), ("input", reservoir.input))
    }
    changes = {name: getattr(reservoir, name) * factor for name in _VOLTAGES}
    return reservoir.replace(**sides, **changes, input_gain=reservoir.input_gain * factor)


def in_times(reservoir: Reservoir, factor: float) -> Reservoir:
    """Return the reservoir with all times times a factor, the step too, and rates over it."""
    sides = {
        side: dataclasses.replace(links, **{name: getattr(links, name) * factor for name in _LINK_TIMES})
        for side, links in (("recurrent", reservoir.recurrent), ("input", reservoir.input))
    }
    changes: dict[str, Any] = {name: getattr(reservoir, name) * factor for name in _TIMES}
    changes |= {"dt": reservoir.dt * factor, "background_rate": reservoir.background_rate / factor}
    if reservoir.short_term is not None:
        times = {name: getattr(reservoir.short_term, name) * factor for name in SHORT_TERM_ARRAYS if name != "release"}
        changes["short_term"] = dataclasses.replace(reservoir.short_term, **times)
    return reservoir.replace(**sides, **changes)


def stretched(stimulus: SpikeTrains | Currents, factor: float) -> SpikeTrains | Currents:
    """Return the stimulus with all times times a factor."""
    if isinstance(stimulus, Currents):
        return Currents(stimulus.values, stimulus.dt * factor, stimulus.lengths)
    durations = stimulus.durations * factor
    return SpikeTrains(stimulus.times * factor, stimulus.channels, stimulus.offsets, stimulus.n_channels, durations)
