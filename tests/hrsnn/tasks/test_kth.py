"""Task kth: persons of each part, blocks and frames, and what is wrong with the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from video_files import bar, write_actions, write_avi

from hrsnn import SpikeTrains
from hrsnn.errors import FileError, HrsnnError
from hrsnn.tasks import load_task
from hrsnn.tasks.kth import CLASSES, TEST, TRAINING, VALIDATION

pytest.importorskip("av")
NAME = "boxing/person11_boxing_d1_uncomp.avi"


@pytest.fixture(scope="module")
def actions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_actions(tmp_path_factory.mktemp("kth") / "actions", scenes=(1,))


def test_persons_are_divided_as_in_the_paper() -> None:
    assert sorted(TRAINING + VALIDATION + TEST) == list(range(1, 26))
    assert [len(part) for part in (TRAINING, VALIDATION, TEST)] == [8, 8, 9]


@pytest.mark.parametrize(
    ("split", "train", "test"), [("official", {11, 12, 19, 4}, {22, 2}), ("validation", {11, 12}, {19, 4})]
)
def test_parts(split: str, train: set[int], test: set[int], actions: Path) -> None:
    task = load_task("kth", path=actions, split=split)
    for samples, labels, wanted in ((task.x_train, task.y_train, train), (task.x_test, task.y_test, test)):
        assert {int(place.name[6:8]) for place in samples.places} == wanted
        assert [place.parent.name for place in samples.places] == labels.tolist()
    assert task.classes.tolist() == sorted(CLASSES)


def test_blocks_and_frames(actions: Path) -> None:
    task = load_task("kth", path=actions, size=8, frames=5, dt=10.0)
    assert task.x_test[0].shape == (5, 6, 8)
    trains = task.encoded().x_test
    assert isinstance(trains, SpikeTrains)
    assert (trains.n_channels, set(trains.durations)) == (2 * 6 * 8, {50.0})
    assert np.all(trains.times >= 10)  # none in the first frame, which has none before it


def test_spikes_are_where_the_bar_moves(tmp_path: Path) -> None:
    """A bar of three columns that moves by one to the right each frame: on before it, off behind it."""
    for person in (11, 22):
        for action in ("boxing", "walking"):
            (tmp_path / action).mkdir(exist_ok=True)
            still = np.repeat(bar("boxing", frames=1), 6, axis=0)
            video = bar("boxing", frames=6) if action == "boxing" else still
            write_avi(tmp_path / action / f"person{person}_{action}_d1_uncomp.avi", video, "mpeg4")
    task = load_task("kth", path=tmp_path, size=32, threshold=0.8).encoded()
    moving, still = (task.x_test[int(np.flatnonzero(task.y_test == name)[0])] for name in ("boxing", "walking"))
    assert still.n_spikes == 0
    counts = moving.counts(6)[0].reshape(6, 2, 24, 32)
    for frame in range(1, 6):
        for sign, column in ((0, frame + 2), (1, frame - 1)):
            assert set(np.nonzero(counts[frame, sign])[1].tolist()) == {column}


def _video(name: str, **size: Any) -> Callable[[Path], object]:
    return lambda folder: write_avi(folder / name, bar("boxing", **{"height": 30, "width": 40, **size}))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda folder: None, {"path": "nowhere"}, "nowhere: does not exist: give the folder of the folders boxing"),
        (lambda folder: None, {"path": NAME}, "is no folder"),
        (lambda folder: None, {"path": "boxing"}, "boxing: holds no .avi files: give the folder of the folders boxing"),
        (lambda folder: None, {"split": "test"}, "split = 'test': must be"),
        (lambda folder: None, {"size": 7}, "size = 7: must be one of 4, 8, 20, 40: square blocks fill 40 x 30 pixels"),
        (lambda folder: None, {"frames": 1}, "frames = 1: must be"),
        (_video("boxing/person26_boxing_d1_uncomp.avi"), {}, "its name must be personNN_boxing_dK_uncomp.avi"),
        (_video("boxing/person11_walking_d1_uncomp.avi"), {}, "its name must be personNN_boxing_dK_uncomp.avi"),
        (_video(NAME, width=60), {}, r"has frames of .* pixels, and .* 60 x 30|has frames of 60 x 30 pixels, and"),
        (lambda folder: (folder / NAME).write_bytes(b"RIFF no video" * 9), {}, "is no AVI file"),
        (lambda folder: (folder / NAME).write_bytes((folder / NAME).read_bytes()[:-9]), {}, "is truncated"),
        (
            lambda folder: [file.unlink() for file in (folder / "jogging").glob("*") if file.name[6:8] in ("22", "02")],
            {},
            "has no jogging to test on by the official split, of the persons 2, 3, 5, 6",
        ),
    ],
)
def test_what_is_wrong_with_the_data(
    change: Callable[[Path], object],
    options: dict[str, Any],
    message: str,
    actions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for file in actions.glob("*/*"):
        (tmp_path / file.parent.name).mkdir(exist_ok=True)
        (tmp_path / file.parent.name / file.name).write_bytes(file.read_bytes())
    change(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HrsnnError, match=message) as refused:
        load_task("kth", **{"path": tmp_path, **options})
    assert "\n" not in str(refused.value)


def test_a_video_of_one_frame_is_refused_when_it_is_read(actions: Path, tmp_path: Path) -> None:
    write_actions(tmp_path / "actions", scenes=(1,), actions=("boxing", "walking"))
    write_avi(tmp_path / "actions" / NAME, bar("boxing", frames=1, height=30, width=40))
    task = load_task("kth", path=tmp_path / "actions")
    with pytest.raises(FileError, match="has one frame: differences need two"):
        task.encoded()
