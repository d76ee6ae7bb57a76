"""Nodes and edges of a NIR graph for a reservoir, and what NIR cannot say of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from hrsnn.exchange.nir_constants import Discretisation
from hrsnn.reservoir import Links, Reservoir
from hrsnn.validation.limits import check_memory


def losses_of(reservoir: Reservoir, input: str) -> Iterator[str]:
    """Yield what NIR has no place for, as sentences."""
    if (reservoir.refractory > reservoir.dt).any():
        yield "refractory periods are lost: the neurons of NIR have none"
    if reservoir.adaptation.any():
        yield "adaptation is lost: the neurons of NIR have none"
    if reservoir.short_term is not None:
        yield "short-term plasticity is lost: links of NIR are constant"
    if (reservoir.background_rate > 0).any():
        yield "background spikes are lost: they can be given as further channels of the input"
    if reservoir.state_bits:
        yield "state_bits is lost: NIR says nothing of the precision of v"
    if (reservoir.v_start != reservoir.v_rest + reservoir.i_bias).any():
        yield "v_start is lost: NIR says nothing of the state at the onset"
    if input == "spikes" and reservoir.input_gain.any():
        yield 'the gains of analog input are lost: input="currents" writes them instead of the weights for spikes'
    if input == "currents" and reservoir.input_weight.any():
        yield 'the weights of input spikes are lost: input="spikes" writes them instead of the gains'
    yield "the constants of STDP and homeostasis are lost: links of NIR are constant"
    yield "positions are lost: nodes of NIR have none"
    if reservoir.cluster.any():
        yield "clusters are lost: the neurons are one node"
    if reservoir.labels is not None or reservoir.cell_types is not None:
        yield "labels and cell types are lost: the neurons of a node are numbered"


def reservoir_nodes(
    reservoir: Reservoir, input: str, discretisation: Discretisation, unit: float
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the nodes and edges of the graph; see :func:`hrsnn.exchange.to_nir`.

    Parameters
    ----------
    reservoir : Reservoir
    input : {"spikes", "currents"}
    discretisation : Discretisation
    unit : float
        Unit of time of the graph in ms.

    Raises
    ------
    InputError
        When the matrices, of which there is one for each delay that a source has, would exceed the memory limit.
    """
    import nir

    n, dt = reservoir.neurons, reservoir.dt
    one_current = input == "spikes" and np.array_equal(reservoir.tau_exc, reservoir.tau_inh)
    recurrent, inputs = list(_branches(reservoir.recurrent)), list(_branches(reservoir.input))
    size = 8 * n * (len(recurrent) * n * (1 if one_current else 2) + len(inputs) * reservoir.channels)
    check_memory("network", n, 2 * size, f"its {len(recurrent)} matrices of links and {len(inputs)} of input links")

    nodes: dict[str, Any] = {"input": nir.Input(input_type={"input": np.array([reservoir.channels])})}
    edges: list[tuple[str, str]] = []
    tau = {name: discretisation.stated(getattr(reservoir, name)) for name in ("tau_m", "tau_exc", "tau_inh")}
    gain = {side: discretisation.resistance(reservoir.tau_m, getattr(reservoir, f"tau_{side}")) for side in ("exc", "inh")}
    leak, zeros = reservoir.v_rest + reservoir.i_bias, np.zeros(n)
    membrane = {"v_leak": leak, "v_threshold": reservoir.v_threshold.copy(), "v_reset": reservoir.v_reset.copy()}

    # names in alphabetical order, as they are read from a file, are in the order of a step: NIRTorch adds a step otherwise
    def link(source: str, name: str, target: str, links: Links, weight: np.ndarray, delay: np.ndarray, sources: int) -> None:
        """Add a matrix between two nodes, after a node of delays where there are any."""
        if delay.any():
            delayed = name.format("delay")
            nodes[delayed] = nir.Delay(delay / unit)
            edges.append((source, delayed))
            source = delayed
        matrix = np.zeros((n, sources))
        matrix[links.post, links.pre] = weight
        nodes[name.format("weight")] = nir.Linear(matrix)
        edges.extend([(source, name.format("weight")), (name.format("weight"), target)])

    if one_current:
        synapse = {"tau_syn": tau["tau_exc"] / unit, "w_in": tau["tau_exc"] / dt}
        nodes["neurons"] = nir.CubaLIF(tau_mem=tau["tau_m"] / unit, r=gain["exc"], **membrane, **synapse)
    else:
        nodes["neurons"] = nir.LIF(tau=tau["tau_m"] / unit, r=np.ones(n), **membrane)

    def current(side: str) -> str:
        """Return the node that a current of this side is led into."""
        if one_current:
            return "neurons"
        if f"synapse_{side}" not in nodes:
            r = gain[side] * (tau[f"tau_{side}"] / dt)
            nodes[f"synapse_{side}"] = nir.LI(tau=tau[f"tau_{side}"] / unit, r=r, v_leak=zeros.copy())
            edges.append((f"synapse_{side}", "neurons"))
        return f"synapse_{side}"

    drive = reservoir.input_gain if input == "currents" else reservoir.input_weight
    for k, (delay, here) in enumerate(inputs):
        links = reservoir.input.take(here)
        target = "neurons" if input == "currents" else current("exc")
        link(
            "input",
            _numbered("input_{}", k, inputs),
            target,
            links,
            drive[here],
            _spread(delay, reservoir.channels),
            reservoir.channels,
        )
    exc = reservoir.is_excitatory[reservoir.pre]
    for k, (delay, here) in enumerate(recurrent):
        spread = _spread(delay, n)
        sides = {"": np.ones_like(exc)} if one_current else {"_exc": exc, "_inh": ~exc}
        for side, of_side in sides.items():
            chosen = np.flatnonzero(here & of_side)
            if len(chosen):
                links = reservoir.recurrent.take(chosen)
                weight = np.where(exc[chosen], links.weight, -links.weight)
                own = np.where(np.isin(np.arange(n), links.pre), spread, 0.0)
                link("neurons", _numbered(f"recurrent_{{}}{side}", k, recurrent), current(side[1:]), links, weight, own, n)
    nodes |= {name: nodes.pop(name) for name in sorted(nodes)}
    nodes["output"] = nir.Output(output_type={"output": np.array([n])})
    edges.append(("neurons", "output"))
    nodes["neurons"].metadata = {"is_excitatory": reservoir.is_excitatory.astype(np.uint8)}
    return nodes, edges


def _branches(links: Links) -> Iterator[tuple[dict[int, float], np.ndarray]]:
    """Yield sets of links within which a source has one delay: the delay by source, and a mask of the links.

    There are as many as a source has different delays, at most: one where delays are those of neurons.
    """
    if not len(links):
        return
    order = np.lexsort((links.delay, links.pre))
    pre, delay = links.pre[order], links.delay[order]
    begins = np.concatenate([[True], np.diff(pre) != 0])
    changes = np.cumsum(begins | np.concatenate([[True], np.diff(delay) != 0]))
    rank = np.empty(len(links), dtype=np.intp)
    rank[order] = changes - changes[begins][np.cumsum(begins) - 1]
    for k in range(int(rank.max()) + 1):
        here = rank == k
        yield dict(zip(links.pre[here].tolist(), links.delay[here].tolist(), strict=True)), here


def _spread(delay: dict[int, float], sources: int) -> np.ndarray:
    found = np.zeros(sources)
    found[list(delay)] = list(delay.values())
    return found


def _numbered(name: str, k: int, among: list[Any]) -> str:
    return name if len(among) == 1 else f"{name}_{k}"
