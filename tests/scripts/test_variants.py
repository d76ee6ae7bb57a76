"""The comparison of the four variants: each run, and the command that goes on where it was stopped."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from fsdd_adapter import write_recordings

from hrsnn import ReservoirSpec
from hrsnn.analysis import UndefinedWarning, fewest_pairs
from hrsnn.analysis.studies.variant_claims import judge_claims
from hrsnn.analysis.studies.variants import SCORES_OF_KIND, VariantRun, VariantSizes, run_variant
from hrsnn.errors import InputError
from hrsnn.presets import VARIANTS
from hrsnn.scripts.cli import command
from hrsnn.scripts.variants import Variants
from hrsnn.tasks import TaskChoice
from hrsnn.tasks.declaration import KINDS

SMALL = VariantSizes(train=40, test=20, values=600, max_delay=5, series_train=200, series_test=50)
SPEC = ReservoirSpec.preset("dense", neurons=40)
SHARED = {"mean_rate", "silent_share", "spikes_per_neuron", "effective_dimension", "efficiency"}
OWN = {
    "memory": {"memory_capacity", "memory_capacity_v"},
    "digits": {"accuracy", "effective_rank", "entropy_rank", "generalisation_gap", "third_order_correlation"},
    "lorenz63": {"nrmse", "nrmse_v"},
}
OPTIONS = ["--neurons", "30", "--train", "20", "--test", "20", "--values", "600", "--series", "100", "--quiet"]


def small(task: str, variant: str = "HeNHeS", recurrent: bool = True, seed: int = 3, spec: ReservoirSpec = SPEC) -> Any:
    return run_variant(VariantRun(task, variant, recurrent, seed), spec, SMALL)


@pytest.mark.parametrize("task", OWN)
def test_scores_of_a_run(task: str) -> None:
    scores = small(task)
    assert set(scores) == SHARED | OWN[task]
    assert scores == small(task)
    gain = {"memory": "memory_capacity", "digits": "accuracy"}.get(task)
    worth = scores[gain] if gain else 1 / scores["nrmse"]
    assert scores["efficiency"] == pytest.approx(worth / scores["spikes_per_neuron"])


@pytest.mark.parametrize("task", OWN)
def test_each_switch_changes_a_run(task: str) -> None:
    runs = [small(task, variant) for variant in VARIANTS]
    assert len({json.dumps(run) for run in runs}) == 4
    assert small(task, recurrent=False) != runs[-1]


@pytest.mark.parametrize("task", ["memory", "lorenz63"])
def test_without_links_an_analog_series_leaves_stdp_nothing_to_change(task: str) -> None:
    assert small(task, "HoNHoS", recurrent=False) == small(task, "HoNHeS", recurrent=False)
    assert small(task, "HoNHoS", recurrent=False) != small(task, "HeNHoS", recurrent=False)


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
def test_a_silent_reservoir_has_scores_and_no_efficiency() -> None:
    silent = SPEC.updated({"i_bias": 0, "v_start": 0, "v_threshold": 10_000})
    with pytest.warns(UndefinedWarning):
        scores = small("digits", spec=silent)
    assert scores["accuracy"] == pytest.approx(0.1, abs=0.06)  # ten classes, one of them named
    assert scores["mean_rate"] == 0
    assert scores["efficiency"] != scores["efficiency"]


def test_spoken_digits(data_folder: Path, tmp_path: Path) -> None:
    write_recordings(data_folder, tmp_path, indices=range(3, 8), speakers={"theo"}, digits=range(3))
    sizes = VariantSizes(train=9, test=6)
    run = VariantRun("fsdd", "HeNHeS", True, 0)
    assert run_variant(run, SPEC, sizes, choice=TaskChoice("fsdd", {"path": tmp_path}))["mean_rate"] > 0
    with pytest.raises(InputError, match="path"):
        run_variant(run, SPEC, sizes)


@pytest.mark.parametrize(
    ("run", "match"),
    [
        (("digit", "HeNHeS", True, 0), r"task = 'digit': did you mean 'digits'\? must be one of"),
        (("digits", "HeHe", True, 0), "variant"),
        (("digits", "HeNHeS", True, -1), "seed"),
        (("digits", "HoNHeS", True, 0, False, "tau"), "matched_by = 'tau': must be one of input, bias, weights, or empty"),
        (("digits", "HeNHeS", True, 0, False, "bias"), "is for recurrent variants with homogeneous neurons"),
        (("digits", "HoNHeS", False, 0, False, "bias"), "is for recurrent variants with homogeneous neurons"),
    ],
)
def test_bad_runs(run: Any, match: str) -> None:
    with pytest.raises(InputError, match=match):
        VariantRun(*run)


def compare(out: Path, *more: str) -> int:
    return command.execute(Variants, [*OPTIONS, "--tasks", "memory", "--seeds", "2", "--out", str(out), *more])


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("variants") / "finished"
    assert compare(out) == 0
    return out


def test_out_folder(finished: Path) -> None:
    names = set(files(finished))
    assert {"spec.toml", "metrics.json", "table.csv", "report.md", "seeds.png", "claims.png"} < names
    runs = [name for name in names if name.startswith("runs/")]
    assert len(runs) == 1 + len(VARIANTS) * 3 * 2  # the settings; variants, with links, without, and the delay bank; seeds

    metrics = json.loads((finished / "metrics.json").read_text())
    table = list(csv.DictReader((finished / "table.csv").open()))
    one = json.loads((finished / "runs" / "memory-HoNHeS-uncoupled-1.json").read_text())
    row = next(row for row in table if (row["score"], row["of"]) == ("memory mean_rate", "HoNHeS W=0"))
    assert float(row["seed 1"]) == one["mean_rate"]
    assert metrics["baselines"]["memory mean_rate"]["HoNHeS W=0"] == float(row["mean"])
    assert metrics["scores"]["memory mean_rate"].keys() == set(VARIANTS)
    assert {claim["task"] for claim in metrics["claims"]} == {"memory"}
    # two pairs can decide nothing
    assert {claim["verdict"] for claim in metrics["claims"]} == {"no verdict possible"}
    report = (finished / "report.md").read_text()
    assert report.count("| no verdict possible |") == len(metrics["claims"])
    assert report.count("\n| ") == 2 + len(metrics["claims"]) + 2 + 5 - 1


def test_what_the_seeds_can_decide_is_said_before_the_first_run(
    finished: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise InputError("runs", 0, "are not made here")

    monkeypatch.setattr(Variants, "all_of", stop)
    claims = len(json.loads((finished / "metrics.json").read_text())["claims"])
    options = [*(one for one in OPTIONS if one != "--quiet"), "--tasks", "memory", "--seeds", "2"]
    assert command.execute(Variants, options, prog="variants") == 2
    said = f"variants: with 2 seeds no verdict is possible: families of {claims} need {fewest_pairs(claims)} seeds"
    assert capsys.readouterr().err.splitlines()[0] == said


@pytest.mark.slow
def test_any_number_of_jobs_gives_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    assert compare(tmp_path / "out", "--jobs", "2") == 0
    assert files(tmp_path / "out") == files(finished)


@pytest.mark.slow
def test_a_killed_comparison_goes_on_to_the_same_end(finished: Path, tmp_path: Path, root: Path) -> None:
    out = tmp_path / "out"
    arguments = ["variants", *OPTIONS, "--tasks", "memory", "--seeds", "2", "--out", str(out)]
    running = subprocess.Popen([sys.executable, "-m", "hrsnn", *arguments], cwd=root, start_new_session=True)
    end = time.monotonic() + 120
    while len(list(out.glob("runs/memory-*.json"))) < 3 and running.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    done = {path: path.stat().st_mtime_ns for path in out.glob("runs/*-*.json")}
    assert 3 <= len(done) < 16
    assert not (out / "metrics.json").exists()

    assert compare(out) == 0
    assert {name: content for name, content in files(out).items() if "/." not in name} == files(finished)
    assert {path: path.stat().st_mtime_ns for path in done} == done  # what was there was not done again


def test_the_runs_of_other_settings_are_not_mixed_in(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(finished)
    for options, name in (
        (["--values", "700"], "sizes"),
        (["--set", "tau_exc=4"], "spec"),
        (["--engine", "compiled"], "engine"),
    ):
        assert compare(finished, *options) == 2
        assert f"were made with other settings: {name}" in capsys.readouterr().err
    assert files(finished) == before


@pytest.mark.parametrize("damage", ["", "[]", '{"x": 1'])
def test_a_damaged_run_is_named(damage: str, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs").mkdir()
    for path in finished.glob("runs/*.json"):
        (tmp_path / "runs" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "runs" / "memory-HeNHeS-recurrent-1.json").write_text(damage)
    assert compare(tmp_path) == 2
    error = capsys.readouterr().err
    assert "memory-HeNHeS-recurrent-1.json" in error
    assert "delete it" in error


def test_every_task_is_known_to_the_report() -> None:
    from hrsnn.scripts.reports import variants_report

    assert set(variants_report._SHOWN) == set(SCORES_OF_KIND) == set(KINDS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seeds", "1"], "--seeds = 1: must be a whole number >= 2"),
        (["--jobs", "0"], "jobs = 0"),
        (["--tasks", "digit"], "--tasks = 'digit': did you mean 'digits'? must be one of"),
        (["--tasks", "fsdd"], "--path = None: task 'fsdd' needs it"),
        (["--variant", "HeNHeS"], "--variant = 'HeNHeS': cannot be given"),
        (["--values", "-5"], "values = -5"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_options(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.execute(Variants, [*options, "--neurons", "20"], prog="variants") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error


def test_with_delays_the_delay_bank_is_a_control_too(tmp_path: Path) -> None:
    delays = ["--preset", "dense", "--set", "delay_exc={kind='uniform',low=1,high=60}"]
    assert compare(tmp_path / "out", *delays) == 0
    table = (tmp_path / "out" / "table.csv").read_text()
    rates = {
        line.split(",")[1]: float(line.split(",")[2]) for line in table.splitlines() if line.startswith("memory mean_rate,")
    }
    assert set(rates) == {f"{variant}{suffix}" for variant in VARIANTS for suffix in ("", " W=0", " delay bank")}
    for variant in VARIANTS:
        # matched under part of the input, before STDP
        assert rates[f"{variant} delay bank"] == pytest.approx(rates[variant], rel=0.15)
    assert len(list((tmp_path / "out" / "runs").glob("memory-*-delay_bank-*.json"))) == 2 * len(VARIANTS)


@pytest.mark.parametrize("matched_by", ["input", "bias", "weights"])
def test_a_matched_twin_has_the_rate_of_the_heterogeneous_network(matched_by: str) -> None:
    spec = ReservoirSpec(neurons=90)
    het, hom = (run_variant(VariantRun("memory", f"{one}NHeS", True, 3), spec, SMALL) for one in ("He", "Ho"))
    twin = run_variant(VariantRun("memory", "HoNHeS", True, 3, matched_by=matched_by), spec, SMALL)
    assert set(twin) == set(hom) | {"rate_error"}
    assert abs(twin["rate_error"]) <= 0.02
    # matched on the first 500 values, before STDP; measured on all, after it
    assert abs(twin["mean_rate"] / het["mean_rate"] - 1) < 0.5 * abs(hom["mean_rate"] / het["mean_rate"] - 1)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the bootstrap of equal differences
def test_a_claim_is_judged_against_the_best_twin() -> None:
    """Of twins of known scores: the difference that is smallest in the claimed direction, for a gain and for a loss."""
    scores = {}
    for seed in range(8):
        for variant in VARIANTS:
            for recurrent in (True, False):
                level = 5.0 if variant.startswith("He") else 1.0
                names = (*SCORES_OF_KIND["memory"], *SHARED)
                scores[VariantRun("memory", variant, recurrent, seed)] = dict.fromkeys(names, level + 0.01 * seed)
            for matched_by, level in (("input", 2.0), ("bias", 4.5), ("weights", 3.0)):
                if variant.startswith("Ho"):
                    run = VariantRun("memory", variant, True, seed, matched_by=matched_by)
                    scores[run] = dict.fromkeys(names, level + 0.01 * seed) | {"rate_error": 0.0}
    found = {one.claim.score: one for one in judge_claims(scores) if one.claim.hypothesis == "C(het) >= C(hom)"}
    assert {one.matched_by for one in found.values()} == {"bias"}
    assert found["memory_capacity"].test.mean == pytest.approx(0.5)
    assert found["memory_capacity"].control.mean == pytest.approx(4.0)


def test_match_best_reports_all_twins(tmp_path: Path) -> None:
    assert compare(tmp_path / "out", "--match", "best") == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    twins = {f"{v}, rate matched by {by}" for v in ("HoNHoS", "HoNHeS") for by in ("input", "bias", "weights")}
    assert twins <= set(metrics["baselines"]["memory mean_rate"])
    assert {claim["matched_by"] for claim in metrics["claims"]} <= {"input", "bias", "weights"}


def test_match_psp_normalises_every_variant(tmp_path: Path) -> None:
    assert compare(tmp_path / "out", "--match", "psp") == 0
    assert ReservoirSpec.load(tmp_path / "out" / "spec.toml").psp_normalised is True


def test_a_bank_is_of_a_network_with_delays() -> None:
    with pytest.raises(InputError, match="is a control: recurrent must be false"):
        VariantRun("memory", "HeNHeS", True, 0, delay_bank=True)
    with pytest.raises(InputError, match="and this one has none"):
        run_variant(VariantRun("memory", "HeNHeS", False, 0, delay_bank=True), SPEC, VariantSizes(values=600, max_delay=4))
