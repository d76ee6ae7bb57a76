"""Arguments of the kernels of balanced networks: N neurons, J states, C channels, K changes of the input.

They are passed as plain tuples, and named again in the kernels.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Code(NamedTuple):
    """Constants of all forms."""

    decoder: Any  #: (J, N) Gamma
    rows: Any  #: (N, J) its transpose: the decoder of each neuron
    threshold: Any  #: (N,) mV
    kicks: Any  #: (C, J) what an input spike adds to the states


class Inputs(NamedTuple):
    """Input of a stimulus, by steps."""

    drive_step: Any  #: (K,) steps from which on an analog input holds
    drive: Any  #: (K, J) 1/s: B u
    spike_step: Any  #: (events,) steps in which input spikes arrive
    spike_channel: Any  #: (events,)
    spike_count: Any  #: (events,)
    v_step: Any  #: (times,) steps after which V is recorded


class Output(NamedTuple):
    """Output arrays of a call."""

    step: Any  #: (room,) of each spike
    neuron: Any  #: (room,) of each spike
    v: Any  #: (times, R) mV, at the requested steps
    watched: Any  #: (R,) the neurons that are recorded
    spiked: Any  #: (N,) work space for the spikes of one step


class StateForm(NamedTuple):
    """Form of J states: one leak, no quadratic cost."""

    onward: Any  #: (J, J) dt e^(-lambda dt) (A + lambda I)
    decay: Any  #: e^(-lambda dt)
    drive: Any  #: (1 - e^(-lambda dt))/lambda (s)


class States(NamedTuple):
    """Variables of the form of J states."""

    error: Any  #: (J,) e
    estimate: Any  #: (J,) z
    driven: Any  #: (J,) what the analog input adds to e in a step
    moved: Any  #: (J,) work space
    v: Any  #: (N,) work space


class VoltageForm(NamedTuple):
    """Form with the V of each neuron; arrays that a network does not need are empty."""

    decay: Any  #: (N,) e^(-lambda_i dt)
    half: Any  #: (N,) e^(-lambda_i dt/2)
    slow: Any  #: (N,) s: dt e^(-lambda_i dt/2), times e^(-lambda dt/2) with one leak
    drive: Any  #: (N,) (1 - e^(-lambda_i dt))/lambda_i (s)
    own: Any  #: (N,) mV: what a spike's reset has beside |Gamma_i|^2
    norms: Any  #: (N,) |Gamma_i|^2
    noise: Any  #: (N,) mV: sd of the noise of a step; empty without noise
    leak: Any  #: (N,) 1/s
    system: Any  #: (J, J) A
    slow_rows: Any  #: (N, J) with one leak: (A + lambda I) Gamma, transposed
    fast_columns: Any  #: (N, N) row j: what a spike of j takes from each V; empty in the low-rank form
    slow_columns: Any  #: (N, N) row j: weights of r_j
    linked: Any  #: bool
    one_leak: Any  #: bool
    several: Any  #: bool: any number of neurons spike in a step
    key: Any  #: uint64 of the noise
    rounding: Any  #: of V, a tuple
    begin: Any  #: steps before those of this call, from which the noise goes on


class Voltages(NamedTuple):
    """Variables of the form with the V of each neuron."""

    v: Any  #: (N,) mV
    slow: Any  #: (N,) sum_j slow_ij r_j
    rates: Any  #: (N,) r
    driven: Any  #: (N,) what the analog input adds to V in a step
    kicked: Any  #: (N,) work space
    p: Any  #: (J,) work space
    q: Any  #: (J,) work space
