"""A network by Brian2 equations, all values drawn: read-only arrays of its neurons and links."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from hrsnn.display import Displayed, Row
from hrsnn.display.text import counted
from hrsnn.equations.amounts import Amount
from hrsnn.equations.model import BrianModel
from hrsnn.errors import InputError
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.validation.arrays import array, check_arrays, convert_arrays, frozen, require, rules_of
from hrsnn.validation.numbers import MOST_CHANNELS, count_of
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    import networkx

_KIND, _VERSION = "brian", 1
#: Tables of values by name, each with the length of its arrays.
_TABLES = ("values", "link_values", "input_values")


@dataclass(frozen=True, eq=False)
class BrianNetwork(Displayed):
    """A network of N neurons by the equations of a model: what of it is drawn, in the units of the model.

    Networks are made by :func:`hrsnn.equations.build_brian`, by :meth:`load`, or by ``dataclasses.replace``.

    Raises
    ------
    InputError
        When the arrays are inconsistent, or a value that the model needs is missing.

    Examples
    --------
    >>> from hrsnn.equations import BrianModel, build_brian
    >>> network = build_brian(BrianModel(neurons=50), seed=1, channels=4)
    >>> network.neurons, network.synapses, network.values["tau_m"].shape
    (50, 200, (50,))
    """

    kind: ClassVar[str] = "brian"  #: of network, by which engines say what they simulate

    model: BrianModel
    is_excitatory: Annotated[np.ndarray, array("neuron", dtype=np.bool_)]  #: (N,) bool
    pre: Annotated[np.ndarray, array("link", dtype=np.int32)]  #: (S,) presynaptic neuron, ascending
    post: Annotated[np.ndarray, array("link", dtype=np.int32)]  #: (S,) postsynaptic neuron
    weight: Annotated[np.ndarray, array("link", low=0)]  #: (S,) in the unit of the model's weights
    w_max: Annotated[np.ndarray, array("link", low=0)]  #: (S,) likewise
    delay: Annotated[np.ndarray, array("link", low=0, high=1000, unit="ms")]  #: (S,) ms, axonal
    input_channel: Annotated[np.ndarray, array("input link", dtype=np.int32)]  #: (L,) channel of each input link
    input_post: Annotated[np.ndarray, array("input link", dtype=np.int32)]  #: (L,) its neuron
    input_weight: Annotated[np.ndarray, array("input link", low=0)]  #: (L,) in the unit of the model's input weight
    input_w_max: Annotated[np.ndarray, array("input link", low=0)]  #: (L,) likewise
    input_gain: Annotated[np.ndarray, array("input link")]  #: (L,) drive by an analog input of 1, in the unit of the gain
    channels: int  #: number of input channels
    values: Mapping[str, np.ndarray]  #: (N,) arrays of parameters of the neurons
    link_values: Mapping[str, np.ndarray]  #: (S,) arrays of parameters of the recurrent links
    input_values: Mapping[str, np.ndarray]  #: (L,) arrays of parameters of the input links
    initial: Mapping[str, np.ndarray]  #: (N,) or (S,) values at the onset of every stimulus

    def __post_init__(self) -> None:
        if not isinstance(self.model, BrianModel):
            raise InputError("model", self.model, "must be a BrianModel")
        object.__setattr__(self, "channels", count_of("channels", self.channels, most=MOST_CHANNELS))
        convert_arrays(self)
        sizes = check_arrays(self)
        n, s, inputs = sizes["neuron"], sizes["link"], sizes["input link"]
        if n != self.model.neurons:
            raise InputError("is_excitatory", (n,), f"must have {self.model.neurons} values, as the model has neurons")
        for name, values, bound in (
            ("pre", self.pre, n),
            ("post", self.post, n),
            ("input_channel", self.input_channel, self.channels),
            ("input_post", self.input_post, n),
        ):
            require(name, values, (values >= 0) & (values < bound), f"must be in 0..{bound - 1}")
        for names, width in ((("pre", "post"), n), (("input_channel", "input_post"), n)):
            key = getattr(self, names[0]).astype(np.int64) * width + getattr(self, names[1])
            require(names[1], key[1:], np.diff(key) > 0, f"links must be sorted by ({', '.join(names)}), each once")
        wanted = _wanted(self.model)
        for table, length in zip(_TABLES, (n, s, inputs), strict=True):
            self._check_table(table, set(wanted[table]), (length,))
        self._check_table("initial", set(self.model.initial), (n,), (s,))

    def _check_table(self, table: str, names: set[str], *shapes: tuple[int, ...]) -> None:
        given = getattr(self, table)
        if set(given) != names:
            raise InputError(table, sorted(given), f"must have {', '.join(sorted(names)) or 'nothing'}")
        arrays = {name: frozen(given[name], np.float64) for name in sorted(names)}
        for name, values in arrays.items():
            if values.shape not in shapes:
                raise InputError(f"{table}.{name}", values.shape, f"must have shape {shapes[0]}")
            require(f"{table}.{name}", values, np.isfinite(values), "must be finite")
        object.__setattr__(self, table, MappingProxyType(arrays))

    def __reduce__(self) -> tuple[Any, ...]:
        # goes through the constructor: arrays unpickled by default would be writable, and views of mappings cannot be
        values = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        return _made, ({name: dict(v) if isinstance(v, MappingProxyType) else v for name, v in values.items()},)

    def _parts(self) -> Iterable[str]:
        yield counted(self.neurons, "neuron")
        yield counted(self.synapses, "synapse")
        yield counted(self.channels, "channel")
        yield f"dt {self.dt:g} ms"

    def _rows(self) -> Iterable[Row]:
        yield Row("neurons", str(self.neurons), f"{int(self.is_excitatory.sum())} of them excitatory")
        yield Row("synapses", str(self.synapses))
        yield Row("channels", str(self.channels))
        for name, values in self.values.items():
            yield Row(name, f"{values.mean():.4g} +- {values.std():.3g}", f"{_unit_of(self.model, name)}, mean and sd")
        yield Row("dt", f"{self.dt:g}", "ms")

    @property
    def neurons(self) -> int:
        """Number of neurons N."""
        return len(self.is_excitatory)

    @property
    def synapses(self) -> int:
        """Number of recurrent links S."""
        return len(self.pre)

    @property
    def dt(self) -> float:
        """Time step (ms)."""
        return self.model.dt

    @functools.cached_property
    def _gain(self) -> Any:
        from scipy.sparse import csr_array

        return csr_array((self.input_gain, (self.input_post, self.input_channel)), shape=(self.neurons, self.channels))

    def needs(self) -> set[str]:
        """Return the features that an engine needs, of :data:`hrsnn.engines.capabilities.FEATURES`."""
        found = {"grid"}
        if self.delay.any():
            same = np.diff(self.delay)[np.diff(self.pre) == 0] == 0
            found.add("delays_per_neuron" if same.all() else "delays_per_link")
        return found

    def time_spans(self) -> dict[str, np.ndarray]:
        """Return the times that an engine divides into steps (ms): the delays."""
        return {"delay": self.delay}

    @takes()
    def drive(self, values: np.ndarray) -> np.ndarray:
        """Return the drive (times, N) by analog input (times, channels), in the unit of the model's input gain.

        Raises
        ------
        InputError
            When the model has no variable that analog input drives.
        """
        if not self.model.drive:
            raise InputError("stimulus", "analog", "drives no variable of this model: it takes spikes; `drive` names one")
        return np.ascontiguousarray((self._gain @ np.ascontiguousarray(np.asarray(values, dtype=np.float64).T)).T)

    def with_weights(self, recurrent: np.ndarray, inputs: np.ndarray) -> BrianNetwork:
        """Return the network with other weights, (S,) and (L,), in the units of the model's."""
        return dataclasses.replace(self, weight=recurrent, input_weight=inputs)

    def without_recurrence(self) -> BrianNetwork:
        """Return the control: the same neurons and input, without recurrent links."""
        nothing, nobody = np.empty(0), np.empty(0, np.int32)
        initial = {
            name: value[: self.neurons] if name in self._of_neurons else nothing for name, value in self.initial.items()
        }
        return dataclasses.replace(
            self,
            pre=nobody,
            post=nobody,
            weight=nothing,
            w_max=nothing,
            delay=nothing,
            link_values=dict.fromkeys(self.link_values, nothing),
            initial=initial,
        )

    @property
    def _of_neurons(self) -> set[str]:
        """Names of initial values that are of neurons; the others are of links."""
        from hrsnn.engines.brian.model_equations import neuron_equations

        return set(neuron_equations(self.model))

    @takes()
    def to_brian2(self, plastic: bool = False, target: str = "auto") -> Any:
        """Return the network as a Brian2 ``Network``; see :func:`hrsnn.engines.brian.model_network.to_network`."""
        from hrsnn.engines.brian.model_network import to_network

        return to_network(self, plastic=plastic, target=target)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network atomically to an ``.npz`` file (layout version 1), with its model as TOML, without pickle.

        Raises
        ------
        FileError
            When the file cannot be written; an existing file is then unchanged.
        """
        arrays = {name: getattr(self, name) for name in rules_of(BrianNetwork)}
        for table in (*_TABLES, "initial"):
            arrays |= {f"{table}.{name}": values for name, values in getattr(self, table).items()}
        write_npz(path, _KIND, _VERSION, arrays, {"model": self.model.to_toml(), "channels": self.channels})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BrianNetwork:
        """Read a network from a file written by :meth:`save`; its model is checked as one in TOML.

        Raises
        ------
        FileError
            When the file is missing or damaged, or does not contain such a network.
        """
        stored, header = read_npz(path, _KIND, _VERSION)
        with refuse_damaged(path, _KIND):
            unknown = sorted(set(header) - {"model", "channels"})
            if unknown or not isinstance(header["model"], str):
                raise InputError("header", unknown, "must have model and channels")
            arrays = dict(stored)
            own: dict[str, Any] = {name: arrays.pop(name) for name in rules_of(BrianNetwork)}
            tables: dict[str, Any] = {table: {} for table in (*_TABLES, "initial")}
            for name, values in arrays.items():
                table, _, key = name.partition(".")
                if table not in tables:
                    raise InputError("names", name, "is none of a network by equations")
                tables[table][key] = values
            return cls(model=BrianModel.from_toml(header["model"]), channels=header["channels"], **own, **tables)

    def graph(self) -> networkx.DiGraph:
        """Return the recurrent links as a graph of nodes 0 to N - 1.

        Nodes have ``excitatory`` and the parameters of the neurons; edges ``weight``, ``delay`` (ms) and the parameters of
        the links, in the units of the model.
        """
        import networkx

        graph = networkx.DiGraph()
        columns = {"excitatory": self.is_excitatory, **self.values}
        for i, row in enumerate(zip(*(values.tolist() for values in columns.values()), strict=True)):
            graph.add_node(i, **dict(zip(columns, row, strict=True)))
        columns = {"weight": self.weight, "delay": self.delay, **self.link_values}
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        links = zip(self.pre.tolist(), self.post.tolist(), rows, strict=True)
        graph.add_edges_from((j, i, dict(zip(columns, row, strict=True))) for j, i, row in links)
        return graph


def _wanted(model: BrianModel) -> dict[str, list[str]]:
    """Return the names of the arrays that a network of a model has, by table."""
    merged = {f"{name}_{kind}" for name in model.by_type for kind in ("exc", "inh")}
    neurons = [*(name for name in model.parameters if name not in merged), *model.by_type]
    links = list(model.synapse_parameters)
    return {"values": neurons, "link_values": links, "input_values": links}


def _unit_of(model: BrianModel, name: str) -> str:
    one = model.parameters.get(name, model.parameters.get(f"{name}_exc"))
    return one.unit if isinstance(one, Amount) else "1"


def _made(values: dict[str, Any]) -> BrianNetwork:
    return BrianNetwork(**values)
