"""Series from tables: columns by name and number, targets, separators, and what is wrong with a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hrsnn.errors import FileError, HrsnnError, InputError
from hrsnn.tasks import SeriesTask, load_task

ROWS = [(f"2024-01-{k}", 10 + k % 7, (k * k) % 11 - 0.5) for k in range(300)]


def table(path: Path, header: str = "time,speed,gust", separator: str = ",", rows: object = ROWS) -> Path:
    lines = [header.replace(",", separator)] if header else []
    path.write_text("\n".join([*lines, *(separator.join(map(str, row)) for row in rows), ""]))  # type: ignore[attr-defined]
    return path


def expected(columns: list[int], target: list[int] | None = None, **options: int) -> SeriesTask:
    values = np.array([row[1:] for row in ROWS], dtype=float)
    return SeriesTask.from_array(values[:, columns], None if target is None else values[:, target], **options)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, expected([0, 1])),
        ({"column": "speed"}, expected([0])),
        ({"column": "gust, speed"}, expected([1, 0])),
        ({"column": "2"}, expected([0])),
        ({"column": "speed", "target": "+10"}, expected([0], horizon=10)),
        ({"column": "speed", "target": "gust"}, expected([0], [1])),
        ({"column": "speed", "target": "gust+3"}, expected([0], [1], horizon=3)),
        ({"horizon": 4, "train": 100, "test": 20}, expected([0, 1], horizon=4, train=100, test=20)),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_and_targets(options: dict[str, object], wanted: SeriesTask, separator: str, tmp_path: Path) -> None:
    task = load_task("csv", path=table(tmp_path / "wind.csv", separator=separator), **options)
    assert isinstance(task, SeriesTask)
    assert task.inputs == pytest.approx(wanted.inputs, abs=1e-12)
    assert task.targets == pytest.approx(wanted.targets, abs=1e-12)
    assert (task.train, task.test) == (wanted.train, wanted.test)


def test_the_laser_has_its_parts_in_its_own_units(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, 1200)
    (tmp_path / "A.dat").write_text("\n".join(map(str, values)))
    task = load_task("santa_fe", path=tmp_path / "A.dat")
    assert isinstance(task, SeriesTask)
    learned = values[100:1000]
    assert task.inputs[:, 0] == pytest.approx((values[:1100] - learned.mean()) / learned.std())
    assert task.targets[:-1, 0] == pytest.approx(task.inputs[1:, 0])
    assert (task.train, task.test) == (slice(100, 1000), slice(1000, 1100))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "does not exist"),
        ("", "holds no numbers"),
        ("1 2 256", "'256' as number 3"),
        ("1,2.5", r"'2\.5' as number 2"),
        ("1 -2", "'-2' as number 2"),
        ("1 nan", "'nan' as number 2"),
        ("1 2 3", "must have 101 values more"),
    ],
)
def test_what_is_no_recording_of_the_laser(text: str | None, message: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "A.dat").write_text(text)
    with pytest.raises(HrsnnError, match=message):
        load_task("santa_fe", path=tmp_path / "A.dat")


def test_a_table_without_names_has_numbers(tmp_path: Path) -> None:
    task = load_task("csv", path=table(tmp_path / "x.csv", header=""), column="3")
    assert np.array_equal(task.inputs, expected([1]).inputs)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        (None, {}, FileError, "does not exist|no such file|cannot be read"),
        ("", {}, FileError, "is an empty table"),
        ("a,b\nx,y\nz,w\n", {}, FileError, "has no column of numbers"),
        ("a,b\n1,2\n3\n", {}, FileError, "has 1 cells in line 3, and 2 in the first"),
        ("a,b\n1,2\n" * 200, {"column": "a"}, FileError, "a = 'a': must be a finite number, also in line 3"),
        ("a,b\n1,2\n1,\n" + "1,2\n" * 200, {}, FileError, "b = 'an empty cell': must be .* also in line 3"),
        ("a,b\n" + "0.1,2\n0.1,3\n" * 200, {}, InputError, "column 0.*must vary"),
        ("x;y\n" + "3,1;2,2\n" * 200, {}, FileError, "has no column of numbers"),
        ("a,b\n" + "1,2\n" * 200, {"target": "a\nb"}, InputError, "column = "),
        ("a,b\n" + "1,nan\n" * 200, {}, FileError, "b = 'nan': must be a finite number"),
        ("a,b\n" + "1,1_0\n" * 200, {"column": "b"}, FileError, "b = '1_0': must be a finite number"),
        ("speed,b\n" + "1,2\n" * 200, {"column": "sped"}, InputError, "column = 'sped': did you mean 'speed'?"),
        ("speed,b\n" + "1,2\n" * 200, {"column": "3"}, InputError, "has the columns speed, b"),
        ("speed,b\n" + "1,2\n" * 200, {"target": "b+"}, InputError, r"column = 'b\+'"),
        (
            "speed,b\n" + "1,2\n" * 200,
            {"target": "+5", "horizon": 2},
            InputError,
            "horizon = 2: cannot be given",
        ),
        ("speed,b\n" + "1,2\n" * 200, {}, InputError, "must vary in the training part"),
        ("a\n" + "1\n2\n" * 20, {}, InputError, "must have 6. values more"),
    ],
)
def test_what_is_wrong_with_a_table(
    text: str | None, options: dict[str, object], error: type[HrsnnError], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(error, match=message):
        load_task("csv", path=path, **options)


def test_an_empty_last_cell_and_numbers_in_some_rows_do_not_hide_the_names(tmp_path: Path) -> None:
    rows = [*ROWS[:-1], ("", 10.0, 3.5)]
    task = load_task("csv", path=table(tmp_path / "x.csv", rows=rows), column="speed")
    assert len(task.inputs) == 299  # type: ignore[union-attr]


def test_real_tables(data_folder: Path) -> None:
    wind = load_task("csv", path=data_folder / "wind" / "wind_fergus_10min.csv", column="speed_mps")
    stock = load_task("csv", path=data_folder / "stock" / "GOOG_2004_2013.csv", column="Open")
    for task, rows, error in ((wind, 61_031, 0.247), (stock, 2148, 0.065)):
        assert isinstance(task, SeriesTask)
        assert len(task.inputs) == rows - 1
        # the forecast by the last value, as the data's own page has it
        last = np.sqrt(np.mean((task.targets - task.inputs) ** 2)) / np.std(task.targets)
        assert last == pytest.approx(error, abs=0.002)
