"""Neurons on the grid as functions of tensors: one step of the model, with or without gradients.

The last axis is that of the neurons; those before it are stimuli, or anything that broadcasts. Operations are in the order
of the compiled engine, so that float64 gives the same numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hrsnn.engines.propagators import propagators
from hrsnn.reservoir import Reservoir


class Cells(NamedTuple):
    """Factors of the exact solution over one step, threshold, and what a spike does to its neuron; (..., N) each."""

    v_rest_bias: Tensor  #: v_rest + i_bias (mV)
    membrane: Tensor  #: e^(-dt/tau_m)
    exc_to_v: Tensor
    inh_to_v: Tensor
    decay_exc: Tensor
    decay_inh: Tensor
    adapted_to_v: Tensor
    decay_adapted: Tensor
    threshold: Tensor  #: mV
    v_reset: Tensor  #: mV
    hold: Tensor  #: refractory period in steps
    adaptation: Tensor  #: increment of the adaptation current (mV)


class State(NamedTuple):
    """Variables of the neurons, (..., N) each."""

    v: Tensor  #: mV
    exc: Tensor  #: mV
    inh: Tensor  #: mV
    adapted: Tensor | None  #: mV; None where no neuron adapts
    free_at: Tensor  #: the first step after the refractory period


def cells_of(reservoir: Reservoir, dtype: torch.dtype, device: str | torch.device) -> Cells:
    """Return the constants of a reservoir's neurons as tensors."""
    p = propagators(reservoir)

    def taken(values: np.ndarray) -> Tensor:
        return torch.tensor(values, dtype=dtype, device=device)

    return Cells(
        v_rest_bias=taken(reservoir.v_rest + reservoir.i_bias),
        membrane=taken(p.membrane),
        exc_to_v=taken(p.exc_to_v),
        inh_to_v=taken(p.inh_to_v),
        decay_exc=taken(p.decay_exc),
        decay_inh=taken(p.decay_inh),
        adapted_to_v=taken(p.adapted_to_v),
        decay_adapted=taken(p.decay_adapted),
        threshold=taken(reservoir.v_threshold),
        v_reset=taken(reservoir.v_reset),
        hold=torch.tensor(np.round(reservoir.refractory / reservoir.dt).astype(np.int64), device=device),
        adaptation=taken(reservoir.adaptation),
    )


def rest(reservoir: Reservoir, stimuli: int, dtype: torch.dtype, device: str | torch.device) -> State:
    """Return the state of a reservoir at rest, (stimuli, N)."""
    v = torch.tensor(reservoir.v_start, dtype=dtype, device=device).repeat(stimuli, 1)
    nothing = torch.zeros_like(v)
    adapted = torch.zeros_like(v) if reservoir.adaptation.any() else None
    return State(v, nothing, torch.zeros_like(v), adapted, torch.zeros_like(v, dtype=torch.int64))


def advance(state: State, drive: Tensor | float, step: int, cells: Cells) -> tuple[State, Tensor, Tensor]:
    """Update all neurons by one step.

    Returns
    -------
    state : State
        Before spikes act.
    excess : tensor
        v above threshold (mV): a neuron that is not refractory spikes where it is positive.
    awake : tensor of bool
        Whether the neuron is not refractory.
    """
    v_inf = cells.v_rest_bias + drive
    free = v_inf + (state.v - v_inf) * cells.membrane + state.exc * cells.exc_to_v + state.inh * cells.inh_to_v
    adapted = state.adapted
    if adapted is not None:
        free = free - adapted * cells.adapted_to_v
        adapted = adapted * cells.decay_adapted
    awake = step >= state.free_at
    v = torch.where(awake, free, state.v)
    after = State(v, state.exc * cells.decay_exc, state.inh * cells.decay_inh, adapted, state.free_at)
    return after, v - cells.threshold, awake


def reset(state: State, spikes: Tensor, spiked: Tensor, step: int, cells: Cells, through: Tensor | None = None) -> State:
    """Return the state after the reset of the neurons that spike.

    Parameters
    ----------
    spikes : tensor
        0 and 1, or the values of a smooth step.
    spiked : tensor of bool
        Which neurons are refractory from now on.
    through : tensor, optional
        What takes the place of `spikes` in the reset of v: without gradients, none flow through it.
    """
    acting = spikes if through is None else through
    v = state.v * (1 - acting) + cells.v_reset * acting  # exact for 0 and 1
    adapted = None if state.adapted is None else state.adapted + cells.adaptation * spikes
    return State(v, state.exc, state.inh, adapted, torch.where(spiked, step + cells.hold, state.free_at))
