"""What a readout sees of a run: filtered spikes, membrane potentials, or states decoded from the spikes."""

from __future__ import annotations

from typing import Any, Literal, TypeGuard

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.errors import InputError
from hrsnn.kinds import Network
from hrsnn.kinds.contract import Decoding
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus

Array = NDArray[np.float64]
#: What a readout sees: exponentially filtered spikes, membrane potentials, or states that the network's own decoder makes of
#: its spikes.
Read = Literal["states", "v", "decoded"]
#: What the name of a score or of a model ends with, for each.
SUFFIXES: dict[Read, str] = {"states": "", "v": "_v", "decoded": "_decoded"}
#: What a run must record for each.
RECORDED: dict[Read, str] = {"states": "states", "v": "v", "decoded": "spikes"}


def has_decoder(network: Network) -> TypeGuard[Decoding]:
    """Return whether a network has a decoder of its own, as a balanced network does."""
    return isinstance(network, Decoding)


def reads_of(network: Network) -> tuple[Read, ...]:
    """Return what readouts can see of a network."""
    return ("states", "v", "decoded") if has_decoder(network) else ("states", "v")


def read_states(activity: Activity[Any], read: Read, before: Any = None) -> Array:
    """Return what a readout sees at the sample times of a run, (samples, times, units).

    Parameters
    ----------
    activity : Activity
        With the record that `read` needs (`RECORDED`).
    read : {"states", "v", "decoded"}
    before : NetworkState or BalancedState, optional
        State from which the run continued; decoded states need it.

    Returns
    -------
    array (samples, times, units)
        N units, or the J states of a decoder.

    Raises
    ------
    InputError
        When decoded states are asked of a network without a decoder, or the record is missing.
    """
    if read == "decoded":
        network = activity.reservoir
        if not has_decoder(network):
            raise InputError("read", read, f"must be states or v: a {network.kind} has no decoder")
        return np.asarray(network.decode(activity.spikes, activity.sample_times, before))
    return np.asarray(activity.states if read == "states" else activity.v)


def ideal_states(network: Network, stimulus: Stimulus, windows: int = 1) -> Array | None:
    """Return the states of the system that a network follows, at the ends of equal windows of each sample.

    Parameters
    ----------
    network : Network
    stimulus : SpikeTrains or Currents
    windows : int

    Returns
    -------
    array (samples, windows, J) or None
        None for a network without a decoder, and for an input of spikes, for which there is no closed form in values.
    """
    if not has_decoder(network) or not isinstance(stimulus, Currents):
        return None
    found = []
    for index in range(len(stimulus)):
        values = stimulus.sample(index)
        # each value in equal parts, so that every window ends with a part
        states = network.ideal_states(np.repeat(values, windows, axis=0), stimulus.dt / windows)
        found.append(states[len(values) * np.arange(1, windows + 1) - 1])
    return np.stack(found)
