"""The kind `reservoir`: leaky integrate-and-fire neurons of two types with exponential synapses."""

from __future__ import annotations

from hrsnn.builder import build
from hrsnn.kinds.contract import Kind
from hrsnn.kinds.equations import of_reservoirs
from hrsnn.presets import PRESETS
from hrsnn.reservoir import Reservoir
from hrsnn.search.space import SPACES
from hrsnn.spec import ReservoirSpec

RESERVOIR = Kind(
    summary="excitatory and inhibitory leaky integrate-and-fire neurons with distributed parameters",
    spec=ReservoirSpec,
    build=build,
    load=Reservoir.load,
    spaces=SPACES,
    presets=PRESETS,
    equations=of_reservoirs,
)
