"""Pages in Markdown as HTML: what the reports of this package use of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from html import escape

from hrsnn.display.page import sortable

_CELLS = re.compile(r"(?<!\\)\|")
_SPANS = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\([^)]*\)")


def html_of(text: str) -> str:
    """Return headings (a level lower), paragraphs, lists, tables, code and formulas, which stay as they are, as HTML.

    Links are their text: the page is read without the files that they lead to. All texts are escaped.

    Examples
    --------
    >>> html_of("# Model\\n\\nWith `dt` < 1.")
    '<h2>Model</h2>\\n<p>With <code>dt</code> &lt; 1.</p>'
    """
    return "\n".join(_blocks(text.splitlines()))


def _blocks(lines: list[str]) -> Iterator[str]:
    place = 0
    while place < len(lines):
        line = lines[place]
        if not line.strip():
            place += 1
        elif line.startswith("```"):
            end = next((k for k in range(place + 1, len(lines)) if lines[k].startswith("```")), len(lines))
            yield f"<pre>{escape(chr(10).join(lines[place + 1 : end]))}</pre>"
            place = end + 1
        elif line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            yield f"<h{min(level + 1, 6)}>{_spans(line.lstrip('# '))}</h{min(level + 1, 6)}>"
            place += 1
        elif line.startswith("|"):
            rows = list(itertools.takewhile(lambda one: one.startswith("|"), lines[place:]))
            yield _table(rows)
            place += len(rows)
        else:
            whole = list(itertools.takewhile(lambda one: one.strip() and one[0] not in "|#`", lines[place:])) or [line]
            if line.startswith("- "):
                yield f"<ul>{''.join(f'<li>{_spans(one[2:])}</li>' for one in whole)}</ul>"
            else:
                yield f"<p>{_spans(' '.join(whole))}</p>"
            place += len(whole)


def _table(rows: list[str]) -> str:
    cells = [[cell.strip().replace("\\|", "|") for cell in _CELLS.split(row.strip())[1:-1]] for row in rows]
    heads, body = cells[0], [row for row in cells[1:] if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    plain = ([cell.replace("`", "").replace("**", "") for cell in row] for row in body)
    return sortable(heads, ((row + [""] * len(heads))[: len(heads)] for row in plain))


def _spans(text: str) -> str:
    """Return a line with code, strong words and links; what is between them is escaped."""
    found: list[str] = []
    end = 0
    for match in _SPANS.finditer(text):
        code, strong, link = match.groups()
        mark, inside = ("code", code) if code else ("strong", strong) if strong else ("span", link)
        found += [escape(text[end : match.start()]), f"<{mark}>{escape(inside)}</{mark}>"]
        end = match.end()
    return "".join([*found, escape(text[end:])])
