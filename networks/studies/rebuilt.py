"""Networks that are built as sparse as a pruned one: what a spec gives with as many links, at the dense network's rate."""

from __future__ import annotations

from hrsnn.analysis.runs.rate_matching import at_rate, with_weights
from hrsnn.builder import build
from hrsnn.networks.pruning import noise
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.validation.units import takes


@takes()
def rebuilt(
    spec: ReservoirSpec, dense: Reservoir, share: float, *, equal: bool = False, seed: int = 0, engine: str = "auto"
) -> Reservoir:
    """Build a network with a share of the links of the dense one, and scale its weights to the dense network's rate.

    Parameters
    ----------
    spec : ReservoirSpec
        Spec of the dense network.
    dense : Reservoir
    share : float
    equal : bool
        Whether all neurons have the same number of links from excitatory neurons, and from inhibitory ones, as near the
        wanted means as whole numbers are, and at least one from excitatory neurons. Otherwise the probabilities of the spec
        are multiplied by `share`, or its in-degrees, to the nearest whole numbers and at least one from excitatory neurons.
    seed : int
    engine : str

    Returns
    -------
    Reservoir
        With the mean rate of the dense network under 2 s of noise, within 2 % where a factor of the weights from 1/16 to 16
        gives it, else the nearest.

    Examples
    --------
    >>> spec = ReservoirSpec.preset("dense", neurons=60, delay_exc=50)
    >>> dense = build(spec, seed=1)
    >>> sparse = rebuilt(spec, dense, 0.2, equal=True)
    >>> bool((sparse.synapses / dense.synapses) < 0.35)
    True
    """
    if equal or spec.connectivity in ("in_degree", "networkx") or spec.graph is not None:
        from_exc = float(dense.is_excitatory[dense.pre].sum()) / dense.neurons
        from_inh = dense.synapses / dense.neurons - from_exc
        degrees = {"in_degree_exc": max(1, round(share * from_exc)), "in_degree_inh": round(share * from_inh)}
        sparse = spec.updated({"connectivity": "in_degree", "topology": None, "graph": None, **degrees})
    else:
        pairs = ("ee", "ei", "ie", "ii")
        sparse = spec.updated({f"probability_{pair}": share * getattr(spec, f"probability_{pair}") for pair in pairs})
    stimulus = noise(dense.channels, seed=seed)
    rate = float(simulate(dense, stimulus, record=(), engine=engine, seed=seed).rates.mean())
    return at_rate(
        build(sparse, seed, channels=dense.channels), with_weights, stimulus, rate, seed=seed, engine=engine
    ).network
