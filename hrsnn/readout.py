"""Readouts: scikit-learn pipelines on the states of a reservoir."""

from __future__ import annotations

from typing import Any

from hrsnn.errors import InputError
from hrsnn.units import takes

READOUTS = ("logistic", "ridge", "sampled")

#: A column that hardly moved in training is dropped before scaling: blown up to unit variance, one late spike in a test
#: sample would outweigh everything else.
LEAST_DEVIATION = 0.02


@takes()
def readout(kind: str = "logistic", seed: int = 0) -> Any:
    """An unfitted classifier: drop near-silent columns (sd < 0.02), standardise, classify.

    Parameters
    ----------
    kind : str
        "logistic": multinomial logistic regression; "ridge": ridge classifier, its penalty chosen by leave-one-out on the
        training data; "sampled": the paper's, one hidden layer of 20 units, to be put on the 10 % of the neurons with the
        highest betweenness (``ReservoirTransformer(neurons=...)``).
    seed : int
        Of the hidden layer's start and order of samples.

    Returns
    -------
    sklearn.pipeline.Pipeline

    Raises
    ------
    InputError
        For another kind.

    Examples
    --------
    >>> readout("ridge").steps[-1][0]
    'ridgeclassifiercv'

    References
    ----------
    Chakraborty & Mukhopadhyay, section III: a sampled, fully connected readout.
    """
    import numpy as np
    from sklearn.feature_selection import VarianceThreshold
    from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if kind == "logistic":
        # with more standardised columns than samples, scikit-learn's default C = 1 hardly regularises
        classifier: Any = LogisticRegression(C=0.01, max_iter=2000)
    elif kind == "ridge":
        classifier = RidgeClassifierCV(alphas=np.logspace(0, 5, 11))
    elif kind == "sampled":
        classifier = MLPClassifier((20,), alpha=1.0, max_iter=1000, random_state=seed % 2**32)
    else:
        raise InputError("readout", kind, f"must be one of {', '.join(READOUTS)}")
    return make_pipeline(VarianceThreshold(LEAST_DEVIATION**2), StandardScaler(), classifier)
