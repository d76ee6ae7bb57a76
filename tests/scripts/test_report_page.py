"""``hrsnn report``: one page of an out folder, tried in a browser where there is one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_commands import SMALL

from hrsnn import scripts

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><defs><path id="a" d="M0 0h9"/></defs>{}</svg>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The out folder of a command, with pictures in both formats."""
    out = tmp_path_factory.mktemp("memory")
    words = ["memory", *SMALL["memory"], "--seeds", "2", "--format", "svg,png", "--out", str(out), "--quiet"]
    assert scripts.main(words) == 0
    return out


def test_the_page_has_all_that_the_folder_has(folder: Path, run: Any) -> None:
    before = {path.name for path in folder.iterdir()}
    ran = run("report", folder, "--json")
    assert ran.code == 0, ran.err
    assert {path.name for path in folder.iterdir()} - before == {"report.html"}
    page = (folder / "report.html").read_text()
    assert json.loads(ran.out) | {"versions": {}} == {
        "page": str(folder / "report.html"),
        "tables": page.count('<table class="sortable">'),
        "pictures": 1,
        "versions": {},
    }
    scores = json.loads((folder / "metrics.json").read_text())["scores"]
    assert f"<td>{scores['memory_capacity']:.6g}</td>" in page
    for words in (
        "<h2>table.csv</h2>",
        "<figcaption>seeds</figcaption>",
        "no recurrence",
        "@techreport{jaeger-2001b",
        "<svg",
    ):
        assert words in page, words
    again = page, run("report", folder).code, (folder / "report.html").read_text()
    assert again == (page, 0, page)


def test_scores_of_a_pruned_run_are_by_score_of_an_arm(tmp_path: Path, run: Any) -> None:
    scores = {"lnp": {"memory_capacity": 3.5, "links": 40}, "accuracy": {"dense": 0.5}}
    (tmp_path / "metrics.json").write_text(json.dumps({"scores": scores, "spikes": {"mean_rate": 7.5}}))
    assert run("report", tmp_path).code == 0
    page = (tmp_path / "report.html").read_text()
    for row in (
        ("memory capacity", "lnp", "3.5", "values"),
        ("links", "lnp", "40", "links"),
        ("accuracy", "dense", "0.5", "share"),
        ("mean rate", "network", "7.5", "Hz"),
    ):
        assert "".join(f"<td>{cell}</td>" for cell in row) in page, row


def test_pictures_do_not_share_ids(tmp_path: Path, run: Any) -> None:
    (tmp_path / "metrics.json").write_text("{}")
    for name in "ab":
        (tmp_path / f"{name}.svg").write_text(SVG.format('<use href="#a" clip-path="url(#a)"/>'))
    ran = run("report", tmp_path, "--out", tmp_path / "elsewhere")
    assert ran.code == 0, ran.err
    page = (tmp_path / "elsewhere" / "report.html").read_text()
    for number in (0, 1):
        assert f'id="p{number}-a"' in page
        assert f'href="#p{number}-a" clip-path="url(#p{number}-a)"' in page
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (None, "is no folder"),
        ({}, "has no metrics.json"),
        ({"metrics.json": "{"}, "is damaged or no result of a command"),
        ({"metrics.json": "{}", "table.csv": "a,b\n1\n"}, "table.csv: must have lines of equally many columns"),
        ({"metrics.json": "{}", "a.svg": "<svg"}, "a.svg: is no SVG"),
        ({"metrics.json": "{}", "a.svg": "<html/>"}, "a.svg: is no SVG"),
        ({"metrics.json": "{}", "a.png": "no picture"}, "a.png: is no PNG"),
        ({"metrics.json": "{}", "spec.toml": "= 3"}, "spec.toml: is damaged or no specification"),
    ],
)
def test_a_folder_without_results_is_refused_and_stays_as_it_was(
    files: dict[str, str] | None, said: str, tmp_path: Path, run: Any
) -> None:
    place = tmp_path / "out"
    if files is not None:
        place.mkdir()
        for name, text in files.items():
            (place / name).write_text(text)
    ran = run("report", place)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err
    assert not place.exists() or {path.name for path in place.iterdir()} == set(files or {})


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium (in the extra test) is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no Chromium with its chromedriver on the path")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,1600"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    try:
        yield opened
    finally:
        opened.quit()


def cells(browser: Any, table: int, column: int) -> list[str]:
    """The texts of a column, as they are shown."""
    found: list[str] = browser.execute_script(
        "return [...document.querySelectorAll('table.sortable')[arguments[0]].tBodies[0].rows]"
        ".map(row => row.cells[arguments[1]].textContent)",
        table,
        column,
    )
    return found


def test_a_browser_sorts_its_tables_and_loads_nothing(folder: Path, browser: Any, run: Any) -> None:
    assert run("report", folder).code == 0
    browser.get((folder / "report.html").as_uri())
    head = browser.find_elements("css selector", "table.sortable")[0].find_elements("css selector", "th button")
    names = [one.text for one in head]
    column = names.index("value")
    before = [float(value) for value in cells(browser, 0, column)]
    head[column].click()
    ascending = [float(value) for value in cells(browser, 0, column)]
    head[column].click()
    assert ascending == sorted(before)
    assert [float(value) for value in cells(browser, 0, column)] == ascending[::-1]
    head[0].click()
    assert cells(browser, 0, 0) == sorted(cells(browser, 0, 0))
    svg = browser.find_elements("css selector", "figure svg")
    assert len(svg) == 1
    assert svg[0].size["width"] > 100
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []
    assert browser.get_log("browser") == []


def test_a_script_in_a_picture_does_not_run(tmp_path: Path, browser: Any, run: Any) -> None:
    (tmp_path / "metrics.json").write_text('{"scores": {"<img src=x onerror=planted()>": 1}}')
    planted = '<script>document.title="planted"</script><image href="http://127.0.0.1:9/x.png" onload="document.title=1"/>'
    (tmp_path / "a.svg").write_text(SVG.format(planted))
    assert run("report", tmp_path).code == 0
    browser.get((tmp_path / "report.html").as_uri())
    assert browser.title == tmp_path.name
    browser.get_log("browser")  # of what was refused
