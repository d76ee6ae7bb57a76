"""Small whole numbers, several to a byte."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError

WIDTHS = (1, 2, 4, 8)


def packed_size(count: int, bits: int) -> int:
    """Return the number of bytes of `count` numbers of so many bits."""
    return -(-count * bits // 8)


def pack(numbers: NDArray[np.int8], bits: int) -> bytes:
    """Return numbers in `bits` each, the first in the highest bits of the first byte; the last byte is filled with 0.

    One bit is 1 for +1 and 0 for -1; others are two's complements.

    Parameters
    ----------
    numbers : ndarray of int8
        In order of memory; -1 and 1 for one bit, else from -2^(bits - 1) to 2^(bits - 1) - 1.
    bits : {1, 2, 4, 8}

    Raises
    ------
    InputError
        When bits are not offered, or a number does not fit.

    Examples
    --------
    >>> pack(np.array([1, -1, 1, 1], np.int8), 1).hex(), pack(np.array([1, -1, -2], np.int8), 4).hex()
    ('b0', '1fe0')
    """
    _check(bits)
    flat = np.ascontiguousarray(numbers).ravel()
    if bits == 1:
        if not (np.abs(flat) == 1).all():
            raise InputError("numbers", flat[np.abs(flat) != 1][0], "must be -1 or 1")
        return bytes(np.packbits(flat > 0))
    low = -(2 ** (bits - 1))
    if flat.size and not low <= flat.min() <= flat.max() < -low:
        raise InputError("numbers", flat, f"must be from {low} to {-low - 1}")
    unsigned = flat.astype(np.uint8) & np.uint8(2**bits - 1)
    each = 8 // bits
    padded = np.concatenate([unsigned, np.zeros(-len(unsigned) % each, np.uint8)]).reshape(-1, each)
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    return bytes(np.bitwise_or.reduce(padded << shifts, axis=1).astype(np.uint8))


def unpack(data: bytes, bits: int, count: int) -> NDArray[np.int8]:
    """Return `count` numbers that :func:`pack` made bytes of.

    Examples
    --------
    >>> unpack(pack(np.array([1, -1, -2], np.int8), 4), 4, 3)
    array([ 1, -1, -2], dtype=int8)
    """
    _check(bits)
    raw = np.frombuffer(data, np.uint8)
    if len(raw) != packed_size(count, bits):
        raise InputError("data", len(raw), f"must be {packed_size(count, bits)} bytes")
    if bits == 1:
        return np.where(np.unpackbits(raw, count=count), 1, -1).astype(np.int8)
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    unsigned = ((raw[:, None] >> shifts) & np.uint8(2**bits - 1)).ravel()[:count].astype(np.int16)
    return np.where(unsigned >= 2 ** (bits - 1), unsigned - 2**bits, unsigned).astype(np.int8)


def _check(bits: int) -> None:
    if bits not in WIDTHS:
        raise InputError("bits", bits, f"must be one of {', '.join(map(str, WIDTHS))}")
