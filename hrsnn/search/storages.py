"""Storages of studies: a SQLite file for one process, or a database shared by several machines."""

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

#: Interval of the heartbeats of a running trial in a shared database, and time without one after which it is run again (s).
HEARTBEAT, GRACE = 30, 120
#: Time to wait for a file that another program has locked (s).
_PATIENCE = 10
_STARTS = 5
#: When these tables exist, and the last of them has its row, Optuna has created everything it needs.
_MADE = {"studies", "trials", "version_info", "alembic_version"}
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


def is_shared(storage: str | os.PathLike[str] | None) -> bool:
    """Return whether a storage is the URL of a database, which several machines may share, rather than a file."""
    return isinstance(storage, str) and "://" in storage


@contextlib.contextmanager
def open_storage(storage: str | os.PathLike[str]) -> Iterator[tuple[str, BaseStorage]]:
    """Context that yields the name of the storage for messages, and Optuna's storage.

    Parameters
    ----------
    storage : path or URL
        A SQLite file, which is created if it does not exist, and which no other search can use until leaving (by a lock
        file next to it); or the URL of a database.

    Raises
    ------
    FileError
        When the file is used by another search, cannot be created, is not a SQLite file, is another program's, or was
        written by another version of Optuna; or when an access fails later.
    InputError
        When the URL is invalid.
    HrsnnError
        When the database cannot be reached, or the connection is lost later.
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
    """Return the path of a file with symbolic links resolved, so that the lock does not depend on the name used."""
    try:
        kind = stat.S_IFMT(os.stat(name).st_mode)
    except FileNotFoundError as error:
        if not name:
            raise FileError(repr(name), "is no name of a file") from error
        kind = stat.S_IFREG
    except ValueError as error:  # a null byte
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

    # not by a URL of the file, in which characters such as ? and % have a meaning and not all names are possible
    connect = functools.partial(sqlite3.connect, path, timeout=_PATIENCE, check_same_thread=False)
    return RDBStorage("sqlite://", engine_kwargs={"creator": connect, "poolclass": QueuePool}, skip_table_creation=True)


def _make_tables(path: Path, shown: str) -> None:
    """Create Optuna's tables in a file, in one transaction; another program's file is an error and not changed.

    Optuna creates them one by one, and would not notice later if an index is missing.
    """
    # `isolation_level=None`: transactions begin only explicitly
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
    """Return the statement that created each table and index."""
    return dict(database.execute("select name, sql from sqlite_master").fetchall())


def _empty_storage() -> sqlite3.Connection:
    """Return a database in memory with Optuna's tables."""
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
            # a trial whose machine has died is run again by the next machine that needs a trial
            return RDBStorage(
                url.text.replace("{", "{{").replace("}", "}}"),  # Optuna uses the URL as a template
                heartbeat_interval=HEARTBEAT,
                grace_period=GRACE,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
            )
        except (sqlalchemy.exc.IntegrityError, sqlalchemy.exc.ProgrammingError):
            # machines that start at the same time all try to create the tables, and only one succeeds
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
    """Context that hides causes if messages show only part of a name, since the system's errors contain all of it."""
    try:
        yield
    except FileError as error:
        if whole:
            raise
        raise error from None


@contextlib.contextmanager
def _told_of_file(shown: str) -> Iterator[None]:
    """Context that converts SQLite's errors to messages with advice."""
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
    """Context that converts a database's errors to messages without the password."""
    import sqlalchemy.exc
    from optuna.exceptions import StorageInternalError

    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, StorageInternalError, UnboundLocalError) as error:
        lost: BaseException | None = error
        if isinstance(error, UnboundLocalError):  # raised by a bug in Optuna when the end of a trial cannot be written
            lost = error.__context__
        if not isinstance(lost, (sqlalchemy.exc.SQLAlchemyError, StorageInternalError)):
            raise
        raise _unusable(url, lost) from url.cause(lost)


@contextlib.contextmanager
def _told_of_options(url: DatabaseUrl) -> Iterator[None]:
    """Context that converts the errors of a driver that is not installed or does not know an option of the URL."""
    try:
        yield
    except (ImportError, TypeError, ValueError) as error:
        raise _unusable(url, error) from url.cause(error)


@contextlib.contextmanager
def _told_of_version(shown: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # raised by Optuna when its tables are of another version
        raise FileError(shown, f"was written by another version of Optuna: {error}") from error


def _unusable(url: DatabaseUrl, error: BaseException) -> HrsnnError:
    return HrsnnError(f"{url.shown}: the database cannot be used: {url.hidden(_reason(error))}")


def _reason(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or getattr(error.__cause__, "orig", None) or error).strip()
