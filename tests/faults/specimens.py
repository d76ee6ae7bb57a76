"""An intact file of every format that is read, and what is done with what it holds."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import damage_rules as rules
import damaged_files as damages
import numpy as np

_SPIKES_MS, _VALUES = 20.0, 4
#: Of a name: an empty folder.
Place = Callable[[str], Path]


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


def _two_networks() -> dict[str, Any]:
    """Return a network with all options, and a plain one with names."""
    from hrsnn import ReservoirSpec, build

    rich = ReservoirSpec(
        neurons=20, adaptation=1, background_rate=20, short_term_plasticity=True, delay_ee=2, length_scale=3
    )
    return {
        "reservoir": build(rich, seed=1, channels=2),
        "plain reservoir": build(ReservoirSpec(neurons=20, length_scale=3), seed=2, channels=2).replace(
            labels=np.array([f"n{k}" for k in range(20)]), cell_types=np.array(["Kenyon", ""] * 10)
        ),
    }


def _networks(place: Place) -> dict[str, Specimen]:
    """Networks, states, traces and spike trains."""
    from hrsnn import NetworkState, Reservoir, SpikeTrains, simulate
    from hrsnn.analysis.figures import neuron_traces
    from hrsnn.recording import Traces
    from hrsnn.validation.arrays import rules_of

    found: dict[str, Specimen] = {}
    npz = {**damages.ANY, **damages.NPZ}
    networks = _two_networks()
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
    return found


def _texts(place: Place) -> dict[str, Specimen]:
    """A specification and a space of a search."""
    from hrsnn import ReservoirSpec
    from hrsnn.search import named_space
    from hrsnn.search.space import SPACES

    found: dict[str, Specimen] = {}
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
    return found


def _graphs(place: Place) -> dict[str, Specimen]:
    """A network in the files of graphs."""
    from hrsnn import Reservoir
    from hrsnn.networks import write_graph

    found: dict[str, Specimen] = {}
    text = {**damages.ANY, **damages.TEXT}
    network = _two_networks()["reservoir"]
    graphs = {
        "GraphML": ("file.graphml", {**text, "entities": damages.entities}, rules.graphml),
        "edge list": ("file.edges", text, rules.edges),
        "table of links": ("file.csv", text, rules.links_table),
        "matrix of weights": ("file.npz", damages.ANY, rules.anything),
    }
    for name, (file, ways, rule) in graphs.items():
        where = place(file.replace(".", "_"))
        write_graph(network, where / file)
        # as the command reads it
        found[name] = Specimen(
            where, file, lambda at, file=file: network_in(at / file), Reservoir.equals, ways, rule, _simulated
        )  # type: ignore[misc]
    return found


def _models(place: Place) -> dict[str, Specimen]:
    """A fitted classifier."""
    from hrsnn import PoissonEncoder, ReservoirClassifier, ReservoirSpec, load_model, save_model

    found: dict[str, Specimen] = {}
    random = np.random.default_rng(0)
    where = place("model")
    points = random.random((12, 2))
    model = ReservoirClassifier(ReservoirSpec(neurons=20), encoder=PoissonEncoder(peak_rate=300, duration=20))
    save_model(where / "file.npz", model.fit(points, np.arange(12) % 2))
    found["model"] = Specimen(
        where,
        "file.npz",
        lambda at: load_model(at / "file.npz").predict_proba(points),
        np.array_equal,
        {**damages.ANY, **damages.NPZ},
        rules.anything,
    )
    return found


def _sounds(place: Place) -> dict[str, Specimen]:
    """Recordings of digits."""
    from scipy.io import wavfile

    from hrsnn.tasks import load_task

    found: dict[str, Specimen] = {}
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
    return found


def _prunings(place: Place) -> dict[str, Specimen]:
    """A pruning that was stopped, with its checkpoint."""
    from hrsnn.networks import LNP, prune

    found: dict[str, Specimen] = {}
    where = place("pruning")
    dense = _two_networks()["plain reservoir"]
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
    return found


def _studies(place: Place) -> dict[str, Specimen]:
    """Kept runs of studies, and their settings."""
    from hrsnn.scripts.pruning_curve import PruningCurve
    from hrsnn.scripts.variants import Variants

    found: dict[str, Specimen] = {}
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


def _deep_networks(place: Place) -> dict[str, Specimen]:
    """A training of a deep network that goes on after its first epoch, and a packed file; none without PyTorch."""
    if importlib.util.find_spec("torch") is None:  # of the extra torch
        return {}
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


def _exchanged(place: Place) -> dict[str, Specimen]:
    """A network in the HDF5 files of other tools."""
    from hrsnn import Reservoir
    from hrsnn.exchange import from_nir, from_sonata, spikes_from_sonata, to_nir, to_sonata

    found, network = {}, _two_networks()["reservoir"]
    where = place("sonata")
    to_sonata(network, where / "network.h5")
    to_sonata(_stimuli(network)[0], where / "spikes.h5")
    found["SONATA network"] = Specimen(
        where,
        "network.h5",
        lambda at: from_sonata(at / "network.h5"),
        Reservoir.equals,
        damages.ANY,
        rules.anything,
        _simulated,
    )
    found["SONATA spikes"] = Specimen(
        where,
        "spikes.h5",
        lambda at: spikes_from_sonata(at / "spikes.h5"),
        lambda a, b: a.equals(b),
        damages.ANY,
        rules.anything,
    )
    if importlib.util.find_spec("nir") is not None:  # of the extra nir
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what NIR has no place for
            to_nir(network, where / "network.nir")
        found["NIR graph"] = Specimen(
            where, "network.nir", lambda at: from_nir(at / "network.nir"), Reservoir.equals, damages.ANY, rules.anything
        )
    return found


#: Files that are made together, by area.
AREAS: Mapping[str, Callable[[Place], dict[str, Specimen]]] = {
    "networks": _networks,
    "texts": _texts,
    "graphs": _graphs,
    "exchange": _exchanged,
    "models": _models,
    "deep": _deep_networks,
    "sounds": _sounds,
    "prunings": _prunings,
    "studies": _studies,
}


def specimens(folder: Path, areas: Sequence[str] = ()) -> dict[str, Specimen]:
    """Return an intact file of every format of some areas (none: of all), made in `folder`."""

    def place(name: str) -> Path:
        (folder / name).mkdir(parents=True)
        return folder / name

    found: dict[str, Specimen] = {}
    for area in areas or AREAS:
        found |= AREAS[area](place)
    return found


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
