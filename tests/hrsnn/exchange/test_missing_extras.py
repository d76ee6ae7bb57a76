"""Without an extra, its functions say which one to install, in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from hrsnn import HrsnnError, ReservoirSpec, SpikeTrains, build
from hrsnn.exchange import from_neo, from_nir, to_edge_table, to_neo, to_nir

RESERVOIR = build(ReservoirSpec(neurons=5), seed=1)
TRAINS = SpikeTrains([1.0], [0], [0, 1], 1, 5.0)


@pytest.mark.parametrize(
    ("library", "extra", "function", "given"),
    [
        ("nir", "nir", to_nir, RESERVOIR),
        ("nir", "nir", from_nir, "a.nir"),
        ("neo", "neo", to_neo, TRAINS),
        ("neo", "neo", from_neo, None),
        ("pandas", "parquet", to_edge_table, RESERVOIR),
    ],
)
def test_a_missing_extra_is_named(
    library: str, extra: str, function: Callable[[Any], Any], given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # an import of it is an ImportError
    with pytest.raises(HrsnnError, match=rf"pip install 'hrsnn\[{extra}\]'$"):
        function(given)
