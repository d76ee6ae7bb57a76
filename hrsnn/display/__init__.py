"""How objects show themselves: one line in a terminal, a table with small pictures in a notebook."""

from __future__ import annotations

from hrsnn.display.displayed import Displayed, Row
from hrsnn.display.tabular import Tabular

__all__ = ["Displayed", "Row", "Tabular"]
