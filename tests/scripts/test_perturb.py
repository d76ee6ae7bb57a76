"""``hrsnn perturb`` end to end: table, picture, going on after a stop with the same bytes, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

TINY = [
    "perturb",
    "--neurons",
    20,
    "--seeds",
    2,
    "--levels",
    0.3,
    "--max-delay",
    4,
    "--task-option",
    "values=500",
    "--quiet",
]


def test_the_table_has_both_arms_and_a_stopped_run_goes_on(run: Any, tmp_path: Path) -> None:
    ran = run(*TINY, "--json", "--out", tmp_path)
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert "readouts are fitted to the intact network" in found["how"]
    rows = list(csv.DictReader((tmp_path / "table.csv").open()))
    assert {row["of"] for row in rows} == {"reservoir", "no_recurrence"}
    assert len(rows) == 2 * 3 * 2 * 2  # scores, perturbations, levels with 0, arms
    for row in rows:
        assert float(row["low"]) <= float(row["mean"]) <= float(row["high"])
        assert (float(row["change"]) == 0) or float(row["level"]) > 0
    lost = [r for r in rows if (r["perturbation"], r["score"], r["of"]) == ("neurons", "memory_capacity", "reservoir")]
    assert [float(row["level"]) for row in lost] == [0.0, 0.3]
    assert float(lost[0]["mean"]) == found["scores"]["memory_capacity"]
    assert (tmp_path / "perturbations.png").stat().st_size > 5000
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(list((tmp_path / "runs").iterdir())) == 5
    for name in ("reservoir-1.json", "no_recurrence-0.json"):
        (tmp_path / "runs" / name).unlink()
    assert run(*TINY, "--jobs", 2, "--out", tmp_path).code == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    other = run(*TINY, "--set", "tau_exc=4", "--out", tmp_path)
    assert (other.code, other.out) == (2, "")
    assert "choose another --out" in other.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--perturbations", "heat"], "--perturbations = 'heat': must be of neurons, weights, input"),
        (["--levels", 0.1, 1.5], "--levels = 1.5: must be at most 1: of neurons it is a share"),
        (["--levels", -0.1], "--levels = -0.1: must be positive"),
        (["--seeds", 1], "--seeds = 1: must be a whole number >= 2"),
        (["--scores", "accuracy"], "score = 'accuracy': is not defined for tasks of the kind memory"),
        (["--states", "final"], "--states = 'final': is of tasks with classes"),
        (["--task", "digits", "--max-delay", 3], "--max-delay = 3: is of memory tasks"),
        (["--train", 10], "--train = 10: is no option of the task memory"),
        (["--network", "balanced"], "--network"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_what_has_no_effect_is_refused(words: list[Any], said: str, run: Any) -> None:
    ran = run("perturb", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
