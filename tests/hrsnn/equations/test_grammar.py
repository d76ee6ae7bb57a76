"""Texts that become code: what is taken and what is refused before Brian2 sees it."""

from __future__ import annotations

import pytest

from hrsnn.equations.grammar import check_equations, check_expression, check_statements, check_text, words_of
from hrsnn.errors import InputError

HOSTILE = (
    "__import__('os').system('true')",
    "().__class__.__bases__",
    "(lambda: 0)()",
    "[x for x in y]",
    "x[0]",
    "f(x, y=2)",
    "'text'",
    "v if w else u",
    "(v := 3)",
    "9**9**9**9",
    "9**99",
    "1e400",
    "v**1000",
    "_v > 3",
    "exp.real",
    "(" * 300 + "1" + ")" * 300,
    "-" * 200 + "1",
    "v > ",
    "",
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
def test_an_expression_is_arithmetic_and_nothing_else(text: str) -> None:
    with pytest.raises(InputError, match="threshold"):
        check_expression("threshold", text)
    with pytest.raises(InputError, match="reset"):
        check_statements("reset", f"v = {text}")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("v > V_T + 5*Delta_T", {"v", "V_T", "Delta_T"}),
        ("g_L*exp((v - V_T)/(2*mV))**2 // 3 % 2", {"g_L", "exp", "v", "V_T", "mV"}),
        ("not (a <= b or c != 1e-9) and True  # why", {"a", "b", "c"}),
    ],
)
def test_names_of_an_expression(text: str, names: set[str]) -> None:
    assert check_expression("x", text) == names


@pytest.mark.parametrize(
    "text", ["import os", "v.x = 3", "v[0] = 3", "del v", "v", "x = y = 2", "for i in a: v = i", "v @= 2"]
)
def test_a_statement_sets_a_variable(text: str) -> None:
    with pytest.raises(InputError, match="on_pre"):
        check_statements("on_pre", text)


def test_statements_are_read_and_assigned_names() -> None:
    assert check_statements("on_pre", "g_post += w  # w\nx = clip(x - y, 0, 1)") == (
        {"g_post", "w", "clip", "x", "y"},
        {"g_post", "x"},
    )


@pytest.mark.parametrize("text", ["dv/dt = v[0] : 1", "dv/dt = 'a' : 1", "dv/dt = __a : 1", "v; w", "{v} : 1", "v = 3"])
def test_equations_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="equations"):
        check_equations("equations", text)


def test_units_and_words_of_equations() -> None:
    text = "dv/dt = -v/tau : volt (unless refractory)  # tail : volt\nx = v*2 : volt\nu : 1"
    assert check_equations("equations", text) == ["volt", "volt", "1"]
    assert {"v", "tau", "x", "u"} <= words_of(text)
    assert not {"dt", "tail", "dv"} & words_of(text)


@pytest.mark.parametrize("text", ["v" * 30_000, "v\x00", "µ", 3], ids=["long", "control", "not ASCII", "number"])
def test_text_has_a_length_and_an_alphabet(text: object) -> None:
    with pytest.raises(InputError, match="reset"):
        check_text("reset", text)
