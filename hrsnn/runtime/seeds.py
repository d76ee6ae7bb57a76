"""Random generators from a tree of seeds: every part draws from its own branch."""

from __future__ import annotations

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.annotations import is_whole

#: Seeds are below this: as many bits as NumPy's own entropy has.
SEEDS = 2**128


def check_seed(seed: int) -> int:
    """`seed` as an int from 0 to below 2^128.

    Raises
    ------
    InputError
        When it is none.

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
    """A generator for the branch `path` of the tree rooted at `seed`.

    Branches are named, not numbered in the order of use: fixing, adding or leaving out one part never shifts the
    numbers that another part draws.

    Raises
    ------
    InputError
        When `seed` is no whole number from 0 to below 2^128.

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
        # the length in front keeps ("ab", "c") and ("a", "bc") apart
        words = list(part.encode()) if isinstance(part, str) else [int(part) & 0xFFFFFFFF, int(part) >> 32]
        key += [len(words), *words]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(root, spawn_key=tuple(key))))
