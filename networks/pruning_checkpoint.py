"""Checkpoints of a pruning run: after each iteration, everything that the next one needs."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import FileError, InputError
from hrsnn.files.digested_json import check_same_settings, read_digested_json, write_digested_json
from hrsnn.files.locks import working_in
from hrsnn.files.parsing import parsed_json
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import write_json
from hrsnn.networks.pruning_record import PruningRecord
from hrsnn.reservoir import Reservoir
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.annotations import is_number
from hrsnn.validation.arrays import ArrayRule, require
from hrsnn.validation.numbers import count_of

_FILE, _TIMES, _FOLDER = "checkpoint.json", "timing.json", "reservoirs"
_KIND = "checkpoint of a pruning run (choose another folder, or delete it to begin again)"
#: Version of the file format; version 1, which has no such field, stored functions with their modules, and 2 other records.
_VERSION = 3
_NAMES = {"version", "settings", "iteration", "network", "origin", "exponents", "records"}
_ORIGIN, _EXPONENTS = ArrayRule(("neuron",), dtype=np.int64, low=0), ArrayRule(("neuron",))


@dataclass(frozen=True)
class Progress:
    """State of a run after an iteration."""

    reservoir: Reservoir
    origin: NDArray[np.int64]  #: (N,) index of each neuron in the dense network
    exponents: NDArray[np.float64] | None  #: (N,) 1/s, of the last refresh
    records: tuple[PruningRecord, ...]
    seconds: tuple[Mapping[str, float], ...]  #: wall-clock time of each record, by step


@dataclass(frozen=True)
class Checkpoint:
    """Files of one run in a folder: ``checkpoint.json``, ``timing.json``, and the networks in ``reservoirs``.

    The network of an iteration is written first and the file that names it last, each atomically; older networks are then
    deleted unless all are to be kept. A run can therefore be resumed after an interruption at any time.

    Parameters
    ----------
    folder : path
    settings : mapping
        All settings that the run depends on: a run with other settings raises an error.
    keep : bool
        Whether the networks of all iterations are kept.
    """

    folder: Path
    settings: Mapping[str, Any]
    keep: bool

    def network_file(self, iteration: int) -> Path:
        """Return the path of the network of an iteration."""
        return self.folder / _FOLDER / f"{iteration:05d}.npz"

    def exists(self) -> bool:
        """Whether the folder contains a run."""
        return (self.folder / _FILE).exists()

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Lock the folder for one run, and delete incomplete files of a killed one."""
        return working_in(self.folder, _FOLDER)

    def prepare(self) -> None:
        """Create the folder of the networks."""
        try:
            (self.folder / _FOLDER).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(self.folder, f"cannot be made: {error.strerror}") from error

    def save(self, progress: Progress) -> None:
        """Write a state, then delete the previous one."""
        iteration = progress.records[-1].iteration
        progress.reservoir.save(self.network_file(iteration))
        write_json(self.folder / _TIMES, progress.seconds)
        stored = {
            "version": _VERSION,
            "settings": self.settings,
            "iteration": iteration,
            "network": progress.reservoir.fingerprint,
            "origin": progress.origin,
            "exponents": progress.exponents,
            "records": [record.plain() for record in progress.records],
        }
        write_digested_json(self.folder / _FILE, stored)
        self.forget_before(iteration)

    def forget_before(self, iteration: int) -> None:
        """Delete the networks of other iterations, unless all are to be kept."""
        if not self.keep:
            for path in self.network_file(0).parent.glob("*.npz"):
                if path != self.network_file(iteration):
                    path.unlink(missing_ok=True)

    def load(self) -> Progress:
        """Read the saved state.

        Raises
        ------
        FileError
            When it is damaged, or of a run with other settings; no file is changed.
        """
        path = self.folder / _FILE
        stored = read_digested_json(path, _KIND)
        version = stored.get("version", 1)
        if version != _VERSION:
            reason = f"is a checkpoint of version {version!r:.20}; this hrsnn goes on with version {_VERSION}"
            names = " (version 1 names functions by modules that have moved)" if version == 1 else ""
            raise FileError(path, f"{reason}{names}: choose another folder")
        with refuse_damaged(path, _KIND):
            there = dict(stored["settings"])
            iteration, network = count_of("iteration", stored["iteration"], 0), str(stored["network"])
            origin = _ORIGIN.converted("origin", stored["origin"])
            exponents = None if stored["exponents"] is None else _EXPONENTS.converted("exponents", stored["exponents"])
            records = tuple(PruningRecord.read(record) for record in stored["records"])
            if stored.keys() != _NAMES:
                raise InputError("names", sorted(stored.keys() ^ _NAMES), f"must be {', '.join(sorted(_NAMES))}")
            if [record.iteration for record in records] != list(range(iteration + 1)):
                raise InputError("records", len(records), f"must be those of the iterations 0 to {iteration}")
        check_same_settings(path, there, self.settings, "the run there was", "choose another folder")
        reservoir = Reservoir.load(self.network_file(iteration))
        if reservoir.fingerprint != network:
            raise FileError(self.network_file(iteration), "is not the network that the checkpoint names")
        with refuse_damaged(path, _KIND):
            sizes = {"neuron": reservoir.neurons}
            _ORIGIN.check("origin", origin, sizes)
            require("origin", origin[1:], np.diff(origin) > 0, "must ascend")
            require("origin", origin, origin < records[0].neurons, f"must be below {records[0].neurons}")
            if exponents is not None:
                _EXPONENTS.check("exponents", exponents, sizes)
        return Progress(reservoir, origin, exponents, records, self._seconds(len(records)))

    def networks(self, iterations: int) -> list[Reservoir]:
        """Read the networks of all iterations, including 0."""
        return [Reservoir.load(self.network_file(k)) for k in range(iterations + 1)]

    def _seconds(self, count: int) -> tuple[Mapping[str, float], ...]:
        """Return wall-clock times as far as they are available: nothing depends on them."""
        try:
            known = parsed_json(read_text(self.folder / _TIMES))
        except (FileError, ValueError):
            known = []
        known = known if isinstance(known, list) else []
        kept = [one if isinstance(one, dict) and all(map(is_number, one.values())) else {} for one in known[:count]]
        return (*kept, *({} for _ in range(count - len(kept))))


def digest_of(stimulus: Stimulus) -> str:
    """Return a digest of a stimulus, equal for equal stimuli only."""
    digest = hashlib.blake2b(digest_size=16)
    if isinstance(stimulus, Currents):
        parts = [stimulus.values, stimulus.lengths, np.array([stimulus.dt])]
    else:
        parts = [stimulus.times, stimulus.channels, stimulus.offsets, np.array(stimulus.durations)]
    for part in parts:
        digest.update(f"{part.dtype} {part.shape}".encode())
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
