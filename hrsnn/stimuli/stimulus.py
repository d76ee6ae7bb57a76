"""What a network can be shown: spike trains, or analog currents."""

from __future__ import annotations

from hrsnn.errors import InputError
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.numbers import count_of

Stimulus = SpikeTrains | Currents


def check_stimulus(stimulus: object) -> None:
    """See that `stimulus` is one.

    Raises
    ------
    InputError
        When it is something else.
    """
    if not isinstance(stimulus, (SpikeTrains, Currents)):
        raise InputError("stimulus", type(stimulus).__name__, "must be SpikeTrains or Currents")


def check_sample(stimulus: Stimulus, channels: int, index: int) -> None:
    """See that `stimulus` is one of so many channels, and has a sample `index`.

    Raises
    ------
    InputError
        When one of these is not so.
    """
    check_stimulus(stimulus)
    if stimulus.n_channels != channels:
        raise InputError("stimulus", f"{stimulus.n_channels} channels", f"must have {channels}, as the reservoir has")
    if count_of("index", index, 0) >= len(stimulus):
        raise InputError("index", index, f"must be a sample of the {len(stimulus)}, from 0 on")
