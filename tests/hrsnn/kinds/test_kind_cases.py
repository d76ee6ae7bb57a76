"""Every kind in the registry, those of installed packages too, through the tests of hrsnn.testing; none is named here."""

from __future__ import annotations

from hrsnn.kinds import KINDS
from hrsnn.testing import KindCases

for _name in KINDS:
    globals()[f"Test_{_name}"] = type(f"Test_{_name}", (KindCases,), {"kind": _name})
