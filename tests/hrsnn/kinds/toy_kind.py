"""A toy kind: leaky integrate-and-fire neurons with weights of either sign, and its engine in plain NumPy."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import networkx as nx
import numpy as np

from hrsnn.engines.batch import Batch, Presentation
from hrsnn.engines.capabilities import FEATURES, Engine
from hrsnn.engines.contract import EngineFunction, Response, Weights
from hrsnn.errors import InputError, SpecError
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.parsing import parsed_toml, toml_value
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import PathLike, write_text
from hrsnn.kinds import Kind
from hrsnn.runtime.seeds import generator
from hrsnn.validation.numbers import count_of, positive

_ARRAYS = ("pre", "post", "weight", "input_weight")
_ABOUT = {
    "neurons": "number of neurons",
    "tau_m": "membrane time constant (ms)",
    "threshold": "a neuron spikes when v exceeds this, and starts again at 0 (mV)",
    "bias": "constant drive (mV)",
    "gain": "standard deviation of the sum of a neuron's weights (mV)",
    "input_gain": "standard deviation of the drive by an input of 1, and of a spike's weight (mV)",
    "link_probability": "of every pair",
}


@dataclass(frozen=True)
class ToySpec:
    """Parameters of a network, all numbers."""

    kind: ClassVar[str] = "toy"

    neurons: int = 60
    tau_m: float = 20.0
    threshold: float = 15.0
    bias: float = 14.5
    gain: float = 6.0
    input_gain: float = 6.0
    link_probability: float = 0.2

    def __post_init__(self) -> None:
        object.__setattr__(self, "neurons", count_of("neurons", self.neurons))
        for name in ("tau_m", "threshold", "gain", "input_gain"):
            object.__setattr__(self, name, positive(name, getattr(self, name), ""))
        if not 0 <= self.link_probability <= 1:
            raise InputError("link_probability", self.link_probability, "must be from 0 to 1")

    def updated(self, changes: dict[str, Any]) -> ToySpec:
        """Return a copy with some parameters changed."""
        known = [one.name for one in dataclasses.fields(self)]
        values = {}
        for name, given in changes.items():
            if name not in known:
                raise SpecError([f"{name:.60}: no such parameter; a toy has {', '.join(known)}"])
            try:
                values[name] = toml_value(given) if isinstance(given, str) else given
            except ValueError as error:
                raise SpecError([f"{name}: {error}"]) from None
        return dataclasses.replace(self, **values)

    def to_toml(self, comments: bool = False) -> str:
        """Return all parameters as TOML."""
        lines = []
        for name, value in dataclasses.asdict(self).items():
            lines += [f"# {_ABOUT[name]}"] if comments else []
            lines.append(f"{name} = {json.dumps(value)}")
        return "\n".join(lines) + "\n"

    def save(self, path: PathLike) -> None:
        """Write the TOML to a file."""
        write_text(path, self.to_toml(comments=True))

    @classmethod
    def load(cls, path: PathLike) -> ToySpec:
        """Read a specification from a file."""
        try:
            return cls().updated(parsed_toml(read_text(path)))
        except (SpecError, InputError, ValueError) as error:
            raise SpecError([f"{path}: {error}"]) from None


@dataclass(frozen=True, eq=False)
class ToyNetwork:
    """A network, with all weights drawn."""

    kind: ClassVar[str] = "toy"

    spec: ToySpec
    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    input_weight: np.ndarray  # (channels, neurons)
    dt: float = 0.5

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            getattr(self, name).setflags(write=False)

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return self.spec.neurons

    @property
    def channels(self) -> int:
        """Number of input channels."""
        return len(self.input_weight)

    @property
    def synapses(self) -> int:
        """Number of recurrent links."""
        return len(self.pre)

    def needs(self) -> set[str]:
        """Return the features that an engine needs."""
        return {"grid"}

    def time_spans(self) -> Mapping[str, np.ndarray]:
        """Return the times that an engine divides into steps: there are none."""
        return {}

    def drive(self, values: np.ndarray) -> np.ndarray:
        """Return the drive (times, neurons) by analog input (times, channels)."""
        return np.asarray(values @ self.input_weight)

    def with_weights(self, recurrent: np.ndarray, inputs: np.ndarray) -> ToyNetwork:
        """Return the network with other weights."""
        return dataclasses.replace(self, weight=recurrent, input_weight=inputs)

    def without_recurrence(self) -> ToyNetwork:
        """Return the network without recurrent links."""
        return dataclasses.replace(self, pre=self.pre[:0], post=self.post[:0], weight=self.weight[:0])

    def save(self, path: PathLike) -> None:
        """Write the network to a file."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        write_npz(path, "toy", 1, arrays, {"spec": dataclasses.asdict(self.spec), "dt": self.dt})

    @classmethod
    def load(cls, path: PathLike) -> ToyNetwork:
        """Read a network from a file."""
        arrays, header = read_npz(path, "toy", 1)
        with refuse_damaged(path, "toy"):
            return cls(ToySpec(**header["spec"]), *(arrays[name] for name in _ARRAYS), header["dt"])

    def graph(self) -> nx.DiGraph:
        """Return the recurrent links as a weighted graph."""
        graph = nx.DiGraph()
        graph.add_nodes_from(range(self.neurons))
        graph.add_weighted_edges_from(zip(self.pre.tolist(), self.post.tolist(), self.weight.tolist(), strict=True))
        return graph


def build(spec: ToySpec, seed: int = 0, channels: int = 1) -> ToyNetwork:
    """Draw a network."""
    random, n = generator(seed, "toy"), spec.neurons
    linked = random.random((n, n)) < spec.link_probability
    np.fill_diagonal(linked, False)
    pre, post = np.nonzero(linked)
    spread = spec.gain / np.sqrt(max(1.0, spec.link_probability * n))
    weight = random.normal(0, spread, len(pre))
    inputs = generator(seed, "toy", "input").normal(0, spec.input_gain, (channels, n))
    return ToyNetwork(spec, pre.astype(np.int32), post.astype(np.int32), weight, inputs)


def run(
    network: ToyNetwork,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
) -> Weights:
    """Simulate a batch, one stimulus after the other."""
    for index in range(len(batch)):
        deliver(index, _present(network, batch.presentation(index)))
        progress(int(batch.steps[: index + 1].sum()))
    return Weights(network.weight, network.input_weight)


def _present(network: ToyNetwork, now: Presentation) -> Response:
    spec, n = network.spec, network.neurons
    decay = np.exp(-network.dt / spec.tau_m)
    matrix = np.zeros((n, n))
    matrix[network.pre, network.post] = network.weight
    arriving = np.zeros((now.n_steps, n))
    np.add.at(arriving, now.spike_step, now.spike_count[:, None] * network.input_weight[now.spike_channel])
    drive = np.zeros((now.n_steps, n))
    for step, row in zip(now.drive_step, now.drive, strict=True):
        drive[step:] = row
    v, jump = np.zeros(n), np.zeros(n)
    steps: list[np.ndarray] = []
    history = np.empty((now.n_steps, n))
    for step in range(now.n_steps):
        v = v * decay + (1 - decay) * (spec.bias + drive[step]) + jump
        fired = np.flatnonzero(v > spec.threshold)
        steps.append(fired)
        v[fired] = 0.0
        jump = arriving[step] + matrix[fired].sum(axis=0)
        history[step] = v
    when = np.repeat(np.arange(now.n_steps), [len(one) for one in steps])
    return Response(when, np.concatenate(steps).astype(np.int32), history[now.v_step])


def load() -> EngineFunction:
    """Return the engine."""
    return run


TOY = Kind(
    summary="a toy with weights of either sign",
    spec=ToySpec,
    build=build,
    load=ToyNetwork.load,
    spaces={"default": {"gain": [1.0, 12.0], "tau_m": [5.0, 50.0]}, "bias": {"bias": [10.0, 16.0]}},
)
ENGINE = Engine(
    "a loop over the steps of a toy",
    load,
    {
        **dict.fromkeys(FEATURES, "a toy is simple"),
        "grid": True,
    },
    kinds=("toy",),
    priority=1,
)
