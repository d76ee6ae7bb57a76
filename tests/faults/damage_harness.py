"""Damaged files of every format that is read: each is loaded and used in a process of its own, and the outcome is classed.

``python tests/faults/damage_harness.py --cases 1000 --seed 7``; the exit code is the number of faults, at most 100.
Outcomes:

refused
    with an error of the package that names the file
harmless
    the content is that of the intact file
valid
    another content that is valid by the rules of ``damage_rules``: a weight that differs
Faults: accepted (an invalid content was accepted), unnamed (refused without the file's name), traceback, signal, hang.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    # one thread: a fork copies no other
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import damage_rules as rules  # noqa: E402
import damaged_files as damages  # noqa: E402
import numpy as np  # noqa: E402

FAULTS = ("accepted", "unnamed", "traceback", "signal", "hang")
OUTCOMES = ("refused", "harmless", "valid", *FAULTS)
_CPU, _WALL, _MEMORY = 20, 300, 8 * 2**30  # s, s, bytes
_SPIKES_MS, _VALUES = 20.0, 4


@dataclass(frozen=True)
class Specimen:
    """An intact file of one format in a folder, and what is done with it."""

    folder: Path
    file: str
    load: Callable[[Path], Any]  #: of the folder: what was read
    same: Callable[[Any, Any], bool]
    damages: Mapping[str, damages.Damage]
    rule: rules.Rule
    use: Callable[[Any, int], None] = lambda loaded, turn: None  #: of what was read, and a number for variety

    @property
    def intact(self) -> bytes:
        """The bytes of the intact file."""
        return (self.folder / self.file).read_bytes()


@dataclass
class Tally:
    """Outcomes by format, and the faults one by one."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """A table, and a line for each fault."""
        lines = [f"{'format':16s}" + "".join(f"{outcome:>10s}" for outcome in OUTCOMES)]
        for name in dict.fromkeys(name for name, _ in self.counts):
            lines.append(f"{name:16s}" + "".join(f"{self.counts[name, outcome]:10d}" for outcome in OUTCOMES))
        totals = [sum(n for (_, found), n in self.counts.items() if found == outcome) for outcome in OUTCOMES]
        lines.append(f"{self.counts.total():<16d}" + "".join(f"{n:10d}" for n in totals))
        return "\n".join([*lines, *self.faults])


def _stimuli(reservoir: Any) -> list[Any]:
    from hrsnn import Currents, SpikeTrains

    channels = reservoir.channels
    times = np.linspace(0, _SPIKES_MS, 12, endpoint=False)
    spikes = SpikeTrains(times, np.arange(12) % channels, [0, 12], channels, _SPIKES_MS)
    return [spikes, Currents(np.ones((1, _VALUES, channels)), dt=5.0)]


def _simulated(reservoir: Any, turn: int, **more: Any) -> None:
    from hrsnn import simulate

    if reservoir.channels > 1000:
        return  # a stimulus over so many channels would be the memory's business
    # Brian2 takes a second to begin: one case in eight
    engines = (
        ["compiled"]
        + ["exact"] * (reservoir.short_term is None and "state" not in more)
        + ["brian2-numpy"] * (turn % 8 == 0)
    )
    for engine in engines:
        simulate(
            reservoir,
            _stimuli(reservoir)[turn % 2],
            engine=engine,
            plastic=turn % 3 == 0,
            record=("spikes", "counts", "states"),
            **more,
        )


def specimens(folder: Path) -> dict[str, Specimen]:
    """An intact file of every format, made in `folder`."""
    from scipy.io import wavfile

    from hrsnn import (
        NetworkState,
        PoissonEncoder,
        Reservoir,
        ReservoirClassifier,
        ReservoirSpec,
        SpikeTrains,
        build,
        load_model,
        save_model,
        simulate,
    )
    from hrsnn.analysis.figures import neuron_traces
    from hrsnn.networks import LNP, prune, write_graph
    from hrsnn.recording import Traces
    from hrsnn.scripts.pruning_curve import PruningCurve
    from hrsnn.scripts.variants import Variants
    from hrsnn.search import named_space
    from hrsnn.search.space import SPACES
    from hrsnn.tasks import load_task
    from hrsnn.validation.arrays import rules_of

    found: dict[str, Specimen] = {}
    npz = {**damages.ANY, **damages.NPZ}

    def place(name: str) -> Path:
        (folder / name).mkdir(parents=True)
        return folder / name

    rich = ReservoirSpec(
        neurons=20, adaptation=1, background_rate=20, short_term_plasticity=True, delay_ee=2, length_scale=3
    )
    networks = {
        "reservoir": build(rich, seed=1, channels=2),
        "plain reservoir": build(ReservoirSpec(neurons=20, length_scale=3), seed=2, channels=2).replace(
            labels=np.array([f"n{k}" for k in range(20)])
        ),
    }
    for name, network in networks.items():
        where = place(name.replace(" ", "_"))
        network.save(where / "file.npz")
        found[name] = Specimen(
            where, "file.npz", lambda at: Reservoir.load(at / "file.npz"), Reservoir.equals, npz, rules.reservoir, _simulated
        )

    for name, network in networks.items():
        where = place(f"state_{name}".replace(" ", "_"))
        run = simulate(network, _stimuli(network)[0], plastic=True)
        own = run.reservoir
        run.state.save(where / "file.npz")
        found[name.replace("reservoir", "state")] = Specimen(
            where,
            "file.npz",
            lambda at: NetworkState.load(at / "file.npz"),
            _same_state,
            npz,
            rules.state_of(own),
            lambda state, turn, own=own: _simulated(own, turn, state=state),  # type: ignore[misc]
        )

    where = place("traces")
    watched = {"record": ("v", "currents", "adaptation"), "record_neurons": [2, 5, 7], "sample_times": 4}
    simulate(networks["reservoir"], _stimuli(networks["reservoir"])[0], **watched).traces.save(where / "file.npz")  # type: ignore[arg-type]
    found["traces"] = Specimen(
        where,
        "file.npz",
        lambda at: Traces.load(at / "file.npz"),
        lambda a, b: all(np.array_equal(getattr(a, name), getattr(b, name)) for name in rules_of(Traces)),
        npz,
        rules.traces,
        lambda traces, turn: neuron_traces(traces.times[0], traces.v[0]) if traces.v.size else traces.summary(),
    )

    where = place("trains")
    random = np.random.default_rng(0)
    samples = [(np.sort(random.uniform(0, 50, 6)), random.integers(0, 2, 6)) for _ in range(6)]
    SpikeTrains.from_samples(samples, 2, 50.0).save(where / "file.npz", labels=["a", "b"] * 3)
    found["spike trains"] = Specimen(
        where,
        "file.npz",
        lambda at: SpikeTrains.load_labelled(at / "file.npz"),
        lambda a, b: a[0].equals(b[0]) and np.array_equal(a[1], b[1]),
        npz,
        rules.spike_trains,
        lambda loaded, turn: _presented(loaded[0], networks["plain reservoir"]),
    )

    where = place("spec")
    ReservoirSpec(neurons=30, a_minus=0.001, input_probability=0.5).save(where / "file.toml", comments=False)
    intact = (where / "file.toml").read_bytes()
    text = {**damages.ANY, **damages.TEXT}
    found["spec"] = Specimen(
        where,
        "file.toml",
        lambda at: ReservoirSpec.load(at / "file.toml"),
        lambda a, b: a == b,
        text,
        rules.spec(intact),
        _built,
    )

    where = place("space")
    rows = [
        f"{name} = {json.dumps(one)}" if isinstance(one, list) else _toml_table(name, one)
        for name, one in SPACES["all"].items()
    ]
    (where / "file.toml").write_text("\n".join(sorted(rows, key=lambda row: row.startswith("["))) + "\n")
    found["search space"] = Specimen(
        where,
        "file.toml",
        lambda at: named_space(str(at / "file.toml")),
        lambda a, b: a.to_dict() == b.to_dict(),
        text,
        rules.space,
        lambda space, turn: space.distributions(),
    )

    graphs = {
        "GraphML": ("file.graphml", {**text, "entities": damages.entities}, rules.graphml),
        "edge list": ("file.edges", text, rules.edges),
    }
    for name, (file, ways, rule) in graphs.items():
        where = place(file.replace(".", "_"))
        write_graph(networks["reservoir"], where / file)
        # as the command reads it
        found[name] = Specimen(
            where, file, lambda at, file=file: network_in(at / file), Reservoir.equals, ways, rule, _simulated
        )  # type: ignore[misc]

    where = place("model")
    points = random.random((12, 2))
    model = ReservoirClassifier(ReservoirSpec(neurons=20), encoder=PoissonEncoder(peak_rate=300, duration=20))
    save_model(where / "file.npz", model.fit(points, np.arange(12) % 2))
    found["model"] = Specimen(
        where,
        "file.npz",
        lambda at: load_model(at / "file.npz").predict_proba(points),
        np.array_equal,
        npz,
        rules.anything,
    )

    if importlib.util.find_spec("torch") is not None:  # of the extra torch
        found |= _deep_networks(place)

    where = place("fsdd")
    for digit, index in [(3, 0), (3, 5), (7, 0), (7, 5)]:
        wavfile.write(
            where / f"{digit}_ada_{index}.wav", 8000, (3000 * np.sin(np.arange(900) * digit / 10)).astype(np.int16)
        )
    found["wav"] = Specimen(
        where,
        "3_ada_0.wav",
        lambda at: load_task("fsdd", path=at),
        lambda a, b: all(
            np.array_equal(x, y) for x, y in zip([*a.x_train, *a.x_test], [*b.x_train, *b.x_test], strict=True)
        ),
        {**damages.ANY, **damages.WAV},
        rules.wav,
        lambda task, turn: task.encoder.fit(task.x_train).transform(task.x_test),
    )

    where = place("pruning")
    dense = networks["plain reservoir"]
    options: dict[str, Any] = {"iterations": 4, "synapse_target": 0.7, "neuron_target": 0.2, "refresh": 2, "seed": 3}

    class Stop(Exception):
        pass

    def stop(done: float, total: float) -> None:
        if done == 2:
            raise Stop

    with contextlib.suppress(Stop):
        prune(dense, LNP(), out=where, progress=stop, **options)

    def resumed(at: Path) -> Any:
        return prune(dense, LNP(), out=at, resume=True, **options)

    def same_pruning(a: Any, b: Any) -> bool:
        numbers = [json.dumps([record.plain() for record in one.records]) for one in (a, b)]
        return a.reservoir.equals(b.reservoir) and np.array_equal(a.origin, b.origin) and numbers[0] == numbers[1]

    (network_file,) = (path.relative_to(where) for path in where.glob("reservoirs/*.npz"))
    for name, file, ways, rule in (
        ("checkpoint", "checkpoint.json", damages.JSON, rules.checkpoint((where / "checkpoint.json").read_bytes())),
        ("its network", str(network_file), damages.NPZ, rules.reservoir),
        ("its timing", "timing.json", damages.JSON, rules.anything),
    ):
        found[name] = Specimen(where, file, resumed, same_pruning, {**damages.ANY, **ways}, rule)

    common: dict[str, Any] = {"neurons": 20, "seeds": 2, "tasks": ("memory",), "quiet": True}
    studies = {
        "variants": lambda at: Variants(**common, values=500, out=at),
        "curve": lambda at: PruningCurve(
            **common, arms=("dense", "magnitude", "random"), sparsities=(0.5, 0.8), iterations=2, out=at
        ),
    }
    for name, study in studies.items():
        where = place(name)
        study(where).run()
        run_file = sorted(path for path in where.glob("runs/*.json") if path.name != "settings.json")[3]
        for what, file, make in (
            (f"{name}: a run", run_file, rules.kept_run),
            (f"{name}: settings", where / "runs" / "settings.json", rules.settings),
        ):
            found[what] = Specimen(
                where,
                str(file.relative_to(where)),
                lambda at, study=study: study(at).run(),  # type: ignore[misc]
                lambda a, b: json.dumps(_plain(a.metrics())) == json.dumps(_plain(b.metrics())),
                {**damages.ANY, **damages.JSON},
                make(file.read_bytes()),
                lambda outcome, turn: (outcome.text, outcome.report(), outcome.metrics()),
            )
    return found


def _deep_networks(place: Callable[[str], Path]) -> dict[str, Specimen]:
    """A training of a deep network that goes on after its first epoch, and a packed file."""
    from hrsnn.deep.frames import frames_of
    from hrsnn.deep.learning.export import packed
    from hrsnn.deep.learning.optimisers import TrainingSettings
    from hrsnn.deep.learning.settings import NetworkSettings
    from hrsnn.deep.learning.training import train
    from hrsnn.deep.packed.inference import IntegerInference
    from hrsnn.deep.packed.network import PackedNetwork
    from hrsnn.deep.precision import precision_of
    from hrsnn.tasks import load_task

    part, validation = frames_of(load_task("digits").subset(train=40, test=10).validation_part())
    settings = NetworkSettings("mlp", part.shape, 10, steps=2, precision=precision_of(weight_bits=1, potential_bits=4))
    where = place("deep")

    def trained(at: Path) -> Any:
        """Return the arrays and the history of a training of one epoch, of which the file may have all."""
        done = train(settings, TrainingSettings(epochs=1, batch=20), part, validation, checkpoint=at / "network.npz")
        return done.network.arrays(), done.history

    trained(where)
    done = train(settings, TrainingSettings(epochs=1, batch=20), part, validation)
    network = packed(done.network)
    network.save(where / "network.bin")

    def same(one: Any, other: Any) -> bool:
        return one[1] == other[1] and all(np.array_equal(one[0][name], other[0][name]) for name in other[0])

    npz = {**damages.ANY, **damages.NPZ}
    return {
        "deep network": Specimen(
            where, "network.npz", trained, same, npz, rules.deep_network((where / "network.npz").read_bytes())
        ),
        "packed network": Specimen(
            where,
            "network.bin",
            lambda at: PackedNetwork.load(at / "network.bin"),
            lambda one, other: one.to_bytes() == other.to_bytes(),
            damages.ANY,
            rules.packed_network(network.to_bytes()),
            lambda loaded, turn: IntegerInference(loaded).outputs(validation.values[:2]),
        ),
    }


def _plain(value: Any) -> Any:
    from hrsnn.files.writing import to_json

    return json.loads(to_json(value))


def _toml_table(name: str, values: Mapping[str, Any]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {value}" for key, value in values.items())])


def network_in(path: Path) -> Any:
    """Return the network of a graph file, with as many channels as it says, or one."""
    from hrsnn.builder import build
    from hrsnn.formats.graphs import network_file
    from hrsnn.spec import ReservoirSpec

    file = network_file(path)
    return build(ReservoirSpec(graph=str(path), neurons=file.neurons), channels=file.channels or 1)


def _built(spec: Any, turn: int) -> None:
    from hrsnn import build

    if spec.neurons <= 200:
        _simulated(build(spec, seed=1, channels=2), turn)


def _presented(trains: Any, reservoir: Any) -> None:
    from hrsnn import simulate

    if trains.n_channels > 1000:
        return  # counts of so many channels are the memory's business
    trains.counts(3)
    if trains.n_channels == reservoir.channels and trains.durations.sum() < 1e4:
        trains.to_dense(1.0)
        simulate(reservoir, trains)


def _same_state(a: Any, b: Any) -> bool:
    from hrsnn.engines.network_state import NetworkState

    def content(state: NetworkState) -> list[Any]:
        parts: list[Any] = [state, state.variables, state.background]
        return [
            value for part in parts for key, value in sorted(vars(part).items()) if key not in ("variables", "background")
        ]

    return all(np.array_equal(x, y) and type(x) is type(y) for x, y in zip(content(a), content(b), strict=True))


class Harness:
    """Intact files of all formats, what they hold, and the classing of damaged ones."""

    def __init__(self, folder: Path, formats: Sequence[str] = ()) -> None:
        self.folder = folder
        made = specimens(folder / "intact")
        self.specimens = {name: made[name] for name in formats or made}
        self.expected = {}
        for name, specimen in self.specimens.items():
            work = self._copy(specimen)
            specimen.rule(specimen.intact)  # the rules hold for what we write ourselves
            loaded = self.expected[name] = specimen.load(work)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for turn in (0, 1, 3):  # what is loaded and compiled on first use
                    specimen.use(loaded, turn)

    def _copy(self, specimen: Specimen) -> Path:
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(specimen.folder, work)
        return work

    def run(self, cases: int, seed: int, first: int = 0) -> Tally:
        """Damage `cases` files, each format and each way of damage in turn."""
        tally, names = Tally(), list(self.specimens)
        for case in range(first, first + cases):
            name = names[case % len(names)]
            ways = list(self.specimens[name].damages)
            way = ways[case // len(names) % len(ways)]
            outcome, said = self.one(name, way, seed, case)
            tally.counts[name, outcome] += 1
            if outcome in FAULTS:
                kept = self.folder / f"{case}-{Path(self.specimens[name].file).name}"
                shutil.copy(self.folder / "work" / self.specimens[name].file, kept)
                tally.faults.append(f"{outcome}: {name}, {way}, case {case}, {kept}: {said}")
        return tally

    def one(self, name: str, way: str, seed: int, case: int) -> tuple[str, str]:
        """The outcome of one damaged file, and what was said."""
        specimen = self.specimens[name]
        work = self._copy(specimen)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = specimen.damages[way](specimen.intact, np.random.default_rng([seed, case]))
            (work / specimen.file).write_bytes(data)
            invalid = _invalid(specimen.rule, data)
        outcome, said = _in_a_child(lambda: _tried(specimen, work, self.expected[name], case))
        if outcome == "other":
            return ("accepted", f"invalid: {invalid}") if invalid else ("valid", said)
        return outcome, said


def _invalid(rule: rules.Rule, data: bytes) -> str:
    """Why a file is invalid; empty where it is not."""
    try:
        rule(data)
    except Exception as error:  # whatever the file makes the rules' readers raise
        return f"{type(error).__name__} {error}"[:150]
    return ""


def _tried(specimen: Specimen, work: Path, expected: Any, turn: int) -> tuple[str, str]:
    """In the child: load and use."""
    from hrsnn.errors import FileError, HrsnnError, InputError, SpecError

    try:
        loaded = specimen.load(work)
    except (FileError, InputError, SpecError) as error:
        return ("refused" if Path(specimen.file).name in str(error) or str(work) in str(error) else "unnamed"), str(error)
    try:
        if specimen.same(loaded, expected):
            return "harmless", ""
        specimen.use(loaded, turn)
    except HrsnnError as error:
        return ("other" if isinstance(error, ArithmeticError) else "refused"), str(error)
    return "other", ""


def _in_a_child(action: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    """The outcome of an action in a child of this process, within limits of time and memory."""
    if len(os.listdir("/proc/self/task")) > 1:
        raise SystemExit("threads are running: a forked child could wait for one that it does not have")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        outcome = "traceback", "died"
        try:
            os.close(read)
            null = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2):
                os.dup2(null, standard)
            resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU + 5))
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            warnings.simplefilter("ignore")
            outcome = action()
        except BaseException as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            outcome = (
                "traceback",
                f"{type(error).__name__}: {str(error)[:200]} at {Path(where.filename).name}:{where.lineno}",
            )
        finally:
            os.write(write, json.dumps([outcome[0], outcome[1][:1000]]).encode())
            os._exit(0)
    os.close(write)
    handle = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([handle], [], [], _WALL)
        if not ready:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said = os.read(read, 65536)
    finally:
        os.close(handle)
        os.close(read)
    if not ready or code == -signal.SIGXCPU:
        return "hang", f"more than {_CPU} s"
    if code:
        return "signal", signal.Signals(-code).name if code < 0 else f"exit code {code}"
    outcome, text = json.loads(said)
    return outcome, text


def main() -> int:
    """Read the command line, damage, and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first case: one case alone is --first N --cases 1"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--formats", nargs="+", default=[])
    parser.add_argument("--folder", type=Path, help="where files are made; those that made a fault stay there")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="damage-", dir=options.folder)).resolve()
    tally = Harness(folder, options.formats).run(options.cases, options.seed, options.first)
    print(tally.text)
    if not tally.faults:
        shutil.rmtree(folder)
    return min(len(tally.faults), 100)


if __name__ == "__main__":
    sys.exit(main())
