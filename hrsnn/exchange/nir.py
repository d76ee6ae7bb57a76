"""Reservoirs and balanced networks as graphs of the Neuromorphic Intermediate Representation (NIR), and back."""

from __future__ import annotations

import warnings
from typing import Any

from hrsnn.balanced.network import BalancedNetwork
from hrsnn.errors import FileError, HrsnnError, HrsnnWarning, InputError
from hrsnn.exchange.nir_balanced import balanced_losses, balanced_nodes
from hrsnn.exchange.nir_constants import Discretisation, check_input, check_time_unit
from hrsnn.exchange.nir_export import losses_of, reservoir_nodes
from hrsnn.exchange.nir_import import reservoir_of
from hrsnn.exchange.nir_paths import flat_graph
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike, writing
from hrsnn.formats.hdf5_tree import Group, read_tree
from hrsnn.reservoir import Reservoir
from hrsnn.spec import ReservoirSpec
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import takes


@takes()
def to_nir(
    network: Reservoir | BalancedNetwork,
    path: PathLike | None = None,
    input: str = "spikes",
    discretisation: str = "none",
    time_unit: str = "ms",
) -> Any:
    """Return a network as a recurrent ``nir.NIRGraph``, and write it to a file.

    The nodes, with N neurons and C channels; matrices are (targets, sources), and inhibitory columns negative::

        input -> [input_delay] -> input_weight -> synapse_exc (LI) -> neurons (LIF) -> output
        neurons -> [recurrent_delay_exc] -> recurrent_weight_exc -> synapse_exc
        neurons -> [recurrent_delay_inh] -> recurrent_weight_inh -> synapse_inh (LI) -> neurons

    Where tau_exc = tau_inh, neurons with their current are one CubaLIF, and there is one recurrent matrix::

        input -> [input_delay] -> input_weight -> neurons (CubaLIF) -> output
        neurons -> [recurrent_delay] -> recurrent_weight -> neurons

    Delays are Delay nodes before the matrix, where there are any. Where a source has links with several delays, there is a
    pair of a delay and a matrix for each (``recurrent_delay_0``, ``recurrent_weight_0``, ...): no delay is lost.

    Parameters
    ----------
    network : Reservoir or BalancedNetwork
    path : path, optional
        File to be written too (HDF5, as ``nir.write`` does), whole or not at all.
    input : {"spikes", "currents"}
        What the input of the graph is: spikes, through the weights of input links, or analog values, through their gains,
        which lead into the neurons without a current; these are then LIF.
    discretisation : {"none", "euler"}
        Time constants of the equations; or those with which a step of dt by Euler's rule, as Norse and others take it,
        is the exact step of the engines here: ``tau' = dt/(1 - e^(-dt/tau))`` and ``R_s = phi_s/(1 - e^(-dt/tau_m))``
        (:class:`~hrsnn.exchange.nir_constants.Discretisation`).
    time_unit : {"ms", "s"}
        Unit of time constants and delays. NIR's table of primitives has ms; several tools take seconds.

    Returns
    -------
    nir.NIRGraph
        Voltages in mV. ``v_leak = v_rest + i_bias``. Its metadata have `dt` (ms), `input`, `discretisation` and
        `time_unit`, and those of the neurons which are excitatory.

    Raises
    ------
    InputError
        When an option is not one of those above, or the matrices exceed the memory limit.
    HrsnnError
        When NIR is not installed.
    FileError
        When the file cannot be written.

    Warns
    -----
    HrsnnWarning
        One for each loss: refractory periods longer than a step, adaptation, short-term plasticity, background, v_start,
        the gains or weights of the other kind of input, STDP, positions, clusters, labels.

    Notes
    -----
    *Scale of spikes.* Tools give a spike as 1 in one step, a pulse of height 1 and length dt. By the equation of a current,
    ``tau_s I' = -I + w_in S``, such a pulse adds ``w_in dt/tau_s``; the weights of a reservoir (mV) are what a spike adds,
    so that ``w_in = tau_s/dt``, and for LI nodes ``r = R_s tau_s/dt`` (R_s is 1 without discretisation). Steps
    of another length than the network's dt need other w_in and r: set dt first (``network.replace(dt=...)``).

    *Time of spikes.* A spike in step n of the engines here acts on v from step n + 1 on. Tools that pass the outputs of
    neurons to the step that follows agree for recurrent links; an input spike acts in its own step there, so that
    input is to be given one step later (not so in NIRTorch 2.6 with LI nodes: it takes neurons first, with the currents of
    the step before). A delay of the graph comes on top, as here.

    *Balanced networks.* A LIF with tau_i = 1/lambda_i and v_leak 0, fast weights that lead into it without a current, and
    slow weights after an LI of the same tau_i (:func:`hrsnn.exchange.nir_balanced.balanced_nodes`); see the warnings.
    :func:`from_nir` does not read them back.

    References
    ----------
    Pedersen et al. (2024), Neuromorphic intermediate representation: A unified instruction set for interoperable
    brain-inspired computing, Nature Communications 15, 8122. https://neuroir.org/docs/primitives.html

    Examples
    --------
    >>> import warnings
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=20, delay_exc=5, delay_inh=5), seed=1, channels=4)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     graph = to_nir(reservoir)
    >>> {type(node).__name__: name for name, node in graph.nodes.items() if "exc" in name}
    {'Delay': 'recurrent_delay_exc', 'Linear': 'recurrent_weight_exc', 'LI': 'synapse_exc'}
    >>> bool((from_nir(graph).weight == reservoir.weight).all())
    True
    """
    check_input(input)
    unit, how = check_time_unit(time_unit), Discretisation(discretisation, network.dt)
    nir = _nir()
    if isinstance(network, BalancedNetwork):
        losses, (nodes, edges) = balanced_losses(network), balanced_nodes(network, input, how, unit)
    else:
        losses, (nodes, edges) = losses_of(network, input), reservoir_nodes(network, input, how, unit)
    about = {"dt": network.dt, "input": input, "discretisation": discretisation, "time_unit": time_unit}
    graph = nir.NIRGraph(nodes, edges, metadata={"hrsnn": about})
    for loss in losses:
        warnings.warn(f"NIR: {loss}", HrsnnWarning, stacklevel=3)
    if path is not None:
        with writing(path) as temporary:
            nir.write(temporary, graph)
    return graph


@takes(dt="ms")
def from_nir(
    graph: Any,
    spec: ReservoirSpec | None = None,
    seed: int = 0,
    dt: float | None = None,
    input: str | None = None,
    discretisation: str | None = None,
    time_unit: str | None = None,
) -> Reservoir:
    """Return the reservoir of a NIR graph, of :func:`to_nir` or of another tool.

    Parameters
    ----------
    graph : nir.NIRGraph or path
        Its nodes are Input, Output, LIF, CubaLIF, LI, Linear, Affine, Scale and Delay, and graphs of these. Neurons of all
        LIF and CubaLIF nodes are numbered in the order of the nodes; ``cluster`` says from which node they are.
    spec : ReservoirSpec, optional
        For what a graph does not have: constants of STDP, and time constants of currents that no link uses.
    seed : int
        Seed of these values.
    dt, input, discretisation, time_unit : optional
        As of :func:`to_nir`; by default what the graph's metadata say, or else the spec's dt, "spikes", "none" and "ms".
        Graphs of tools that count time in seconds need ``time_unit="s"``, and ``discretisation="euler"`` where they are
        to be stepped by Euler's rule with dt.

    Returns
    -------
    Reservoir
        Of a graph of :func:`to_nir` with discretisation "none" and ms, these arrays are equal to the last bit: types, tau_m,
        tau_exc, tau_inh (where there are links of that sign), thresholds, resets, ``v_rest + i_bias``, links with weights
        and delays, input links with weights or gains. With "euler" or seconds, to 1e-12. Without refractory periods,
        adaptation and background; it starts at ``v_rest + i_bias``.

    Raises
    ------
    InputError
        For a node of another kind, with its name, and for what no reservoir is: links of both signs from one neuron,
        negative weights of input spikes, links of a neuron to itself, two delays between the same neurons, several time
        constants for links of one sign to a neuron. A FileError where the graph is in a file.
    FileError
        When the file is missing, damaged, or no NIR file, has links out of it or cycles, or exceeds a limit.
    HrsnnError
        When NIR is not installed.

    Warns
    -----
    HrsnnWarning
        When there is a readout between the neurons and the output, which is left out.

    Notes
    -----
    A spike is read as a pulse of height 1 and length dt (:func:`to_nir`). Where it leads into a LIF without a current, v
    moves at once: such neurons get a current of time constant dt/40 that moves v as much in the step that follows. A
    constant input (the bias of an Affine node, the v_leak of an LI) is added to ``i_bias``, from the onset on.

    Examples
    --------
    >>> import nir, numpy as np
    >>> one, w = np.ones(2), np.array([[0, 0.5], [-1, 0]])
    >>> neurons = nir.CubaLIF(tau_mem=20 * one, tau_syn=5 * one, r=one, v_leak=0 * one, v_threshold=one, w_in=10 * one)
    >>> nodes = {"input": nir.Input(np.array([1])), "w": nir.Linear(np.ones((2, 1))), "lif": neurons}
    >>> nodes |= {"recurrent": nir.Linear(w), "output": nir.Output(np.array([2]))}
    >>> edges = [("input", "w"), ("w", "lif"), ("lif", "recurrent"), ("recurrent", "lif"), ("lif", "output")]
    >>> reservoir = from_nir(nir.NIRGraph(nodes, edges), dt=0.5)
    >>> reservoir.is_excitatory, reservoir.weight
    (array([False,  True]), array([1. , 0.5]))
    """
    nir = _nir()
    path = None
    if not isinstance(graph, nir.NIRGraph):
        path, graph = graph, _read(graph, nir)
    said = graph.metadata.get("hrsnn") if isinstance(graph.metadata, dict) else None
    said = said if isinstance(said, dict) else {}
    spec = spec or ReservoirSpec()
    dt = positive("dt", said.get("dt", spec.dt) if dt is None else dt, "ms")
    input = str(said.get("input", "spikes")) if input is None else input
    how = str(said.get("discretisation", "none")) if discretisation is None else discretisation
    unit = check_time_unit(str(said.get("time_unit", "ms")) if time_unit is None else time_unit)
    check_input(input)
    discretised = Discretisation(how, dt)
    try:
        return reservoir_of(flat_graph(graph), input, discretised, unit, spec, seed)
    except InputError as error:
        if path is None:
            raise
        raise FileError(path, f"is no graph of a reservoir: {error}") from error


def _nir() -> Any:
    try:
        import nir
    except ImportError as error:
        raise HrsnnError("NIR is not installed: pip install 'hrsnn[nir]'") from error
    return nir


def _read(path: PathLike, nir: Any) -> Any:
    """Return the graph in a file, which is read with all checks of :mod:`hrsnn.formats.hdf5_tree`, not by ``nir.read``."""
    whole = read_tree(path)
    with refuse_damaged(path, "NIR graph"):
        node = whole.members["node"]
        if not isinstance(node, Group):
            raise FileError(path, "is damaged or no NIR graph: 'node' is no group")
        values = node.plain()
        if values.get("type") != "NIRGraph":
            raise FileError(path, f"is damaged or no NIR graph: it is a {values.get('type')!r:.60}")
        return _built(values, nir)


def _built(values: dict[str, Any], nir: Any) -> Any:
    """Return the graph of nested dictionaries; nodes of kinds that are not read are refused where the graph is used."""
    nodes = {}
    for name, one in values["nodes"].items():
        kind = one["type"]
        if kind == "NIRGraph":
            nodes[name] = _built(one, nir)
        else:
            nodes[name] = nir.dict2NIRNode(dict(one))
    edges = [(str(a), str(b)) for a, b in values["edges"]]
    return nir.NIRGraph(nodes, edges, metadata=values.get("metadata", {}), type_check=False)
