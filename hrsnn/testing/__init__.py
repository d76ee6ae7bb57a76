"""Tests to inherit for whoever adds an engine; they need pytest and Hypothesis.

>>> from hrsnn.testing import EngineCases
>>> class TestMyEngine(EngineCases):
...     engine = "my_engine"
"""

from __future__ import annotations

import pytest

# so that a failed assert shows its values, as in a test file
pytest.register_assert_rewrite("hrsnn.testing.engines")

from hrsnn.testing.engines import EngineCases  # noqa: E402

__all__ = ["EngineCases"]
