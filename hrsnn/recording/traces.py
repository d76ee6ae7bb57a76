"""Traces of neurons: v, synaptic currents and adaptation in time, as a record that can be saved."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.validation.arrays import array, check_arrays, convert_arrays, require, rules_of

_KIND, _VERSION = "traces", 1


@dataclass(frozen=True)
class Traces(Displayed):
    """Variables of R neurons at T times of M stimuli, as ``activity.traces`` returns them.

    Raises
    ------
    InputError
        When shapes do not agree, neurons or times do not ascend, or a value is not finite.

    Examples
    --------
    >>> from hrsnn import Currents, ReservoirSpec, build, simulate
    >>> reservoir = build(ReservoirSpec(neurons=40), seed=1, channels=1)
    >>> record = {"record": ("v", "currents"), "record_neurons": [3, 7], "sample_times": "steps"}
    >>> traces = simulate(reservoir, Currents(np.ones((1, 10, 1)), dt=10), **record).traces
    >>> traces
    Traces(neurons=int64 array (2,), times=float64 array (1, 200), v=float64 array (1, 200, 2), ...)
    """

    neurons: Annotated[np.ndarray, array("neuron", dtype=np.int64, low=0)]  #: (R,) ascending
    times: Annotated[np.ndarray, array("sample", "time", above=0, unit="ms")]  #: (M, T) ms, ascending
    v: Annotated[np.ndarray, array("sample", "time", "neuron", unit="mV", optional=True)] = dataclasses.field(
        default_factory=lambda: np.empty((0, 0, 0))
    )  #: (M, T, R) mV; empty if it was not recorded, as the next two
    currents: Annotated[np.ndarray, array("sample", "time", "neuron", 2, unit="mV", optional=True)] = dataclasses.field(
        default_factory=lambda: np.empty((0, 0, 0, 0))
    )  #: (M, T, R, 2) mV: I_exc and I_inh
    adaptation: Annotated[np.ndarray, array("sample", "time", "neuron", unit="mV", optional=True)] = dataclasses.field(
        default_factory=lambda: np.empty((0, 0, 0))
    )  #: (M, T, R) mV

    def __post_init__(self) -> None:
        convert_arrays(self)
        check_arrays(self)
        if not (self.v.size or self.currents.size or self.adaptation.size):
            raise InputError("v", self.v.shape, "is empty, and so are currents and adaptation: one must be recorded")
        for name, axis in (("neurons", 0), ("times", 1)):
            values = getattr(self, name)
            require(name, values, np.diff(values, axis=axis, prepend=-1) > 0, "must be above the one before")

    def save(self, path: PathLike) -> None:
        """Write the traces atomically to an ``.npz`` file, without pickle.

        Raises
        ------
        FileError
            When the file cannot be written; an existing file is then unchanged.
        """
        write_npz(path, _KIND, _VERSION, {name: getattr(self, name) for name in rules_of(Traces)}, {})

    @classmethod
    def load(cls, path: PathLike) -> Traces:
        """Read traces from a file written by :meth:`save`.

        Raises
        ------
        FileError
            When the file is missing or damaged, or does not contain traces.
        """
        arrays, header = read_npz(path, _KIND, _VERSION)
        with refuse_damaged(path, _KIND):
            unknown = sorted({*arrays, *dict(header)} - {*rules_of(Traces)})
            if unknown:
                raise InputError("names", unknown, "are none of traces")
            return cls(**{name: arrays[name] for name in rules_of(Traces)})
