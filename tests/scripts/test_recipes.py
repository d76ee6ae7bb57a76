"""Recipes: from the command line, resumed, for any number of jobs, and with planted data."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import scripts
from hrsnn.analysis.figures import over_iterations
from hrsnn.errors import FileError, InputError
from hrsnn.scripts.recipes.contract import PaperScale, Published, Recipe, RecipeOptions, RecipeResult, RecipeRow, Setting
from hrsnn.scripts.recipes.fig10 import CONTROL, PRUNED, RECIPE, Curves
from hrsnn.scripts.recipes.judging import Reading, judge
from hrsnn.scripts.recipes.overview import BEGIN, END, Summary, kept_beside, overview, renewed
from hrsnn.scripts.recipes.paper import read_paper_scales
from hrsnn.scripts.recipes.registry import RECIPES
from hrsnn.scripts.recipes.units import TIMING

SMALL = ["reproduce", "fig10", "--neurons", 30, "--seeds", 2, "--quiet"]
SMALL += [word for option in ("iterations=3", "train=200", "test=50") for word in ("--option", option)]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Any:
    """Run ``hrsnn ...`` in this process: its exit code and what it printed."""

    def run(*arguments: object) -> tuple[int, str]:
        capfd.readouterr()
        code = scripts.main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out if code == 0 else err

    return run


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder and its subfolders, without the times of the runs."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name != TIMING]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_fig10_leaves_a_whole_folder(run: Any, tmp_path: Path) -> None:
    code, text = run(*SMALL, "--out", tmp_path / "one", "--json")
    assert code == 0, text
    metrics = json.loads(text)
    assert {"recipe", "paper", "item", "scores", "published", "claims", "seeds", "versions", "curves"} <= set(metrics)
    assert [claim["claim"] for claim in metrics["claims"]] == list(RECIPE.claims)
    assert metrics["published"]["nrmse at the end"] == {"value": None, "where": "fig. 10 c"}
    assert np.shape(metrics["curves"]["nrmse"]["lnp"]) == (2, 4)
    assert np.shape(metrics["curves"]["nrmse"][CONTROL]) == (2, 1)
    files = contents(tmp_path / "one")
    runs = {f"runs/{arm}-{seed}.json" for arm in (*PRUNED, CONTROL) for seed in (0, 1)} | {"runs/settings.json"}
    assert set(files) == runs | {"fig10.png", "metrics.json", "methods.md", "report.md", "spec.toml", "table.csv"}
    assert json.loads(files["metrics.json"]) == metrics
    assert files["fig10.png"].startswith(b"\x89PNG\r\n\x1a\n")
    rows = list(csv.DictReader(files["table.csv"].decode().splitlines()))
    assert {row["of"] for row in rows} == {"dense", *PRUNED, CONTROL}
    assert {row["where"] for row in rows if row["quantity"] == "links at the end"} == {"fig. 10 a"}

    code, text = run(*SMALL, "--option", "test=60", "--out", tmp_path / "one")
    assert (code, "choose another --out" in text) == (2, True)

    code, text = run("reproduce", "list", "--results", tmp_path)
    assert code == 0, text
    row = next(line for line in text.splitlines() if "fig. 10" in line)
    assert "| not reproduced: 0 of 6 | 6 no verdict possible |  |  | 2 |" in row
    assert float(row.split("|")[-2]) > 0
    (tmp_path / "page.md").write_text(f"above\n{BEGIN}\nold\n{END}\nbelow\n")
    assert run("reproduce", "list", "--results", tmp_path, "--page", tmp_path / "page.md")[0] == 0
    kept, page = kept_beside(tmp_path / "page.md"), (tmp_path / "page.md").read_text()
    assert (kept["fig10"].seeds, kept["fig10"].neurons, kept["fig10"].scale) == (2, 30, "small")
    assert (page.splitlines()[0], page.splitlines()[-1], "old" in page) == ("above", "below", False)
    assert "| `hrsnn reproduce balance-cue` | not run yet | 3 claims |" in page
    options = "--option iterations=3 --option train=200 --option test=50"
    assert kept["fig10"].command == f"hrsnn reproduce fig10 --neurons 30 --seeds 2 {options}"


def test_a_folder_of_another_recipe_or_scale_is_refused(run: Any, tmp_path: Path) -> None:
    words = ("--neurons", 20, "--out", tmp_path, "--quiet")
    with RECIPES.added("toy", TOY), RECIPES.added("other", TOY):
        assert run("reproduce", "toy", *words)[0] == 0
        code, text = run("reproduce", "other", *words)
        assert (code, text) == (2, f"hrsnn reproduce: {tmp_path}: has results of recipe 'toy': choose another --out\n")
        code, text = run("reproduce", "toy", "--scale", "paper", *words)
        assert (code, text) == (2, f"hrsnn reproduce: {tmp_path}: has results of scale 'small': choose another --out\n")


def test_the_scale_of_a_paper_sets_options_network_and_seeds(run: Any, tmp_path: Path) -> None:
    with RECIPES.added("toy", TOY):
        code, text = run("reproduce", "toy", "--scale", "paper", "--out", tmp_path)
        assert (code, "25 neurons, seeds 0 to 2, scale paper" in text) == (0, True)
        metrics = json.loads((tmp_path / "metrics.json").read_text())
        assert metrics["scores"]["error"]["toy"]["per_seed"] == [0, 7, 14]
        assert "- scale 7: table 1" in (tmp_path / "report.md").read_text()
        assert metrics["command"] == "hrsnn reproduce toy --scale paper"
        code, text = run("reproduce", "toy", "--scale", "paper", "--neurons", 20, "--seeds", 2, "--option", "scale=1")
        assert (code, "20 neurons, seeds 0 to 1" in text, "0.5 [" in text) == (0, True, True)
    with RECIPES.added("toy", dataclasses.replace(TOY, paper_scale=None)):
        code, text = run("reproduce", "toy", "--scale", "paper")
        assert (code, "no settings of a paper" in text) == (2, True)


def test_a_row_that_is_not_run_says_why_and_is_not_reproduced(run: Any, tmp_path: Path) -> None:
    missing = RecipeRow("accuracy", "KTH", published=Published(0.9, "table 1"), not_run="needs --data with KTH")
    measured = RecipeRow("accuracy", "digits", (0.7, 0.8, 0.75), published=Published(0.76, "table 1"))
    recipe = dataclasses.replace(TOY, run=lambda _: RecipeResult([missing, measured], [], dict), published={})
    with RECIPES.added("toy", recipe):
        code, text = run("reproduce", "toy", "--seeds", 3, "--out", tmp_path / "one")
    assert code == 0
    assert "not run: needs --data with KTH  0.9 (table 1)" in text
    files = {name: content.decode() for name, content in contents(tmp_path / "one").items() if name != "error.png"}
    assert "| accuracy | KTH | not run: needs --data with KTH | 0.9 (table 1) |" in files["report.md"]
    assert "accuracy,KTH,,,,0.9,table 1,,,\n" in files["table.csv"]
    assert json.loads(files["metrics.json"])["scores"]["accuracy"]["KTH"] == {
        "not_run": "needs --data with KTH",
        "published": 0.9,
    }
    with RECIPES.added("toy", recipe):
        code, text = run("reproduce", "list", "--results", tmp_path)
    assert (code, "in part: 1 of 2 |  | 1 of 1 | 1 | 3 |" in text) == (0, True)
    with pytest.raises(InputError, match="row without values"):
        RecipeRow("accuracy", "KTH")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "x: must be a table"),
        ("[x.option]", "x.option: must be one of options, spec, seeds"),
        ("[x.seeds]\nvalue = 1", "x.seeds: must have a value, and its source"),
        ("[x.spec.neurons]\nvalue = [1]\nsource = 's'", "x.spec.neurons.value: must be a number"),
    ],
    ids=lambda value: value.splitlines()[0],
)
def test_an_invalid_setting_of_a_paper_is_named(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "paper.toml").write_text(text)
    with pytest.raises(FileError, match=said):
        read_paper_scales(tmp_path / "paper.toml")


def test_all_settings_of_papers_are_of_recipes() -> None:
    assert set(read_paper_scales()) <= set(RECIPES)


def test_the_overview_on_the_page_is_that_of_the_kept_results(root: Path) -> None:
    page = root / "docs" / "reproduction.md"
    recipes = {name: RECIPES[name] for name in RECIPES.own_names}
    text = page.read_text(encoding="utf-8")
    said = "hrsnn reproduce list --page docs/reproduction.md renews it"
    assert renewed(text, recipes, kept_beside(page)) == text, said
    assert overview(recipes, kept_beside(page)).count("\n") == len(recipes) + 1


@pytest.mark.parametrize(
    ("claims", "compared", "met", "not_run", "said"),
    [
        ({"supported": 2}, 1, 1, 0, "reproduced: 3 of 3"),
        ({"supported": 2}, 1, 1, 1, "in part: 3 of 4"),
        ({"refuted": 1, "undecided": 1}, 0, 0, 0, "not reproduced: 0 of 2"),
        ({}, 0, 0, 0, "nothing to compare"),
    ],
)
def test_what_counts_as_reproduced(claims: dict[str, int], compared: int, met: int, not_run: int, said: str) -> None:
    assert Summary("hrsnn reproduce x", "small", 12, 100, claims, compared, met, not_run, 1.0).verdict == said


def test_the_reservoir_is_the_recipe_s_unless_options_say_otherwise() -> None:
    command = scripts.find("reproduce")
    assert command(name="fig10").reservoir_spec().length_scale == 4  # type: ignore[call-arg]
    changed = command(name="fig10", set_=("length_scale=3",), neurons=50).reservoir_spec()  # type: ignore[call-arg]
    assert (changed.length_scale, changed.neurons) == (3, 50)


def planted(lnp: float, activity: float, random_graph: float, growth: float = 0.0, jump: float = 0.0) -> Curves:
    """Curves of ten seeds and five iterations: levels of the arms, with what random graphs have in addition."""
    seeds, steps = 10, np.arange(6)
    noise = np.random.default_rng(0).normal(0, 0.001, (4, seeds, 6))
    links = np.tile(100 * 0.5**steps, (seeds, 1))
    levels = dict(zip(PRUNED, (lnp, activity, random_graph, random_graph), strict=True))
    nrmse = {arm: 0.2 + level * steps + noise[place] for place, (arm, level) in enumerate(levels.items())}
    swing = jump * np.where((steps + np.arange(seeds)[:, None]) % 2, 1, -1)
    nrmse["erdos_renyi"] = nrmse["erdos_renyi"] + growth * steps + swing * (steps > 0)
    sizes = dict.fromkeys(PRUNED, links) | {CONTROL: np.zeros((seeds, 1))}
    return Curves({"links": sizes, "neurons": sizes, "nrmse": nrmse | {CONTROL: np.full((seeds, 1), 0.25)}})


@pytest.mark.parametrize(
    ("curves", "said"),
    [
        (
            planted(lnp=0.001, activity=0.02, random_graph=0.0, growth=0.01, jump=0.02),
            ["supported", "supported", "supported", "supported", "supported", "no verdict possible"],
        ),
        (
            planted(lnp=0.02, activity=0.001, random_graph=0.0, growth=-0.01),
            ["refuted", "refuted", "undecided", "refuted", "refuted", "no verdict possible"],
        ),
    ],
    ids=["as claimed", "the opposite"],
)
def test_planted_curves_give_the_right_verdicts(curves: Curves, said: list[str]) -> None:
    results = judge(curves.readings())
    assert [one.claim for one in results] == list(RECIPE.claims)
    assert [one.verdict for one in results] == said
    assert results[-1].test is None
    assert "the same numbers" in results[-1].reason


def test_the_family_is_all_that_is_tested() -> None:
    differences = np.arange(1.0, 9.0)
    alone, *_ = judge([Reading("a", "x", differences), Reading("b", "y", reason="not published")])
    among, *_ = judge([Reading(name, "x", differences) for name in "abc"])
    assert alone.adjusted is not None
    assert among.adjusted == pytest.approx(3 * alone.adjusted)
    undefined, _ = judge([Reading("a", "x", np.array([1.0, np.nan])), Reading("b", "y", differences)])
    assert (undefined.verdict, undefined.reason) == ("no verdict possible", "it is defined in fewer than two seeds")


def toy(options: RecipeOptions) -> RecipeResult:
    """Seeds as values."""
    values = np.array([options.values["scale"] * seed for seed in options.for_all(float, options.seeds)])
    rows = [RecipeRow("error", "toy", tuple(values.tolist()))]
    return RecipeResult(rows, judge([Reading("toy-claim", "error", values)]), dict, {"path": str(options.path)})


TOY = Recipe(
    "A toy",
    "some-paper",
    "table 1",
    toy,
    published={"error": Published(0.5, "table 1")},
    options={"scale": 2.0},
    paper_scale=PaperScale({"scale": Setting(7, "table 1")}, {"neurons": Setting(25, "table 1")}, Setting(3, "table 1")),
)


def test_an_added_recipe_is_listed_and_runs(run: Any, tmp_path: Path) -> None:
    with RECIPES.added("toy", TOY):
        code, text = run("reproduce", "list")
        assert (code, "toy table 1 of some-paper: A toy" in " ".join(text.split())) == (0, True)
        code, text = run(
            "reproduce", "toy", "--seed", 1, "--option", "scale=3", "--neurons", 20, "--out", tmp_path, "--quiet"
        )
        assert code == 0, text
        assert "0.5 (table 1)" in text
        assert "supported: toy-claim" in text
        assert "| error | toy | 16.5 [" in (tmp_path / "report.md").read_text()
        assert json.loads((tmp_path / "metrics.json").read_text())["scores"]["error"]["toy"]["mean"] == 16.5
    assert run("reproduce", "toy")[0] == 2


PACKAGE = """
from hrsnn.scripts.recipes.contract import Recipe, RecipeResult, RecipeRow


def run(options):
    return RecipeResult([RecipeRow("error", "toy", tuple(map(float, options.seeds)))], [], dict)


TABLE = Recipe("A toy", "some-2020", "table 9", run)
"""


def test_a_recipe_of_an_installed_package_is_listed_helped_and_run(root: Path, tmp_path: Path) -> None:
    about = tmp_path / "toy-1.0.dist-info"
    about.mkdir()
    (tmp_path / "toy_recipes.py").write_text(PACKAGE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[hrsnn.recipes]\ntable9 = toy_recipes:TABLE\n")
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{tmp_path}", "COLUMNS": "120"}

    def reproduce(*words: str) -> str:
        command = [sys.executable, "-m", "hrsnn", "reproduce", *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    assert "table 9 of some-2020: A toy" in reproduce("list")
    names = ", ".join([*RECIPES.own_names, "table9"])
    assert f"one of {names})" in " ".join(reproduce("--help").replace("│", " ").split())
    assert reproduce("table9", "--neurons", "20", "--seeds", "3").startswith("table9: table 9 of some-2020; 20 neurons")


def test_a_recipe_that_needs_data_says_so(run: Any) -> None:
    needy = Recipe("A toy", "some-paper", "table 1", toy, needs="the folder of its recordings")
    with RECIPES.added("needy", needy):
        code, text = run("reproduce", "needy", "--neurons", 20)
        assert (code, text) == (2, "hrsnn reproduce: --path = None: recipe 'needy' needs the folder of its recordings\n")


def test_the_list_is_json_too(run: Any) -> None:
    found = json.loads(run("reproduce", "list", "--claims", "--json")[1])
    assert found["recipes"]["fig10"]["claims"] == list(RECIPE.claims)
    assert {claim["verdict"] for claim in found["claims"]} <= {
        "supported", "refuted", "undecided", "not tested", "not testable",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "given", "said"),
    [
        ({"flag": True}, {"flag": 1}, "must be true or false"),
        ({"count": 3}, {"count": True}, "must be a whole number, such as 3"),
        ({"share": 0.5}, {"share": "half"}, "must be a number, such as 0.5"),
        ({"name": "a"}, {"name": 1}, "must be text, such as a"),
        ({}, {"x": 1}, "this recipe has no options"),
    ],
    ids=str,
)
def test_an_option_has_the_type_of_its_default(options: dict[str, Any], given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Recipe("t", "p", "i", toy, options=options).chosen(given)


def test_panels_show_what_they_are_given() -> None:
    figure = over_iterations(
        {"Links": {"lnp": [[4, 2]]}, "NRMSE": {"lnp": [[0.1, 0.3], [0.3, 0.5]]}}, {"NRMSE": {"no_recurrence": [0.5, 0.7]}}
    )
    links, error = figure.axes
    assert (links.get_title(loc="left"), error.get_title(loc="left")) == ("a", "b")
    assert links.get_lines()[0].get_ydata().tolist() == [4, 2]  # type: ignore[union-attr]
    assert error.get_lines()[0].get_ydata().tolist() == pytest.approx([0.2, 0.4])  # type: ignore[union-attr]
    assert [line.get_label() for line in error.get_lines()] == ["lnp", "no recurrence"]
    assert error.get_xlabel() == "Iteration"
    with pytest.raises(InputError, match="must hold at least one"):
        over_iterations({})
