"""The claims of the papers with their verdicts, as claims.toml lists them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from hrsnn.errors import FileError
from hrsnn.files.parsing import parsed_toml
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import PathLike

#: Verdicts that a measurement gave, and those without a measurement, with a reason.
MEASURED = ("supported", "refuted", "undecided")
NOT_MEASURED = ("not tested", "not testable")


@dataclass(frozen=True)
class PublishedClaim:
    """Claim of a paper with its verdict."""

    #: Name, unique in the file: lower case, digits and hyphens.
    id: str
    #: Key of the paper in docs/bibliography.md.
    paper: str
    #: Section, equation, figure or table.
    where: str
    #: The claim in one sentence.
    claim: str
    #: One of `MEASURED` or `NOT_MEASURED`.
    verdict: str
    #: Page of docs/ that reports the measurement.
    evidence: str = ""
    #: Command that measures it.
    command: str = ""
    #: What was found: required where there is a page.
    finding: str = ""
    #: Why there is no verdict, or none yet.
    reason: str = ""
    #: Recipe that bears on it.
    recipe: str = ""


def read_claims(path: PathLike | None = None) -> tuple[PublishedClaim, ...]:
    """Read claims from a file; by default those of this package.

    Parameters
    ----------
    path : path, optional
        TOML with a table ``[[claim]]`` for each.

    Returns
    -------
    tuple of PublishedClaim

    Raises
    ------
    FileError
        When the file cannot be read, or an entry is invalid: the message names file, entry and field.

    Examples
    --------
    >>> {one.paper for one in read_claims()} >= {"chakraborty-mukhopadhyay-2024", "wei-et-al-2024"}
    True
    """
    file = Path(str(files(__package__) / "claims.toml")) if path is None else path
    with refuse_damaged(file, "list of claims"):
        content = parsed_toml(read_text(file))
    entries = content.get("claim")
    if content.keys() != {"claim"} or not isinstance(entries, list):
        raise FileError(file, "must hold tables [[claim]], and nothing else")
    claims = tuple(_claim(file, place, entry) for place, entry in enumerate(entries, 1))
    for name, count in Counter(claim.id for claim in claims).items():
        if count > 1:
            raise FileError(file, f"claim {name!r}: id: is there {count} times")
    return claims


def counted(claims: Sequence[PublishedClaim]) -> str:
    """Return how many claims have each verdict, in one line.

    Examples
    --------
    >>> counted([PublishedClaim("a", "p", "fig. 1", "x is y", "refuted", "p.md", finding="no")])
    '1 claim: 1 refuted'
    """
    counts = Counter(claim.verdict for claim in claims)
    found = [f"{counts[verdict]} {verdict}" for verdict in (*MEASURED, *NOT_MEASURED) if counts[verdict]]
    return f"{len(claims)} claim{'s' if len(claims) != 1 else ''}: {', '.join(found)}"


def claims_table(claims: Sequence[PublishedClaim]) -> str:
    """Return the claims as Markdown: a table for each paper, with links to the pages of docs/.

    Examples
    --------
    >>> print(claims_table([PublishedClaim("a", "some-2020", "fig. 1", "X is y.", "refuted", "p.md", finding="It is not.")]))
    ### [some-2020](bibliography.md#some-2020)
    <BLANKLINE>
    1 claim: 1 refuted.
    <BLANKLINE>
    | claim | where | verdict | why |
    | --- | --- | --- | --- |
    | `a`: X is y. | fig. 1 | **refuted** | It is not. [p.md](p.md) |
    <BLANKLINE>
    """
    lines: list[str] = []
    for paper in dict.fromkeys(claim.paper for claim in claims):
        of_paper = [claim for claim in claims if claim.paper == paper]
        lines += [f"### [{paper}](bibliography.md#{paper})", "", f"{counted(of_paper)}.", ""]
        lines += ["| claim | where | verdict | why |", "| --- | --- | --- | --- |"]
        for claim in of_paper:
            parts = [claim.finding, claim.reason]
            parts += [f"[{claim.evidence}]({claim.evidence})" if claim.evidence else ""]
            parts += [f"`{claim.command}`" if claim.command else ""]
            parts += [f"recipe `{claim.recipe}`" if claim.recipe else ""]
            cells = (f"`{claim.id}`: {claim.claim}", claim.where, f"**{claim.verdict}**", " ".join(filter(None, parts)))
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
        lines.append("")
    return "\n".join(lines)


_FIELDS = tuple(one.name for one in dataclasses.fields(PublishedClaim))
_REQUIRED = tuple(one.name for one in dataclasses.fields(PublishedClaim) if one.default is dataclasses.MISSING)


def _claim(file: PathLike, place: int, entry: Any) -> PublishedClaim:
    def refuse(field: str, problem: str) -> FileError:
        name = entry.get("id") if isinstance(entry, dict) else None
        which = f"claim {name!r:.60}" if isinstance(name, str) else f"claim {place}"
        return FileError(file, f"{which}: {field}: {problem}")

    if not isinstance(entry, dict):
        raise FileError(file, f"claim {place}: must be a table")
    for name, value in entry.items():
        if name not in _FIELDS:
            raise refuse(name, f"is no field of a claim; these are {', '.join(_FIELDS)}")
        if not isinstance(value, str) or not value.strip() or "\n" in value:
            raise refuse(name, "must be text in one line")
    for name in _REQUIRED:
        if name not in entry:
            raise refuse(name, "is missing")
    claim = PublishedClaim(**entry)
    if not claim.id.replace("-", "").isalnum() or claim.id != claim.id.lower():
        raise refuse("id", "must be of lower-case letters, digits and hyphens")
    if claim.verdict not in (*MEASURED, *NOT_MEASURED):
        raise refuse("verdict", f"must be one of {', '.join((*MEASURED, *NOT_MEASURED))}")
    needed = ("evidence", "finding") if claim.verdict in MEASURED else ("reason",)
    for name in needed:
        if not getattr(claim, name):
            raise refuse(name, f"is missing: the verdict is {claim.verdict!r}")
    return claim
