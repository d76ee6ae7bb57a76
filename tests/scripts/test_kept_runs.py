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
from hrsnn.networks.studies import pruned_scores
from hrsnn.networks.studies.pruned_scores import SuiteSizes
from hrsnn.scripts.cli.kept_runs import KeptRuns

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
