"""Where compiled code is kept between processes."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(name: str) -> Path | None:
    """The folder `name` of this package's cache, made when needed; None where the user's cache cannot be written.

    It is ``$XDG_CACHE_HOME/hrsnn`` or ``~/.cache/hrsnn``: beside the package itself it could be read-only.
    """
    try:
        root = os.environ.get("XDG_CACHE_HOME")
        folder = (Path(root) if root else Path.home() / ".cache") / "hrsnn" / name
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: no home at all
        return None
    return folder if os.access(folder, os.W_OK) else None
