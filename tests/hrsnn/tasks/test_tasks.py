"""Tasks: splits that do not leak, data that are what they should be, and what bad folders and options give."""

from __future__ import annotations

import numpy as np
import pytest
from fsdd_adapter import write_recordings
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.io import wavfile
from sklearn.base import clone
from sklearn.datasets import load_digits

from hrsnn import ReservoirSpec, build
from hrsnn.analysis.protocols import classify
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions
from hrsnn.analysis.scoring.baselines import BASELINES
from hrsnn.encoders.frames import equal_frames, window_means
from hrsnn.errors import FileError, InputError
from hrsnn.readout import readout
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks import TASKS, TaskChoice, load_task
from hrsnn.tasks import lorenz63 as lorenz
from hrsnn.tasks.integration import trajectory as integrated
from hrsnn.tasks.of_trains import windowed_counts
from hrsnn.tasks.task import split_rows, stratified_rows
from hrsnn.tasks.xor import ideal_accuracy


def trajectory(start, steps, dt):
    return integrated(lorenz._drift, start, steps, dt, 0.01)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("digit", {}, r"^task = 'digit': did you mean 'digits'\?"),
        ("qqq", {}, r"^task = 'qqq': must be one of arrays, "),
        ("digits", {"test_shares": 0.1}, r"^test_shares = 0\.1: no option of task 'digits': did you mean 'test_share'\?"),
        ("fsdd", {}, r"^path = None: task 'fsdd' needs it"),
        ("file", {"path": None}, r"^path = None"),
        ("digits", {"test_share": 1.0}, r"^test_share = 1\.0"),
        ("digits", {"test_share": 1e-9}, r"^test_share = .*nothing to train or test on"),
        ("digits", {"seed": -1}, r"^seed = -1"),
        ("memory", {"values": 100}, r"^values = 100: must be at least four more"),
        ("memory", {"hold": 0}, r"^hold = 0"),
        ("lorenz63", {"train": 1}, r"^train = 1"),
        ("lorenz63", {"test": 0}, r"^test = 0"),
        ("lorenz63", {"horizon": 0}, r"^horizon = 0"),
        ("lorenz63", {"dt": np.inf}, r"^dt = inf"),
        ("lorenz63", {"washout": -1}, r"^washout = -1"),
    ],
)
def test_bad_names_and_options_are_refused(name, options, message):
    with pytest.raises(InputError, match=message):
        load_task(name, **options)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_declares_what_it_is(name):
    declared = TASKS[name]
    assert declared.load.__name__ == name
    assert set(declared.validation) | set(declared.spiking) <= set(declared.options)
    assert set(declared.baselines) <= set(BASELINES)
    assert declared.summary
    assert declared.label


def test_what_a_user_sets_stays_set_and_the_validation_part_stays_apart():
    chosen = TaskChoice("digits", {"test_share": 0.5, "seed": 7})
    mine, theirs = chosen.load_classes(seed=1), load_task("digits", test_share=0.5, seed=7)
    assert np.array_equal(mine.x_test, theirs.x_test)
    held_out = chosen.load_classes(validation=True, seed=1)
    assert sorted([*map(bytes, held_out.x_train), *map(bytes, held_out.x_test)]) == sorted(map(bytes, mine.x_train))
    series = TaskChoice("lorenz63").load_series(validation=True, train=40, test=9, seed=2)
    whole = load_task("lorenz63", train=40, test=9, seed=2)
    assert np.array_equal(series.inputs, whole.inputs[: whole.train.stop])
    assert (series.train, series.test) == (slice(100, 130), slice(130, 140))
    with pytest.raises(InputError, match=r"^split = 'speaker': cannot be set where scores are of the validation part"):
        TaskChoice("fsdd", {"path": "x", "split": "speaker"}).load(validation=True)
    with pytest.raises(InputError, match=r"^task = 'memory': is of the kind memory; of the kind classes are arrays, "):
        TaskChoice("memory").load_classes()


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.data())
def test_stratified_rows_keep_the_shares(labels, data):
    y = np.array(labels)
    count = data.draw(st.integers(0, len(y)))
    rows = stratified_rows(y, count, np.random.default_rng(0))
    assert len(set(rows.tolist())) == len(rows) == count
    for label in np.unique(y):
        assert abs(np.sum(y[rows] == label) - count * np.mean(y == label)) < 1


@given(st.integers(2, 80), st.floats(0.05, 0.95), st.integers(0, 5))
def test_a_split_uses_each_row_once(samples, share, seed):
    y = np.arange(samples) % 3
    if not 0 < round(samples * share) < samples:
        return
    train, test = split_rows(y, share, seed)
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(samples))
    assert len(test) == round(samples * share)


class TestDigits:
    def test_split_and_values(self):
        task = load_task("digits", seed=3)
        images = load_digits().data / 16
        together = np.concatenate([task.x_train, task.x_test])
        assert sorted(map(bytes, together)) == sorted(map(bytes, images))
        assert (together.min(), together.max()) == (0.0, 1.0)
        assert len(task.x_test) == 449
        shares = np.bincount(task.y_test) / 449
        assert shares == pytest.approx(np.bincount(load_digits().target) / 1797, abs=1 / 449)

    def test_the_seed_decides(self):
        first, again, other = (load_task("digits", seed=seed) for seed in (1, 1, 2))
        assert np.array_equal(first.x_test, again.x_test)
        assert not np.array_equal(first.x_test, other.x_test)
        assert (
            first.encoder.fit(first.x_train)
            .transform(first.x_test)
            .equals(again.encoder.fit(again.x_train).transform(again.x_test))
        )

    def test_labels_go_with_images_and_the_baseline_is_good(self):
        task = load_task("digits")
        assert clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test) > 0.94

    def test_subset(self):
        task = load_task("digits")
        small = task.subset(train=103, test=20, seed=1)
        assert (len(small.x_train), len(small.y_train), len(small.x_test)) == (103, 103, 20)
        assert np.bincount(small.y_test).tolist() == [2] * 10
        known = {(bytes(x), int(y)) for x, y in zip(task.x_train, task.y_train, strict=True)}
        assert {(bytes(x), int(y)) for x, y in zip(small.x_train, small.y_train, strict=True)} <= known
        assert not np.array_equal(task.subset(train=103, seed=2).y_train, small.y_train)
        assert task.subset(train=10**6).x_train is task.x_train

    @pytest.mark.parametrize("count", [9, 0, -1, 20.0, True])
    def test_a_subset_without_every_class_is_refused(self, count):
        with pytest.raises(InputError, match=r"^test = .*must be a whole number >= 10"):
            load_task("digits").subset(test=count)


class TestMemory:
    def test_inputs_are_uniform_and_independent(self):
        task = load_task("memory", values=20_000, seed=2)
        u = task.inputs[:, 0]
        assert task.targets is task.inputs
        assert np.all(np.abs(u) < 1)
        assert u.var() == pytest.approx(1 / 3, abs=0.01)
        assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.03
        assert (task.train, task.test) == (slice(200, 15_050), slice(15_050, 20_000))
        assert task.hold == 20.0
        assert task.lyapunov_exponent is None


class TestLorenz63:
    def test_runge_kutta_agrees_with_another_integrator(self):
        def drift(_, state):
            x, y, z = state
            return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]

        start = np.array([1.0, -2.0, 20.0])
        exact = solve_ivp(drift, (0, 2), start, method="DOP853", rtol=1e-12, atol=1e-12, t_eval=np.arange(201) * 0.01)
        assert trajectory(start, 2000, 0.001)[::10] == pytest.approx(exact.y.T, abs=1e-6)
        assert trajectory(start, 200, 0.01) == pytest.approx(exact.y.T, abs=3e-3)
        # a long step is made of short ones
        assert trajectory(start, 10, 0.2) == pytest.approx(trajectory(start, 200, 0.01)[::20], abs=1e-9)

    @pytest.mark.parametrize("horizon", [1, 10])
    def test_parts_and_standardisation(self, horizon):
        task = load_task("lorenz63", train=500, test=100, horizon=horizon, washout=50)
        assert task.inputs.shape == task.targets.shape == (650, 3)
        assert (task.train, task.test, task.washout) == (slice(50, 550), slice(550, 650), 50)
        assert task.inputs[task.train].mean(axis=0) == pytest.approx(0, abs=1e-12)
        assert task.inputs[task.train].std(axis=0) == pytest.approx(1)
        assert np.array_equal(task.targets[:-horizon], task.inputs[horizon:])
        assert (task.lyapunov_exponent, task.time_step, task.hold) == (0.906, 0.01, 20.0)

    def test_the_seed_decides_where_it_starts(self):
        first, again, other = (load_task("lorenz63", seed=seed) for seed in (0, 0, 1))
        assert np.array_equal(first.inputs, again.inputs)
        assert np.abs(first.inputs - other.inputs).max() > 0.1

    def test_the_attractor_is_reached(self):
        """Long-run means of the attractor: x and y 0 by symmetry, z 23.55."""
        states = trajectory(np.array([5.0, 5.0, 20.0]), 20_000, 0.02)[1000:]
        assert np.abs(states[:, :2]).max() < 30
        assert states[:, 2].mean() == pytest.approx(23.55, abs=0.3)


class TestFile:
    def save(self, path, labels):
        samples = [([1.0 + k % 5], [k % 3]) for k in range(len(labels))]
        trains = SpikeTrains.from_samples(samples, n_channels=3, duration=10.0)
        trains.save(path, labels=labels)
        return trains

    def test_trains_and_labels_stay_together(self, tmp_path):
        trains = self.save(tmp_path / "a.npz", ["up" if k % 3 == 0 else "down" for k in range(30)])
        task = load_task("file", path=tmp_path / "a.npz", test_share=0.4, seed=5)
        assert task.encoder is None
        assert task.classes.tolist() == ["down", "up"]
        assert (len(task.x_train), len(task.x_test)) == (18, 12)
        assert task.x_train.n_spikes + task.x_test.n_spikes == trains.n_spikes
        assert np.array_equal(task.x_train.channels == 0, task.y_train == "up")
        assert clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test) == 1.0
        assert len(task.subset(train=6).x_train) == 6

    def test_one_class_or_no_labels_are_refused(self, tmp_path):
        trains = self.save(tmp_path / "a.npz", [1] * 6)
        with pytest.raises(FileError, match="fewer than two classes"):
            load_task("file", path=tmp_path / "a.npz")
        trains.save(tmp_path / "b.npz")
        with pytest.raises(FileError, match="no labels"):
            load_task("file", path=tmp_path / "b.npz")
        with pytest.raises(FileError, match="does not exist"):
            load_task("file", path=tmp_path / "c.npz")


TONE = (8000 * np.sin(np.arange(1600) * 0.3)).astype(np.int16)


@pytest.fixture
def recordings(tmp_path):
    """Two digits, two speakers, recordings 0, 4, 5 and 49 of each."""
    folder = tmp_path / "fsdd" / "recordings"
    folder.mkdir(parents=True)
    for digit in (2, 9):
        for speaker in ("ada", "zoe"):
            for index in (0, 4, 5, 49):
                wavfile.write(folder / f"{digit}_{speaker}_{index}.wav", 8000, TONE[: 800 + 10 * index + digit])
    return folder


class TestFsdd:
    def test_official_split(self, recordings):
        task = load_task("fsdd", path=recordings)
        assert sorted(len(x) for x in task.x_test) == sorted([802, 842, 809, 849] * 2)
        assert [len(x) % 10 for x in task.x_train] == task.y_train.tolist()
        assert task.classes.tolist() == [2, 9]
        whole = task.x_train[0]
        assert np.array_equal(whole, TONE[: len(whole)] / 32768)

    def test_validation_split_leaves_the_test_part_out(self, recordings):
        task = load_task("fsdd", path=recordings, split="validation")
        official = load_task("fsdd", path=recordings)
        assert sorted(len(x) for x in task.x_test) == [1292, 1292, 1299, 1299]  # recording 49
        assert sorted(len(x) for x in task.x_train) == [852, 852, 859, 859]  # recording 5
        assert sorted(len(x) for x in [*task.x_train, *task.x_test]) == sorted(len(x) for x in official.x_train)

    def test_both_encodings(self, recordings):
        currents, spikes = (
            task.encoder.fit(task.x_train).transform(task.x_test)
            for task in (load_task("fsdd", path=recordings, encoding=name) for name in ("current", "level_crossing"))
        )
        assert (currents.values.shape, currents.dt) == ((8, 50, 40), 10.0)
        assert (spikes.shape, set(spikes.durations)) == ((8, 80), {110.0})

    def test_the_folder_above_works_too(self, recordings):
        above, below = load_task("fsdd", path=recordings.parent), load_task("fsdd", path=str(recordings))
        assert [len(x) for x in above.x_train] == [len(x) for x in below.x_train]

    def test_a_speaker_is_held_out(self, recordings):
        for file in recordings.glob("*_zoe_*.wav"):
            wavfile.write(file, 8000, -TONE[:500])
        for speaker, held_out in ((None, "zoe"), ("zoe", "zoe"), ("ada", "ada")):
            task = load_task("fsdd", path=recordings, split="speaker", speaker=speaker)
            assert {len(x) == 500 for x in task.x_test} == {held_out == "zoe"}
            assert {len(x) == 500 for x in task.x_train} == {held_out == "ada"}

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"split": "oficial"}, r"^split = 'oficial'"),
            ({"encoding": "poisson"}, r"^encoding = 'poisson': must be one of current, level_crossing"),
            ({"split": "speaker", "speaker": "zo"}, r"^speaker = 'zo': did you mean 'zoe'\? the folder has ada, zoe"),
            ({"speaker": "zoe"}, r'^speaker = \'zoe\': only split="speaker"'),
        ],
    )
    def test_bad_options_are_refused(self, recordings, options, message):
        with pytest.raises(InputError, match=message):
            load_task("fsdd", path=recordings, **options)

    @pytest.mark.parametrize(
        ("write", "message"),
        [
            (lambda file: wavfile.write(file, 16000, TONE), "sample rate of 16000 Hz, wanted 8000"),
            (lambda file: wavfile.write(file, 8000, np.stack([TONE, TONE], axis=1)), "2 channels, wanted one"),
            (lambda file: wavfile.write(file, 8000, TONE.astype(np.float32)), "type float32, wanted 16 bit"),
            (lambda file: wavfile.write(file, 8000, TONE[:0]), "holds no sound"),
            (lambda file: file.write_bytes(b""), "damaged"),
            (lambda file: file.write_bytes(b"RIFF" + bytes(60)), "damaged"),
            (lambda file: file.write_bytes(b"no sound at all, just words"), "damaged"),
            (lambda file: file.mkdir(), "is a folder"),
        ],
    )
    def test_a_bad_recording_is_refused_by_name(self, recordings, write, message):
        write(recordings / "3_ada_7.wav")
        with pytest.raises(FileError, match=rf"3_ada_7\.wav: .*{message}"):
            load_task("fsdd", path=recordings)

    @pytest.mark.parametrize("length", [4, 20, 36, 43, 44, 45, 1000])
    def test_a_recording_cut_short_is_refused(self, recordings, length):
        file = recordings / "2_ada_0.wav"
        file.write_bytes(file.read_bytes()[:length])
        with pytest.raises(FileError, match=r"2_ada_0\.wav: (is damaged|holds no sound)"):
            load_task("fsdd", path=recordings)

    @pytest.mark.parametrize("name", ["3.wav", "ada_3_1.wav", "3_ada.wav", "3_ada_x.wav", "33_ada_1.wav"])
    def test_a_name_that_says_nothing_is_refused(self, recordings, name):
        wavfile.write(recordings / name, 8000, TONE)
        with pytest.raises(FileError, match="its name must be"):
            load_task("fsdd", path=recordings)

    def test_folders_without_recordings_are_refused(self, recordings, tmp_path):
        (tmp_path / "empty").mkdir()
        for path, message in [
            (tmp_path / "none", "does not exist"),
            (recordings / "2_ada_0.wav", "is no folder"),
            (tmp_path / "empty", "holds no .wav files"),
        ]:
            with pytest.raises(FileError, match=message):
                load_task("fsdd", path=path)
        for file in recordings.glob("*_[05].wav"):
            file.unlink()
        for file in recordings.glob("*_4.wav"):
            file.unlink()
        with pytest.raises(FileError, match="nothing to test on"):
            load_task("fsdd", path=recordings)

    def test_real_recordings(self, data_folder, tmp_path):
        path = write_recordings(data_folder, tmp_path / "fsdd", indices=(0, 5), digits=(0, 1, 7))
        task = load_task("fsdd", path=path, encoding="level_crossing")
        assert (len(task.x_train), len(task.x_test)) == (18, 18)
        assert all(0.01 < np.abs(x).max() <= 1 for x in task.x_train)
        trains = task.encoder.fit(task.x_train).transform(task.x_test)
        rates = 1000 * trains.counts()[:, 0].sum(axis=1) / trains.durations / trains.n_channels
        assert np.all((rates > 5) & (rates < 60))

    @pytest.mark.long
    def test_the_baseline_on_the_official_split(self, data_folder, tmp_path):
        """Log-mel energies, 40 bands in 5 windows, and a linear classifier: at least the 0.950 known for such features."""
        task = load_task("fsdd", path=write_recordings(data_folder, tmp_path / "fsdd"))
        assert (len(task.x_train), len(task.x_test)) == (2700, 300)
        assert clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test) >= 0.95


@given(st.integers(1, 30), st.integers(1, 6))
def test_window_means_weigh_like_the_whole(rows, windows):
    series = np.random.default_rng(rows).normal(size=(rows, 2))
    means = window_means([series], windows)[0].reshape(windows, 2)
    if rows % windows == 0:
        assert means.mean(axis=0) == pytest.approx(series.mean(axis=0))
    assert np.all((means >= series.min(axis=0) - 1e-12) & (means <= series.max(axis=0) + 1e-12))


@given(st.integers(1, 30), st.integers(1, 40))
def test_equal_frames_keep_values_order_and_what_is_linear(rows, frames):
    rising = np.cumsum(np.random.default_rng(rows).uniform(size=(rows, 1)), axis=0)
    straight = np.arange(rows)[:, None] + 0.5
    stretched, middles, same = (equal_frames([x], n)[0] for x, n in ((rising, frames), (straight, frames), (rising, rows)))
    assert stretched.shape == (frames, 1)
    assert np.all(np.diff(stretched, axis=0) >= 0)
    assert rising[0] <= stretched[0]
    assert stretched[-1] <= rising[-1]
    expected = np.clip((np.arange(frames) + 0.5) * rows / frames, 0.5, rows - 0.5)
    assert middles[:, 0] == pytest.approx(expected)
    assert np.array_equal(same, rising)


class TestTemplates:
    def test_a_sample_is_two_jittered_templates_with_a_gap(self):
        task = load_task("templates", samples=200, gap=30.0, pattern=40.0, jitter=0.5, seed=2)
        trains, labels = task.x_train, task.y_train
        assert trains.durations[0] == 110.0
        during_gap = (trains.times > 40) & (trains.times < 70)
        assert not during_gap.any()
        first = trains.time_slice(0.0, 40.0).counts(8).reshape(len(trains), -1)
        same, other = (np.abs(first[labels == a].mean(0) - first[labels == b][0]).sum() for a, b in ((0, 0), (0, 1)))
        assert same < other / 2

    def test_what_comes_second_says_nothing_of_the_label(self):
        task = load_task("templates", samples=2000, channels=6, seed=0)
        second = task.x_train.time_slice(100.0, 150.0).counts(5).reshape(len(task.x_train), -1)
        found = clone(readout()).fit(second[:1000], task.y_train[:1000]).score(second[1000:], task.y_train[1000:])
        assert found == pytest.approx(0.5, abs=0.06)

    def test_the_nearest_template_is_the_first_one(self):
        task = load_task("templates", samples=400, seed=1)
        counts = windowed_counts(task.x_train, 10.0), windowed_counts(task.x_test, 10.0)
        means = np.stack([counts[0][task.y_train == label].mean(axis=0) for label in (0, 1)])
        first = slice(0, 5 * 20)  # 50 ms
        distances = ((counts[1][:, None, first] - means[None, :, first]) ** 2).sum(axis=2)
        assert np.mean(distances.argmin(axis=1) == task.y_test) == 1.0


class TestXor:
    @pytest.mark.parametrize("bits", [2, 3])
    @pytest.mark.parametrize(("rate", "noise"), [(20.0, 10.0), (60.0, 5.0)])
    def test_the_ideal_observer(self, rate, noise, bits):
        task = load_task("xor", samples=6000, bits=bits, rate=rate, noise=noise, gap=10.0, seed=3)
        trains, labels = task.x_train, task.y_train
        parity, tie = np.zeros(len(trains), int), np.random.default_rng(0)
        for place in range(bits):
            counts = trains.time_slice(place * 40.0, place * 40.0 + 30.0).counts(1)[:, 0]
            difference = counts[:, :10].sum(axis=1) - counts[:, 10:].sum(axis=1)
            guess = np.where(difference == 0, tie.integers(0, 2, len(trains)), difference > 0)
            parity = (parity + guess) % 2
        wanted = ideal_accuracy(bits=bits, rate=rate, noise=noise)
        assert np.mean(parity == labels) == pytest.approx(
            wanted, abs=4 * np.sqrt(wanted * (1 - wanted) / len(trains)) + 1e-3
        )

    def test_no_linear_readout_of_the_input_can_tell(self):
        task = load_task("xor", samples=2000, channels=4, seed=0)
        assert clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test) < 0.58


@pytest.mark.parametrize("name", ["templates", "xor"])
def test_without_links_equal_time_constants_forget_a_long_gap(name):
    """W = 0, every tau_m 20 ms, a gap of 200 ms: what is read at the end is at chance."""
    task = load_task(name, samples=1200, gap=200.0, seed=0)
    spec = ReservoirSpec(neurons=100, weight_scale=0, tau_m_exc=20, tau_m_inh=20, i_bias=14)
    found = classify(task, spec, plastic=False, states="final", baselines=())
    assert found.rates.mean_rate > 1
    assert found.accuracy == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(300))


@pytest.mark.parametrize("name", ["lorenz63", "memory"])
class TestSeriesAsSpikes:
    def test_rates_follow_the_values(self, name):
        task = load_task(name, encoding="poisson", peak_rate=1000.0, hold=50.0)
        plain = load_task(name, hold=50.0)
        np.testing.assert_array_equal(task.inputs, plain.inputs)
        counts = task.spikes.counts(len(task.inputs))[0]
        low, high = (getattr(task.inputs[task.train], end)(axis=0) for end in ("min", "max"))
        wanted = 50 * np.clip((task.inputs - low) / (high - low), 0, 1)
        assert np.corrcoef(counts.ravel(), wanted.ravel())[0, 1] > 0.9
        assert counts.mean() == pytest.approx(wanted.mean(), rel=0.02)

    def test_a_part_has_the_spikes_of_the_whole(self, name):
        task = load_task(name, encoding="poisson")
        part = task.stimulus(30, 40)
        inside = (task.spikes.times >= 600) & (task.spikes.times < 800)
        np.testing.assert_allclose(part.times, task.spikes.times[inside] - 600)
        half = task.validation_part()
        assert half.spikes.durations[0] == half.hold * len(half.inputs)

    def test_stdp_changes_input_links(self, name):
        task = load_task(name, encoding="poisson", seed=1)
        spec = ReservoirSpec(neurons=30, a_plus=0.05)
        options = RunOptions(plastic=True, max_delay=4)
        run = task_scores(lambda channels: build(spec, 0, channels), task, options).run
        assert not np.array_equal(run.network.input_weight, run.initial.input_weight)
        still = load_task(name, seed=1)
        run = task_scores(lambda channels: build(spec, 0, channels), still, options).run
        assert np.array_equal(run.network.input_weight, run.initial.input_weight)

    def test_an_unknown_encoding(self, name):
        with pytest.raises(InputError, match="encoding = 'spikes': must be one of current, poisson"):
            load_task(name, encoding="spikes")
