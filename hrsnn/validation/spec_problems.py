"""What is wrong with the parameters of a spec, one line for each problem."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from hrsnn.errors import InputError, SpecError
from hrsnn.validation.limits import beyond, limit

#: Maximum number of problems in a message: a file that is not a spec can have any number.
_MOST = 100


def check_names(names: Iterable[str]) -> None:
    """Check that names of parameters are not longer than the limit.

    Raises
    ------
    SpecError
        With a line for each name that is.
    """
    longest = limit("name")
    problems = [f"{name:.60}: has {len(name)} characters: {beyond('name')}" for name in names if len(name) > longest]
    if problems:
        raise SpecError(problems[:_MOST])


def problems_of(error: ValidationError, fields: Mapping[str, Any]) -> list[str]:
    """Return a line for each problem: the parameter, its value, and the allowed values; `fields` are those of the model."""
    problems: list[str] = []
    found = error.errors()
    for item in found:
        if len(problems) == _MOST:
            return [*problems, f"and more: {len(found)} in all"]
        name = str(item["loc"][0]) if item["loc"] else ""
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, sorted(fields), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "; `hrsnn spec` lists them all"
            problems.append(f"{name}: no such parameter{hint}")
        elif not name or item["type"] == "unit":
            problems.append(item["msg"])
        elif item["type"] == "literal_error" and len(item["loc"]) > 1:
            continue  # the error of the other branch of a "value or 'auto'" union is clearer
        else:
            message = item["msg"].replace("Input should be", "must be")
            if "auto" in str(fields[name].annotation):
                message += ", or 'auto'"
            problems.append(str(InputError(name, item["input"], message)))
    return problems
