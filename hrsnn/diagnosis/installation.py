"""The installed packages, compared with what the package declares that it needs."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from importlib import metadata

from packaging.requirements import Requirement

from hrsnn.diagnosis.finding import Finding
from hrsnn.runtime.left_out import LEFT_OUT

#: Extras for those who work on the package itself.
_OF_DEVELOPERS = ("test", "bench", "docs")


def installation() -> list[Finding]:
    """Return findings on Python, the required packages, and the optional ones by extra.

    Versions are compared with the metadata of the installed package; a checkout that was never installed has none, and
    packages are then not compared.
    """
    found = [Finding("packages", "python", "ok", f"{platform.python_version()} ({platform.python_implementation()})")]
    try:
        declared = metadata.metadata("hrsnn")
    except metadata.PackageNotFoundError:
        advice = "install the checkout: pip install --editable ."
        return [*found, Finding("packages", "hrsnn", "note", "not installed, run from its folder", advice)]
    needed = [Requirement(text) for text in declared.get_all("Requires-Dist") or ()]
    found += of_requirements(one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""}))
    for extra in declared.get_all("Provides-Extra") or ():
        if extra not in _OF_DEVELOPERS:
            found.append(of_extra(extra, [one for one in needed if one.marker and _only_in(extra, one)]))
    return found


def of_requirements(needed: Iterable[Requirement]) -> Iterator[Finding]:
    """Yield a finding on each required package: whether it is installed, in a version that the package works with.

    Examples
    --------
    >>> [(one.subject, one.state) for one in of_requirements([Requirement("numpy>=1"), Requirement("numpy>=999")])]
    [('numpy', 'ok'), ('numpy', 'failed')]
    """
    for one in needed:
        there = version(one.name)
        wanted = f"{one.name}{one.specifier}"
        if there and one.specifier.contains(there, prereleases=True):
            yield Finding("packages", one.name, "ok", there)
        elif not there and one.name in LEFT_OUT:
            advice = f"{LEFT_OUT[one.name]} need it: pip install '{wanted}'"
            yield Finding("packages", one.name, "note", "not installed", advice)
        else:
            yield Finding("packages", one.name, "failed", there or "not installed", f"pip install '{wanted}'")


def of_extra(extra: str, needed: Iterable[Requirement]) -> Finding:
    """Return a finding on an extra: the versions of its packages, or how to install it."""
    wanted = {one.name: one for one in needed}
    there = {name: version(name) for name in wanted}
    said = ", ".join(f"{name} {have or 'not installed'}" for name, have in there.items())
    how = "pip install 'hrsnn[" + extra + "]'"
    if not all(there.values()):
        return Finding("extras", extra, "note", said, how)
    fits = all(one.specifier.contains(there[name], prereleases=True) for name, one in wanted.items())
    return Finding("extras", extra, "ok" if fits else "failed", said, "" if fits else how)


def version(name: str) -> str:
    """Return the version of an installed distribution; empty where it is not installed.

    Examples
    --------
    >>> version("no-such-package")
    ''
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _only_in(extra: str, needed: Requirement) -> bool:
    assert needed.marker is not None
    return needed.marker.evaluate({"extra": extra}) and not needed.marker.evaluate({"extra": ""})
