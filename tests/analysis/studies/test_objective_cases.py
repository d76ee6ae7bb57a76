"""Every objective in the registry, those of installed packages too, through the tests of hrsnn.testing."""

from __future__ import annotations

from hrsnn.analysis.studies.objectives import OBJECTIVES
from hrsnn.testing import ObjectiveCases

for _name in OBJECTIVES:
    globals()[f"Test_{_name}"] = type(f"Test_{_name}", (ObjectiveCases,), {"objective": _name, "changes": {"i_bias": 15.5}})
