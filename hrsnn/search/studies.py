"""Optuna studies with the settings that they were begun with."""

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
#: Of the attributes' layout.
VERSION = 1
#: How long another machine may take between making a study and saying what it is (s).
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
    """The study `name` in `storage`, new or with the same settings.

    Parameters
    ----------
    storage : path or URL, optional
        A SQLite file, which this process alone then has; a database's URL; left out: memory.
    name : str
    settings : mapping
        What must not differ between two pieces of one search; ``direction`` is one of them.
    sampler : optuna sampler
    first : mapping, optional
        Parameters that the first trial of a new study has.
    resume : bool
        Whether a file may hold the study already. A database may always.

    Raises
    ------
    FileError
        When the file is used by another search, holds the study where a new one was wanted, is another program's or no
        SQLite file, was written by another version, or the study in it has other settings.
    HrsnnError
        When the database cannot be reached.

    Notes
    -----
    A study is made in three steps: itself, its first trial, its settings. One that was left amid them has no settings and
    nothing to lose, and is finished when it is next opened.
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
    # of several machines that begin at once, one has made the study: it goes on, and the others wait for its settings
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
    """What a study says that it was begun with, or None when it does not say so within `patience` (s)."""
    end = time.monotonic() + patience
    while (there := study.user_attrs.get(SETTINGS)) is None and time.monotonic() < end:
        time.sleep(0.1)
    return there


def _unfinished(study: Study, settings: Mapping[str, Any], first: Mapping[str, float] | None) -> bool:
    """Whether a study without settings may be one of this package's that was left as it was made."""
    trials = study.get_trials(deepcopy=False)
    expected = all(one.state.name == "WAITING" and one.system_attrs == {"fixed_params": first} for one in trials)
    directions = [one.name.lower() for one in study.directions]
    return len(trials) < 2 and expected and directions == [settings["direction"]] and not study.user_attrs


def _finish(study: Study, settings: Mapping[str, Any], first: Mapping[str, float] | None) -> None:
    if first is not None and not study.get_trials(deepcopy=False):
        study.enqueue_trial(dict(first))
    # the last: what has settings is whole
    study.set_user_attr(SETTINGS, json.loads(to_json({"version": VERSION, **settings})))


def _compare(shown: str, there: Any, settings: Mapping[str, Any]) -> None:
    """Refuse to go on with a study that was begun otherwise."""
    if not isinstance(there, Mapping) or "version" not in there:
        raise FileError(shown, "holds a study that is none of this package's")
    if there["version"] != VERSION:
        raise FileError(shown, f"holds a study of version {there['version']}; this hrsnn goes on with version {VERSION}")
    others = {name: value for name, value in there.items() if name != "version"}
    check_same_settings(shown, others, settings, "holds a study that was", "choose another storage or name")


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
