"""PyTorch on one thread and with deterministic kernels, for the time of a computation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def one_thread(device: str | torch.device = "cpu") -> Iterator[None]:
    """Run a block on one thread, and on CUDA with deterministic kernels; afterwards both are as they were.

    The tensors of these networks are small: a second thread of PyTorch gains nothing, and waits for the first one where the
    processor is busy. Sums then have one order, and results the same bytes wherever they run.
    """
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    # not called where it changes nothing: it imports PyTorch's compiler, which leaves a folder among temporary files
    changes = torch.device(device).type == "cuda" and not deterministic
    torch.set_num_threads(1)
    try:
        if changes:
            torch.use_deterministic_algorithms(True)
        yield
    finally:
        if changes:
            torch.use_deterministic_algorithms(False)
        torch.set_num_threads(threads)
