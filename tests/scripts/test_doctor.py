"""``hrsnn doctor``: what it prints, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hrsnn import scripts
from hrsnn.diagnosis import equal_spikes, installation, machine
from hrsnn.diagnosis.finding import Finding


@pytest.mark.parametrize("engines", [["compiled"], pytest.param([], marks=pytest.mark.long)], ids=["compiled", "all"])
def test_on_this_machine_the_engines_have_equal_spikes(
    engines: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if engines:
        monkeypatch.setattr(equal_spikes, "_others", lambda reservoir: iter(engines))
    monkeypatch.setattr(machine, "compiler", lambda: Finding("machine", "C++ compiler", "note", "not tried"))
    monkeypatch.setattr(installation, "installation", list)  # of the environment, not of the code
    assert scripts.main(["doctor", "--json", "--quiet", "--out", str(tmp_path)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == json.loads((tmp_path / "metrics.json").read_text())
    assert shown["passed"]
    found = {one["subject"]: one for one in shown["findings"] if one["group"] == "equal spikes"}
    assert set(found) >= {"brian2-numpy", "compiled"}
    assert int(found["brian2-numpy"]["value"].split()[2]) > 300  # a silent network would prove nothing


@pytest.mark.parametrize(
    ("state", "code", "last"),
    [("ok", 0, "all checks passed"), ("note", 0, "all checks passed; 1 note"), ("failed", 1, "1 of 1 checks failed")],
)
def test_the_exit_code_is_1_where_a_check_failed(
    state: str, code: int, last: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "machine", list)
    monkeypatch.setattr(equal_spikes, "equal_spikes", list)
    found = Finding("packages", "numpy", state, "1.0", "" if state == "ok" else "pip install 'numpy>=2'")  # type: ignore[arg-type]
    monkeypatch.setattr(installation, "installation", lambda: [found])
    assert scripts.main(["doctor", "--quiet"]) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == last
    assert ("-> pip install 'numpy>=2'" in " ".join(lines)) == (state != "ok")
