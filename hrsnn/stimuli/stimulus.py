"""The type of stimuli, spike trains or analog currents, and its checks."""

from __future__ import annotations

from hrsnn.errors import InputError
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.numbers import count_of

Stimulus = SpikeTrains | Currents


def check_stimulus(stimulus: object) -> None:
    """Check that `stimulus` is `SpikeTrains` or `Currents`.

    Raises
    ------
    InputError
        When it is not.
    """
    if not isinstance(stimulus, (SpikeTrains, Currents)):
        raise InputError("stimulus", type(stimulus).__name__, "must be SpikeTrains or Currents")


def check_sample(stimulus: Stimulus, channels: int, index: int) -> None:
    """Check that `stimulus` is a stimulus with the given number of channels and a sample `index`.

    Raises
    ------
    InputError
        When one of these is false.
    """
    check_stimulus(stimulus)
    if stimulus.n_channels != channels:
        raise InputError("stimulus", f"{stimulus.n_channels} channels", f"must have {channels}, as the reservoir has")
    if count_of("index", index, 0) >= len(stimulus):
        raise InputError("index", index, f"must be a sample of the {len(stimulus)}, from 0 on")
