"""NEST's one kernel for the time of a run: empty before, quiet meanwhile, with the caller's settings afterwards."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import nest

from hrsnn.errors import HrsnnError

#: Held while the kernel is in use: all threads of a process share it. Reentrant, so that a run within a run is an error.
_KERNEL = threading.RLock()
#: Settings of the kernel that a reset loses or a run changes, in an order in which they can be set again.
_SETTINGS = (
    "tics_per_ms",
    "resolution",
    "local_num_threads",
    "rng_type",
    "rng_seed",
    "print_time",
    "data_path",
    "data_prefix",
    "overwrite_files",
    "dict_miss_is_error",
    "keep_source_table",
    "use_compressed_spikes",
    "verbosity",
)


def check_empty() -> None:
    """Check that the kernel has no nodes.

    Raises
    ------
    HrsnnError
        When it has some, which a reset would delete.
    """
    if nest.network_size:
        raise HrsnnError(
            f"NEST's kernel holds {nest.network_size} nodes, which would be lost: call nest.ResetKernel() first"
        )


@contextlib.contextmanager
def own_kernel() -> Iterator[None]:
    """Reset the kernel for a block, and reset it again with the caller's settings afterwards.

    Raises
    ------
    HrsnnError
        When the kernel has nodes of the caller's.
    """
    with _KERNEL:
        check_empty()
        before = {name: getattr(nest, name) for name in _SETTINGS}
        try:
            nest.verbosity = nest.VerbosityLevel.ERROR
            nest.ResetKernel()
            yield
        finally:
            nest.ResetKernel()
            restore(before)


def restore(settings: dict[str, object]) -> None:
    """Set those settings that differ."""
    for name, value in settings.items():
        if getattr(nest, name) != value:
            setattr(nest, name, int(value) if name == "tics_per_ms" else value)  # type: ignore[call-overload]
