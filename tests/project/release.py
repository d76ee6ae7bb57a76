"""Build the source distribution and the wheel of a version, check them, and write the message of its tag.

``python tests/project/release.py``, or ``make release``. It needs a committed tree, and changes only the folder `dist`:
nothing is tagged or uploaded. The checks are those of ``twine check`` and more: metadata by the standard, a description
in Markdown, every module in the wheel and in the source distribution, and the wheel runs from a folder of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import plain_wheel
from packaging.metadata import Metadata

from hrsnn._version import __version__

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
_FOLDERS = ("hrsnn", "networks", "analysis", "scripts")


def section(changelog: str, version: str) -> str:
    """The part of a changelog on one version, with its heading; empty where there is none, or it has no date.

    >>> section("## [Unreleased]\\n\\n## [0.2.0] - 2026-12-01\\n\\n- A\\n\\n## [0.1.0] - 2026-11-21\\n", "0.2.0")
    '## [0.2.0] - 2026-12-01\\n\\n- A\\n'
    """
    begin = re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)
    if begin is None:
        return ""
    rest = changelog[begin.start() :]
    following = re.search(r"^## ", rest[3:], re.MULTILINE)
    return (rest[: following.start() + 3] if following else rest).rstrip() + "\n"


def problems_of_version(root: Path, version: str) -> list[str]:
    """What does not yet name the version, or does not fit it."""
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    part = section(changelog, version)
    found = [] if part else [f"CHANGELOG.md has no heading ## [{version}] - YYYY-MM-DD"]
    if f"\nversion: {version}\n" not in citation:
        found.append(f"CITATION.cff does not have version: {version}")
    dated = re.search(r"^date-released: (\S+)$", citation, re.MULTILINE)
    if part and (dated is None or not part.splitlines()[0].endswith(dated[1])):
        found.append("CITATION.cff and CHANGELOG.md have different dates")
    return found


def problems_of_metadata(text: str, version: str) -> list[str]:
    """What is wrong with the metadata in a wheel or a source distribution, by the standard and by ours."""
    try:
        found = Metadata.from_email(text, validate=True)
    except ExceptionGroup as errors:
        return [str(error) for error in errors.exceptions]
    content = (found.description or "").strip()
    rules = {
        f"version is {found.version}": str(found.version) == version,
        "there is no description": len(content) > 1000,
        "the description is not declared as Markdown": (found.description_content_type or "").startswith("text/markdown"),
        "there are no addresses of the project": len(found.project_urls or {}) >= 3,
        "there is no license": bool(found.license or found.license_expression),
    }
    return [wrong for wrong, right in rules.items() if not right]


def problems_of_files(names: set[str], prefixes: dict[str, str]) -> list[str]:
    """Modules of the checkout that a distribution lacks; `prefixes`: folder of the checkout to that in the distribution."""
    wanted = {
        f"{prefixes[folder]}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder in _FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    }
    return [f"{name} is missing" for name in sorted(wanted - names)]


def problems_of_wheel(wheel: Path, version: str) -> list[str]:
    """What is wrong with a wheel: its metadata, its files, or that it does not run."""
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        text = file.read(f"hrsnn-{version}.dist-info/METADATA").decode()
    places = {folder: "hrsnn" if folder == "hrsnn" else f"hrsnn/{folder}" for folder in _FOLDERS}
    found = problems_of_metadata(text, version) + problems_of_files(names, places)
    with tempfile.TemporaryDirectory(prefix="hrsnn-release-") as folder:
        install = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, str(wheel)]
        subprocess.run([sys.executable, *install], check=True)
        environment = {**os.environ, "PYTHONPATH": folder}
        command = [sys.executable, "-m", "hrsnn", "--version"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return found if done.stdout == f"hrsnn {version}\n" else [*found, f"the wheel does not run: {done.stderr.strip()}"]


def problems_of_source(source: Path, version: str) -> list[str]:
    """What is wrong with a source distribution: its metadata, its files, or that it lacks the license."""
    top = f"hrsnn-{version}"
    with tarfile.open(source) as file:
        names = set(file.getnames())
        about = file.extractfile(f"{top}/PKG-INFO")
        text = about.read().decode() if about is not None else ""
    found = problems_of_metadata(text, version) + problems_of_files(names, {name: f"{top}/{name}" for name in _FOLDERS})
    others = ("LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "setup.cfg", "pyproject.toml", "tests/conftest.py")
    return found + [f"{name} is missing" for name in others if f"{top}/{name}" not in names]


def built(folder: Path) -> tuple[Path, Path]:
    """The source distribution of this checkout, and the wheel; the first from a copy, as setuptools leaves files behind."""
    wheel = plain_wheel.built(folder)
    copy = folder / "source" / "hrsnn"
    code = f"from setuptools import build_meta; build_meta.build_sdist({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=copy, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (source,) = folder.glob("*.tar.gz")
    return source, wheel


def main() -> int:
    status = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = ["the tree has changes that are not committed"] if status.stdout else []
    found += problems_of_version(ROOT, __version__)
    with tempfile.TemporaryDirectory(prefix="hrsnn-dist-") as name:
        source, wheel = built(Path(name))
        found += [f"{source.name}: {one}" for one in problems_of_source(source, __version__)]
        found += [f"{wheel.name}: {one}" for one in problems_of_wheel(wheel, __version__)]
        if found:
            print("\n".join(["nothing is released:", *found]), file=sys.stderr)
            return 1
        shutil.rmtree(DIST, ignore_errors=True)
        DIST.mkdir()
        for path in (source, wheel):
            shutil.copy2(path, DIST)
    part = section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), __version__)
    message = DIST / f"tag-{__version__}.txt"
    # Markdown's headings begin as the comments of Git do
    message.write_text(f"hrsnn {__version__}\n\n{part.partition(chr(10))[2].strip()}\n", encoding="utf-8")
    print(f"{DIST}: {source.name}, {wheel.name}, {message.name}; next:")
    print(f"  git tag --annotate --cleanup=verbatim --file dist/{message.name} v{__version__}")
    print(f"  python -m twine upload dist/{source.name} dist/{wheel.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
