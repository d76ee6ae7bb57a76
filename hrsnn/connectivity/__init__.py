"""Positions of neurons and the links between them, drawn without an N x N matrix."""

from hrsnn.connectivity.distance import BLOCK, distance_links, grid_positions, grid_shape, in_degree_links, reach
from hrsnn.connectivity.pairs import equal_pairs, random_links, random_pairs
from hrsnn.connectivity.topologies import GENERATORS, Topology

__all__ = [
    "BLOCK",
    "GENERATORS",
    "Topology",
    "distance_links",
    "equal_pairs",
    "grid_positions",
    "grid_shape",
    "in_degree_links",
    "random_links",
    "random_pairs",
    "reach",
]
