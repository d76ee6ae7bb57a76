"""Brian2 quantities at the edge: inside, times are plain numbers in ms, voltages in mV, rates in Hz."""

from __future__ import annotations

import sys
from typing import Any

from hrsnn.errors import InputError

# exponents of (metre, kilogram, second, ampere, kelvin, mole, candela), and the factor from SI to our unit
_UNITS = {
    "ms": ((0, 0, 1, 0, 0, 0, 0), 1e3),
    "mV": ((2, 1, -3, -1, 0, 0, 0), 1e3),
    "Hz": ((0, 0, -1, 0, 0, 0, 0), 1.0),
}


def plain(value: Any, unit: str | None = None, field: str = "value") -> Any:
    """`value` without Brian2 units: times in ms, voltages in mV, rates in Hz; what has no units is returned as it is.

    Raises
    ------
    InputError
        When the quantity is no time, voltage or rate, or not of the `unit` that the field wants.

    Examples
    --------
    >>> plain(3.0), plain("auto")
    (3.0, 'auto')
    """
    brian2 = sys.modules.get("brian2")  # a quantity can only exist where Brian2 was imported
    if brian2 is None or not isinstance(value, brian2.Quantity):
        return value
    dimensions = tuple(value.dim._dims)
    for name, (wanted, factor) in _UNITS.items():
        if dimensions == wanted and unit in (None, name):
            # 20*ms is stored as 0.02 s, and 0.02 * 1e3 is not 20: fifteen digits undo that
            scaled = brian2.asarray(value) * factor
            return float(f"{float(scaled):.15g}") if scaled.ndim == 0 else scaled
    raise InputError(field, value, f"must be a quantity in {unit}" if unit else "must be a time, a voltage or a rate")
