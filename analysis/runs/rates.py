"""How active a reservoir was during a run."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from hrsnn.activity import Activity
from hrsnn.analysis.firing.operations import UndefinedWarning
from hrsnn.display import Displayed


@dataclass(frozen=True)
class Rates(Displayed):
    """Rates of a reservoir during the stimuli of a run with fixed weights.

    Attributes
    ----------
    mean_rate : float
        Spikes per neuron and second (Hz).
    silent_share : float
        Share of the neurons without a spike.
    spikes_per_neuron : float
        Recurrent spikes per neuron and stimulus, S in Chakraborty & Mukhopadhyay (2024).
    """

    mean_rate: float
    silent_share: float
    spikes_per_neuron: float

    @classmethod
    def of(cls, activity: Activity[Any]) -> Rates:
        """Compute the rates of one run."""
        return cls(
            mean_rate=float(activity.rates.mean()),
            silent_share=float((activity.spike_counts.sum(axis=0) == 0).mean()),
            spikes_per_neuron=float(activity.spike_counts.sum(axis=1).mean() / activity.reservoir.neurons),
        )


def warn_of_silence(activity: Activity[Any]) -> None:
    """Warn if no neuron spiked: a score computed from the spikes is then that of a constant."""
    if not activity.spike_counts.any():
        warnings.warn(
            "no neuron spiked: what is read from the spikes says nothing about the network", UndefinedWarning, stacklevel=4
        )
