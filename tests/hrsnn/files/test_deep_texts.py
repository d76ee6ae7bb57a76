"""TOML and JSON that are nested too deeply, or hold numbers of thousands of digits."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from hrsnn import scripts
from hrsnn.errors import FileError
from hrsnn.files.npz import read_npz
from hrsnn.files.parsing import parsed_json, parsed_toml
from hrsnn.files.reading import read_json

pytestmark = pytest.mark.usefixtures("in_time")


DEEP_TOML = {
    "arrays": "x = " + "[" * 3000,
    "tables": "x = " + "{a=" * 3000,
    "dotted key": "a." * 100_000 + "b = 1",
    "dotted header": "[" + "a." * 100_000 + "b]\nc = 1",
    "key in quotes": '"a".' * 100_000 + "b = 1",
    "spaced key": "a . " * 100_000 + "b = 1",
}


@pytest.mark.parametrize("case", DEEP_TOML)
def test_deep_toml_is_refused_wherever_it_is_read(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = "nesting of TOML, JSON and GraphML must be at most 50 levels (HRSNN_MAX_NESTING raises this)"
    with pytest.raises(ValueError, match=re.escape(said)):
        parsed_toml(DEEP_TOML[case])
    file = tmp_path / "a.toml"
    file.write_text(DEEP_TOML[case])
    inline = DEEP_TOML[case].removeprefix("x = ") if case in ("arrays", "tables") else "{ " + DEEP_TOML[case] + " }"
    options = [["spec", "--spec", file], ["spec", "--set", f"tau_exc={inline}"], ["prune", "--option", f"score={inline}"]]
    for words in [*options, ["search", "--space", file]]:
        if case == "dotted header" and "--spec" not in words and "--space" not in words:
            continue  # no value
        assert scripts.main([str(word) for word in words]) == 2
        shown = capsys.readouterr().err
        assert said in shown
        assert shown.count("\n") == 1


def test_flat_toml_is_not_taken_for_deep() -> None:
    text = "x = [" + "1.5, " * 1000 + "]\n# " + "a b. " * 200 + "\n[a.b.c]\nd = '" + "e, " * 200 + "'"
    assert parsed_toml(text)["a"]["b"]["c"]["d"].startswith("e, ")
    assert parsed_toml("a." * 49 + "b = 1")["a"]
    assert parsed_json("[" * 50 + "]" * 50)


def test_whole_numbers_of_thousands_of_digits_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    long = "1" + "0" * 5000
    for read, text in ((parsed_toml, f"x = {long}"), (parsed_json, long)):
        with pytest.raises(ValueError, match=r"^a whole number must have at most 4300 digits$"):
            read(text)
    for words in (
        ["spec", "--set", f"tau_exc={long}"],
        ["prune", "--option", f"restored={long}"],
        ["memory", "--seed", long],
    ):
        assert scripts.main(words) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_deep_json_is_refused_in_files_and_in_headers(tmp_path: Path) -> None:
    deep = "[" * 3000 + "]" * 3000
    (tmp_path / "a.json").write_text(f'{{"a": {deep}}}')
    with pytest.raises(FileError, match="nesting of TOML, JSON and GraphML"):
        read_json(tmp_path / "a.json", "run")
    np.savez(tmp_path / "a.npz", __about__=np.array(deep))
    with pytest.raises(FileError, match="its header cannot be read"):
        read_npz(tmp_path / "a.npz", "reservoir", 1)
