"""Optuna studies with stored settings, which must not change when a study is resumed."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hrsnn.errors import FileError
from hrsnn.files.digested_json import check_same_settings
from hrsnn.files.writing import to_json
from hrsnn.search import storages

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.study import Study

logger = logging.getLogger("hrsnn")

#: Attribute of a study: the settings that all its trials have in common.
SETTINGS = "hrsnn"
#: Version of the attributes' layout.
VERSION = 1
#: Time that another machine may take between creating a study and storing its settings (s).
_PATIENCE = 5.0


@contextlib.contextmanager
def open_study(
    storage: str | os.PathLike[str] | None,
    name: str,
    settings: Mapping[str, Any],
    sampler: BaseSampler,
    *,
    first: Mapping[str, float] | None = None,
    resume: bool = False,
) -> Iterator[Study]:
    """Context that yields the study `name` in `storage`, which is new or has the same settings.

    Parameters
    ----------
    storage : path or URL, optional
        A SQLite file, which is locked for this process; the URL of a database; default: memory.
    name : str
    settings : mapping
        Settings that must be the same when a search is resumed, including ``direction``.
    sampler : optuna sampler
    first : mapping, optional
        Parameters of the first trial of a new study.
    resume : bool
        Whether a file may contain the study already. A database always may.

    Raises
    ------
    FileError
        When the file is used by another search, contains the study although `resume` is False, is another program's or not
        a SQLite file, was written by another version, or the study in it has other settings.
    HrsnnError
        When the database cannot be reached.

    Notes
    -----
    A study is created in three steps: the study, its first trial, its settings. If this is interrupted, the study has no
    settings and no results, and its creation is completed when it is next opened.
    """
    import optuna

    with _quiet_optuna():
        if storage is None:
            study = optuna.create_study(study_name=name, sampler=sampler, direction=settings["direction"])
            _finish(study, settings, first)
            yield study
            return
        with storages.open_storage(storage) as (shown, backend):
            yield _study(shown, backend, name, settings, sampler, first, resume, storages.is_shared(storage))


def _study(
    shown: str,
    backend: BaseStorage,
    name: str,
    settings: Mapping[str, Any],
    sampler: BaseSampler,
    first: Mapping[str, float] | None,
    resume: bool,
    shared: bool,
) -> Study:
    import optuna

    try:
        study = optuna.create_study(storage=backend, study_name=name, sampler=sampler, direction=settings["direction"])
        made = True
    except optuna.exceptions.DuplicatedStudyError:
        study = optuna.load_study(storage=backend, study_name=name, sampler=sampler)
        made = False
    # of several machines that start at the same time, one creates the study, and the others wait for its settings
    there = None if made else _settings(study, _PATIENCE if shared else 0.0)
    if there is None:
        if not made and not _unfinished(study, settings, first):
            raise FileError(shown, f"holds a study {name!r} that is none of this package's")
        if resume:
            logger.info("%s: holds no search %r to resume: it begins now", shown, name)
        _finish(study, settings, first)
        there = _settings(study)
    elif not (resume or shared):
        raise FileError(shown, f"holds the study {name!r} already: resume it, or name another file")
    _compare(shown, there, settings)
    return study


def _settings(study: Study, patience: float = 0.0) -> Any:
    """Return the stored settings of a study, or None if there are none within `patience` (s)."""
    end = time.monotonic() + patience
    while (there := study.user_attrs.get(SETTINGS)) is None and time.monotonic() < end:
        time.sleep(0.1)
    return there


def _unfinished(study: Study, settings: Mapping[str, Any], first: Mapping[str, float] | None) -> bool:
    """Return whether a study without settings may be one of this package whose creation was interrupted."""
    trials = study.get_trials(deepcopy=False)
    expected = all(one.state.name == "WAITING" and one.system_attrs == {"fixed_params": first} for one in trials)
    directions = [one.name.lower() for one in study.directions]
    return len(trials) < 2 and expected and directions == [settings["direction"]] and not study.user_attrs


def _finish(study: Study, settings: Mapping[str, Any], first: Mapping[str, float] | None) -> None:
    if first is not None and not study.get_trials(deepcopy=False):
        study.enqueue_trial(dict(first))
    # the last step: a study with settings is complete
    study.set_user_attr(SETTINGS, json.loads(to_json({"version": VERSION, **settings})))


def _compare(shown: str, there: Any, settings: Mapping[str, Any]) -> None:
    """Check that a study was started with the same settings."""
    if not isinstance(there, Mapping) or "version" not in there:
        raise FileError(shown, "holds a study that is none of this package's")
    if there["version"] != VERSION:
        raise FileError(shown, f"holds a study of version {there['version']}; this hrsnn goes on with version {VERSION}")
    others = {name: value for name, value in there.items() if name != "version"}
    check_same_settings(shown, others, settings, "holds a study that was", "choose another storage or name")


@contextlib.contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Context without Optuna's log message for each trial and its warning that the heartbeat is experimental."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
