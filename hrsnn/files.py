"""Files that are written whole or not at all, and read without trust."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn.errors import FileError

PathLike = str | os.PathLike[str]


@contextlib.contextmanager
def writing(path: PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on leaving, sync it to disk and rename it over `path`.

    If the body fails (a full disk, Ctrl-C, any error) the temporary file is removed and `path` is left as it was.

    Raises
    ------
    FileError
        When the system refuses to write (no such folder, no permission, no space).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with writing(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
        os.close(handle)
    except OSError as error:
        raise FileError(path, f"cannot be written: {error.strerror}") from error
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes it private; a result is an ordinary file
        os.replace(temporary, path)
    except FileError:
        raise
    except OSError as error:
        raise FileError(path, f"cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: PathLike, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: PathLike, value: Any, *, sort_keys: bool = True) -> None:
    """Write `value` as indented JSON, whole or not at all; see :func:`to_json`."""
    write_text(path, to_json(value, indent=2, sort_keys=sort_keys) + "\n")


def to_json(value: Any, indent: int | None = None, *, sort_keys: bool = True) -> str:
    """JSON text, keys sorted or as they stand; NumPy scalars and arrays become plain, and what is not finite null."""
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


def write_npz(path: PathLike, kind: str, version: int, arrays: Mapping[str, np.ndarray], header: Any = None) -> None:
    """Write `arrays` and a JSON `header` as one ``.npz`` file, whole or not at all.

    The file also says what it is (`kind`) and in which `version` of its layout, so that :func:`read_npz` can refuse
    another kind of file. Arrays of objects are refused: nothing is ever pickled.
    """
    about = to_json({"kind": kind, "version": version, "header": header})
    with writing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, allow_pickle=False, __about__=np.array(about), **arrays)


def read_npz(path: PathLike, kind: str, version: int) -> tuple[dict[str, np.ndarray], Any]:
    """Read a file of :func:`write_npz`: its arrays and its header.

    Raises
    ------
    FileError
        When the file is missing, damaged, of another kind or of a newer version.
    """
    arrays = load_arrays(path)
    if "__about__" not in arrays:
        raise FileError(path, f"is not a file of kind {kind!r}: it does not say what it is")
    try:
        about = json.loads(str(arrays.pop("__about__")))
        found, found_version, header = about["kind"], int(about["version"]), about["header"]
    except (ValueError, KeyError, TypeError) as error:
        raise FileError(path, "is damaged: its header cannot be read") from error
    if found != kind:
        raise FileError(path, f"holds a {found!r}, wanted a {kind!r}")
    if found_version > version:
        raise FileError(path, f"has version {found_version} of its layout; this hrsnn reads up to {version}: upgrade")
    return arrays, header


def load_arrays(path: PathLike) -> dict[str, np.ndarray]:
    """All arrays of any ``.npz`` file, read without pickle.

    Raises
    ------
    FileError
        When the file is missing, damaged or no ``.npz`` file.
    """
    try:
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise FileError(path, "is not an .npz file")
        with file:
            return {name: file[name] for name in file.files}
    except FileError:
        raise
    except FileNotFoundError as error:
        raise FileError(path, "does not exist") from error
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from error
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError, NotImplementedError, MemoryError) as error:
        raise FileError(path, "is damaged or no .npz file (arrays of objects are refused)") from error
