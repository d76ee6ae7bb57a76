"""Rows and series that encoders are tried on."""

from __future__ import annotations

import numpy as np

RANDOM = np.random.default_rng(7)


ROWS = RANDOM.uniform(-1, 3, size=(12, 5))


SERIES = [RANDOM.uniform(-1, 3, size=(length, 5)) for length in (4, 9, 1, 6)]


EQUAL_SERIES = RANDOM.uniform(-1, 3, size=(6, 8, 5))
