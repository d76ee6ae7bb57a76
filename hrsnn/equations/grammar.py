"""The grammar of texts that become code: expressions and statements as Brian2 has them, and nothing else of Python."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator

from hrsnn.errors import InputError

#: Longest text of one field, in characters, and deepest expression.
LONGEST, _DEEPEST = 20_000, 60
#: Largest constant that an expression may have or make, such as 9**9: SymPy would compute 9**9**9 to the last digit.
_LARGEST = 1e30
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_UNARY = (ast.UAdd, ast.USub, ast.Not)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_CHANGES = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


def check_text(field: str, text: object) -> str:
    """Return `text` without blank space at its ends, if it is text of allowed characters and length.

    Raises
    ------
    InputError
        When it is not.
    """
    if not isinstance(text, str):
        raise InputError(field, text, "must be text")
    if len(text) > LONGEST:
        raise InputError(field, text, f"must have at most {LONGEST} characters")
    wrong = re.search(r"[^\x20-\x7e\n\t]", text)
    if wrong:
        raise InputError(field, wrong.group(), "must be ASCII characters")
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()).strip()


def check_expression(field: str, text: str) -> set[str]:
    """Check an expression, and return the names in it.

    Numbers, names, ``+ - * / // % **``, comparisons, ``and``, ``or``, ``not``, and calls of functions by name are allowed.

    Raises
    ------
    InputError
        When it cannot be parsed, has anything else, or a constant beyond 1e30.

    Examples
    --------
    >>> sorted(check_expression("threshold", "v > v_threshold and not_refractory"))
    ['not_refractory', 'v', 'v_threshold']
    >>> check_expression("threshold", "().__class__")
    Traceback (most recent call last):
    ...
    hrsnn.errors.InputError: threshold = '().__class__': must be an expression of Brian2: .__class__ is none
    """
    tree = _parsed(field, " ".join(without_comments(text).split()), "eval")
    assert isinstance(tree, ast.Expression)
    return set(_names(field, text, tree.body))


def check_statements(field: str, text: str) -> tuple[set[str], set[str]]:
    """Check statements ``name = expression`` and ``name += expression``, a line each.

    Returns
    -------
    (set of str, set of str)
        Names that are read before a statement assigns them, and names that are assigned.


    Raises
    ------
    InputError
        When one cannot be parsed, or is anything else.

    Examples
    --------
    >>> read, assigned = check_statements("reset", "v = v_reset\\nu += d")
    >>> sorted(read), sorted(assigned)
    (['d', 'u', 'v_reset'], ['u', 'v'])
    """
    tree = _parsed(field, "\n".join(line.strip() for line in without_comments(text).splitlines()), "exec")
    assert isinstance(tree, ast.Module)
    read, assigned = set[str](), set[str]()
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            target = node.targets[0]
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and isinstance(node.op, _CHANGES):
            target = node.target
            read |= {target.id} - assigned
        else:
            raise InputError(field, ast.unparse(node), "must be statements such as v = v_reset or g_post += w, a line each")
        read |= set(_names(field, text, node.value)) - assigned
        assigned.add(_name(field, target.id))
    return read, assigned


def without_comments(text: str) -> str:
    """Return text without what follows ``#`` in each line."""
    return "\n".join(line.partition("#")[0].rstrip() for line in text.splitlines())


def words_of(text: str) -> set[str]:
    """Return all words of a text that are names, comments left out; ``dv`` and ``dt`` of ``dv/dt`` are none."""
    bare = re.sub(r"\bd(\w+)\s*/\s*dt\b", r"\1", without_comments(text))
    return set(re.findall(r"\b[A-Za-z_]\w*", bare))


def check_equations(field: str, text: str) -> list[str]:
    """Check the form of equations before Brian2 parses them, and return the text of their units.

    Raises
    ------
    InputError
        When a character is none of an equation, or a name begins with an underscore.
    """
    bare = without_comments(text)
    wrong = re.search(r"[^\w\s+\-*/%().,:=<>!]", bare)
    if wrong:
        raise InputError(field, wrong.group(), "must be equations of Brian2, such as dv/dt = -v/tau : volt")
    for name in words_of(bare):
        _name(field, name)
    units = re.findall(r":([^(\n:]*)", bare)
    if bare.strip() and not units:
        raise InputError(field, bare.strip(), "must be equations of Brian2, such as dv/dt = -v/tau : volt")
    return [unit.strip() for unit in units]


def _parsed(field: str, text: str, mode: str) -> ast.AST:
    if not text.strip():
        raise InputError(field, text, "must not be empty")
    try:
        return ast.parse(text, mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deeply"
        raise InputError(field, text, f"cannot be parsed: {reason}") from None


def _names(field: str, text: str, tree: ast.expr) -> Iterator[str]:
    _constant(field, tree, 0)
    yield from (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _constant(field: str, node: ast.expr, level: int) -> float | None:
    """Check a node and those below it; return its value where it is made of numbers alone."""
    if level > _DEEPEST:
        raise InputError(field, ast.unparse(node), f"must be nested at most {_DEEPEST} levels deep")
    below = level + 1
    value: float | None = None
    if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        value = _in_range(field, node, node.value)
    elif isinstance(node, ast.Name):
        _name(field, node.id)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS):
        left, right = (_constant(field, one, below) for one in (node.left, node.right))
        if isinstance(node.op, ast.Pow) and right is not None and abs(right) > 100:
            raise InputError(field, ast.unparse(node), "must have exponents of at most 100")
        if left is not None and right is not None:
            value = _in_range(field, node, _combined(node.op, left, right))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, _UNARY):
        inner = _constant(field, node.operand, below)
        value = None if inner is None else abs(inner)
    elif isinstance(node, ast.BoolOp):
        for one in node.values:
            _constant(field, one, below)
    elif isinstance(node, ast.Compare) and all(isinstance(one, _COMPARISONS) for one in node.ops):
        for one in (node.left, *node.comparators):
            _constant(field, one, below)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        for one in (node.func, *node.args):
            _constant(field, one, below)
    else:
        what = f".{node.attr}" if isinstance(node, ast.Attribute) else ast.unparse(node)
        raise InputError(field, ast.unparse(node), f"must be an expression of Brian2: {what} is none")
    return value


def _combined(operator: ast.operator, left: float, right: float) -> float:
    """Return a bound of the size of a result."""
    try:
        if isinstance(operator, ast.Pow):
            return float(max(abs(left), 1.0) ** max(abs(right), 1.0))
        if isinstance(operator, ast.Div | ast.FloorDiv):
            return abs(left / right) if right else math.inf
        return abs(left * right) if isinstance(operator, ast.Mult) else abs(left) + abs(right)
    except OverflowError:
        return math.inf


def _in_range(field: str, node: ast.expr, value: float) -> float:
    if not abs(value) <= _LARGEST:
        shown = ast.unparse(node) if isinstance(node, ast.BinOp) else "a number"
        raise InputError(field, shown, f"must have constants of at most {_LARGEST:g}")
    return float(value)


def _name(field: str, name: str) -> str:
    if name.startswith("_"):
        raise InputError(field, name, "must have no name that begins with an underscore")
    return name
