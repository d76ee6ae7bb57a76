"""Small files that unpack to gigabytes or nest without end, and numbers beyond any size, each within 1 GB and a second.

``python tests/faults/bombs.py`` gives every reader its bombs, and ``--options`` every numeric option of every command 10^9,
10^18, nan and -1, each in a child of this process that may take 1 GB of address space more than it has. The exit code is
the number of cases with something wrong, at most 100. Of options, runs that a number merely makes long (epochs, trials) are
interrupted after three seconds, and are no fault as long as they stay within 1 GB.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import io
import json
import os
import pickle
import resource
import select
import signal
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), *(str(ROOT / "tests" / name) for name in ("project", "scripts"))]
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np  # noqa: E402

_MEMORY, _SECONDS, _LONGEST = 2**30, 1.0, 300.0  # bytes, s of processor time, s
#: Numbers that options are given.
NUMBERS = ("1000000000", "1000000000000000000", "nan", "-1")


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a case ended: refused, result, interrupted or a fault, with what was said and processor time (s)."""

    outcome: str
    said: str = ""
    seconds: float = 0.0


def confined(call: Callable[[], object], seconds: int = 5) -> Ended:
    """Call a function in a child of this process that may take 1 GB more than this process has."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for standard in (1, 2):
                os.dup2(null, standard)
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + _MEMORY
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            used = int(time.process_time()) + seconds + 1
            resource.setrlimit(resource.RLIMIT_CPU, (used, used + 1))
            begun = time.process_time()
            outcome = _outcome(call)
            os.write(write, json.dumps([*outcome, time.process_time() - begun]).encode())
        finally:
            os._exit(0)
    os.close(write)
    handle = os.pidfd_open(child)
    ended = select.select([handle], [], [], _LONGEST)[0]
    if not ended:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    os.close(handle)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with os.fdopen(read) as text:
        row = json.loads(text.read() or "[]")
    if row:
        return Ended(*row)
    over = code in (-signal.SIGXCPU, -signal.SIGKILL)
    return Ended("interrupted" if over else "died", f"exit code {code}", float(seconds))


def _outcome(call: Callable[[], object]) -> tuple[str, str]:
    from hrsnn import HrsnnError

    try:
        call()
    except HrsnnError as error:
        return "refused", str(error)[:300]
    except MemoryError:
        return "memory", "MemoryError"
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {error}"[:300]
    return "result", ""


def npz_of_zeros(path: Path) -> None:
    """Write an archive of 512 MB of zeros in half a megabyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(  # type: ignore[no-untyped-call]
            member, {"descr": "|u1", "fortran_order": False, "shape": (2**29,)}
        )
        for _ in range(2**5):
            member.write(bytes(2**24))


def npz_of_a_shape(path: Path) -> None:
    """Write an array that says it has 10^15 numbers, and has none."""
    with zipfile.ZipFile(path, "w") as archive, archive.open("x.npy", "w") as member:
        np.lib.format.write_array_header_1_0(  # type: ignore[no-untyped-call]
            member, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
        )


def hdf5_of_extents(path: Path) -> None:
    """Write data sets of 10^12 values of which no chunk is stored."""
    import h5py

    with h5py.File(path, "w") as file:
        for name in ("spikes/times", "spikes/units", "labels", "node/x", "edges/weight"):
            file.create_dataset(name, (10**12,), "f8", chunks=(2**16,))


def hdf5_of_zeros(path: Path) -> None:
    """Write 512 MB of zeros, compressed a thousand times."""
    import h5py

    with h5py.File(path, "w") as file:
        for name in ("spikes/times",):
            file.create_dataset(name, (2**26,), "f8", chunks=(2**22,), compression="gzip", fillvalue=0)[:] = 0


def hdf5_of_depth(path: Path) -> None:
    """Write groups in groups, 5000 deep."""
    import h5py

    with h5py.File(path, "w") as file:
        file.create_group("/".join(["g"] * 5000))


def png_of_pixels(path: Path) -> None:
    """Write an image of 60000 by 60000 pixels, all white."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(b"\0" + b"\xff" * 7500) for _ in range(60000)) + rows.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 1, 0, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", body) + chunk(b"IEND", b""))


def wav_of_length(path: Path) -> None:
    """Write a header that says 4 GB of sound."""
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    path.write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", 16) + form + b"data\xf0\xff\xff\xff" + bytes(100))


def idx_of_zeros(path: Path) -> None:
    """Write 512 MB of zeros, compressed, under a header that says so."""
    with gzip.open(path, "wb", 6) as file:
        file.write(struct.pack(">HBBIII", 0, 8, 3, 2**13, 2**8, 2**8))
        for _ in range(2**5):
            file.write(bytes(2**24))


def idx_of_a_shape(path: Path) -> None:
    """Write a header of 255 dimensions of 2^32 - 1."""
    path.write_bytes(struct.pack(">HBB", 0, 14, 255) + b"\xff" * 4 * 255)


def pickle_of_length(path: Path) -> None:
    """Write bytes that say they are 2^62 long."""
    path.write_bytes(b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"abc.")


def pickle_of_lists(path: Path) -> None:
    """Write a list of two lists of two lists, and so on, which share them: 2^60 items if they were copied."""
    value: Any = []
    for _ in range(60):
        value = [value, value]
    path.write_bytes(pickle.dumps({b"data": value}, protocol=2))


def text(begin: str, repeated: str, count: int, end: str = "") -> Callable[[Path], None]:
    """Return a function that writes a text with a part repeated."""

    def write(path: Path) -> None:
        path.write_text(begin + repeated * count + end)

    return write


def entities(path: Path) -> None:
    """Write GraphML of ten entities of ten each, ten deep."""
    levels = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10 if k else "x" * 10}">' for k in range(11))
    path.write_text(f"<!DOCTYPE graphml [{levels}]><graphml><graph><node id='&e10;'/></graph></graphml>")


def readers() -> dict[str, tuple[str, Callable[[Path], object]]]:
    """Return the name of a file, and the function that reads it, by the name of a reader."""
    from hrsnn import NetworkState, Reservoir, ReservoirSpec, SpikeTrains, load_model, load_results
    from hrsnn.balanced import BalancedNetwork, BalancedSpec
    from hrsnn.deep.packed.network import PackedNetwork
    from hrsnn.exchange import from_sonata, spikes_from_sonata
    from hrsnn.files.reading import read_json
    from hrsnn.formats.hdf5_tree import read_tree
    from hrsnn.formats.idx import read_idx
    from hrsnn.formats.image_folder import read_image
    from hrsnn.formats.plain_pickle import read_plain_pickle
    from hrsnn.formats.spiking_h5 import recording_labels
    from hrsnn.formats.ts import read_ts
    from hrsnn.formats.wav import read_wav
    from hrsnn.networks import read_graph

    return {
        "Reservoir.load": ("a.npz", Reservoir.load),
        "NetworkState.load": ("a.npz", NetworkState.load),
        "BalancedNetwork.load": ("a.npz", BalancedNetwork.load),
        "SpikeTrains.load": ("a.npz", SpikeTrains.load),
        "load_model": ("a.npz", load_model),
        "matrix": ("a.npz", read_graph),
        "spiking_h5": ("a.h5", recording_labels),
        "read_tree": ("a.h5", read_tree),
        "SONATA network": ("a.h5", from_sonata),
        "SONATA spikes": ("a.h5", spikes_from_sonata),
        "images": ("a.png", read_image),
        "wav": ("a.wav", read_wav),
        "IDX": ("a.gz", read_idx),
        "pickle": ("a", read_plain_pickle),
        "GraphML": ("a.graphml", read_graph),
        "edges": ("a.edges", read_graph),
        "table of links": ("a.csv", read_graph),
        "table of results": ("a.csv", load_results),
        "JSON": ("a.json", lambda path: read_json(path, "run")),
        "spec": ("a.toml", ReservoirSpec.load),
        "balanced spec": ("a.toml", BalancedSpec.load),
        "ts": ("a.ts", read_ts),
        "packed": ("a.bin", PackedNetwork.load),
    }


_HEAD = "@problemName A\n@univariate true\n@classLabel true a b\n@data\n"
#: Bombs by the ending of the file that they are.
BOMBS: Mapping[str, Mapping[str, Callable[[Path], None]]] = {
    ".npz": {"zeros": npz_of_zeros, "shape": npz_of_a_shape},
    ".h5": {"extents": hdf5_of_extents, "zeros": hdf5_of_zeros, "depth": hdf5_of_depth},
    ".png": {"pixels": png_of_pixels},
    ".wav": {"length": wav_of_length},
    ".gz": {"zeros": idx_of_zeros, "shape": idx_of_a_shape},
    "": {"length": pickle_of_length, "lists": pickle_of_lists, "marks": text("", "(", 10**6, ".")},
    ".graphml": {"entities": entities, "depth": text("<graphml>", "<graph>", 10**5)},
    ".edges": {"line": text("", "x" * 1000, 10**5)},
    ".csv": {"line": text("source,target\n", "1,", 5 * 10**7), "names": text("", "a,", 10**7, "\n1,2\n")},
    ".json": {"depth": text("", "[", 10**6), "number": text('{"a": ', "1" * 1000, 10**5, "}")},
    ".toml": {
        "depth": text("neurons = ", "[", 10**5),
        "key": text("", "a.", 10**5, "b = 1"),
        "keys": text("", "[[a]]\n", 10**5),
    },
    ".ts": {"line": text(_HEAD, "1,", 5 * 10**7, "1:a\n"), "channels": text(_HEAD, "1:", 10**6, "a\n")},
    ".bin": {"zeros": text("", "\0" * 1000, 10**5)},
}


def files(folder: Path) -> Iterator[tuple[str, Ended]]:
    """Yield a reader with its bomb, and how that ended."""
    written: dict[tuple[str, str], Path] = {}
    for reader, (name, read) in readers().items():
        ending = Path(name).suffix
        for bomb, write in BOMBS[ending].items():
            path = folder / (ending or ".none")[1:] / bomb / name
            if (ending, bomb) not in written:
                path.parent.mkdir(parents=True)
                write(path)
                written[ending, bomb] = path
            yield f"{reader}, {bomb}", confined(lambda read=read, path=path: read(path))  # type: ignore[misc]


def numeric_options(verbs: Sequence[str] = ()) -> Iterator[tuple[str, list[str]]]:
    """Yield the words of a small command with one numeric option of a number beyond any size."""
    import plain_wheel

    from hrsnn import scripts

    skipped = ("demo", "fetch", "report", "spec", "engines", "list", "tasks", "collect", "predict")
    for verb, base in plain_wheel.COMMANDS.items():
        if verb in skipped or (verbs and verb not in verbs) or (verb.startswith("deep ") and verb != "deep train"):
            continue
        for one in dataclasses.fields(scripts.find(verb)):
            kind = str(one.type)
            if ("int" in kind or "float" in kind) and "Flag" not in kind and "mapping" not in kind.lower():
                option = "--" + one.name.rstrip("_").replace("_", "-")
                for number in NUMBERS:
                    yield f"{verb} {option} {number}", [*verb.split(), *base, option, number, "--quiet"]


def given(words: Sequence[str]) -> Callable[[], object]:
    """Return a function that runs a command, and raises its refusal."""

    def run() -> None:
        from hrsnn import HrsnnError, scripts

        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            held = io.StringIO()
            sys.stdout, sys.stderr = io.StringIO(), held
            code = scripts.main(list(words))
            os.chdir("/")
            said = held.getvalue()
        if code == 2 and "Traceback" not in said:
            raise HrsnnError(said)
        if code:
            raise RuntimeError(f"exit code {code}: {said}")

    return run


def main() -> int:
    """Read the command line, try all cases, and print those with something wrong, and how the others ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--options", action="store_true", help="options of commands in place of files")
    parser.add_argument("--command", nargs="+", default=[], metavar="VERB", help="with --options: these commands only")
    parser.add_argument("--verbose", action="store_true", help="print every case")
    options = parser.parse_args()
    wrong, slowest, counts = 0, 0.0, {"refused": 0, "result": 0, "interrupted": 0}
    with tempfile.TemporaryDirectory(prefix="bombs-") as name:
        if options.options:
            given(["memory", "--neurons", "20", "--values", "500", "--max-delay", "4", "--quiet"])()  # imports
            cases = ((what, confined(given(words), 3)) for what, words in numeric_options(options.command))
        else:
            cases = files(Path(name))
        for what, ended in cases:
            fault = ended.outcome not in counts or (ended.outcome == "refused" and ended.seconds > _SECONDS)
            fault |= not options.options and ended.outcome == "interrupted"
            wrong += fault
            slowest = max(slowest, ended.seconds if ended.outcome == "refused" else 0.0)
            counts[ended.outcome] = counts.get(ended.outcome, 0) + 1
            if fault or options.verbose or ended.outcome == "interrupted":
                print(f"{what}: {ended.outcome} in {ended.seconds:.2f} s: {ended.said[:160]}", flush=True)
    print(
        f"{', '.join(f'{n} {outcome}' for outcome, n in counts.items())}; {wrong} wrong; the slowest refusal {slowest:.2f} s"
    )
    return min(wrong, 100)


if __name__ == "__main__":
    sys.exit(main())
