"""Checks of a graph file before NetworkX reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.parsers import expat

from hrsnn.validation.limits import beyond, limit


def check_graphml(text: str) -> int:
    """Check that nodes, links and their attributes are unique, and that links end at existing nodes.

    Entities, which can expand to any amount of text, and deeply nested elements raise an error before a graph is built.

    Returns
    -------
    int
        Number of elements.

    Raises
    ------
    ValueError
        With a description of the problem.

    Examples
    --------
    >>> check_graphml('<graphml><graph><node id="a"/><edge source="a" target="b"/></graph></graphml>')
    Traceback (most recent call last):
    ...
    ValueError: a link leads to 'b', which is no node
    """
    nodes: list[str] = []
    links: list[tuple[str, str]] = []
    carried: list[str] = []
    deepest, level, elements = limit("nesting"), 0, 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal level, elements
        level, elements = level + 1, elements + 1
        if level > deepest:
            raise ValueError(beyond("nesting"))
        kind = name.rpartition(":")[2]
        if kind == "node":
            nodes.append(attributes["id"])
        elif kind == "edge":
            links.append((attributes["source"], attributes["target"]))
        elif kind == "data":
            carried.append(attributes["key"])
        elif kind in ("hyperedge", "port"):
            raise ValueError(f"a {kind} is no part of a directed graph")

    def end(name: str) -> None:
        nonlocal level
        level -= 1
        # attributes of the graph itself can come before its nodes or after them
        if name.rpartition(":")[2] in ("node", "edge"):
            own, carried[:] = carried[:], []
            _once(f"in a {name} the key", own)

    def entity(name: str, *_: object) -> None:
        raise ValueError(f"declares the entity {name!r:.60}: GraphML has no use for any")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.EntityDeclHandler = begin, end, entity
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise ValueError(f"no XML: {error}") from error
    _once("the node", nodes)
    _once("the link", links)
    known = set(nodes)
    for node in (end for link in links for end in link):
        if node not in known:
            raise ValueError(f"a link leads to {node!r:.60}, which is no node")
    return elements


def check_edges(lines: Iterable[str]) -> None:
    """Check that each line has a source, a target and a weight, and that links are unique.

    Raises
    ------
    ValueError
        With the offending line.

    Examples
    --------
    >>> check_edges(["a b 1.5", "", "# a comment", "a"])
    Traceback (most recent call last):
    ...
    ValueError: a line has 1 words, wanted three, source, target and weight: 'a'
    """
    links = []
    for line in lines:
        words = line.partition("#")[0].split()
        if words and len(words) != 3:
            raise ValueError(f"a line has {len(words)} words, wanted three, source, target and weight: {line!r:.60}")
        links += [tuple(words[:2])] if words else []
    _once("the link", links)


def _once(what: str, names: Sequence[object]) -> None:
    if len(set(names)) < len(names):
        seen: set[object] = set()
        twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"{what} {twice!r:.60} is there twice")
