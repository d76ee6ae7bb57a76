"""What messages advise can be done: the extras, commands and options that they name are there."""

from __future__ import annotations

import ast
import configparser
import contextlib
import functools
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tyro

from hrsnn import scripts

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("hrsnn", "analysis", "networks", "scripts") for path in (ROOT / folder).rglob("*.py"))
#: Of other programs: a script of to_nest, a worker of Dask.
FOREIGN = {"--threads", "--nthreads", "--preload"}


def said(path: Path) -> Iterator[str]:
    """Every text in a file, f-strings with their values left out, help texts and docstrings too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in node.values}
            yield "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


@functools.cache
def options(verb: str) -> frozenset[str]:
    """The options of a command, as its help lists them."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), pytest.raises(SystemExit):
        tyro.cli(scripts.find(verb), args=["--help"])
    rows = re.findall(r"^\W*(?:-h, )?(--[a-z][\w-]*(?:, --[a-z][\w-]*)*)", shown.getvalue(), re.MULTILINE)
    return frozenset(name for row in rows for name in row.split(", "))


def problems(text: str, verbs: tuple[str, ...]) -> list[str]:
    """What of the advice in a text cannot be followed; an option that stands alone is one of `verbs`."""
    found = []
    for extra in re.findall(r"hrsnn\[([^]]*)\]", text):
        config = configparser.ConfigParser()
        config.read(ROOT / "setup.cfg")
        found += [f"extra {one}" for one in extra.split(",") if one.strip() not in config["options.extras_require"]]
    text = re.sub(r"\bpip install [^\n]*", "", text)
    for quoted, plain in re.findall(r"`hrsnn ([^`]*)`|\bsee hrsnn ((?:\w+)(?: --[\w-]+)*)", text):
        verb, *words = (quoted or plain).split()
        if words and f"{verb} {words[0]}" in scripts.COMMANDS:
            verb, *words = f"{verb} {words[0]}", *words[1:]
        if verb in ("VERB", "COMMAND"):
            continue
        known = options(verb) if verb in scripts.COMMANDS else frozenset[str]()
        found += [] if verb in scripts.COMMANDS or verb.startswith("--") else [f"command {verb}"]
        found += [word for word in words if word.startswith("--") and word not in known]
    text = re.sub(r"`hrsnn [^`]*`", "", text)
    alone = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", text)) - FOREIGN
    return found + sorted(alone - frozenset[str]().union(*map(options, verbs)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_messages_advise_is_there(path: Path) -> None:
    verb = path.stem if path.parent.name == "scripts" else f"{path.parent.name} {path.stem}"
    verbs = (verb,) if verb in scripts.COMMANDS else tuple(scripts.COMMANDS)
    assert [(text, wrong) for text in said(path) if (wrong := problems(text, verbs))] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("needs an extra: pip install 'hrsnn[importance]'", []),
        ("needs an extra: pip install 'hrsnn[sage]'", ["extra sage"]),
        ("see hrsnn clasify", ["command clasify"]),
        ("`hrsnn spec` lists them all", []),
        ("see `hrsnn search --jobs 2`", ["--jobs"]),
        ("see hrsnn search --workers", []),
        ("`hrsnn deep train --epochs 3` makes one", []),
        ("`hrsnn deep train --layers 3` makes one", ["--layers"]),
        ("`hrsnn deep trian` makes one", ["command deep"]),
        ("choose another --out", []),
        ("choose another --folder", ["--folder"]),
    ],
)
def test_wrong_advice_is_seen(text: str, wrong: list[str]) -> None:
    assert problems(text, ("search",)) == wrong
