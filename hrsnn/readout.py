"""Readouts: scikit-learn classifiers of states, with the penalty chosen on a validation part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, validate_data

from hrsnn.errors import InputError
from hrsnn.preprocessing import LEAST_DEVIATION, VALIDATION_SHARE, Standardiser, check_least_deviation
from hrsnn.validation.units import takes

READOUTS = ("logistic", "ridge", "sampled")


@takes()
def readout(kind: str = "logistic", seed: int = 0, least_deviation: float = LEAST_DEVIATION) -> GridSearchCV:
    """Return an unfitted classifier that drops columns that hardly vary, standardises the others, and selects a penalty.

    The penalty is chosen by the accuracy on the last fifth of each class's training samples; of equally good penalties
    the strongest is used. The classifier is then refitted to all training samples.

    Parameters
    ----------
    kind : str
        "logistic": multinomial logistic regression, ``C`` of 0.001, 0.01, 0.1, 1 or 10; "ridge": ridge classifier, its
        ``alpha`` from 1 to 1e5 in half decades; "sampled": the readout of Chakraborty & Mukhopadhyay (2024), one hidden
        layer of 20 units, ``alpha`` of 10, 1, 0.1 or 0.01, intended for the 10 % of the neurons with the highest
        betweenness (``ReservoirTransformer(neurons=...)``).
    seed : int
        Seed of the hidden layer's initial weights and of the order of samples.
    least_deviation : float
        Columns whose standard deviation in training is under this share of the median column's are dropped
        (:class:`hrsnn.preprocessing.Standardiser`): the columns are assumed to have one unit. 0 keeps all that vary.

    Returns
    -------
    sklearn.model_selection.GridSearchCV
        Once fitted: ``.best_params_``, the penalty; ``.best_score_``, its accuracy on the last fifth;
        ``.best_estimator_``, the pipeline with the steps ``standardise`` and ``classify``.

    Raises
    ------
    InputError
        When `kind` is unknown or `least_deviation` is not between 0 and 1; when fitting, where no class has two samples.

    Notes
    -----
    Where no column varies, as in a silent reservoir, "logistic" and "ridge" predict the most frequent class. Samples
    should be in random order, as those of :func:`hrsnn.tasks.load_task` are, so that the last fifth is representative. A
    fit takes about six times as long as one with a given penalty.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> states = rng.normal(size=(100, 5))
    >>> model = readout("ridge").fit(states[:80], states[:80, 0] > 0)
    >>> bool(model.score(states[80:], states[80:, 0] > 0) >= 0.9)
    True

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), section III: a sampled, fully connected readout.
    """
    check_least_deviation(least_deviation)
    # strongest penalty first: of equally good ones the grid search selects the first
    if kind == "logistic":
        classifier, penalties = LogisticRegression(max_iter=2000), {"C": [0.001, 0.01, 0.1, 1.0, 10.0]}
    elif kind == "ridge":
        classifier, penalties = RidgeClassifier(), {"alpha": list(np.logspace(5, 0, 11))}
    elif kind == "sampled":
        classifier = MLPClassifier((20,), max_iter=1000, random_state=seed % 2**32)
        penalties = {"alpha": [10.0, 1.0, 0.1, 0.01]}
    else:
        raise InputError("readout", kind, f"must be one of {', '.join(READOUTS)}")
    pipeline = Pipeline([("standardise", StandardisedColumns(least_deviation)), ("classify", classifier)])
    grid = {f"classify__{name}": values for name, values in penalties.items()}
    return GridSearchCV(pipeline, grid, cv=LastOfEachClass(), error_score="raise")


@takes()
def regression_readout(least_deviation: float = LEAST_DEVIATION) -> GridSearchCV:
    """Return an unfitted ridge regression of states, with the same columns and the penalty chosen in the same way.

    Parameters
    ----------
    least_deviation : float
        As in :func:`readout`.

    Returns
    -------
    sklearn.model_selection.GridSearchCV
        Of a pipeline with the steps ``standardise`` and ``regress``; ``alpha`` from 1e-3 to 1e5 in half decades, by the
        squared error on the last fifth of the samples.

    Raises
    ------
    InputError
        When `least_deviation` is not between 0 and 1; when fitting, with fewer than two samples.

    Examples
    --------
    >>> states = np.random.default_rng(0).normal(size=(100, 3))
    >>> bool(regression_readout().fit(states, states @ [1.0, 2.0, 3.0]).best_params_["regress__alpha"] < 1)
    True
    """
    check_least_deviation(least_deviation)
    pipeline = Pipeline([("standardise", StandardisedColumns(least_deviation)), ("regress", Ridge())])
    penalties = {"regress__alpha": list(np.logspace(5, -3, 17))}
    return GridSearchCV(pipeline, penalties, scoring="neg_mean_squared_error", cv=LastSamples(), error_score="raise")


class StandardisedColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Pipeline step that applies :class:`hrsnn.preprocessing.Standardiser`.

    Parameters
    ----------
    least_deviation : float
        Columns whose standard deviation in training is under this share of the median column's are dropped.

    Attributes
    ----------
    kept_ : array of bool (columns,)

    Raises
    ------
    InputError
        When fitting, where `least_deviation` is not between 0 and 1.

    Notes
    -----
    Where no column varies, the result is one column of zeros.

    Examples
    --------
    >>> StandardisedColumns().fit_transform([[0.0, 5.0], [2.0, 5.0]])
    array([[-1.],
           [ 1.]])
    """

    def __init__(self, least_deviation: float = LEAST_DEVIATION) -> None:
        self.least_deviation = least_deviation

    def fit(self, X: Any, y: Any = None) -> StandardisedColumns:
        """Determine which columns vary, their means and standard deviations."""
        check_least_deviation(self.least_deviation)
        self.standardise_ = Standardiser(validate_data(self, X, dtype=np.float64), self.least_deviation)
        self.kept_ = self.standardise_.kept
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return the columns that vary, standardised."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return self.standardise_(rows) if self.kept_.any() else np.zeros((len(rows), 1))


class LastSamples:
    """scikit-learn splitter with one split: the last samples are held out.

    Parameters
    ----------
    share : float
        Share of the samples, rounded down; at least one.

    Raises
    ------
    InputError
        With fewer than two samples.

    Examples
    --------
    >>> [(train.tolist(), held_out.tolist()) for train, held_out in LastSamples().split(np.zeros(6))]
    [([0, 1, 2, 3, 4], [5])]
    """

    def __init__(self, share: float = VALIDATION_SHARE) -> None:
        self.share = share

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the rows to fit to and the held-out rows."""
        rows = np.arange(len(X))
        if len(rows) < 2:
            raise InputError("X", f"{len(rows)} sample", "must hold two samples or more, to choose a penalty on one")
        first = len(rows) - max(1, int(self.share * len(rows)))
        yield rows[:first], rows[first:]

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits, 1."""
        return 1


class LastOfEachClass:
    """scikit-learn splitter with one split: the last samples of each class are held out.

    Parameters
    ----------
    share : float
        Share of each class, rounded down; at least one sample of each class that has two.

    Raises
    ------
    InputError
        When no class has two samples.

    Examples
    --------
    >>> labels = np.array([0, 0, 1, 0, 1, 0, 0])
    >>> [(train.tolist(), held_out.tolist()) for train, held_out in LastOfEachClass().split(labels, labels)]
    [([0, 1, 2, 3, 5], [4, 6])]
    """

    def __init__(self, share: float = VALIDATION_SHARE) -> None:
        self.share = share

    def split(self, X: Any, y: Any, groups: Any = None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the rows to fit to and the held-out rows, each in ascending order."""
        labels, held_out = np.asarray(y), np.zeros(len(y), dtype=bool)
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            if len(rows) > 1:
                held_out[rows[-max(1, int(self.share * len(rows))) :]] = True
        if not held_out.any():
            raise InputError("y", labels, "must hold two samples or more of a class, to choose a penalty on one")
        yield np.flatnonzero(~held_out), np.flatnonzero(held_out)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits, 1."""
        return 1
