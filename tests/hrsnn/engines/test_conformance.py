"""Every engine in the registry, those of installed packages too, through the tests of hrsnn.testing; none is named here."""

from __future__ import annotations

import pytest

from hrsnn.engines import ENGINES, why_not_loaded
from hrsnn.testing import EngineCases

for _name in ENGINES:
    _reason = why_not_loaded(_name)  # such as: no C++ compiler works here
    _tests = type(f"Test_{_name}", (EngineCases,), {"engine": _name})
    # An engine that has variants chooses one of them. The variant without a compiler is tested always; the others compile
    # every network, which takes minutes
    if f"{_name}-numpy" in ENGINES or (_name.rpartition("-")[0] in ENGINES and not _name.endswith("-numpy")):
        _tests = pytest.mark.long(_tests)
    globals()[_tests.__name__] = pytest.mark.skipif(bool(_reason), reason=f"{_name}: {_reason}")(_tests)
