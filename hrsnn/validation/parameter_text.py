"""Parameters as TOML."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from hrsnn.connectivity.topologies import Topology
from hrsnn.distributions import Distribution
from hrsnn.files.parsing import toml_text


def toml_of(value: Any) -> str:
    """Return a parameter as a TOML value: a number, truth, text, array, or a distribution or topology as an inline table.

    Examples
    --------
    >>> from hrsnn import Gamma
    >>> print(toml_of(Gamma(30, 0.5)), toml_of((1.0, 2.0)))
    { kind = "gamma", mean = 30.0, cv = 0.5, low = 0.0 } [1.0, 2.0]
    """
    if isinstance(value, Distribution | Topology):
        return "{ " + ", ".join(f"{name} = {toml_of(one)}" for name, one in value.to_dict().items()) + " }"
    if isinstance(value, np.ndarray):
        value = tuple(value.tolist())
    if isinstance(value, tuple):
        return "[" + ", ".join(map(toml_of, value)) + "]"
    return toml_text(value) if isinstance(value, str) else json.dumps(value)
