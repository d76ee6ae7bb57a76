"""The pruning methods of the registry without training: step 4 changes time constants, and STDP changes weights."""

from __future__ import annotations

from hrsnn.networks import PruningMethod, pruning_method

_UNTRAINED = {"lnp": {"timescales": False}, "activity_neurons": {"train": False}}


def untrained(name: str) -> PruningMethod:
    """Return a method of the registry that only removes links and neurons."""
    return pruning_method(name, **_UNTRAINED.get(name, {}))
