"""Runs that are kept in files: a study ends in the same bytes, whichever of its runs were there before."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import scripts
from hrsnn.errors import FileError
from hrsnn.files.digested_json import check_same_settings
from hrsnn.networks.studies import pruned_scores
from hrsnn.networks.studies.pruned_scores import SuiteSizes
from hrsnn.scripts.cli.kept_runs import KeptRuns, forget_unused

#: Each command that keeps runs: its options, and the scores of one table in the order in which the code lists them.
STUDIES = {
    "variants": (
        ["--neurons", "30", "--values", "600", "--tasks", "memory", "--seeds", "2"],
        ("HeNHeS", "memory "),
        ["memory_capacity", "memory_capacity_v", "efficiency", "mean_rate"],
    ),
    "pruning_curve": (
        ["--neurons", "40", "--seeds", "2", "--iterations", "3", "--sparsities", "0.5", "0.8", "--tasks", "memory"]
        + ["--arms", "dense", "lnp", "activity"],
        ("lnp", ""),
        ["links", "neurons", "largest_exponent", "spectrum_distance", "memory_capacity"],
    ),
}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", STUDIES)
def test_resumed_in_part_or_read_back_whole_every_file_is_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruned_scores, "SuiteSizes", lambda: SuiteSizes(values=600, max_delay=4))
    options, (arm, prefix), order = STUDIES[name]

    def made() -> dict[str, bytes]:
        assert scripts.main([name, *options, "--quiet", "--out", str(tmp_path)]) == 0
        return files(tmp_path)

    fresh = made()
    runs = sorted((tmp_path / "runs").glob("*-*.json"))
    for kept in (runs[1::2], runs):
        for run in set(runs) - set(kept):
            run.unlink()
        for path in tmp_path.glob("*.*"):
            path.unlink()
        again = made()
        assert [file for file in fresh if again.get(file) != fresh[file]] == []
        assert again.keys() == fresh.keys()
    scores = [row["score"].split(" at ")[0] for row in csv.DictReader((tmp_path / "table.csv").open()) if row["of"] == arm]
    assert list(dict.fromkeys(score.removeprefix(prefix) for score in scores))[: len(order)] == order


@pytest.mark.parametrize("folder", [True, False])
def test_a_run_just_made_looks_as_it_does_when_read_back(folder: bool, tmp_path: Path) -> None:
    kept = KeptRuns(tmp_path if folder else None)
    made = {"b": {"late": np.float64(0.1), "early": math.nan}, "a": {1: math.inf, "n": np.int64(3)}}

    def shape(result: Any) -> list[Any]:
        return [[one, [(name, type(value), str(value)) for name, value in inner.items()]] for one, inner in result.items()]

    expected = [["b", [("late", float, "0.1"), ("early", float, "nan")]], ["a", [("1", float, "nan"), ("n", int, "3")]]]
    assert shape(kept.result("one", lambda: made)) == expected
    if folder:
        assert shape(kept.result("one", lambda: pytest.fail("run again"))) == expected
        assert list(json.loads((tmp_path / "one.json").read_text())) == ["b", "a", "sha256"]


def test_settings_bind_only_where_a_run_is_kept(tmp_path: Path) -> None:
    place = tmp_path / "runs"
    kept = KeptRuns(place)
    kept.prepare({"values": 1})
    kept.prepare({"values": 2})  # as after a kill in the first run
    kept.result("one", lambda: {"x": 1.0})
    with pytest.raises(FileError, match=r"other settings: values 2 \(now 3\): choose another --out"):
        kept.prepare({"values": 3})
    forget_unused(place)
    assert len(list(place.iterdir())) == 2
    (place / "one.json").unlink()
    forget_unused(place)
    assert not place.exists()
    forget_unused(place)


@pytest.mark.parametrize(
    ("there", "now", "said"),
    [
        ({"a": 1}, {"a": 2}, "a 1 (now 2): go"),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, "settings: a.c 2 (now 3): go"),
        ({"a": "x = 1\ny = 2\n"}, {"a": "x = 1\ny = 3\n"}, "settings: a.y '2' (now '3'): go"),
        ({"a": 1, "b": 1}, {"a": 2}, "settings: a 1 (now 2), b 1 (now not given): go"),
        ({}, {"a": 2}, "a not given (now 2)"),
        ({"a": "x" * 99 + "a" + "x" * 99}, {"a": "x" * 199}, "a (not the present one)"),
        (dict.fromkeys("abcdef", 1), dict.fromkeys("abcdef", 2), "d 1 (now 2) and 2 more: go"),
    ],
)
def test_messages_name_what_differs(there: dict[str, Any], now: dict[str, Any], said: str) -> None:
    with pytest.raises(FileError) as caught:
        check_same_settings("file", there, now, "the runs were", "go elsewhere")
    assert said in str(caught.value)
    check_same_settings("file", now, now, "the runs were", "go elsewhere")
