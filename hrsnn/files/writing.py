"""Atomic writing of files."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn.errors import FileError, InputError

#: A path: text or a `pathlib.Path`.
PathLike = str | os.PathLike[str]

#: Prefix of the names of files being written, which remain when a process is killed.
TEMPORARY = ".hrsnn-part-"


def check_path(path: Any) -> None:
    """Check that `path` is a string or a path.

    Raises
    ------
    InputError
        When it is neither.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InputError("path", path, "must be a path")


def sweep(folder: PathLike) -> None:
    """Remove incomplete files of killed processes in `folder`.

    The process must have locked the folder (:func:`hrsnn.files.locks.working_in`), as others may be writing to it.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / f"{TEMPORARY}a1.json").touch()
    >>> sweep(folder)
    >>> list(folder.iterdir())
    []
    """
    for left in Path(folder).glob(f"{TEMPORARY}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                left.unlink()


@contextlib.contextmanager
def made(folder: PathLike) -> Iterator[None]:
    """Context that creates a folder and its missing parents; those created here that are empty on leaving are removed.

    Raises
    ------
    FileError
        When a folder cannot be created.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "a" / "b"
    >>> with made(folder):
    ...     folder.is_dir()
    True
    >>> folder.parent.exists()
    False
    """
    folder = Path(folder)
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:  # ValueError: a null byte
            raise FileError(folder, f"cannot be made: {getattr(error, 'strerror', error)}") from error
        yield
    finally:
        for path in new:
            with contextlib.suppress(OSError, ValueError):  # not empty
                path.rmdir()


@contextlib.contextmanager
def writing(path: PathLike) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; on leaving, sync it to disk and rename it to `path`.

    If the body fails (disk full, Ctrl-C, any error) the temporary file is removed and `path` is unchanged.

    Raises
    ------
    FileError
        When the file cannot be written (no such folder, no permission, no space).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with writing(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    check_path(path)
    path = Path(path)
    try:
        # the suffix is that of the file, since some writers choose their format by it
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY, suffix=path.suffix)
        os.close(handle)
    except OSError as error:
        raise FileError(path, f"cannot be written: {error.strerror}") from error
    except ValueError as error:  # a null byte
        raise FileError(path, f"cannot be written: {error}") from error
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes the file private; results have the usual permissions
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except FileError:
        raise
    except OSError as error:
        raise FileError(path, f"cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Sync the new name to disk, where the file system supports it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_text(path: PathLike, text: str) -> None:
    """Write `text` atomically to `path`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "notes.txt"
    >>> write_text(path, "tau_m = 20\\n")
    >>> path.read_text()
    'tau_m = 20\\n'
    """
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: PathLike, value: Any, *, sort_keys: bool = True) -> None:
    """Write `value` atomically as indented JSON; see :func:`to_json`."""
    write_text(path, to_json(value, indent=2, sort_keys=sort_keys) + "\n")


def to_json(value: Any, indent: int | None = None, *, sort_keys: bool = True) -> str:
    """Return JSON text, with keys sorted or in order; NumPy values are converted, numbers that are not finite are null."""
    return json.dumps(_plain(value), indent=indent, sort_keys=sort_keys, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
