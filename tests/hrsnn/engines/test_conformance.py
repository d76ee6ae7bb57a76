"""Every engine in the registry, those of installed packages too, through the tests of hrsnn.testing; none is named here."""

from __future__ import annotations

import pytest

from hrsnn.engines import ENGINES, why_not_loaded
from hrsnn.testing import EngineCases
from hrsnn.testing.networks import CASES

#: Variants that take no compiler, of engines that choose among their variants.
PLAIN = [name for name in ENGINES if name.endswith("-numpy")]

for _name in ENGINES:
    _reason = why_not_loaded(_name)  # such as: no C++ compiler works here
    _tests = type(f"Test_{_name}", (EngineCases,), {"engine": _name})
    # an engine with variants, which compiles every network or takes as long without a compiler
    if f"{_name}-numpy" in PLAIN or _name.rpartition("-")[0] in ENGINES:
        _tests = pytest.mark.long(_tests)
    globals()[_tests.__name__] = pytest.mark.skipif(bool(_reason), reason=f"{_name}: {_reason}")(_tests)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", PLAIN)
def test_a_variant_without_a_compiler_is_the_plain_loop(engine: str, case: str) -> None:
    tests = type("Tests", (EngineCases,), {"engine": engine})()
    tests.test_spikes_and_weights_are_those_of_the_plain_loop(case, plastic=True)
