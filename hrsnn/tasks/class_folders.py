"""Data sets in folders: the folder that holds the parts, and the files of each class in a folder of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hrsnn.errors import FileError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike, check_path


def folder_with(path: PathLike, names: tuple[str, ...]) -> Path:
    """Return the folder in which all of `names` are: `path` itself, or the one folder in it that has them.

    Raises
    ------
    FileError
        When `path` is missing or no folder, or no folder or several have them.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "N-MNIST" / "Train").mkdir(parents=True)
    >>> folder_with(folder, ("Train",)).name
    'N-MNIST'
    """
    check_path(path)
    whole = Path(path)
    with refuse_damaged(path, "folder"):
        if not whole.is_dir():
            raise FileError(path, "is no folder" if whole.exists() else "does not exist")
        found = [whole] if _has(whole, names) else [one for one in folders_in(whole) if _has(one, names)]
    if len(found) != 1:
        said = f"holds several folders with {' and '.join(names)}: give one" if found else f"holds no {' and '.join(names)}"
        raise FileError(path, said)
    return found[0]


def folders_in(path: Path) -> list[Path]:
    """Return the folders in a folder, by name, without hidden ones and those that archives of macOS leave."""
    return sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith((".", "__")))


def files_of_classes(path: PathLike, *endings: str) -> Mapping[str, list[Path]]:
    """Return the files of each class by the name of its folder; both are ordered by name.

    Parameters
    ----------
    path : path
        Folder with one folder a class.
    *endings : str
        Ends of the files' names in lower case, such as ".bin"; other files, and hidden ones, are not used.

    Raises
    ------
    FileError
        When the folder is missing, or has no folders, one of them has no such files, or such a file is in none of them.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "cat").mkdir()
    >>> _ = (folder / "cat" / "b.bin").write_bytes(b""), (folder / "cat" / "a.bin").write_bytes(b"")
    >>> [(name, [file.name for file in files]) for name, files in files_of_classes(folder, ".bin").items()]
    [('cat', ['a.bin', 'b.bin'])]
    """
    check_path(path)
    whole = Path(path)
    with refuse_damaged(path, "folder"):
        if not whole.is_dir():
            raise FileError(path, "is no folder" if whole.exists() else "does not exist: give a folder of class folders")
        found = {one.name: _files(one, endings) for one in folders_in(whole)}
        loose = [one for one in _files(whole, endings) if not one.is_dir()]
    if loose:
        raise FileError(loose[0], "is in no folder of a class: wanted CLASS/file")
    if not found:
        raise FileError(path, "holds no folders: must have one for each class")
    for name, files in found.items():
        if not files:
            raise FileError(whole / name, f"holds no {' or '.join(endings)} files")
    return found


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.suffix.lower() in endings and not one.name.startswith("."))


def _has(folder: Path, names: tuple[str, ...]) -> bool:
    return all((folder / name).exists() for name in names)
