"""``--seeds`` and ``--jobs``: each seed as if it had run alone, with means, intervals, a table and a picture."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from small_commands import SMALL as COMMANDS

from hrsnn import ReservoirSpec, build, scripts
from hrsnn.analysis import mean_interval
from hrsnn.analysis.scoring.registry import bounds_of, declared_name
from hrsnn.errors import InputError
from hrsnn.scripts.cli import command, report
from hrsnn.scripts.cli.repeats import Repeatable

#: The smallest run of each command that repeats.
SMALL = {verb: options for verb, options in COMMANDS.items() if issubclass(scripts.find(verb), Repeatable)}
FILES = {"spec.toml", "metrics.json", "methods.md", "timing.json", "table.csv", "seeds.png"}


def run(verb: str, *arguments: object) -> int:
    return scripts.main([verb, *SMALL[verb], "--quiet", *map(str, arguments)])


def metrics_of(folder: Path) -> Any:
    """With nan where a number is not defined."""
    text = (folder / "metrics.json").read_text().replace("null", "NaN")
    return json.loads(text)


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
@pytest.mark.parametrize("verb", [pytest.param(verb, marks=[pytest.mark.long] * (verb == "classify")) for verb in SMALL])
def test_a_repeat_is_the_single_runs_put_together(verb: str, tmp_path: Path) -> None:
    for seed in (4, 5):
        assert run(verb, "--seed", seed, "--out", tmp_path / f"{seed}") == 0
    assert run(verb, "--seed", 4, "--seeds", 2, "--jobs", 2, "--out", tmp_path / "both") == 0
    assert {path.name for path in (tmp_path / "both").iterdir()} == FILES

    singles = [metrics_of(tmp_path / f"{seed}") for seed in (4, 5)]
    repeat = metrics_of(tmp_path / "both")
    assert (repeat["seed"], repeat["seeds"], repeat["versions"]) == (4, [4, 5], singles[0]["versions"])
    assert repeat.get("task") == singles[0].get("task")
    for name in singles[0]["scores"]:
        values = [single["scores"][name] for single in singles]
        np.testing.assert_equal(repeat["per_seed"]["scores"][name], values)
        np.testing.assert_equal(repeat["scores"][name], np.mean(values))
        # the memory capacity of five delays is at most 5
        bounds = (0.0, 5.0) if verb == "memory" else bounds_of(name)
        np.testing.assert_equal(repeat["interval"]["scores"][name], mean_interval(values, bounds=bounds))
        assert declared_name(name) is not None, name
        for beside in singles[0]["baselines"][name]:
            values = [single["baselines"][name][beside] for single in singles]
            np.testing.assert_equal(repeat["per_seed"]["baselines"][name][beside], values)
            np.testing.assert_equal(repeat["baselines"][name][beside], np.mean(values))
    assert repeat["per_seed"]["spikes"]["mean_rate"] == [single["spikes"]["mean_rate"] for single in singles]

    with (tmp_path / "both" / "table.csv").open() as file:
        table = list(csv.DictReader(file))
    first = table[0]
    assert first["of"] == "reservoir"
    assert [float(first["seed 4"]), float(first["seed 5"])] == repeat["per_seed"]["scores"][first["score"]]
    assert [float(first[name]) for name in ("low", "high")] == repeat["interval"]["scores"][first["score"]]


def test_any_number_of_jobs_gives_the_same_bytes(tmp_path: Path) -> None:
    for jobs in (1, 3):
        assert run("rank", "--seeds", 3, "--jobs", jobs, "--out", tmp_path / f"{jobs}") == 0
    one, three = ({name: (tmp_path / jobs / name).read_bytes() for name in FILES} for jobs in ("1", "3"))
    assert {name for name in FILES if one[name] != three[name]} <= {"timing.json"}


@dataclass(frozen=True, kw_only=True)
class Stub(Repeatable):
    """A command whose score is its seed."""

    def run(self) -> report.Report:
        if self.seed == 13:
            raise InputError("field", self.seed, "must be luckier")
        spec = ReservoirSpec(neurons=10)
        return report.Report(
            title=f"stub, seed {self.seed}",
            seed=self.seed,
            spec=spec,
            reservoir=build(spec, 0, channels=1),
            scores={"score": float(self.seed)},
            baselines={"score": {"chance": 1.0}},
            spikes={"mean_rate": 2.0 * self.seed},
            draw=lambda: {"picture": Figure()},
            timing={},
            details={"same": [1, 2], "other": self.seed, "nothing": float("nan")},
        )


def stub(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command.execute(Stub, arguments, prog="stub")
    return code, *capsys.readouterr()


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = stub(capsys, "--seed", "1", "--seeds", "5")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (code, err) == (0, "stub: seeds 1 to 5 ...\n")
    assert lines == [
        "stub, seeds 1 to 5",
        "mean [95 % of Student's t over the seeds, within the bounds of the score]",
        "score 3 no unit [1.037, 4.963]",  # of 1, 2, 3, 4, 5
        "chance 1 no unit [1, 1]",
        "mean rate 6 Hz [3.118, 11.54]",
    ]


def test_details_that_seeds_share_stand_once(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = json.loads(stub(capsys, "--seeds", "2", "--json")[1])
    assert metrics["same"] == [1, 2]
    assert "other" not in metrics
    assert metrics["per_seed"]["other"] == [0, 1]


def test_one_seed_is_as_ever(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, out, _ = stub(capsys, "--seed", "7", "--jobs", "2", "--json", "--out", str(tmp_path / "out"))
    assert json.loads(out)["scores"] == {"score": 7.0}
    assert (tmp_path / "out" / "reservoir.npz").exists()
    assert (tmp_path / "out" / "picture.png").exists()
    assert not (tmp_path / "out" / "table.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "0"], "--seeds = 0: must be a whole number >= 1"),
        (["--jobs", "0"], "--jobs = 0: must be a whole number >= 1"),
        (["--seed", "12", "--seeds", "3"], "field = 13: must be luckier (in task 13)"),
        (["--seed", "12", "--seeds", "3", "--jobs", "2"], "field = 13: must be luckier (in task 13)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = stub(capsys, *arguments, "--quiet")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err
