"""References as BibTeX: those that a text cites, from the file beside this one."""

from __future__ import annotations

import re
from pathlib import Path

from hrsnn.errors import InputError

_FILE = Path(__file__).with_name("references.bib")
_CITED = re.compile(r"@([a-z][a-z0-9-]*)")


def entries() -> dict[str, str]:
    """Return all entries by key, which is that of the bibliography of the manual.

    Examples
    --------
    >>> "doi = {10.1038/srep00514}" in entries()["dambre-et-al-2012"]
    True
    """
    parts = re.split(r"^(?=@)", _FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {part.partition("{")[2].partition(",")[0]: part.strip() for part in parts if part.strip()}


def cited(text: str) -> list[str]:
    """Return the keys that a text cites as ``[@key; @other]``, each once, sorted.

    Examples
    --------
    >>> cited("as before [@holm-1979; @efron-1987], and [@holm-1979]")
    ['efron-1987', 'holm-1979']
    """
    groups = re.findall(r"\[(@[^\]]*)\]", text)
    return sorted({key for group in groups for key in _CITED.findall(group)})


def bibtex(text: str) -> str:
    """Return the entries that a text cites.

    Raises
    ------
    InputError
        When it cites what has no entry.

    Examples
    --------
    >>> print(bibtex("[@holm-1979]").splitlines()[0])
    @article{holm-1979,
    """
    known = entries()
    for key in cited(text):
        if key not in known:
            raise InputError("citation", key, f"must be one of {', '.join(known)}")
    return "\n".join(known[key] for key in cited(text))
