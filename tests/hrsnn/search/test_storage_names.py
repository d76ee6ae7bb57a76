"""What ``storage`` may be: any name of a file is that file, and nobody reads the password of a URL."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from search_problems import find

from hrsnn import FileError, HrsnnError, InputError, scripts
from hrsnn.scripts.search import Search
from hrsnn.search.database_urls import read_url

SEARCH = ["search", "--neurons", "30", "--values", "500", "--seeds", "1", "--trials", "1", "--fresh", "0", "--quiet"]


@pytest.mark.parametrize(
    "name",
    [
        "b%2e#x.db",
        "a?mode=ro",
        "a?mode=memory&cache=shared",
        "with space.db",
        "größe 日本.db",
        ":memory:",
        "file:x.db",
        "a{b}.db",
        "a'b\"c;d.db",
        "a+b&c=d@e:f.db",
        "line\nbreak.db",
        "-x.db",
        "sqlite:",
        os.fsdecode(b"latin-1 \xe9.db"),
    ],
)
def test_exactly_the_named_file_is_made(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for storage in (name, tmp_path / name):
        find(trials=2, storage=storage, resume=True)
        assert os.listdir() == [name]
    with sqlite3.connect(os.fsencode(tmp_path / name)) as database:
        assert database.execute("select count(*) from trials").fetchone() == (2,)


def test_a_path_is_a_file_and_never_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sqlite:").mkdir()
    find(trials=1, storage=Path("sqlite:///a.db"))
    assert os.listdir("sqlite:") == ["a.db"]
    find(trials=1, storage="sqlite:///a.db")
    assert sorted(os.listdir()) == ["a.db", "sqlite:"]


def test_two_names_of_one_file_are_one_file(tmp_path: Path) -> None:
    file, link = tmp_path / "a.db", tmp_path / "link.db"
    link.symlink_to(file)

    def inside(spec: Any, seed: int) -> float:
        with pytest.raises(FileError, match=rf"link\.db: is in use by process {os.getpid()}"):
            find(trials=1, storage=link)
        return 1.0

    find(inside, trials=1, storage=file)
    assert len(find(trials=2, storage=link, resume=True).trials) == 2
    assert sorted(os.listdir(tmp_path)) == ["a.db", "link.db"]


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("", None, "'': is no name of a file"),
        ("a\0b", None, "is no name of a file"),
        ("a.db", os.mkdir, "a.db: is a folder, and must be a file"),
        ("a.db", os.mkfifo, "a.db: is a pipe, and must be a file"),
        ("a.db", a_socket, "a.db: is a socket, and must be a file"),
        ("a.db", lambda path: path.symlink_to("a.db"), "a.db: cannot be opened: Too many levels"),
        ("a.db/b.db", Path.touch, "a.db/b.db: cannot be"),
        ("missing/a.db", None, "missing/a.db: cannot be written: No such file or directory"),
        ("/dev/null", None, "/dev/null: is a device, and must be a file"),
        ("a" * 300, None, "cannot be opened: File name too long"),
    ],
)
@pytest.mark.parametrize("resume", [False, True])
def test_what_can_be_no_file_is_refused_and_leaves_nothing(
    name: str,
    make: Callable[[Path], Any] | None,
    reason: str,
    resume: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if make is not None:
        make(Path("a.db"))
    before, devices = os.listdir(), os.listdir("/dev")
    with pytest.raises(FileError) as caught:
        find(trials=1, storage=name, resume=resume)
    assert reason in str(caught.value)
    assert (os.listdir(), os.listdir("/dev")) == (before, devices)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_what_may_not_be_written_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(FileError, match="cannot be written: Permission denied"):
        find(trials=1, storage=folder / "a.db")
    assert not os.listdir(folder)
    file = tmp_path / "a.db"
    find(trials=1, storage=file)
    file.chmod(stat.S_IRUSR)
    with pytest.raises(FileError, match="cannot be used: attempt to write a readonly database"):
        find(trials=2, storage=file, resume=True)
    assert sorted(os.listdir(tmp_path)) == ["a.db", "closed"]


SECRET = "mo0nlight"
#: Each with a password, in all places that one may be in; nothing answers at port 1, and one driver is not there.
URLS = [
    f"postgresql+psycopg://me:{SECRET}@127.0.0.1:1/search",
    f"postgresql+psycopg://127.0.0.1:1/search?user=me&password={SECRET}",
    f"postgresql+psycopg://me@127.0.0.1:1/search?sslpassword={SECRET}&sslmode=require",
    f"postgresql+psycopg://me:{SECRET}%40x{{0}}@127.0.0.1:1/search",
    f"postgresql+psycopg://me:{SECRET}@127.0.0.1:1/search?no_such_option=1",
    f"postgresql+psycopg://me:{SECRET}@127.0.0.1:1/search?connect_timeout=x",
    f"mssql+nosuch:///?odbc_connect=DRIVER%3Dx%3BPWD%3D{SECRET}",
    f"nosuch://me:{SECRET}@127.0.0.1/search",
    f"sqlite://me:{SECRET}@127.0.0.1/search",
    # malformed
    f"postgresql://me:{SECRET}@127.0.0.1:port/search",
    f"postgresql://me:a@{SECRET}@127.0.0.1/search",
    f"postgresql://me:a/@{SECRET}@127.0.0.1/search",
    f"postgresql://me/a:{SECRET}@127.0.0.1/search",
    f"postgre-sql://me:{SECRET}@127.0.0.1/search",
    f"://me:{SECRET}@127.0.0.1/search",
    f"postgresql://me:{SECRET}",
    f"postgresql:/me:{SECRET}@127.0.0.1/search",
    f"postgresql//me:{SECRET}@127.0.0.1/search",
    f"postgresql:me:{SECRET}@127.0.0.1/search",
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.filterwarnings("ignore")
def test_a_password_is_in_no_message(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hrsnn.search.storages._STARTS", 1)
    with pytest.raises(HrsnnError) as caught:
        find(trials=1, storage=url)
    error = caught.value
    shown = ["".join(traceback.format_exception(error)), str(error), repr(error), repr(vars(error))]
    assert SECRET not in "".join(shown)
    assert not os.listdir()


@pytest.mark.parametrize("url", URLS)
def test_a_password_is_in_nothing_that_the_command_prints_or_writes(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hrsnn.search.storages._STARTS", 1)
    for more in (["--resume", "--out", "out"], ["--trials", "many"], ["--no-such-option"], ["--seeds", "0"]):
        assert scripts.main([*SEARCH, "--storage", url, *more]) == 2
        out, err = capfd.readouterr()
        assert SECRET not in out + err, more
        assert err.count("\n") == 1
        assert not os.listdir()


def test_a_password_is_in_no_repr() -> None:
    assert SECRET not in repr(Search(storage=URLS[0])) + repr(read_url(URLS[0]))
    assert SECRET not in repr(vars(Search(storage=None)))


def test_a_password_is_in_no_result(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """SQLite has no use for a password in an option, so that a whole command can be run with one."""
    url = f"sqlite:///{tmp_path}/a.db?password={SECRET}"
    assert scripts.main([*SEARCH[:-1], "--storage", url, "--out", str(tmp_path / "out"), "--json", "--resume"]) == 0
    out, err = capfd.readouterr()
    assert len(json.loads(out)["trials"]) == 1
    assert SECRET not in out + err
    for path in (one for one in tmp_path.rglob("*") if one.is_file()):
        assert SECRET.encode() not in path.read_bytes(), path
    assert scripts.main([*SEARCH, "--storage", url, "--values", "600"]) == 2
    err = capfd.readouterr().err
    assert "a.db: holds a study that was made with other settings: objective" in err
    assert SECRET not in err


def test_a_database_that_fails_later_is_no_traceback(tmp_path: Path) -> None:
    file = tmp_path / "a.db"

    def inside(spec: Any, seed: int) -> float:
        with sqlite3.connect(file) as database:
            database.execute("drop table trial_user_attributes")
        return 1.0

    with pytest.raises(FileError, match=r"a\.db: cannot be used: no such table"):
        find(inside, trials=1, storage=file)
    with pytest.raises(HrsnnError, match=r"a\.db: the database cannot be used: no such table"):
        find(inside, trials=2, storage=f"sqlite:///{file}")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            f"postgresql+psycopg://me:{SECRET}@db-host:5432/search?sslmode=require",
            "postgresql+psycopg://me:***@db-host:5432/search",
        ),
        ("postgresql://db-host/search", "postgresql://db-host/search"),
        ("sqlite:////runs/a@b.db", "sqlite:////runs/a%40b.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert read_url(url).shown == shown
    with pytest.raises(InputError, match=r"storage = 'postgresql://\*\*\*': must be dialect"):
        read_url("postgresql://me:a@b@c/d")
