"""``hrsnn engines``: the engines, those of installed packages too, and what each can simulate."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.engines import ENGINES, why_not_loaded
from hrsnn.engines.capabilities import FEATURES, Engine
from hrsnn.errors import FileError
from hrsnn.files.reading import read_text
from hrsnn.files.writing import write_json, write_text
from hrsnn.scripts.cli.command import BaseCommand, execute
from hrsnn.scripts.cli.report import fill_folder, versions

#: Comments in a page between which the tables of engines stand; `--page` renews what is between them.
BEGIN, END = "<!-- engines: made by `python scripts/engines.py --page docs/engines.md` -->", "<!-- end of engines -->"


@dataclass(frozen=True)
class EnginesReport:
    """Declarations of engines, and why some cannot be loaded."""

    engines: Mapping[str, Engine]
    #: Name to reason; empty for an engine that can be loaded.
    not_loaded: Mapping[str, str]

    @property
    def text(self) -> str:
        """Readable tables: the engines, their features, and the reasons why not."""
        width = max(map(len, self.engines))
        lines = [f"{name:{width}s}  {engine.description}" for name, engine in self.engines.items()]
        lines += ["", *_aligned(_features(self.engines)), ""]
        lines += [f"{', '.join(names)} cannot {what}:\n  {reason}" for names, what, reason in _reasons(self.engines)]
        lines += [f"{name} cannot be loaded here:\n  {reason}" for name, reason in self.not_loaded.items() if reason]
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the declarations by name."""
        found = {
            name: {
                "description": engine.description,
                "kinds": list(engine.kinds),
                "can": {feature: engine.can[feature] for feature in FEATURES},
                "loads": self.not_loaded[name] or True,
            }
            for name, engine in self.engines.items()
        }
        return {"engines": found, "versions": versions()}

    def write(self, path: Path) -> str:
        """Write ``metrics.json`` into the folder `path`, and return the text with its location."""
        with fill_folder(path) as inside:
            write_json(inside / "metrics.json", self.metrics())
        return f"{self.text}\nresults are in {path}"


@dataclass(frozen=True, kw_only=True)
class Engines(BaseCommand):
    """List the engines, with what each can simulate, and why not."""

    page: Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: none)")] = None
    """Markdown page in which to renew the tables of this package's engines, such as docs/engines.md."""

    def run(self) -> EnginesReport:
        """Return the declarations of all engines; renew the page, if there is one."""
        if self.page is not None:
            renew(self.page)
        engines = ENGINES.loadable()
        return EnginesReport(engines, {name: why_not_loaded(name) for name in engines})


def renew(page: Path) -> None:
    """Write the tables between the comments of a Markdown page.

    Raises
    ------
    FileError
        When the page cannot be read or written, or does not have the comments.
    """
    text = read_text(page)
    if not 0 <= text.find(BEGIN) < text.find(END):
        raise FileError(page, f"must have the lines {BEGIN} and {END}")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    write_text(page, f"{before}{BEGIN}\n\n{markdown()}\n\n{END}{after}")


def _chosen(engines: Mapping[str, Engine], kind: str) -> str:
    """Return which engine ``auto`` is for networks of a kind."""
    able = [name for name, engine in engines.items() if engine.priority > 0 and kind in engine.kinds]
    best, *others = (f"`{name}`" for name in sorted(able, key=lambda name: -engines[name].priority))
    if not others:
        return best
    instead = " or else ".join(others)
    return f"{best}; {instead} where that cannot simulate the run or be loaded, with a log message in the latter case"


def markdown() -> str:
    """Return the tables of the engines of this package as Markdown."""
    engines = {name: ENGINES[name] for name in ENGINES.own_names}
    described = [["name", "description", "networks"]]
    described += [[f"`{name}`", engine.description, ", ".join(engine.kinds)] for name, engine in engines.items()]
    described += [
        ["`auto`", _chosen(engines, kind), kind] for kind in dict.fromkeys(k for e in engines.values() for k in e.kinds)
    ]
    reasons = [
        f"- {', '.join(f'`{name}`' for name in names)} cannot {what}: {reason}." for names, what, reason in _reasons(engines)
    ]
    header, *rows = _features(engines)
    features = [["feature", "what the engine can do", *(f"`{name}`" for name in header[1:])]]
    features += [[f"`{feature}`", FEATURES[feature], *cells] for feature, *cells in rows]
    return "\n".join([*_table(described), "", *_table(features), "", *reasons])


def _features(engines: Mapping[str, Engine]) -> list[list[str]]:
    """Return the rows of the table of features, a column for each engine."""
    rows = [["", *engines]]
    for feature in FEATURES:
        rows.append([feature, *("yes" if engine.can[feature] is True else "no" for engine in engines.values())])
    return rows


def _reasons(engines: Mapping[str, Engine]) -> Iterable[tuple[list[str], str, str]]:
    """Yield the engines that lack a feature for the same reason, what they cannot do, and the reason."""
    for feature in FEATURES:
        groups: dict[str, list[str]] = {}
        for name, engine in engines.items():
            reason = engine.can[feature]
            if isinstance(reason, str):
                groups.setdefault(reason, []).append(name)
        yield from ((names, FEATURES[feature], reason) for reason, names in groups.items())


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:{width}s}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _table(rows: list[list[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]]


if __name__ == "__main__":
    sys.exit(execute(Engines))
