"""Runs that are killed and go on, and checkpoints that no run may go on from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from folder_difference import difference

from hrsnn import Reservoir, ReservoirSpec, build
from hrsnn.errors import FileError
from hrsnn.files.digested_json import DIGEST, read_digested_json, with_digest, write_digested_json
from hrsnn.files.writing import to_json
from hrsnn.networks import LNP, MagnitudePruning, RandomPruning, noise, prune

OPTIONS = {"iterations": 12, "synapse_target": 0.8, "neuron_target": 0.2, "refresh": 3, "seed": 5, "keep": True}
PROGRAM = """
import os, signal, sys, time
from hrsnn import ReservoirSpec, build
from hrsnn.networks import LNP, prune
reservoir = build(ReservoirSpec(neurons=80, length_scale=3), seed=1, channels=2)
prune(reservoir, LNP(score="paper"), iterations=1, neuron_target=0.1)  # all that is loaded on first use
folder, options, kills = sys.argv[1], eval(sys.argv[2]), 0
for seconds in eval(sys.argv[3]):
    child = os.fork()
    if child == 0:
        try:
            prune(reservoir, LNP(score="paper"), out=folder, resume=True, **options)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    kills += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
prune(reservoir, LNP(score="paper"), out=folder, resume=True, **options)
print(kills)
"""


def contents(folder: Path) -> dict[str, bytes]:
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files.pop("timing.json")
    return files


@pytest.mark.long
def test_killed_at_random_moments_a_run_ends_with_the_same_bytes(dense: Reservoir, root: Path, tmp_path: Path) -> None:
    whole = prune(dense, LNP(score="paper"), out=tmp_path / "whole", **OPTIONS)
    moments = np.random.default_rng().uniform(0.01, 0.15, 8).tolist()
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "killed"), repr(OPTIONS), repr(moments)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"killed after {moments} s: {done.stderr}"
    assert int(done.stdout) > 0
    other = difference(tmp_path / "whole", tmp_path / "killed")
    assert not other, f"killed after {moments} s:\n{other}"
    resumed = prune(dense, LNP(score="paper"), out=tmp_path / "killed", resume=True, **OPTIONS)
    assert resumed.reservoir.equals(whole.reservoir)
    assert len(resumed.reservoirs) == 13


@pytest.mark.parametrize("exponents", ["local", "v"])
def test_distances_of_spectra_do_not_depend_on_where_a_run_was_interrupted(exponents: Any, tmp_path: Path) -> None:
    reservoir = build(ReservoirSpec.preset("dense", neurons=30), seed=1)
    options: dict[str, Any] = {"iterations": 3, "synapse_target": 0.6, "refresh": 1, "exponents": exponents}
    method, calls = LNP(timescales=False), []

    def stops(last: int) -> Any:
        def score(network: Reservoir) -> float:
            calls.append(network)
            if len(calls) == last:
                raise KeyboardInterrupt
            return 0.0

        return score

    whole = prune(reservoir, method, score=stops(0), **options)
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        prune(reservoir, method, score=stops(3), out=tmp_path, **options)
    resumed = prune(reservoir, method, score=stops(0), out=tmp_path, resume=True, **options)
    assert repr(resumed.records) == repr(whole.records)


@pytest.fixture(scope="module")
def begun(dense: Reservoir, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun") / "run"
    prune(dense, RandomPruning(), iterations=2, synapse_target=0.5, out=folder)
    return folder


def older(text: str) -> str:
    """The same checkpoint as it was written before there were versions."""
    stored = json.loads(text)
    return to_json(with_digest({name: value for name, value in stored.items() if name not in ("version", DIGEST)}))


def test_a_checkpoint_names_no_module(dense: Reservoir, tmp_path: Path) -> None:
    prune(dense, RandomPruning(), iterations=1, synapse_target=0.5, out=tmp_path, score=links_of)
    settings = json.loads((tmp_path / "checkpoint.json").read_text())["settings"]
    assert settings["score"] == "links_of"
    assert "hrsnn." not in json.dumps(settings)


def links_of(reservoir: Reservoir) -> float:
    return float(reservoir.synapses)


@pytest.mark.parametrize(
    ("damage", "options", "message"),
    [
        (None, {"resume": False}, "resume it, or choose another folder"),
        (None, {"seed": 1}, "other settings: seed"),
        (None, {"iterations": 3}, "other settings: iterations"),
        (None, {"synapse_target": 0.6}, "other settings: synapse_target"),
        (None, {"method": MagnitudePruning()}, "other settings: method"),
        (None, {"restore": "sums"}, "other settings: restore"),
        (None, {"stimulus": noise(2, 500.0)}, "other settings: stimulus"),
        (lambda text: text[: len(text) // 2], {}, "is damaged"),
        (lambda text: "{}", {}, "is damaged"),
        (lambda text: "[]", {}, "no checkpoint"),
        (older, {}, "of version 1; .* names functions by modules that have moved"),
        (lambda text: text.replace('"network": "', '"network": "0'), {}, "is damaged .* its digest"),
    ],
)
def test_a_checkpoint_of_another_run_or_a_damaged_one_is_refused(
    damage: Any, options: dict[str, Any], message: str, begun: Path, dense: Reservoir, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(begun, folder)
    file = folder / "checkpoint.json"
    if damage is not None:
        file.write_text(damage(file.read_text()))
    before = contents(folder)
    given_options = {"method": RandomPruning(), "iterations": 2, "synapse_target": 0.5, "resume": True, **options}
    with pytest.raises(FileError, match=message):
        prune(dense, out=folder, **given_options)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda exponents: None, "damaged checkpoint: it has no exponents"),
        (lambda exponents: [True, *exponents[1:]], r"exponents = .*must be numbers"),
    ],
)
def test_exponents_of_a_checkpoint_are_numbers(change: Any, message: str, dense: Reservoir, tmp_path: Path) -> None:
    """The file is as if it had been written that way, with the digest of its content."""
    options: dict[str, Any] = {"iterations": 4, "refresh": 2, "synapse_target": 0.5, "out": tmp_path}

    def stop(done: float, total: float) -> None:
        if done > 0.4 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune(dense, LNP(), progress=stop, **options)
    stored = read_digested_json(tmp_path / "checkpoint.json", "checkpoint")
    write_digested_json(tmp_path / "checkpoint.json", {**stored, "exponents": change(stored["exponents"])})
    with pytest.raises(FileError, match=message):
        prune(dense, LNP(), resume=True, **options)


def test_a_truncated_network_is_refused(begun: Path, dense: Reservoir, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(begun, folder)
    (network,) = (folder / "reservoirs").iterdir()
    network.write_bytes(network.read_bytes()[:1000])
    with pytest.raises(FileError, match="damaged"):
        prune(dense, RandomPruning(), iterations=2, synapse_target=0.5, out=folder, resume=True)


def test_only_the_last_network_is_kept_unless_all_are_wanted(begun: Path) -> None:
    assert [path.name for path in (begun / "reservoirs").iterdir()] == ["00002.npz"]
    stored = json.loads((begun / "checkpoint.json").read_text())
    assert len(stored["records"]) == 3
