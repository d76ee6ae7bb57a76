"""Every reader of files, with damaged files that are of their format: refused by name, harmless, or valid by rules."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import damaged_files as damages
import numpy as np
from damage_harness import Harness
from data_damages import DATA, TEXT
from event_files import tiny_cifar10_dvs, tiny_dvs_gesture, tiny_events, tiny_nmnist
from first_parsers import passes
from hostile import Random, one_of
from image_layouts import idx_bytes, write_cifar10, write_image_folder, write_mnist
from isolation import Verdict
from spiking_h5_files import write_recordings_folder
from target import Target
from wav_folders import write_tones

from hrsnn import HrsnnError, InputError, SpikeTrains, load_results, simulate
from hrsnn.balanced import BalancedNetwork, BalancedSpec
from hrsnn.balanced.state import BalancedState
from hrsnn.formats.idx import read_idx
from hrsnn.kinds import build_network
from hrsnn.tasks import load_task

#: Options of tasks that messages ask for, instead of naming the file.
_OPTIONS = ("content", "size", "grey", "encoding")
#: Share of cases whose first change may leave the format.
_NOISE = 0.2


@dataclass(frozen=True)
class Data:
    """Intact files in a folder, of which one is changed, and the function that reads the folder."""

    folder: Path
    files: tuple[Path, ...]
    read: Callable[[Path], Any]


def _images(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(0).integers(0, 255, (40, *shape)).astype(np.uint8), np.arange(40) % 2


def _arrays(folder: Path) -> Path:
    images, labels = _images((6, 6))
    np.savez(folder / "mine.npz", x=images, y=labels)
    return folder / "mine.npz"


def _trains(folder: Path) -> Path:
    random = np.random.default_rng(0)
    samples = [(np.sort(random.uniform(0, 50, 6)), random.integers(0, 2, 6)) for _ in range(24)]
    SpikeTrains.from_samples(samples, 2, 50.0).save(folder / "mine.npz", labels=["a", "b"] * 12)
    return folder / "mine.npz"


def _series(folder: Path) -> Path:
    head = ["@problemName Waves", "@univariate true", "@classLabel true slow fast", "@data"]
    for part in ("TRAIN", "TEST"):
        rows = [",".join(f"{np.sin(k * t):.3f}" for t in range(12)) + (":slow" if k % 2 else ":fast") for k in range(12)]
        (folder / f"Waves_{part}.ts").write_text("\n".join([*head, *rows]))
    return folder


def _numbers(folder: Path) -> Path:
    (folder / "A.dat").write_text("\n".join(str(int(127 + 100 * np.sin(k / 3))) for k in range(1400)))
    return folder / "A.dat"


def _table(folder: Path) -> Path:
    rows = [f"{np.sin(k / 3):.3f},{np.cos(k / 5):.3f}" for k in range(400)]
    (folder / "mine.csv").write_text("\n".join(["x,y", *rows]))
    return folder / "mine.csv"


def _idx(folder: Path) -> Path:
    images, labels = _images((5, 5))
    return write_mnist(folder, {"train": (images, labels), "t10k": (images, labels)}, packed=True)


def _batches(folder: Path) -> Path:
    images, labels = _images((32, 32, 3))
    return write_cifar10(folder, (images[:20], labels[:20]), (images[20:30], labels[20:30]))


def _pictures(folder: Path) -> Path:
    images, labels = _images((6, 6))
    return write_image_folder(folder, images, np.array(["left", "right"])[labels].tolist())


#: Functions that write data of a task into a folder, and return the path for its option.
TASKS: Mapping[str, Callable[[Path], Path]] = {
    "arrays": _arrays,
    "cifar10": _batches,
    "cifar10_dvs": tiny_cifar10_dvs,
    "csv": _table,
    "dvs_gesture": tiny_dvs_gesture,
    "events": tiny_events,
    "file": _trains,
    "images": _pictures,
    "mnist": _idx,
    "nmnist": tiny_nmnist,
    "santa_fe": _numbers,
    "shd": partial(write_recordings_folder, prefix="shd", classes=20, train=3, test=1),
    "ts": _series,
    "wavs": write_tones,
}


def _task(name: str, path: str, at: Path) -> Any:
    task = load_task(name, path=at / path)
    if getattr(task, "encoder", None) is not None:
        task.encoder.fit(task.x_train[:4]).transform(task.x_test[:2])
    return task


def _others(folder: Path) -> dict[str, Data]:
    """Readers that belong to no task."""
    spec = BalancedSpec(neurons=12)
    network = build_network(spec, 1, 2)
    run = simulate(network, SpikeTrains(np.arange(4.0), [0, 1, 0, 1], [0, 4], 2, 8.0))
    network.save(folder / "balanced.npz")
    run.state.save(folder / "state.npz")
    spec.save(folder / "balanced.toml")
    (folder / "table.csv").write_text("neurons,of,value\n100,network,0.5\n200,network,0.75\n")
    (folder / "file.idx").write_bytes(idx_bytes(np.arange(12, dtype=np.int32).reshape(3, 4)))
    stimulus = SpikeTrains(np.arange(4.0), [0, 1, 0, 1], [0, 4], 2, 8.0)
    readers: dict[str, Callable[[Path], Any]] = {
        "balanced.npz": lambda at: simulate(BalancedNetwork.load(at / "balanced.npz"), stimulus),
        "state.npz": lambda at: simulate(network, stimulus, state=BalancedState.load(at / "state.npz")),
        "balanced.toml": lambda at: BalancedSpec.load(at / "balanced.toml"),
        "table.csv": lambda at: load_results(at / "table.csv"),
        "file.idx": lambda at: read_idx(at / "file.idx"),
    }
    return {name: Data(folder, (Path(name),), read) for name, read in readers.items()}


class Readers:
    """Intact files, and the check of a changed one.

    With `own`, they are the files of ``tests/faults/specimens.py``, which this package writes and for which there are rules;
    else data of tasks.
    """

    def __init__(self, folder: Path, own: bool, areas: Sequence[str] = ()) -> None:
        self.harness = Harness(folder / "harness", areas=areas) if own else None
        self.data: dict[str, Data] = {}
        if own:
            return
        for name, write in TASKS.items():
            place = folder / name
            place.mkdir(parents=True)
            path = write(place)
            files = tuple(sorted(one.relative_to(place) for one in place.rglob("*") if one.is_file()))
            self.data[name] = Data(place, files, partial(_task, name, str(path.relative_to(place))))
            self.data[name].read(place)
        (folder / "others").mkdir()
        self.data |= _others(folder / "others")

    def ways(self, name: str, file: Path) -> Mapping[str, damages.Damage]:
        """Return the changes of a file that leave it of its format."""
        if self.harness and name in self.harness.specimens:
            known = self.harness.specimens[name].damages
            return {way: one for way, one in known.items() if way not in damages.ANY} or {"bits": damages.bits}
        if file.suffix == ".npz" and name in ("file", "balanced.npz", "state.npz"):
            return damages.NPZ
        return DATA.get(file.suffix, TEXT) if file.suffix != ".idx" else {"fields": DATA[".bin"]["fields"]}

    def draw(self, random: Random) -> dict[str, Any]:
        """Return a file, and changes by name, each with a seed."""
        names = [*(self.harness.specimens if self.harness else ()), *self.data]
        name = one_of(names, random)
        files = self.data[name].files if name in self.data else (Path(self.harness.specimens[name].file),)  # type: ignore[union-attr]
        index = int(random.integers(len(files)))
        known = sorted(self.ways(name, files[index]))
        ways = [[one_of(known, random), int(random.integers(2**31))] for _ in range(1 + int(random.random() < 0.3))]
        if random.random() < _NOISE:
            ways.append([one_of(sorted(damages.ANY), random), int(random.integers(2**31))])
        ways.sort(key=lambda way: way[0] == "array_headers")  # what a header says no other change should have to write
        return {"name": name, "file": index, "ways": ways}

    def check(self, given: dict[str, Any], folder: Path) -> Verdict:
        """Change the file and read it."""
        name = given["name"]
        source = self.data[name].folder if name in self.data else self.harness.specimens[name].folder  # type: ignore[union-attr]
        shutil.copytree(source, folder, dirs_exist_ok=True)
        file = self.data[name].files[given["file"]] if name in self.data else Path(self.harness.specimens[name].file)  # type: ignore[union-attr]
        content = (folder / file).read_bytes()
        for way, seed in given["ways"]:
            known = {**damages.ANY, **self.ways(name, file)}
            try:
                content = known[way](content, np.random.default_rng(seed))
            except Exception:
                continue
        (folder / file).write_bytes(content)
        parsed = passes(file.name, content)
        if name in self.data:
            return self._read(self.data[name], folder, file, parsed)
        return self._used(name, folder, content, parsed)

    def _read(self, data: Data, folder: Path, file: Path, parsed: bool) -> Verdict:
        try:
            data.read(folder)
        except HrsnnError as error:
            if (folder / "unpickled").exists() or Path("unpickled").exists():
                return Verdict("accepted", "a pickle was carried out", parsed)
            named = file.name in str(error) or str(folder)[-60:] in str(error) or data.folder.name == "others"
            named |= isinstance(error, InputError) and error.field in _OPTIONS
            return Verdict("refused" if named else "unnamed", str(error), parsed)
        if Path("unpickled").exists():
            return Verdict("accepted", "a pickle was carried out", parsed)
        return Verdict("result", "", parsed)

    def _used(self, name: str, folder: Path, content: bytes, parsed: bool) -> Verdict:
        assert self.harness
        specimen = self.harness.specimens[name]
        try:
            loaded = specimen.load(folder)
        except HrsnnError as error:
            named = Path(specimen.file).name in str(error) or str(folder) in str(error)
            return Verdict("refused" if named else "unnamed", str(error), parsed)
        if specimen.same(loaded, self.harness.expected[name]):
            return Verdict("result", "the same", parsed)
        try:
            specimen.use(loaded, len(content) % 8)
        except HrsnnError as error:
            if not isinstance(error, ArithmeticError):
                return Verdict("refused", str(error), parsed)
        try:
            specimen.rule(content)
        except Exception as error:  # whatever the rules' own readers raise
            return Verdict("accepted", f"{name}: {type(error).__name__} {error}"[:150], parsed)
        return Verdict("result", "valid", parsed)


def simpler(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the input with one change less."""
    ways = given["ways"]
    return [{**given, "ways": ways[:k] + ways[k + 1 :]} for k in range(len(ways))]


def made(folder: Path) -> Target:
    """Return the target of data of tasks, and of files that belong to no task."""
    readers = Readers(folder, own=False)
    return Target("readers", readers.draw, readers.check, seconds=30, simpler=simpler, batch=60)
