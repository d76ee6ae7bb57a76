"""Population measures of processes whose values are known, and against Elephant."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrsnn import SpikeTrains
from hrsnn.analysis import (
    UndefinedWarning,
    binned_counts,
    fano_factor,
    interval_variation,
    rate_distribution,
    synchrony,
)
from hrsnn.errors import InputError

SILENT = SpikeTrains([], [], [0, 0, 0], n_channels=3, duration=100.0)


def renewal(shape: float, rate: float = 50.0, duration: float = 200_000.0, neurons: int = 4, seed: int = 0) -> SpikeTrains:
    """Renewal processes with gamma intervals, whose CV is ``1 / sqrt(shape)``; begun long before 0."""
    random = np.random.default_rng(seed)
    samples: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    for neuron in range(neurons):
        times = np.cumsum(random.gamma(shape, 1000 / rate / shape, int(2 * rate * duration / 1000))) - 1000.0
        times = times[(times >= 0) & (times < duration)]
        samples[0].append(times)
        samples[1].append(np.full(len(times), neuron))
    return SpikeTrains.from_samples([(np.concatenate(samples[0]), np.concatenate(samples[1]))], neurons, duration)


@pytest.mark.parametrize("shape", [0.5, 1.0, 4.0])
def test_intervals_of_a_renewal_process(shape: float) -> None:
    """Poisson (shape 1) has CV 1 and Fano factor 1; any renewal process has a Fano factor of CV^2 in long windows."""
    trains = renewal(shape)
    np.testing.assert_allclose(interval_variation(trains), 1 / np.sqrt(shape), rtol=0.05)
    fano = fano_factor(binned_counts(trains, 1000.0))
    # 200 windows of each neuron: the estimate's standard deviation is sqrt(2 / 200)
    np.testing.assert_allclose(fano.mean(), 1 / shape, rtol=3 * np.sqrt(2 / 200 / 4))


def test_short_windows_of_any_process_are_poisson() -> None:
    assert fano_factor(binned_counts(renewal(4.0), 1.0)).mean() == pytest.approx(1, abs=0.06)


def test_agrees_with_elephant() -> None:
    statistics = pytest.importorskip("elephant.statistics")
    random = np.random.default_rng(1)
    samples = [(np.sort(random.uniform(0, 400, 60)), random.integers(0, 5, 60)) for _ in range(8)]
    trains = SpikeTrains.from_samples(samples, 6, 400.0)
    cv, fano = interval_variation(trains, least=2), fano_factor(trains.counts()[:, 0])
    for neuron in range(5):
        alone = [times[channels == neuron] for times, channels in samples]
        assert cv[neuron] == pytest.approx(statistics.cv(np.concatenate([np.diff(np.sort(times)) for times in alone])))
        assert fano[neuron] == pytest.approx(statistics.fanofactor(alone))
    assert np.isnan(cv[5])
    assert np.isnan(fano[5])


def test_intervals_do_not_reach_from_sample_to_sample() -> None:
    clock = np.arange(0.0, 100.0, 10.0)
    trains = SpikeTrains.from_samples([(clock, 0 * clock.astype(int)), (clock + 3.0, 0 * clock.astype(int))], 1, 110.0)
    assert interval_variation(trains) == pytest.approx([0.0], abs=1e-12)


def test_too_few_intervals_are_nan() -> None:
    trains = SpikeTrains([0.0, 1.0, 3.0, 5.0, 6.0], [0, 1, 0, 0, 1], [0, 5], n_channels=2, duration=10.0)
    variation = interval_variation(trains, least=2)
    assert variation[0] == pytest.approx(np.std([3.0, 2.0]) / 2.5)
    assert np.isnan(variation[1])


@given(st.lists(st.floats(0, 99.9), max_size=40), st.sampled_from([0.5, 7.0, 33.0, 50.0]))
def test_bins_hold_every_spike_of_the_whole_bins(times: list[float], width: float) -> None:
    # A time within rounding of an edge counts as on it, which np.histogram does not know
    times = [time for time in times if time % width == 0 or 1e-6 < time % width < width - 1e-6]
    trains = SpikeTrains.from_samples([(times, [0] * len(times)), ([], [])], 2, 100.0)
    counts = binned_counts(trains, width)
    bins = int(100 // width)
    assert counts.shape == (2 * bins, 2)
    edges = width * np.arange(bins + 1)
    assert np.array_equal(counts[:bins, 0], np.histogram(times, np.append(edges[:-1], np.nextafter(edges[-1], 0)))[0])
    assert not counts[bins:].any()


def test_bins_of_samples_that_differ_in_length() -> None:
    trains = SpikeTrains.from_samples([([1.0, 9.0], [0, 0]), ([3.9], [0]), ([0.5], [0])], 1, [10.0, 8.0, 3.0])
    assert binned_counts(trains, 4.0).ravel().tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("neurons", [4, 100])
def test_synchrony_of_independent_and_of_equal_signals(neurons: int) -> None:
    signals = np.random.default_rng(0).normal(size=(20_000, neurons))
    assert synchrony(signals) == pytest.approx(1 / np.sqrt(neurons), rel=0.03)
    common = signals[:, :1]
    assert synchrony(np.repeat(common, neurons, axis=1)) == pytest.approx(1)
    # a shared part of variance c: chi^2 = c + (1 - c) / N
    mixed = np.sqrt(0.3) * np.random.default_rng(1).normal(size=(20_000, 1)) + np.sqrt(0.7) * signals
    assert synchrony(mixed) ** 2 == pytest.approx(0.3 + 0.7 / neurons, rel=0.04)
    # the unit does not matter, nor what each signal's mean is
    assert synchrony(5 * mixed + np.arange(neurons)) == pytest.approx(synchrony(mixed))


def test_rates_of_a_gamma_population() -> None:
    rates = np.random.default_rng(0).gamma(2.0, 5.0, 50_000)
    spread = rate_distribution(np.append(rates, np.zeros(50_000)))
    assert spread.silent_share == 0.5
    assert spread.mean == pytest.approx(5.0, rel=0.02)
    assert spread.low == 0
    alone = rate_distribution(rates)
    assert alone.deviation == pytest.approx(5 * np.sqrt(2), rel=0.02)
    assert alone.median == pytest.approx(8.39, rel=0.02)  # the gamma distribution's
    assert alone.high == pytest.approx(19.45, rel=0.02)


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda: interval_variation(SILENT), "no neuron has 3 interspike intervals"),
        (lambda: fano_factor(binned_counts(SILENT, 10.0)), "no neuron spiked"),
        (lambda: synchrony(binned_counts(SILENT, 10.0)), "no signal varies"),
        (lambda: synchrony(np.ones((5, 3))), "no signal varies"),
    ],
)
def test_silence_is_nan_with_a_warning(measure, message: str) -> None:
    with pytest.warns(UndefinedWarning, match=message):
        assert np.isnan(measure()).all()


def test_one_silent_neuron_is_nan_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(fano_factor([[0, 1], [0, 2]])[0])


@pytest.mark.parametrize(
    ("measure", "field"),
    [
        (lambda: interval_variation(SILENT, least=1), "least"),
        (lambda: fano_factor([[1.0, 2.0]]), "counts"),
        (lambda: fano_factor([[1.0], [np.nan]]), "counts"),
        (lambda: fano_factor([[1.0], [-1.0]]), "counts"),
        (lambda: synchrony([1.0, 2.0]), "signals"),
        (lambda: synchrony([[1.0, np.inf], [0.0, 0.0]]), "signals"),
        (lambda: rate_distribution([]), "rates"),
        (lambda: rate_distribution([np.nan]), "rates"),
        (lambda: rate_distribution([-1.0]), "rates"),
        (lambda: binned_counts(SILENT, 0.0), "width"),
        (lambda: binned_counts(SILENT, 101.0), "width"),
        (lambda: binned_counts(SILENT[:0], 1.0), "width"),
    ],
)
def test_bad_input(measure, field: str) -> None:
    with pytest.raises(InputError) as caught:
        measure()
    assert caught.value.field == field
