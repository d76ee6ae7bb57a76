"""Log-mel energies."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from hrsnn.encoders.cochleagram import Cochleagram, mel_filters
from hrsnn.errors import InputError

RATE = 8000


def mel_peaks(channels: int, f_min: float, f_max: float) -> np.ndarray:
    def mel(f: float) -> float:
        return 1127.01048 * np.log1p(f / 700)  # the same scale, written with the natural logarithm

    return 700 * np.expm1(np.linspace(mel(f_min), mel(f_max), channels + 2)[1:-1] / 1127.01048)


@pytest.mark.parametrize("frequency", [100.0, 440.0, 1000.0, 2222.0, 3600.0])
def test_a_pure_tone_peaks_in_the_nearest_band(frequency):
    tone = np.sin(2 * np.pi * frequency * np.arange(4000) / RATE)
    energies = Cochleagram(channels=40).fit_transform([tone])[0]
    nearest = np.abs(mel_peaks(40, 20.0, 4000.0) - frequency).argmin()
    assert energies.shape == (50, 40)
    assert np.all(energies[5:45].argmax(axis=1) == nearest)


def test_ten_times_the_amplitude_is_twenty_decibels():
    tone = 0.01 * np.sin(2 * np.pi * 1000 * np.arange(4000) / RATE)
    quiet, loud = Cochleagram(floor=1e-20).fit_transform([tone, 10 * tone])
    assert loud[5:45] - quiet[5:45] == pytest.approx(20.0, abs=1e-9)


def test_a_click_shows_at_its_time():
    click = np.zeros(4000)
    click[2000] = 1.0  # 250 ms
    energies = Cochleagram().fit_transform([click])[0]
    assert energies.mean(axis=1).argmax() == 25
    assert np.ptp(energies[:23]) == 0


def test_bands_add_up_to_one_between_the_outer_peaks():
    frequencies = np.linspace(0, 4000, 1001)
    filters = mel_filters(frequencies, 40, 20.0, 4000.0)
    peaks = mel_peaks(40, 20.0, 4000.0)
    inside = (frequencies >= peaks[0]) & (frequencies <= peaks[-1])
    assert filters.sum(axis=0)[inside] == pytest.approx(1.0)
    assert filters.min() >= 0
    assert np.all(filters[:, (frequencies < 20) | (frequencies >= 4000)] == 0)
    assert np.diag(mel_filters(peaks, 40, 20.0, 4000.0)) == pytest.approx(1.0)


def test_silence_is_finite_and_any_length_is_taken():
    lengths = [1, 79, 80, 81, 200, 4001]
    energies = Cochleagram(floor=1e-7).fit_transform([np.zeros(length) for length in lengths])
    assert [len(each) for each in energies] == [1, 1, 1, 2, 3, 51]
    assert np.all(np.concatenate(energies) == -70.0)


def test_what_a_waveform_gives_does_not_depend_on_its_company():
    random = np.random.default_rng(0)
    waveforms = [random.normal(size=length) for length in (500, 900, 300)]
    model = Cochleagram().fit(waveforms)
    alone = model.transform(waveforms[1:2])[0]
    assert np.array_equal(model.transform(waveforms)[1], alone)
    for twin in (clone(model).fit(waveforms[:1]), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(twin.transform(waveforms[1:2])[0], alone)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sample_rate": 0}, r"^sample_rate"),
        ({"channels": 0}, r"^channels = 0"),
        ({"channels": 500}, r"^channels = 500: makes bands narrower"),
        ({"frame": 0.01}, r"^frame"),
        ({"window": 0.1}, r"^window"),
        ({"f_min": 5000.0}, r"^f_min"),
        ({"f_max": 4001.0}, r"<= 4000 Hz"),
        ({"floor": 0.0}, r"^floor"),
    ],
)
def test_bad_parameters_are_refused_by_name(parameters, message):
    with pytest.raises(InputError, match=message):
        Cochleagram(**parameters).fit([np.zeros(100)])


@pytest.mark.parametrize(
    ("waveforms", "message"),
    [
        ([], "at least one"),
        ("sound", "list of waveforms"),
        (np.zeros(100), r"^X\[0\] = \(\): .* list of them"),
        (3.0, "list of waveforms"),
        ([0.0, 1.0], "list of them"),
        ([np.zeros(100), np.zeros((2, 100))], r"^X\[1\]"),
        ([np.zeros(100), np.zeros(0)], r"^X\[1\]"),
        ([np.zeros(100), np.array([0.0, np.nan])], r"^X\[1\]\[1\] = nan"),
        ([["a", "b"]], r"^X\[0\]"),
    ],
)
def test_bad_waveforms_are_refused_by_name(waveforms, message):
    with pytest.raises(InputError, match=message):
        Cochleagram().fit(waveforms)
