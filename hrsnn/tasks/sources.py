"""Where the files of a data set can be had, and fetching them when asked to."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hrsnn.errors import FileError, InputError
from hrsnn.files.reading import refuse_damaged


@dataclass(frozen=True)
class Source:
    """A file of a data set on the network.

    Parameters
    ----------
    url : str
        Address of the file, or of an archive with it.
    place : str
        Where it belongs in a folder of official layouts: the file, or the folder into which an archive is unpacked.
    sha256 : str, optional
        SHA-256 of what is downloaded, where it has been seen by the developers; otherwise that of the download is reported.
    """

    url: str
    place: str
    sha256: str | None = None

    @property
    def is_archive(self) -> bool:
        """Whether the file is unpacked."""
        return self.url.endswith((".zip", ".tar.gz", ".tgz"))


@dataclass(frozen=True)
class Fetched:
    """A downloaded file: its address, where it is now, its size in bytes, its SHA-256, and whether that was known."""

    url: str
    path: Path
    size: int
    sha256: str
    known: bool


def fetch(sources: Sequence[Source], folder: Path, progress: bool = False) -> list[Fetched]:
    """Download files into a folder of official layouts.

    A file that is there already, with the known SHA-256 or without a known one, is not downloaded again. Files appear under
    their names when they are complete.

    Parameters
    ----------
    sources : sequence of Source
    folder : path
    progress : bool
        Whether to show the progress.

    Returns
    -------
    list of Fetched

    Raises
    ------
    InputError
        When pooch, of the extra `fetch`, is not installed.
    FileError
        When a file cannot be downloaded, its SHA-256 is another than the known one, or an archive is damaged.
    """
    if importlib.util.find_spec("pooch") is None:
        raise InputError("fetch", "data sets", "needs an extra: pip install 'hrsnn[fetch]'")
    import pooch

    # pooch reports every download and its hash as log messages
    pooch.get_logger().setLevel("ERROR")
    found = []
    for source in sources:
        target = folder / source.place
        name = source.url.rpartition("/")[2]
        # an archive stays beside the folder that it is unpacked into
        path = (target if source.is_archive else target.parent) / name
        with refuse_damaged(path, "download"):
            try:
                pooch.retrieve(
                    source.url,
                    known_hash=source.sha256,
                    fname=name,
                    path=path.parent,
                    processor=_unpacking(name, target) if source.is_archive else None,
                    progressbar=progress,
                )
            except ImportError as error:  # of a package for the progress bar or the protocol
                raise InputError("fetch", source.url, str(error)) from error
            except ValueError as error:
                if "hash" not in str(error):
                    raise
                raise FileError(path, f"is not the file that is known: {error}") from error
            except OSError as error:
                raise FileError(path, f"cannot be downloaded from {source.url}: {type(error).__name__}") from error
            if not source.is_archive and name != target.name:
                path = path.replace(target)
            found.append(Fetched(source.url, path, path.stat().st_size, _sha256(path), source.sha256 is not None))
    return found


def _unpacking(name: str, folder: Path) -> object:
    import pooch

    unpack = pooch.Unzip if name.endswith(".zip") else pooch.Untar
    return unpack(extract_dir=str(folder.absolute()))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
