"""Bytes of sparse weights, the index of where they are included."""

from __future__ import annotations

from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

#: Bits of a column in an index of columns.
COLUMN_BITS = 16


@takes()
def sparse_bytes(weights: int, kept: int, bits: int = 32) -> dict[str, float]:
    """Count the bytes of a matrix of which some weights are kept, in three codings.

    ``dense``: all weights, ``bits`` each. ``bitmask``: those that are kept, and one bit for each place. ``columns``: those
    that are kept, each with its column in 16 bits; where rows begin is not counted here, and is in a packed file.

    Parameters
    ----------
    weights : int
        Places.
    kept : int
        Weights that are kept.
    bits : int
        Of a weight.

    Returns
    -------
    dict of coding to float
        Bytes.

    Raises
    ------
    InputError
        When more are kept than there are.

    Examples
    --------
    A hundred times fewer weights are not a hundred times fewer bytes:

    >>> found = sparse_bytes(100_000, 1000)
    >>> {coding: round(found["dense"] / size, 1) for coding, size in found.items()}
    {'dense': 1.0, 'bitmask': 24.2, 'columns': 66.7}
    """
    count_of("weights", weights)
    count_of("bits", bits)
    if count_of("kept", kept, 0) > weights:
        raise InputError("kept", kept, f"must be at most {weights}, the number of weights")
    return {
        "dense": weights * bits / 8,
        "bitmask": (kept * bits + weights) / 8,
        "columns": kept * (bits + COLUMN_BITS) / 8,
    }
