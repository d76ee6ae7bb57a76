"""The list of claims: that every entry is complete, names what exists, and is on the page."""

from __future__ import annotations

import re
from pathlib import Path

import claims_page
import pytest

from hrsnn.errors import FileError
from hrsnn.scripts.recipes.claims import MEASURED, read_claims
from hrsnn.scripts.recipes.registry import RECIPES

ENTRY = {
    "id": "a-claim",
    "paper": "some-2020",
    "where": "fig. 1",
    "claim": "X is y.",
    "verdict": "not tested",
    "reason": "X is not built yet.",
}


def written(folder: Path, *entries: dict[str, str]) -> Path:
    """A file of claims."""
    file = folder / "claims.toml"
    lines = (["[[claim]]", *(f'{name} = "{value}"' for name, value in entry.items())] for entry in entries)
    file.write_text("\n".join(line for entry in lines for line in entry))
    return file


def test_papers_pages_and_recipes_of_all_claims_exist(root: Path) -> None:
    papers = set(re.findall(r'<a id="([^"]+)">', (root / "docs" / "bibliography.md").read_text(encoding="utf-8")))
    for claim in read_claims():
        assert claim.paper in papers, claim.id
        assert not claim.evidence or (root / "docs" / claim.evidence).is_file(), claim.id
        assert not claim.recipe or claim.recipe in RECIPES, claim.id
        pages = re.findall(r"\(([a-z_]+\.md)\)", claim.reason + claim.finding)
        assert all((root / "docs" / page).is_file() for page in pages), claim.id


def test_recipes_and_claims_name_each_other(root: Path) -> None:
    claims = {claim.id: claim for claim in read_claims()}
    papers = set(re.findall(r'<a id="([^"]+)">', (root / "docs" / "bibliography.md").read_text(encoding="utf-8")))
    for name, recipe in RECIPES.items():
        assert recipe.paper in papers
        assert {claim.id for claim in claims.values() if claim.recipe == name} == set(recipe.claims)


def test_every_measured_claim_can_be_measured_again() -> None:
    without = {claim.id for claim in read_claims() if claim.verdict in MEASURED and not claim.command}
    # those that an argument or a counterexample decides
    assert {claim.evidence for claim in read_claims() if claim.id in without} <= {"departures.md", "search.md"}


def test_the_page_shows_the_claims_as_they_are() -> None:
    page = claims_page.PAGE.read_text(encoding="utf-8")
    assert claims_page.renewed(page) == page, "python tests/project/claims_page.py writes the tables anew"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verdict": "maybe"}, "claim 'a-claim': verdict: must be one of supported"),
        ({"verdict": "refuted"}, "claim 'a-claim': evidence: is missing: the verdict is 'refuted'"),
        ({"verdict": "supported", "evidence": "a.md"}, "claim 'a-claim': finding: is missing"),
        ({"id": "A claim"}, "claim 'A claim': id: must be of lower-case letters"),
        ({"where": " "}, "claim 'a-claim': where: must be text in one line"),
        ({"colour": "red"}, "claim 'a-claim': colour: is no field of a claim"),
    ],
    ids=str,
)
def test_an_invalid_entry_is_named_with_its_field(tmp_path: Path, change: dict[str, str], said: str) -> None:
    file = written(tmp_path, ENTRY | change)
    with pytest.raises(FileError) as found:
        read_claims(file)
    assert str(found.value).startswith(f"{file}: {said}")


@pytest.mark.parametrize("field", ["id", "paper", "where", "claim", "verdict", "reason"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    with pytest.raises(FileError, match=f": {field}: is missing"):
        read_claims(written(tmp_path, {name: value for name, value in ENTRY.items() if name != field}))


def test_a_name_is_there_once(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="claim 'a-claim': id: is there 2 times"):
        read_claims(written(tmp_path, ENTRY, ENTRY))


@pytest.mark.parametrize("text", ["", "claim = 3", "x = 1\n[[claim]]", "claim = [1]", "[[claim"], ids=str)
def test_what_is_no_list_of_claims_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "claims.toml").write_text(text)
    with pytest.raises(FileError, match=r"claims\.toml: "):
        read_claims(tmp_path / "claims.toml")
