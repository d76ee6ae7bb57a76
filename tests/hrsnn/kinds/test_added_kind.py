"""A kind that is added to the registry passes its tests, and goes through the commands."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from toy_kind import ENGINE, TOY, ToyNetwork, ToySpec

from hrsnn import ReservoirSpec, scripts
from hrsnn.engines import ENGINES
from hrsnn.kinds import KINDS
from hrsnn.testing import KindCases

#: Every command that takes networks of any kind, as small as it gets, with the pictures that it draws of a toy.
COMMANDS: dict[str, tuple[list[str], set[str]]] = {
    "memory": (["--values", "500", "--max-delay", "5"], {"memory", "raster"}),
    "rank": (["--stimuli", "10"], {"singular_values", "raster"}),
    "classify": (["--no-plastic", "--train", "40", "--test", "20"], {"accuracy", "confusion", "raster"}),
    "forecast": (["--train", "150", "--test", "30"], {"forecast", "raster"}),
    "measure": (["--stimuli", "50"], {"firing", "raster"}),
    "capacity": (["--values", "500", "--delays", "5", "3"], {"capacity", "memory", "raster"}),
    "search": (["--trials", "2", "--seeds", "1", "--fresh", "2", "--values", "400"], set()),
}
#: Commands for reservoirs only.
RESERVOIRS = (
    "demo",
    "map",
    "lyapunov",
    "connectome",
    "variants",
    "perturb",
    "importance",
    "prune",
    "compare",
    "pruning_curve",
    "reproduce",
)


@pytest.fixture(autouse=True)
def added() -> Iterator[None]:
    with KINDS.added("toy", TOY), ENGINES.added("toy", ENGINE):
        yield


class TestToyKind(KindCases):
    """The contract."""

    kind = "toy"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: object) -> tuple[int, str, str]:
        code = scripts.main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.parametrize("verb", COMMANDS)
def test_a_command_runs_it(verb: str, run: Any, tmp_path: Path) -> None:
    words, pictures = COMMANDS[verb]
    words = [verb, *words, "--network", "toy", "--neurons", "25", "--set", "gain=7"]
    code, _, error = run(*words, "--json")
    assert code == 0, error
    code, text, error = run(*words, "--out", tmp_path)
    assert (code, "Traceback" in error) == (0, False), error
    assert "25 neurons" in text
    files = {path.name for path in tmp_path.iterdir()}
    assert {"spec.toml", "metrics.json"} <= files
    assert {f"{name}.png" for name in pictures} <= files
    spec = ToySpec.load(tmp_path / "spec.toml")
    assert spec.neurons == 25
    if verb != "search":
        assert spec.gain == 7
        network = ToyNetwork.load(tmp_path / "toy.npz")
        assert (network.kind, network.neurons) == ("toy", 25)
        assert "time_constants.png" not in files
        scores = json.loads((tmp_path / "metrics.json").read_text())["scores"]
        assert scores
    again = run(verb, *COMMANDS[verb][0], "--network", "toy", "--spec", tmp_path / "spec.toml", "--json")
    assert again[0] == 0, again[2]


def test_several_seeds_are_several_toys(run: Any, tmp_path: Path) -> None:
    words = ("memory", "--network", "toy", "--neurons", 20, "--values", 500, "--max-delay", 5, "--seeds", 2)
    code, _, error = run(*words, "--out", tmp_path)
    assert code == 0, error
    assert {"table.csv", "spec.toml", "metrics.json", "seeds.png"} <= {path.name for path in tmp_path.iterdir()}


def test_spec_shows_and_writes_its_parameters(run: Any, tmp_path: Path) -> None:
    code, text, _ = run("spec", "--network", "toy", "--set", "bias=13")
    assert code == 0
    assert "# constant drive (mV)\nbias = 13" in text
    assert run("spec", "--network", "toy", "--out", tmp_path / "toy.toml")[0] == 0
    assert ToySpec.load(tmp_path / "toy.toml") == ToySpec()
    assert json.loads(run("spec", "--network", "toy", "--json")[1])["spec"]["neurons"] == 60


def test_help_and_the_list_of_engines_name_it(run: Any) -> None:
    said = " ".join(run("memory", "--help")[1].replace("│", " ").split())
    assert "one of reservoir, balanced, brian, toy)" in said
    assert json.loads(run("engines", "--json")[1])["engines"]["toy"]["kinds"] == ["toy"]


@pytest.mark.parametrize("verb", RESERVOIRS)
def test_a_command_for_reservoirs_refuses_it(verb: str, run: Any) -> None:
    words = (verb, "fig10") if verb == "reproduce" else (verb,)
    code, out, error = run(*words, "--network", "toy")
    assert (code, out) == (2, "")
    wanted = f"hrsnn {verb}: --network = 'toy': cannot be used with this command, which takes reservoirs only\n"
    assert error == wanted


def test_training_needs_gradients(run: Any) -> None:
    pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")
    wanted = "hrsnn train: --network = 'toy': has no gradients: must be reservoir or balanced\n"
    assert run("train", "--network", "toy") == (2, "", wanted)


def test_all_commands_are_here() -> None:
    deep = {verb for verb in scripts.COMMANDS if verb.startswith("deep ")}
    others = {"spec", "engines", "tasks", "list", "fetch", "balance", "train", "report", "predict", "sweep", "collect"}
    others |= {"doctor"}
    assert {*COMMANDS, *RESERVOIRS, *deep, *others} >= set(scripts.COMMANDS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        # before any data is read
        (
            ("classify", "--task", "fsdd", "--path", "missing"),
            "STDP and homeostasis; engines that can: none; --no-plastic runs without STDP",
        ),
        (("search", "--plastic", "--task", "fsdd", "--path", "missing"), "STDP and homeostasis; engines that can: none\n"),
        (("memory", "--set", "no_such=1"), "no_such: no such parameter; a toy has neurons"),
        (("memory", "--preset", "dense"), "--preset = 'dense': a toy network has none"),
        (("memory", "--variant", "HoNHoS"), "--variant = 'HoNHoS': is of reservoirs; a toy network has none"),
        (("memory", "--noise", "fresh"), "noise = 'fresh'"),
        (("memory", "--engine", "compiled"), "engine = 'compiled': cannot simulate a network of the kind 'toy'"),
        (("memory", "--network", "tyo"), "network = 'tyo': did you mean 'toy'?"),
        (("forecast", "--closed-loop", "--train", 150, "--test", 60, "--starts", 1), "this run of a toy has none"),
        (("search", "--space", "neurons"), "space = 'neurons': must be one of default, bias, or a TOML file"),
        (("search", "--objective", "lyapunov", "--space", "default", "--trials", 2, "--fresh", 0), "exponents of a toy"),
        (("search", "--plastic", "--space", "default", "--trials", 2, "--fresh", 0), "STDP"),
    ],
    ids=str,
)
def test_what_it_cannot_is_one_line(words: tuple[object, ...], said: str, run: Any) -> None:
    network = () if "--network" in words else ("--network", "toy")
    code, out, error = run(*words, *network, "--neurons", 20, "--quiet")
    assert (code, out) == (2, ""), error
    assert error.count("\n") == 1
    assert said in error


def test_a_measure_says_what_is_undefined(run: Any) -> None:
    code, _, error = run("measure", "--stimuli", 50, "--network", "toy", "--neurons", 25)
    assert code == 0
    assert "warning: the mean currents of a toy are undefined" in error


def test_specifications_of_another_kind_are_the_fault_of_the_declaration(run: Any) -> None:
    other = dataclasses.replace(TOY, spec=ReservoirSpec)
    with KINDS.added("other", other):
        error = run("memory", "--network", "other")[2]
    assert "--network = 'other': its specifications are of the kind 'reservoir'" in error
