"""Tables for notebooks, as HTML without scripts or style sheets of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_CELL = "text-align:left;padding:1px 12px 1px 0"


def table(title: str, sentence: str, rows: Iterable[Sequence[str]], pictures: Iterable[str] = ()) -> str:
    """Return a title, a sentence, a table of texts and pictures (SVG) as HTML; all texts are escaped.

    Examples
    --------
    >>> page = table("Reservoir", "A network of <N> neurons.", [("neurons", "30", ""), ("dt", "0.5", "ms")])
    >>> "<N>" in page, "&lt;N&gt;" in page, page.count("<tr>")
    (False, True, 2)
    """
    body = "".join("<tr>" + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows)
    head = f"<div><strong>{escape(title)}</strong> <em>{escape(sentence)}</em></div>"
    return f"<div>{head}<table>{body}</table>{''.join(pictures)}</div>"


def folded(summary: str, content: str) -> str:
    """Return HTML that is shown after a click on its summary.

    Examples
    --------
    >>> folded("all", "<p>1</p>")
    '<details><summary>all</summary><p>1</p></details>'
    """
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"
