"""Reservoirs and spike trains in the SONATA format (HDF5), and back.

=================================== ===================================================================================
in the file                         here
=================================== ===================================================================================
/nodes/neurons, group 0             positions (x, y, z), `ei` ("e", "i"), `cluster`, `label`, `cell_type`, `model_type`
                                    point_neuron; the constants of the neurons (ms, mV, Hz) in `dynamics_params`
/nodes/channels, group 0            the input channels, `model_type` virtual
/edges/neurons_to_neurons, group 0  recurrent links: `syn_weight` (mV, negative from inhibitory neurons), `delay` (ms); the
                                    constants of STDP and of short-term plasticity in `dynamics_params`
/edges/channels_to_neurons, group 0 input links: the same, and `gain` (mV)
/spikes/spikes                      `timestamps` (ms), `node_ids`; of several samples /spikes/spikes_0, spikes_1, ...
=================================== ===================================================================================

The group of the neurons, and those of spikes, have an attribute `hrsnn`, in JSON, with what has no place in the format: dt
and the other settings of a network; duration, number of channels and index of a sample.

Source: Dai et al. (2020), The SONATA data format for efficient description of large-scale network models, PLOS Computational
Biology 16(2), e1007696; https://github.com/AllenInstitute/sonata/blob/master/docs/SONATA_DEVELOPER_GUIDE.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hrsnn.exchange.sonata_reading import CHANNELS, HEADER, NEURONS, read_network, read_spikes
from hrsnn.files.writing import PathLike, to_json, writing
from hrsnn.reservoir import LINK_ARRAYS, NEURON_ARRAYS, SHORT_TERM_ARRAYS, Links, Reservoir
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.units import takes

#: Attributes of the file by which SONATA files are known: the signature, and the version of the format.
_MAGIC, _VERSION = np.uint32(0x0A7A), np.array([0, 1], np.uint32)
_SORTING = {"none": 0, "by_id": 1, "by_time": 2}
_SETTINGS = ("dt", "background_frozen", "homeostasis", "state_bits", "stochastic_rounding")
_DYNAMICS = tuple(name for name in NEURON_ARRAYS if name not in ("is_excitatory", "positions", "cluster"))


@takes()
def to_sonata(data: Reservoir | SpikeTrains, path: PathLike) -> None:
    """Write a reservoir, or spike trains, to a SONATA file, whole or not at all.

    Parameters
    ----------
    data : Reservoir or SpikeTrains
        The module's docstring says where each array is. A reservoir's nodes and edges are in one file, with the indices of
        edges by source and by target.
    path : path
        Usually ``.h5``.

    Raises
    ------
    FileError
        When the file cannot be written.

    Notes
    -----
    Nothing is lost. `model_template` is "hrsnn:lif": other simulators have to be told which of their models has these
    constants. There are no CSV files of types, since all attributes are in the HDF5 file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir, path = build(ReservoirSpec(neurons=20), seed=1), pathlib.Path(tempfile.mkdtemp()) / "network.h5"
    >>> to_sonata(reservoir, path)
    >>> from_sonata(path).equals(reservoir)
    True
    """
    import h5py

    with writing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["magic"], file.attrs["version"] = _MAGIC, _VERSION
        if isinstance(data, SpikeTrains):
            _write_spikes(file, data)
        else:
            _write_network(file, data)


def _write_network(file: Any, reservoir: Reservoir) -> None:
    group = _nodes(file, NEURONS, reservoir.neurons, "point_neuron", "hrsnn:lif")
    group.parent.attrs[HEADER] = _text({name: getattr(reservoir, name) for name in _SETTINGS})
    for axis, values in zip("xyz", reservoir.positions.T, strict=True):
        group[axis] = values
    _enumerated(group, "ei", np.where(reservoir.is_excitatory, 0, 1), ["e", "i"])
    group["cluster"] = reservoir.cluster
    if reservoir.labels is not None:
        group["label"] = reservoir.labels if reservoir.labels.dtype.kind == "i" else reservoir.labels.tolist()
    if reservoir.cell_types is not None:
        group["cell_type"] = reservoir.cell_types.tolist()
    for name in _DYNAMICS:
        group[f"dynamics_params/{name}"] = getattr(reservoir, name)
    _nodes(file, CHANNELS, reservoir.channels, "virtual", "NULL")
    signed = np.where(reservoir.is_excitatory[reservoir.pre], reservoir.weight, -reservoir.weight)
    recurrent = _edges(file, NEURONS, reservoir.recurrent, signed, reservoir.neurons, reservoir.neurons)
    for name in SHORT_TERM_ARRAYS if reservoir.short_term is not None else ():
        recurrent[f"dynamics_params/{name}"] = getattr(reservoir.short_term, name)
    given = _edges(file, CHANNELS, reservoir.input, reservoir.input_weight, reservoir.channels, reservoir.neurons)
    given["gain"] = reservoir.input_gain


def _nodes(file: Any, population: str, count: int, model_type: str, template: str) -> Any:
    """Write what every population of nodes has, and return its group 0."""
    nodes = file.create_group(f"nodes/{population}")
    nodes["node_type_id"] = np.zeros(count, np.int64)
    nodes["node_id"] = np.arange(count, dtype=np.uint64)
    nodes["node_group_index"] = np.arange(count, dtype=np.uint64)
    nodes["node_group_id"] = np.zeros(count, np.uint32)
    group = nodes.create_group("0")
    _enumerated(group, "model_type", np.zeros(count, np.int64), [model_type])
    _enumerated(group, "model_template", np.zeros(count, np.int64), [template])
    return group


def _enumerated(group: Any, name: str, values: np.ndarray, words: list[str]) -> None:
    group[name] = values.astype(np.uint32)
    group[f"@library/{name}"] = words


def _edges(file: Any, source: str, links: Links, weight: np.ndarray, sources: int, targets: int) -> Any:
    """Write a population of edges to the neurons, and return its group 0."""
    edges = file.create_group(f"edges/{source}_to_{NEURONS}")
    count = len(links)
    edges["edge_type_id"] = np.zeros(count, np.int64)
    edges["edge_group_id"] = np.zeros(count, np.uint32)
    edges["edge_group_index"] = np.arange(count, dtype=np.uint64)
    for side, ends, population in (("source", links.pre, source), ("target", links.post, NEURONS)):
        edges[f"{side}_node_id"] = ends.astype(np.uint64)
        edges[f"{side}_node_id"].attrs["node_population"] = np.bytes_(population)
    for name, ends, size in (("source_to_target", links.pre, sources), ("target_to_source", links.post, targets)):
        _index(edges.create_group(f"indices/{name}"), ends, size)
    group = edges.create_group("0")
    group["syn_weight"], group["delay"] = weight, links.delay
    for name in LINK_ARRAYS:
        if name not in ("pre", "post", "weight", "delay"):
            group[f"dynamics_params/{name}"] = getattr(links, name)
    return group


def _index(group: Any, ends: np.ndarray, size: int) -> None:
    """Write the ranges of edges that each node has."""
    order = np.argsort(ends, kind="stable")
    begins = np.flatnonzero(np.concatenate([[True], (np.diff(ends[order]) != 0) | (np.diff(order) != 1)])[: len(order)])
    stops = np.append(begins[1:], len(order))
    ranges = np.stack([order[begins], order[stops - 1] + 1], axis=1) if len(order) else np.zeros((0, 2))
    own = np.searchsorted(ends[order][begins], np.arange(size + 1))
    group["node_id_to_ranges"] = np.stack([own[:-1], own[1:]], axis=1).astype(np.uint64)
    group["range_to_edge_id"] = ranges.astype(np.uint64)


def _write_spikes(file: Any, trains: SpikeTrains) -> None:
    import h5py

    for index in range(len(trains)):
        name = "spikes" if len(trains) == 1 else f"spikes_{index}"
        group = file.create_group(f"spikes/{name}")
        begin, stop = trains.offsets[index : index + 2]
        group["timestamps"] = trains.times[begin:stop]
        group["timestamps"].attrs["units"] = np.bytes_("ms")
        group["node_ids"] = trains.channels[begin:stop].astype(np.uint64)
        group.attrs.create("sorting", _SORTING["by_time"], dtype=h5py.enum_dtype(_SORTING, basetype="u1"))
        said = {"sample": index, "channels": trains.n_channels, "duration": float(trains.durations[index])}
        group.attrs[HEADER] = _text(said)


def _text(values: dict[str, Any]) -> np.bytes_:
    return np.bytes_(to_json(values).encode())


@takes()
def from_sonata(
    path: PathLike, population: str | None = None, spec: ReservoirSpec | None = None, seed: int = 0
) -> Reservoir:
    """Read a reservoir from a SONATA file, of :func:`to_sonata` or of another program.

    Parameters
    ----------
    path : path
        File with /nodes and /edges.
    population : str, optional
        Population of nodes whose links among themselves are read; may be left out where there is one.
    spec : ReservoirSpec, optional
        For what the file of another program does not have; see :meth:`Reservoir.from_graph`.
    seed : int
        Seed of the values drawn.

    Returns
    -------
    Reservoir
        Of a file of :func:`to_sonata`, equal to the original. Of other files, with the positions x, y, z; types by `ei`
        ("e", "i") or else by the signs of `syn_weight`; links with `syn_weight` (1 where there is none), scaled as those of
        any graph, and `delay`. Constants in `dynamics_params` are read under the names of a reservoir's
        arrays, in ms and mV. Input links of other files are not read.

    Raises
    ------
    InputError
        When there are several such populations and none is named.
    FileError
        When the file is missing, damaged or of another layout, has links out of it, or exceeds a limit.

    Warns
    -----
    HrsnnWarning
        When there are several links between two neurons: their weights are summed, their delays averaged.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from hrsnn import ReservoirSpec, build
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "network.h5"
    >>> to_sonata(build(ReservoirSpec(neurons=20), seed=1), path)
    >>> from_sonata(path).neurons
    20
    """
    return read_network(path, population, spec or ReservoirSpec(), seed)


@takes(duration="ms")
def spikes_from_sonata(
    path: PathLike, population: str | None = None, channels: int | None = None, duration: float | None = None
) -> SpikeTrains:
    """Read the spikes in a SONATA file, of :func:`to_sonata` or of a simulator.

    Parameters
    ----------
    path : path
        File with /spikes.
    population : str, optional
        Group in /spikes that is read; by default all samples of a file of :func:`to_sonata`, or the only group.
    channels : int, optional
        By default what the file says, or the largest node_id plus 1.
    duration : float, optional
        In ms; by default what the file says, or just above the last spike.

    Returns
    -------
    SpikeTrains
        Sorted by time.

    Raises
    ------
    InputError
        When there are several groups and none is named.
    FileError
        When the file is missing, damaged or of another layout, has times that are not in ms, negative or not finite, links
        out of it, or exceeds a limit.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "spikes.h5"
    >>> to_sonata(SpikeTrains([1.0, 4.0, 2.5], [0, 1, 1], [0, 2, 3], n_channels=2, duration=10.0), path)
    >>> spikes_from_sonata(path)
    SpikeTrains(2 samples, 2 channels, 3 spikes, 10 ms)
    """
    return read_spikes(path, population, channels, duration)
