"""Spike trains, currents and recorded activity as objects of Neo, for Elephant and the formats that Neo writes, and back."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from hrsnn.activity import Activity
from hrsnn.errors import HrsnnError, HrsnnWarning, InputError
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.limits import check_memory
from hrsnn.validation.units import takes

#: Bytes of memory of a spike train of Neo without spikes (measured: 3.7 kB).
_TRAIN = 4000
#: Largest relative difference of the intervals between sample times for which they are called regular.
_REGULAR = 1e-9


@takes()
def to_neo(data: Activity | SpikeTrains | Currents) -> Any:
    """Return a ``neo.Block`` with a segment for each sample.

    ============================= =============================================================================
    here                          there
    ============================= =============================================================================
    a channel or a neuron         a ``neo.SpikeTrain`` in ms, from 0 to the sample's duration, with the annotations
                                  `channel_id` and, for neurons, `type` ("E", "I"); its name is the neuron's label
    ``Currents``                  a ``neo.AnalogSignal`` "currents", dimensionless, with the annotation `dt` (ms)
    ``states``                    "states", dimensionless
    ``v``, ``adaptation``         "v", "adaptation" in mV
    ``currents`` of an activity   "i_exc", "i_inh" in mV
    ============================= =============================================================================

    Signals are (times, channels), with the array annotation `channel_ids`: ``neo.AnalogSignal`` where the sample times are
    regular, ``neo.IrregularlySampledSignal`` otherwise.

    Parameters
    ----------
    data : Activity, SpikeTrains or Currents

    Returns
    -------
    neo.Block
        Its annotations have `n_channels`.

    Raises
    ------
    InputError
        When an activity has neither spikes nor signals, or the objects would exceed the memory limit.
    HrsnnError
        When Neo is not installed.

    Warns
    -----
    HrsnnWarning
        When an activity has counts in windows, which Neo has no object for.

    Notes
    -----
    The network of an activity is not part of the block (:meth:`Reservoir.save` writes it).

    References
    ----------
    Garcia et al. (2014), Neo: an object model for handling electrophysiology data in multiple formats, Frontiers in
    Neuroinformatics 8, 10. https://neo.readthedocs.io

    Examples
    --------
    >>> from hrsnn import SpikeTrains
    >>> trains = SpikeTrains([1.0, 4.0, 2.5], [0, 1, 1], offsets=[0, 2, 3], n_channels=2, duration=10.0)
    >>> block = to_neo(trains)
    >>> len(block.segments), block.segments[0].spiketrains[1]
    (2, <SpikeTrain(array([4.]) * ms, [0.0 ms, 10.0 ms])>)
    >>> from_neo(block).equals(trains)
    True
    """
    neo, pq = _neo()
    if isinstance(data, Currents):
        block = neo.Block(n_channels=data.n_channels)
        for index in range(len(data)):
            segment = neo.Segment(index=index)
            about = {"t_start": 0.0 * pq.ms, "sampling_period": data.dt * pq.ms, "name": "currents", "dt": data.dt}
            ids = {"channel_ids": np.arange(data.n_channels)}
            signal = neo.AnalogSignal(data.sample(index), units=pq.dimensionless, array_annotations=ids, **about)
            segment.analogsignals.append(signal)
            block.segments.append(segment)
        return block
    if isinstance(data, SpikeTrains):
        block = neo.Block(n_channels=data.n_channels)
        _check_size(data)
        for index in range(len(data)):
            segment = neo.Segment(index=index)
            segment.spiketrains.extend(list(_trains(data, index, {}, neo, pq)))
            block.segments.append(segment)
        return block
    return _of_activity(data, neo, pq)


def _of_activity(activity: Activity, neo: Any, pq: Any) -> Any:
    if not set(activity.recorded) - {"counts"}:
        raise InputError("activity", activity.recorded, 'must have spikes or signals: record=("spikes", "v", ...)')
    if activity.recorded_counts is not None:
        warnings.warn("Neo: counts in windows are not written", HrsnnWarning, stacklevel=4)
    network: Any = activity.reservoir
    number = activity.spike_counts.shape[1]
    types = getattr(network, "is_excitatory", None)
    said = {
        "labels": getattr(network, "labels", None),
        "types": None if types is None else np.where(types, "E", "I"),
    }
    block = neo.Block(n_channels=number)
    if activity.recorded_spikes is not None:
        _check_size(activity.spikes)
    for index in range(len(activity.durations)):
        segment = neo.Segment(index=index)
        if activity.recorded_spikes is not None:
            segment.spiketrains.extend(list(_trains(activity.spikes, index, said, neo, pq)))
        for name, values, unit, ids in _signals(activity, index):
            signal = _signal(name, values, unit, activity.sample_times[index], ids, neo, pq)
            regular = isinstance(signal, neo.AnalogSignal)
            (segment.analogsignals if regular else segment.irregularlysampledsignals).append(signal)
        block.segments.append(segment)
    return block


def _check_size(trains: SpikeTrains) -> None:
    count = len(trains) * trains.n_channels
    check_memory("data", count, count * _TRAIN + 16.0 * trains.n_spikes, "its spike trains as objects of Neo")


def _trains(trains: SpikeTrains, index: int, said: dict[str, Any], neo: Any, pq: Any) -> Iterator[Any]:
    """Yield the spike train of each channel of a sample."""
    begin, stop = trains.offsets[index : index + 2]
    order = np.argsort(trains.channels[begin:stop], kind="stable")
    times, channels = trains.times[begin:stop][order], trains.channels[begin:stop][order]
    ends = np.searchsorted(channels, np.arange(trains.n_channels + 1))
    about: dict[str, Any] = {"t_start": 0.0 * pq.ms, "t_stop": float(trains.durations[index]) * pq.ms, "units": "ms"}
    for channel in range(trains.n_channels):
        more: dict[str, Any] = {"channel_id": channel}
        if said.get("types") is not None:
            more["type"] = str(said["types"][channel])
        if said.get("labels") is not None:
            more["name"] = str(said["labels"][channel])
        yield neo.SpikeTrain(times[ends[channel] : ends[channel + 1]], **about, **more)


def _signals(activity: Activity, index: int) -> Iterator[tuple[str, np.ndarray, str, np.ndarray]]:
    """Yield name, values (times, channels), unit and neurons of the signals of a sample."""
    everyone = np.arange(activity.spike_counts.shape[1])
    watched = everyone if activity.recorded_neurons is None else activity.recorded_neurons
    if activity.recorded_states is not None:
        yield "states", activity.states[index], "dimensionless", everyone
    for name in ("v", "adaptation"):
        if getattr(activity, f"recorded_{name}") is not None:
            yield name, getattr(activity, name)[index], "mV", watched
    if activity.recorded_currents is not None:
        for place, name in enumerate(("i_exc", "i_inh")):
            yield name, activity.currents[index][..., place], "mV", watched


def _signal(name: str, values: np.ndarray, unit: str, times: np.ndarray, ids: np.ndarray, neo: Any, pq: Any) -> Any:
    about: dict[str, Any] = {"units": unit, "name": name, "array_annotations": {"channel_ids": np.asarray(ids)}}
    if len(times) > 1:
        period = float(times[-1] - times[0]) / (len(times) - 1)
        if period > 0 and np.allclose(np.diff(times), period, rtol=_REGULAR, atol=0):
            timing = {"t_start": float(times[0]) * pq.ms, "sampling_period": period * pq.ms}
            return neo.AnalogSignal(values, **timing, **about)
    return neo.IrregularlySampledSignal(times * pq.ms, values, **about)


@takes()
def from_neo(block: Any, signal: str | None = None) -> SpikeTrains | Currents:
    """Return the spike trains, or an analog signal, of a ``neo.Block``, one sample for each segment.

    Parameters
    ----------
    block : neo.Block
    signal : str, optional
        Name of the analog signal that is returned as currents. By default the spike trains are returned, or the only analog
        signal where there are none.

    Returns
    -------
    SpikeTrains or Currents
        Times in ms from the start of the segment (`t_start` of its trains). Channels are the annotations `channel_id` where
        all trains have one, or else the trains in their order. Of a block of :func:`to_neo`, spikes and
        currents are equal to the originals to the last bit. Values of a signal are taken as they are, whatever their unit.

    Raises
    ------
    InputError
        When it is no block, has no segments or neither trains nor signals, segments differ in their trains or channels,
        trains of a segment in their times of start or end, a train has a spike at its very end, or a signal is not
        regularly sampled.
    HrsnnError
        When Neo is not installed.

    Examples
    --------
    >>> import neo
    >>> from quantities import s
    >>> segment = neo.Segment()
    >>> segment.spiketrains.append(neo.SpikeTrain([1.5, 2.0] * s, t_start=1 * s, t_stop=3 * s))
    >>> block = neo.Block()
    >>> block.segments.append(segment)
    >>> from_neo(block).times, from_neo(block).durations
    (array([ 500., 1000.]), array([2000.]))
    """
    neo, _ = _neo()
    if not isinstance(block, neo.Block) or not block.segments:
        raise InputError("block", type(block).__name__, "must be a neo.Block with at least one segment")
    if signal is None and any(len(segment.spiketrains) for segment in block.segments):
        return _spike_trains(block)
    return _currents(block, signal)


def _spike_trains(block: Any) -> SpikeTrains:
    samples, durations, widths = [], [], []
    ided = all("channel_id" in train.annotations for segment in block.segments for train in segment.spiketrains)
    for index, segment in enumerate(block.segments):
        ids = [train.annotations["channel_id"] if ided else k for k, train in enumerate(segment.spiketrains)]
        if len(set(ids)) < len(ids) or not all(isinstance(one, (int, np.integer)) for one in ids):
            raise InputError(f"channel_id in segment {index}", ids, "must be whole numbers, one for each train")
        ends = {(float(train.t_start.rescale("ms")), float(train.t_stop.rescale("ms"))) for train in segment.spiketrains}
        if len(ends) != 1:
            raise InputError(f"segment {index}", sorted(ends), "must have trains that start and end together (ms)")
        ((start, stop),) = ends
        times = [np.asarray(train.rescale("ms").magnitude, dtype=np.float64) - start for train in segment.spiketrains]
        for train, one in zip(ids, times, strict=True):
            if one.size and one.max() >= stop - start:
                late = f"must be before the end of the train, t_stop = {stop - start:g} ms from its start"
                raise InputError(f"spike of channel {train} in segment {index}", float(one.max()), late)
        channels = np.repeat(np.array(ids, dtype=np.int64), [len(one) for one in times])
        # spikes of one time in the order of their channels
        order = np.lexsort((channels, np.concatenate(times)))
        samples.append((np.concatenate(times)[order], channels[order]))
        durations.append(stop - start)
        widths.append(max(ids) + 1)
    said = block.annotations.get("n_channels")
    if not ided and len(set(widths)) > 1:
        raise InputError("block", widths, "must have equally many spike trains in all segments, or their channel_id")
    number = max(widths) if said is None else max(int(said), *widths)
    return SpikeTrains.from_samples(samples, number, np.array(durations))


def _currents(block: Any, wanted: str | None) -> Currents:
    found = []
    for index, segment in enumerate(block.segments):
        signals = [one for one in segment.analogsignals if wanted in (None, one.name)]
        if len(signals) != 1:
            names = [one.name for one in segment.analogsignals]
            allowed = f"segment {index} has the regular signals {names}: name one of them, which all segments have once"
            raise InputError("signal", wanted, allowed)
        found.append(signals[0])
    periods = {float(one.sampling_period.rescale("ms")) for one in found}
    if max(periods) > min(periods) * (1 + _REGULAR):
        raise InputError("block", sorted(periods), "must have one sampling period in all segments (ms)")
    dt = min(periods)
    said = found[0].annotations.get("dt")  # the period is stored as a rate, from which it does not come back to the last bit
    if isinstance(said, (int, float)) and np.isclose(said, dt, rtol=1e-14, atol=0):
        dt = float(said)
    return Currents.from_samples([np.asarray(one.magnitude, dtype=np.float64) for one in found], dt)


def _neo() -> tuple[Any, Any]:
    try:
        import neo
        import quantities
    except ImportError as error:
        raise HrsnnError("Neo is not installed: pip install 'hrsnn[neo]'") from error
    return neo, quantities
