"""Balance of excitation and inhibition: mean synaptic currents of the neurons."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.firing.operations import UndefinedWarning
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MeanCurrents(Displayed):
    """Mean synaptic currents, in mV, as returned by :func:`mean_currents`; inhibitory currents are positive too.

    Attributes
    ----------
    excitatory, inhibitory : arrays (neurons,)
        Currents from the spikes of the reservoir's own neurons.
    input, background : arrays (neurons,)
        Currents from the spikes of the input channels and of the background, all excitatory.
    """

    excitatory: Array
    inhibitory: Array
    input: Array
    background: Array

    @property
    def ratio(self) -> float:
        """Ratio of inhibition to all excitation in the mean currents; nan, with a warning, without excitation."""
        excitation = float((self.excitatory + self.input + self.background).mean())
        if excitation == 0:
            warnings.warn("no neuron is excited: the balance is undefined", UndefinedWarning, stacklevel=2)
            return float("nan")
        return float(self.inhibitory.mean()) / excitation

    @property
    def recurrent_ratio(self) -> float:
        """Ratio of inhibition to excitation in the currents from the reservoir's own spikes only."""
        if not self.excitatory.any():
            warnings.warn("no neuron is excited by another: the balance is undefined", UndefinedWarning, stacklevel=2)
            return float("nan")
        return float(self.inhibitory.mean() / self.excitatory.mean())


@takes(rates="Hz", input_rates="Hz")
def mean_currents(reservoir: Reservoir, rates: ArrayLike, input_rates: ArrayLike | None = None) -> MeanCurrents:
    """Compute the mean excitatory and inhibitory synaptic currents of each neuron from rates and weights.

    ``mean I_exc,i = tau_exc,i sum over excitatory j of w_ij rate_j``, and likewise for inhibitory j with tau_inh,i: a spike
    adds w to a current that decays with tau, and so adds ``w tau`` to its integral.

    Parameters
    ----------
    reservoir : Reservoir
        Reservoir with the weights of the run.
    rates : array (neurons,)
        Hz: the ``rates`` of an :class:`hrsnn.Activity`.
    input_rates : array (channels,), optional
        Rates of the input channels (Hz), for instance :func:`hrsnn.analysis.firing_rates` of the stimulus. Default: no input
        spikes.

    Returns
    -------
    MeanCurrents
        In mV, the unit of the currents in this model: equivalent to constant currents of that size.

    Raises
    ------
    InputError
        When shapes do not fit, a rate is negative or not finite, or the reservoir has short-term plasticity, whose
        weights change from spike to spike.

    Notes
    -----
    Exact for a run much longer than tau_exc and tau_inh; the currents that have not yet decayed at the end of a run of
    length T are about tau / T of the total. Analog input and the bias are not synaptic currents and are not included.

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
        return np.bincount(post, amount, minlength=reservoir.neurons) / 1000  # Hz to spikes per ms

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
