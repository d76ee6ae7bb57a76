"""Arguments of a wrong kind: every public function refuses them by name, in the project's own error."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import networkx
import numpy as np
import pytest

import hrsnn
from hrsnn import (
    Constant,
    Currents,
    InputError,
    Reservoir,
    ReservoirSpec,
    ReservoirTransformer,
    SpikeTrains,
    build,
    networks,
    simulate,
)
from hrsnn.analysis import kaplan_yorke_dimension, mean_rate
from hrsnn.engines import choose
from hrsnn.runtime.parallel import run_all
from hrsnn.search import Space, wasserstein
from hrsnn.tasks import TASKS, load_task
from hrsnn.validation.annotations import CLASSES, check_of

PUBLIC = ("hrsnn", "hrsnn.balanced", "hrsnn.analysis", "hrsnn.analysis.protocols", "hrsnn.networks", "hrsnn.search")
NAN, HUGE = float("nan"), 10**400
#: By kind, values that are of another one.
WRONG: dict[str, list[Any]] = {
    "bool": ["no", 1, 0.0, None, [True]],
    "str": [1, None, [1], {}, b"x"],
    "int": ["1", None, NAN, 0.5, True, [1], {}],
    "float": ["x", [], {}, HUGE, True, "nan"],
    "ArrayLike": ["x", {}, ["a"], [[1], [2, 3]], [None], HUGE, 1j],
    "Mapping": [1, [], "x", None],
    "Sequence": [1, None, NAN],
    "Callable": [1, "x", None],
    "Reservoir": [1, None, [1], "x", {}],
    "ReservoirSpec": [1, [], "x", {}],
    "Network": [1, None, [1], "x", {}],
    "NetworkType": [1, None, [1], "x", {}],
    "NetworkSpec": [1, [], "x", {}],
    "SpikeTrains": [1, None, [1.0], "x", {}],
}


def functions() -> dict[str, Callable[..., Any]]:
    found = {}
    for package in PUBLIC:
        module = importlib.import_module(package)
        found |= {name: getattr(module, name) for name in module.__all__}
    found |= {name: declared.load for name, declared in TASKS.items()}
    return {name: one for name, one in found.items() if inspect.isfunction(one) and hasattr(one, "units_taken")}


PARAMETERS = {
    f"{name}({parameter.name})": (function, parameter)
    for name, function in functions().items()
    for parameter in inspect.signature(function).parameters.values()
    if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
}
#: Parameters whose functions look at them by themselves, or whose values may be anything.
UNCHECKED = {
    "save_model(model)",  # any fitted estimator
    *("capacity(noise)", "heterogeneity(groups)", "lyapunov_exponents(state)", "prune(method)", "search(cluster)"),
    *("chaos_map(cluster)", "rank_map(cluster)", "simulate(sample_times)", "simulate(windows)"),
    *("simulate_population(sample_times)", "simulate_population(windows)"),
}


def test_the_kind_of_every_parameter_is_known():
    unknown = {name for name, (_, parameter) in PARAMETERS.items() if check_of(parameter.annotation) is None}
    assert unknown <= UNCHECKED


@pytest.mark.parametrize("name", sorted(set(PARAMETERS) - UNCHECKED))
def test_an_argument_of_another_kind_is_refused_by_name(name):
    function, parameter = PARAMETERS[name]
    kind = parameter.annotation.partition("[")[0]
    for wrong in [object(), *WRONG.get(kind, [])]:
        if wrong is None and parameter.annotation.endswith("| None"):
            continue
        with pytest.raises(InputError, match=rf"^{parameter.name} = .*: must be ") as refused:
            function(**{parameter.name: wrong})
        assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("annotation", "values"),
    [
        ("bool", [True, np.True_]),
        ("str", ["x", np.str_("x")]),
        ("int", [1, np.int32(1)]),
        ("float", [1, 0.5, np.float32(1), np.int64(1), np.array(2.0), NAN]),
        ("float | None", [None, 1.0]),
        ("ArrayLike", [np.ones((2, 2)), np.float64(1), 10**30, np.array([1, 2], object), True]),
        ("bool | Callable[[float, float], None]", [False, print]),
        ("Sequence[float]", [(1, 2), range(3), np.ones(2)]),
        ("Literal['a', 'b']", ["a"]),
        ("Mapping[int, int]", [{1: 2}]),
        ("Distribution", [Constant(1.0)]),
    ],
)
def test_what_is_of_the_kind_is_passed_on_as_it_is(annotation, values):
    check = check_of(annotation)
    assert check is not None
    assert all(check("x", value) is value for value in values)


def test_a_list_of_numbers_is_looked_through_once():
    check = check_of("ArrayLike")
    assert check is not None
    assert check("x", [[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert check_of("float")("x", 10**29) == 1e29  # type: ignore[misc]


def test_classes_by_name_are_those_of_the_package():
    public = {
        name for package in (*PUBLIC, "hrsnn.tasks", "hrsnn.equations") for name in importlib.import_module(package).__all__
    }
    assert CLASSES - public <= {"BaseSampler", "DiGraph", "Generator", "HawkesProcess", "Trajectory"}


SPEC = ReservoirSpec(neurons=12)
RESERVOIR = build(SPEC, seed=1, channels=2)
TRAINS = SpikeTrains([1.0, 5.0], [0, 1], [0, 2], n_channels=2, duration=10.0)
HELD = Currents(np.zeros((1, 3, 2)), dt=1.0)
EVENTS = ([0, 3], [1, 2], [0, 1], [10, 2500])

CALLS: dict[str, tuple[Callable[[], object], str]] = {
    "plastic": (lambda: simulate(RESERVOIR, TRAINS, plastic="no"), "plastic = 'no': must be True or False"),  # type: ignore[arg-type]
    "spec": (lambda: build(1), "spec = 1: must be ReservoirSpec"),  # type: ignore[arg-type]
    "reservoir": (lambda: simulate([1], TRAINS), r"reservoir = \[1\]: must be a Reservoir, or"),  # type: ignore[arg-type]
    "engine": (lambda: simulate(RESERVOIR, TRAINS, engine=[1]), r"engine = \[1\]: must be text"),  # type: ignore[arg-type]
    "engine by name": (lambda: choose([1]), r"engine = \[1\]: must be one of auto"),  # type: ignore[arg-type]
    "engine of a transformer": (lambda: _fitted(engine=[1]), r"engine = \[1\]: must be text"),
    "plastic of a transformer": (lambda: _fitted(plastic="no"), "plastic = 'no': must be True or False"),
    "seed": (lambda: build(SPEC, 10**39), "seed = 1.*: must be below"),
    "neurons": (lambda: ReservoirSpec(neurons=10**29), "neurons = 1"),
    "clusters": (lambda: ReservoirSpec(clusters=-5), "clusters = -5"),
    "cluster of a neuron": (lambda: RESERVOIR.replace(cluster=np.full(12, -5)), r"cluster\[0\] = -5: must not be negative"),
    "positions": (lambda: RESERVOIR.replace(positions=np.full((12, 3), NAN)), r"positions\[0, 0\] = nan: must be finite"),
    "flag": (lambda: RESERVOIR.replace(background_frozen="no"), "background_frozen = 'no': must be True or False"),
    "links": (lambda: RESERVOIR.replace(recurrent=[1]), r"recurrent = \[1\]: must be Links"),
    "equals": (lambda: RESERVOIR.equals(1), "other = 1: must be Reservoir"),  # type: ignore[arg-type]
    "graph": (lambda: Reservoir.from_graph([1]), r"graph = \[1\]: must be a networkx.DiGraph"),  # type: ignore[arg-type]
    "undirected": (lambda: Reservoir.from_graph(networkx.Graph([(0, 1)])), "graph = "),
    "changes": (lambda: SPEC.updated(1), "changes = 1: must be a mapping"),  # type: ignore[arg-type]
    "variant": (lambda: SPEC.variant([1]), r"name = \[1\]: must be text"),  # type: ignore[arg-type]
    "trains[nan]": (lambda: TRAINS[NAN], "index = .*must be whole numbers, a slice"),
    "trains['x']": (lambda: TRAINS["x"], "index = .*must be whole numbers"),
    "trains[[0.5]]": (lambda: TRAINS[[0.5]], "index = .*must be whole numbers"),
    "currents[nan]": (lambda: HELD[NAN], "index = .*must be whole numbers"),
    "sample": (lambda: TRAINS.sample("x"), "index = 'x': must be a whole number"),  # type: ignore[arg-type]
    "samples": (lambda: SpikeTrains.from_samples([1], 1, 5.0), r"samples = \[1\]: must be pairs"),  # type: ignore[list-item]
    "shape": (lambda: SpikeTrains.from_events(*EVENTS, shape=0), "shape = 0: must be two numbers"),  # type: ignore[arg-type]
    "three sides": (lambda: SpikeTrains.from_events(*EVENTS, shape=(4, 4, 1)), "shape = .*must be two"),  # type: ignore[arg-type]
    "time_unit": (lambda: SpikeTrains.from_events(*EVENTS, (4, 4), time_unit=[1]), "time_unit = "),  # type: ignore[arg-type]
    "parts": (lambda: SpikeTrains.concatenate([1]), r"parts = \[1\]: must be a list of SpikeTrains"),  # type: ignore[list-item]
    "path": (lambda: TRAINS.save(1), "path = 1: must be a path"),  # type: ignore[arg-type]
    "path read": (lambda: SpikeTrains.load([1]), r"path = \[1\]: must be a path"),  # type: ignore[arg-type]
    "trains": (lambda: mean_rate([1.0]), r"trains = \[1.0\]: must be SpikeTrains"),  # type: ignore[arg-type]
    "exponents": (lambda: kaplan_yorke_dimension(1.0), r"exponents = \(\): must have one dimension"),
    "jobs": (lambda: run_all(abs, [1], jobs=-5), "jobs = -5: must be a whole number >= 1"),
    "cluster": (lambda: run_all(abs, [1], cluster=-5), "cluster = -5: must be the address of a scheduler"),  # type: ignore[arg-type]
    "function": (lambda: run_all(1, [1]), "function = 1: must be a function"),  # type: ignore[arg-type]
    "progress": (lambda: run_all(abs, [1], progress="no"), "progress = 'no': must be True, False or a function"),  # type: ignore[arg-type]
    "task": (lambda: load_task([1]), r"task = \[1\]"),  # type: ignore[arg-type]
    "space": (lambda: Space.of(1), "space = 1: must be a mapping"),  # type: ignore[arg-type]
    "distribution": (lambda: wasserstein(1, Constant(2)), "first = 1: must be Distribution"),  # type: ignore[arg-type]
    "mask": (lambda: networks.keep_neurons(RESERVOIR, [True]), "kept = .*must be a mask of 12 values"),  # type: ignore[arg-type]
    "ends": (lambda: networks.strong_component(2, [0], [2]), r"post = .*: must be neurons, 0 to 1"),
    "rates": (lambda: networks.mean_drive(RESERVOIR, [1.0]), "rates = .*must be 12 numbers"),  # type: ignore[arg-type]
    **{
        f"per_target of {name}": (lambda name=name: networks.pruning_method(name, per_target="no"), "per_target = 'no'")  # type: ignore[misc]
        for name in ("drive", "signal")
    },
}


def _fitted(**options: Any) -> object:
    return ReservoirTransformer(SPEC, **options).fit(np.eye(3))


@pytest.mark.parametrize("case", CALLS)
def test_a_wrong_argument_is_an_error_of_the_package(case):
    call, message = CALLS[case]
    with pytest.raises(hrsnn.HrsnnError, match=f"^{message}"):
        call()
