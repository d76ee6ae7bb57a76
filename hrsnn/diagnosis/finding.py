"""One thing that was looked at, what was found, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What was found of one subject.

    Parameters
    ----------
    group : str
        Heading under which it is listed.
    subject : str
        What was looked at, such as a package.
    state : "ok", "note" or "failed"
        "note": all works, but something is missing that may be wanted, or is slower than it could be.
    value : str
        What was found.
    advice : str
        What to do, where the state is not "ok".
    """

    group: str
    subject: str
    state: Literal["ok", "note", "failed"]
    value: str
    advice: str = ""


def as_table(findings: Iterable[Finding]) -> str:
    """Return findings as text, by group; each advice stands below its finding.

    Examples
    --------
    >>> found = Finding("machine", "memory", "ok", "8 GiB"), Finding("machine", "compiler", "note", "none", "install g++")
    >>> print(as_table(found))
    machine
      ok      memory    8 GiB
      note    compiler  none
                        -> install g++
    """
    rows = list(findings)
    width = max((len(row.subject) for row in rows), default=0)
    lines, group = [], ""
    for row in rows:
        lines += [row.group] if row.group != group else []
        group = row.group
        lines.append(f"  {row.state:6s}  {row.subject:{width}s}  {row.value}")
        lines += [f"  {'':6s}  {'':{width}s}  -> {row.advice}"] if row.advice else []
    return "\n".join(lines)
