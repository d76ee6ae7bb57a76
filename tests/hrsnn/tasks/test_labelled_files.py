"""Files of classes, by the folders they are in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hrsnn.errors import FileError
from hrsnn.tasks.labelled_files import files_in_folders


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (
            ["b/1.png", "a/2.JPG", "a/1.pgm", "a/notes.txt", "a/.hidden.png", ".cache/1.png", "README"],
            {"": ["a/1.pgm", "a/2.JPG", "b/1.png"]},
        ),
        (
            ["train/a/1.png", "train/b/1.png", "test/a/2.png", "test/b/3.tif"],
            {"train": ["train/a/1.png", "train/b/1.png"], "test": ["test/a/2.png", "test/b/3.tif"]},
        ),
        (["train/1.png", "test/1.png"], {"": ["test/1.png", "train/1.png"]}),  # classes of these names
    ],
)
def test_classes_and_parts(names: list[str], wanted: dict[str, list[str]], tmp_path: Path) -> None:
    found = files_in_folders(touch(tmp_path, *names), ".png", ".jpg", ".pgm", ".tif")
    by_part: dict[str, list[str]] = {}
    for one in found:
        by_part.setdefault(one.part, []).append(str(one.path.relative_to(tmp_path)))
        assert one.path.parent.name == one.label
    assert by_part == wanted


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "holds no folders: must have one for each class"),
        (lambda root: touch(root, "1.png"), r"1\.png: is in no folder of a class"),
        (lambda root: touch(root, "a/1.png", "b/x.txt"), r"b: holds no \.png or \.jpg files"),
        (lambda root: touch(root, "train/a/1.png"), "has the folder train, of classes, and no other: wanted train and test"),
        (lambda root: touch(root, "train/a/1.png", "val/a/1.png"), "has the folder train, of classes, and val"),
        (lambda root: touch(root, "train/a/1.png", "test/a/1.png", "val/a/1.png"), "of classes, and val"),
    ],
)
def test_what_is_wrong_with_a_folder(make: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(FileError, match=message):
        files_in_folders(tmp_path, ".png", ".jpg")


def test_no_folder(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none", "does not exist"), (touch(tmp_path, "file") / "file", "is no folder")):
        with pytest.raises(FileError, match=message):
            files_in_folders(path, ".png")
