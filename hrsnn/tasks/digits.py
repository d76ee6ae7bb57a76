"""8 x 8 handwritten digits, bundled with scikit-learn: needs no download."""

from __future__ import annotations

from sklearn.datasets import load_digits

from hrsnn.encoders import PoissonEncoder
from hrsnn.readout import readout
from hrsnn.tasks.task import ClassificationTask, split_rows
from hrsnn.validation.units import takes


@takes()
def digits(test_share: float = 0.25, seed: int = 0) -> ClassificationTask:
    """Ten digits, 1797 images of 64 pixels in [0, 1]; stratified random split.

    Encoded as Poisson spikes, 300 Hz for a full pixel, 100 ms.

    Parameters
    ----------
    test_share : float
        Share of the samples to test on.
    seed : int
        Root of the split, and of the encoder's noise.

    Raises
    ------
    InputError
        When the share is not between 0 and 1.

    Examples
    --------
    >>> task = digits()
    >>> task.encoder.fit(task.x_train).transform(task.x_test[:3]).shape
    (3, 64)
    """
    data = load_digits()
    pixels = data.data / 16.0
    train, test = split_rows(data.target, test_share, seed)
    return ClassificationTask(
        name="digits",
        x_train=pixels[train],
        y_train=data.target[train],
        x_test=pixels[test],
        y_test=data.target[test],
        classes=data.target_names,
        encoder=PoissonEncoder(peak_rate=300.0, duration=100.0, seed=seed),
        raw_baseline=readout(),
        raw_baseline_name="logistic regression on the pixels",
    )
