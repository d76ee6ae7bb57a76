"""Tests to inherit for whoever adds an entry to a registry; they need pytest and Hypothesis.

>>> from hrsnn.testing import EngineCases
>>> class TestMyEngine(EngineCases):
...     engine = "my_engine"
"""

from __future__ import annotations

import pytest

_FILES = ("engines", "kinds", "methods", "objectives", "recipes", "scores", "tasks")
# so that a failed assert shows its values, as in a test file
pytest.register_assert_rewrite(*(f"hrsnn.testing.{name}" for name in _FILES))

from hrsnn.testing.engines import EngineCases  # noqa: E402
from hrsnn.testing.kinds import KindCases  # noqa: E402
from hrsnn.testing.methods import MethodCases  # noqa: E402
from hrsnn.testing.objectives import ObjectiveCases  # noqa: E402
from hrsnn.testing.recipes import RecipeCases  # noqa: E402
from hrsnn.testing.scores import ScoreCases  # noqa: E402
from hrsnn.testing.tasks import TaskCases  # noqa: E402

__all__ = ["EngineCases", "KindCases", "MethodCases", "ObjectiveCases", "RecipeCases", "ScoreCases", "TaskCases"]
