"""What GitHub understands of the pages and Sphinx does not: files outside the site, names of pages, anchors in HTML.

Some pages are made of a file with another name or place: CHANGELOG.md, and search.md, since search.html is the page that
searches the site. Links to them lead to those pages, links to files that are not part of the site to the address of the
repository, and links whose text is the name of a page show its title instead. The papers of the bibliography have anchors
``<a id="KEY"></a>`` before their names, which become targets.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
#: Pages that are made of other files, by their names.
MADE_OF = {"changelog": "CHANGELOG.md", "contributing": "CONTRIBUTING.md", "searching": "docs/search.md"}
LINK = re.compile(r"(?<=\]\()([^)\s#:]+)(#[^)\s]+)?(?=\))")
NAME_OF_PAGE = re.compile(r"\[(?:docs/)?[a-z_]+\.md\](?=\()")
PAPER = re.compile(r'<a id="([^"]+)"></a>\*\*([^*]+)\*\*')
logger = logging.getLogger(__name__)


def resolve(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace links, anchors, and the text of a page that is made of another file."""
    file = MADE_OF.get(page, f"docs/{page}.md")
    if not (ROOT / file).is_file():  # a page that is generated
        return
    pages = {path: posixpath.join("docs", f"{name}.md") for name, path in MADE_OF.items()}
    if page in MADE_OF:
        app.env.note_dependency(ROOT / file)
        source[0] = (ROOT / file).read_text(encoding="utf-8")

    def address(match: re.Match[str]) -> str:
        path, anchor = posixpath.normpath(posixpath.join(posixpath.dirname(file), match[1])), match[2] or ""
        path = pages.get(path, path)
        if path == "docs/bibliography.md" and anchor:
            return anchor  # a target of the whole site
        if path.startswith("docs/"):
            return posixpath.relpath(path, posixpath.join("docs", posixpath.dirname(page))) + anchor
        if not (ROOT / path).exists():
            logger.warning("%s links to %s, which the repository does not have", file, path, location=page)
        return f"{app.config.repository_url}/blob/main/{path}{anchor}"

    source[0] = LINK.sub(address, NAME_OF_PAGE.sub("[]", PAPER.sub(r"[**\2**]{#\1}", source[0])))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("repository_url", "", "env", str)
    app.connect("source-read", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
