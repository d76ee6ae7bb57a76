"""The same results on an older processor, and without a network."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

PROGRAM = """
import numpy as np
from numpy._core._multiarray_umath import __cpu_features__ as features
from hrsnn import Currents, ReservoirSpec, build, simulate
from hrsnn.analysis import memory_capacity

values = np.random.default_rng(0).uniform(-1, 1, 900)
network = build(ReservoirSpec(neurons=100), seed=1)
stimulus = Currents(values[None, :, None], dt=20.0)
plastic = simulate(network, stimulus, plastic=True)
frozen = simulate(network, stimulus, record=("states",), sample_times=20.0 * np.arange(1, 901))
found = memory_capacity(frozen.states[0], values, max_delay=20)
print(any(features[name] for name in ("AVX", "AVX2", "AVX512F")))
spikes = plastic.spikes
print(spikes.times.tolist(), spikes.channels.tolist(), plastic.reservoir.weight.tolist(), round(found.total, 6))
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="AVX is of x86-64")
def test_without_avx_spikes_and_weights_are_the_same(root: Path, tmp_path: Path) -> None:
    from numpy._core._multiarray_umath import __cpu_dispatch__

    def said(**changed: str) -> list[str]:
        environment = {**os.environ, "PYTHONPATH": str(root), **changed}
        done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    has_avx, here = said()
    # kernels for another processor are compiled anew, in a folder of their own
    kernels = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "", "XDG_CACHE_HOME": str(tmp_path)}
    still_has_avx, there = said(NPY_DISABLE_CPU_FEATURES=" ".join(__cpu_dispatch__), **kernels)
    assert still_has_avx == "False"
    if has_avx == "False":
        pytest.skip("this processor has no AVX")
    assert there == here


UNSHARE = ["unshare", "--map-root-user", "--net"]


@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode != 0,
    reason="a namespace without network needs unshare (Linux) and the right to use it",
)
@pytest.mark.parametrize(
    "command",
    [
        "memory --neurons 30 --values 500 --max-delay 5 --seeds 2 --jobs 2",
        "search --neurons 20 --trials 2 --seeds 1 --fresh 2 --values 400 --workers 2",
        "reproduce qsnn-table2",
    ],
    ids=lambda command: command.split()[0],
)
def test_commands_need_no_network(command: str, root: Path, tmp_path: Path) -> None:
    """In a namespace that has no network device but a loopback that is down."""
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-m", "hrsnn", *command.split(), "--quiet", "--out", str(tmp_path / "out")],
        env={**os.environ, "PYTHONPATH": str(root)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
