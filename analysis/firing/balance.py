"""Balance of excitation and inhibition: mean synaptic currents of the neurons."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.firing.operations import UndefinedWarning
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MeanCurrents:
    """The outcome of :func:`mean_currents`, in mV; what inhibits is positive too.

    Attributes
    ----------
    excitatory, inhibitory : arrays (neurons,)
        From the spikes of the reservoir's own neurons.
    input, background : arrays (neurons,)
        From the spikes of the input channels and of the background, all excitatory.
    """

    excitatory: Array
    inhibitory: Array
    input: Array
    background: Array

    @property
    def ratio(self) -> float:
        """Inhibition over all excitation, of the population's mean currents; nan, with a warning, without excitation."""
        excitation = float((self.excitatory + self.input + self.background).mean())
        if excitation == 0:
            warnings.warn("no neuron is excited: the balance is undefined", UndefinedWarning, stacklevel=2)
            return float("nan")
        return float(self.inhibitory.mean()) / excitation

    @property
    def recurrent_ratio(self) -> float:
        """The same, of the reservoir's own spikes alone."""
        if not self.excitatory.any():
            warnings.warn("no neuron is excited by another: the balance is undefined", UndefinedWarning, stacklevel=2)
            return float("nan")
        return float(self.inhibitory.mean() / self.excitatory.mean())


@takes(rates="Hz", input_rates="Hz")
def mean_currents(reservoir: Reservoir, rates: ArrayLike, input_rates: ArrayLike | None = None) -> MeanCurrents:
    """Mean excitatory and inhibitory synaptic currents of each neuron, from rates and weights.

    ``mean I_exc,i = tau_exc,i sum over excitatory j of w_ij rate_j``, and so for inhibitory j with tau_inh,i: a spike adds
    w to a current that decays with tau, and so adds ``w tau`` to its integral.

    Parameters
    ----------
    reservoir : Reservoir
        With the weights of the run.
    rates : array (neurons,)
        Hz: the ``rates`` of an :class:`hrsnn.Activity`.
    input_rates : array (channels,), optional
        Hz of the input channels, for instance :func:`hrsnn.analysis.firing_rates` of the stimulus. Left out: no spikes come
        from outside.

    Returns
    -------
    MeanCurrents
        mV, the unit of the currents in this model: the drive that a constant current of that size would be.

    Raises
    ------
    InputError
        When shapes do not fit, a rate is negative or not finite, or the reservoir has short-term plasticity, whose
        weights change from spike to spike.

    Notes
    -----
    Exact for a run that is long against tau_exc and tau_inh; the currents that are left over at the end of a run of length T
    are some tau / T of the whole. Analog input and the bias are no synaptic currents, and are not in it.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=50), seed=1)
    >>> currents = mean_currents(reservoir, rates=[10.0] * 50)
    >>> currents.inhibitory.shape, 0 < currents.ratio
    ((50,), True)
    """
    if reservoir.short_term is not None:
        raise InputError("reservoir", "has short-term plasticity", "must not have: its weights change from spike to spike")
    own = _rates("rates", rates, reservoir.neurons)
    outside = np.zeros(reservoir.channels) if input_rates is None else _rates("input_rates", input_rates, reservoir.channels)

    def arriving(post: NDArray[np.int32], amount: Array) -> Array:
        return np.bincount(post, amount, minlength=reservoir.neurons) / 1000  # Hz to spikes a ms

    amount = reservoir.weight * own[reservoir.pre]
    excites = reservoir.is_excitatory[reservoir.pre]
    return MeanCurrents(
        excitatory=reservoir.tau_exc * arriving(reservoir.post[excites], amount[excites]),
        inhibitory=reservoir.tau_inh * arriving(reservoir.post[~excites], amount[~excites]),
        input=reservoir.tau_exc * arriving(reservoir.input_post, reservoir.input_weight * outside[reservoir.input_channel]),
        background=reservoir.tau_exc * reservoir.background_weight * reservoir.background_rate / 1000,
    )


def _rates(name: str, given: ArrayLike, size: int) -> Array:
    values = np.asarray(given, dtype=np.float64)
    if values.shape != (size,):
        raise InputError(name, values.shape, f"must have shape ({size},)")
    if not (np.isfinite(values) & (values >= 0)).all():
        raise InputError(name, values[~(np.isfinite(values) & (values >= 0))][0], "must be finite and >= 0 (Hz)")
    return values
