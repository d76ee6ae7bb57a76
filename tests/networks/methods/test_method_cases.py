"""Every pruning method in the registry, those of installed packages too, through the tests of hrsnn.testing."""

from __future__ import annotations

from hrsnn.networks import METHODS
from hrsnn.testing import MethodCases

for _name in METHODS:
    globals()[f"Test_{_name}"] = type(f"Test_{_name}", (MethodCases,), {"method": _name})
