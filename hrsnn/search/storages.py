"""Storages of studies: a SQLite file of one process, or a database that several machines share."""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hrsnn.errors import FileError, HrsnnError
from hrsnn.files.locks import LOCK, hold_lock
from hrsnn.search.database_urls import DatabaseUrl, read_url, shown_name

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, RDBStorage

#: Of a shared database: the interval of the heartbeats of a running trial, and the silence after which it is run again (s).
HEARTBEAT, GRACE = 30, 120
#: How long another program may lock a file before that is an error (s).
_PATIENCE = 10
_STARTS = 5
#: Where these are, and the last of them has its line, Optuna has made all that it needs.
_MADE = {"studies", "trials", "version_info", "alembic_version"}
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


def is_shared(storage: str | os.PathLike[str] | None) -> bool:
    """Whether a storage is the URL of a database, which several machines may share, and no file."""
    return isinstance(storage, str) and "://" in storage


@contextlib.contextmanager
def open_storage(storage: str | os.PathLike[str]) -> Iterator[tuple[str, BaseStorage]]:
    """What messages call the storage, and Optuna's storage itself.

    Parameters
    ----------
    storage : path or URL
        A SQLite file, which is made where it is not there, and which no other search may use until leaving (a lock file
        next to it); or a database's URL.

    Raises
    ------
    FileError
        When the file is used by another search, can be none, is no SQLite file, is another program's, or was written by
        another version of Optuna; or when it fails later on.
    InputError
        When the URL cannot be read.
    HrsnnError
        When the database cannot be reached, or is lost later on.
    """
    if is_shared(storage):
        url = read_url(str(storage))
        with _told_of_database(url):
            with _told_of_version(url.shown), _told_of_options(url):
                backend = _shared(url)
            with _session(backend):
                yield url.shown, backend
        return
    name = os.fspath(storage)
    path, shown = _file(name), shown_name(name)
    lock = path.with_name(f"{LOCK}-{path.name}")
    with _causes_shown(shown == name), hold_lock(lock, Path(shown)), _told_of_file(shown):
        with _told_of_version(shown):
            _make_tables(path, shown)
            backend = _sqlite(path)
        with _session(backend):
            yield shown, backend


def _file(name: str) -> Path:
    """The file that a name stands for, links followed: two names of one file are one file."""
    try:
        kind = stat.S_IFMT(os.stat(name).st_mode)
    except FileNotFoundError as error:
        if not name:
            raise FileError(repr(name), "is no name of a file") from error
        kind = stat.S_IFREG
    except ValueError as error:  # a NUL
        raise FileError(repr(name), "is no name of a file") from error
    except OSError as error:
        with _causes_shown(shown_name(name) == name):
            raise FileError(shown_name(name), f"cannot be opened: {error.strerror}") from error
    if kind != stat.S_IFREG:
        raise FileError(shown_name(name), f"is {_KINDS.get(kind, 'something else')}, and must be a file")
    return Path(os.path.realpath(name))


def _sqlite(path: Path) -> RDBStorage:
    from optuna.storages import RDBStorage
    from sqlalchemy.pool import QueuePool

    # not by a URL of the file: in one, signs such as ? and % mean something, and not every name can be written
    connect = functools.partial(sqlite3.connect, path, timeout=_PATIENCE, check_same_thread=False)
    return RDBStorage("sqlite://", engine_kwargs={"creator": connect, "poolclass": QueuePool}, skip_table_creation=True)


def _make_tables(path: Path, shown: str) -> None:
    """Have Optuna's tables in a file, all or none; another program's file is refused as it is.

    Optuna itself makes them one by one, and would not notice afterwards that one lacks its index.
    """
    # `isolation_level`: a transaction begins where this says so
    with contextlib.closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as database:
        there = _schema(database)
        if there.keys() >= _MADE and database.execute("select count(*) from alembic_version").fetchone()[0]:
            return
        empty = _empty_storage()
        begun = there.items() <= _schema(empty).items()
        if not begun or ("studies" in there and database.execute("select count(*) from studies").fetchone()[0]):
            raise FileError(shown, "is a SQLite file of another program, or of another version of Optuna: name another file")
        database.execute("begin immediate")
        for name, statement in there.items():
            if statement and statement.startswith("CREATE TABLE"):
                database.execute(f'drop table "{name}"')
        for statement in empty.iterdump():
            if statement not in ("BEGIN TRANSACTION;", "COMMIT;"):
                database.execute(statement)
        database.execute("commit")


def _schema(database: sqlite3.Connection) -> dict[str, str | None]:
    """The statement that made each table and index."""
    return dict(database.execute("select name, sql from sqlite_master").fetchall())


def _empty_storage() -> sqlite3.Connection:
    """Optuna's tables as it makes them, in memory."""
    from optuna.storages import RDBStorage
    from sqlalchemy.pool import StaticPool

    database = sqlite3.connect(":memory:", check_same_thread=False)
    RDBStorage("sqlite://", engine_kwargs={"creator": lambda: database, "poolclass": StaticPool})
    return database


def _shared(url: DatabaseUrl) -> RDBStorage:
    import sqlalchemy.exc
    from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback

    for left in reversed(range(_STARTS)):
        try:
            # a trial whose machine is gone is run again, by whichever machine asks next
            return RDBStorage(
                url.text.replace("{", "{{").replace("}", "}}"),  # Optuna takes it for a template
                heartbeat_interval=HEARTBEAT,
                grace_period=GRACE,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
            )
        except (sqlalchemy.exc.IntegrityError, sqlalchemy.exc.ProgrammingError):
            # machines that start at once all make the tables, and only one of them can
            if not left:
                raise
            time.sleep(1.0)
    raise AssertionError


@contextlib.contextmanager
def _session(backend: BaseStorage) -> Iterator[None]:
    try:
        yield
    finally:
        backend.remove_session()


@contextlib.contextmanager
def _causes_shown(whole: bool) -> Iterator[None]:
    """The system's own error has the whole name, and is no cause to show where messages have only a part of it."""
    try:
        yield
    except FileError as error:
        if whole:
            raise
        raise error from None


@contextlib.contextmanager
def _told_of_file(shown: str) -> Iterator[None]:
    """What SQLite says, in words that say what to do."""
    import sqlalchemy.exc
    from optuna.exceptions import StorageInternalError

    try:
        yield
    except (sqlite3.Error, sqlalchemy.exc.SQLAlchemyError, StorageInternalError) as error:
        reason = _reason(error)
        if "locked" in reason:
            raise FileError(shown, "is locked by another program: close it there") from error
        if "not a database" in reason:
            raise FileError(shown, "is no SQLite file") from error
        raise FileError(shown, f"cannot be used: {reason}") from error


@contextlib.contextmanager
def _told_of_database(url: DatabaseUrl) -> Iterator[None]:
    """What a database says, without the password."""
    import sqlalchemy.exc
    from optuna.exceptions import StorageInternalError

    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, StorageInternalError, UnboundLocalError) as error:
        lost: BaseException | None = error
        if isinstance(error, UnboundLocalError):  # Optuna's own mistake, where the end of a trial cannot be written
            lost = error.__context__
        if not isinstance(lost, (sqlalchemy.exc.SQLAlchemyError, StorageInternalError)):
            raise
        raise _unusable(url, lost) from url.cause(lost)


@contextlib.contextmanager
def _told_of_options(url: DatabaseUrl) -> Iterator[None]:
    """What a driver says that is not installed, or that does not know an option of the URL."""
    try:
        yield
    except (ImportError, TypeError, ValueError) as error:
        raise _unusable(url, error) from url.cause(error)


@contextlib.contextmanager
def _told_of_version(shown: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # how Optuna says that its tables are of another version
        raise FileError(shown, f"was written by another version of Optuna: {error}") from error


def _unusable(url: DatabaseUrl, error: BaseException) -> HrsnnError:
    return HrsnnError(f"{url.shown}: the database cannot be used: {url.hidden(_reason(error))}")


def _reason(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or getattr(error.__cause__, "orig", None) or error).strip()
