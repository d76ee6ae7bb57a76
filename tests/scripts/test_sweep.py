"""Sweeps over values and seeds, results of many folders in one table, and tables read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import FileError, InputError, ReservoirSpec, load_results
from hrsnn.scripts.cli.sweep_axes import MOST_RUNS, axes_of
from hrsnn.scripts.reports.sweep_report import SweepReport, SweptRun

_TINY = ["memory", "--neurons", 30, "--values", 500, "--max-delay", 4, "--seeds", 2]
_OVER = ["--over", "weight_scale=2,6", "--over", "delay_exc.high=50,200"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=2,4,8", ["2", "4", "8"]),
        ("a=10..30:10", ["10", "20", "30"]),
        ("a=0.1..0.3:0.1", ["0.1", "0.2", "0.3"]),
        ("a=3..1:-1", ["3", "2", "1"]),
        ("a=1..10:4,10", ["1", "5", "9", "10"]),
        ("a=1e-3..2e-3:1e-3", ["0.001", "0.002"]),
        ("a=[1, 2],[3]", ["[1, 2]", "[3]"]),
        ("a={kind = 'gamma', mean = 3}", ["{kind = 'gamma', mean = 3}"]),
        ("a=true,words-with-dash", ["true", "words-with-dash"]),
    ],
)
def test_values_of_a_key(text: str, values: list[str]) -> None:
    (axis,) = axes_of([text], seeds=1)
    assert (axis.key, list(axis.values)) == ("a", values)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "is needed"),
        (["a"], "KEY=VALUE"),
        (["a=1,,2"], "empty value"),
        (["a=1..5"], "without its step"),
        (["a=1..5:0"], "the step must lead"),
        (["a=1..5:-1"], "the step must lead"),
        (["a=1..x:1"], "must be numbers"),
        (["a=1..inf:1"], "the step must lead"),
        (["a=1", "a=2"], "given twice"),
        (["a=1..1000000:1"], "makes 1e+06 runs or more"),
        (["a=1..1e300:1e-300"], "runs or more"),
        (["a=1..400:1", "b=1..400:1"], "runs or more"),
        (["a=2,3,2"], "has the value 2 twice"),
        (["a=1,1.0"], "has the value 1 twice"),
        (["a=1..3:1,3..5:1"], "has the value 3 twice"),
        (["a=x,y,x"], "has the value x twice"),
    ],
)
def test_keys_and_values_that_cannot_be(texts: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        axes_of(texts, seeds=1)
    assert message in str(caught.value)
    assert len(axes_of([f"a=1..{MOST_RUNS}:1"], seeds=1)[0].values) == MOST_RUNS


def test_a_sweep_is_the_runs_of_its_command(tmp_path: Path, run: Any) -> None:
    out = tmp_path / "sweep"
    assert run("sweep", *_TINY, *_OVER, "--out", out).code == 0
    table = load_results(out)
    assert len(np.unique(np.stack([table["weight_scale"], table["delay_exc.high"], table["seed"]]), axis=1).T) == 8
    single = [word if word != 2 else 1 for word in _TINY]
    settings = ["--set", "weight_scale=6", "--set", "delay_exc.high=50", "--seed", 1]
    alone = json.loads(run(*single, *settings, "--json").out)
    ours = table.where(weight_scale=6, seed=1, score="memory_capacity").where(**{"delay_exc.high": 50})
    assert ours.where(of="network")["value"].tolist() == [alone["scores"]["memory_capacity"]]
    for of, value in alone["baselines"]["memory_capacity"].items():
        assert ours.where(of=of)["value"].tolist() == [value]
    found = load_results(out / "means.csv").where(weight_scale=6, score="memory_capacity", of="network")
    values = table.where(weight_scale=6, score="memory_capacity", of="network")
    np.testing.assert_allclose(found["mean"][0], values.where(**{"delay_exc.high": 50})["value"].mean())
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert {"sweep.png", "map.png", "table.csv", "means.csv", "metrics.json"} <= set(before)
    # as after a kill: what is kept is not repeated, and the result has the same bytes
    kept = sorted(path for path in (out / "runs").iterdir() if path.name != "settings.json")
    assert len(kept) == 8
    times = {path: path.stat().st_mtime_ns for path in kept[1:]}
    kept[0].unlink()
    assert run("sweep", *_TINY, *_OVER, "--out", out, "--jobs", 2).code == 0
    assert {path: path.stat().st_mtime_ns for path in kept[1:]} == times
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
    # a seed more
    more = ["--over", "weight_scale=6", "--over", "delay_exc.high=50", "--seeds", 3]
    assert run("sweep", *_TINY[:-2], *more, "--out", out).code == 0
    assert len(list((out / "runs").glob("*.json"))) == 10
    refused = run("sweep", *_TINY, "--values", 600, *_OVER, "--out", out)
    assert refused.code == 2
    assert "with other settings: options.values 500 (now 600): choose another --out" in refused.err


@pytest.mark.parametrize(
    ("over", "message"),
    [
        (["task.bands=2,6"], "--over = 'task.bands': is no option of the task digits"),
        (["task.digits.bands=2"], "--over = 'task.digits.bands': is no option"),
        (["task.test_share=x"], "--over task.test_share = 'x': must be a number"),
        (["task.test_share=2"], "test_share = 2: must be between 0 and 1 (at task.test_share=2, seed 0)"),
        (["task=digitz"], "did you mean 'digits'"),
    ],
)
def test_a_refused_sweep_leaves_nothing_behind(over: list[str], message: str, tmp_path: Path, run: Any) -> None:
    found = run("sweep", "classify", "--neurons", 20, "--over", *over, "--seeds", 1, "--out", tmp_path / "out")
    assert (found.code, found.out) == (2, "")
    assert message in found.err
    assert ("1 point, seed 0 ..." in found.err) == ("at task" in message)  # before the first run, or in it
    assert list(tmp_path.iterdir()) == []


def test_pictures_have_units_and_the_raw_input() -> None:
    scores = {"scores": {"memory_capacity": 1.0}, "spikes": {}}
    numbers = {**scores, "baselines": {"memory_capacity": {"no_recurrence": 0.5, "raw_input": 0.1}}}
    values = [(high, scale) for high in ("50", "200") for scale in ("2", "6")]
    drawn = SweepReport(
        command="memory",
        options={},
        swept=(),
        spec=ReservoirSpec(),
        engine="auto",
        keys=("delay_exc.high", "weight_scale"),
        seeds=(0,),
        runs=[SweptRun(one, 0, numbers) for one in values],
    ).draw()
    first, second = drawn["sweep"].axes
    assert (first.get_xlabel(), second.get_xlabel()) == ("delay_exc.high (ms)", "weight_scale")
    assert first.get_ylabel() == "Memory capacity\n(values)"
    assert [text.get_text() for text in drawn["sweep"].legends[0].get_texts()] == ["network", "no recurrence", "raw input"]
    assert drawn["map"].axes[0].get_xlabel() == "delay_exc.high (ms)"


def test_points_are_told_one_after_another(run: Any) -> None:
    found = run("sweep", *_TINY[:-2], "--seeds", 1, "--over", "weight_scale=2,6")
    assert [line.removeprefix("hrsnn sweep: ") for line in found.err.splitlines()] == [
        "2 points, seed 0 ...",
        "point 1 of 2: weight_scale=2",
        "point 2 of 2: weight_scale=6",
    ]
    assert found.out.splitlines()[0] == "memory at 2 points, seed 0: memory capacity"
    assert run("sweep", *_TINY[:-2], "--seeds", 1, "--over", "weight_scale=2", "--quiet").err == ""


def test_the_methods_are_those_of_the_swept_command(tmp_path: Path, run: Any) -> None:
    assert run("sweep", *_TINY, "--over", "max_delay=2,3", "--out", tmp_path).code == 0
    text = (tmp_path / "methods.md").read_text()
    for said in (
        "the values of max_delay (2 points)",
        "measured with 500 random values, each held for 20 ms: the sum over the delays of 1 to swept `max_delay` values",
        "means over 2 seeds, with intervals: 95 % of Student's t",
        "| `--over` | max_delay=2,3 |",
        "| `--values` | 500 |",
    ):
        assert said in text
    for option in ("--command", "--rest", "--max-delay"):
        assert f"`{option}`" not in text


def test_options_of_the_command_and_of_the_task_are_keys(run: Any) -> None:
    over = ["--over", "readout=ridge,logistic", "--over", "task.test_share=0.5", "--over", "neurons=20"]
    found = run("sweep", "classify", "--train", 40, "--test", 20, "--no-plastic", *over, "--seeds", 1, "--json")
    assert found.code == 0, found.err
    points = json.loads(found.out)["points"]
    assert {point["readout"] for point in points} == {"ridge", "logistic"}
    assert {point["neurons"] for point in points} == {"20"}


def test_pruned_networks_are_swept_by_their_labels(tmp_path: Path, run: Any) -> None:
    words = ["prune", "--neurons", 30, "--iterations", 2, "--duration", 200, "--over", "synapse_target=0.3,0.6"]
    found = run("sweep", *words, "--method", "random", "--seeds", 1, "--out", tmp_path)
    assert found.code == 0, found.err
    links = load_results(tmp_path).where(score="links", of="random")
    assert links["synapse_target"].tolist() == [0.3, 0.6]
    dense = load_results(tmp_path).where(score="links", of="dense")["value"]
    np.testing.assert_allclose(links["value"], np.round(dense * [0.7, 0.4]), atol=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["memroy", "--over", "neurons=20"], "did you mean 'memory'"),
        (["tasks", "--over", "neurons=20"], "must be one of classify"),
        (["memory"], "--over"),
        (["memory", "--over", "weigth_scale=2"], "did you mean 'weight_scale'"),
        (["memory", "--over", "max_dealy=2"], "did you mean 'max_delay'"),
        (["memory", "--over", "tau_m_exc.men=2"], "tau_m_exc"),
        (["memory", "--over", "neurons=ten"], "is no whole number"),
        (["memory", "--over", "neurons=20,-3"], "neurons = -3"),
        (["memory", "--over", "neurons=20", "--nope", "3"], "unrecognized options: --nope"),
        (["memory", "--over", "neurons=20", "--seeds", "0"], "--seeds"),
        (["memory", "--over", "seed=1,2"], "must be a parameter of the network"),
        (["memory", "--over", "neurons=1..1000000:1"], "at most 100000"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], message: str, run: Any) -> None:
    found = run("sweep", *arguments)
    assert (found.code, found.out) == (2, "")
    assert message in found.err
    assert found.err.count("\n") == 1


def test_folders_are_collected(tmp_path: Path, run: Any) -> None:
    single = [word if word != 2 else 1 for word in _TINY]
    assert run(*single, "--out", tmp_path / "all" / "one").code == 0
    assert run(*_TINY, "--set", "weight_scale=3", "--out", tmp_path / "all" / "two").code == 0
    found = run("collect", tmp_path / "all", "--out", tmp_path / "table")
    assert found.code == 0
    table = load_results(tmp_path / "table")
    assert list(table.columns) == ["folder", "weight_scale", "score", "of", "seed", "value"]
    assert table["seed"].dtype.kind == "i"  # of the single run too
    network = table.where(score="memory_capacity", of="network")
    assert network["weight_scale"].tolist() == [6.0, 3.0, 3.0]
    one = json.loads((tmp_path / "all" / "one" / "metrics.json").read_text())
    two = json.loads((tmp_path / "all" / "two" / "metrics.json").read_text())
    wanted = [one["scores"]["memory_capacity"], *two["per_seed"]["scores"]["memory_capacity"]]
    assert network["value"].tolist() == wanted
    assert run("collect", tmp_path / "none").err == f"hrsnn collect: {tmp_path / 'none'}: does not exist\n"
    (tmp_path / "empty").mkdir()
    assert "holds no results" in run("collect", tmp_path / "empty").err
    assert "is given twice" in run("collect", tmp_path / "all", tmp_path / "all" / "one").err


def test_a_table_of_folders_is_not_collected_again(tmp_path: Path, run: Any) -> None:
    assert run(*_TINY, "--out", tmp_path / "all" / "one").code == 0
    texts = []
    for _ in range(2):  # the second time, the first table is below the folder
        assert run("collect", tmp_path / "all", "--out", tmp_path / "all" / "table").code == 0
        texts.append((tmp_path / "all" / "table" / "table.csv").read_text())
    assert texts[0] == texts[1]
    found = run("collect", tmp_path / "all" / "table")
    assert found.code == 2
    assert "is a table of other folders, which `hrsnn collect` made" in found.err


def _spec(neurons: int, high: float = 200.0) -> str:
    return f"neurons = {neurons}\ndelay_exc = {{ kind = 'uniform', low = 1.0, high = {high} }}\n"


@pytest.mark.parametrize(
    ("files", "columns"),
    [
        (  # the keys of a sweep are parameters of the other network
            {
                "a/metrics.json": '{"scores": {"x": 1}, "seed": 3}',
                "a/spec.toml": _spec(30),
                "b/metrics.json": "{}",
                "b/table.csv": "neurons,delay_exc.high,seed,score,of,value\n20,50,0,x,network,2\n",
                "b/spec.toml": _spec(40),
            },
            {"neurons": [30, 20], "seed": [3, 0], "value": [1, 2], "delay_exc.high": [200, 50]},
        ),
        (  # a table whose column has the name of a parameter, and one whose column has that of the first column
            {
                "a/metrics.json": '{"scores": {"x": 1}, "seed": 3, "seeds": [3, 4]}',
                "a/spec.toml": _spec(30),
                "b/metrics.json": '{"seed": 7}',
                "b/table.csv": "neurons,folder,value\n20,there,2\n",
            },
            {"neurons": [30, 20], "folder in the table": ["", "there"], "seed": [np.nan, 7]},
        ),
        (  # a sweep that replaces a distribution as a whole
            {
                "a/metrics.json": '{"scores": {"x": 1}}',
                "a/spec.toml": _spec(30, 100),
                "b/metrics.json": '{"seed": 7}',
                "b/table.csv": "delay_exc,value\n3,2\n",
                "b/spec.toml": _spec(20),
                "c/metrics.json": '{"scores": {"x": 1}}',
                "c/spec.toml": _spec(30),
            },
            {"delay_exc.high": [100.0, np.nan, 200.0], "delay_exc": [np.nan, 3, np.nan], "neurons": [30, 20, 30]},
        ),
    ],
)
def test_a_column_has_parameters_and_what_tables_say(
    files: dict[str, str], columns: dict[str, list[Any]], tmp_path: Path, run: Any
) -> None:
    for name, text in files.items():
        place = tmp_path / "all" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    assert run("collect", tmp_path / "all", "--out", tmp_path / "table").code == 0
    table = load_results(tmp_path / "table")  # refuses two columns of one name
    for name, values in columns.items():
        np.testing.assert_array_equal(table[name], values)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("table.csv", "a,b\n1\n", "1 cells in row 2"),
        ("table.csv", "a,a\n1,2\n", "two columns of one name"),
        ("table.csv", "", "has no rows"),
        ("metrics.json", "{", "damaged"),
        ("metrics.json", "{}", "holds no scores"),
        ("metrics.json", '{"scores": {"a": 1}, "baselines": 3}', "damaged"),
        ("other.txt", "", "neither table.csv nor metrics.json"),
        ("inside/metrics.json", "{}", "or make one table of those in it: `hrsnn collect"),
    ],
)
def test_damaged_results_are_refused(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    with pytest.raises(FileError) as caught:
        load_results(tmp_path)
    assert message in str(caught.value)


def test_a_list_of_folders_is_refused_with_the_way_to_read_them() -> None:
    with pytest.raises(InputError, match="hrsnn collect DIRS --out table"):
        load_results(["a", "b"])  # type: ignore[arg-type]


def test_the_seed_of_a_single_run_is_a_column(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"scores": {"x": 1.5}, "baselines": {"x": {"input": 1}}, "seed": 4}')
    assert load_results(tmp_path)["seed"].tolist() == [4, 4]


def test_columns_have_types(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("n,x,name\n1,0.5,a\n2,,b\n")
    table = load_results(tmp_path)
    assert [column.dtype.kind for column in table.columns.values()] == ["i", "f", "U"]
    assert np.isnan(table["x"][1])
    assert len(table.where(name="b")) == 1
    assert len(repr(table)) < 300
    with pytest.raises(InputError, match="must be one of n, x, name"):
        table["y"]


def test_parquet_has_the_same_table(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="tables are written as Parquet where pyarrow is installed")
    import pandas

    from hrsnn.scripts.cli.tables import parquet

    (write,) = parquet("table", "n,x,name\n1,0.5,a\n2,,b\n").values()
    write(tmp_path / "table.parquet")
    frame = pandas.read_parquet(tmp_path / "table.parquet")
    assert frame["n"].tolist() == [1, 2]
    assert frame["name"].tolist() == ["a", "b"]
