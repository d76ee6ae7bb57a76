"""Synaptic operations, the energy that they take, and spike efficiency."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.validation.numbers import whole_vector
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Joules per synaptic operation; :func:`energy` names the sources.
ENERGY_PER_OPERATION: Mapping[str, float] = MappingProxyType(
    {
        "loihi": 23.6e-12,
        "truenorth": 26e-12,
        "spinnaker": 43e-9,
        "accumulate_45nm": 0.9e-12,
        "multiply_accumulate_45nm": 4.6e-12,
    }
)


class UndefinedWarning(HrsnnWarning):
    """Warning that a measure is undefined for its input (no spikes, for example) and returned as nan."""


@takes(weight="mV")
def synaptic_operations(spike_counts: ArrayLike, pre: ArrayLike, weight: ArrayLike | None = None) -> Array:
    """Count the synaptic operations: the number of times that a spike crosses a synapse.

    ``SOP = sum over neurons i of s_i c_i``, s_i the spikes of neuron i and c_i its outgoing links of non-zero weight.

    Parameters
    ----------
    spike_counts : array (neurons,) or (stimuli, neurons)
        Spikes of each neuron: the ``spike_counts`` of an :class:`hrsnn.Activity`.
    pre : array of int (links,)
        Source neuron of each link: the ``pre`` of a reservoir.
    weight : array (links,), optional
        Links of weight 0 are not counted. Default: all links are.

    Returns
    -------
    array () or (stimuli,)
        Number of operations for each stimulus.

    Raises
    ------
    InputError
        When shapes do not match, or a count is negative or not finite.

    Notes
    -----
    If `pre` are the sources of the recurrent links, only these are counted. The operations of the input are counted by the
    same function, from the spikes of the channels and the channels of the input links.

    Examples
    --------
    Neuron 0 has two outgoing links; neuron 1 has one, and spikes four times.

    >>> float(synaptic_operations([3, 4, 5], pre=[0, 0, 1]))
    10.0

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), section on energy efficiency: E = C_E sum s_i c_i.
    """
    counts = np.asarray(spike_counts, dtype=np.float64)
    if counts.ndim not in (1, 2) or counts.shape[-1] == 0:
        raise InputError("spike_counts", counts.shape, "must have shape (neurons,) or (stimuli, neurons)")
    if not (np.isfinite(counts) & (counts >= 0)).all():
        raise InputError("spike_counts", counts[~(np.isfinite(counts) & (counts >= 0))][0], "must be finite and >= 0")
    source = whole_vector("pre", pre, np.int64)
    neurons = counts.shape[-1]
    if len(source) and not 0 <= source.min() <= source.max() < neurons:
        raise InputError("pre", source, f"must be in 0..{neurons - 1}")
    live = np.ones(len(source)) if weight is None else _live("weight", weight)
    if live.shape != source.shape:
        raise InputError("weight", live.shape, f"must have one value a link, {source.shape}")
    return np.asarray(counts @ np.bincount(source, live, minlength=neurons))


@takes()
def operation_ratio(dense: ArrayLike, pruned: ArrayLike) -> float:
    """Ratio of the synaptic operations of a dense network to those of a pruned one for the same stimuli.

    ``ratio = sum over stimuli of SOP(dense) / sum over stimuli of SOP(pruned)``

    Parameters
    ----------
    dense, pruned : array () or (stimuli,)
        Results of :func:`synaptic_operations`, on the same stimuli with the same noise.

    Returns
    -------
    float
        Above 1 if pruning saves operations; nan, with an :class:`UndefinedWarning`, if the pruned network has none.

    Raises
    ------
    InputError
        When the numbers of stimuli differ, or a value is negative or not finite.

    Examples
    --------
    >>> operation_ratio([300.0, 100.0], [30.0, 10.0])
    10.0
    """
    before, after = np.asarray(dense, dtype=np.float64), np.asarray(pruned, dtype=np.float64)
    if before.shape != after.shape or before.size == 0:
        raise InputError("pruned", after.shape, f"must be of as many stimuli as dense, {before.shape}, at least one")
    for name, values in (("dense", before), ("pruned", after)):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise InputError(name, values, "must be finite and >= 0")
    if after.sum() == 0:
        return _undefined("the pruned network has no synaptic operation: the ratio is undefined")
    return float(before.sum() / after.sum())


@takes()
def energy(operations: ArrayLike, per_operation: float | str = "loihi") -> Array:
    """Compute the energy of synaptic operations.

    ``E = C_E SOP``

    Parameters
    ----------
    operations : array
        Numbers of operations, from :func:`synaptic_operations`.
    per_operation : float or str
        C_E in joules, or a name of ``ENERGY_PER_OPERATION``: "loihi" 23.6 pJ (Davies 2018, at least), "truenorth" 26 pJ
        (Merolla 2014), "spinnaker" 43 nJ (Sharp 2012, per postsynaptic potential), "accumulate_45nm" 0.9 pJ (Horowitz 2014,
        a 32-bit floating-point addition) and "multiply_accumulate_45nm" 4.6 pJ (an addition and a multiplication, the
        operation of a network without spikes).

    Returns
    -------
    array, shaped as `operations`
        Energy in joules.

    Raises
    ------
    InputError
        For an unknown name, or energies or operations that are negative or not finite.

    Notes
    -----
    This is a figure of merit, not a measurement: updates of neurons, leakage, routing and memory are not included, and
    C_E of different chips was measured in different ways. Use it for ratios on one chip.

    Examples
    --------
    >>> float(energy(1e6, "loihi"))
    2.36e-05

    References
    ----------
    M. Davies et al., Loihi, IEEE Micro 38 (2018). P. A. Merolla et al., A million spiking-neuron integrated
    circuit, Science 345 (2014). T. Sharp et al., Power-efficient simulation of detailed cortical microcircuits on
    SpiNNaker, J. Neurosci. Methods 210 (2012), abstract. M. Horowitz, Computing's energy problem, ISSCC (2014).
    """
    if isinstance(per_operation, str):
        if per_operation not in ENERGY_PER_OPERATION:
            known = ", ".join(ENERGY_PER_OPERATION)
            raise InputError("per_operation", per_operation, f"must be joules or one of {known}")
        per_operation = ENERGY_PER_OPERATION[per_operation]
    if isinstance(per_operation, bool) or not 0 <= per_operation < np.inf:
        raise InputError("per_operation", per_operation, "must be finite and >= 0 (J)")
    counted = np.asarray(operations, dtype=np.float64)
    if not (np.isfinite(counted) & (counted >= 0)).all():
        raise InputError("operations", operations, "must be finite and >= 0")
    return np.asarray(counted * per_operation)


@takes()
def spike_efficiency(
    spikes_per_neuron: float,
    *,
    accuracy: float | None = None,
    nrmse: float | None = None,
    capacity: float | None = None,
) -> float:
    """Score of a reservoir per recurrent spike of a neuron.

    ``accuracy / S`` of a classification, ``1 / (NRMSE S)`` of a forecast (the empirical efficiency), ``C / S`` of a memory,
    with S the number of recurrent spikes per neuron in a fixed window.

    Parameters
    ----------
    spikes_per_neuron : float
        S: spikes per neuron and stimulus, for stimuli of equal duration.
    accuracy : float
        Share of correct labels; or
    nrmse : float
        Error of a forecast; or
    capacity : float
        Memory capacity C.

    Returns
    -------
    float
        nan, with an :class:`UndefinedWarning`, if S = 0.

    Raises
    ------
    InputError
        When not exactly one score is given, S is negative or not finite, or a score is out of range.

    Notes
    -----
    Comparable only for the same window and task: S grows with the window. Chakraborty & Mukhopadhyay (2024) count S up to
    the first spike of a spiking readout; here the window is fixed.

    Examples
    --------
    >>> spike_efficiency(2.0, accuracy=0.9), spike_efficiency(2.0, nrmse=0.25)
    (0.45, 2.0)

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), eq. 10 (C / S) and the empirical efficiency; undefined at S = 0.
    """
    given = [score for score in (accuracy, nrmse, capacity) if score is not None]
    if len(given) != 1:
        raise InputError("accuracy", (accuracy, nrmse, capacity), "nrmse or capacity must be given, one of them")
    if not 0 <= spikes_per_neuron < np.inf:
        raise InputError("spikes_per_neuron", spikes_per_neuron, "must be finite and >= 0")
    if accuracy is not None and not 0 <= accuracy <= 1:
        raise InputError("accuracy", accuracy, "must be in [0, 1]")
    if nrmse is not None and not 0 < nrmse < np.inf:
        raise InputError("nrmse", nrmse, "must be finite and positive")
    if capacity is not None and not 0 <= capacity < np.inf:
        raise InputError("capacity", capacity, "must be finite and >= 0")
    if spikes_per_neuron == 0:
        return _undefined("no neuron spiked: the efficiency is undefined")
    return float((given[0] if nrmse is None else 1 / nrmse) / spikes_per_neuron)


@takes(dense="mV", pruned="mV")
def sparsity(dense: ArrayLike, pruned: ArrayLike, *, readout: tuple[ArrayLike, ArrayLike] | None = None) -> float:
    """Share of the links of a dense network that pruning removed.

    ``sparsity = 1 - links after / links before``, counting links of non-zero weight.

    Parameters
    ----------
    dense, pruned : array (links,)
        Weights before and after; links of weight 0 are not counted.
    readout : (array, array), optional
        Weights of the readout before and after, of any shape, to be counted too. Default: the reservoir only.

    Returns
    -------
    float
        0 when no link was removed, 1 when all were.

    Raises
    ------
    InputError
        When weights are not finite, the dense network has no link of non-zero weight, or the pruned one has more of them.

    Notes
    -----
    Report whether the readout is included: a dense readout of N neurons to K classes has N K links that pruning the
    reservoir hardly changes. Neuron sparsity is the same function of one value per neuron.

    Examples
    --------
    >>> import numpy as np
    >>> weight, kept = np.ones(100), np.ones(5)
    >>> sparsity(weight, kept), sparsity(weight, kept, readout=(np.ones((20, 10)), np.ones((20, 10))))
    (0.95, 0.31666666666666665)
    """
    before, after = _live("dense", dense).sum(), _live("pruned", pruned).sum()
    if readout is not None:
        if not isinstance(readout, (tuple, list)) or len(readout) != 2:
            raise InputError("readout", readout, "must be two arrays, the weights before and after")
        before += _live("readout", readout[0]).sum()
        after += _live("readout", readout[1]).sum()
    if before == 0:
        raise InputError("dense", 0, "must have a link of a weight other than 0")
    if after > before:
        raise InputError("pruned", int(after), f"must have no more live links than dense, {int(before)}")
    return float(1 - after / before)


def _live(name: str, weight: ArrayLike) -> Array:
    weights = np.asarray(weight, dtype=np.float64)
    if not np.isfinite(weights).all():
        raise InputError(name, weights[~np.isfinite(weights)][0], "must be finite")
    return np.asarray(weights != 0, dtype=np.float64)


def _undefined(reason: str) -> float:
    warnings.warn(reason, UndefinedWarning, stacklevel=4)
    return float("nan")
