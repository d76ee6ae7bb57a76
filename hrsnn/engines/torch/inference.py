"""A step of the neurons without gradients: in fewer operations than for training, and compiled where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hrsnn.engines.torch.neurons import Cells, State, advance
from hrsnn.errors import InputError


def before_spikes(state: State, drive: Tensor, step: Any, cells: Cells) -> tuple[State, Tensor, Tensor]:
    """Return the state before spikes act, which neurons spike, and a copy of the currents (2, ..., N)."""
    state, excess, awake = advance(state, drive, step, cells)
    return state, (excess > 0) & awake, torch.stack((state.exc, state.inh))


def after_spikes(state: State, spiked: Tensor, step: Any, cells: Cells) -> State:
    """Return what :func:`~hrsnn.engines.torch.neurons.reset` does for spikes of 0 and 1."""
    adapted = state.adapted
    if adapted is not None:
        adapted = torch.where(spiked, adapted + cells.adaptation, adapted)
    v, free_at = torch.where(spiked, cells.v_reset, state.v), torch.where(spiked, step + cells.hold, state.free_at)
    return State(v, state.exc, state.inh, adapted, free_at)


class StepsOfNeurons(NamedTuple):
    """The two parts of a step, between which spikes arrive."""

    before_spikes: Callable[[State, Tensor, int, Cells], tuple[State, Tensor, Tensor]]
    after_spikes: Callable[[State, Tensor, int, Cells], State]


def steps_of_neurons(compiled: bool) -> StepsOfNeurons:
    """Return the parts of a step as they are, or through ``torch.compile``, for tensors of any size.

    Raises
    ------
    InputError
        When PyTorch cannot compile here, such as without a C++ compiler, by the first call of a part.
    """
    return _compiled() if compiled else StepsOfNeurons(before_spikes, after_spikes)


@cache
def _compiled() -> StepsOfNeurons:
    def faster(part: Callable[..., Any]) -> Callable[..., Any]:
        run = torch.compile(part, dynamic=True)

        def call(state: State, given: Tensor, step: int, cells: Cells) -> Any:
            try:
                # a number of Python would be a constant of the compiled code, and each step compiled anew
                return run(state, given, torch.tensor(step, device=given.device), cells)
            except torch._dynamo.exc.TorchDynamoException as error:
                reason = str(error).strip().splitlines()[0][:200]
                raise InputError("compiled", True, f"must be False here: PyTorch cannot compile ({reason})") from error

        return call

    return StepsOfNeurons(faster(before_spikes), faster(after_spikes))
