"""A model as TOML: texts of several lines as they are, then the tables of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrsnn.equations.amounts import Amount
from hrsnn.equations.fields import ABOUT, TABLES
from hrsnn.validation.parameter_text import toml_of


def toml_of_model(values: Mapping[str, Any], comments: bool = False) -> str:
    """Return the fields of a model as TOML; with `comments`, what each is.

    Examples
    --------
    >>> print(toml_of_model({"reset": "v = v_reset\\nu += d", "neurons": 9}))
    neurons = 9
    reset = '''
    v = v_reset
    u += d
    '''
    <BLANKLINE>
    """
    lines = []
    for name, about in ABOUT.items():
        value = values.get(name)
        lines += [f"# {about}"] if comments and name in values else []
        if value is not None:
            lines.append(f"{name} = {_value(value)}")
    for name, about in TABLES.items():
        if name in values:
            lines += ["", *([f"# {about}"] if comments else []), f"[{name}]"]
            lines += [f"{key} = {_value(one)}" for key, one in values[name].items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Amount):
        return value.to_toml()
    if isinstance(value, str) and "\n" in value and "'''" not in value:
        return f"'''\n{value}\n'''"
    return toml_of(value)
