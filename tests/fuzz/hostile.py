"""Values that are odd for what they stand for: numbers, texts, and TOML of any depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

Random = np.random.Generator
T = TypeVar("T")

NUMBERS = ("nan", "inf", "-inf", "-1", "0", "-0.0", "1", "2", "0.5", "1e300", "-1e300", "5e-324", "1e999", "1e-9", "7")
WHOLE = (
    "-1",
    "0",
    "1",
    "2",
    "3",
    "2147483648",
    "9223372036854775808",
    "1" + "0" * 30,
    "-9223372036854775809",
    "1_0",
    "0x1F",
)
TEXTS = (
    "",
    " ",
    "x",
    "none",
    "None",
    "true",
    "\u00e9\u4e2d\U0001f9e0",
    "\u202e",
    "a\nb",
    "\x1b[31m",
    "-",
    "--",
    "=",
    "%s{0}",
    "'\"",
    "../..",
    "a" * 300,
    "\ud800",
    "[",
    "{",
    "__import__('os')",
)


def one_of(values: Sequence[T], random: Random) -> T:
    """Return one of the values, each as likely."""
    return values[int(random.integers(len(values)))]


def number(random: Random) -> str:
    """Return the text of a number: an odd one, or one of any size."""
    turn = random.random()
    if turn < 0.4:
        return one_of(NUMBERS, random)
    if turn < 0.55:
        return one_of(WHOLE, random)
    if turn < 0.8:
        return f"{random.lognormal(0.0, 3.0):.4g}"
    return str(int(random.integers(0, 60)))


def plausible(random: Random) -> str:
    """Return the text of a positive number that a parameter may well have."""
    return one_of((f"{random.lognormal(1.0, 1.2):.4g}", str(int(random.integers(0, 30))), f"{random.random():.3f}"), random)


def toml(random: Random, depth: int = 0) -> str:
    """Return a value in TOML, right or wrong."""
    turn = random.random()
    if turn < 0.45 or depth > 2:
        return number(random)
    if turn < 0.55:
        return one_of(("true", "false", "1979-05-27", "07:32:00", "0b11", "+1", "''", '"""x"""', "[]", "{}"), random)
    if turn < 0.65:
        return '"' + one_of(TEXTS, random).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if turn < 0.85:
        count = int(random.integers(0, 4))
        return "[" + ", ".join(toml(random, depth + 1) for _ in range(count)) + "]"
    count = int(random.integers(0, 4))
    return (
        "{"
        + ", ".join(f"{one_of(('mean', 'kind', 'x', 'value'), random)} = {toml(random, depth + 1)}" for _ in range(count))
        + "}"
    )


def distribution(random: Random) -> str:
    """Return a distribution in TOML with some parameters, one of which may be odd, missing or too many."""
    kind = (
        one_of(("gamma", "lognormal", "uniform", "constant", "gama"), random)
        if random.random() < 0.3
        else one_of(("gamma", "lognormal", "uniform", "constant"), random)
    )
    names = {"uniform": ["low", "high"], "constant": ["value"]}.get(kind, ["mean", "cv", "low", "high"])
    values = {name: number(random) if random.random() < 0.25 else plausible(random) for name in names}
    if random.random() < 0.15:
        values.pop(one_of(sorted(values), random))
    if random.random() < 0.1:
        values[one_of(("scale", "kind", "low"), random)] = number(random)
    word = toml(random, 1) if random.random() < 0.05 else f'"{kind}"'
    pairs = [f"kind = {word}", *(f"{name} = {value}" for name, value in values.items() if name != "kind")]
    return "{ " + ", ".join(pairs) + " }"


def mutated(text: str, random: Random) -> str:
    """Return a text with a character changed, left out or repeated, or a part of it moved."""
    if not text:
        return one_of(TEXTS, random)
    place = int(random.integers(len(text)))
    forms: tuple[Any, ...] = (
        text[:place] + text[place + 1 :],
        text[:place] + one_of("0-.,[]{}=\"'#\n \te", random) + text[place:],
        text[:place] + one_of("0-.,[]{}=\"'#\n \te", random) + text[place + 1 :],
        text[place:] + text[:place],
        text + text[place:],
    )
    return str(one_of(forms, random))
