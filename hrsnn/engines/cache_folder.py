"""The folder of compiled code, which no other user can write."""

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
    """The folder `name` of this package's cache, made when needed; None where there is none that can be used.

    It is ``$XDG_CACHE_HOME/hrsnn/<name>`` or ``~/.cache/hrsnn/<name>``: the folder of the package itself may be read-only.

    What is kept there is run later, so that anyone who can write it can run code as this user. The cache's root, ``hrsnn``
    in it and the folder must belong to this user or to root, and so must the symbolic links that lead there; nobody else
    may have the permission to write, neither everybody nor a group with others in it. Only the root may be open to all
    where each can rename his own files alone, such as ``/tmp``.
    A folder that fails is not read, and a :class:`HrsnnWarning` names it, once a process.

    Parameters
    ----------
    name : str
        Name of the folder: one for everything that changes what is compiled.
    root : str, optional
        The cache's root, when it is another one.

    Returns
    -------
    pathlib.Path or None
        None also where the cache cannot be made or written, of which there is no warning.

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
    except (OSError, RuntimeError):  # RuntimeError: no home at all
        return None
    ours = private_folder(base / "hrsnn")
    return private_folder(ours / name) if ours else None


def private_folder(folder: Path) -> Path | None:
    """`folder`, made when needed for this user alone; None where it cannot be, or where others could write (a warning)."""
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder if _safe(folder) and os.access(folder, os.W_OK) else None
    except OSError:
        return None


def owned(status: os.stat_result) -> bool:
    """Whether a file belongs to this user, or to root, who needs no file to run code as anybody."""
    return status.st_uid in (os.geteuid(), 0)


def others_write(status: os.stat_result) -> bool:
    """Whether a file or folder may be written by everybody, or by a group that is not of this user alone."""
    return bool(status.st_mode & stat.S_IWOTH) or (bool(status.st_mode & stat.S_IWGRP) and not _own_group(status.st_gid))


@functools.cache
def _own_group(number: int) -> bool:
    """Whether a group is the one that many systems make for each user: of the user's name, and without other members."""
    try:
        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return (group.gr_gid, group.gr_name) == (user.pw_gid, user.pw_name) and set(group.gr_mem) <= {user.pw_name}


def _safe(folder: Path, sticky: bool = False) -> bool:
    """Whether nobody else could have put something into `folder`, or led us to it; if somebody could, that is said."""
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
    """The symbolic links among the parents of `path`, each of which could lead elsewhere."""
    step = Path(path.anchor)
    for part in path.parts[1:]:
        step /= part
        if step.is_symlink():
            yield step
            yield from _links(Path(os.path.abspath(step.parent / os.readlink(step))))
            step = step.resolve()


@functools.cache  # said once a process, however many kernels there are
def _refuse(path: Path, why: str) -> None:
    message = (
        f"compiled code is not kept on disk, which makes every start slower: {path} {why} "
        "name a folder of your own in XDG_CACHE_HOME (in NUMBA_CACHE_DIR, where that is set)"
    )
    warnings.warn(message, HrsnnWarning, stacklevel=2)
