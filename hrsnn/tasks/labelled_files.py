"""Files with a class each, from the names of their folders or from a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

from hrsnn.errors import FileError
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.validation.units import takes


@dataclass(frozen=True)
class LabelledFile:
    """A file, its class, and the part that it belongs to: "train" or "test", or "" where there is no split."""

    path: Path
    label: str
    part: Literal["", "train", "test"] = ""


@takes()
def files_in_folders(path: PathLike, ending: str) -> list[LabelledFile]:
    """Return the files ``CLASS/*`` of a folder, or ``train/CLASS/*`` and ``test/CLASS/*``, ordered by name.

    Parameters
    ----------
    path : path
    ending : str
        Of the names of the files, in any case, such as ".wav".

    Raises
    ------
    FileError
        When the folder is missing, holds no such files, or holds some that are in no folder of a class.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("dog", "cat"):
    ...     (folder / name).mkdir()
    ...     (folder / name / "1.wav").touch()
    >>> [(one.path.name, one.label) for one in files_in_folders(folder, ".wav")]
    [('1.wav', 'cat'), ('1.wav', 'dog')]
    """
    folder = _folder(path)
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        return _in_classes(folder / "train", ending, "train") + _in_classes(folder / "test", ending, "test")
    return _in_classes(folder, ending, "")


@takes()
def files_in_table(path: PathLike, table: str) -> list[LabelledFile]:
    """Return the files of a table with the columns ``file``, ``label`` and optionally ``split``, in its order.

    Parameters
    ----------
    path : path
        Folder of the files and the table.
    table : str
        Name of the table.

    Raises
    ------
    FileError
        When the folder or the table is missing, the table has no rows or other columns, a cell is empty, a file is outside
        the folder or twice in the table, or a split is neither "train" nor "test".

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "labels.csv").write_text("file,label,split\\n1.wav,dog,train\\n2.wav,cat,test\\n")
    >>> [(one.path.name, one.label, one.part) for one in files_in_table(folder, "labels.csv")]
    [('1.wav', 'dog', 'train'), ('2.wav', 'cat', 'test')]
    """
    folder = _folder(path)
    place = folder / table
    found: dict[Path, LabelledFile] = {}
    with refuse_damaged(place, "table of labels"):
        reader = csv.DictReader(read_text(place).removeprefix("\ufeff").splitlines(), strict=True, restval="")
        names = [name.strip() for name in reader.fieldnames or ()]
        if not {"file", "label"} <= set(names) or len(set(names)) < len(names):
            raise FileError(place, f"has the columns {', '.join(names) or 'none'}, wanted file, label and, if any, split")
        reader.fieldnames = names
        for row in reader:
            line = reader.line_num
            if None in row:
                raise FileError(place, f"has more cells in line {line} than in the first")
            cells = {name: row[name].strip() for name in names}
            file, label, part = cells["file"], cells["label"], cells.get("split", "train")
            if not file or not label:
                raise FileError(place, f"has an empty cell in line {line}")
            if PurePath(file).is_absolute() or ".." in PurePath(file).parts:
                raise FileError(place, f"names {file!r} in line {line}, wanted a file in the folder {folder}")
            if part not in ("train", "test"):
                raise FileError(place, f"has the split {part!r} in line {line}, wanted train or test")
            if folder / file in found:
                raise FileError(place, f"has {file!r} again in line {line}")
            given: Literal["", "train", "test"] = "" if "split" not in names else "train" if part == "train" else "test"
            found[folder / file] = LabelledFile(folder / file, label, given)
    if not found:
        raise FileError(place, "has no rows")
    return list(found.values())


def _folder(path: PathLike) -> Path:
    folder = Path(path)
    with refuse_damaged(path, "folder"):
        if not folder.is_dir():
            raise FileError(path, "is no folder" if folder.exists() else "does not exist: give the folder of the files")
    return folder


def _in_classes(folder: Path, ending: str, part: Literal["", "train", "test"]) -> list[LabelledFile]:
    found = []
    with refuse_damaged(folder, "folder"):
        loose = [file.name for file in sorted(folder.iterdir()) if file.suffix.lower() == ending and not file.is_dir()]
        if loose:
            raise FileError(folder / loose[0], "is in no folder of a class: wanted CLASS/file, or a table of labels")
        for inner in sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")):
            files = sorted(file for file in inner.iterdir() if file.suffix.lower() == ending)
            found += [LabelledFile(file, inner.name, part) for file in files]
    if not found:
        raise FileError(folder, f"holds no {ending} files in folders of classes")
    return found
