"""Encoders: what they send, and scikit-learn's own checks."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from encoder_inputs import EQUAL_SERIES, RANDOM, ROWS, SERIES
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from hrsnn.encoders import (
    CurrentEncoder,
    EventEncoder,
    LatencyEncoder,
    LevelCrossingEncoder,
    PoissonEncoder,
    ReceptiveFieldEncoder,
    TemporalDifferenceEncoder,
)
from hrsnn.errors import InputError
from hrsnn.stimuli.spike_trains import SpikeTrains


class DensePoisson(PoissonEncoder):
    """As an array, so that scikit-learn's checks can compare what comes out."""

    def transform(self, X: Any) -> np.ndarray:
        return super().transform(X).counts(5).reshape(-1, 5 * self.n_features_in_).astype(float)


class DenseLatency(LatencyEncoder):
    def transform(self, X: Any) -> np.ndarray:
        return super().transform(X).counts(5).reshape(-1, 5 * self.n_features_in_).astype(float)


class DenseCurrent(CurrentEncoder):
    def transform(self, X: Any) -> np.ndarray:
        return super().transform(X).values[:, 0]


class DenseReceptiveFields(ReceptiveFieldEncoder):
    def transform(self, X: Any) -> np.ndarray:
        trains = super().transform(X)
        return trains.counts(5).reshape(len(trains), -1).astype(float)


class DenseTemporalDifference(TemporalDifferenceEncoder):
    """Rows instead of videos, which scikit-learn's checks do not have: each is a video of one pixel."""

    def fit(self, X: Any, y: Any = None) -> DenseTemporalDifference:
        return super().fit(self._rows(X, reset=True))

    def transform(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        trains = super().transform(self._rows(X, reset=False))
        return trains.counts(5).reshape(len(trains), -1).astype(float)

    def _rows(self, X: Any, reset: bool) -> np.ndarray:
        return validate_data(self, X, reset=reset, dtype=float)[:, :, np.newaxis]

    def _videos(self, X: Any, reset: bool) -> list[np.ndarray]:
        rows, self.n_features_in_ = self.n_features_in_, 1
        videos = super()._videos(X, reset)
        self.n_features_in_ = rows
        return videos

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


class DenseEvents(EventEncoder):
    """Rows instead of recordings, which scikit-learn's checks do not have: value v of pixel k is |10 v| events."""

    def __init__(self, shape: tuple[int, int] = (1, 64)) -> None:
        super().__init__(shape, duration=1.0)
        self.shape = shape

    def fit(self, X: Any, y: Any = None) -> DenseEvents:
        super().fit(X)
        validate_data(self, X, dtype=float)
        return self

    def transform(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        counts = np.minimum(np.abs(10 * validate_data(self, X, reset=False, dtype=float)), 1e3).astype(int)
        pixels = [np.repeat(np.arange(len(row)), row) for row in counts]
        recordings = [(pixel, 0 * pixel, pixel % 2, 0 * pixel) for pixel in pixels]
        return super().transform(recordings).counts()[:, 0].astype(float)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.requires_fit = True, True
        return tags


# what the checks above cannot do with spike trains themselves: they compare outputs as arrays
NO_ARRAY = dict.fromkeys(
    (
        "check_estimators_pickle",
        "check_fit_idempotent",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_pipeline_consistency",
        "check_transformer_data_not_an_array",
        "check_transformer_general",
        "check_transformer_preserve_dtypes",
    ),
    "the output is SpikeTrains or Currents, no array; the dense twins pass this check",
)


def expected_failures(estimator: Any) -> dict[str, str]:
    return NO_ARRAY if type(estimator).__module__.startswith("hrsnn.") else {}


@parametrize_with_checks(
    [
        PoissonEncoder(),
        LatencyEncoder(),
        CurrentEncoder(),
        ReceptiveFieldEncoder(),
        DensePoisson(),
        DenseLatency(),
        DenseCurrent(),
        DenseReceptiveFields(),
        DenseReceptiveFields(code="rate"),
        DenseTemporalDifference(),
        DenseEvents(),
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("encoder", "X"),
    [
        (PoissonEncoder(), ROWS),
        (PoissonEncoder(), SERIES),
        (PoissonEncoder(series=True), EQUAL_SERIES),
        (LatencyEncoder(), ROWS),
        (LevelCrossingEncoder(), SERIES),
        (LevelCrossingEncoder(), EQUAL_SERIES),
        (CurrentEncoder(), ROWS),
        (CurrentEncoder(series=True), EQUAL_SERIES),
        (ReceptiveFieldEncoder(), ROWS),
        (ReceptiveFieldEncoder(code="rate"), SERIES),
        (ReceptiveFieldEncoder(series=True), EQUAL_SERIES),
        (TemporalDifferenceEncoder(), SERIES),
        (TemporalDifferenceEncoder(), EQUAL_SERIES),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_sample_is_encoded_alike_in_any_company(encoder, X):
    fitted = clone(encoder).fit(X)
    whole = fitted.transform(X)
    assert whole.shape[0] == len(X)
    backwards = fitted.transform(X[::-1])
    assert backwards[::-1].equals(whole)
    assert fitted.transform(X[2:4]).equals(whole[2:4])
    for twin in (clone(fitted).fit(X), pickle.loads(pickle.dumps(fitted))):
        assert twin.transform(X).equals(whole)
    assert fitted.n_features_in_ == 5
    with pytest.raises(NotFittedError):
        clone(encoder).transform(X)


#: Those that take rows too, and so have to be told of a 3-D array that it is of series.
EITHER = [PoissonEncoder, CurrentEncoder, ReceptiveFieldEncoder]
SERIES_ENCODERS = [LevelCrossingEncoder(), TemporalDifferenceEncoder(), *(kind(series=True) for kind in EITHER)]


@pytest.mark.parametrize("kind", EITHER)
def test_images_are_no_series(kind):
    images = RANDOM.uniform(size=(4, 28, 28))
    fitted = kind().fit(images.reshape(4, -1))
    for call in (kind().fit, kind().fit_transform, fitted.transform):
        with pytest.raises(InputError, match=r"^X = \(4, 28, 28\): .* flatten images to \(4, 784\), or series=True"):
            call(images)
    # a list of (times, channels) arrays is of series by itself
    assert kind().fit_transform(list(images)).equals(kind(series=True).fit_transform(images))


@pytest.mark.parametrize("kind", EITHER)
def test_rows_are_no_series(kind):
    with pytest.raises(InputError, match=r"^X = \(12, 5\): must be \(samples, times, channels\)"):
        kind(series=True).fit(ROWS)
    twin = clone(kind(series=True))
    assert twin.get_params()["series"] is True
    assert not twin.__sklearn_tags__().input_tags.two_d_array
    assert not kind().__sklearn_tags__().input_tags.three_d_array


def test_a_list_of_equal_series_is_the_3d_array():
    for encoder in SERIES_ENCODERS:
        assert encoder.fit_transform(list(EQUAL_SERIES)).equals(encoder.fit_transform(EQUAL_SERIES))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([ROWS, ROWS[:, :3]], r"^X\[1\] = \(12, 3\): must have 5 channels"),
        ([ROWS, ROWS[:0]], r"^X\[1\] = \(0, 5\)"),
        ([ROWS, ROWS[0]], r"^X\[1\] = \(5,\)"),
        ([ROWS, np.where(ROWS[3, 2] == ROWS, np.nan, ROWS)], r"^X\[1\]\[3, 2\] = nan"),
        ([ROWS, [["a"] * 5]], r"^X\[1\]"),
    ],
)
@pytest.mark.parametrize("encoder", SERIES_ENCODERS, ids=lambda value: type(value).__name__)
def test_bad_series_are_refused_by_name(encoder, X, message):
    with pytest.raises(InputError, match=message):
        encoder.fit(X)


def test_series_of_other_channels_than_fitted_are_refused():
    with pytest.raises(InputError, match="must have 5 channels"):
        LevelCrossingEncoder().fit(SERIES).transform([ROWS[:, :3]])


@pytest.mark.parametrize(
    ("encoder", "name"),
    [
        (PoissonEncoder(peak_rate=0), "peak_rate"),
        (PoissonEncoder(peak_rate=1e15), "peak_rate"),
        (PoissonEncoder(duration=np.nan), "duration"),
        (PoissonEncoder(dt=-1), "dt"),
        (PoissonEncoder(scale="row"), "scale"),
        (PoissonEncoder(seed=-1), "seed"),
        (LatencyEncoder(duration=0), "duration"),
        (LatencyEncoder(threshold=1.0), "threshold"),
        (LatencyEncoder(threshold=np.nan), "threshold"),
        (LatencyEncoder(curve="log"), "threshold"),
        (LatencyEncoder(curve="square"), "curve"),
        (CurrentEncoder(duration=-2), "duration"),
        (CurrentEncoder(dt=0), "dt"),
        (CurrentEncoder(standardise="no"), "standardise"),
        (CurrentEncoder(series="no"), "series"),
        (PoissonEncoder(series=1), "series"),
        (ReceptiveFieldEncoder(series=None), "series"),
        (ReceptiveFieldEncoder(fields=2), "fields"),
        (ReceptiveFieldEncoder(fields=3.5), "fields"),
        (ReceptiveFieldEncoder(overlap=0), "overlap"),
        (ReceptiveFieldEncoder(code="burst"), "code"),
        (ReceptiveFieldEncoder(threshold=1.0), "threshold"),
        (ReceptiveFieldEncoder(peak_rate=-1), "peak_rate"),
        (ReceptiveFieldEncoder(duration=0), "duration"),
        (ReceptiveFieldEncoder(dt=np.inf), "dt"),
        (ReceptiveFieldEncoder(seed=-1), "seed"),
    ],
)
def test_bad_parameters_are_refused_by_name(encoder, name):
    with pytest.raises(InputError, match=f"^{name} = "):
        encoder.fit_transform(ROWS)


@pytest.mark.parametrize(
    ("encoder", "name"),
    [
        (LevelCrossingEncoder(delta=0.0), "delta"),
        (LevelCrossingEncoder(delta=1.5), "delta"),
        (LevelCrossingEncoder(delta=np.nan), "delta"),
        (LevelCrossingEncoder(dt=0.0), "dt"),
        (TemporalDifferenceEncoder(threshold=0.0), "threshold"),
        (TemporalDifferenceEncoder(threshold=1.5), "threshold"),
        (TemporalDifferenceEncoder(threshold=np.nan), "threshold"),
        (TemporalDifferenceEncoder(dt=-1.0), "dt"),
        (TemporalDifferenceEncoder(scale="row"), "scale"),
    ],
)
def test_bad_parameters_of_encoders_of_series_are_refused_by_name(encoder, name):
    with pytest.raises(InputError, match=f"^{name} = "):
        encoder.fit(SERIES)


def window_counts(trains: SpikeTrains) -> np.ndarray:
    return trains.counts(2).reshape(len(trains), -1)


def test_encoders_work_in_cross_validated_pipelines():
    X = RANDOM.uniform(size=(60, 4))
    y = (X[:, 0] > X[:, 1]).astype(int)
    for encoder in (PoissonEncoder(peak_rate=1000.0), LatencyEncoder()):
        model = make_pipeline(encoder, FunctionTransformer(window_counts), LogisticRegression())
        assert cross_val_score(model, X, y, cv=3, error_score="raise").mean() > 0.6
