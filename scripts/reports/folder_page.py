"""An out folder as one page: its scores, tables, pictures and methods."""

from __future__ import annotations

import csv
import io
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from hrsnn.analysis.scoring.registry import declared_name, unit_of
from hrsnn.display.html import folded
from hrsnn.display.markdown import html_of
from hrsnn.display.page import image, page, sortable
from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary, read_json, read_text, refuse_damaged
from hrsnn.validation.limits import beyond, limit

#: Parts of ``metrics.json`` with the numbers of the scores, and what they are of.
_SCORES = ("scores", "baselines", "spikes")
#: What a number without a further name is of.
_OF_ITSELF = {"scores": "network", "spikes": "network"}
_ID = re.compile(r'(\bid="|\bhref="#|url\(#)')
_WHAT = "result of a command"


def folder_page(folder: Path) -> tuple[str, dict[str, int]]:
    """Return the page of an out folder as HTML, and the numbers of its tables and pictures.

    Parameters
    ----------
    folder : Path
        With ``metrics.json``, which every command leaves in its out folder.

    Raises
    ------
    FileError
        When there is no such folder, it has no results, or a file in it is damaged.
    """
    if not os.path.isdir(folder):  # of a path, the method raises an error where the name is too long
        raise FileError(folder, "is no folder: name the --out of a command")
    if not (folder / "metrics.json").is_file():
        raise FileError(folder, "has no metrics.json: name the --out of a command")
    metrics = read_json(folder / "metrics.json", _WHAT)
    parts = [part for part in (*_scores(metrics), *_tables(folder), *_pictures(folder), *_texts(folder)) if part]
    whole = page(folder.resolve().name, parts)
    return whole, {"tables": whole.count('<table class="sortable">'), "pictures": whole.count("<figure>")}


def _scores(metrics: Mapping[str, Any]) -> Iterator[str]:
    interval = metrics.get("interval", {})
    rows = []
    for part in _SCORES:
        for path, value in _numbers(metrics.get(part, {})):
            score = _score_of(path)
            of = ", ".join(name for name in path if name != score).replace("_", " ") or _OF_ITSELF.get(part, "")
            ends = _ends(interval, part, path)
            rows.append((score.replace("_", " "), of, f"{value:.6g}", *ends, unit_of(score)))
    if not rows:
        return
    yield "<h2>Scores</h2>"
    known = any(row[3] for row in rows)
    if known:
        what = interval.get("what") if isinstance(interval, Mapping) else None
        yield f"<p>Low and high are the ends of an interval: {escape(str(what or '95 %, within this run'))}.</p>"
        yield sortable(("score", "of", "value", "low", "high", "unit"), rows)
    else:
        yield sortable(("score", "of", "value", "unit"), ((*row[:3], row[5]) for row in rows))


def _numbers(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield all numbers in mappings of any depth, with the names that lead to them."""
    if isinstance(found, Mapping):
        for name, value in found.items():
            yield from _numbers(value, (*path, str(name)))
    elif isinstance(found, int | float) and not isinstance(found, bool) and path:
        yield path, float(found)


def _score_of(path: tuple[str, ...]) -> str:
    """Return the name of the score: the first, but in a pruned run the one after the arm's."""
    return next((name for name in reversed(path) if unit_of(name) != "no unit" or declared_name(name)), path[0])


def _ends(interval: Any, part: str, path: tuple[str, ...]) -> tuple[str, str]:
    """Return the ends of an interval, of a run in which they are by score, or of several in which they are by part."""
    for begin in ((part, *path), path if part == "scores" else ()):
        found = interval
        for name in begin:
            found = found.get(name) if isinstance(found, Mapping) else None
        if begin and isinstance(found, list) and len(found) == 2 and None not in found:
            return f"{found[0]:.6g}", f"{found[1]:.6g}"
    return "", ""


def _tables(folder: Path) -> Iterator[str]:
    for file in sorted(folder.glob("*.csv")):
        with refuse_damaged(file, "table"):
            rows = [row for row in csv.reader(io.StringIO(read_text(file))) if row]
            if not rows or any(len(row) != len(rows[0]) for row in rows):
                raise FileError(file, "must have lines of equally many columns")
        yield f"<h2>{escape(file.name)}</h2>"
        yield sortable(rows[0], ([_short(cell) for cell in row] for row in rows[1:]))


def _short(cell: str) -> str:
    """Return a number with six digits; the file has all of them."""
    try:
        return f"{float(cell):.6g}" if "." in cell else cell
    except ValueError:
        return cell


def _pictures(folder: Path) -> Iterator[str]:
    names = sorted({file.stem for ending in ("svg", "png") for file in folder.glob(f"*.{ending}")})
    if names:
        yield "<h2>Pictures</h2>"
    for number, name in enumerate(names):
        vector = folder / f"{name}.svg"
        shown = _inline(vector, f"p{number}-") if vector.is_file() else ""
        shown = shown or image(_bytes(folder / f"{name}.png"), "image/png", name.replace("_", " "))
        yield f"<figure>{shown}<figcaption>{escape(name.replace('_', ' '))}</figcaption></figure>"


def _bytes(file: Path) -> bytes:
    with open_binary(file) as opened:
        size = os.fstat(opened.fileno()).st_size
        if size > limit("text"):
            raise FileError(file, f"has {size} bytes: {beyond('text')}")
        data = opened.read(size)
    if not data.startswith(b"\x89PNG"):
        raise FileError(file, "is no PNG")
    return data


def _inline(file: Path, prefix: str) -> str:
    """Return a picture as an SVG element whose ids begin with a prefix, so that those of several do not clash."""
    text = read_text(file)
    with refuse_damaged(file, "SVG"):
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            raise FileError(file, f"is no SVG: {error}") from error
    if not root.tag.endswith("}svg"):
        raise FileError(file, "is no SVG")
    begin = text.index("<svg")
    return _ID.sub(lambda match: f"{match[1]}{prefix}", text[begin:])


def _texts(folder: Path) -> Iterator[str]:
    for name in ("report.md", "methods.md"):
        if (folder / name).is_file():
            yield html_of(read_text(folder / name))
    if (folder / "spec.toml").is_file():
        text = read_text(folder / "spec.toml")
        with refuse_damaged(folder / "spec.toml", "specification"):
            tomllib.loads(text)
        yield folded("spec.toml", html_of(f"```\n{text}\n```"))
