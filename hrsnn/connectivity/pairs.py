"""Pairs of neurons that are linked at random, drawn without an N x N matrix."""

from __future__ import annotations

import math

import numpy as np

from hrsnn.connectivity.distance import BLOCK


def random_pairs(
    rows: int, columns: int, probability: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw each pair of `rows` x `columns` independently with one probability, sorted by (row, column).

    The gaps between drawn pairs are geometric, so that time and memory grow with the number of drawn pairs.

    Examples
    --------
    >>> rows, columns = random_pairs(1000, 1000, 0.05, np.random.default_rng(0))
    >>> abs(len(rows) - 50_000) < 1000
    True
    """
    total = rows * columns
    if probability <= 0 or not total:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    if probability >= 1:
        index = np.arange(total)
    else:
        parts, last = [], -1
        while last < total:
            expected = (total - last) * probability
            gaps = generator.geometric(probability, int(expected + 4 * math.sqrt(expected) + 10))
            part = last + np.cumsum(np.minimum(gaps, total + 1))  # at a tiny probability the sum would overflow
            parts.append(part)
            last = int(part[-1])
        index = np.concatenate(parts)
        index = index[index < total]
    return (index // columns).astype(np.int32), (index % columns).astype(np.int32)


def equal_pairs(
    rows: int, columns: int, probability: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the same number of rows for each of `columns`, `probability` times all and at least 1, sorted by (row, column).

    Examples
    --------
    >>> rows, columns = equal_pairs(20, 1000, 0.1, np.random.default_rng(0))
    >>> set(np.bincount(columns).tolist())
    {2}
    """
    number = max(1, round(probability * rows)) if probability > 0 and rows else 0
    parts = [np.empty((0, number), np.int32)]
    for start in range(0, columns, BLOCK):
        keys = generator.random((min(BLOCK, columns - start), rows))
        parts.append(np.argpartition(keys, number - 1, axis=1)[:, :number].astype(np.int32) if number else parts[0])
    row = np.concatenate(parts).ravel()
    column = np.repeat(np.arange(columns, dtype=np.int32), number)
    order = np.lexsort((column, row))
    return row[order], column[order]


def random_links(n: int, probability: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw each ordered pair of `n` neurons independently with one probability, no self-links, sorted by (pre, post).

    Examples
    --------
    >>> pre, post = random_links(100, 1.0, np.random.default_rng(0))
    >>> len(pre), bool((pre == post).any())
    (9900, False)
    """
    pre, other = random_pairs(n, n - 1, probability, generator)
    return pre, other + (other >= pre).astype(np.int32)  # column c of row i is neuron c, or c + 1 from the diagonal on
