"""What a target of the fuzzer is, and the random numbers of its cases."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from isolation import Check


@dataclass(frozen=True)
class Target:
    """Something that is given odd input.

    Parameters
    ----------
    name : str
    draw : callable
        Of random numbers: an input, which JSON can hold.
    check : callable
        Of an input and an empty folder: the verdict. It runs in a child process.
    seconds : int
        Processor time of a case, beyond which it hangs.
    simpler : callable, optional
        Of an input: inputs with one part less, to reduce one that makes a fault.
    batch : int
        Cases of one child: many where a case takes less time than the fork.
    """

    name: str
    draw: Callable[[np.random.Generator], Any]
    check: Check
    seconds: int = 20
    simpler: Callable[[Any], list[Any]] = lambda given: []
    batch: int = 12


#: Of a folder for intact files: the target.
Made = Callable[[Path], Target]


def random_of(seed: int, target: str, case: int) -> np.random.Generator:
    """Return the random numbers of one case, which do not depend on the cases before it."""
    return np.random.default_rng([seed, zlib.crc32(target.encode()), case])
