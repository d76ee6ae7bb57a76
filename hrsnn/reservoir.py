"""A sampled network: plain immutable arrays, nothing specific to a simulator."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.errors import FileError, InputError
from hrsnn.files import read_npz, write_npz
from hrsnn.units import ARRAYS, plain

if TYPE_CHECKING:
    import networkx

    from hrsnn.spec import ReservoirSpec

_KIND, _VERSION = "reservoir", 1


def _frozen(name: str, array: Any, dtype: Any) -> np.ndarray:
    frozen: np.ndarray = np.ascontiguousarray(plain(array, ARRAYS[name], name), dtype=dtype)
    if frozen.flags.writeable or frozen.base is not None:  # somebody else may still write to its memory
        frozen = frozen.copy()
        frozen.setflags(write=False)
    return frozen


@dataclass(frozen=True, eq=False)
class Links:
    """Directed links, one value an entry, sorted by (pre, post); S links.

    ``weight`` >= 0 (mV): the sign belongs to the presynaptic neuron (Dale). The STDP constants belong to each link.
    """

    pre: np.ndarray  #: (S,) int32: presynaptic neuron, or channel for input links
    post: np.ndarray  #: (S,) int32: postsynaptic neuron
    weight: np.ndarray  #: (S,) mV
    delay: np.ndarray  #: (S,) ms, axonal
    w_max: np.ndarray  #: (S,) mV: STDP keeps weights in [0, w_max]
    tau_plus: np.ndarray  #: (S,) ms: decay of the presynaptic trace
    tau_minus: np.ndarray  #: (S,) ms: decay of the postsynaptic trace
    a_plus: np.ndarray  #: (S,) mV: potentiation
    a_minus: np.ndarray  #: (S,) mV: depression

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            dtype = np.int32 if field.name in ("pre", "post") else np.float64
            object.__setattr__(self, field.name, _frozen(field.name, getattr(self, field.name), dtype))

    def __reduce__(self) -> tuple[Any, ...]:
        # a copy in another process is read-only again, which the default would lose
        return type(self), tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    def __len__(self) -> int:
        return len(self.pre)

    def take(self, index: np.ndarray) -> Links:
        """The links at `index` (integers in ascending order, or a mask)."""
        return Links(**{f.name: getattr(self, f.name)[index] for f in dataclasses.fields(self)})


@dataclass(frozen=True, eq=False)
class ShortTerm:
    """Short-term plasticity of the recurrent links, one value a link (Maass, Natschlaeger & Markram 2002).

    At a spike, a time t after the one before: u <- U + u (1 - U) e^(-t/F), R <- 1 + (R - u R - 1) e^(-t/D) with the u before
    it; the link acts with u R / U times its weight, which is 1 times at the first spike.
    """

    release: np.ndarray  #: (S,) U, in (0, 1]
    tau_recovery: np.ndarray  #: (S,) D, ms
    tau_facilitation: np.ndarray  #: (S,) F, ms

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _frozen(field.name, getattr(self, field.name), np.float64))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    def take(self, index: np.ndarray) -> ShortTerm:
        """The values at `index`."""
        return ShortTerm(**{f.name: getattr(self, f.name)[index] for f in dataclasses.fields(self)})


_NEURON_FIELDS = (
    "tau_m",
    "tau_exc",
    "tau_inh",
    "v_threshold",
    "v_reset",
    "v_rest",
    "v_start",
    "i_bias",
    "refractory",
    "background_rate",
    "background_weight",
    "adaptation",
    "tau_adaptation",
)


@dataclass(frozen=True, eq=False)
class Reservoir:
    """A sampled network of N neurons: arrays in ms and mV, read-only; Brian2 quantities are converted.

    Made by :func:`hrsnn.build` from a spec, by :meth:`from_graph` from a graph, by :meth:`load` from a file, or by
    :meth:`replace` from another one.

    Raises
    ------
    InputError
        When arrays do not fit together or a value is out of range.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=50), seed=1, channels=4)
    >>> reservoir.neurons, reservoir.graph().number_of_edges() == reservoir.synapses
    (50, True)
    """

    is_excitatory: np.ndarray  #: (N,) bool
    positions: np.ndarray  #: (N, 3), in grid spacings
    tau_m: np.ndarray  #: (N,) ms
    tau_exc: np.ndarray  #: (N,) ms
    tau_inh: np.ndarray  #: (N,) ms
    v_threshold: np.ndarray  #: (N,) mV
    v_reset: np.ndarray  #: (N,) mV
    v_rest: np.ndarray  #: (N,) mV
    v_start: np.ndarray  #: (N,) mV: v at the onset of every stimulus
    i_bias: np.ndarray  #: (N,) mV
    refractory: np.ndarray  #: (N,) ms
    background_rate: np.ndarray  #: (N,) Hz
    background_weight: np.ndarray  #: (N,) mV
    adaptation: np.ndarray  #: (N,) mV: jump of a neuron's adaptation at its own spike
    tau_adaptation: np.ndarray  #: (N,) ms
    cluster: np.ndarray  #: (N,) int32: which cluster the neuron belongs to
    recurrent: Links  #: neuron -> neuron
    input: Links  #: channel -> neuron
    input_gain: np.ndarray  #: (links of input,) mV: drive of an analog input of 1
    channels: int  #: number of input channels
    dt: float  #: ms: step of the grid engines
    background_frozen: bool = False
    homeostasis: bool = True
    short_term: ShortTerm | None = None  #: of the recurrent links; None: weights act as they are

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_excitatory", _frozen("is_excitatory", self.is_excitatory, np.bool_))
        for name in ("positions", "input_gain", *_NEURON_FIELDS):
            object.__setattr__(self, name, _frozen(name, getattr(self, name), np.float64))
        object.__setattr__(self, "cluster", _frozen("cluster", self.cluster, np.int32))
        object.__setattr__(self, "channels", int(plain(self.channels, "", "channels")))
        object.__setattr__(self, "dt", float(plain(self.dt, "ms", "dt")))
        self._validate()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    def _validate(self) -> None:
        if self.is_excitatory.ndim != 1:
            raise InputError("is_excitatory", self.is_excitatory.shape, "must have one dimension")
        n = len(self.is_excitatory)
        for name in _NEURON_FIELDS:
            array = getattr(self, name)
            if array.shape != (n,):
                raise InputError(name, array.shape, f"must have shape ({n},): one value a neuron")
            if not np.isfinite(array).all():
                raise InputError(name, array[~np.isfinite(array)][0], "must be finite")
        for name in ("tau_m", "tau_exc", "tau_inh", "tau_adaptation"):
            _require(name, getattr(self, name), getattr(self, name) > 0, "must be positive (ms)")
        for name in ("refractory", "background_rate", "background_weight", "adaptation"):
            _require(name, getattr(self, name), getattr(self, name) >= 0, "must not be negative")
        _require(
            "v_reset",
            self.v_reset,
            self.v_reset < self.v_threshold,
            "must be below v_threshold (mV), or it fires for ever",
        )
        if self.positions.shape != (n, 3):
            raise InputError("positions", self.positions.shape, f"must have shape ({n}, 3)")
        if self.cluster.shape != (n,):
            raise InputError("cluster", self.cluster.shape, f"must have shape ({n},): one value a neuron")
        if self.short_term is not None:
            for field in dataclasses.fields(self.short_term):
                array, label = getattr(self.short_term, field.name), f"short_term.{field.name}"
                if array.shape != self.recurrent.pre.shape:
                    raise InputError(label, array.shape, "must have one value a recurrent link")
                highest = 1.0 if field.name == "release" else np.inf
                _require(
                    label,
                    array,
                    (array > 0) & (array <= highest) & np.isfinite(array),
                    "must be positive; release at most 1",
                )
        if not self.dt > 0 or not np.isfinite(self.dt):
            raise InputError("dt", self.dt, "must be positive and finite (ms)")
        if self.channels < 1:
            raise InputError("channels", self.channels, "must be at least 1")
        _validate_links("recurrent", self.recurrent, n, n)
        _require("recurrent.post", self.post, self.pre != self.post, "a neuron cannot link to itself")
        _validate_links("input", self.input, self.channels, n)
        _require("input.delay", self.input.delay, self.input.delay == 0, "must be 0: only recurrent links have delays")
        if self.input_gain.shape != self.input.pre.shape:
            raise InputError("input_gain", self.input_gain.shape, "must have one value an input link")
        _require("input_gain", self.input_gain, np.isfinite(self.input_gain), "must be finite")

    # The names that the rest of the world uses for the two sets of links.
    @property
    def neurons(self) -> int:
        """Number of neurons N."""
        return len(self.is_excitatory)

    @property
    def synapses(self) -> int:
        """Number of recurrent links."""
        return len(self.recurrent)

    @property
    def pre(self) -> np.ndarray:
        """(S,) presynaptic neurons of the recurrent links, sorted by (pre, post)."""
        return self.recurrent.pre

    @property
    def post(self) -> np.ndarray:
        """(S,) postsynaptic neurons of the recurrent links."""
        return self.recurrent.post

    @property
    def weight(self) -> np.ndarray:
        """(S,) recurrent weights >= 0 (mV)."""
        return self.recurrent.weight

    @property
    def delay(self) -> np.ndarray:
        """(S,) axonal delays of the recurrent links (ms)."""
        return self.recurrent.delay

    @property
    def w_max(self) -> np.ndarray:
        """(S,) upper bounds of the recurrent weights (mV)."""
        return self.recurrent.w_max

    @property
    def input_channel(self) -> np.ndarray:
        """Channels of the input links, sorted by (channel, neuron)."""
        return self.input.pre

    @property
    def input_post(self) -> np.ndarray:
        """Target neurons of the input links."""
        return self.input.post

    @property
    def input_weight(self) -> np.ndarray:
        """Weights of the input links for spikes, >= 0 (mV)."""
        return self.input.weight

    def replace(self, **changes: Any) -> Reservoir:
        """A copy with some arrays replaced.

        Parameters
        ----------
        **changes
            Fields of this class; ``weight`` and ``delay`` are those of the recurrent links, ``input_weight`` that of
            the input links.

        Raises
        ------
        InputError
            For unknown names, or when the result does not fit together.
        """
        recurrent = {name: changes.pop(name) for name in ("weight", "delay", "w_max") if name in changes}
        if recurrent:
            changes["recurrent"] = dataclasses.replace(changes.get("recurrent", self.recurrent), **recurrent)
        if "input_weight" in changes:
            weight = changes.pop("input_weight")
            changes["input"] = dataclasses.replace(changes.get("input", self.input), weight=weight)
        unknown = set(changes) - {f.name for f in dataclasses.fields(self)}
        if unknown:
            raise InputError("replace", sorted(unknown), "must be names of a reservoir's arrays")
        return dataclasses.replace(self, **changes)

    def without_recurrence(self) -> Reservoir:
        """The control: the same neurons and input, no recurrent link."""
        nothing = np.empty(0, dtype=np.intp)
        short_term = None if self.short_term is None else self.short_term.take(nothing)
        return self.replace(recurrent=self.recurrent.take(nothing), short_term=short_term)

    def equals(self, other: Reservoir) -> bool:
        """Whether every array is the same, bit for bit."""
        mine, theirs = self._arrays(), other._arrays()
        same = self._header() == other._header() and mine.keys() == theirs.keys()
        return same and all(np.array_equal(mine[k], theirs[k]) for k in mine)

    @functools.cached_property
    def fingerprint(self) -> str:
        """Digest of every array: the same for equal reservoirs, another one for any other."""
        digest = hashlib.blake2b(repr(sorted(self._header().items())).encode(), digest_size=16)
        for name, array in sorted(self._arrays().items()):
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to an ``.npz`` file (version 1 of its layout), whole or not at all, without pickle.

        Raises
        ------
        FileError
            When it cannot be written; what was there before is still there.
        """
        write_npz(path, _KIND, _VERSION, self._arrays(), self._header())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Reservoir:
        """Read a file of :meth:`save`.

        Raises
        ------
        FileError
            When the file is missing, damaged, or no reservoir.
        """
        stored, header = read_npz(path, _KIND, _VERSION)
        arrays: dict[str, Any] = dict(stored)
        try:
            links: dict[str, Any] = {
                side: Links(**{f.name: arrays.pop(f"{side}.{f.name}") for f in dataclasses.fields(Links)})
                for side in ("recurrent", "input")
            }
            names = [f.name for f in dataclasses.fields(ShortTerm)]
            if "short_term.release" in arrays:
                arrays["short_term"] = ShortTerm(**{name: arrays.pop(f"short_term.{name}") for name in names})
            return cls(**arrays, **links, **header)
        except (KeyError, TypeError, ValueError) as error:
            raise FileError(path, f"is no valid reservoir: {error}") from error

    def _arrays(self) -> dict[str, np.ndarray]:
        names = ("is_excitatory", "positions", "cluster", "input_gain", *_NEURON_FIELDS)
        arrays = {name: getattr(self, name) for name in names}
        for side in ("recurrent", "input"):
            for field in dataclasses.fields(Links):
                arrays[f"{side}.{field.name}"] = getattr(getattr(self, side), field.name)
        if self.short_term is not None:
            arrays |= {f"short_term.{f.name}": getattr(self.short_term, f.name) for f in dataclasses.fields(ShortTerm)}
        return arrays

    def _header(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("channels", "dt", "background_frozen", "homeostasis")}

    def graph(self) -> networkx.DiGraph:
        """The recurrent network as a NetworkX graph; see :func:`hrsnn.graph.to_graph`."""
        from hrsnn.graph import to_graph

        return to_graph(self)

    @classmethod
    def from_graph(
        cls, graph: networkx.DiGraph, spec: ReservoirSpec | None = None, seed: int = 0, channels: int = 1
    ) -> Reservoir:
        """A reservoir on the links of any weighted directed graph; see :func:`hrsnn.graph.from_graph`."""
        from hrsnn.graph import from_graph

        return from_graph(graph, spec, seed, channels)

    def to_brian2(self, **options: Any) -> Any:
        """The live Brian2 ``Network``; see :func:`hrsnn.engines.brian2_engine.to_network`."""
        from hrsnn.engines.brian2_engine import to_network

        return to_network(self, **options)


def _require(name: str, array: np.ndarray, holds: np.ndarray, allowed: str) -> None:
    if not holds.all():
        raise InputError(f"{name}[{int(np.argmin(holds))}]", array[np.argmin(holds)], allowed)


def _validate_links(name: str, links: Links, sources: int, targets: int) -> None:
    for field in dataclasses.fields(links):
        array = getattr(links, field.name)
        label = f"{name}.{field.name}"
        if array.shape != links.pre.shape:
            raise InputError(label, array.shape, f"must have shape {links.pre.shape}, as pre has")
        if field.name not in ("pre", "post"):
            _require(label, array, np.isfinite(array), "must be finite")
            positive = field.name in ("tau_plus", "tau_minus")
            _require(label, array, array > 0 if positive else array >= 0, "must be positive" if positive else "must be >= 0")
    for label, array, bound in ((f"{name}.pre", links.pre, sources), (f"{name}.post", links.post, targets)):
        _require(label, array, (array >= 0) & (array < bound), f"must be in 0..{bound - 1}")
    order = (
        links.pre[1:].astype(np.int64) * targets
        + links.post[1:]
        - (links.pre[:-1].astype(np.int64) * targets + links.post[:-1])
    )
    _require(f"{name}.post", links.post[1:], order > 0, "links must be sorted by (pre, post), each once")
    _require(f"{name}.weight", links.weight, links.weight <= links.w_max * (1 + 1e-12), "must be at most w_max")
