"""The commands from the outside: what they print, what they leave behind, and how they refuse."""

from __future__ import annotations

import inspect
import json
import logging
import os
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_commands import SMALL

import hrsnn
from hrsnn import scripts
from hrsnn.errors import FileError, HrsnnWarning, InputError
from hrsnn.scripts import demo
from hrsnn.scripts.cli import command, report

PNG = b"\x89PNG\r\n\x1a\n"
SCORES = {
    "classify": {"accuracy": {"raw_input", "encoder_counts", "echo_state_network", "no_recurrence", "delay_bank"}},
    "memory": {
        "memory_capacity": {"raw_input", "no_recurrence", "delay_bank"},
        "memory_capacity_v": {"raw_input", "no_recurrence", "delay_bank"},
    },
    "forecast": {
        "nrmse": {"last_value", "linear_autoregression", "echo_state_network", "no_recurrence", "delay_bank"},
        "nrmse_v": {"last_value", "linear_autoregression", "echo_state_network", "no_recurrence", "delay_bank"},
    },
    "measure": {
        "interval_variation": {"no_recurrence"},
        "fano_factor": {"no_recurrence"},
        "synchrony": {"no_recurrence"},
        "branching_parameter": {"no_recurrence"},
        "inhibition_over_excitation": {"with_the_input"},
        "operations": {"of_the_input"},
        "energy_joules": {"truenorth", "spinnaker", "accumulate_45nm", "multiply_accumulate_45nm"},
    },
    "lyapunov": {
        name: {"no_recurrence"} for name in ("largest_exponent", "without_silent_neurons", "kaplan_yorke_dimension")
    },
    "capacity": {
        f"{kind}_capacity{of}": {"raw_input", "no_recurrence"}
        for kind in ("information", "linear", "nonlinear", "memory")
        for of in ("", "_v")
    },
    "map": {
        name: {"no_recurrence", "input_spikes"}
        for name in ("effective_rank", "generalisation_rank", "rank_difference", "separation")
    },
    "rank": {f"{kind}_rank": {"no_recurrence", "input_counts"} for kind in ("effective", "entropy", "numerical")},
}
PICTURES = {
    "classify": {"raster", "time_constants", "accuracy", "confusion", "weights"},
    "memory": {"raster", "time_constants", "memory"},
    "forecast": {"raster", "time_constants", "forecast"},
    "rank": {"raster", "time_constants", "singular_values"},
    "capacity": {"raster", "time_constants", "capacity", "memory"},
    "map": {"map"},
    "lyapunov": {"spectrum", "neurons", "time_constants"},
    "measure": {"raster", "time_constants", "firing"},
}


def folder(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
@pytest.mark.parametrize("verb", SMALL)
def test_json_and_out_folder(verb: str, run: Any, tmp_path: Path) -> None:
    ran = run(verb, *SMALL[verb], "--seed", 3, "--json", "--out", tmp_path / "a")
    assert ran.code == 0, ran.err
    assert ran.out.count("\n") == 1
    metrics = json.loads(ran.out)
    assert metrics["seed"] == 3
    assert set(metrics["versions"]) == {
        "hrsnn",
        "python",
        "numpy",
        "scipy",
        "scikit-learn",
        "brian2",
        "numba",
        "networkx",
        "networkit",
    }
    assert {name: set(beside) for name, beside in metrics["baselines"].items()} == SCORES[verb]
    assert set(metrics["scores"]) == set(SCORES[verb])
    assert all(np.isfinite(value) for value in metrics["scores"].values())
    assert set(metrics["spikes"]) == {"mean_rate", "silent_share", "spikes_per_neuron"}

    files = folder(tmp_path / "a")
    pictures = {f"{name}.png" for name in PICTURES[verb]}
    tables = {"neurons.csv"} if verb in ("measure", "lyapunov") else set()
    assert set(files) == {"spec.toml", "metrics.json", "methods.md", "timing.json", "reservoir.npz"} | tables | pictures
    assert json.loads(files["metrics.json"]) == metrics
    assert all(value > 0 for value in json.loads(files["timing.json"]).values())
    assert all(files[name].startswith(PNG) for name in pictures)
    assert hrsnn.ReservoirSpec.load(tmp_path / "a" / "spec.toml").neurons == 30
    assert hrsnn.Reservoir.load(tmp_path / "a" / "reservoir.npz").neurons == 30

    # the spec that a run leaves behind describes it: the same seed gives the same bytes, but for the time it took
    again = [*SMALL[verb][: SMALL[verb].index("--neurons")], "--spec", tmp_path / "a" / "spec.toml"]
    assert run(verb, *again, "--seed", 3, "--quiet", "--out", tmp_path / "b").code == 0
    others = folder(tmp_path / "b")
    assert {name for name in files if files[name] != others[name]} <= {"timing.json"}


def test_text_shows_each_score_with_its_baselines_and_writes_nothing(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("classify", *SMALL["classify"], "--preset", "dense", "--no-plastic", "--quiet")
    assert ran.code == 0
    assert ran.err == ""
    words = [line[:34].strip() for line in ran.out.splitlines()]
    assert words[1:6] == ["accuracy", "raw input", "encoder counts", "echo state network", "no recurrence"]
    assert list(tmp_path.iterdir()) == []


def test_the_span_of_memory_is_reported_over_the_longest_delay(run: Any) -> None:
    arguments = ["memory", *SMALL["memory"], "--json", "--quiet"]
    found = json.loads(run(*arguments, "--set", "delay_exc=40", "--set", "delay_inh=40").out)
    assert found["span_over_longest_delay"] == {name: span / 40 for name, span in found["span_ms"].items()}
    assert "span_over_longest_delay" not in json.loads(run(*arguments, "--preset", "dense").out)


def test_own_spike_trains(run: Any, tmp_path: Path) -> None:
    labels = np.repeat([0, 1], 20)
    # class 0 spikes on channel 0 and class 1 on channel 1, at 2, 4, ... 38 ms
    times = np.tile(np.arange(2.0, 40.0, 2.0), len(labels))
    channels = np.repeat(labels, 19)
    trains = hrsnn.SpikeTrains(times, channels, np.arange(0, len(times) + 1, 19), n_channels=2, duration=40.0)
    trains.save(tmp_path / "own.npz", labels=labels)
    ran = run("classify", "--task", "file", "--path", tmp_path / "own.npz", "--neurons", 40, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["scores"]["accuracy"] == 1.0


def test_spec_round_trip(run: Any, tmp_path: Path) -> None:
    ran = run("spec", "--set", "tau_m_exc.mean=25", "--set", "tau_exc=4", "--neurons", 50, "--variant", "HoNHeS")
    assert ran.code == 0
    wanted = hrsnn.ReservoirSpec().updated({"tau_m_exc.mean": 25, "tau_exc": 4, "neurons": 50}).variant("HoNHeS")
    assert hrsnn.ReservoirSpec.from_toml(ran.out) == wanted
    assert ran.out.count("\n# ") > 40

    file = tmp_path / "mine.toml"
    assert run("spec", "--neurons", 50, "--out", file).code == 0
    # options that come later in this list win: defaults, --spec, --set, --neurons
    later = run("spec", "--spec", file, "--set", "neurons=60", "--json")
    assert json.loads(later.out)["spec"]["neurons"] == 60
    assert run("spec", "--spec", file, "--out", tmp_path).out == f"written to {tmp_path / 'spec.toml'}\n"


def test_engines_are_listed_and_written(run: Any, root: Path, tmp_path: Path) -> None:
    ran = run("engines", "--json", "--out", tmp_path / "out")
    found = json.loads(ran.out)
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == found
    assert found["engines"]["compiled"]["loads"] is True
    assert found["engines"]["exact"]["can"]["adaptation"] is True
    assert "continuous time" in found["engines"]["exact"]["can"]["grid"]
    assert run("engines").out.startswith("balanced ")
    # the tables of a page are replaced, and nothing else of it
    whole = (root / "docs" / "engines.md").read_text(encoding="utf-8")
    begin, end = whole.index("| name |"), whole.index("<!-- end of engines -->")
    page = tmp_path / "page.md"
    page.write_text(f"{whole[:begin]}old{whole[end:]}", encoding="utf-8")
    assert run("engines", "--page", page).code == 0
    assert page.read_text(encoding="utf-8") == whole
    page.write_text("a page", encoding="utf-8")
    assert "must have the lines <!-- engines" in run("engines", "--page", page).err


def test_a_spec_is_written_into_a_new_folder(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "new" / "deep" / "spec.toml"
    assert run("spec", "--out", file).out == f"written to {file}\n"
    assert hrsnn.ReservoirSpec.load(file) == hrsnn.ReservoirSpec()


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_help_and_complaints_in_any_encoding(root: Path, encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}

    def spec(option: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "hrsnn", "spec", option],
            cwd=root,
            env=environment,
            capture_output=True,
            encoding=encoding,
            check=False,
        )

    assert "--neurons N" in spec("--help").stdout
    assert spec("--nueron").stderr == "hrsnn spec: unrecognized options: --nueron; perhaps you meant --neurons\n"


@pytest.mark.parametrize("arguments", [["--version"], ["classify", "--version"]], ids=str)
def test_version(arguments: list[str], run: Any) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out, ran.err) == (0, f"hrsnn {hrsnn.__version__}\n", "")


def test_help_lists_every_command(run: Any) -> None:
    ran = run("--help")
    assert ran.code == 0
    assert [line[2:17].strip() for line in ran.out.splitlines() if line.startswith("  ")] == list(scripts.COMMANDS)


def test_full_disk(root: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hrsnn", "spec"], cwd=root, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (2, "hrsnn spec: standard output: cannot be written: No space left on device\n")


def test_reader_that_stops_early_is_no_error(root: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "hrsnn", "spec"], cwd=root, stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_notes_and_warnings_are_one_line_each(root: Path) -> None:
    # in a fresh process: libraries that are imported on the way redirect warnings to their own logs
    arguments = ["memory", "--values", "500", "--max-delay", "5", "--neurons", "150"]
    done = subprocess.run([sys.executable, "-m", "hrsnn", *arguments], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "hrsnn memory: warning: 500 values are few" in done.stderr
    assert all(line.startswith("hrsnn memory: ") for line in done.stderr.splitlines()), done.stderr


@dataclass(frozen=True, kw_only=True)
class Stub(command.Command):
    """A command that does what a test wants."""

    does: str = ""

    def run(self) -> command.Outcome:
        print("chatter of a library")
        if self.does == "interrupt":
            raise KeyboardInterrupt
        if self.does == "warn":
            logging.getLogger("hrsnn").info("a note")
            warnings.warn("take care", HrsnnWarning, stacklevel=1)
        if self.does == "fail":
            raise InputError("field", 1, "must be\nsomething else")
        if self.does == "break":
            raise ZeroDivisionError
        return StubOutcome()


class StubOutcome:
    text = "done"

    def metrics(self) -> dict[str, Any]:
        return {"scores": {"x": np.float64(0.5)}, "nothing": float("nan")}

    def write(self, path: Path, /) -> str:
        raise FileError(path, "no space left")


def test_stdout_holds_the_result_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.execute(Stub, ["--json"], prog="stub") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"scores": {"x": 0.5}, "nothing": None}
    assert "chatter" in err


@pytest.mark.parametrize(
    ("arguments", "code", "err"),
    [
        (["--does", "interrupt"], 130, "stub: interrupted\n"),
        (["--does", "fail"], 2, "stub: field = 1: must be something else\n"),
        (["--does", "warn"], 0, "stub: a note\nstub: warning: take care\n"),
        (["--does", "warn", "--quiet"], 0, "stub: warning: take care\n"),
        (["--out", "somewhere"], 2, "stub: somewhere: no space left\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_codes_and_notes(arguments: list[str], code: int, err: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.execute(Stub, arguments, prog="stub") == code
    assert capsys.readouterr().err == "chatter of a library\n" + err


def test_a_mistake_of_the_program_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        command.execute(Stub, ["--does", "break"], prog="stub")


def test_blas_has_one_thread_while_a_command_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from threadpoolctl import threadpool_info

    seen: list[int] = []
    monkeypatch.setattr(
        Stub, "run", lambda self: (seen.extend(pool["num_threads"] for pool in threadpool_info()), StubOutcome())[1]
    )
    assert command.execute(Stub, ["--json"], prog="stub") == 0
    assert seen
    assert set(seen) == {1}


def test_folder_is_filled_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "folder"

    def fill(*, fail: bool) -> None:
        with report.fill_folder(target) as inside:
            (inside / "a.txt").write_text("new")
            if fail:
                raise OSError(28, "No space left on device")
            (inside / "b.txt").write_text("new")

    with pytest.raises(FileError, match="No space left"):
        fill(fail=True)
    assert list(tmp_path.iterdir()) == []
    fill(fail=False)
    (target / "a.txt").write_text("old")
    with pytest.raises(FileError):
        fill(fail=True)
    assert folder(target) == {"a.txt": b"old", "b.txt": b"new"}
    fill(fail=False)
    assert folder(target) == {"a.txt": b"new", "b.txt": b"new"}


#: Sizes of the demonstration in its test.
FEWER = {"_TRAIN": 200, "_TEST": 100, "_VALUES": 1800, "_PARITIES": 300, "_STIMULI": 60, "_COMPARED": 5}


@pytest.mark.parametrize("sizes", [pytest.param({}, marks=pytest.mark.long, id="whole"), pytest.param(FEWER, id="small")])
def test_demo(sizes: dict[str, int], tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in sizes.items():
        monkeypatch.setattr(demo, name, size)
    ran = run("demo", "--neurons", 300, "--quiet", "--out", tmp_path / "demo")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[-1] == f"results and pictures are in {tmp_path / 'demo'}"
    metrics = json.loads((tmp_path / "demo" / "metrics.json").read_text())
    assert metrics["scores"]["accuracy"] > 0.7
    assert metrics["scores"]["memory_capacity"] > metrics["baselines"]["memory_capacity"]["raw_input"]
    assert metrics["scores"]["effective_rank"] > 10
    assert metrics["scores"]["parity_accuracy"] > 0.5
    assert {"no_recurrence", "delay_bank"} < set(metrics["baselines"]["parity_accuracy"])
    assert {path.name for path in (tmp_path / "demo").glob("*.png")} >= {
        "digits_raster.png",
        "digits_confusion.png",
        "digits_weights.png",
        "digits_time_constants.png",
        "memory_memory.png",
        "parity_confusion.png",
    }


def test_lyapunov_maps_the_edge_of_chaos(run: Any, tmp_path: Path) -> None:
    ran = run("lyapunov", *SMALL["lyapunov"], "--count", 2, "--map", "--json", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert len(found["exponents"]) == 2
    assert np.shape(found["map"]["largest"]) == (len(found["map"]["length_scale"]), len(found["map"]["weight_scale"]))
    assert (tmp_path / "out" / "map.png").exists()


CLOSED = ["forecast", "--closed-loop", "--train", "200", "--test", "40", "--neurons", "30"]


def test_a_closed_loop_has_its_valid_times_beside_the_controls(run: Any, tmp_path: Path) -> None:
    ran = run(*CLOSED, "--starts", 4, "--json", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["starts"], found["unit"]) == (4, "Lyapunov times")
    assert found["longest"] == pytest.approx(10 * 0.01 * 0.906)
    assert list(found["scores"]) == [f"valid_time{of}_{limit}" for of in ("", "_v") for limit in (0.05, 0.1, 0.5)]
    models = {"no_recurrence", "last_value", "linear_autoregression", "echo_state_network"}
    for of in ("", "_v"):
        for place, limit in enumerate((0.05, 0.1, 0.5)):
            name, each = f"valid_time{of}_{limit}", found["valid_times"]
            assert found["scores"][name] == pytest.approx(np.mean(each[f"reservoir{of}"], axis=0)[place])
            assert set(found["baselines"][name]) == models
            control = np.mean(each[f"no_recurrence{of}"], axis=0)[place]
            assert found["baselines"][name]["no_recurrence"] == pytest.approx(control)
            assert all(0 <= value <= found["longest"] for value in found["baselines"][name].values())
    to_the_end = {
        name: dict(zip(("0.05", "0.1", "0.5"), shares, strict=True))
        for name, each in found["valid_times"].items()
        if any(shares := (np.array(each) == found["longest"]).mean(axis=0).tolist())
    }
    assert found["censored"] == to_the_end
    title = run(*CLOSED, "--starts", 4).out.splitlines()[0]
    assert "; echo state network right to the end in 100% of the starts" in title
    pictures = {path.stem for path in (tmp_path / "out").glob("*.png")}
    assert pictures == {"raster", "time_constants", "closed_loop", "valid_times"}


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
@pytest.mark.parametrize(("verb", "score"), [("memory", "memory_capacity"), ("capacity", "memory_capacity_v")])
def test_a_capacity_comes_with_its_interval(verb: str, score: str, run: Any) -> None:
    found = json.loads(run(verb, *SMALL[verb], "--json").out)
    low, high = found["interval"][score]
    assert low <= found["scores"][score] <= high
    assert low < high
    line = next(line for line in run(verb, *SMALL[verb]).out.splitlines() if line.startswith(score.replace("_", " ") + "  "))
    assert line.endswith(f"[{low:.4g}, {high:.4g}]")


def test_one_start_has_no_spread_to_draw(run: Any, tmp_path: Path) -> None:
    assert run(*CLOSED, "--starts", 1, "--out", tmp_path / "out").code == 0
    assert not (tmp_path / "out" / "valid_times.png").exists()


def test_a_folder_in_the_way_leaves_everything_as_it_was(run: Any, tmp_path: Path) -> None:
    (tmp_path / "out" / "metrics.json").mkdir(parents=True)
    ran = run("rank", *SMALL["rank"], "--out", tmp_path / "out")
    assert ran.code == 2
    assert "metrics.json: is a folder" in ran.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["metrics.json"]


def test_without_stdp_there_is_no_before_and_after(run: Any, tmp_path: Path) -> None:
    assert run("classify", *SMALL["classify"], "--no-plastic", "--out", tmp_path / "out").code == 0
    assert not (tmp_path / "out" / "weights.png").exists()


def test_out_of_memory_is_one_line(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise MemoryError("Unable to allocate 1 EiB")

    monkeypatch.setattr("hrsnn.analysis.protocols.ranks.build_network", refuse)
    ran = run("rank", *SMALL["rank"])
    assert ran.code == 2
    assert "not enough memory" in ran.err
    assert "Traceback" not in ran.err


def test_the_manual_says_which_commands_make_no_networks_and_which_go_on(root: Path) -> None:
    text = (root / "docs" / "commands.md").read_text()
    without = {name for name in scripts.COMMANDS if not issubclass(scripts.find(name), command.Command)}
    listed = text.partition("The commands that have none of these are ")[2].partition(";")[0]
    assert set(re.findall(r"`([a-z_]+)`", listed)) == without - {"sweep"}  # which has a line of its own
    keeps = {name for name in scripts.COMMANDS if "KeptRuns(" in Path(inspect.getfile(scripts.find(name))).read_text()}
    goes_on = text.rstrip().splitlines()[-1]
    stored = text.partition(" store each run in its own file")[0].splitlines()[-1]
    assert {name for name in keeps if f"`{name}`" not in goes_on} == set()
    assert {name for name in keeps if f"`hrsnn {name}`" not in stored} <= {"deep attack"}
