"""Numba cache files with a checksum that is verified before unpickling."""

# mypy: allow-subclassing-any

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from numba.core.caching import IndexDataCacheFile

from hrsnn.engines.cache.folder import others_write, owned

logger = logging.getLogger("hrsnn")

#: age in s from which a temporary file is assumed to be of a process that was killed
_ABANDONED = 3600.0


class CheckedCacheFiles(IndexDataCacheFile):
    """The index and data files of one kernel.

    Numba unpickles both, and the data contain machine code, so that a flipped bit would be executed. Each file therefore
    ends with a SHA-256 checksum of its identity (its folders, its name, Numba's version, the stamp of the kernel's source)
    and of its content. A file that is damaged, or is in the place of another, counts as missing. The checksum is in the file
    itself, after the end of the pickle, since two separate files could be from two processes.

    The data contain the key that they were saved under (signature, processor, code). Two processes that save two signatures
    at once may use the same file name in the index, where the later one remains; the key identifies the data.
    """

    def save(self, key: Any, data: Any) -> None:
        self._sweep()
        super().save(key, (key, data))

    def load(self, key: Any) -> Any:
        found = super().load(key)
        return found[1] if found is not None and found[0] == key else None

    def _load_index(self) -> Any:
        return super()._load_index() if self._is_whole(self._index_path) else {}

    def _load_data(self, name: str) -> Any:
        return super()._load_data(name) if self._is_whole(self._data_path(name)) else None

    @contextlib.contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[BinaryIO]:
        with super()._open_for_write(filepath) as file:
            os.fchmod(file.fileno(), 0o600)
            content = io.BytesIO()
            yield content
            file.write(content.getvalue())
            file.write(self._seal(filepath, content.getvalue()))

    def _seal(self, filepath: str, content: bytes | memoryview) -> bytes:
        place = Path(filepath).parts[-3:]  # not the rest of the path, so that a cache can be moved
        bound = hashlib.sha256(repr((place, self._version, self._source_stamp)).encode())
        bound.update(content)
        return bound.digest()

    def _is_whole(self, filepath: str) -> bool:
        """Return whether a file exists, matches its checksum, and only this user can write it; otherwise log the reason."""
        try:
            with open(filepath, "rb", opener=_not_through_a_link) as file:
                status = os.fstat(file.fileno())
                if not owned(status) or others_write(status):
                    reason = "could have been written by another user"
                else:
                    written = memoryview(file.read())
                    size = hashlib.sha256().digest_size
                    if written[-size:] == self._seal(filepath, written[:-size]):
                        return True
                    reason = "does not match its checksum"
        except FileNotFoundError:
            return False
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
        self._tell(filepath, reason)
        return False

    def _tell(self, filepath: str, reason: str) -> None:
        told = self.__dict__.setdefault("_told", set())  # log once: the index is read again when the new kernel is saved
        if filepath not in told:
            told.add(filepath)
            logger.info("a kernel on disk is not used and is compiled again: %s %s", filepath, reason)

    def _sweep(self) -> None:
        """Remove temporary files of killed processes: Numba writes a temporary file, then renames it."""
        for path in Path(self._cache_path).glob("*.nb[ci].tmp.*"):
            with contextlib.suppress(OSError):  # another process may remove it first
                if time.time() - path.lstat().st_mtime > _ABANDONED:
                    path.unlink()


def _not_through_a_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)
