"""The lock of a compilation: held by a process that ends, by one that does not, and in a folder that cannot hold one."""

from __future__ import annotations

import os
import subprocess
import sys

from hrsnn.engines.cache import compile_lock


def test_a_compilation_waits_for_its_lock_no_longer_than_needed(tmp_path, monkeypatch):
    """The holder ends; or it keeps the lock too long; or the folder cannot hold a lock."""
    path = tmp_path / "kernel.lock"
    hold = (
        "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); time.sleep("
    )
    for seconds, patience, mine in [(0.5, 60.0, True), (60, 0.2, False)]:
        monkeypatch.setattr(compile_lock, "_PATIENCE", patience)
        holder = subprocess.Popen([sys.executable, "-c", f"{hold}{seconds})", path], stdout=subprocess.PIPE)
        assert holder.stdout is not None
        holder.stdout.readline()
        handle = compile_lock.compile_lock(path)
        assert (handle is not None) == mine
        if handle is not None:
            os.close(handle)
        holder.kill()
        holder.communicate()
    assert compile_lock.compile_lock(tmp_path / "missing" / "kernel.lock") is None
