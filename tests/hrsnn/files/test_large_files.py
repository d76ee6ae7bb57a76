"""Files that are larger than they look, or none at all: refused by kind and size before they are read."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forks import Forks

from hrsnn import Reservoir, ReservoirSpec, SpikeTrains, scripts
from hrsnn.errors import FileError, HrsnnError
from hrsnn.files.npz import load_arrays, write_npz
from hrsnn.files.reading import read_json
from hrsnn.networks import read_graph
from hrsnn.scripts.cli.command import Command
from hrsnn.search import Space
from hrsnn.tasks import load_task
from hrsnn.tasks.fsdd import fsdd

pytestmark = pytest.mark.usefixtures("in_time")


# --- files


@contextlib.contextmanager
def _odd(kind: str, folder: Path) -> Iterator[Path]:
    """Something that is no ordinary file."""
    path = folder / {"graph": "odd.graphml"}.get(kind, "odd.npz")
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound, contextlib.chdir(folder):  # a socket's path may have 108 bytes
            bound.bind(path.name)
            yield path
        return
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "long name":
        path = folder / ("n" * 300 + ".npz")
    yield path


KINDS = ("folder", "pipe", "socket", "device", "loop", "long name")
READERS: dict[str, Callable[[Path], object]] = {
    "ReservoirSpec.load": ReservoirSpec.load,
    "Reservoir.load": Reservoir.load,
    "SpikeTrains.load": SpikeTrains.load,
    "SpikeTrains.load_labelled": SpikeTrains.load_labelled,
    "Space.load": Space.load,
    "load_arrays": load_arrays,
    "read_json": lambda path: read_json(path, "run"),
    "task file": lambda path: load_task("file", path=path),
    "a recording": lambda path: _recording(path),
    "read_graph": lambda path: _graph(path),
}


def _recording(path: Path) -> object:
    folder = path.parent / "sounds"
    folder.mkdir()
    for name in ("3_ada_0", "3_ada_5", "7_ada_5"):
        (folder / f"{name}.wav").symlink_to(path)
    return fsdd(folder)


def _graph(path: Path) -> object:
    link = path.parent / "odd.edges"
    link.symlink_to(path)
    return read_graph(link)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", READERS)
def test_readers_refuse_what_is_no_ordinary_file(reader: str, kind: str, tmp_path: Path) -> None:
    with _odd(kind, tmp_path) as path, pytest.raises(FileError) as refused:
        READERS[reader](path)
    message = str(refused.value)
    assert "\n" not in message
    if kind in ("folder", "pipe", "socket", "device"):
        assert f"is a {kind}, and no ordinary file" in message


#: Of each option that names an input file, the commands that have it and what else they need.
OPTIONS = {
    "--spec": [
        [verb, "fig10"] if verb == "reproduce" else [verb]
        for verb in scripts.COMMANDS
        if issubclass(scripts.find(verb), Command)
    ],
    "--graph": [["prune"], ["compare"]],
    "--space": [["search"]],
    "--path": [
        ["classify", "--task", "file"],
        ["classify", "--task", "fsdd"],
        ["measure", "--task", "file"],
        ["measure", "--task", "fsdd"],
        ["search", "--objective", "accuracy", "--task", "fsdd", "--trials", "1"],
        ["variants", "--tasks", "fsdd"],
        ["pruning_curve", "--tasks", "fsdd", "--arms", "dense", "--neurons", "30"],
    ],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("option", "words"), [(option, words) for option, all_words in OPTIONS.items() for words in all_words], ids=str
)
def test_commands_refuse_what_is_no_ordinary_file(
    option: str, words: list[str], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with _odd(kind, tmp_path) as path:
        assert scripts.main([*words, option, str(path), "--quiet", "--seed", "0"]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1), shown.err
    assert path.name[:50] in shown.err


def _zip_of(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _npy(header: str, version: bytes = b"\x01\x00", length: int | None = None) -> bytes:
    text = header.encode() + b"\n"
    width = "<H" if version == b"\x01\x00" else "<L"
    return np.lib.format.MAGIC_PREFIX + version + struct.pack(width, len(text) if length is None else length) + text


def _zeros_bomb(path: Path, size: int = 100_000_000) -> Path:
    """Zeros, of which a thousand take a byte, in a file that does not say what it is."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros.npy", "w", force_zip64=True) as file,
    ):
        file.write(_npy(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},), }}"))
        block = bytes(2**24)
        for done in range(0, size, len(block)):
            file.write(block[: size - done])
    return path


def _millions(path: Path, zip64: bool = False) -> Path:
    """A table of contents of a million entries, all of one array."""
    _zip_of(path, {"a.npy": b""})
    raw = path.read_bytes()
    begin, end = raw.index(b"PK\x01\x02"), raw.index(b"PK\x05\x06")
    entries = raw[begin:end] * 10**6
    size = len(entries)
    if not zip64:
        tail = raw[end : end + 8] + struct.pack("<HHLLH", 1, 1, size, begin, 0)
    else:  # only the larger record tells how long it is
        tail = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 10**6, 10**6, size, begin)
        tail += b"PK\x06\x07" + struct.pack("<LQL", 0, begin + size, 1)
        tail += b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, 46, begin, 0)
    path.write_bytes(raw[:begin] + entries + tail)
    return path


def _sparse(path: Path, size: int, begin: bytes = b"") -> Path:
    with open(path, "wb") as file:
        file.write(begin)
        file.truncate(size)
    return path


def _wav(path: Path, promised: int, size: int = 1000, name: bytes = b"data", order: str = "<") -> Path:
    head = (b"RIFF" if order == "<" else b"RIFX") + struct.pack(f"{order}L", min(promised, 2**32 - 1)) + b"WAVE"
    head += b"fmt " + struct.pack(f"{order}LHHLLHH", 16, 1, 1, 8000, 16000, 2, 16)
    path.write_bytes(head + name + struct.pack(f"{order}L", promised) + bytes(size))
    return path


def _wavs(folder: Path, **options: Any) -> object:
    for name in ("3_ada_0", "3_ada_5", "7_ada_5"):
        _wav(folder / f"{name}.wav", 4_000_000_000, **options)
    return fsdd(folder)


def _laughs(path: Path) -> Path:
    entities = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
    path.write_text(f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><graphml>&l11;</graphml>')
    return path


def _text(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


BOMBS: dict[str, tuple[Callable[[Path], object], str]] = {
    "npz of zeros, of another kind": (
        lambda p: Reservoir.load(_zeros_bomb(p / "a.npz")),
        "is not a file of kind 'reservoir'",
    ),
    "npz of zeros, 300 MB": (
        lambda p: load_arrays(_zeros_bomb(p / "a.npz", 300_000_000)),
        "would unpack to 286 MiB, over 100 times its own size",
    ),
    "npz of a million arrays": (lambda p: Reservoir.load(_millions(p / "a.npz")), "table of contents of 5.* bytes"),
    "npz of a million arrays, zip64": (
        lambda p: Reservoir.load(_millions(p / "a.npz", zip64=True)),
        "table of contents of 5.* bytes",
    ),
    "npz in an npz": (
        lambda p: load_arrays(_zip_of(p / "a.npz", {"b.npz": _zip_of(p / "b.npz", {"c.npy": b"x"}).read_bytes()})),
        "it holds 'b.npz'",
    ),
    "npz with a forged shape": (
        lambda p: load_arrays(
            _zip_of(p / "a.npz", {"a.npy": _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }")})
        ),
        r"an array of shape \(1000000000000,\) and type float64 has not 0 bytes",
    ),
    "npz with a shape that overflows": (
        lambda p: load_arrays(
            _zip_of(p / "a.npz", {"a.npy": _npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**61}, 8), }}")})
        ),
        "has not 0 bytes",
    ),
    "npz with a long header": (
        lambda p: load_arrays(_zip_of(p / "a.npz", {"a.npy": _npy(" " * 3 * 10**7, b"\x02\x00")})),
        "an array's header has 30000001 bytes: must be at most 10000",
    ),
    "npz with a nested header": (
        lambda p: load_arrays(_zip_of(p / "a.npz", {"a.npy": _npy("(" * 9000)})),
        "is damaged or no .npz file",
    ),
    "npz by another compression": (
        lambda p: load_arrays(_zip_of(p / "a.npz", {"a.npy": b"x"}, zipfile.ZIP_LZMA)),
        "method 14 of compression",
    ),
    "npz of objects": (
        lambda p: load_arrays(
            _zip_of(p / "a.npz", {"a.npy": _npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")})
        ),
        "arrays of objects are refused",
    ),
    "text of 10 GB": (
        lambda p: ReservoirSpec.load(_sparse(p / "a.toml", 10**10)),
        r"has 10000000000 bytes: a text file .* must be at most 256 MiB \(HRSNN_MAX_TEXT raises this\)",
    ),
    "GraphML of 10 GB": (lambda p: read_graph(_sparse(p / "a.graphml", 10**10)), "must be at most 256 MiB"),
    "GraphML, a billion laughs": (lambda p: read_graph(_laughs(p / "a.graphml")), "declares the entity 'l0'"),
    "GraphML, deep": (lambda p: read_graph(_text(p / "a.graphml", "<g>" * 10**6)), "nesting of TOML, JSON and GraphML"),
    "edge list in a line": (
        lambda p: read_graph(_text(p / "a.edges", "1 2 " * 10**6)),
        "has a line of 3999999 characters: length of a name",
    ),
    "edge list with a long name": (
        lambda p: Reservoir.from_graph(read_graph(_text(p / "a.edges", f"{'a' * 300} 2 1.0\n2 {'a' * 300} 1.0"))),
        "has 300 characters: length of a name",
    ),
    "JSON, deep": (lambda p: read_json(_text(p / "a.json", "[" * 10**6), "run"), "nesting of TOML, JSON and GraphML"),
    "wav that promises 4 GB": (_wavs, "a part of 4000000000 bytes in a file of 1044"),
    "wav that promises 4 GB, big-endian": (lambda p: _wavs(p, order=">"), "a part of 4000000000 bytes in a file"),
    "wav with a long unknown part": (lambda p: _wavs(p, name=b"LIST"), "a part of 4000000000 bytes in a file"),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_file_that_is_larger_than_it_looks_is_refused(case: str, tmp_path: Path) -> None:
    call, said = BOMBS[case]
    with pytest.raises(HrsnnError, match=said) as refused:
        call(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_recording_larger_than_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e6")
    for name in ("3_ada_0", "3_ada_5", "7_ada_5"):
        _wav(tmp_path / f"{name}.wav", 10**7, size=10**7)
    with pytest.raises(FileError, match=r"would take about 57.* of memory"):
        fsdd(tmp_path)


def test_arrays_larger_than_memory_or_the_limit_are_refused_by_the_table_of_contents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_npz(tmp_path / "a.npz", "kind", 1, {"a": np.zeros(10**6)})
    monkeypatch.setenv("HRSNN_MAX_UNPACKED", "1e6")
    with pytest.raises(FileError, match=r"would unpack to 7.63 MiB: an .npz file once unpacked must be at most 977 KiB"):
        load_arrays(tmp_path / "a.npz")
    monkeypatch.delenv("HRSNN_MAX_UNPACKED")
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e6")
    with pytest.raises(FileError, match=r"would take about 7\.63 MiB of memory"):
        load_arrays(tmp_path / "a.npz")


def test_a_graph_larger_than_memory_is_refused_before_it_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e6")
    nodes = "".join(f'<node id="{k}"/>' for k in range(3000))
    _text(tmp_path / "a.graphml", f"<graphml><graph>{nodes}</graph></graphml>")
    _text(tmp_path / "a.edges", "".join(f"{k} {k + 1}\n" for k in range(3000)))
    for name in ("a.graphml", "a.edges"):
        with pytest.raises(FileError, match=r"would take about 1\.\d+ MiB of memory"):
            read_graph(tmp_path / name)


@pytest.mark.slow
@pytest.mark.parametrize("case", BOMBS)
def test_refusing_takes_little_memory(case: str, tmp_path: Path, root: Path, forks: Forks) -> None:
    """In a process of its own, beside one that only loads the same modules; the file is made before."""
    code = (
        "import resource, sys, test_large_files\nfrom pathlib import Path\n"
        "call, said = test_large_files.BOMBS[sys.argv[1]]\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    call(Path(sys.argv[2]))\nexcept test_large_files.HrsnnError:\n    pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(root / at) for at in (".", "tests", "tests/hrsnn/files"))}
    done = forks.run(["-c", code, case, tmp_path], env=environment)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 300_000  # KiB, the making of the file among them
