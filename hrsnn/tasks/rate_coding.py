"""Series as spikes: the value of each channel as the rate of a Poisson process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.numbers import positive

if TYPE_CHECKING:
    from hrsnn.encoders.poisson import PoissonEncoder

ENCODINGS = ("current", "poisson")


def check_encoding(encoding: str) -> None:
    """Raise an `InputError` unless `encoding` is one of `ENCODINGS`."""
    if encoding not in ENCODINGS:
        raise InputError("encoding", encoding, f"must be one of {', '.join(ENCODINGS)}")


def rate_encoder(
    encoding: str, inputs: np.ndarray, train: slice, hold: float, peak_rate: float, seed: int
) -> PoissonEncoder | None:
    """Return the encoder of a series, fitted to its training part, or None for currents.

    The rate of a channel is ``peak_rate (x - low) / (high - low)``, clipped to [0, peak_rate], with the range of the channel
    in the training part.

    Raises
    ------
    InputError
        When the encoding is unknown or the rate is not positive.
    """
    check_encoding(encoding)
    positive("peak_rate", peak_rate, "Hz")
    if encoding == "current":
        return None
    from hrsnn.encoders.poisson import PoissonEncoder  # here, as importing scikit-learn takes two seconds

    encoder = PoissonEncoder(peak_rate=peak_rate, dt=hold, scale="channel", seed=seed, series=True)
    return encoder.fit(inputs[None, train])
