"""A small network, stimuli, and quantities of the wrong dimension."""

from __future__ import annotations

from typing import Any

import brian2
import numpy as np
from brian2 import Hz, ms, mV

from hrsnn import (
    Currents,
    ReservoirSpec,
    SpikeTrains,
    build,
)

UNITS = {"ms": ms, "mV": mV, "Hz": Hz}


RESERVOIR = build(ReservoirSpec(neurons=12, length_scale=3, delay_ee=1, short_term_plasticity=True), seed=1, channels=2)


HELD = Currents(np.linspace(-1, 1, 20).reshape(1, 10, 2), dt=10.0)


TRAINS = SpikeTrains([1.0, 5.0, 9.0], [0, 1, 0], [0, 3], n_channels=2, duration=10.0)


def others(unit: str) -> list[Any]:
    """A quantity of every dimension but the one of `unit`."""
    return [3 * quantity for name, quantity in UNITS.items() if name != unit] + [3 * brian2.nA]
