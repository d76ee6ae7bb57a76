"""Every engine in the registry, those of installed packages too, through the tests of hrsnn.testing; none is named here."""

from __future__ import annotations

import pytest

from hrsnn.engines import ENGINES, why_not_loaded
from hrsnn.testing import EngineCases

for _name in ENGINES:
    _reason = why_not_loaded(_name)  # such as: no C++ compiler works here
    _tests = type(f"Test_{_name}", (EngineCases,), {"engine": _name})
    globals()[_tests.__name__] = pytest.mark.skipif(bool(_reason), reason=f"{_name}: {_reason}")(_tests)
