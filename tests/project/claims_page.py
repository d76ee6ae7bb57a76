"""Write the tables of claims in docs/reproduction.md anew from claims.toml: ``python tests/project/claims_page.py``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reproduction.md"
BEGIN, END = "<!-- claims: begin -->\n", "<!-- claims: end -->\n"


def renewed(page: str) -> str:
    """The page with the tables between the markers as the file of claims has them."""
    from hrsnn.scripts.recipes.claims import claims_table, counted, read_claims

    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    claims = read_claims()
    return f"{before}{BEGIN}\n{counted(claims)}.\n\n{claims_table(claims)}\n{END}{after}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
