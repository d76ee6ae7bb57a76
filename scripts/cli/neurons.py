"""The table of a network's neurons, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.files.writing import write_text
from hrsnn.kinds import Network
from hrsnn.reservoir import Reservoir
from hrsnn.scripts.cli.tables import csv_text


def names_of(network: Network) -> list[Any]:
    """Return the labels of the neurons, or else their numbers."""
    labels = network.labels if isinstance(network, Reservoir) else None
    return list(range(network.neurons)) if labels is None else labels.tolist()


def neurons_csv(network: Network, columns: Mapping[str, NDArray[Any]]) -> Callable[[Path], None]:
    """Return a function that writes a table with a line for each neuron.

    Parameters
    ----------
    network : Network
        Gives the columns ``neuron`` (its label or number), of a reservoir ``type`` (E or I), ``cell_type`` where there are
        any and ``tau_m_ms``, then ``links_in`` and ``links_out``.
    columns : mapping of name to array (neurons,)
        Further columns; nan is left empty.
    """
    n = network.neurons
    of_kind: dict[str, Any] = {}
    if isinstance(network, Reservoir):
        of_kind = {
            "type": np.where(network.is_excitatory, "E", "I"),
            **({} if network.cell_types is None else {"cell_type": network.cell_types}),
            "tau_m_ms": network.tau_m,
        }
    links = {"links_in": np.bincount(network.post, minlength=n), "links_out": np.bincount(network.pre, minlength=n)}
    every = {"neuron": names_of(network), **of_kind, **links, **columns}
    values = [list(map(_plain, column)) for column in every.values()]

    def write(path: Path) -> None:
        write_text(path, csv_text(list(every), zip(*values, strict=True)))

    return write


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return "" if isinstance(value, float) and np.isnan(value) else value
