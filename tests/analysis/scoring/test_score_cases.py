"""Every score in the registry, those of installed packages too, through the tests of hrsnn.testing."""

from __future__ import annotations

from hrsnn.analysis.scoring.registry import SCORES
from hrsnn.testing import ScoreCases

for _name in SCORES:
    globals()[f"Test_{_name}"] = type(f"Test_{_name}", (ScoreCases,), {"score": _name})
