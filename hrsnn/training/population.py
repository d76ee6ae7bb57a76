"""A population of networks of equal size as one network, so that they are simulated or trained at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from hrsnn.activity import Activity
from hrsnn.errors import InputError
from hrsnn.reservoir import Links, Reservoir, ShortTerm
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.units import takes


@takes()
def joined(reservoirs: Sequence[Reservoir]) -> Reservoir:
    """Return P networks of N neurons and C channels as one of P N neurons and P C channels, without links between them.

    Network p has the neurons p N to p N + N - 1 and the channels p C to p C + C - 1.

    Parameters
    ----------
    reservoirs : sequence of Reservoir

    Raises
    ------
    InputError
        When there are none, or they differ in size, channels, dt or settings, or have background input, which is drawn by
        the number of a neuron.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> both = joined([build(ReservoirSpec(neurons=20), seed, channels=3) for seed in (1, 2)])
    >>> both.neurons, both.channels, bool(((both.pre < 20) == (both.post < 20)).all())
    (40, 6, True)
    """
    if not len(reservoirs):
        raise InputError("reservoirs", reservoirs, "must be one or more")
    first = reservoirs[0]
    for index, one in enumerate(reservoirs):
        for name in ("neurons", "channels", "dt", "homeostasis"):
            if getattr(one, name) != getattr(first, name):
                raise InputError(
                    f"reservoirs[{index}].{name}", getattr(one, name), f"must be {getattr(first, name)} as the first"
                )
        if (one.short_term is None) != (first.short_term is None):
            raise InputError(f"reservoirs[{index}].short_term", one.short_term, "must be there in all or in none")
        if (one.background_rate > 0).any():
            raise InputError(f"reservoirs[{index}].background_rate", one.background_rate, "must be 0: it is drawn by neuron")
    arrays: dict[str, Any] = {}
    for field in dataclasses.fields(Reservoir):
        value = getattr(first, field.name)
        if isinstance(value, Links):
            sources = first.neurons if field.name == "recurrent" else first.channels
            arrays[field.name] = _links([getattr(one, field.name) for one in reservoirs], sources, first.neurons)
        elif isinstance(value, ShortTerm):
            parts = [one.short_term for one in reservoirs]
            names = [part.name for part in dataclasses.fields(ShortTerm)]
            arrays[field.name] = ShortTerm(**{name: np.concatenate([getattr(one, name) for one in parts]) for name in names})
        elif isinstance(value, np.ndarray) and field.name != "labels":
            arrays[field.name] = np.concatenate([getattr(one, field.name) for one in reservoirs])
    return dataclasses.replace(first, **arrays, channels=len(reservoirs) * first.channels, labels=None)


def _links(parts: Sequence[Links], sources: int, targets: int) -> Links:
    """Return links whose sources and targets are counted on from network to network; they stay sorted."""
    arrays = {field.name: np.concatenate([getattr(one, field.name) for one in parts]) for field in dataclasses.fields(Links)}
    network = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
    return Links(**{**arrays, "pre": arrays["pre"] + network * sources, "post": arrays["post"] + network * targets})


@takes()
def repeated(stimulus: Stimulus, networks: int) -> Stimulus:
    """Return a stimulus that gives each network of a population the same input.

    Parameters
    ----------
    stimulus : SpikeTrains or Currents
        Over C channels.
    networks : int

    Returns
    -------
    SpikeTrains or Currents
        Over ``networks`` times C channels.

    Examples
    --------
    >>> repeated(SpikeTrains.from_samples([([1.0, 2.0], [0, 1])], 2, 5.0), 3)
    SpikeTrains(1 samples, 6 channels, 6 spikes, 5 ms)
    """
    if networks < 1:
        raise InputError("networks", networks, "must be a whole number >= 1")
    if isinstance(stimulus, Currents):
        return Currents(np.tile(stimulus.values, (1, 1, networks)), stimulus.dt, stimulus.lengths)
    channels = stimulus.n_channels

    def samples() -> Any:
        for index in range(len(stimulus)):
            times, who = stimulus.sample(index)
            yield np.tile(times, networks), (np.arange(networks)[:, None] * channels + who).ravel()

    return SpikeTrains.from_samples(samples(), networks * channels, stimulus.durations)


def simulate_population(
    reservoirs: Sequence[Reservoir], stimulus: Stimulus, *, engine: str = "torch", **options: Any
) -> list[Activity[Reservoir]]:
    """Simulate networks of equal size for the same stimuli, all at once.

    Parameters
    ----------
    reservoirs : sequence of Reservoir
    stimulus : SpikeTrains or Currents
    engine : str
    **options
        As of :func:`hrsnn.simulate`, but for `plastic` and `state`.

    Returns
    -------
    list of Activity
        Each is that of ``simulate`` for its network alone; with delays of analog input v may differ by rounding.

    Raises
    ------
    InputError
        As :func:`joined` and :func:`hrsnn.simulate`; for `plastic` and `state`.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> networks = [build(ReservoirSpec(neurons=20), seed, channels=1) for seed in (1, 2, 3)]
    >>> stimulus = Currents(np.ones((2, 5, 1)), dt=20)
    >>> together = simulate_population(networks, stimulus)
    >>> alone = [simulate(one, stimulus) for one in networks]
    >>> [bool(one.spikes.equals(other.spikes)) for one, other in zip(together, alone)]
    [True, True, True]
    """
    for name in ("plastic", "state"):
        if options.get(name):
            raise InputError(name, options[name], "is for single networks")
    whole = joined(reservoirs)
    activity = simulate(whole, repeated(stimulus, len(reservoirs)), engine=engine, **options)
    n = reservoirs[0].neurons
    return [_part(activity, one, slice(index * n, (index + 1) * n)) for index, one in enumerate(reservoirs)]


def _part(activity: Activity[Reservoir], reservoir: Reservoir, where: slice) -> Activity[Reservoir]:
    """Return what one of the networks did."""
    spikes = activity.recorded_spikes
    arrays = {
        name: None if getattr(activity, name) is None else getattr(activity, name)[..., where]
        for name in ("recorded_counts", "recorded_states", "recorded_v")
    }
    own = None
    if spikes is not None:
        inside = (spikes.channels >= where.start) & (spikes.channels < where.stop)
        sizes = np.add.reduceat(np.append(inside, False).astype(np.int64), spikes.offsets[:-1]) * (
            np.diff(spikes.offsets) > 0
        )
        offsets = np.append(0, np.cumsum(sizes))
        channels = spikes.channels[inside] - where.start
        own = SpikeTrains(spikes.times[inside], channels, offsets, n_channels=reservoir.neurons, duration=spikes.durations)
    return Activity(
        reservoir=reservoir,
        spike_counts=activity.spike_counts[:, where],
        durations=activity.durations,
        sample_times=activity.sample_times,
        recorded_spikes=own,
        **arrays,
    )
