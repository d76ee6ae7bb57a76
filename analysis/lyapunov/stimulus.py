"""The stimulus of a trajectory: given, or none for some time."""

from __future__ import annotations

import numpy as np

from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus, check_sample
from hrsnn.validation.numbers import duration_of
from hrsnn.validation.units import takes


@takes(stimulus="ms")
def driven_by(stimulus: Stimulus | float, channels: int, index: int = 0) -> Stimulus:
    """Return the stimulus itself; for a number, that many ms without any input.

    Raises
    ------
    InputError
        When it is neither a stimulus of so many channels nor a positive number, or has no sample `index`.

    Examples
    --------
    >>> driven_by(300.0, channels=2)
    Currents(1 sample, 1 value of 300 ms, 2 channels)
    """
    if not isinstance(stimulus, (SpikeTrains, Currents)):
        stimulus = Currents(np.zeros((1, 1, channels)), duration_of("stimulus", stimulus))
    check_sample(stimulus, channels, index)
    return stimulus
