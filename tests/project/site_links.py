"""Check the links of the built site: ``python tests/project/site_links.py build/docs``.

Every link and image within the site must have a file, and every anchor an element with that id. Links to other sites are not
followed.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Links(HTMLParser):
    """What a page links to, and the ids that can be linked to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.ids: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (tag, name) in (("a", "href"), ("img", "src"), ("link", "href"), ("script", "src")):
                self.targets.add(value)
            elif value and name == "id":
                self.ids.add(value)


def broken(site: Path) -> list[str]:
    """Return each broken link as "page: link"."""
    pages = {page.resolve(): Links(page) for page in sorted(site.rglob("*.html"))}
    found = []
    for page, links in pages.items():
        for link in sorted(links.targets):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            anchor = unquote(parts.fragment)
            lost = not target.is_file() or (anchor and target in pages and anchor not in pages[target].ids)
            found += [f"{page.relative_to(site.resolve())}: {link}"] if lost else []
    return found


if __name__ == "__main__":
    site = Path(sys.argv[1])
    count = len(list(site.rglob("*.html")))
    lost = broken(site)
    print(*lost, sep="\n", end="\n" if lost else "")
    print(f"{count} pages, {len(lost)} broken links")
    sys.exit(bool(lost) or not count)
