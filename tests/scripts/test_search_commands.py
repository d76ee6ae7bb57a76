"""``hrsnn search`` and ``hrsnn importance`` from the outside."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from hrsnn import ReservoirSpec, build, scripts
from hrsnn.analysis import figures
from hrsnn.errors import HrsnnError
from hrsnn.search import Measurement, Space, named_space, sage_values, search
from hrsnn.search.baselines import BaselineSampler
from hrsnn.search.space import SPACES

SEARCH = ["search", "--neurons", "30", "--values", "500", "--seeds", "1", "--fresh", "2", "--quiet"]
IMPORTANCE = ["importance", "--neurons", "30", "--values", "500", "--seeds", "2", "--quiet"]


@pytest.fixture
def no_sage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sage", None)  # whose import then fails


@pytest.mark.usefixtures("no_sage")
def test_importance_without_its_extra_gives_the_exact_values_and_a_note(capsys: Any) -> None:
    small = [one for one in IMPORTANCE if one != "--quiet"]
    code, text, err = run(capsys, *small, "--parameters", "tau_m_exc")
    assert code == 0, err
    assert "SAGE by permutations needs an extra: pip install 'hrsnn[importance]'; the exact values are all here" in err
    assert "exact SAGE\n" in text
    code, text, err = run(capsys, *IMPORTANCE, "--parameters", "tau_m_exc", "--json")
    assert {name: set(ways) for name, ways in json.loads(text)["importance"].items()} == {
        "memory_capacity": {"shapley", "sage_exact"},
        "spikes": {"shapley", "sage_exact"},
    }
    with pytest.raises(HrsnnError, match=r"pip install 'hrsnn\[importance\]'"):
        sage_values([[0.0], [1.0]])


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = scripts.main([str(one) for one in arguments])
    return (code, *capsys.readouterr())


@pytest.mark.slow
def test_search_stops_and_resumes_and_leaves_the_best_spec(capsys: Any, tmp_path: Path) -> None:
    file, out = tmp_path / "a.db", tmp_path / "out"
    code, text, err = run(capsys, *SEARCH, "--trials", 4, "--storage", file)
    assert code == 0, err
    assert "best, fresh seeds" in text
    code, text, err = run(capsys, *SEARCH, "--values", 700, "--trials", 8, "--storage", file, "--resume")
    assert (code, text, "made with other settings: objective" in err) == (2, "", True)
    code, text, err = run(
        capsys, *SEARCH, "--trials", 8, "--storage", file, "--resume", "--workers", 2, "--out", out, "--json"
    )
    assert code == 0, err
    metrics = json.loads(text)
    assert len(metrics["trials"]) == 8
    assert metrics["best_value"] == max(one["value"] for one in metrics["trials"] if max(one["violations"].values()) <= 0)
    assert len(metrics["fresh"]["best"]) == len(metrics["fresh"]["default"]) == 2
    names = {path.name for path in out.iterdir()}
    pictures = {"convergence.png", "parallel.png", "distributions.png", "slices.png"}
    assert names == {"spec.toml", "metrics.json", "methods.md", "report.txt"} | pictures
    best = ReservoirSpec.load(out / "spec.toml")
    assert best.tau_m_exc.mean == metrics["best_params"]["tau_m_exc.mean"]  # type: ignore[union-attr]
    assert best.neurons == 30


@pytest.mark.long
def test_random_search_and_tpe_go_on_as_if_they_had_not_been_stopped(capsys: Any, tmp_path: Path) -> None:
    small, file = [*SEARCH, "--fresh", "0", "--json"], tmp_path / "a.db"

    def found(*arguments: object) -> dict[str, Any]:
        code, text, err = run(capsys, *small, *arguments)
        assert code == 0, err
        return json.loads(text)  # type: ignore[no-any-return]

    alone = found("--trials", 4, "--storage", file)
    assert alone["baselines"] == {}
    # ten random points come first in TPE: 16 trials see it at work
    begun = found("--trials", 4, "--storage", file, "--resume", "--against", "random", "tpe")
    assert begun["best_value"] == alone["best_value"]
    on = found("--trials", 16, "--storage", file, "--resume", "--against", "random", "tpe")
    at_once = found("--trials", 16, "--against", "tpe", "random", "--out", tmp_path / "out")
    for name, curve in at_once["convergence"].items():
        assert len(curve) == 16
        assert on["convergence"][name] == curve or name == "search"  # how this one starts depends on the number of trials
        assert on["convergence"][name][:4] == begun["convergence"][name][:4]
        assert curve[0] == at_once["convergence"]["search"][0]  # all start at the defaults
    assert on["baselines"] == {name: on["convergence"][name][-1] for name in ("random", "tpe")}
    assert len({tuple(curve) for curve in on["convergence"].values()}) == 3
    assert "best value, tpe" in (tmp_path / "out" / "report.txt").read_text()


@pytest.mark.parametrize("name", ["random", "tpe"])
def test_baselines_propose_the_same_in_every_process(name: str) -> None:
    space = Space.of({"tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1.0]}, "weight_scale": [2, 10]})
    study = optuna.create_study(sampler=BaselineSampler(name, 3), direction="maximize")
    again = optuna.create_study(direction="maximize")
    for k in range(14):
        again.sampler = BaselineSampler(name, 3)  # as in a process of its own
        trial, same = (one.ask(space.distributions()) for one in (study, again))
        assert trial.params == same.params
        for one, of in ((trial, study), (same, again)):
            one.set_constraint("rate", float(k % 3) - 1)
            of.tell(one, -((one.params["weight_scale"] - 4) ** 2))
    cubes = np.array([[np.log(value) for value in one.params.values()] for one in study.trials])
    assert len(np.unique(cubes, axis=0)) == 14
    # not the same quantile of every range
    assert np.abs(np.corrcoef(cubes[:10].T)[np.triu_indices(3, 1)]).max() < 0.9


@pytest.mark.parametrize(("constrained", "low", "high"), [(False, 7.0, 10.0), (True, 4.5, 5.5)])
def test_tpe_heeds_constraints(constrained: bool, low: float, high: float) -> None:
    def objective(spec: ReservoirSpec, seed: int) -> Measurement:
        return Measurement(spec.weight_scale, violations={"strong": spec.weight_scale - 5} if constrained else {})

    space = Space.of({"weight_scale": [2, 10]})
    result = search(None, space, objective, trials=40, seeds=1, sampler=BaselineSampler("tpe", 0))
    assert low < np.median([one.parameters["weight_scale"] for one in result.trials[20:]]) < high


def test_convergence_shows_every_way_to_search() -> None:
    space = Space.of({"weight_scale": [2, 10]})
    samplers = {"search": None, "random": BaselineSampler("random", 0), "tpe": BaselineSampler("tpe", 0)}
    found = {
        name: search(None, space, lambda spec, seed: spec.weight_scale, trials=6, seeds=1, sampler=sampler)
        for name, sampler in samplers.items()
    }
    others = {name: one for name, one in found.items() if name != "search"}
    lines = figures.of_search(found["search"], others)["convergence"].axes[0].lines
    assert [line.get_label() for line in lines] == list(found)
    for line, one in zip(lines, found.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), one.best_so_far())


@pytest.mark.parametrize("name", SPACES)
def test_the_defaults_are_a_point_of_every_space(name: str) -> None:
    spec = ReservoirSpec(neurons=30)
    space = named_space(name, spec)
    point = space.parameters(spec)
    assert point is not None
    assert build(space.spec(point, spec), 1).equals(build(spec, 1))  # "auto" is the distribution that it stands for


def test_homogeneous_networks_are_searched_without_cvs(capsys: Any) -> None:
    code, text, err = run(capsys, *SEARCH, "--trials", 3, "--variant", "HoNHoS", "--json")
    assert code == 0, err
    assert not [name for name in json.loads(text)["best_params"] if name.endswith(".cv")]


@pytest.mark.parametrize("group", ["weights", "delays"])
def test_importance_of_two(group: str, capsys: Any, tmp_path: Path) -> None:
    pytest.importorskip("sage")
    code, text, err = run(capsys, *IMPORTANCE, "--parameters", "tau_m_exc", group, "--out", tmp_path / "out", "--json")
    assert code == 0, err
    metrics = json.loads(text)
    for score in ("memory_capacity", "spikes"):
        table = metrics["table"][score]
        shares = metrics["importance"][score]["shapley"]
        assert shares["names"] == ["tau_m_exc", group]
        assert sum(shares["values"]) == pytest.approx(sum(table[3]) / 2 - sum(table[0]) / 2)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "spec.toml",
        "metrics.json",
        "methods.md",
        "importance.png",
    }


def test_importance_of_stdp(capsys: Any) -> None:
    pytest.importorskip("sage")
    code, text, err = run(capsys, *IMPORTANCE, "--plastic", "--parameters", "tau_m_exc", "a_minus", "--json")
    assert code == 0, err
    metrics = json.loads(text)
    off, amount, _, both = np.array(metrics["table"]["spikes"])
    assert (amount != off).any()  # with STDP, its spread alone changes spikes
    assert sum(metrics["importance"]["spikes"]["shapley"]["values"]) == pytest.approx((both - off).mean())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*SEARCH, "--objective", "memori"], "objective = 'memori': did you mean 'memory'? must be one of memory"),
        ([*SEARCH, "--space", "nerons"], "space = 'nerons': must be one of neurons, synapses, all"),
        (
            [*SEARCH, "--space", "synapses"],
            "plastic = False: must be on: without STDP, a_minus, a_plus, tau_minus, tau_plus",
        ),
        ([*SEARCH, "--trials", "0"], "trials = 0"),
        ([*SEARCH, "--fresh", "1"], "--fresh = 1: must be 0, or at least 2"),
        ([*SEARCH, "--against", "grid"], "baseline = 'grid': must be one of random, tpe"),
        ([*SEARCH, "--against", "tpe", "tpe"], "--against = 'tpe tpe': must name each only once"),
        ([*SEARCH, "--resume"], "--resume = True: needs --storage"),
        ([*SEARCH, "--storage", "missing/a.db", "--resume"], "missing/a.db: cannot be written: No such file or directory"),
        ([*SEARCH, "--cluster", "slrum"], "cluster = 'slrum': must be the address of a scheduler"),
        ([*SEARCH, "--storage", "nosuch://host/x", "--trials", "2"], "the database cannot be used"),
        ([*IMPORTANCE, "--seeds", "1"], "--seeds = 1"),
        ([*IMPORTANCE, "--parameters", "tau_exc"], "tau_exc"),
        ([*IMPORTANCE, "--parameters", "tau_plus"], "plastic = False: must be on: without STDP, tau_plus would change"),
        ([*IMPORTANCE, "--parameters", *"abcdefg"], "must be one to six"),
    ],
    ids=lambda value: " ".join(value[8:]) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line(
    arguments: list[str], message: str, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err
