"""Time series of the UEA and UCR archives: files written by hand, the archive's own, and what is wrong with a file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from hrsnn import simulate
from hrsnn.builder import build
from hrsnn.errors import FileError, InputError
from hrsnn.formats.ts import read_ts
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks import ClassificationTask, load_task

HEADER = "# made by hand\n@problemName Hand\n@timeStamps false\n@univariate false\n@dimensions 2\n@classLabel true up down\n"
TRAIN = HEADER + "@data\n1,2,3:4,5,6:up\n\n7,8:9,10:down\n-1e2,0:.5,+3:down\n"
TEST = HEADER + "@data\n0,1:1,0:down\n2:2:up\n"


def folder_of(path: Path, train: str = TRAIN, test: str | None = TEST) -> Path:
    (path / "Hand_TRAIN.ts").write_text(train)
    if test is not None:
        (path / "Hand_TEST.ts").write_text(test)
    return path


def test_samples_labels_and_lengths_of_a_file_written_by_hand(tmp_path: Path) -> None:
    found = read_ts(folder_of(tmp_path) / "Hand_TRAIN.ts")
    assert (found.name, found.classes, found.labels.tolist()) == ("Hand", ("up", "down"), ["up", "down", "down"])
    wanted = [[[1, 4], [2, 5], [3, 6]], [[7, 9], [8, 10]], [[-100, 0.5], [0, 3]]]
    assert [sample.tolist() for sample in found.samples] == wanted


@pytest.mark.parametrize("given", ["", "Hand_TRAIN.ts", "Hand_TEST.ts"])
def test_both_parts_from_either_file_or_the_folder(given: str, tmp_path: Path) -> None:
    task = load_task("ts", path=folder_of(tmp_path) / given, hold=7)
    assert isinstance(task, ClassificationTask)
    assert task.y_test.tolist() == ["down", "up"]
    encoded = task.encoded()
    assert isinstance(encoded.x_train, Currents)
    # standardised over all seven rows of the training part
    rows = np.array([[1, 4], [2, 5], [3, 6], [7, 9], [8, 10], [-100, 0.5], [0, 3]])
    wanted = (np.array([[0, 1], [1, 0]]) - rows.mean(0)) / rows.std(0)
    assert np.allclose(encoded.x_test.sample(0), wanted)
    assert encoded.x_test.durations.tolist() == [14.0, 7.0]
    spikes = load_task("ts", path=tmp_path, hold=7, encoding="poisson", peak_rate=1000).encoded().x_train  # type: ignore[union-attr]
    assert isinstance(spikes, SpikeTrains)
    assert sorted(spikes.durations.tolist()) == [14.0, 14.0, 21.0]


def test_a_network_sees_each_sample_for_its_own_length(tmp_path: Path) -> None:
    stimuli = load_task("ts", path=folder_of(tmp_path), hold=20).encoded().x_train  # type: ignore[union-attr]
    activity = simulate(build(ReservoirSpec(neurons=20), seed=1, channels=2), stimuli, record=("states",))
    assert activity.durations.tolist() == stimuli.durations.tolist()
    assert activity.sample_times[:, -1].tolist() == stimuli.durations.tolist()


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (None, "does not exist"),
        ("", "has no line @data"),
        ("1,2,3\n", "line 1 is '1,2,3', where a key"),
        ("@relation x\n@data\n", "line 1 is '@relation x'"),
        (HEADER + "@data\n", "has no samples"),
        (HEADER.replace("true", "false") + "@data\n1:1\n", "has no class labels"),
        ("@targetLabel true\n@data\n1:2\n", "has no class labels"),
        ("@classLabel true one\n@data\n1:one\n", "names 1 classes"),
        (HEADER.replace("@timeStamps false", "@timeStamps true") + "@data\n", "has time stamps"),
        (HEADER + "@data\n1:2:left\n", "the label 'left' in line 8, and only up, down"),
        (HEADER + "@data\n1,?:2,3:up\n", "missing values in line 8"),
        (HEADER + "@data\n1,nan:2,3:up\n", "not finite in line 8"),
        (HEADER + "@data\n1,1e999:2,3:up\n", "not finite in line 8"),
        (HEADER + "@data\n1,x7:2,3:up\n", "'x7' for a number in line 8"),
        (HEADER + "@data\n1,:2,3:up\n", "'' for a number in line 8"),
        (HEADER + "@data\n1,2:2:up\n", "channels of 1, 2 values in line 8"),
        (HEADER + "@data\n1:2:up\n1:down\n", "samples of 1, 2 channels"),
        (HEADER + "@data\n1:up\n", "has 1 channels, and says @dimensions 2"),
        (HEADER.replace("@dimensions 2", "@dimensions two") + "@data\n1:2:up\n", "says @dimensions two"),
        (HEADER.replace("@univariate false", "@univariate true") + "@data\n1:2:up\n", "says @univariate true"),
        (HEADER + "@equalLength true\n@data\n1:2:up\n1,2:2,3:down\n", "samples of 1 to 2 values, and says that all"),
        (HEADER + "@equalLength true\n@seriesLength 3\n@data\n1,2:2,3:down\n", "says that all have 3"),
        (HEADER + "@data\n1:2:up\n", "no sample of the class 'down', which the other part has"),
        ("\0\1\2", "is no .ts file"),
    ],
)
def test_bad_files_are_refused_in_one_line(train: str | None, message: str, tmp_path: Path) -> None:
    if train is not None:
        folder_of(tmp_path, train)
    with pytest.raises(FileError, match=message) as refused:
        load_task("ts", path=tmp_path / "Hand_TRAIN.ts")
    assert "\n" not in str(refused.value)
    assert "Hand_TRAIN.ts" in str(refused.value)


def test_bad_folders_and_pairs(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"holds no file NAME_TRAIN\.ts"):
        load_task("ts", path=tmp_path)
    with pytest.raises(FileError, match=r"must end in _TRAIN\.ts"):
        load_task("ts", path=tmp_path / "x.ts")
    folder_of(tmp_path, test=None)
    with pytest.raises(FileError, match=r"Hand_TEST\.ts: does not exist"):
        load_task("ts", path=tmp_path)
    (tmp_path / "Hand_TEST.ts").write_text("@classLabel true up down\n@data\n1:up\n1:down\n")
    with pytest.raises(FileError, match=r"Hand_TEST\.ts: has 1 channels, and Hand_TRAIN\.ts 2"):
        load_task("ts", path=tmp_path)
    (tmp_path / "Other_TRAIN.ts").write_text(TRAIN)
    with pytest.raises(FileError, match="holds 2 data sets: give the option dataset, one of Hand, Other"):
        load_task("ts", path=tmp_path)
    with pytest.raises(InputError, match="dataset = 'Hant': did you mean 'Hand'"):
        load_task("ts", path=tmp_path, dataset="Hant")
    (tmp_path / "Third").mkdir()
    folder_of(tmp_path / "Third")
    task = load_task("ts", path=tmp_path / "Third", dataset="Hand")
    assert isinstance(task, ClassificationTask)
    assert len(task.x_train) == 3


@pytest.mark.skipif("HRSNN_DATA" not in os.environ, reason="needs the data folder that HRSNN_DATA names")
@pytest.mark.parametrize(
    ("name", "channels", "lengths", "classes", "sizes", "least"),
    [
        ("JapaneseVowels", 12, (7, 29), 9, (270, 370), 0.95),
        ("BasicMotions", 6, (100, 100), 4, (40, 40), 0.9),
        ("FingerMovements", 28, (50, 50), 2, (316, 100), 0.0),
        ("GunPoint", 1, (150, 150), 2, (50, 150), 0.7),
        ("PickupGestureWiimoteZ", 1, (29, 361), 10, (50, 50), 0.5),
    ],
)
def test_sets_of_the_archive(
    name: str, channels: int, lengths: tuple[int, int], classes: int, sizes: tuple[int, int], least: float
) -> None:
    task = load_task("ts", path=Path(os.environ["HRSNN_DATA"]) / "ts" / f"{name}_TRAIN.ts")
    assert isinstance(task, ClassificationTask)
    assert (len(task.x_train), len(task.x_test)) == sizes
    assert len(task.classes) == classes
    found = [len(sample) for sample in [*task.x_train, *task.x_test]]
    assert (min(found), max(found)) == lengths
    assert {sample.shape[1] for sample in task.x_train} == {channels}
    if least:
        correct = task.raw_baseline.fit(task.x_train, task.y_train).predict(task.x_test) == task.y_test
        assert correct.mean() >= least
