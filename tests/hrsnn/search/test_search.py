"""The search as a whole: it finds, stops and goes on, whatever is killed, and says what is wrong."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.testing.pytest_samplers import BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase
from search_problems import SPACE, Killer, bowl, constrained, find

from hrsnn import FileError, HrsnnError, InputError, ReservoirSpec, SpecError
from hrsnn.search import DistributionSampler, Measurement, SearchResult, Space, named_space, search

JOINT = DistributionSampler(SPACE, seed=0, joint="sinkhorn")


class TestSampler(BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase):
    """Optuna's own conformance tests."""

    @pytest.fixture
    def sampler(self) -> Any:
        return lambda: DistributionSampler(seed=0, startup=3)


def negative(spec: ReservoirSpec, seed: int) -> float:
    return -bowl(spec, seed)


@pytest.mark.parametrize("seed", range(3))
def test_optimum_is_found_within_30_trials(seed: int) -> None:
    best = find(trials=30, seed=seed, batch=1).best.parameters
    point = np.log([best["tau_m_exc.mean"] / 25, best["tau_m_exc.cv"] / 0.4, best["weight_scale"] / 4])
    assert point @ point < 0.05  # without noise: random points are this near in one of five searches


def test_joint_variant_searches_too() -> None:
    def found(trials: int, joint: Any) -> SearchResult:
        return find(trials=trials, batch=2, sampler=DistributionSampler(SPACE, startup=4, seed=1, joint=joint))

    result = found(16, "sinkhorn")
    assert found(8, "sinkhorn").trials == result.trials[:8]
    assert found(8, None).trials[4:] != result.trials[4:8]
    assert result.best.value > -0.1 > max(one.value for one in result.trials[:4]) + 0.1


def test_maximise_and_minimise_mirror_each_other() -> None:
    up, down = find(bowl, trials=16), find(negative, trials=16, direction="minimize")
    assert [one.parameters for one in up.trials] == [one.parameters for one in down.trials]
    assert [one.value for one in up.trials] == [-one.value for one in down.trials]
    assert up.best.number == down.best.number


def test_constraints_keep_the_search_inside() -> None:
    result = find(constrained, trials=24)
    best = result.best
    assert 2.6 < best.parameters["weight_scale"] <= 3.0
    assert np.mean([one.feasible for one in result.trials[-8:]]) > 0.5
    so_far = result.best_so_far()
    assert so_far[-1] == best.value
    assert (np.diff(so_far[~np.isnan(so_far)]) >= 0).all()


@pytest.mark.slow
def test_same_result_for_any_number_of_workers_and_for_pieces(tmp_path: Path) -> None:
    whole = find()
    assert find(workers=2).trials == whole.trials
    file = tmp_path / "study.db"
    with pytest.raises(KeyboardInterrupt):
        find(Stops(tmp_path / "count", at=10), storage=file)  # in the third batch
    assert find(storage=file, resume=True).trials == whole.trials


class Stops:
    """The bowl, until it was asked for `at` times; then Ctrl-C."""

    def __init__(self, count: Path, at: int) -> None:
        self.count, self.at = count, at

    def __call__(self, spec: ReservoirSpec, seed: int) -> float:
        with self.count.open("a") as file:
            file.write("x")
        if self.count.stat().st_size == self.at:
            raise KeyboardInterrupt
        return bowl(spec, seed)


def test_first_trial_is_the_spec_itself() -> None:
    result = find(trials=2, start_at_spec=True)
    assert result.trials[0].parameters == {"tau_m_exc.mean": 15.0, "tau_m_exc.cv": 0.577, "weight_scale": 6.0}
    assert result.space.spec(result.trials[0].parameters) == ReservoirSpec()


def test_each_trial_has_seeds_of_its_own() -> None:
    result = find(lambda spec, seed: float(seed), trials=6, seeds=3)
    drawn = [value for one in result.trials for value in one.replicates]
    assert len(set(drawn)) == 18
    assert all(one.value == np.mean(one.replicates) for one in result.trials)


REASONS = {"ValueError: too strong", "the objective returned nan, with violations {}"}


def picky(spec: ReservoirSpec, seed: int) -> float:
    if spec.weight_scale > 6:
        raise ValueError("too strong")
    return float("nan") if spec.weight_scale < 2.5 else bowl(spec, seed)


def test_failures_are_kept_and_the_search_goes_on() -> None:
    result = find(picky, trials=20)
    failed = [one for one in result.trials if one.error]
    assert 0 < len(failed) < 20
    assert {one.error for one in failed} <= REASONS
    assert all(np.isnan(one.value) and not one.feasible for one in failed)
    # what failed is avoided
    assert sum(bool(one.error) for one in result.trials[-8:]) <= 2
    assert result.best.parameters["weight_scale"] == pytest.approx(4, rel=0.4)


def test_where_everything_fails_the_search_says_why(tmp_path: Path) -> None:
    def broken(spec: ReservoirSpec, seed: int) -> float:
        raise ValueError("no such thing")

    with pytest.raises(HrsnnError, match="each of the first 4 trials failed, the last one with ValueError: no such thing"):
        find(broken, trials=40, storage=tmp_path / "a.db")
    with pytest.raises(HrsnnError, match="every trial failed or violated a constraint"):
        _ = find(lambda spec, seed: Measurement(1.0, {"never": 1.0}), trials=4).best


@pytest.mark.long
def test_ten_killed_workers_lose_and_double_nothing(tmp_path: Path) -> None:
    """A worker that is killed with -9 takes the pool with it; what it had under way is done again."""
    result = find(Killer(tmp_path, 10), trials=40, workers=2, storage=tmp_path / "study.db")
    assert len(list(tmp_path.glob("[0-9]*"))) == 10
    assert [one.number for one in result.trials] == list(range(40))
    assert result.trials == find(trials=40).trials


COORDINATOR = """
import sys
sys.path.insert(0, "tests/hrsnn/search")
from search_problems import find, slow_bowl
find(slow_bowl, trials=16, storage=sys.argv[1], resume=True)
"""


@pytest.mark.long
def test_a_coordinator_killed_again_and_again_changes_nothing(tmp_path: Path, root: Path) -> None:
    file = tmp_path / "study.db"
    rng = np.random.default_rng(1)
    for attempt in range(20):
        program = [sys.executable, "-c", COORDINATOR, str(file)]
        running = subprocess.Popen(program, cwd=root, stderr=subprocess.PIPE, text=True)
        try:
            _, err = running.communicate(timeout=None if attempt > 4 else 2.5 + 1.5 * rng.random())
            assert running.returncode == 0, err
            break
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()
    assert [one.name for one in tmp_path.iterdir()] == ["study.db"]
    result = find(trials=16, storage=file, resume=True)
    assert result.trials == find(trials=16).trials


def test_a_shared_database_is_searched_by_several_together(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shared.db"
    first = find(trials=6, storage=url)
    assert len(first.trials) == 6
    again = find(trials=10, storage=url)
    assert [one.number for one in again.trials] == list(range(10))
    assert again.trials[:6] == first.trials


MACHINE = """
import sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, "tests/hrsnn/search")
import hrsnn.search.storages as storages
storages.HEARTBEAT, storages.GRACE = 1, 3
from search_problems import Killer, find
from pathlib import Path
find(Killer(Path(sys.argv[2]), int(sys.argv[3])), trials=12, storage=sys.argv[1], workers=1)
"""


@pytest.mark.long
def test_a_machine_that_dies_leaves_its_trial_to_the_others(tmp_path: Path, root: Path) -> None:
    """On a shared database: the trial of a killed process is run again, with its own parameters, by whoever is left."""
    url, marks = f"sqlite:///{tmp_path}/shared.db", tmp_path / "marks"
    marks.mkdir()
    codes = []
    while not codes or (codes[-1] != 0 and len(codes) < 6):
        program = [sys.executable, "-c", MACHINE, url, str(marks), "2"]
        done = subprocess.run(program, cwd=root, capture_output=True, text=True, timeout=200, check=False)
        codes.append(done.returncode)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        if done.returncode:
            time.sleep(4)  # until the trial has been silent for long enough
    assert codes.count(-signal.SIGKILL) == 2
    study = optuna.load_study(study_name="search", storage=url)
    states = [one.state.name for one in study.trials]
    assert states.count("COMPLETE") == 12
    assert states.count("FAIL") == 2
    lost = [one.params for one in study.trials if one.state.name == "FAIL"]
    assert all(one in [each.params for each in study.trials if each.state.name == "COMPLETE"] for one in lost)


def study_of_someone_else(file: Path) -> None:
    optuna.create_study(storage=f"sqlite:///{file}", study_name="search")


def other_search(file: Path) -> None:
    search(None, named_space("synapses"), lambda spec, seed: 1.0, trials=2, seeds=1, storage=file)


def older_version(file: Path) -> None:
    find(trials=2, storage=file)
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{file}")
    study.set_user_attr("hrsnn", {**study.user_attrs["hrsnn"], "version": 99})


def other_optuna(file: Path) -> None:
    find(trials=2, storage=file)
    with sqlite3.connect(file) as database:
        database.execute("update alembic_version set version_num = 'v2.6.0.a'")


@pytest.mark.parametrize(
    ("before", "resume", "message"),
    [
        (lambda file: find(trials=2, storage=file), False, "holds the study 'search' already: resume it"),
        (lambda file: file.write_text("no database " * 99), False, "is no SQLite file"),
        (study_of_someone_else, True, "none of this package's"),
        (other_search, True, "made with other settings: space"),
        (older_version, True, "holds a study of version 99"),
        (other_optuna, True, "another version of Optuna"),
        (lambda file: find(trials=2, storage=file, seed=3), True, r"made with other settings: seed 3 \(now 0\)"),
        (lambda file: find(trials=2, storage=file, sampler=JOINT), True, "made with other settings: sampler"),
    ],
)
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_bad_storage(before: Any, resume: bool, message: str, tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    before(file)
    with pytest.raises(FileError, match=message):
        find(trials=4, storage=file, resume=resume)


def test_storage_that_is_locked(tmp_path: Path) -> None:
    file = tmp_path / "study.db"

    def inside(spec: ReservoirSpec, seed: int) -> float:
        with pytest.raises(FileError, match=rf"is in use by process {os.getpid()}: wait for it"):
            find(trials=2, storage=file)
        return 1.0

    find(inside, trials=1, storage=file)
    assert [path.name for path in tmp_path.iterdir()] == ["study.db"]
    with pytest.raises(FileError, match="No such file or directory"):
        find(storage=tmp_path / "missing" / "study.db")


@pytest.mark.slow
def test_storage_that_another_program_locks(tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    find(trials=2, storage=file)
    with sqlite3.connect(file, isolation_level=None) as database:
        database.execute("begin exclusive")
        with pytest.raises(FileError, match="is locked by another program"):
            find(trials=4, storage=file, resume=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "is empty"),
        ({"tau_m_ex": [1, 2]}, "is no parameter of a spec"),
        ({"weight_scale": [5, 2]}, "weight_scale = .* must be two ascending numbers"),
        ({"weight_scale": [2]}, r"must be \[low, high\]"),
        ({"weight_scale": [1, float("nan")]}, "ascending"),
        ({"tau_m_exc": {"mean": [30, 10]}}, "tau_m_exc.mean = .* must be two ascending positive numbers"),
        ({"tau_m_exc": {"mean": [10, 30], "cv": [0, 1]}}, "tau_m_exc.cv = .* positive"),
        ({"tau_m_exc": {"cv": [0.1, 1]}}, "must hold mean"),
        ({"tau_m_exc": {"mean": [10, 30], "kind": "normal"}}, "must be gamma or lognormal"),
        ({"tau_m_exc": {"mean": [10, 30], "low": 9, "high": 3}}, "0 <= low < high"),
        ({"input_fraction": [2, 3]}, "input_fraction"),
    ],
)
def test_bad_spaces(values: Any, message: str) -> None:
    with pytest.raises((InputError, SpecError), match=message):
        Space.of(values)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"trials": 0}, "trials"),
        ({"workers": 0}, "workers"),
        ({"batch": 0}, "batch"),
        ({"seeds": 0}, "seeds"),
        ({"direction": "up"}, "direction"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_options(options: Any, field: str) -> None:
    with pytest.raises(InputError, match=field):
        find(**options)


def test_space_files(tmp_path: Path) -> None:
    file = tmp_path / "space.toml"
    file.write_text("weight_scale = [2, 10]\ntau_m_exc = { mean = [10, 60], cv = [0.1, 1.0] }\n")
    assert named_space(str(file)).ranges == SPACE.ranges
    assert Space.of(SPACE.to_dict()) == SPACE
    assert list(SPACE.homogeneous().distributions()) == ["tau_m_exc.mean", "weight_scale"]
    file.write_text("weight_scale = [2,")
    with pytest.raises(FileError, match="no valid TOML"):
        named_space(str(file))
    with pytest.raises(InputError, match="must be one of neurons, synapses, all"):
        named_space("nerons")
