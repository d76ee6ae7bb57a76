"""What simulation, scores, studies and commands need of a network and of its specification, whatever its kind.

A kind is a class of networks, a class of specifications, and a :class:`Kind` that joins them. `reservoir` is the first:
:class:`hrsnn.Reservoir` and :class:`hrsnn.ReservoirSpec`. Two others, as sketches of what has to fit:

A network with signed weights, such as a tightly balanced one, has no excitatory neurons. Its links are ``pre``, ``post`` and
``weight`` with weights of either sign; ``drive`` multiplies its input matrix with the values of the input; its engine is
registered for its kind, and integrates its own equations::

    class BalancedSpec:                       # kind = "balanced"; neurons, dimensions, gain, cost: numbers, distributions
        def updated(self, changes): ...       # a copy with some parameters changed, for --set and for searches
    class BalancedNetwork:                    # kind = "balanced"; decoders (dimensions, neurons), weights -D^T D
        def drive(self, values): return values @ self.decoders          # (times, channels) -> (times, neurons), mV
        def without_recurrence(self): ...     # the same neurons and inputs, no links
    Kind(summary="tight balance", spec=BalancedSpec, build=build_balanced, load=BalancedNetwork.load,
         spaces={"default": {"gain": [0.5, 2.0]}})
    Engine("...", load, can={...}, kinds=("balanced",), priority=10)

A neuron model given as equations has them in its specification; its network holds drawn parameters, one array for each, and
the engine passes equations and arrays to Brian2::

    class BrianModel:                         # kind = "brian"; equations, threshold, reset, on_pre: text; parameters
        def updated(self, changes): ...       # a parameter by its name in the equations
    class BrianNetwork:                       # kind = "brian"; model, values: mapping of parameter to (N,) array
        def needs(self): return {"grid"}      # features of engines, beside being of their kind
    Engine("...", load, can={...}, kinds=("brian",), priority=10)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeGuard, runtime_checkable

import numpy as np

from hrsnn.errors import InputError

if TYPE_CHECKING:
    import networkx

    from hrsnn.stimuli.spike_trains import SpikeTrains

PathLike = str | os.PathLike[str]


class NetworkSpec(Protocol):
    """Specification of networks of one kind: parameters as numbers, distributions or text, each an attribute."""

    @property
    def kind(self) -> str:
        """Name in :data:`hrsnn.kinds.KINDS`; an attribute of the class."""

    @property
    def neurons(self) -> int:
        """Number of neurons."""

    def updated(self, changes: dict[str, Any]) -> Self:
        """Return a copy with some parameters changed; values may be text, as from ``--set``.

        An unknown parameter or a value that is not allowed raises an error of this package.
        """

    def to_toml(self, comments: bool = False) -> str:
        """Return all parameters as TOML; the kind is none of them, and stands in ``--network``."""

    def save(self, path: PathLike) -> None:
        """Write the TOML to a file."""

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Read a specification from a file written by `save`."""


class Network(Protocol):
    """A network of N neurons: immutable, with all parameters drawn.

    Its arrays must be read-only (``array.setflags(write=False)``). An engine of the kind reads whatever the class has.
    Analog input reaches it through :meth:`drive`, input spikes as channels of :class:`hrsnn.engines.batch.Presentation`,
    which it multiplies with the input weights itself.
    """

    @property
    def kind(self) -> str:
        """Name in :data:`hrsnn.kinds.KINDS`; an attribute of the class."""

    @property
    def neurons(self) -> int:
        """Number of neurons N."""

    @property
    def channels(self) -> int:
        """Number of input channels."""

    @property
    def synapses(self) -> int:
        """Number S of recurrent links."""

    @property
    def dt(self) -> float:
        """Time step of engines with a grid (ms)."""

    @property
    def pre(self) -> np.ndarray:
        """(S,) presynaptic neurons of the recurrent links, ascending."""

    @property
    def post(self) -> np.ndarray:
        """(S,) postsynaptic neurons of the recurrent links."""

    @property
    def weight(self) -> np.ndarray:
        """(S,) weights of the recurrent links (mV)."""

    def needs(self) -> set[str]:
        """Return the features that an engine needs, of :data:`hrsnn.engines.capabilities.FEATURES`."""

    def time_spans(self) -> Mapping[str, np.ndarray]:
        """Return the times that an engine divides into steps, such as delays, by name (ms)."""

    def drive(self, values: np.ndarray) -> np.ndarray:
        """Return the drive of each neuron (times, N), in mV, by analog input (times, channels)."""

    def with_weights(self, recurrent: np.ndarray, inputs: np.ndarray) -> Self:
        """Return the network with other weights, as after STDP; called only if an engine simulates STDP of this kind."""

    def without_recurrence(self) -> Self:
        """Return the control: the same neurons and input, without recurrent links."""

    def save(self, path: PathLike) -> None:
        """Write the network to an ``.npz`` file, whole or not at all."""

    def graph(self) -> networkx.DiGraph:
        """Return the recurrent links as a graph of nodes 0 to N - 1, each link an edge with the attribute ``weight`` (mV).

        Further attributes of nodes and edges are free.
        """


@runtime_checkable
class Decoding(Network, Protocol):
    """A network that follows a system of J states, and whose spikes are read by a decoder of its own; optional.

    Scores then report what is read from the decoded states, and from the states of the system itself, beside the rest.
    """

    def decode(self, spikes: SpikeTrains, times: np.ndarray, before: Any = None) -> np.ndarray:
        """Return the states (samples, times, J) decoded from spikes at `times` (ms), (times,) or (samples, times).

        `before` is the state of an earlier run from which that with these spikes continued.
        """

    def ideal_states(self, values: np.ndarray, hold: float, start: np.ndarray | None = None) -> np.ndarray:
        """Return the states (times, J) of the system at the end of each value (times, channels), held for `hold` ms.

        It begins at `start` (J,), by default at 0.
        """


def is_spec(value: object) -> TypeGuard[NetworkSpec]:
    """Return whether a value is the specification of a network of any kind."""
    return isinstance(getattr(value, "kind", None), str) and hasattr(value, "updated")


def is_network(value: object) -> TypeGuard[Network]:
    """Return whether a value is a network of any kind."""
    return isinstance(getattr(value, "kind", None), str) and hasattr(value, "without_recurrence")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of networks, as commands and studies use it.

    Parameters
    ----------
    summary : str
        A few words, for lists.
    spec : type
        Class of the specifications; without arguments it gives the default one.
    build : callable
        Function from a specification, a seed and a number of input channels to a network.
    load : callable
        Function from the path of a file written by ``Network.save`` to the network.
    spaces : mapping of str to mapping
        Search spaces by name, as :meth:`hrsnn.search.space.Space.of` takes them: what can be searched over.
    presets : mapping of str to mapping
        Changes of the default specification by name, for ``--preset``.
    decodes : bool
        Whether its networks have a decoder of their own (:class:`Decoding`), whose states commands read too.
    equations : callable, optional
        Function from a specification, and whether STDP runs, to the equations of the network as Markdown, for ``methods.md``
        of an out folder: formulas between dollar signs, papers as ``[@key]``. Without it, the summary stands there.

    Raises
    ------
    InputError
        When a function is none.
    """

    summary: str
    spec: Any
    build: Callable[[Any, int, int], Network]
    load: Callable[[PathLike], Network]
    spaces: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    decodes: bool = False
    equations: Callable[[Any, bool], str] | None = None

    def __post_init__(self) -> None:
        for name in ("spec", "build", "load", *(("equations",) if self.equations is not None else ())):
            if not callable(getattr(self, name)):
                raise InputError(name, type(getattr(self, name)).__name__, "must be a function or a class")
