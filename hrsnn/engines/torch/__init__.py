"""The PyTorch engine: the model on a time grid for many stimuli at once, and the step that training shares."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hrsnn.engines.capabilities import Engine

if TYPE_CHECKING:
    from hrsnn.engines.contract import EngineFunction


def _load(device: str) -> EngineFunction:
    try:
        import torch
    except ImportError as error:
        raise ImportError("it needs PyTorch: pip install 'hrsnn[torch]'") from error

    from hrsnn.engines.torch.engine import run

    if device == "cuda" and not torch.cuda.is_available():
        raise ImportError("PyTorch finds no CUDA device here; the engine torch runs on the processor")
    return partial(run, device=device)


def _declared(device: str, where: str, on_device: bool) -> Engine:
    return Engine(
        description=f"PyTorch on {where}: a batch of stimuli at once, with the spikes of the compiled engine",
        load=partial(_load, device),
        can={
            "grid": True,
            "delays_per_neuron": True,
            "delays_per_link": True,
            "input_delays": True,
            "short_term_plasticity": True,
            "adaptation": True,
            "background": True,
            "resumable_state": True,
            "plasticity": "it has no STDP; hrsnn.training changes weights by gradients",
            "gradients": True,
            "batch_on_device": on_device or "it runs on the processor; torch-cuda on an accelerator",
        },
    )


TORCH = _declared("cpu", "the processor", on_device=False)
TORCH_CUDA = _declared("cuda", "a CUDA device", on_device=True)
