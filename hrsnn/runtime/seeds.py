"""Random generators from a tree of seeds, with a separate branch for each part of a computation."""

from __future__ import annotations

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_whole

#: Upper bound of seeds, which have as many bits as NumPy's own entropy.
SEEDS = 2**128


def check_seed(seed: int) -> int:
    """Return `seed` as an int from 0 to below 2^128.

    Raises
    ------
    InputError
        When `seed` is anything else.

    Examples
    --------
    >>> check_seed(-1)
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: seed = -1: must be a whole number >= 0
    """
    if not is_whole(seed) or seed < 0:
        raise InputError("seed", seed, "must be a whole number >= 0")
    if seed >= SEEDS:
        raise InputError("seed", seed, "must be below 2^128")
    return int(seed)


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """Return a generator for the branch `path` of the tree rooted at `seed`.

    Branches are named rather than numbered in the order of use, so that changing, adding or omitting one part does not
    change the numbers that another part draws.

    Raises
    ------
    InputError
        When `seed` is not an integer from 0 to below 2^128.

    Examples
    --------
    >>> a = generator(1, "tau_m").random()
    >>> b = generator(1, "tau_m").random()
    >>> c = generator(1, "weight").random()
    >>> a == b, a == c
    (True, False)
    """
    root = check_seed(seed)
    key: list[int] = []
    for part in path:
        # the length is included to distinguish ("ab", "c") from ("a", "bc")
        words = list(part.encode()) if isinstance(part, str) else [int(part) & 0xFFFFFFFF, int(part) >> 32]
        key += [len(words), *words]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(root, spawn_key=tuple(key))))
