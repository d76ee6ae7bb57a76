"""A search that is killed or interrupted at any moment goes on to the file that it would have left in one piece."""

from __future__ import annotations

import contextlib
import functools
import itertools
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import optuna
import pytest
import sqlalchemy
from optuna.storages import RDBStorage
from search_problems import constrained, find

from hrsnn import FileError, ReservoirSpec
from hrsnn.files.locks import LOCK
from hrsnn.search import Measurement
from hrsnn.search.baselines import BaselineSampler

_TIME = re.compile(r"'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+'")


def sometimes_failing(spec: ReservoirSpec, seed: int) -> Measurement:
    if 5 < spec.weight_scale < 7:
        raise ValueError("neither weak nor strong")
    return constrained(spec, seed)


def whole(file: Path, *, trials: int = 4, sampler: str = "", **options: Any) -> Any:
    """A search with everything that is written of a trial: a first point, values, constraints, errors."""
    chosen = BaselineSampler(sampler, 0) if sampler else None
    return find(sometimes_failing, trials=trials, batch=2, start_at_spec=True, storage=file, sampler=chosen, **options)


def rows(file: Path) -> list[str]:
    """Everything in a file but the times."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        return [_TIME.sub("a time", line) for line in database.iterdump()]


@contextlib.contextmanager
def called_at_each_statement(look: Callable[[], None]) -> Iterator[None]:
    """`look` before each statement and each commit that a database gets."""

    def listener(*_: Any) -> None:
        look()

    events = [(sqlalchemy.Engine, name) for name in ("before_cursor_execute", "commit")]
    for target, name in events:
        sqlalchemy.event.listen(target, name, listener)
    try:
        yield
    finally:
        for target, name in events:
            sqlalchemy.event.remove(target, name, listener)


@pytest.mark.parametrize(
    ("sampler", "trials", "since"),
    [
        ("random", 1, 0),
        pytest.param("", 4, 0, marks=pytest.mark.long),
        pytest.param("tpe", 12, 12, marks=pytest.mark.slow),
    ],
)
def test_what_a_kill_leaves_at_any_statement_is_finished(sampler: str, trials: int, since: int, tmp_path: Path) -> None:
    """Every state that a kill can leave on the disk: the files as they are before each statement, each resumed from."""
    folder, states = tmp_path / "whole", {}

    def look() -> None:
        files = {one.name: one.read_bytes() for one in folder.iterdir() if not one.name.startswith(LOCK)}
        states[tuple(sorted(files.items()))] = None

    folder.mkdir()
    with called_at_each_statement(look):
        result = whole(folder / "a.db", trials=trials, sampler=sampler)
    expected = rows(folder / "a.db")
    assert result.trials[0].error
    kept = [state for state in states if done(dict(state).get("a.db", b""), tmp_path) >= since]
    assert len(kept) > 10
    for k, state in enumerate(kept):
        left = tmp_path / str(k)
        left.mkdir()
        for name, content in state:
            (left / name).write_bytes(content)
        again = whole(left / "a.db", trials=trials, sampler=sampler, resume=True)
        assert rows(left / "a.db") == expected, k
        np.testing.assert_equal([vars(one) for one in again.trials], [vars(one) for one in result.trials])  # nan is nan here
        assert [one.name for one in left.iterdir()] == ["a.db"]


def done(content: bytes, folder: Path) -> int:
    """How many trials the file of a study has."""
    file = folder / "looked at"
    file.write_bytes(content)
    with contextlib.closing(sqlite3.connect(file)) as database, contextlib.suppress(sqlite3.OperationalError):
        return int(database.execute("select count(*) from trials").fetchone()[0])
    return 0


class Stop(BaseException):
    """As an interruption, anywhere."""


@contextlib.contextmanager
def stopping(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[list[str]]:
    """Stop instead of the call `at` of the storage; yields the names of the calls, without those that they make in turn."""
    calls: list[str] = []
    depth = 0

    def stopped(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal depth
            if not depth:
                calls.append(name)
                if len(calls) == at + 1:
                    raise Stop
            depth += 1
            try:
                return method(*arguments, **named)
            finally:
                depth -= 1

        return call

    with monkeypatch.context() as patch:
        for name, method in vars(RDBStorage).items():
            if isinstance(method, FunctionType) and not name.startswith("__"):
                patch.setattr(RDBStorage, name, stopped(name, method))
        yield calls


@pytest.mark.long
def test_an_interruption_between_any_two_calls_of_the_storage_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small: dict[str, Any] = {"trials": 3, "sampler": "random"}
    whole(tmp_path / "whole.db", **small)
    expected = rows(tmp_path / "whole.db")
    seen: set[str] = set()
    for at in itertools.count():
        file = tmp_path / f"{at}.db"
        with stopping(monkeypatch, at) as calls, contextlib.suppress(Stop):
            whole(file, **small)
            break
        seen.add(calls[at])
        assert not file.with_name(f"{LOCK}-{at}.db").exists()
        whole(file, resume=True, **small)
        assert rows(file) == expected, (at, calls[at])
    assert at > 40
    assert seen >= {"create_new_study", "set_study_user_attr", "_create_new_trial", "set_trial_state_values"}
    assert seen >= {"_set_trial_param", "set_trial_user_attr", "set_trial_system_attr", "remove_session"}


def test_a_study_that_was_left_as_it_was_made_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    url = f"sqlite:///{file}"
    optuna.create_study(storage=url, study_name="search", direction="maximize").enqueue_trial({"weight_scale": 5.0})
    with pytest.raises(FileError, match="none of this package's"):  # another first point
        find(trials=2, storage=file)
    optuna.delete_study(study_name="search", storage=url)
    optuna.create_study(storage=url, study_name="search", direction="maximize")
    assert find(trials=2, storage=file).trials == find(trials=2).trials


def test_resume_begins_where_there_is_nothing_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "hrsnn")
    file = tmp_path / "a.db"
    for noted in (True, False):
        find(trials=2, storage=file, resume=True)
        assert (f"{file}: holds no search 'search' to resume: it begins now" in caplog.messages) is noted
        caplog.clear()
    find(trials=2, storage=file, resume=True, name="other")
    assert len(caplog.messages) == 1


def test_a_trial_told_after_a_failure_that_was_not_told_is_no_failed_one(tmp_path: Path) -> None:
    """An evaluation that fails, a kill before its trial is told, and the same evaluation again, which does not fail."""
    file = tmp_path / "a.db"
    find(trials=2, batch=2, storage=file)
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("update trials set state = 'RUNNING' where number = 1")
        (trial,) = database.execute("select trial_id from trials where number = 1").fetchone()
        database.execute(
            "insert into trial_user_attributes (trial_id, key, value_json) values (?, 'error', '\"no\"')", [trial]
        )
    assert find(trials=2, batch=2, storage=file, resume=True).trials == find(trials=2, batch=2).trials


def someone_elses(database: sqlite3.Connection) -> None:
    database.execute("create table measurements (value)")


def someone_elses_studies(database: sqlite3.Connection) -> None:
    database.execute("create table studies (study_id, patient)")


def older_optuna(database: sqlite3.Connection) -> None:
    database.execute("create table studies (study_id integer primary key, study_name varchar(512) not null)")
    database.execute("create table trials (trial_id integer primary key)")
    database.execute("create table version_info (schema_version integer)")


@pytest.mark.parametrize("make", [someone_elses, someone_elses_studies, older_optuna])
def test_a_file_of_another_program_is_refused_as_it_is(make: Callable[[Any], None], tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        make(database)
    before = file.read_bytes()
    for resume in (False, True):
        with pytest.raises(FileError, match="is a SQLite file of another program"):
            find(trials=2, storage=file, resume=resume)
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.db"]


def test_a_study_of_another_name_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    optuna.create_study(storage=f"sqlite:///{file}", study_name="theirs").add_trial(optuna.create_trial(value=1.0))
    find(trials=2, storage=file)
    assert [one.value for one in optuna.load_study(storage=f"sqlite:///{file}", study_name="theirs").trials] == [1.0]


@pytest.mark.parametrize("first", [False, True])
def test_a_shared_study_whose_maker_died_is_finished_by_another_machine(
    first: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hrsnn.search.studies._PATIENCE", 0.2)
    url = f"sqlite:///{tmp_path}/a.db"
    study = optuna.create_study(storage=url, study_name="search", direction="maximize")
    if first:
        study.enqueue_trial({"tau_m_exc.mean": 15.0, "tau_m_exc.cv": 0.577, "weight_scale": 6.0})
    found = find(trials=2, storage=url, start_at_spec=True).trials
    assert [one.parameters["weight_scale"] == 6.0 for one in found] == [True, False]
    study.set_user_attr("hrsnn", None)
    with pytest.raises(FileError, match="none of this package's"):  # it has trials
        find(trials=2, storage=url, start_at_spec=True)
