"""Write the versions of all packages that this one needs, as they are installed here, into the folder `requirements`.

``python tests/project/tested_versions.py``, or ``make lock``, with the Python and the environment in which the tests passed.
It writes two files, each named after the Python: all packages, for ``pip install --constraint``, and those that remain when
Matplotlib, NetworKit, Optuna and tyro are left out.
"""

from __future__ import annotations

import configparser
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hrsnn.files.writing import write_text
from hrsnn.runtime.left_out import LEFT_OUT

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "requirements"


def declared(python: str) -> list[Requirement]:
    """The requirements in setup.cfg that hold for a Python, such as "3.11"."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = [line.partition("#")[0].strip() for line in config["options"]["install_requires"].splitlines()]
    needed = [Requirement(line) for line in lines if line]
    return [one for one in needed if one.marker is None or one.marker.evaluate({"python_version": python})]


def with_their_own(names: Iterable[str]) -> dict[str, str]:
    """Installed versions of packages and of all that they need themselves, by name."""
    found: dict[str, str] = {}
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        # without what follows a plus sign, which names the build of this machine
        found[name] = metadata.version(name).partition("+")[0]
        for text in metadata.requires(name) or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(canonicalize_name(needed.name))
    return dict(sorted(found.items()))


def main() -> int:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    names = [one.name for one in declared(python)]
    kept = [name for name in names if name not in LEFT_OUT]
    FOLDER.mkdir(exist_ok=True)
    for file, chosen, what in (
        (f"python{python}.txt", names, "all packages"),
        (f"core-python{python}.txt", kept, f"all packages but {', '.join(LEFT_OUT)}"),
    ):
        pins = [f"{name}=={version}" for name, version in with_their_own(chosen).items()]
        head = f"# Python {python}: versions with which the tests passed of {what}; made by `make lock`"
        write_text(FOLDER / file, "\n".join([head, *pins, ""]))
        print(f"{FOLDER / file}: {len(pins)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
