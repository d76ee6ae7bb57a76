"""Heterogeneity of the parameters of neurons and synapses."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.errors import InputError
from hrsnn.reservoir import Links, Reservoir
from hrsnn.validation.labels import Labels
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes()
def heterogeneity(
    parameters: Reservoir | ArrayLike,
    groups: Labels | None = None,
    *,
    of: Literal["both", "neurons", "synapses"] = "both",
) -> float:
    """Compute the heterogeneity H of the parameters of a network: the log-volume of their spread.

    ``H = 1/2 ln det(I + Sigma)``, Sigma the covariance matrix of the logarithms of the parameters within groups.

    Parameters
    ----------
    parameters : Reservoir or array, shape (items,) or (items, parameters)
        One row per neuron or synapse, all values positive. For a reservoir: tau_m, tau_exc, tau_inh and
        v_threshold - v_reset of its neurons, within E and I; and tau_plus, tau_minus, a_plus / w_max and a_minus / w_max of
        its links, recurrent and input, within the types of their ends. H is the sum of the two. An amplitude that is 0
        everywhere is omitted.
    groups : array, shape (items,), optional
        Group of each item; differences between the means of groups are not counted. Not for a reservoir.
    of : {"both", "neurons", "synapses"}
        Part of a reservoir.

    Returns
    -------
    float
        0 when all items of a group are equal; grows by 1/2 ln(1 + variance) with each independent parameter.

    Raises
    ------
    InputError
        When a value is not positive and finite, or no group has two items.

    Notes
    -----
    Chakraborty & Mukhopadhyay (2024) use det(Sigma), a bound on the entropy of the parameters, which depends on their units
    and is 0 if one parameter is fixed. Logarithms remove the dependence on units, and I + Sigma that on fixed parameters.
    That a higher H gives a higher memory capacity (their theorem 1) is a hypothesis, to be tested with pairs of networks.

    Examples
    --------
    >>> tau = np.exp([0.0, 2.0])  # the variance of the logarithms is 2
    >>> bool(np.isclose(heterogeneity(tau), 0.5 * np.log(1 + 2)))
    True
    >>> from hrsnn import ReservoirSpec, build
    >>> spec = ReservoirSpec.preset("dense", neurons=100)
    >>> [round(heterogeneity(build(spec.variant(name))), 1) for name in ("HoNHoS", "HeNHoS", "HeNHeS")]
    [0.0, 0.2, 0.7]

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), the definition of heterogeneity before eq. 9.
    """
    if of not in ("both", "neurons", "synapses"):
        raise InputError("of", of, "must be 'both', 'neurons' or 'synapses'")
    if not isinstance(parameters, Reservoir):
        if of != "both":
            raise InputError("of", of, "is for a reservoir: an array is what it is")
        return _log_volume(np.asarray(parameters, dtype=np.float64), groups)
    if groups is not None:
        raise InputError("groups", groups, "is for an array: a reservoir knows its types")
    return sum(_log_volume(*part(parameters)) for name, part in _PARTS.items() if of in ("both", name))


def _of_neurons(reservoir: Reservoir) -> tuple[Array, NDArray[np.int64]]:
    height = reservoir.v_threshold - reservoir.v_reset
    columns = (reservoir.tau_m, reservoir.tau_exc, reservoir.tau_inh, height)
    return np.column_stack(columns), reservoir.is_excitatory.astype(np.int64)


def _of_synapses(reservoir: Reservoir) -> tuple[Array, NDArray[np.int64]]:
    def rows(links: Links) -> Array:
        # relative to w_max, which depends on the type of the link
        return np.column_stack([links.tau_plus, links.tau_minus, links.a_plus / links.w_max, links.a_minus / links.w_max])

    excitatory = reservoir.is_excitatory.astype(np.int64)
    types = np.concatenate(
        [2 * excitatory[reservoir.pre] + excitatory[reservoir.post], 4 + excitatory[reservoir.input_post]]
    )
    values = np.concatenate([rows(reservoir.recurrent), rows(reservoir.input)])
    plastic = values.any(axis=0)  # an amplitude of 0 switches a process off
    return values[:, plastic], types


_PARTS = {"neurons": _of_neurons, "synapses": _of_synapses}


def _log_volume(values: Array, groups: ArrayLike | None) -> float:
    if values.ndim == 1:
        values = values[:, np.newaxis]
    if values.ndim != 2 or values.size == 0:
        raise InputError("parameters", values.shape, "must have shape (items,) or (items, parameters), not empty")
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        raise InputError("parameters", values[wrong][0], "must be positive and finite")
    given = np.zeros(len(values)) if groups is None else np.asarray(groups)
    if given.shape != (len(values),):
        raise InputError("groups", given.shape, f"must have shape ({len(values)},), one for each item")
    label = np.unique(given, return_inverse=True)[1]
    count = np.bincount(label)
    free = len(values) - len(count)
    if free < 1:
        raise InputError("parameters", values.shape, "must have two items or more in a group")
    logarithms = np.log(values)
    means = np.stack([np.bincount(label, column) / count for column in logarithms.T], axis=1)
    apart = logarithms - means[label]
    spread = apart.T @ apart / free
    return float(0.5 * np.linalg.slogdet(np.eye(len(spread)) + spread)[1])
