"""Cache on disk of one compiled kernel, in a folder of this user and verified before use."""

# mypy: allow-subclassing-any

from __future__ import annotations

import functools
import hashlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.caching import CompileResultCacheImpl, FunctionCache

from hrsnn.engines.cache.compile_lock import compile_lock
from hrsnn.engines.cache.files import CheckedCacheFiles
from hrsnn.engines.cache.folder import cache_folder, private_folder
from hrsnn.runtime.stopping import signals_deferred

logger = logging.getLogger("hrsnn")


class _PrivateFolder:
    """Numba cache locator for the kernels of one source file: in ``$NUMBA_CACHE_DIR`` or the user's cache."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        self._py_file, self._line = file, function.__code__.co_firstlineno
        self._folder = cache_folder(f"kernels-{_edition(_package(function))}", os.environ.get("NUMBA_CACHE_DIR"))

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> _PrivateFolder | None:
        found = cls(function, file) if os.path.exists(file) else None
        return found if found and found._folder and private_folder(Path(found.get_cache_path())) else None

    def ensure_cache_path(self) -> None:
        # called again before a kernel is saved, as the folder may have been removed
        if private_folder(Path(self.get_cache_path())) is None:
            raise OSError(f"{self.get_cache_path()} cannot be used")

    def get_cache_path(self) -> str:
        folder = os.path.dirname(os.path.abspath(self._py_file))
        return f"{self._folder}/{os.path.basename(folder)}-{hashlib.sha256(folder.encode()).hexdigest()[:12]}"

    def get_source_stamp(self) -> str:
        return hashlib.sha256(Path(self._py_file).read_bytes()).hexdigest()

    def get_disambiguator(self) -> str:
        return str(self._line)


class _Kernel(CompileResultCacheImpl):
    _locator_classes = (_PrivateFolder,)  # none of Numba's, which do not check the owner


class KernelCache(FunctionCache):
    """Numba's cache of one function, with :class:`CheckedCacheFiles`; after a disk error, the function is compiled.

    Only errors of the operating system are caught. Unpickled data have passed their checksum, were written by the same
    versions of Python, Numba, llvmlite, NumPy and this code (which name the folder), and for this processor (which is in
    Numba's key). Any other exception is an error in this code and is not hidden.

    Of several processes that need a kernel that is not on disk, one compiles it and the others wait for its file.

    Raises
    ------
    OSError, RuntimeError
        When no folder can be used.
    """

    _impl_class = _Kernel

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator = self._impl.locator
        if not isinstance(locator, _PrivateFolder):
            raise OSError("NUMBA_CACHE_LOCATOR_CLASSES asks for another place")
        self._cache_file = CheckedCacheFiles(self._cache_path, self._impl.filename_base, locator.get_source_stamp())
        self._lock: int | None = None

    def load_overload(self, *arguments: Any) -> Any:
        self._unlock()  # of a compilation that failed
        found = self._loaded(*arguments)
        if found is None:  # Numba compiles it when this returns, and then saves it
            self._lock = compile_lock(Path(self._cache_path) / f"{self._impl.filename_base}.lock")
            found = self._loaded(*arguments)
            if found is not None:
                self._unlock()
        return found

    def save_overload(self, *arguments: Any) -> None:
        try:
            with signals_deferred():  # an interrupt during the write would leave a temporary file
                super().save_overload(*arguments)
        except OSError as error:
            logger.info("a compiled kernel could not be kept on disk: %s", error)
        finally:
            self._unlock()

    def _loaded(self, *arguments: Any) -> Any:
        try:
            return super().load_overload(*arguments)
        except OSError as error:
            logger.info("a kernel on disk is unreadable and is compiled again: %s", error)
            return None

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _package(function: Callable[..., Any]) -> Path | None:
    """Return the folder of the kernel's package if it is part of this package, else None."""
    file = function.__code__.co_filename
    return Path(file).parent if function.__module__.startswith("hrsnn.") else None


@functools.cache
def _edition(package: Path | None) -> str:
    """Return a digest of all code that kernels of `package` may use, separate for each engine.

    Numba checks for changes in a kernel's own file only, not in inlined functions, which are in the same folder or below,
    or in the file that kernels of all engines use.
    """
    here = Path(__file__).parent
    shared = [here / "files.py", here / "kernels.py", here.parent / "jit.py", here.parent / "rounding_kernels.py"]
    digest = hashlib.sha256(repr((sys.version, numba.__version__, llvmlite.__version__, np.__version__)).encode())
    for path in [*shared, *(sorted(package.rglob("*.py")) if package is not None else ())]:
        content = path.read_bytes()
        name = path.name if package is None or path in shared else path.relative_to(package)
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]
