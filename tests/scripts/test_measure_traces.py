"""``hrsnn measure --traces``: what it writes, and where it has no effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import Reservoir
from hrsnn.recording import Traces

TINY = ["measure", "--neurons", 20, "--stimuli", 20, "--set", "adaptation=1", "--quiet"]


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
def test_traces_are_written_with_their_picture(run: Any, tmp_path: Path) -> None:
    ran = run(*TINY, "--traces", 2, "--out", tmp_path)
    assert ran.code == 0, ran.err
    assert (tmp_path / "traces.png").read_bytes().startswith(b"\x89PNG")
    traces = Traces.load(tmp_path / "traces.npz")
    assert traces.v.shape == (1, 20 * 20 * 2, 2)  # values of 20 ms in steps of 0.5 ms
    assert traces.currents.any()
    threshold = Reservoir.load(tmp_path / "reservoir.npz").v_threshold[traces.neurons]
    assert (traces.v <= np.maximum(threshold, traces.v[:, :1])).all()  # v is reset within the step of a spike


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--traces", 2], "--traces = 2: needs --out DIR"),
        (["--traces", 2, "--seeds", 2, "--out", "x"], "--traces = 2: cannot be given with --seeds"),
        (["--traces", 21, "--out", "x"], "traces = 21: must be at most 20"),
        (["--traces", -1, "--out", "x"], "traces = -1: must be a whole number >= 0"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_refusals(words: list[Any], said: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*TINY, *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
