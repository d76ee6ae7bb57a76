"""Decoders of a balanced network: the directions in which its neurons move the estimate."""

from __future__ import annotations

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.units import takes

#: Rounds of the tight frame, of which each takes what is left of the spread to less than a tenth.
_ROUNDS = 8


def random_decoder(states: int, norm: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return random directions (J, N), independent and equally likely, with columns of the lengths `norm` (N,)."""
    columns = random.normal(size=(states, len(norm)))
    return np.asarray(columns / np.sqrt((columns**2).sum(axis=0)) * norm)


@takes()
def tightened(decoder: np.ndarray) -> np.ndarray:
    """Return the decoder as a tight frame, with columns of the same lengths: ``Gamma Gamma^T = (sum_i |Gamma_i|^2/J) I``.

    Whitening, ``(Gamma Gamma^T)^(-1/2) Gamma``, and scaling of the columns in turn, eight times.

    Parameters
    ----------
    decoder : array (J, N)
        Of rank J.

    Returns
    -------
    array (J, N)

    Raises
    ------
    InputError
        When the columns do not span all states.

    Notes
    -----
    N random directions cover some of J dimensions better than others: the eigenvalues of their frame are spread from
    ``(1 - sqrt(J/N))^2`` to ``(1 + sqrt(J/N))^2`` of the mean. Equal ones lower the error of the code in the worst of them.
    Columns of very different lengths, or N hardly above J, may leave a spread.

    Examples
    --------
    >>> frame = tightened(random_decoder(4, np.ones(40), np.random.default_rng(0)))
    >>> bool(np.ptp(np.linalg.eigvalsh(frame @ frame.T)) < 0.01)
    True

    References
    ----------
    J. Tropp, I. Dhillon, R. Heath & T. Strohmer (2005), Designing structured tight frames via an alternating projection
    method, section III.
    """
    length = np.sqrt((decoder**2).sum(axis=0))
    values, vectors = np.linalg.eigh(decoder @ decoder.T)
    if values[0] <= 1e-12 * values[-1]:
        raise InputError("decoder", "of lower rank", "must have columns that span all states")
    frame = decoder
    for _ in range(_ROUNDS):
        values, vectors = np.linalg.eigh(frame @ frame.T)
        frame = (vectors / np.sqrt(values)) @ vectors.T @ frame
        frame = frame * (length / np.sqrt((frame**2).sum(axis=0)))
    return np.asarray(frame)
