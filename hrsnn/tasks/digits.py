"""Task digits: the 8 x 8 handwritten digits bundled with scikit-learn."""

from __future__ import annotations

from sklearn.datasets import load_digits

from hrsnn.encoders import PoissonEncoder
from hrsnn.readout import readout
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.task import ClassificationTask, split_rows
from hrsnn.validation.units import takes


@takes()
def digits(test_share: float = 0.25, seed: int = 0) -> ClassificationTask:
    """Return the task of ten digits: 1797 images of 64 pixels in [0, 1], with a stratified random split.

    Images are encoded as Poisson spikes, 300 Hz for the largest pixel value, for 100 ms.

    Parameters
    ----------
    test_share : float
        Share of the samples in the test part.
    seed : int
        Seed of the split and of the encoder's noise.

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


TASK = TaskDeclaration(
    summary="8 x 8 handwritten digits, included",
    kind="classes",
    load=digits,
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Digits",
)
