"""NEST for tests, imported as the engine does it: a test that imports this is skipped where NEST is not installed."""

from __future__ import annotations

import pytest

from hrsnn.engines.nest.quiet_import import import_nest

try:
    import_nest()
except ImportError as error:
    pytest.skip(str(error), allow_module_level=True)

import nest

__all__ = ["nest"]
