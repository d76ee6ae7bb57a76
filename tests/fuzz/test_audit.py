"""Nothing is evaluated, unpickled, started or sent: commands under Python's audit hooks (PEP 578), each twice in a process.

What both runs do depends on the data; what only the first does is done once in a process, such as imports. Libraries that
have a reason to compile or to unpickle are in `ALLOWED`, with the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_layouts import write_cifar10

from hrsnn import ReservoirSpec, SpikeTrains, build
from hrsnn.networks import write_graph

#: By event and file: why. In a second run of a command there is nothing else but what is written.
ALLOWED = {
    ("compile", "typing_extensions.py"): "tyro reads the annotations of the options, which are text of this package",
    ("exec", "typing_extensions.py"): "the same",
    ("compile", "numpy/lib/_format_impl.py"): "ast.literal_eval of an array's header: parsed to a tree, not carried out",
    ("compile", "annotated_types/__init__.py"): "dataclasses make methods of classes that are first used late",
    ("ctypes.dlopen", "threadpoolctl.py"): "threads of BLAS are held to one: its library, by the path it was loaded from",
}
#: In a first run: what is not an import, and not code of a module.
ALLOWED_ONCE = {
    ("pickle.find_class", "numba/core/caching.py"): "compiled kernels on disk, whose folder is checked: docs/engines.md",
    ("ctypes.dlopen", "llvmlite/binding/ffi.py"): "Numba's compiler",
    ("ctypes.dlopen", "import"): "the import of ctypes",
    ("marshal.loads", "import"): "imports",
}


def events(folder: Path, *words: object) -> dict[str, Any]:
    """The events of both runs of a command."""
    command = [sys.executable, str(Path(__file__).parent / "audited.py"), *map(str, words), "--out", "OUT", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "MPLBACKEND": "Agg"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def check(found: dict[str, Any], folder: Path) -> None:
    """Compare the events with those that are allowed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    places = [folder.resolve(), cache.resolve(), Path(tempfile.gettempdir()).resolve(), Path("/dev/null"), Path("/proc")]
    for turn, allowed in (("first", {**ALLOWED, **ALLOWED_ONCE}), ("second", ALLOWED)):
        assert any(event == "write" for event, *_ in found[turn])  # the hook is there
        for event, file, detail, _ in found[turn]:
            if event == "write":
                # a first import writes the bytecode of a module
                beside = file == "import" and "__pycache__" in detail
                assert beside or any(Path(detail).is_relative_to(one) for one in places), (turn, file, detail)
            elif turn == "second" or event not in ("exec", "compile"):
                assert (event, file) in allowed, (turn, event, file, detail)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of several kinds; the batches of CIFAR are pickles."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    samples = [(np.sort(random.uniform(0, 50, 6)), random.integers(0, 2, 6)) for _ in range(24)]
    SpikeTrains.from_samples(samples, 2, 50.0).save(folder / "mine.npz", labels=["a", "b"] * 12)
    images, labels = random.integers(0, 255, (30, 32, 32, 3)).astype(np.uint8), np.arange(30) % 2
    write_cifar10(folder, (images[:20], labels[:20]), (images[20:], labels[20:]))
    write_graph(build(ReservoirSpec(neurons=20), seed=1, channels=1), folder / "graph.graphml")
    (folder / "series.csv").write_text("\n".join(["x", *(f"{np.sin(k / 3):.4f}" for k in range(400))]))
    (folder / "spec.toml").write_text('neurons = 20\ntau_exc = { kind = "gamma", mean = 3, cv = 0.3 }\n')
    return folder


def test_spike_trains_and_a_saved_model(data: Path, tmp_path: Path) -> None:
    words = ["classify", "--neurons", 20, "--task", "file", "--path", data / "mine.npz", "--save", "model.npz"]
    check(events(tmp_path, *words), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        ["classify", "--task", "cifar10", "--neurons", "20"],
        ["forecast", "--task", "csv", "--spec", "spec.toml", "--train", "150", "--test", "50"],
        ["memory", "--graph", "graph.graphml", "--values", "500", "--max-delay", "4"],
        ["prune", "--neurons", "20", "--iterations", "2", "--synapse-target", "0.5", "--duration", "300"],
        ["measure", "--spec", "spec.toml", "--stimuli", "100"],
    ],
    ids=lambda words: words[0],
)
def test_other_data(words: list[str], data: Path, tmp_path: Path) -> None:
    given = [str(data / word) if (data / word).is_file() else word for word in words]
    path = {"cifar10": data, "csv": data / "series.csv"}.get(words[2])
    check(events(tmp_path, *given, *(["--path", path] if path else [])), tmp_path)


def test_what_is_not_allowed_is_seen(tmp_path: Path) -> None:
    ordinary = [["write", "hrsnn/files/writing.py", str(tmp_path / "a"), 1]]
    for event in (
        ["exec", "hrsnn/spec.py", "<string>", 1],
        ["subprocess.Popen", "hrsnn/spec.py", "sh", 1],
        ["socket.connect", "hrsnn/spec.py", "", 1],
        ["pickle.find_class", "hrsnn/formats/cifar.py", "os.system", 1],
        ["write", "hrsnn/spec.py", "/etc/passwd", 1],
    ):
        with pytest.raises(AssertionError):
            check({"first": ordinary, "second": [*ordinary, event]}, tmp_path)
