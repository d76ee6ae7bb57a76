"""A step of the neurons without gradients, in fewer operations than for training."""

from __future__ import annotations

import torch
from torch import Tensor

from hrsnn.engines.torch.neurons import Cells, State, advance


def before_spikes(state: State, drive: Tensor, step: int, cells: Cells) -> tuple[State, Tensor, Tensor]:
    """Return the state before spikes act, which neurons spike, and a copy of the currents (2, ..., N)."""
    state, excess, awake = advance(state, drive, step, cells)
    return state, (excess > 0) & awake, torch.stack((state.exc, state.inh))


def after_spikes(state: State, spiked: Tensor, step: int, cells: Cells) -> State:
    """Return what :func:`~hrsnn.engines.torch.neurons.reset` does for spikes of 0 and 1."""
    adapted = state.adapted
    if adapted is not None:
        adapted = torch.where(spiked, adapted + cells.adaptation, adapted)
    v, free_at = torch.where(spiked, cells.v_reset, state.v), torch.where(spiked, step + cells.hold, state.free_at)
    return State(v, state.exc, state.inh, adapted, free_at)
