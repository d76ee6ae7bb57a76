"""Tasks shd, ssc and wavs: splits, options, what is read and when, and what is wrong with the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fsdd_adapter import write_recordings
from scipy.io import wavfile
from sklearn.base import clone
from spiking_h5_files import random_recordings, write_lauscher, write_recordings_folder, write_spiking_h5
from wav_folders import write_tones

from hrsnn import Currents, SpikeTrains
from hrsnn.errors import FileError, HrsnnError
from hrsnn.tasks import load_task

TONE = (8000 * np.sin(np.arange(1600) * 0.3)).astype(np.int16)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recordings_folder(tmp_path_factory.mktemp("shd"), "shd", 20, train=3, test=2)


def test_the_parts_of_shd_are_its_files(digits: Path) -> None:
    task = load_task("shd", path=digits, seed=1)
    assert (len(task.x_train), len(task.x_test), task.classes.tolist()) == (60, 40, list(range(20)))
    assert task.y_train.tolist() != sorted(task.y_train.tolist())
    wanted = random_recordings(np.tile(np.arange(20), 2).tolist(), "test")
    for (times, units), (when, which) in zip(task.x_test, wanted, strict=True):
        np.testing.assert_array_equal(times, 1000 * when.astype(np.float16).astype(float))
        np.testing.assert_array_equal(units, which)
    for sample, label in zip(task.x_train, task.y_train, strict=True):
        assert set((sample[1] // 20).tolist()) == {label}
    same = load_task("shd", path=digits / "shd_train.h5", seed=1)
    assert same.y_train.tolist() == task.y_train.tolist()


def test_channels_are_merged_and_recordings_cut(digits: Path) -> None:
    whole, few = (load_task("shd", path=digits, **options).encoded() for options in ({}, {"channels": 35, "duration": 50}))
    assert (whole.x_test.n_channels, few.x_test.n_channels) == (700, 35)
    assert set(few.x_test.durations) == {50.0}
    kept = whole.x_test.times < 50
    np.testing.assert_array_equal(few.x_test.times, whole.x_test.times[kept])
    np.testing.assert_array_equal(few.x_test.channels, whole.x_test.channels[kept] // 20)
    last = np.maximum.reduceat(whole.x_test.times, whole.x_test.offsets[:-1])
    assert np.all((whole.x_test.durations > last) & (whole.x_test.durations <= last + 10))


def test_a_subset_reads_only_its_recordings(digits: Path, tmp_path: Path) -> None:
    """The others are damaged, which nobody notices."""
    pairs = [*random_recordings(range(20), "good"), *[([0.1], [999])] * 20]
    write_spiking_h5(tmp_path / "shd_train.h5", pairs, [*range(20)] * 2)
    (tmp_path / "shd_test.h5").write_bytes((digits / "shd_test.h5").read_bytes())
    task = load_task("shd", path=tmp_path)
    good = np.flatnonzero([row < 20 for _, row in task.x_train.places])
    assert isinstance(task.encoder.transform(task.x_train[good]), SpikeTrains)
    with pytest.raises(FileError, match="has a spike of unit 999, wanted 0 to 699"):
        task.encoded()


def test_the_parts_of_ssc_are_its_files(tmp_path: Path) -> None:
    write_recordings_folder(tmp_path, "ssc", 35, train=2, valid=1, test=3)
    for split, tested in (("official", 105), ("validation", 35)):
        task = load_task("ssc", path=tmp_path, split=split)
        assert (len(task.x_train), len(task.x_test), len(task.classes)) == (70, tested, 35)
    (tmp_path / "ssc_valid.h5").unlink()
    assert len(load_task("ssc", path=tmp_path).x_test) == 105
    with pytest.raises(FileError, match=r"ssc_valid\.h5: does not exist"):
        load_task("ssc", path=tmp_path, split="validation")


def _h5(labels: Any = range(20), **other: Any) -> Callable[[Path], object]:
    return lambda folder: write_spiking_h5(folder / "shd_test.h5", random_recordings(range(len(labels)), "x"), labels)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (_h5(), {"channels": 300}, "channels = 300: must divide 700"),
        (_h5(), {"channels": 0}, "channels = 0: must be"),
        (_h5(), {"duration": -5}, "duration = -5"),
        (_h5(range(19)), {}, r"shd_test\.h5: has no recording of class 19, and the other part has some"),
        (_h5([*range(20), 20]), {}, r"shd_test\.h5: recording 20 has the label 20, wanted 0 to 19"),
        (lambda folder: (folder / "shd_test.h5").unlink(), {}, r"shd_test\.h5: does not exist"),
        (
            lambda folder: None,
            {"path": "nowhere"},
            r"nowhere: does not exist: give the folder of shd_train\.h5 and shd_test",
        ),
        (lambda folder: (folder / "shd_test.h5").write_bytes(b"\x1f\x8b" + bytes(9)), {}, r"is compressed: unpack it first"),
    ],
)
def test_what_is_wrong_with_shd(
    change: Callable[[Path], object], options: dict[str, Any], message: str, digits: Path, tmp_path: Path
) -> None:
    for file in digits.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    change(tmp_path)
    with pytest.raises(HrsnnError, match=message) as refused:
        load_task("shd", **{"path": tmp_path, **options})
    assert "\n" not in str(refused.value)


def test_real_trains_as_shd(data_folder: Path, tmp_path: Path) -> None:
    task = load_task("shd", path=write_lauscher(data_folder, tmp_path)).encoded()
    rates = 1000 * task.x_test.counts()[:, 0, :70].sum(axis=1) / task.x_test.durations / 70
    assert np.all((rates > 1) & (rates < 100))
    assert task.x_test.n_spikes == 3865


def test_a_folder_of_classes(tmp_path: Path) -> None:
    task = load_task("wavs", path=write_tones(tmp_path / "tones", rate=16000))
    assert (task.classes.tolist(), len(task.x_train), len(task.x_test)) == (["high", "low"], 18, 6)
    assert np.unique(task.y_test, return_counts=True)[1].tolist() == [3, 3]
    assert len({len(sound) for sound in task.x_train}) > 5
    assert clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test) == 1.0
    assert isinstance(task.encoded().x_train, Currents)
    spikes = load_task("wavs", path=tmp_path / "tones", encoding="level_crossing", bands=10).encoded().x_train
    assert spikes.n_channels == 20
    np.testing.assert_allclose(spikes.durations, [10 * np.ceil(len(sound) / 160) for sound in task.x_train])


def test_a_split_by_folders_and_the_same_by_a_table(tmp_path: Path) -> None:
    for part, number in (("train", 5), ("test", 2)):
        for name in ("cat", "dog"):
            (tmp_path / part / name).mkdir(parents=True)
            for index in range(number):
                wavfile.write(tmp_path / part / name / f"{index}.wav", 8000, TONE[: 900 + 10 * index + len(part)])
    rows = [f"{file.relative_to(tmp_path)},{file.parent.name},{file.parts[-3]}" for file in sorted(tmp_path.rglob("*.wav"))]
    (tmp_path / "labels.csv").write_text("\n".join(["file, label, split", *rows]))
    folders, table = (load_task("wavs", path=tmp_path, labels=labels) for labels in (None, "labels.csv"))
    for task in (folders, table):
        assert (len(task.x_train), len(task.x_test)) == (10, 4)
        assert {len(sound) % 10 for sound in task.x_test} == {4}
        assert [place.parent.name for place in task.x_train.places] == task.y_train.tolist()
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *(row.rpartition(",")[0] for row in rows)]))
    assert len(load_task("wavs", path=tmp_path, labels="labels.csv", test_share=0.5).x_test) == 7


def _tables(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "labels.csv").write_text(text)


def _sound(name: str, rate: int = 8000, sound: np.ndarray = TONE) -> Callable[[Path], object]:
    return lambda folder: wavfile.write(folder / name, rate, sound)


TABLE = {"labels": "labels.csv"}
GOOD = "".join(f"{name}/{index}.wav,{name}\n" for name in ("cat", "dog") for index in range(4))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda folder: None, {"path": "nowhere"}, "nowhere: does not exist"),
        (lambda folder: (folder / "more").mkdir(), {"path": "more"}, "more: holds no folders: must have one for each class"),
        (lambda folder: None, {"path": "cat"}, r"cat/0\.wav: is in no folder of a class"),
        (lambda folder: (folder / "dog").rename(folder.parent / "dog"), {}, "its recordings are all of one class, 'cat'"),
        (_sound("dog/0.wav", 16000), {}, r"dog/0\.wav: has a sample rate of 16000 Hz, and .*cat/0\.wav one of 8000"),
        (lambda folder: None, {"rate": 16000}, r"cat/0\.wav: has a sample rate of 8000 Hz, wanted 16000: resample it"),
        (
            _sound("dog/0.wav", sound=np.stack([TONE, TONE], axis=1)),
            {},
            r"has 2 channels, wanted one \(mono\); average=true",
        ),
        (_sound("dog/0.wav", sound=TONE[:0]), {}, "holds no sound"),
        (lambda folder: (folder / "dog/0.wav").write_bytes(b"no sound"), {}, "is damaged or no wav file"),
        (lambda folder: (folder / "dog/8.wav").mkdir(), {}, "is a folder, and no ordinary file"),
        (lambda folder: (folder / "dog/8.wav").symlink_to("/dev/zero"), {}, "is a device, and no ordinary file"),
        (lambda folder: None, {"encoding": "poisson"}, "encoding = 'poisson': must be one of current, level_crossing"),
        (lambda folder: None, {"test_share": 1.5}, "test_share = 1.5: must be between 0 and 1"),
        (_sound("rat.wav"), {}, r"rat\.wav: is in no folder of a class"),
        (
            lambda folder: ((folder / "rat").mkdir(), _sound("rat/0.wav")(folder)),
            {},
            "leaves the class 'rat' out of the test",
        ),
        (lambda folder: None, TABLE, r"labels\.csv: does not exist"),
        (_tables(""), TABLE, "has the columns none, wanted file, label"),
        (_tables("file,name\n"), TABLE, "has the columns file, name, wanted file, label"),
        (_tables("file,label\n"), TABLE, "has no rows"),
        (_tables("file,label\ncat/0.wav\n"), TABLE, "has an empty cell in line 2"),
        (_tables("file,label\ncat/0.wav,a,b\n"), TABLE, "has more cells in line 2 than in the first"),
        (_tables("file,label\n../x.wav,a\n"), TABLE, r"names '\.\./x\.wav' in line 2, wanted a file in the folder"),
        (_tables("file,label\n/etc/passwd,a\n"), TABLE, "names '/etc/passwd' in line 2"),
        (_tables(f"file,label\n{GOOD}cat/0.wav,b\n"), TABLE, r"has 'cat/0\.wav' again in line 10"),
        (_tables("file,label,split\ncat/0.wav,a,tset\n"), TABLE, "has the split 'tset' in line 2, wanted train or test"),
        (
            _tables("file,label,split\ncat/0.wav,a,train\ncat/1.wav,b,train\ncat/2.wav,a,test\n"),
            TABLE,
            "has no recording of the class 'b' in the part test",
        ),
        (_tables(f"file,label\n{GOOD}cow/0.wav,cow\n"), TABLE, r"cow/0\.wav: does not exist"),
    ],
)
def test_what_is_wrong_with_wavs(
    change: Callable[[Path], object],
    options: dict[str, Any],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "sounds"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for index in range(4):
            wavfile.write(folder / name / f"{index}.wav", 8000, TONE[: 800 + 100 * index])
    change(folder)
    monkeypatch.chdir(folder)
    with pytest.raises(HrsnnError, match=message) as refused:
        load_task("wavs", **{"path": folder, **options})
    assert "\n" not in str(refused.value)


def test_channels_are_averaged(tmp_path: Path) -> None:
    write_tones(tmp_path / "tones", number=4)
    wavfile.write(tmp_path / "tones" / "low" / "8.wav", 8000, np.stack([TONE, -TONE], axis=1))
    task = load_task("wavs", path=tmp_path / "tones", average=True)
    silent = [sound for sound in [*task.x_train, *task.x_test] if not sound.any()]
    assert [len(sound) for sound in silent] == [1600]


def test_digits_as_a_folder_of_sounds_are_the_task_of_digits(data_folder: Path, tmp_path: Path) -> None:
    """The same features on the same split: the linear baseline makes the same predictions, up to the order of samples."""
    chosen = {"indices": range(9), "speakers": ("jackson", "theo")}
    official = load_task("fsdd", path=write_recordings(data_folder, tmp_path / "fsdd", **chosen))
    for file in (tmp_path / "fsdd" / "recordings").iterdir():
        digit, speaker, index = file.stem.split("_")
        inner = tmp_path / "own" / ("test" if int(index) < 5 else "train") / digit
        inner.mkdir(parents=True, exist_ok=True)
        (inner / f"{speaker}_{index}.wav").write_bytes(file.read_bytes())
    own = load_task("wavs", path=tmp_path / "own", encoding="level_crossing")
    assert (len(own.x_train), len(own.x_test)) == (len(official.x_train), len(official.x_test)) == (80, 100)
    features = [task.raw_baseline[:2].fit_transform(task.x_test) for task in (own, official)]
    order = [np.lexsort(one.T) for one in features]
    np.testing.assert_array_equal(features[0][order[0]], features[1][order[1]])
    np.testing.assert_array_equal(own.y_test[order[0]].astype(int), official.y_test[order[1]])
