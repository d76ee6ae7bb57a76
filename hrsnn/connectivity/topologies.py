"""Topologies of NetworkX: random graphs by the name of their generator, as links and positions of neurons."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from hrsnn.connectivity.distance import grid_positions
from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_number, is_whole

#: Gap between the grids of two areas, in grid spacings.
_GAP = 4.0


class Links(NamedTuple):
    """Links of a topology, sorted by (pre, post), with the place and the area of each neuron."""

    pre: np.ndarray  #: (S,) int32
    post: np.ndarray  #: (S,) int32
    positions: np.ndarray  #: (N, 3), in grid spacings
    area: np.ndarray  #: (N,) int32: block of the generator; 0 where it has none


@dataclass(frozen=True)
class Generator:
    """A generator of NetworkX: what it takes, and what is known of its graphs beforehand.

    Parameters
    ----------
    summary : str
        A few words.
    required, optional : mapping of str to callable
        Check of each argument: a function of a value that returns what is wrong, or nothing.
    links : callable
        Function from a number of neurons and the arguments to the expected number of links, about.
    fault : callable
        Function from a number of neurons and the arguments to what is wrong with them together, or nothing.
    ring, blocks : bool
        Whether its nodes are on a ring, or in blocks in the order of the nodes; otherwise their order says nothing of place.
    directed : bool
        Whether it takes ``directed=True``; of an undirected graph each edge becomes two links, unless it is directed itself.
    counts : bool
        Whether its first argument is the number of nodes.
    """

    summary: str
    required: Mapping[str, Callable[[Any], str]]
    links: Callable[[int, Mapping[str, Any]], float]
    fault: Callable[[int, Mapping[str, Any]], str]
    optional: Mapping[str, Callable[[Any], str]]
    ring: bool = False
    blocks: bool = False
    directed: bool = False
    counts: bool = True


def _probability(value: Any) -> str:
    return "" if is_number(value) and 0 <= value <= 1 else "must be a number from 0 to 1"


def _count(value: Any) -> str:
    return "" if is_whole(value) and value >= 1 else "must be a whole number >= 1"


def _positive(value: Any) -> str:
    return "" if is_number(value) and 0 < value < math.inf else "must be a positive number"


def _not_negative(value: Any) -> str:
    return "" if is_number(value) and 0 <= value < math.inf else "must be a number >= 0"


def _counts(value: Any) -> str:
    listed = isinstance(value, list | tuple) and len(value) > 0
    return "" if listed and not any(map(_count, value)) else "must be a list of whole numbers >= 1"


def _square(value: Any) -> str:
    rows = value if isinstance(value, list | tuple) else []
    square = bool(rows) and all(isinstance(row, list | tuple) and len(row) == len(rows) for row in rows)
    fine = square and not any(_probability(one) for row in rows for one in row)
    return "" if fine else "must be a square table of numbers from 0 to 1"


def _neighbours_fit(n: int, given: Mapping[str, Any]) -> str:
    return "" if given["k"] < n else f"k = {given['k']}: must be below {n}, the number of neurons"


def _attached_fit(n: int, given: Mapping[str, Any]) -> str:
    return "" if given["m"] < n else f"m = {given['m']}: must be below {n}, the number of neurons"


def _shares_fit(n: int, given: Mapping[str, Any]) -> str:
    shares = [given.get(name, default) for name, default in (("alpha", 0.41), ("beta", 0.54), ("gamma", 0.05))]
    if abs(sum(shares) - 1) > 1e-9:
        return f"alpha + beta + gamma = {sum(shares):g}: must be 1"
    return "" if shares[0] + shares[2] > 0 else "alpha + gamma = 0: must be positive, for each of their links adds a neuron"


def _groups_fit(n: int, given: Mapping[str, Any]) -> str:
    made = given["l"] * given["k"]
    return "" if made == n else f"l k = {made}: must be {n}, the number of neurons"


def _sizes_fit(n: int, given: Mapping[str, Any]) -> str:
    if len(given["p"]) != len(given["sizes"]):
        return f"p has {len(given['p'])} rows: must have {len(given['sizes'])}, one for each of sizes"
    made = sum(given["sizes"])
    return "" if made == n else f"sizes make {made} neurons: must be {n}"


def _mean_size_fits(n: int, given: Mapping[str, Any]) -> str:
    return "" if given["s"] <= n else f"s = {given['s']}: must be at most {n}, the number of neurons"


def _in_blocks(n: int, inside: float, given: Mapping[str, Any]) -> float:
    return float(n * (inside * given["p_in"] + max(n - inside, 0) * given["p_out"]))


def _of_sizes(n: int, given: Mapping[str, Any]) -> float:
    sizes = given["sizes"]
    return float(sum(a * b * p for a, row in zip(sizes, given["p"], strict=True) for b, p in zip(sizes, row, strict=True)))


_RING: Mapping[str, Any] = {
    "required": {"k": _count, "p": _probability},
    "optional": {},
    "fault": _neighbours_fit,
    "ring": True,
}
#: Generators by their names in NetworkX.
GENERATORS: Mapping[str, Generator] = {
    "watts_strogatz_graph": Generator(
        "small world: a ring of k neighbours, links rewired with probability p",
        links=lambda n, a: n * (a["k"] // 2 * 2),
        **_RING,
    ),
    "newman_watts_strogatz_graph": Generator(
        "small world: a ring of k neighbours, links added with probability p",
        links=lambda n, a: n * (a["k"] // 2 * 2) * (1 + a["p"]),
        **_RING,
    ),
    "barabasi_albert_graph": Generator(
        "scale-free: each neuron is attached to m others, those with many links first",
        required={"m": _count},
        optional={},
        fault=_attached_fit,
        links=lambda n, a: 2.0 * n * a["m"],
    ),
    "powerlaw_cluster_graph": Generator(
        "scale-free with triangles, which follow a link with probability p",
        required={"m": _count, "p": _probability},
        optional={},
        fault=_attached_fit,
        links=lambda n, a: 2.0 * n * a["m"],
    ),
    "scale_free_graph": Generator(
        "scale-free and directed: in- and out-degrees with power laws of their own",
        required={},
        optional={
            **dict.fromkeys(("alpha", "beta", "gamma"), _probability),
            **dict.fromkeys(("delta_in", "delta_out"), _not_negative),
        },
        fault=_shares_fit,
        links=lambda n, a: n / max(a.get("alpha", 0.41) + a.get("gamma", 0.05), 1e-12),
    ),
    "planted_partition_graph": Generator(
        "modular: l groups of k neurons, linked with p_in within and p_out between",
        required={"l": _count, "k": _count, "p_in": _probability, "p_out": _probability},
        optional={},
        fault=_groups_fit,
        links=lambda n, a: _in_blocks(n, a["k"], a),
        blocks=True,
        directed=True,
        counts=False,
    ),
    "gaussian_random_partition_graph": Generator(
        "modular: groups of about s neurons (variance s/v), linked with p_in within and p_out between",
        required={"s": _positive, "v": _positive, "p_in": _probability, "p_out": _probability},
        optional={},
        fault=_mean_size_fits,
        links=lambda n, a: _in_blocks(n, a["s"], a),
        blocks=True,
        directed=True,
    ),
    "stochastic_block_model": Generator(
        "several areas: sizes, and p, a table with the probability of a link from each area (row) to each",
        required={"sizes": _counts, "p": _square},
        optional={},
        fault=_sizes_fit,
        links=_of_sizes,
        blocks=True,
        directed=True,
        counts=False,
    ),
}


@dataclass(frozen=True)
class Topology:
    """A random graph of NetworkX: the name of its generator, and its arguments beside the number of neurons.

    Parameters
    ----------
    function : str
        Name in `GENERATORS`.
    **arguments
        Those of the function, without number of nodes, seed and direction.

    Raises
    ------
    InputError
        For an unknown function or argument (with the most similar name), and for a value that is not allowed.

    Examples
    --------
    >>> small_world = Topology.of({"function": "watts_strogatz_graph", "k": 6, "p": 0.1})
    >>> small_world.draw(100, np.random.default_rng(0)).pre.shape
    (600,)
    >>> Topology.of({"function": "watts_strogatz_graph", "k": 6, "q": 0.1})
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: q = 0.1: is no argument of watts_strogatz_graph, which takes k, p
    """

    function: str
    arguments: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Topology:
        """Return the topology of a mapping with ``function`` and its arguments, such as an inline table of TOML."""
        if not isinstance(given, Mapping) or "function" not in given:
            raise InputError(
                "topology", given, 'must be a table such as {function = "watts_strogatz_graph", k = 6, p = 0.1}'
            )
        name = given["function"]
        if not isinstance(name, str) or name not in GENERATORS:
            raise InputError("function", name, f"{_near(str(name), GENERATORS)}must be one of {', '.join(GENERATORS)}")
        declared = GENERATORS[name]
        known = {**declared.required, **declared.optional}
        arguments = {one: _plain(value) for one, value in given.items() if one != "function"}
        for one, value in arguments.items():
            if one not in known:
                takes = f"is no argument of {name}, which takes {', '.join(known)}"
                raise InputError(one, value, f"{_near(one, known)}{takes}")
            if fault := known[one](value):
                raise InputError(one, value, fault)
        missing = [one for one in declared.required if one not in arguments]
        if missing:
            raise InputError("topology", sorted(arguments), f"{name} needs {', '.join(missing)} too")
        return cls(name, tuple((one, arguments[one]) for one in known if one in arguments))

    def __repr__(self) -> str:
        return f"Topology({', '.join([self.function, *(f'{name}={value}' for name, value in self.arguments)])})"

    def to_dict(self) -> dict[str, Any]:
        """Return the mapping that :meth:`of` takes."""
        return {"function": self.function, **dict(self.arguments)}

    def check(self, neurons: int) -> None:
        """Check that the arguments fit a number of neurons.

        Raises
        ------
        InputError
            When they do not.
        """
        if fault := GENERATORS[self.function].fault(neurons, dict(self.arguments)):
            raise InputError("topology", self.function, fault)

    def expected_links(self, neurons: int) -> float:
        """Return about how many links there will be; at most all pairs."""
        return float(min(GENERATORS[self.function].links(neurons, dict(self.arguments)), neurons * (neurons - 1.0)))

    def draw(self, neurons: int, generator: np.random.Generator) -> Links:
        """Draw the graph.

        Of an undirected graph each edge becomes two links. Self-links are left out, and links that a multigraph has
        several times are one. Neurons are on a ring of circumference N where the generator has one; in one grid an area,
        side by side, where it has blocks; and else on one grid, in random order, since its first nodes are the hubs.

        Raises
        ------
        InputError
            When the arguments do not fit the number of neurons, or NetworkX refuses them.
        """
        import networkx

        self.check(neurons)
        declared, arguments = GENERATORS[self.function], dict(self.arguments)
        if declared.counts:
            arguments["n"] = neurons
        if declared.directed:
            arguments["directed"] = True
        try:
            graph = getattr(networkx, self.function)(**arguments, seed=int(generator.integers(2**32)))
        except networkx.NetworkXException as error:
            raise InputError("topology", self.function, f"NetworkX cannot draw it: {error}") from error
        edges = np.array(list(graph.edges()), dtype=np.int64).reshape(-1, 2)
        if not graph.is_directed():
            edges = np.concatenate([edges, edges[:, ::-1]])
        area = np.zeros(neurons, np.int32)
        if declared.blocks:
            for block, members in enumerate(graph.graph["partition"]):
                area[list(members)] = block
            positions = _areas(np.bincount(area))
        elif declared.ring:
            positions = _ring(neurons)
        else:
            positions, edges = grid_positions(neurons), generator.permutation(neurons)[edges]
        key = np.unique(edges[:, 0] * neurons + edges[:, 1])
        pre, post = key // neurons, key % neurons
        apart = pre != post
        return Links(pre[apart].astype(np.int32), post[apart].astype(np.int32), positions, area)


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def _plain(value: Any) -> Any:
    """Return lists as tuples, at any depth, so that a topology can be hashed; numbers of NumPy as those of Python."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return value.item() if isinstance(value, np.generic) else value


def _ring(n: int) -> np.ndarray:
    """Return points on a circle, one grid spacing apart along it."""
    angle = 2 * np.pi * np.arange(n) / n
    return n / (2 * np.pi) * np.column_stack([np.cos(angle), np.sin(angle), np.zeros(n)])


def _areas(sizes: np.ndarray) -> np.ndarray:
    """Return a near-cubic grid for each area, side by side."""
    parts, shift = [], 0.0
    for size in sizes.tolist():
        part = grid_positions(size)
        parts.append(part + [shift, 0, 0])
        shift += part[:, 0].max() + _GAP
    return np.concatenate(parts)
