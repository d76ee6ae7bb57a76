"""Files with a class each, from the names of their folders or from a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

from hrsnn.errors import FileError
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.tasks.class_folders import files_of_classes, folders_in
from hrsnn.validation.units import takes


@dataclass(frozen=True)
class LabelledFile:
    """A file, its class, and the part that it belongs to: "train" or "test", or "" where there is no split."""

    path: Path
    label: str
    part: Literal["", "train", "test"] = ""


@takes()
def files_in_folders(path: PathLike, *endings: str) -> list[LabelledFile]:
    """Return the files ``CLASS/*`` of a folder, or ``train/CLASS/*`` and ``test/CLASS/*``, ordered by class and name.

    Parameters
    ----------
    path : path
    *endings : str
        Ends of the files' names in lower case, such as ".wav".

    Raises
    ------
    FileError
        When the folder is missing, a class has no such files, some are in no folder of a class, or of the folders train and
        test, with classes, one is missing or others are beside them.

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
    whole = Path(path)
    with refuse_damaged(path, "folder"):
        inside = folders_in(whole) if whole.is_dir() else []
        parts = [one for one in inside if one.name in ("train", "test") and folders_in(one)]
    if parts and (len(parts) == 1 or len(inside) > 2):
        others = ", ".join(one.name for one in inside if one not in parts) or "no other"
        raise FileError(path, f"has the folder {parts[0].name}, of classes, and {others}: wanted train and test only")
    found = []
    for folder in parts or [whole]:
        part: Literal["", "train", "test"] = "" if not parts else "train" if folder.name == "train" else "test"
        for label, files in files_of_classes(folder, *endings).items():
            found += [LabelledFile(file, label, part) for file in files]
    return found


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
