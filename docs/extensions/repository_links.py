"""Links that GitHub understands and Sphinx does not: to files outside the site, and to anchors in HTML.

Files of the repository that are not part of the site are linked at its address. The papers of the bibliography have anchors
``<a id="KEY"></a>`` before their names, which become targets.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<=\]\()(\.\./[^)\s#]+)(#[^)\s]+)?(?=\))")
#: Pages of the site that are made of files elsewhere.
MADE_OF = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
PAPER = re.compile(r'<a id="([^"]+)"></a>\*\*([^*]+)\*\*')
TO_PAPER = re.compile(r"(?<=\]\()(?:\.\./)?bibliography\.md#")
logger = logging.getLogger(__name__)


def resolve(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace links to files above the folder of the pages."""
    folder = posixpath.join("docs", posixpath.dirname(page))

    def address(match: re.Match[str]) -> str:
        path, anchor = posixpath.normpath(posixpath.join(folder, match[1])), match[2] or ""
        if path.startswith("docs/"):
            return match[0]
        if path in MADE_OF:
            return f"{posixpath.relpath(f'docs/{MADE_OF[path]}', folder)}{anchor}"
        if not (ROOT / path).exists():
            logger.warning("%s links to %s, which the repository does not have", page, path, location=page)
        return f"{app.config.repository_url}/blob/main/{path}{anchor}"

    source[0] = LINK.sub(address, TO_PAPER.sub("#", PAPER.sub(r"[**\2**]{#\1}", source[0])))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("repository_url", "", "env", str)
    app.connect("source-read", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
