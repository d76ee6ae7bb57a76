"""A deep network in integers, and the file that it is packed into.

Numbers are little-endian. A number x in the file is ``round(x 2^f)`` in 32 bits, with f chosen for each array (`shift`).

=====================  =========  ================================================================================
offset                 bytes      content
=====================  =========  ================================================================================
0                      8          ``hrsnnQSN``
8                      4          version, 1
12                     4          H, length of the header
16                     H          header: JSON in UTF-8, the model, its shape, and the layers in their order
16 + H                 P          the layers' numbers, in their order, without gaps
16 + H + P             32         SHA-256 of all bytes before
=====================  =========  ================================================================================

A layer of weights has its weights (``ceil(count bits / 8)`` bytes, outputs first, as PyTorch orders them, :mod:`.bits`;
sparse ones with an index, which the header names, :mod:`.sparse`), then factor and offset of each output (4 bytes each): its
current is ``factor n + offset``, with n the sum of weight times input, in whole numbers: 0 to 255 for the stimulus, 0 or 1
for spikes, numbers of spikes in a square after a mean. A layer of neurons has ``2 L + 1`` numbers, the potential that each
state -L to L becomes in a step without input, then the step of the states and the threshold (4 bytes each, with 24 bits
after the point).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.deep.architecture import Architecture, Node
from hrsnn.deep.models import architecture
from hrsnn.deep.packed.bits import WIDTHS
from hrsnn.deep.packed.sparse import matrix_size, pack_matrix, packed_bytes_of, unpack_matrix
from hrsnn.display import Displayed
from hrsnn.engines.packed.kernels import FRACTION
from hrsnn.errors import FileError, InputError
from hrsnn.files.parsing import parsed_json
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike, to_json, writing
from hrsnn.validation.limits import beyond, limit
from hrsnn.validation.numbers import count_of

MAGIC, VERSION = b"hrsnnQSN", 1
_START, _DIGEST, _WORD = 16, 32, 4
#: Largest fan-in for which sums of bytes times 8-bit weights fit into 32 bits.
_MOST_INPUTS = 2**31 // (255 * 128)


@dataclass(frozen=True)
class WeightLayer(Displayed):
    """Numbers of a layer of weights.

    Attributes
    ----------
    bits : int
    weights : ndarray of int8, (outputs, inputs, kernel, kernel) or (outputs, inputs)
    factor, offset : ndarray of int32, (outputs,)
    factor_shift, offset_shift : int
        Bits after the point, at most 36.
    index : {"none", "bitmask", "columns"}
        How the file tells where weights other than 0 are; "none" has all of them.
    """

    bits: int
    weights: NDArray[np.int8]
    factor: NDArray[np.int32]
    offset: NDArray[np.int32]
    factor_shift: int
    offset_shift: int
    index: str = "none"


@dataclass(frozen=True)
class NeuronLayer(Displayed):
    """Numbers of a layer of neurons.

    Attributes
    ----------
    levels : int
        L: states are -L to L.
    table : ndarray of int32, (2 L + 1,)
        What the potential of each state becomes in a step without input, with 24 bits after the point.
    step, threshold : int
        Of the states and of spikes, with 24 bits after the point.
    before_spike : bool
        Whether the potential is rounded to a state before it is compared with the threshold.
    """

    levels: int
    table: NDArray[np.int32]
    step: int
    threshold: int
    before_spike: bool = False


@dataclass(frozen=True)
class PackedNetwork(Displayed):
    """A network in integers.

    Attributes
    ----------
    architecture : Architecture
    steps : int
    coding : str
    layers : mapping of name to WeightLayer or NeuronLayer
    """

    architecture: Architecture
    steps: int
    coding: str
    layers: Mapping[str, WeightLayer | NeuronLayer]

    def header(self) -> dict[str, Any]:
        """Return the header of the file."""
        layers = []
        for node in self.architecture:
            about: dict[str, Any] = {key: value for key, value in asdict(node).items() if key not in ("share", "normalised")}
            layer = self.layers.get(node.name)
            if isinstance(layer, WeightLayer):
                about |= {"bits": layer.bits, "factor_shift": layer.factor_shift, "offset_shift": layer.offset_shift}
                about |= {"index": layer.index} if layer.index != "none" else {}
            elif layer is not None:
                about |= {"levels": layer.levels, "before_spike": layer.before_spike}
            layers.append(about)
        own = self.architecture
        return {
            "model": own.model,
            "shape": list(own.input_shape),
            "classes": own.classes,
            "steps": self.steps,
            "coding": self.coding,
            "layers": layers,
        }

    def payload(self) -> bytes:
        """Return the numbers of all layers, as the file has them."""
        parts = []
        for node in self.architecture:
            layer = self.layers.get(node.name)
            if isinstance(layer, WeightLayer):
                parts += [pack_matrix(layer.weights, layer.bits, layer.index), _words(layer.factor), _words(layer.offset)]
            elif layer is not None:
                parts += [_words(layer.table), _words(np.array([layer.step, layer.threshold], np.int32))]
        return b"".join(parts)

    def to_bytes(self) -> bytes:
        """Return the content of the file."""
        header = to_json(self.header()).encode()
        data = MAGIC + struct.pack("<II", VERSION, len(header)) + header + self.payload()
        return data + hashlib.sha256(data).digest()

    def save(self, path: PathLike) -> None:
        """Write the file atomically."""
        with writing(path) as temporary:
            temporary.write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: PathLike) -> PackedNetwork:
        """Read a file that :meth:`save` wrote.

        Raises
        ------
        FileError
            When it is missing, truncated, of another kind or version, or its checksum or content is wrong.
        """
        with open_binary(path) as file:
            data = file.read(int(min(limit("text"), 2**40)) + 1)
        if len(data) > limit("text"):
            raise FileError(path, f"has more bytes than are read: {beyond('text')}")
        if data[: len(MAGIC)] != MAGIC:
            raise FileError(path, "is no packed network: it does not begin with hrsnnQSN")
        if len(data) < _START + _DIGEST:
            raise FileError(path, f"is truncated: {len(data)} bytes are fewer than any packed network has")
        version, length = struct.unpack("<II", data[len(MAGIC) : _START])
        if version != VERSION:
            raise FileError(path, f"has version {version} of its layout; this hrsnn reads version {VERSION}")
        content, said = data[:-_DIGEST], data[-_DIGEST:]
        if hashlib.sha256(content).digest() != said:
            raise FileError(path, "is damaged or truncated: its checksum is not that of its content")
        with refuse_damaged(path, "packed network"):
            header = parsed_json(content[_START : _START + length].decode())
            return _read(header, memoryview(content)[_START + length :])


def _read(header: Mapping[str, Any], payload: memoryview) -> PackedNetwork:
    network = architecture(header["model"], tuple(header["shape"]), header["classes"])
    if len(header["layers"]) != len(network.nodes):
        raise InputError("layers", len(header["layers"]), f"must be {len(network.nodes)} of the model {network.model}")
    layers: dict[str, WeightLayer | NeuronLayer] = {}
    reader = _Reader(payload)
    for node, about in zip(network, header["layers"], strict=True):
        if node.fan_in:
            layers[node.name] = _weights(network, node, about, reader)
        elif node.kind == "spike":
            levels = count_of("levels", about["levels"], most=127)
            table = reader.words(2 * levels + 1)
            step, threshold = (int(word) for word in reader.words(2))
            layers[node.name] = NeuronLayer(levels, table, count_of("step", step), threshold, bool(about["before_spike"]))
    reader.finish()
    return PackedNetwork(network, count_of("steps", header["steps"]), str(header["coding"]), layers)


def _weights(network: Architecture, node: Node, about: Mapping[str, Any], reader: _Reader) -> WeightLayer:
    if about["bits"] not in WIDTHS:
        raise InputError("bits", about["bits"], f"must be one of {', '.join(map(str, WIDTHS))}")
    if node.fan_in > _MOST_INPUTS:
        raise InputError("layers", node.name, f"must have at most {_MOST_INPUTS} inputs an output")
    shifts = [count_of(name, about[name], 0, FRACTION) for name in ("factor_shift", "offset_shift")]
    index = str(about.get("index", "none"))
    numbers = reader.matrix(node.shape[0], node.fan_in, about["bits"], index)
    shape = (node.shape[0], -1, node.kernel, node.kernel) if node.kind == "conv" else (node.shape[0], -1)
    outputs = node.shape[0]
    factor, offset = reader.words(outputs), reader.words(outputs)
    return WeightLayer(about["bits"], numbers.reshape(shape), factor, offset, shifts[0], shifts[1], index)


class _Reader:
    """Takes bytes from the payload in order."""

    def __init__(self, payload: memoryview) -> None:
        self._payload, self._at = payload, 0

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._payload):
            raise InputError("payload", len(self._payload), f"must have {self._at + count - len(self._payload)} bytes more")
        self._at += count
        return bytes(self._payload[self._at - count : self._at])

    def matrix(self, rows: int, columns: int, bits: int, index: str) -> NDArray[np.int8]:
        size = packed_bytes_of(bytes(self._payload[self._at :]), rows, columns, bits, index)
        return unpack_matrix(self.take(size), rows, columns, bits, index)

    def words(self, count: int) -> NDArray[np.int32]:
        return np.frombuffer(self.take(_WORD * count), "<i4").astype(np.int32)

    def finish(self) -> None:
        if self._at != len(self._payload):
            raise InputError("payload", len(self._payload), f"must be {self._at} bytes")


def _words(numbers: NDArray[np.int32]) -> bytes:
    return numbers.astype("<i4").tobytes()


def payload_size(network: PackedNetwork) -> int:
    """Return the bytes that the layers take: weights by their bits, 8 an output, ``4 (2 L + 3)`` a layer of neurons."""
    total = 0
    for node in network.architecture:
        layer = network.layers.get(node.name)
        if isinstance(layer, WeightLayer):
            count = int(np.count_nonzero(layer.weights))
            total += matrix_size(node.shape[0], node.fan_in, count, layer.bits, layer.index) + 2 * _WORD * node.shape[0]
        elif layer is not None:
            total += _WORD * (2 * layer.levels + 3)
    return total


def packed_file_size(network: PackedNetwork) -> int:
    """Return the bytes of the file of a network, from its header and the shapes of its layers."""
    return _START + len(to_json(network.header()).encode()) + payload_size(network) + _DIGEST
