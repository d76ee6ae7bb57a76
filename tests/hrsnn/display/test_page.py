"""Pages in one file: what is written into them stays text, and nothing is loaded."""

from __future__ import annotations

import re

import pytest

from hrsnn.display.markdown import html_of
from hrsnn.display.page import image, page, sortable


def test_a_table_has_its_cells_as_text() -> None:
    table = sortable(["a<b", "value"], [("<script>x</script>", "1"), ("&", "2")], caption="<i>")
    assert table.count("<tr>") == 3
    assert "<script>" not in table
    assert "<i>" not in table
    assert "&lt;script&gt;x&lt;/script&gt;" in table


def test_a_page_loads_nothing_and_allows_one_script() -> None:
    whole = page("<title>", [image(b"\x89PNG", "image/png", 'a "quote"'), "<script>alert(1)</script>"])
    assert not re.search(r"(src|href)=\"(?!data:|#)", whole)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', whole)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert len(re.findall("sha256-", policy[1])) == 1
    assert "&lt;title&gt;" in whole
    assert 'alt="a &quot;quote&quot;"' in whole


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("## Two", "<h3>Two</h3>"),
        ("one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>"),
        ("- a\n- b `c`", "<ul><li>a</li><li>b <code>c</code></li></ul>"),
        ("```\n<x>\n\n# no head\n```", "<pre>&lt;x&gt;\n\n# no head</pre>"),
        ("see [the page](https://example.org) **now**", "<p>see <span>the page</span> <strong>now</strong></p>"),
        ("$$a < b$$", "<p>$$a &lt; b$$</p>"),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert html_of(text) == html


def test_tables_of_markdown_are_sortable_and_keep_escaped_bars() -> None:
    table = html_of("| a | b |\n| --- | ---: |\n| x \\| y | `2` |\n| short |")
    assert table.count("<button") == 2
    assert "<td>x | y</td><td>2</td>" in table
    assert "<td>short</td><td></td>" in table
