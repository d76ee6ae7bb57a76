"""A tightly balanced network: read-only arrays of its decoder, linear system, thresholds and leaks."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from hrsnn.balanced.decoding import decoded
from hrsnn.balanced.state import BalancedState
from hrsnn.balanced.systems import LinearSystem
from hrsnn.balanced.weights import fast_weights, links_of, slow_weights
from hrsnn.display import Displayed, Row
from hrsnn.display.svg import histogram
from hrsnn.display.text import counted
from hrsnn.errors import InputError
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.arrays import array, check_arrays, convert_arrays, require, rules_of
from hrsnn.validation.numbers import bool_of, float_vector, positive, state_bits_of
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    import networkx

_KIND, _VERSION = "balanced", 1
_HEADER = ("dt", "hold", "lag", "noise", "linked", "several_spikes")
_ROUNDING = ("state_bits", "stochastic_rounding")  #: in the header where v is rounded


@dataclass(frozen=True, eq=False)
class BalancedNetwork(Displayed):
    """A network of N neurons whose spikes follow a linear system of J states.

    ``lambda_i`` is a leak, ``Gamma`` the decoder, o_j the spikes of j and r_j the spikes filtered with lambda_j::

        V_i' = -lambda_i V_i + (Gamma^T B u)_i + sum_j slow_ij r_j - sum_j fast_ij o_j,
        fast = Gamma^T Gamma + mu diag(lambda^2),  slow = Gamma^T (A Gamma + Gamma diag(lambda)),
        theta_i = (nu lambda_i + mu lambda_i^2 + |Gamma_i|^2)/2.

    Networks are made by :func:`hrsnn.balanced.build_balanced`, by :meth:`load`, or by edits of another network.

    Raises
    ------
    InputError
        When the arrays are inconsistent or a value is out of range.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> network = build_balanced(BalancedSpec(neurons=40, dimensions=4), seed=1)
    >>> network.decoder.shape, network.fast.shape, network.synapses
    ((4, 40), (40, 40), 1560)

    References
    ----------
    M. Boerlin, C. Machens & S. Deneve (2013), eq. 10-14.
    """

    kind: ClassVar[str] = "balanced"  #: of network, by which engines say what they simulate

    decoder: Annotated[np.ndarray, array("state", "neuron")]  #: (J, N) Gamma, in sd of a state
    A: Annotated[np.ndarray, array("state", "state", unit="")]  #: (J, J) 1/s: the system that is to be followed
    B: Annotated[np.ndarray, array("state", "channel", unit="")]  #: (J, C) 1/s
    A_weights: Annotated[np.ndarray, array("state", "state")]  #: (J, J) 1/s: A in the slow weights, with compensation
    B_weights: Annotated[np.ndarray, array("state", "channel")]  #: (J, C) 1/s: B in the input weights
    leak: Annotated[np.ndarray, array("neuron", above=0)]  #: (N,) 1/s
    threshold: Annotated[np.ndarray, array("neuron", above=0, unit="mV")]  #: (N,) mV
    own_reset: Annotated[np.ndarray, array("neuron", low=0, unit="mV")]  #: (N,) mV: mu lambda_i^2
    dt: float  #: ms
    hold: float = 20.0  #: ms: an input spike counts as an input of 1 for this time
    lag: float = 0.0  #: ms: the lag that is compensated
    noise: float = 0.0  #: sd of the voltage noise, in thresholds
    linked: bool = True  #: False: no links, and only the reset of a neuron's own spikes
    several_spikes: bool = False  #: False: in a step only the neuron furthest above its threshold spikes
    state_bits: int = 0  #: V is rounded to so many bits after each step; 0: it is not; see :func:`hrsnn.quantise`
    stochastic_rounding: bool = False  #: up with the probability by which V is above a level, or to the nearest one
    #: (N, N) mV and 1/s, as edited; empty: those of the decoder and the system
    edited_fast: Annotated[np.ndarray, array("target", "source", optional=True)] = dataclasses.field(
        default_factory=lambda: np.empty((0, 0))
    )
    edited_slow: Annotated[np.ndarray, array("target", "source", optional=True)] = dataclasses.field(
        default_factory=lambda: np.empty((0, 0))
    )

    def __post_init__(self) -> None:
        for name in ("dt", "hold"):
            object.__setattr__(self, name, positive(name, getattr(self, name), "ms"))
        object.__setattr__(self, "lag", positive("lag", self.lag, "ms", zero=True))
        object.__setattr__(self, "noise", positive("noise", self.noise, "thresholds", zero=True))
        for name in ("linked", "several_spikes", "stochastic_rounding"):
            object.__setattr__(self, name, bool_of(name, getattr(self, name)))
        object.__setattr__(self, "state_bits", state_bits_of(self.state_bits))
        if not 1e-4 <= self.dt <= 100:
            raise InputError("dt", self.dt, "must be from 0.0001 to 100 (ms)")
        convert_arrays(self)
        check_arrays(self)
        for name in ("decoder", "B"):
            if not getattr(self, name).size:
                raise InputError(name, getattr(self, name).shape, "must not be empty")
        j, n = self.decoder.shape
        if j > n:
            raise InputError("decoder", self.decoder.shape, "must have at least as many neurons (columns) as states (rows)")
        length = np.sqrt((self.decoder**2).sum(axis=0))
        require("|decoder|", length, length > 0, "must be positive: a spike without effect would repeat for ever")
        for name in ("edited_fast", "edited_slow"):
            if getattr(self, name).size and getattr(self, name).shape != (n, n):
                raise InputError(name, getattr(self, name).shape, f"must have shape ({n}, {n})")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    def _parts(self) -> Iterable[str]:
        yield counted(self.neurons, "neuron")
        yield counted(self.states, "state")
        yield counted(self.channels, "channel")
        yield f"dt {self.dt:g} ms"
        if not self.linked:
            yield "no links"
        if self.edited_fast.size:
            yield "edited weights"

    def _rows(self) -> Iterable[Row]:
        yield Row("neurons", str(self.neurons))
        yield Row("states", str(self.states), "of the linear system")
        yield Row("channels", str(self.channels))
        for name, values, unit in (("leak", self.leak, "1/s"), ("threshold", self.threshold, "mV")):
            yield Row(name, f"{values.mean():.4g} +- {values.std():.3g}", f"{unit}, mean and sd")
        yield Row("lag", f"{self.lag:.4g}", "ms, compensated")
        yield Row("dt", f"{self.dt:g}", "ms")

    def _pictures(self) -> Iterable[str]:
        yield histogram(np.linalg.eigvals(self.A).imag / (2 * np.pi), "frequencies of the system (Hz)")

    @property
    def neurons(self) -> int:
        """Number of neurons N."""
        return int(self.decoder.shape[1])

    @property
    def states(self) -> int:
        """Number of states J of the linear system."""
        return int(self.decoder.shape[0])

    @property
    def channels(self) -> int:
        """Number of input channels C."""
        return int(self.B.shape[1])

    @property
    def system(self) -> LinearSystem:
        """The linear system that is to be followed, without compensation."""
        return LinearSystem(self.A, self.B)

    @property
    def edited(self) -> bool:
        """Whether weights are given as N x N matrices rather than by the decoder and the system."""
        return bool(self.edited_fast.size or self.edited_slow.size)

    @property
    def fast(self) -> np.ndarray:
        """(N, N) mV: a spike of j lowers V_i by the element (i, j), at once; computed at each call unless edited."""
        if self.edited_fast.size:
            return self.edited_fast
        if not self.linked:
            return np.asarray(np.diag((self.decoder**2).sum(axis=0) + self.own_reset))
        return fast_weights(self.decoder, self.own_reset)

    @property
    def slow(self) -> np.ndarray:
        """(N, N) 1/s: V_i' has the element (i, j) times r_j; computed at each call unless edited."""
        if self.edited_slow.size:
            return self.edited_slow
        if not self.linked:
            return np.zeros((self.neurons, self.neurons))
        return slow_weights(self.decoder, self.A_weights, self.leak)

    @functools.cached_property
    def _links(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        none = np.empty(0, np.int32)
        links = links_of(self.fast) if self.linked or self.edited else (none, none, np.empty(0))
        for one in links:
            one.setflags(write=False)
        return links

    @property
    def synapses(self) -> int:
        """Number of recurrent links."""
        return len(self._links[0])

    @property
    def pre(self) -> np.ndarray:
        """(S,) presynaptic neurons of the fast links, sorted by (pre, post)."""
        return self._links[0]

    @property
    def post(self) -> np.ndarray:
        """(S,) postsynaptic neurons of the fast links."""
        return self._links[1]

    @property
    def weight(self) -> np.ndarray:
        """(S,) weights ``-fast_ij`` of the fast links from j to i (mV); positive ones excite."""
        return self._links[2]

    @functools.cached_property
    def fingerprint(self) -> str:
        """Digest of all arrays and settings, which identifies a network."""
        digest = hashlib.blake2b(repr(list(self._header().values())).encode(), digest_size=16)
        for name in rules_of(BalancedNetwork):
            values = np.ascontiguousarray(getattr(self, name))
            digest.update(f"{name} {values.dtype} {values.shape}".encode())
            digest.update(values.tobytes())
        return digest.hexdigest()

    def needs(self) -> set[str]:
        """Return the features that an engine needs: steps of dt."""
        return {"grid", "state_bits"} if self.state_bits else {"grid"}

    def time_spans(self) -> dict[str, np.ndarray]:
        """Return the times that an engine divides into steps: there are none."""
        return {}

    @takes()
    def drive(self, values: np.ndarray) -> np.ndarray:
        """Return ``(Gamma^T B u)_i/lambda_i`` (times, N), the V that a constant input (times, channels) would reach."""
        return np.asarray((np.asarray(values) @ self.B_weights.T) @ self.decoder / self.leak)

    @takes(times="ms")
    def decode(self, spikes: SpikeTrains, times: np.ndarray, before: BalancedState | None = None) -> np.ndarray:
        """Return the estimates ``Gamma r`` of the states from spikes alone.

        Parameters
        ----------
        spikes : SpikeTrains
            Over the neurons, as ``activity.spikes``.
        times : array (times,) or (samples, times)
            ms, ascending.
        before : BalancedState, optional
            State from which the run with these spikes continued: the spikes before it count too.

        Returns
        -------
        array (samples, times, J)

        Raises
        ------
        InputError
            When the spikes are of another number of neurons.

        Examples
        --------
        >>> import numpy as np
        >>> from hrsnn import Currents, simulate
        >>> from hrsnn.balanced import BalancedSpec, build_balanced
        >>> network = build_balanced(BalancedSpec(neurons=100, system="integrator", decoder_norm=0.05), seed=1)
        >>> activity = simulate(network, Currents(np.ones((1, 1, 1)), dt=1000))
        >>> bool(abs(network.decode(activity.spikes, [1000])[0, 0, 0] - 1) < 0.1)
        True
        """
        if spikes.n_channels != self.neurons:
            raise InputError("spikes", f"{spikes.n_channels} channels", f"must be of {self.neurons} neurons")
        moments = np.asarray(times, dtype=np.float64)
        for row in moments.reshape(-1, moments.shape[-1]) if moments.ndim else ():
            float_vector("times", row)
        found = decoded(spikes, np.atleast_1d(moments), self.decoder, self.leak)
        if before is not None:
            decay = np.exp(-np.atleast_1d(moments)[..., None] * self.leak / 1000)
            found = found + (decay * before.rates) @ self.decoder.T
        return found

    @takes(hold="ms")
    def ideal_states(self, values: np.ndarray, hold: float, start: np.ndarray | None = None) -> np.ndarray:
        """Return the states (times, J) of the linear system itself, at the end of each value.

        Parameters
        ----------
        values : array (times, C)
        hold : float
            Time for which each value is held (ms).
        start : array (J,), optional
            State at the beginning, by default 0.
        """
        step, kick = self.system.held(positive("hold", hold, "ms") / 1000)
        driven = np.asarray(values, dtype=np.float64) @ kick.T
        x = np.zeros(self.states) if start is None else np.asarray(start, dtype=np.float64)
        states = np.empty(driven.shape)
        for index, row in enumerate(driven):
            states[index] = x = step @ x + row
        return states

    @takes()
    def with_matrices(self, fast: np.ndarray | None = None, slow: np.ndarray | None = None) -> BalancedNetwork:
        """Return the network with other fast or slow weights (N, N), simulated with N x N weights; None keeps them."""
        fast = self.fast if fast is None else np.asarray(fast, dtype=np.float64)
        slow = self.slow if slow is None else np.asarray(slow, dtype=np.float64)
        return dataclasses.replace(self, edited_fast=fast, edited_slow=slow)

    def with_weights(self, recurrent: np.ndarray, inputs: np.ndarray) -> BalancedNetwork:
        """Return the network with other fast weights (S,) of its links, in the order of `weight`; `inputs` is not used."""
        fast = np.diag(np.diag(self.fast))
        fast[self.post, self.pre] = -np.asarray(recurrent)
        return self.with_matrices(fast=fast)

    def without_recurrence(self) -> BalancedNetwork:
        """Return a control: the same neurons and input without links; only the reset by a neuron's own spikes stays.

        Any number of neurons may spike in a step: the rule of one spike would hide the rates of neurons without links.
        """
        nothing = np.empty((0, 0))
        return dataclasses.replace(self, linked=False, several_spikes=True, edited_fast=nothing, edited_slow=nothing)

    @takes()
    def shuffled(self, seed: int = 0) -> BalancedNetwork:
        """Return a control whose weights off the diagonal are permuted, fast and slow alike; several may spike in a step."""
        n = self.neurons
        order = generator(seed, "balanced", "shuffle").permutation(n * (n - 1))
        off = ~np.eye(n, dtype=bool)
        matrices = []
        for matrix in (self.fast, self.slow):
            mixed = np.array(matrix)
            mixed[off] = matrix[off][order]
            matrices.append(mixed)
        return dataclasses.replace(self, edited_fast=matrices[0], edited_slow=matrices[1], several_spikes=True)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network atomically to an ``.npz`` file (layout version 1), without pickle.

        Raises
        ------
        FileError
            When the file cannot be written; an existing file is then unchanged.
        """
        arrays = {name: getattr(self, name) for name in rules_of(BalancedNetwork)}
        write_npz(path, _KIND, _VERSION, arrays, self._header())

    def _header(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*_HEADER, *(_ROUNDING if self.state_bits else ()))}

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BalancedNetwork:
        """Read a network from a file written by :meth:`save`.

        Raises
        ------
        FileError
            When the file is missing or damaged, or does not contain a balanced network.
        """
        stored, header = read_npz(path, _KIND, _VERSION)
        arrays: dict[str, Any] = dict(stored)
        with refuse_damaged(path, _KIND):
            own = {name: arrays.pop(name) for name in rules_of(BalancedNetwork)}
            unknown = sorted({*arrays, *(set(header) - {*_HEADER, *_ROUNDING})})
            if unknown:
                raise InputError("names", unknown, "are none of a balanced network")
            more = {name: header[name] for name in _ROUNDING if name in header}
            return cls(**own, **more, **{name: header[name] for name in _HEADER})

    def graph(self) -> networkx.DiGraph:
        """Return the fast links as a graph of nodes 0 to N - 1, with the attributes ``weight`` (mV) and ``slow`` (1/s)."""
        import networkx

        graph = networkx.DiGraph()
        graph.add_nodes_from(range(self.neurons))
        if self.synapses:
            slow = self.slow[self.post, self.pre].tolist()
            links = zip(self.pre.tolist(), self.post.tolist(), self.weight.tolist(), slow, strict=True)
            graph.add_edges_from((j, i, {"weight": w, "slow": s}) for j, i, w, s in links)
        return graph
