"""Where a search is kept: an Optuna study in a SQLite file or a database, with the settings that it was begun with."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrsnn.errors import FileError, HrsnnError
from hrsnn.files import to_json

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.study import Study

#: Attribute of a study: the settings that all its trials have in common.
SETTINGS = "hrsnn"
#: Of the attributes' layout.
VERSION = 1
#: Of a shared database: how often a trial under way says so, and after how long a silence it is run again (s).
HEARTBEAT, GRACE = 30, 120
_STARTS = 5


def is_shared(storage: str | os.PathLike[str] | None) -> bool:
    """Whether a storage is the URL of a database, which several machines may share, and no file."""
    return isinstance(storage, str) and "://" in storage


@contextlib.contextmanager
def opened(
    storage: str | os.PathLike[str] | None,
    name: str,
    settings: Mapping[str, Any],
    sampler: BaseSampler,
    *,
    resume: bool | None = False,
) -> Iterator[Study]:
    """The study `name` in `storage`, new or with the same settings.

    Parameters
    ----------
    storage : path or URL, optional
        A SQLite file, which this process alone then has; a database's URL; left out: memory.
    name : str
    settings : mapping
        What must not differ between two pieces of one search; ``direction`` is one of them.
    sampler : optuna sampler
    resume : bool, optional
        Whether a file must hold the study already; otherwise it must not. With None it may do either, as a database may.

    Raises
    ------
    FileError
        When the file is used by another search, holds no study to resume or one where a new one was wanted, is no SQLite
        file, was written by another version, or the study in it has other settings.
    HrsnnError
        When the database cannot be reached.
    """
    import optuna

    place = "memory" if storage is None else os.fspath(storage)
    shared = is_shared(storage)
    with contextlib.nullcontext() if shared or storage is None else _alone(Path(place)), _quiet_optuna():
        if not (shared or storage is None) and resume and not Path(place).exists():
            raise FileError(place, "is not there to resume from")
        with _complaints(place, shared):
            backend: BaseStorage | None = None if storage is None else _storage(place, shared)
            there = backend is not None and name in optuna.get_all_study_names(backend)
            if there and resume is False and not shared:
                raise FileError(place, f"holds the study {name!r} already: resume it, or name another file")
            if resume and not there and not shared:
                raise FileError(place, f"holds no study {name!r} to resume")
            study = optuna.create_study(
                storage=backend,
                study_name=name,
                sampler=sampler,
                direction=settings["direction"],
                load_if_exists=resume is not False or shared,
            )
            if there:
                _compare(place, study.user_attrs.get(SETTINGS), settings)
            else:
                study.set_user_attr(SETTINGS, json.loads(to_json({"version": VERSION, **settings})))
        try:
            yield study
        finally:
            if backend is not None:
                backend.remove_session()


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold a lock beside `file` that ends with this process, however that ends."""
    lock = file.with_name(file.name + ".lock")
    try:
        handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o666)
    except OSError as error:
        raise FileError(file, f"cannot be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FileError(file, "is used by another search: wait for it, or stop it") from error
        yield
        lock.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _storage(place: str, shared: bool) -> BaseStorage:
    import sqlalchemy.exc
    from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback

    if shared:
        for left in reversed(range(_STARTS)):
            try:
                # a trial whose machine is gone is run again, by whichever machine asks next
                return RDBStorage(
                    place,
                    heartbeat_interval=HEARTBEAT,
                    grace_period=GRACE,
                    heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
                )
            except (sqlalchemy.exc.IntegrityError, sqlalchemy.exc.ProgrammingError):
                # machines that start at once all make the tables, and only one of them can
                if not left:
                    raise
                time.sleep(1.0)
    return RDBStorage(f"sqlite:///{Path(place).absolute()}", engine_kwargs={"connect_args": {"timeout": 10}})


@contextlib.contextmanager
def _complaints(place: str, shared: bool) -> Iterator[None]:
    """What the database says, in words that say what to do."""
    import sqlalchemy.exc
    from optuna.exceptions import StorageInternalError

    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, StorageInternalError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or getattr(error.__cause__, "orig", None) or error).strip()
        if shared:
            raise HrsnnError(f"{place}: the database cannot be used: {reason}") from error
        if "locked" in reason:
            raise FileError(place, "is locked by another program: close it there") from error
        if "not a database" in reason:
            raise FileError(place, "is no SQLite file") from error
        raise FileError(place, f"cannot be used: {reason}") from error
    except RuntimeError as error:  # how Optuna says that its tables are of another version
        raise FileError(place, f"was written by another version of Optuna: {error}") from error


def _compare(place: str, there: Any, settings: Mapping[str, Any]) -> None:
    """Refuse to go on with a study that was begun otherwise."""
    if not isinstance(there, Mapping) or "version" not in there:
        raise FileError(place, "holds a study that is none of this package's")
    if there["version"] != VERSION:
        raise FileError(place, f"holds a study of version {there['version']}; this hrsnn goes on with version {VERSION}")
    wanted = json.loads(to_json(settings))
    for name, value in wanted.items():
        if there.get(name) != value:
            raise FileError(place, f"holds a study that was begun with another {name}: {there.get(name)!r:.60}")


@contextlib.contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Optuna logs a line a trial, and warns that the heartbeat is experimental."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
