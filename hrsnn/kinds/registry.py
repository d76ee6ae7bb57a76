"""Registry of the kinds of networks, and the building of a network of any kind."""

from __future__ import annotations

from hrsnn.kinds.contract import Kind, Network, NetworkSpec
from hrsnn.runtime.registry import Registry

#: Kinds of this package and of installed ones.
KINDS: Registry[Kind] = Registry(
    "network",
    "hrsnn.kinds",
    Kind,
    {
        "reservoir": "hrsnn.kinds.reservoir:RESERVOIR",
        "balanced": "hrsnn.kinds.balanced:BALANCED",
        "brian": "hrsnn.kinds.brian:BRIAN",
    },
)


def build_network(spec: NetworkSpec, seed: int = 0, channels: int = 1) -> Network:
    """Build a network of any kind from its specification.

    Parameters
    ----------
    spec : NetworkSpec
        ``spec.kind`` is the name of its kind.
    seed : int
        Seed of all draws.
    channels : int
        Number of input channels.

    Returns
    -------
    Network
        For a :class:`~hrsnn.ReservoirSpec` what :func:`hrsnn.build` returns.

    Raises
    ------
    InputError
        For an unknown kind, or when the network cannot be built.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> build_network(ReservoirSpec(neurons=20), seed=1).neurons
    20
    """
    return KINDS.find(spec.kind).build(spec, seed, channels)
