"""``hrsnn balance`` end to end: the facts of tracking, the table of the cue task, resuming, and options without effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hrsnn.analysis.balanced.arms import CUE_ARMS
from hrsnn.balanced import BalancedSpec

PNG = b"\x89PNG\r\n\x1a\n"
TINY = ["balance", "cue", "--samples", 20, "--neurons", 60, "--set", "dt=1", "--quiet"]


def test_tracking_has_the_known_facts(run: Any, tmp_path: Path) -> None:
    """Three sinusoids, 400 neurons: RMSE about .02, tightness above .9, 90 % fewer spikes than without links."""
    ran = run("balance", "--duration", 400, "--json", "--out", tmp_path)
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["scores"]["rmse"] == pytest.approx(0.019, abs=0.003)
    assert found["scores"]["tightness"] > 0.9
    assert found["baselines"]["saved_spikes"]["no_recurrence"] > 0.9
    assert found["baselines"]["rmse"]["no_recurrence"] > 3 * found["scores"]["rmse"]
    assert found["spikes"]["used_share"] < 0.1
    assert "at most one" in found["rules"]["balanced"]
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {"spec.toml", "metrics.json", "methods.md", "tracking.png", "currents.png", "controls.png", "runs"}
    assert all((tmp_path / name).read_bytes().startswith(PNG) for name in files if name.endswith("png"))
    assert BalancedSpec.load(tmp_path / "spec.toml").states == 3
    assert json.loads((tmp_path / "metrics.json").read_text()) == found


@pytest.mark.long
def test_the_cue_task_has_all_arms_and_goes_on_with_the_same_bytes(run: Any, tmp_path: Path) -> None:
    ran = run(*TINY, "--seeds", 2, "--out", tmp_path)
    assert ran.code == 0, ran.err
    for arm in (*CUE_ARMS, "raw_input", "ideal_observer"):
        assert f"\n  {arm.replace('_', ' ')} " in ran.out
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert (tmp_path / "table.csv").read_text().startswith("score,of,mean,low,high,seed 0,seed 1\naccuracy,balanced,")
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["baselines"]["accuracy"]["ideal_observer"] == 1.0
    assert set(metrics["rules"]) == set(CUE_ARMS)
    for path in sorted(before)[::2]:
        if path.name != "settings.json":
            path.unlink()
    again = run(*TINY, "--seeds", 2, "--out", tmp_path)
    assert again.code == 0, again.err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    other = run(*TINY, "--seeds", 2, "--shared-noise", "--out", tmp_path)
    assert (other.code, other.out) == (2, "")
    assert "choose another --out" in other.err


@pytest.mark.long
def test_conductances_are_two_more_arms(run: Any) -> None:
    ran = run(*TINY, "--conductances", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)["baselines"]
    assert {"conductances", "conductances_no_recurrence"} <= set(found["accuracy"])
    assert found["tightness"]["conductances"] is None  # its currents are not computed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cues"], "invalid choice 'cues'"),
        (["--network", "reservoir"], "--network = 'reservoir': must be balanced"),
        (["--network", "x" * 5000], "must be balanced"),
        (["--samples", "30"], "--samples = 30: has no effect on tracking"),
        (["--shared-noise"], "--shared-noise = True: has no effect on tracking"),
        (["--conductances"], "--conductances = True: has no effect on tracking"),
        (["cue", "--duration", "30"], "--duration = 30.0: has no effect on cue"),
        (["cue", "--samples", "3"], "--samples = 3: must be"),
        (["cue", "--neurons", "20"], "dimensions = 40: must be from 1 to 20"),
        (["--duration", "nan"], "--duration = nan"),
        (["--duration", "1"], "duration = 1.0: must be at least 4 ms"),
        (["--seeds", "0"], "--seeds = 0"),
        (["--seed", "-1"], "--seed = -1"),
        (["--engine", "exact"], "engine = 'exact'"),
        (["--variant", "HoNHoS"], "--variant = 'HoNHoS': is of reservoirs"),
        (["--set", "matrix=[[1,0,0],[0,1,0],[0,0,1]]"], "must not grow"),
        (["--set", "input_matrix=[[1,0,0],[0,1,0],[0,0,0]]"], "input_matrix = 'rank 2': must have rank 3"),
        (["--set", "decoder_norm=0.00001"], "dt = 0.1: is too long"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_bad_input_is_one_line(words: list[str], said: str, run: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("balance", *words, "--quiet")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 500
    assert said in ran.err
    assert list(tmp_path.iterdir()) == []
