"""Packages that simulation, scores and readouts do without, so that an installation may leave them out."""

from __future__ import annotations

from collections.abc import Mapping

from hrsnn.errors import HrsnnError

#: Package to what needs it. They are required by ``pip install hrsnn``; docs/installation.md has how to leave them out.
LEFT_OUT: Mapping[str, str] = {
    "matplotlib": "figures",
    "networkit": "exact betweenness (the pruning methods lnp, drive and signal)",
    "optuna": "the search over distributions",
    "tyro": "the commands",
}


def left_out(package: str) -> HrsnnError:
    """Return the error of a package that was left out of the installation.

    Examples
    --------
    >>> print(left_out("matplotlib"))
    matplotlib, for figures, is not installed: pip install matplotlib
    """
    return HrsnnError(f"{package}, for {LEFT_OUT[package]}, is not installed: pip install {package}")
