"""Packages that simulation, scores and readouts do without, so that an installation may leave them out."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from hrsnn.errors import HrsnnError

#: Package to what needs it. They are required by ``pip install hrsnn``; docs/installation.md has how to leave them out.
LEFT_OUT: Mapping[str, str] = {
    "matplotlib": "figures",
    "networkit": "pruning methods by betweenness",
    "optuna": "searches over distributions",
    "tyro": "commands",
}


def check_installed(package: str) -> None:
    """Check that a package that may be left out is installed.

    Raises
    ------
    HrsnnError
        When it is not; the message says how to install it.

    Examples
    --------
    >>> check_installed("tyro")
    """
    if find_spec(package) is None:
        raise HrsnnError(f"{LEFT_OUT[package]} need the package {package}, which is not installed: pip install {package}")
