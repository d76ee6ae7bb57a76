"""Without the packages that an installation may leave out, networks run, and what needs one of them says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hrsnn.runtime.left_out import LEFT_OUT

#: As if the packages were not installed.
HIDDEN = f"import sys; sys.modules.update(dict.fromkeys({list(LEFT_OUT)!r}))\n"
WORKS = """
import numpy as np
from hrsnn import Reservoir, ReservoirClassifier, ReservoirSpec, build, load_model, save_model
from hrsnn.analysis.protocols import memory
from hrsnn.networks import prune
from hrsnn.networks.methods.weight_noise import NoisePruning

assert memory(ReservoirSpec(neurons=30), values=600, max_delay=5).spikes.total >= 0
reservoir = build(ReservoirSpec(neurons=30), seed=1, channels=3)
half = prune(reservoir, NoisePruning(), iterations=2, synapse_target=0.5).reservoir
half.save("half.npz")
assert Reservoir.load("half.npz").synapses == half.synapses < reservoir.synapses
x, y = np.random.default_rng(0).random((20, 3)), np.arange(20) % 2
model = ReservoirClassifier(ReservoirSpec(neurons=20)).fit(x, y)
save_model("model.npz", model)
assert (load_model("model.npz").predict(x) == model.predict(x)).all()
half.graph()
"""
REFUSED = """
import hrsnn.errors, hrsnn.search, hrsnn.analysis.figures
from hrsnn.networks import betweenness
for what in (
    lambda: betweenness(3, [0, 1], [1, 2], [1.0, 1.0]),
    lambda: hrsnn.analysis.figures.memory_curve,
    lambda: hrsnn.search.search,
):
    try:
        what()
    except hrsnn.errors.HrsnnError as error:
        print(error)
from hrsnn.scripts import main
print(main(["memory"]), main(["--help"]))
"""


@pytest.mark.long
def test_networks_run_without_them_and_the_rest_says_what_to_install(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HIDDEN + WORKS + REFUSED]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    missing = "need the package {0}, which is not installed: pip install {0}"
    assert done.stdout.splitlines()[:3] == [
        f"pruning methods by betweenness {missing.format('networkit')}",
        f"figures {missing.format('matplotlib')}",
        f"searches over distributions {missing.format('optuna')}",
    ]
    assert done.stdout.splitlines()[-1] == "2 2"
    assert done.stderr.splitlines()[-2:] == [f"hrsnn: commands {missing.format('tyro')}"] * 2
