"""``hrsnn search`` and ``hrsnn importance`` from the outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hrsnn import ReservoirSpec, scripts

SEARCH = ["search", "--neurons", "30", "--values", "500", "--seeds", "1", "--fresh", "2", "--quiet"]
IMPORTANCE = ["importance", "--neurons", "30", "--values", "500", "--seeds", "2", "--quiet"]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = scripts.main([str(one) for one in arguments])
    return (code, *capsys.readouterr())


@pytest.mark.slow
def test_search_stops_and_resumes_and_leaves_the_best_spec(capsys: Any, tmp_path: Path) -> None:
    file, out = tmp_path / "a.db", tmp_path / "out"
    code, text, err = run(capsys, *SEARCH, "--trials", 4, "--storage", file)
    assert code == 0, err
    assert "best, fresh seeds" in text
    code, text, err = run(
        capsys, *SEARCH, "--trials", 8, "--storage", file, "--resume", "--workers", 2, "--out", out, "--json"
    )
    assert code == 0, err
    metrics = json.loads(text)
    assert len(metrics["trials"]) == 8
    assert metrics["best_value"] == max(one["value"] for one in metrics["trials"] if max(one["violations"].values()) <= 0)
    assert len(metrics["fresh"]["best"]) == len(metrics["fresh"]["default"]) == 2
    names = {path.name for path in out.iterdir()}
    pictures = {"convergence.png", "parallel.png", "distributions.png", "slices.png"}
    assert names == {"spec.toml", "metrics.json", "report.txt"} | pictures
    best = ReservoirSpec.load(out / "spec.toml")
    assert best.tau_m_exc.mean == metrics["best_params"]["tau_m_exc.mean"]  # type: ignore[union-attr]
    assert best.neurons == 30


def test_homogeneous_networks_are_searched_without_cvs(capsys: Any) -> None:
    code, text, err = run(capsys, *SEARCH, "--trials", 3, "--variant", "HoNHoS", "--json")
    assert code == 0, err
    assert not [name for name in json.loads(text)["best_params"] if name.endswith(".cv")]


def test_importance_of_two(capsys: Any, tmp_path: Path) -> None:
    pytest.importorskip("sage")
    code, text, err = run(capsys, *IMPORTANCE, "--parameters", "tau_m_exc", "weights", "--out", tmp_path / "out", "--json")
    assert code == 0, err
    metrics = json.loads(text)
    for score in ("memory_capacity", "spikes"):
        table = metrics["table"][score]
        shares = metrics["importance"][score]["shapley"]
        assert shares["names"] == ["tau_m_exc", "weights"]
        assert sum(shares["values"]) == pytest.approx(sum(table[3]) / 2 - sum(table[0]) / 2)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"spec.toml", "metrics.json", "importance.png"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*SEARCH, "--objective", "memori"], "objective = 'memori': must be one of memory"),
        ([*SEARCH, "--space", "nerons"], "space = 'nerons': must be one of neurons, synapses, all"),
        ([*SEARCH, "--trials", "0"], "trials = 0"),
        ([*SEARCH, "--fresh", "1"], "--fresh = 1: must be 0, or at least 2"),
        ([*SEARCH, "--resume"], "--resume = True: needs --storage"),
        ([*SEARCH, "--storage", "missing.db", "--resume"], "missing.db: is not there to resume from"),
        ([*SEARCH, "--cluster", "slrum"], "cluster = 'slrum': must be the address of a scheduler"),
        ([*SEARCH, "--storage", "nosuch://host/x", "--trials", "2"], "the database cannot be used"),
        ([*IMPORTANCE, "--seeds", "1"], "--seeds = 1"),
        ([*IMPORTANCE, "--parameters", "tau_exc"], "tau_exc"),
        ([*IMPORTANCE, "--parameters", *"abcdefg"], "must be one to six"),
    ],
    ids=lambda value: " ".join(value[8:]) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line(
    arguments: list[str], message: str, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err
