"""A sampled network: read-only arrays of its neurons and links, the grid's time step, files, graphs and edits of it."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from hrsnn.display import Displayed, Row
from hrsnn.display.svg import histogram
from hrsnn.display.text import counted
from hrsnn.errors import InputError
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.validation.arrays import array, check_arrays, convert_arrays, require, rules_of
from hrsnn.validation.labels import checked_cell_types, checked_labels, labels_of
from hrsnn.validation.numbers import MOST_CHANNELS, bool_of, count_of, positive, state_bits_of
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    import networkx

    from hrsnn.spec import ReservoirSpec

_KIND, _VERSION = "reservoir", 1
_HEADER = ("channels", "dt", "background_frozen", "homeostasis")
_NAMES = ("labels", "cell_types")  #: text of the neurons, where they have any
_TYPES_SHOWN = 8  #: the most cell types that a summary lists
_ROUNDING = ("state_bits", "stochastic_rounding")  #: in the header where v is rounded


@dataclass(frozen=True, eq=False)
class Links(Displayed):
    """S directed links, sorted by (pre, post): arrays with one value for each link.

    Weights are >= 0; the type of the presynaptic neuron determines the sign (Dale's law). Each link has its own STDP
    constants.
    """

    pre: Annotated[np.ndarray, array("link", dtype=np.int32)]  #: (S,) presynaptic neuron, or channel for input links
    post: Annotated[np.ndarray, array("link", dtype=np.int32)]  #: (S,) postsynaptic neuron
    weight: Annotated[np.ndarray, array("link", low=0, unit="mV")]  #: (S,) mV
    delay: Annotated[np.ndarray, array("link", low=0, high=1000, unit="ms")]  #: (S,) ms, axonal
    w_max: Annotated[np.ndarray, array("link", low=0, unit="mV")]  #: (S,) mV: STDP keeps weights in [0, w_max]
    tau_plus: Annotated[np.ndarray, array("link", above=0, unit="ms")]  #: (S,) ms: decay of the presynaptic trace
    tau_minus: Annotated[np.ndarray, array("link", above=0, unit="ms")]  #: (S,) ms: decay of the postsynaptic trace
    a_plus: Annotated[np.ndarray, array("link", low=0, unit="mV")]  #: (S,) mV: potentiation
    a_minus: Annotated[np.ndarray, array("link", low=0, unit="mV")]  #: (S,) mV: depression

    def __post_init__(self) -> None:
        convert_arrays(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # goes through the constructor: arrays unpickled by default would be writable
        return type(self), tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    def __len__(self) -> int:
        return len(self.pre)

    def take(self, index: np.ndarray) -> Links:
        """Return the links at `index` (integers in ascending order, or a mask)."""
        return Links(**{name: getattr(self, name)[index] for name in LINK_ARRAYS})


@dataclass(frozen=True, eq=False)
class ShortTerm(Displayed):
    """Short-term plasticity of the recurrent links, one value for each link (Markram et al. 1998, Maass et al. 2002).

    At a spike, a time t after the previous one, u <- U + u (1 - U) e^(-t/F) and R <- 1 + (R - u R - 1) e^(-t/D), where R
    uses the previous u. The spike acts with u R / U times the link's weight, a factor that is 1 at the first spike.
    """

    release: Annotated[np.ndarray, array("link", above=0, high=1)]  #: (S,) U, in (0, 1]
    tau_recovery: Annotated[np.ndarray, array("link", above=0, unit="ms")]  #: (S,) D, ms
    tau_facilitation: Annotated[np.ndarray, array("link", above=0, unit="ms")]  #: (S,) F, ms

    def __post_init__(self) -> None:
        convert_arrays(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    def take(self, index: np.ndarray) -> ShortTerm:
        """Return the values at `index`."""
        return ShortTerm(**{name: getattr(self, name)[index] for name in SHORT_TERM_ARRAYS})


@dataclass(frozen=True, eq=False)
class Reservoir(Displayed):
    """A network of N neurons, all parameters drawn: read-only arrays in ms, mV and Hz.

    Reservoirs are made by :func:`hrsnn.build` from a spec, by :meth:`from_graph` from a graph, by :meth:`load` from a
    file, or by :meth:`replace` from another reservoir. Brian2 quantities are converted.

    Raises
    ------
    InputError
        When the arrays are inconsistent or a value is out of range.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=50), seed=1, channels=4)
    >>> reservoir.neurons, reservoir.graph().number_of_edges() == reservoir.synapses
    (50, True)
    """

    kind: ClassVar[str] = "reservoir"  #: of network, by which engines say what they simulate

    is_excitatory: Annotated[np.ndarray, array("neuron", dtype=np.bool_)]  #: (N,) bool
    positions: Annotated[np.ndarray, array("neuron", 3)]  #: (N, 3), in grid spacings
    tau_m: Annotated[np.ndarray, array("neuron", above=0, unit="ms")]  #: (N,) ms
    tau_exc: Annotated[np.ndarray, array("neuron", above=0, unit="ms")]  #: (N,) ms
    tau_inh: Annotated[np.ndarray, array("neuron", above=0, unit="ms")]  #: (N,) ms
    v_threshold: Annotated[np.ndarray, array("neuron", unit="mV")]  #: (N,) mV
    v_reset: Annotated[np.ndarray, array("neuron", unit="mV")]  #: (N,) mV
    v_rest: Annotated[np.ndarray, array("neuron", unit="mV")]  #: (N,) mV
    v_start: Annotated[np.ndarray, array("neuron", unit="mV")]  #: (N,) mV: v at the onset of every stimulus
    i_bias: Annotated[np.ndarray, array("neuron", unit="mV")]  #: (N,) mV
    refractory: Annotated[np.ndarray, array("neuron", low=0, high=1e6, unit="ms")]  #: (N,) ms
    background_rate: Annotated[np.ndarray, array("neuron", low=0, high=1e5, unit="Hz")]  #: (N,) Hz
    background_weight: Annotated[np.ndarray, array("neuron", low=0, unit="mV")]  #: (N,) mV
    adaptation: Annotated[
        np.ndarray, array("neuron", low=0, unit="mV")
    ]  #: (N,) mV: increment of the adaptation at the neuron's own spikes
    tau_adaptation: Annotated[np.ndarray, array("neuron", above=0, unit="ms")]  #: (N,) ms
    cluster: Annotated[np.ndarray, array("neuron", dtype=np.int32, low=0)]  #: (N,) cluster of each neuron
    recurrent: Links  #: neuron -> neuron
    input: Links  #: channel -> neuron
    input_gain: Annotated[np.ndarray, array("input link", unit="mV")]  #: (input links,) mV: drive by an analog input of 1
    channels: int  #: number of input channels
    dt: float  #: ms: step of the grid engines
    background_frozen: bool = False
    homeostasis: bool = True
    short_term: ShortTerm | None = None  #: of the recurrent links; None: no short-term plasticity
    state_bits: int = 0  #: v is rounded to so many bits after each step; 0: it is not; see :func:`hrsnn.quantise`
    stochastic_rounding: bool = False  #: up with the probability by which v is above a level, or to the nearest one
    labels: np.ndarray | None = None  #: (N,) names of the neurons, distinct integers or strings; None: 0 to N - 1
    cell_types: np.ndarray | None = None  #: (N,) str, such as "Kenyon", "" where it is not known; None: of no neuron

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", count_of("channels", self.channels, most=MOST_CHANNELS))
        object.__setattr__(self, "dt", positive("dt", self.dt, "ms"))
        if not 1e-4 <= self.dt <= 100:
            raise InputError("dt", self.dt, "must be from 0.0001 to 100 (ms)")
        for name in ("background_frozen", "homeostasis", "stochastic_rounding"):
            object.__setattr__(self, name, bool_of(name, getattr(self, name)))
        object.__setattr__(self, "state_bits", state_bits_of(self.state_bits))
        self._validate()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    def _validate(self) -> None:
        for name in ("recurrent", "input"):
            if not isinstance(getattr(self, name), Links):
                raise InputError(name, getattr(self, name), "must be Links")
        convert_arrays(self)
        sizes = {"neuron": self.neurons, "input link": len(self.input)}
        check_arrays(self, sizes)
        if self.state_bits:
            above = self.v_threshold > self.v_rest
            require(
                "v_threshold", self.v_threshold, above, "must be above v_rest (mV), from which v is rounded to state_bits"
            )
        reset = self.v_reset < self.v_threshold
        require("v_reset", self.v_reset, reset, "must be below v_threshold (mV), or it fires for ever")
        _check_links("recurrent", self.recurrent, self.neurons, self.neurons)
        require("recurrent.post", self.post, self.pre != self.post, "a neuron cannot link to itself")
        _check_links("input", self.input, self.channels, self.neurons)
        if self.short_term is not None:
            check_arrays(self.short_term, {"link": len(self.recurrent)}, "short_term.")
        if self.labels is not None:
            object.__setattr__(self, "labels", labels_of(checked_labels(self.labels, self.neurons).tolist()))
        if self.cell_types is not None:
            types = checked_cell_types(self.cell_types, self.neurons)
            object.__setattr__(self, "cell_types", types if any(types) else None)

    def _parts(self) -> Iterable[str]:
        yield counted(self.neurons, "neuron")
        yield f"{int(self.is_excitatory.sum())} excitatory"
        yield counted(self.synapses, "recurrent link")
        yield counted(self.channels, "channel")
        yield f"dt {self.dt:g} ms"
        yield from self._special()

    def _rows(self) -> Iterable[Row]:
        yield Row("neurons", str(self.neurons), f"{int(self.is_excitatory.sum())} excitatory")
        yield Row("recurrent links", str(self.synapses), f"{self.synapses / self.neurons:.1f} a neuron")
        yield Row("input links", str(len(self.input)), f"from {counted(self.channels, 'channel')}")
        spreads = {"tau_m": (self.tau_m, "ms"), "v_threshold": (self.v_threshold, "mV"), "weight": (self.weight, "mV")}
        for name, (values, unit) in {**spreads, "delay": (self.delay, "ms")}.items():
            if values.size:
                yield Row(name, f"{values.mean():.4g} +- {values.std():.3g}", f"{unit}, mean and sd")
        if self.cell_types is not None:
            counts = Counter(self.cell_types.tolist()).most_common()
            yield Row("cell types", ", ".join(f"{count} {name or 'unknown'}" for name, count in counts[:_TYPES_SHOWN]))
        yield Row("dt", f"{self.dt:g}", "ms")
        for need in self._special():
            yield Row(need, "yes")

    def _special(self) -> list[str]:
        # links without delays are nothing special, though not every engine has them
        return sorted(need.replace("_", " ") for need in self.needs() - {"zero_delays"})

    def _pictures(self) -> Iterable[str]:
        yield histogram(self.tau_m, "tau_m of the neurons (ms)")

    # Short names for the arrays of the two sets of links.
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

    @takes()
    def index_of(self, names: Sequence[str | int]) -> np.ndarray:
        """Return the numbers of neurons by their labels.

        Parameters
        ----------
        names : sequence of str or int

        Returns
        -------
        array of int, shape (len(names),)

        Raises
        ------
        InputError
            When the neurons have no labels, or none has one of these.

        Examples
        --------
        >>> from hrsnn import ReservoirSpec, build
        >>> worm = build(ReservoirSpec(neurons=3, in_degree_exc=1), seed=1).replace(labels=["AVAL", "AVAR", "PVCL"])
        >>> worm.index_of(["PVCL", "AVAL"])
        array([2, 0])
        """
        if self.labels is None:
            raise InputError("labels", list(names), "are of no neuron: the network has none, and numbers are used")
        number = {label: i for i, label in enumerate(self.labels.tolist())}
        for name in names:
            if name not in number:
                near = difflib.get_close_matches(str(name), map(str, number), n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise InputError("labels", name, f"{hint}must be labels of neurons")
        return np.array([number[name] for name in names], dtype=np.int64)

    def replace(self, **changes: Any) -> Reservoir:
        """Return a copy with some fields replaced.

        Parameters
        ----------
        **changes
            Fields of this class; also ``weight``, ``delay`` and ``w_max`` of the recurrent links, and ``input_weight``,
            the weights of the input links.

        Raises
        ------
        InputError
            For unknown names, or when the result is inconsistent.
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

    def needs(self) -> set[str]:
        """Return the features that an engine needs, of :data:`hrsnn.engines.capabilities.FEATURES`."""
        found = set()
        if self.delay.any():
            same = np.diff(self.delay)[np.diff(self.pre) == 0] == 0  # links are sorted by source
            found.add("delays_per_neuron" if same.all() else "delays_per_link")
        if (np.rint(self.delay / self.dt) < 1).any():
            found.add("zero_delays")
        if self.input.delay.any():
            found.add("input_delays")
        if self.short_term is not None:
            found.add("short_term_plasticity")
        if self.adaptation.any():
            found.add("adaptation")
        if (self.background_rate > 0).any():
            found.add("background")
        if self.state_bits:
            found.add("state_bits")
        return found

    def time_spans(self) -> dict[str, np.ndarray]:
        """Return the times that a grid engine divides into steps, by name (ms)."""
        return {"refractory": self.refractory, "delay": self.delay, "input.delay": self.input.delay}

    def drive(self, values: np.ndarray) -> np.ndarray:
        """Return the drive (times, N) of each neuron, in mV, by analog input (times, channels)."""
        return np.ascontiguousarray((self._gain @ np.ascontiguousarray(values.T)).T)

    @functools.cached_property
    def _gain(self) -> Any:
        from scipy.sparse import csr_array

        where = (self.input_post, self.input_channel)
        return csr_array((self.input_gain, where), shape=(self.neurons, self.channels))

    def with_weights(self, recurrent: np.ndarray, inputs: np.ndarray) -> Reservoir:
        """Return the reservoir with other weights of the recurrent and of the input links, as after STDP."""
        return self.replace(weight=recurrent, input_weight=inputs)

    def without_recurrence(self) -> Reservoir:
        """Return a control: the same neurons and input links, without recurrent links."""
        nothing = np.empty(0, dtype=np.intp)
        short_term = None if self.short_term is None else self.short_term.take(nothing)
        return self.replace(recurrent=self.recurrent.take(nothing), short_term=short_term)

    @takes()
    def equals(self, other: Reservoir) -> bool:
        """Return whether all arrays and settings are equal, without a tolerance."""
        mine, theirs = self._arrays(), other._arrays()
        same = self._header() == other._header() and mine.keys() == theirs.keys()
        return same and all(np.array_equal(mine[k], theirs[k]) for k in mine)

    @functools.cached_property
    def fingerprint(self) -> str:
        """Digest of all arrays and settings, which identifies a reservoir."""
        digest = hashlib.blake2b(repr(sorted(self._header().items())).encode(), digest_size=16)
        for name, values in sorted(self._arrays().items()):
            digest.update(f"{name} {values.dtype} {values.shape}".encode())
            if values.size:
                digest.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
        return digest.hexdigest()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the reservoir atomically to an ``.npz`` file (layout version 1), without pickle.

        Raises
        ------
        FileError
            When the file cannot be written; an existing file is then unchanged.
        """
        write_npz(path, _KIND, _VERSION, self._arrays(), self._header())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Reservoir:
        """Read a reservoir from a file written by :meth:`save`.

        Raises
        ------
        FileError
            When the file is missing or damaged, or does not contain a reservoir.
        """
        stored, header = read_npz(path, _KIND, _VERSION)
        arrays: dict[str, Any] = dict(stored)
        with refuse_damaged(path, _KIND):
            links: dict[str, Any] = {
                side: Links(**{name: arrays.pop(f"{side}.{name}") for name in rules_of(Links)})
                for side in ("recurrent", "input")
            }
            if "short_term.release" in arrays:
                arrays["short_term"] = ShortTerm(**{name: arrays.pop(f"short_term.{name}") for name in rules_of(ShortTerm)})
            own = {name: arrays.pop(name) for name in rules_of(Reservoir)}
            more: dict[str, Any] = {name: arrays.pop(name) for name in (*_NAMES, "short_term") if name in arrays}
            more |= {name: header[name] for name in _ROUNDING if name in header}
            unknown = sorted({*arrays, *(set(header) - {*_HEADER, *_ROUNDING})})
            if unknown:
                raise InputError("names", unknown, "are none of a reservoir")
            return cls(**own, **more, **links, **{name: header[name] for name in _HEADER})

    def _arrays(self) -> dict[str, np.ndarray]:
        arrays = {name: getattr(self, name) for name in rules_of(Reservoir)}
        for side in ("recurrent", "input"):
            arrays |= {f"{side}.{name}": getattr(getattr(self, side), name) for name in rules_of(Links)}
        if self.short_term is not None:
            arrays |= {f"short_term.{name}": getattr(self.short_term, name) for name in rules_of(ShortTerm)}
        return arrays | {name: getattr(self, name) for name in _NAMES if getattr(self, name) is not None}

    def _header(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*_HEADER, *(_ROUNDING if self.state_bits else ()))}

    def graph(self) -> networkx.DiGraph:
        """Return the recurrent network as a NetworkX graph; see :func:`hrsnn.graph.to_graph`."""
        from hrsnn.graph import to_graph

        return to_graph(self)

    @classmethod
    def from_graph(
        cls, graph: networkx.DiGraph, spec: ReservoirSpec | None = None, seed: int = 0, channels: int | None = None
    ) -> Reservoir:
        """Return a reservoir with the links of a weighted directed graph; see :func:`hrsnn.graph.from_graph`."""
        from hrsnn.graph import from_graph

        return from_graph(graph, spec, seed, channels)

    @takes()
    def to_brian2(
        self, plastic: bool = False, equations: str = "", drive: str = "", on_spike: str = "", target: str = "auto"
    ) -> Any:
        """Return the reservoir as a Brian2 ``Network``, to run, record and extend with Brian2.

        Parameters
        ----------
        plastic : bool
            Whether the synapses have STDP; without homeostasis, which acts between stimuli.
        equations : str
            Further Brian2 equations of the neurons.
        drive : str
            Expression added to the membrane's drive (mV).
        on_spike : str
            Statements executed at a neuron's own spike, after the reset.
        target : str
            Code of its groups: "numpy", "cython", or "auto", Brian2's preference ``codegen.target`` at the time of the run.

        Returns
        -------
        brian2.Network
            With ``neurons``, ``recurrent``, ``channels`` and ``input``: :func:`hrsnn.engines.brian.engine.to_network` says
            more of them, with an example.

        Raises
        ------
        InputError
            For another target, "cython" where no C++ compiler works, and a reservoir that Brian2 cannot simulate.

        Examples
        --------
        >>> from hrsnn import ReservoirSpec, build
        >>> made = build(ReservoirSpec(neurons=20), seed=0).to_brian2(plastic=True, target="numpy")
        >>> sorted(one.name for one in made.objects if "_" not in one.name)
        ['channels', 'input', 'neurons', 'recurrent']
        """
        from hrsnn.engines.brian.engine import to_network

        return to_network(self, plastic, equations, drive, on_spike, target)


def _check_links(name: str, links: Links, sources: int, targets: int) -> None:
    check_arrays(links, {"link": len(links)}, f"{name}.")
    for label, values, bound in ((f"{name}.pre", links.pre, sources), (f"{name}.post", links.post, targets)):
        require(label, values, (values >= 0) & (values < bound), f"must be in 0..{bound - 1}")
    key = links.pre.astype(np.int64) * targets + links.post
    require(f"{name}.post", links.post[1:], np.diff(key) > 0, "links must be sorted by (pre, post), each once")
    require(f"{name}.weight", links.weight, links.weight <= links.w_max * (1 + 1e-12), "must be at most w_max")


#: Names of the arrays with one value for each neuron and for each link, for code that selects, joins or copies them all.
NEURON_ARRAYS = tuple(name for name, rule in rules_of(Reservoir).items() if rule.shape[0] == "neuron")
LINK_ARRAYS = tuple(rules_of(Links))
SHORT_TERM_ARRAYS = tuple(rules_of(ShortTerm))
