"""A disk of a given size for one process: a tmpfs in a mount namespace of its own, which no other process sees."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_NEWNS, _NEWUSER = 0x00020000, 0x10000000
_LARGE = "256m"


def why_no_mounts() -> str:
    """Return why this process cannot mount in a namespace of its own; empty where it can."""
    if sys.platform != "linux":
        return "mount namespaces are of Linux"
    command = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", tempfile.gettempdir()]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "the program unshare is not installed"
    return "" if done.returncode == 0 else f"no mounts here: {done.stderr.strip()}"


def with_disk(place: Path, function: Callable[[Disk], Any]) -> Any:
    """Call a function in a child of this process for which `place` is a disk, and return what it returned, which is JSON."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as result:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                Path(result.name).write_text(json.dumps(function(Disk(place))))
                code = 0
            except BaseException:
                Path(result.name).write_text(traceback.format_exc())
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code:
            raise RuntimeError(f"the child that has a disk: {Path(result.name).read_text()}")
        return json.load(result)


class Disk:
    """A tmpfs at a folder, in namespaces that this process enters."""

    def __init__(self, place: Path) -> None:
        self.place = place
        user, group = os.getuid(), os.getgid()
        if ctypes.CDLL(None, use_errno=True).unshare(_NEWNS | _NEWUSER):
            raise OSError(ctypes.get_errno(), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        _mount("-t", "tmpfs", "-o", f"size={_LARGE}", "none", str(place))

    def used(self) -> int:
        """Return the bytes in use."""
        found = os.statvfs(self.place)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    def resize(self, size: int | str = _LARGE) -> None:
        """Set the size (bytes, or text such as 16m), which is at least what is in use."""
        _mount("-o", f"remount,size={size}", str(self.place))

    def read_only(self, on: bool = True) -> None:
        """Make it read-only, or writable again."""
        _mount("-o", f"remount,{'ro' if on else 'rw'}", str(self.place))


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)
