"""The PyTorch engine: the model on a time grid for many stimuli at once, and the step that training shares."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hrsnn.engines.capabilities import Engine

if TYPE_CHECKING:
    from hrsnn.engines.contract import EngineFunction, PopulationFunction


def _check(device: str) -> None:
    try:
        import torch
    except ImportError as error:
        raise ImportError("it needs PyTorch: pip install 'hrsnn[torch]'") from error
    if device == "cuda" and not torch.cuda.is_available():
        raise ImportError("PyTorch finds no CUDA device here; the engine torch runs on the processor")


def _load(device: str) -> EngineFunction:
    _check(device)
    from hrsnn.engines.torch.engine import run

    return partial(run, device=device)


def _load_population(device: str) -> PopulationFunction:
    _check(device)
    from hrsnn.engines.torch.engine import run_population

    return partial(run_population, device=device)


def _declared(device: str, where: str, on_device: bool) -> Engine:
    return Engine(
        description=f"PyTorch on {where}: a batch of stimuli at once, with the spikes of the compiled engine",
        load=partial(_load, device),
        can={
            "grid": True,
            "delays_per_neuron": True,
            "delays_per_link": True,
            "zero_delays": True,
            "input_delays": True,
            "short_term_plasticity": True,
            "adaptation": True,
            "background": True,
            "state_bits": "it carries v in floating point",
            "resumable_state": True,
            "chosen_neurons": True,
            "currents": True,
            "plasticity": "it has no STDP; hrsnn.training changes weights by gradients",
            "gradients": True,
            "batch_on_device": on_device or "it runs on the processor; torch-cuda on an accelerator",
        },
        load_population=partial(_load_population, device),
    )


TORCH = _declared("cpu", "the processor", on_device=False)
TORCH_CUDA = _declared("cuda", "a CUDA device", on_device=True)
