"""Cache folders of compiled code, writable by this user only."""

from __future__ import annotations

import functools
import grp
import os
import pwd
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

from hrsnn.errors import HrsnnWarning


def cache_folder(name: str, root: str | None = None) -> Path | None:
    """Return the folder `name` of this package's cache, created if necessary; None where none can be used.

    It is ``$XDG_CACHE_HOME/hrsnn/<name>`` or ``~/.cache/hrsnn/<name>``: the folder of the package itself may be read-only.

    The cached code is executed later, so that anyone who can write to the folder can run code as this user. The cache's
    root, ``hrsnn`` in it and the folder must belong to this user or to root, as must the symbolic links on the path; they
    must not be writable for others, or for a group with other members. Only the root may be writable for all if its sticky
    bit is set, as in ``/tmp``.
    A folder that does not meet this is not used, and a :class:`HrsnnWarning` names it, once per process.

    Parameters
    ----------
    name : str
        Name of the folder, which must differ between all versions of the compiled code.
    root : str, optional
        Root of the cache, by default as above.

    Returns
    -------
    pathlib.Path or None
        None, without a warning, also where the folder cannot be created or written.

    Examples
    --------
    >>> import tempfile
    >>> root = tempfile.mkdtemp()
    >>> cache_folder("kernels-1", root).relative_to(root).as_posix()
    'hrsnn/kernels-1'
    """
    try:
        chosen = root or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        base = Path(os.path.abspath(chosen))
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _safe(base, sticky=True):
            return None
    except (OSError, RuntimeError):  # RuntimeError: there is no home directory
        return None
    ours = private_folder(base / "hrsnn")
    return private_folder(ours / name) if ours else None


def private_folder(folder: Path) -> Path | None:
    """Return `folder`, created if necessary; None where that fails, or, with a warning, where others could write to it."""
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder if _safe(folder) and os.access(folder, os.W_OK) else None
    except OSError:
        return None


def owned(status: os.stat_result) -> bool:
    """Return whether a file belongs to this user or to root, who can run code as any user anyway."""
    return status.st_uid in (os.geteuid(), 0)


def others_write(status: os.stat_result) -> bool:
    """Return whether a file or folder is writable for all, or for a group other than this user's own."""
    return bool(status.st_mode & stat.S_IWOTH) or (bool(status.st_mode & stat.S_IWGRP) and not _own_group(status.st_gid))


@functools.cache
def _own_group(number: int) -> bool:
    """Return whether a group is this user's private group: primary, of the user's name, without other members."""
    try:
        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return (group.gr_gid, group.gr_name) == (user.pw_gid, user.pw_name) and set(group.gr_mem) <= {user.pw_name}


def _safe(folder: Path, sticky: bool = False) -> bool:
    """Return whether no other user can have written to `folder` or redirected its path; otherwise warn."""
    for link in _links(folder):
        if not owned(link.lstat()):
            _refuse(link, "is a link of another user:")
            return False
    status = folder.stat()
    if not owned(status):
        _refuse(folder, "belongs to another user:")
        return False
    if others_write(status) and not (sticky and status.st_mode & stat.S_ISVTX):
        _refuse(folder, "can be written by other users: take that away (chmod go-w), or")
        return False
    return True


def _links(path: Path) -> Iterator[Path]:
    """Yield the symbolic links on `path`, including those that other links lead through."""
    step = Path(path.anchor)
    for part in path.parts[1:]:
        step /= part
        if step.is_symlink():
            yield step
            yield from _links(Path(os.path.abspath(step.parent / os.readlink(step))))
            step = step.resolve()


@functools.cache  # one warning per process, however many kernels there are
def _refuse(path: Path, why: str) -> None:
    message = (
        f"compiled code is not kept on disk, which makes every start slower: {path} {why} "
        "name a folder of your own in XDG_CACHE_HOME (in NUMBA_CACHE_DIR, where that is set)"
    )
    warnings.warn(message, HrsnnWarning, stacklevel=2)
