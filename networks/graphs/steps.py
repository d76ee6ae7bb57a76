"""Steps of Lyapunov noise pruning on weighted directed graphs alone, without a reservoir."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from hrsnn.errors import InputError
from hrsnn.networks.graphs.centrality import betweenness
from hrsnn.networks.graphs.delocalisation import links_to_restore
from hrsnn.networks.graphs.pruned import graph_of_matrix, matrix_of_graph
from hrsnn.networks.linear.noise_covariance import coupling, critical_leak, dominant_leak, noise_covariance
from hrsnn.networks.linear.noise_pruning import noise_importance
from hrsnn.networks.linear.sampling import inclusion_probabilities, systematic_sample
from hrsnn.runtime.seeds import generator
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    import networkx

Indices = NDArray[np.int64]


@takes()
def noise_pruning(
    graph: networkx.DiGraph | csr_array,
    links: int,
    *,
    leak: Literal["critical", "diagonal"] = "critical",
    weights: Literal["mask", "rescale"] = "mask",
    seed: int = 0,
) -> Any:
    """Keep links of a graph by their importance under noise (step 1).

    ``p_ij = rho |w_ij| (S_ii + S_jj - 2 sgn(w_ij) S_ij)``, S the covariance of ``dx/dt = (W - D) x + xi(t)``, with noise at
    every node. Exactly `links` links are kept, link j -> i with probability p_ij.

    Parameters
    ----------
    graph : networkx.DiGraph or sparse array (N, N)
        Weights of either sign (1 where an edge has none). Entry (i, j) of a matrix is the weight from i to j.
    links : int
        Number of links that are kept.
    leak : {"critical", "diagonal"}
        D: :func:`hrsnn.networks.critical_leak`, or :func:`hrsnn.networks.dominant_leak`.
    weights : {"mask", "rescale"}
        New weight of a kept link: w, or w / p, so that the expectation of the matrix is the matrix.
    seed : int

    Returns
    -------
    networkx.DiGraph or sparse array
        A new graph with all nodes, and the attributes of nodes and links.

    Raises
    ------
    InputError
        For a weight that is not finite, or more links than there are.

    Examples
    --------
    >>> import networkx
    >>> graph = networkx.circulant_graph(10, [1, 2]).to_directed()
    >>> noise_pruning(graph, 15).number_of_edges()
    15

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), eq. 14-16; E. Moore & R. Chaudhuri, NeurIPS 33 (2020).
    """
    whole = _graph(graph)
    nodes, pre, post, weight = _links(whole)
    if count_of("links", links, 0) > len(weight):
        raise InputError("links", links, f"must be at most {len(weight)}: there are no more")
    if leak not in ("critical", "diagonal"):
        raise InputError("leak", leak, "must be critical or diagonal")
    if weights not in ("mask", "rescale"):
        raise InputError("weights", weights, "must be mask or rescale")
    matrix = coupling(len(nodes), pre, post, weight)
    decay = critical_leak(matrix) if leak == "critical" else dominant_leak(matrix)
    # sweeps converge for a dominant leak only
    covariance = noise_covariance(matrix, decay, method="dense" if leak == "critical" else "auto")
    importance = noise_importance(np.abs(weight), np.sign(weight), pre, post, covariance)
    probability = inclusion_probabilities(importance, links)
    kept = systematic_sample(probability, generator(seed, "noise pruning"))
    left = whole.copy()
    edges = list(whole.edges)
    for k, edge in enumerate(edges):
        if not kept[k]:
            left.remove_edge(*edge)
        elif weights == "rescale":
            left.edges[edge]["weight"] = weight[k] / probability[k]
    return _like(graph, left, nodes)


@takes()
def betweenness_pruning(graph: networkx.DiGraph | csr_array, nodes: int) -> Any:
    """Keep the nodes of the highest directed betweenness (step 2), with the links among them.

    Parameters
    ----------
    graph : networkx.DiGraph or sparse array (N, N)
        The length of a link is ``1 / |weight|``: strong links are short. Links of weight 0 are no paths.
    nodes : int
        Number of nodes that are kept; of equally central ones those with the stronger links.

    Returns
    -------
    networkx.DiGraph or sparse array
        A new graph; of a matrix the rows and columns of the nodes, in their order.

    Raises
    ------
    InputError
        For a weight that is not finite, or more nodes than there are.

    Examples
    --------
    A ring of four with a node that hangs on it.

    >>> import networkx
    >>> graph = networkx.DiGraph([(0, 1), (1, 2), (2, 3), (3, 0), (0, "end")])
    >>> list(betweenness_pruning(graph, 4))
    [0, 1, 2, 3]

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), step II.
    """
    whole = _graph(graph)
    names, pre, post, weight = _links(whole)
    if count_of("nodes", nodes, 0) > len(names):
        raise InputError("nodes", nodes, f"must be at most {len(names)}: there are no more")
    live = weight != 0
    central = betweenness(len(names), pre[live], post[live], weight[live])
    strength = np.bincount(np.append(pre, post), np.tile(np.abs(weight), 2), minlength=len(names))
    order = np.lexsort((strength, central))[::-1][:nodes]
    kept = [names[k] for k in np.sort(order)]
    return _like(graph, whole.subgraph(kept).copy(), kept)


@takes()
def delocalise(
    graph: networkx.DiGraph | csr_array,
    original: networkx.DiGraph | csr_array,
    links: int,
    *,
    aim: Literal["ipr", "degree"] = "ipr",
    seed: int = 0,
) -> Any:
    """Restore links of the original graph that spread the eigenvectors of the Laplacian (step 3).

    Parameters
    ----------
    graph, original : networkx.DiGraph, or sparse arrays (N, N)
        The pruned graph, whose nodes are all in the original one; matrices must have the same size.
    links : int
        Number of links that are restored; all between the nodes of `graph` if there are fewer.
    aim : {"ipr", "degree"}
        As in :func:`hrsnn.networks.links_to_restore`.
    seed : int
        Seed for breaking ties.

    Returns
    -------
    networkx.DiGraph or sparse array
        A new graph.

    Raises
    ------
    InputError
        When a node or a link of the graph is not in the original one, or for an unknown aim.

    Examples
    --------
    >>> import networkx
    >>> original = networkx.circulant_graph(8, [1, 2]).to_directed()
    >>> pruned = original.edge_subgraph([(0, 1), (2, 3), (4, 5), (6, 7)]).copy()
    >>> networkx.number_weakly_connected_components(delocalise(pruned, original, 3))
    1

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), step III, eq. 17.
    """
    if issparse(graph) and issparse(original) and graph.shape != original.shape:
        raise InputError("original", original.shape, f"must have the shape of the graph, {graph.shape}")
    left, whole = _graph(graph).copy(), _graph(original)
    names, pre, post, _ = _links(left)
    strange = [node for node in left if node not in whole] or [edge for edge in left.edges if not whole.has_edge(*edge)]
    if strange:
        raise InputError("graph", strange[0], "must have only nodes and links of the original graph")
    number = {name: k for k, name in enumerate(names)}
    missing = [(a, b) for a, b in whole.edges if a in number and b in number and a != b and not left.has_edge(a, b)]
    ends = np.array([(number[a], number[b]) for a, b in missing], np.int64).reshape(-1, 2)
    chosen = links_to_restore(
        len(names),
        pre,
        post,
        ends[:, 0],
        ends[:, 1],
        count_of("links", links, 0),
        aim=aim,
        random=generator(seed, "delocalisation"),
    )
    left.add_edges_from((*missing[k], whole.edges[missing[k]]) for k in chosen.tolist())
    return _like(graph, left, names)


def _graph(given: Any) -> networkx.DiGraph:
    """Return the graph of a matrix, or the graph given, checked to be one of links between pairs of nodes."""
    graph = graph_of_matrix(given) if issparse(given) else given
    if not len(graph):
        raise InputError("graph", "without nodes", "must have some")
    if graph.is_multigraph():
        raise InputError("graph", graph, "must have one edge a pair: sum the parallel weights into a networkx.DiGraph first")
    return graph


def _links(graph: networkx.DiGraph) -> tuple[list[Any], Indices, Indices, NDArray[np.float64]]:
    """Return the nodes, and both ends and the weight of each link, in the order of ``graph.edges``."""
    nodes = list(graph)
    number = {node: k for k, node in enumerate(nodes)}
    ends = np.array([(number[a], number[b]) for a, b in graph.edges], np.int64).reshape(-1, 2)
    try:
        weight = np.array([float(w) for *_, w in graph.edges(data="weight", default=1.0)])
    except (TypeError, ValueError) as error:
        raise InputError("weight", str(error), "must be a number on every edge") from error
    if not np.isfinite(weight).all():
        raise InputError("weight", weight[~np.isfinite(weight)][0], "must be finite")
    if (ends[:, 0] == ends[:, 1]).any():
        raise InputError("graph", "with self-loops", "must have none")
    return nodes, ends[:, 0], ends[:, 1], weight


def _like(given: Any, graph: networkx.DiGraph, nodes: list[Any]) -> Any:
    return matrix_of_graph(graph, nodes) if issparse(given) else graph
