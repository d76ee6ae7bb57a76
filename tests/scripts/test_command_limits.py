"""What is too large on the command line is refused in one line, before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from hrsnn import scripts
from hrsnn.validation import limits

pytestmark = pytest.mark.usefixtures("in_time")


# --- commands

COMMANDS = [
    (["memory", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["variants", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["importance", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["pruning_curve", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["pruning_curve", "--iterations", "1000000000000"], "--iterations = 1000000000000: number of seeds"),
    (["reproduce", "fig10", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["reproduce", "fig10", "--option", "iterations=1000000000000"], "--option iterations = 1000000000000: number of seeds"),
    (["reproduce", "fig10", "--option", "train=1000000000000"], "--option train = 1000000000000: the task lorenz63"),
    (["prune", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["prune", "--iterations", "1000000000000"], "--iterations = 1000000000000: number of seeds"),
    (["search", "--fresh", "1000000000000"], "--fresh = 1000000000000: number of seeds"),
    (["search", "--seeds", "1000000000000"], "seeds = 1000000000000: number of seeds"),
    (["search", "--batch", "1000000000000"], "batch = 1000000000000: number of seeds"),
    (["map", "--points", "1000000"], "--points = 1000000000000: number of seeds"),
    (["map", "--repeats", "1000000000000"], "--repeats = 1000000000000: number of seeds"),
    (["map", "--copies", "1000000000000"], "copies = 1000000000000: the copies would take"),
    (["rank", "--stimuli", "1000000000000"], "--stimuli = 1000000000000: must be from 10"),
    (["measure", "--stimuli", "1" + "0" * 29], "must be at most 1000000000000000"),
    (["measure", "--neurons", "30", "--window", "1e-300"], "width = 1e-300: the counts"),
    (["memory", "--values", "1000000000000000"], "values = 1000000000000000: the task would take about 7.11 PiB"),
    (["memory", "--values", "1e20"], "error parsing --values: '1e20' is no whole number"),
    (["memory", "--hold", "1e20"], "hold = 1e+20: duration of one stimulus must be at most 1000000000 ms"),
    (["memory", "--seed", "1" + "0" * 400], "must be below 2^128"),
    (["variants", "--series", "1000000000000"], "--series = 1000000000000: a series"),
    (["forecast", "--train", "1000000000000"], "a series of 1000000005201 values"),
    (["lyapunov", "--neurons", "30", "--duration", "1e20"], "duration = 1e+20: duration of one stimulus"),
    (["lyapunov", "--neurons", "30", "--count", "1000000000000"], "count = 1000000000000: must be at most 90"),
    (["prune", "--neurons", "30", "--duration", "1e20"], "duration = 1e+20: duration of one stimulus"),
    (["memory", "--neurons", "10000000", "--set", "connectivity=random"], "neurons = 10000000: a network of 5e+12 links"),
    (["spec", "--set", "x" * 300 + "=1"], "has 300 characters: length of a name"),
    (["prune", "--option", "x" * 300 + "=1"], "has 300 characters: length of a name"),
]


@pytest.mark.parametrize(
    ("words", "said"), COMMANDS, ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else ""
)
def test_a_command_refuses_in_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "machine_memory", lambda: 24 * 2**30)
    assert scripts.main([*words, "--quiet"]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("verb", scripts.COMMANDS)
@pytest.mark.parametrize("name", ["o" * 300, "\N{PILE OF POO}" * 100, "a/" * 3000], ids=["characters", "bytes", "path"])
def test_a_name_that_is_too_long_is_refused_before_the_work(
    verb: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    needed = {
        "reproduce": ["fig10"],
        "predict": ["model.npz", "data.csv"],
        "sweep": ["memory", "--over", "neurons=20"],
        "collect": ["."],
        "report": ["."],
    }
    assert scripts.main([verb, *needed.get(verb, []), "--out", name, "--quiet"]) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "has a name of 300 characters" in shown or "File name too long" in shown
    assert list(tmp_path.iterdir()) == []
