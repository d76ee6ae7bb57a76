"""One tree of random seeds: every part draws from its own branch, whatever the other parts do."""

from __future__ import annotations

import numpy as np

from hrsnn.errors import InputError


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """A generator for the branch `path` of the tree rooted at `seed`.

    Branches are named, not numbered in the order of use: fixing, adding or leaving out one part never shifts the
    numbers that another part draws.

    Raises
    ------
    InputError
        When `seed` is no whole number >= 0.

    Examples
    --------
    >>> a = generator(1, "tau_m").random()
    >>> b = generator(1, "tau_m").random()
    >>> c = generator(1, "weight").random()
    >>> a == b, a == c
    (True, False)
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError("seed", seed, "must be a whole number >= 0")
    key: list[int] = []
    for part in path:
        # the length in front keeps ("ab", "c") and ("a", "bc") apart
        words = list(part.encode()) if isinstance(part, str) else [int(part) & 0xFFFFFFFF, int(part) >> 32]
        key += [len(words), *words]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed), spawn_key=tuple(key))))
