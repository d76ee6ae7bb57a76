"""What a release needs: a version that is named everywhere, a citation file, and distributions that hold everything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import release
import yaml

from hrsnn._version import __version__

ROOT = Path(__file__).resolve().parents[2]
GOOD = (
    """Metadata-Version: 2.1
Name: hrsnn
Version: 1.2.3
License: BSD-3-Clause
Project-URL: Documentation, https://example.org
Project-URL: Source, https://example.org
Project-URL: Issues, https://example.org
Description-Content-Type: text/markdown

"""
    + "A text. " * 200
)


def test_the_version_is_in_the_changelog_and_in_the_citation() -> None:
    assert release.problems_of_version(ROOT, __version__) == []
    missing = release.problems_of_version(ROOT, "9.9.9")
    assert missing == ["CHANGELOG.md has no heading ## [9.9.9] - YYYY-MM-DD", "CITATION.cff does not have version: 9.9.9"]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (("", ""), ""),
        (("Version: 1.2.3", "Version: 1.2.4"), "version is 1.2.4"),
        (("Version: 1.2.3", "Version: new"), "'new' is invalid"),
        (("License: BSD-3-Clause\n", ""), "no license"),
        (("text/markdown", "text/plain"), "Markdown"),
        (("Project-URL: Source, https://example.org\n", ""), "addresses"),
        (("A text. " * 200, "A text."), "no description"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_metadata_that_are_wrong_are_refused(change: tuple[str, str], wrong: str) -> None:
    found = release.problems_of_metadata(GOOD.replace(*change) if change[0] else GOOD, "1.2.3")
    assert [wrong in one for one in found] == [True] * bool(wrong), found


def test_the_citation_file_has_the_fields_of_its_format() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited.keys() >= {"cff-version", "message", "title", "authors", "version", "date-released", "license"}
    assert cited["cff-version"] == "1.2.0"
    assert cited["authors"] == [{"name": "The hrsnn developers"}]
    assert all(url.startswith("https://") for key, url in cited.items() if key in ("url", "repository-code"))


def test_files_of_github_and_of_pre_commit_can_be_read() -> None:
    paths = [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml"]
    assert len(paths) >= 4
    assert all(isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict) for path in paths)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    offered = re.findall(r"Python :: (3\.\d+)$", (ROOT / "setup.cfg").read_text(encoding="utf-8"), re.MULTILINE)
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == offered


def test_the_container_copies_what_is_there() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [name for line in re.findall(r"^COPY (.*)$", text, re.MULTILINE) for name in line.split()[:-1]]
    assert {"hrsnn", "analysis", "networks", "scripts", "setup.cfg"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []


@pytest.mark.long
def test_both_distributions_hold_everything(tmp_path: Path) -> None:
    source, wheel = release.built(tmp_path)
    assert release.problems_of_source(source, __version__) == []
    assert release.problems_of_wheel(wheel, __version__) == []


def test_the_paper_cites_what_is_in_its_bibliography() -> None:
    text = (ROOT / "paper" / "paper.md").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([\w-]+),", (ROOT / "paper" / "paper.bib").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(set(re.findall(r"@([a-z][\w-]+\d{4}[a-z]?)", text))) == sorted(keys)
    headings = re.findall(r"^# (.+)$", text, re.MULTILINE)
    assert {"Summary", "Statement of need", "State of the field", "References"} <= set(headings)
