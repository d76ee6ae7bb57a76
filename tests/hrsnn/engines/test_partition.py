"""One network on several threads: the numbers of one thread, for everything that a network may have."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import Currents, DivergenceError, ReservoirSpec, Uniform, build, simulate
from hrsnn.engines.compiled import network as compiled_network
from hrsnn.engines.compiled import partition
from hrsnn.testing.networks import trains

ROOT = Path(__file__).resolve().parents[3]
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "delays": {"delay_exc": Uniform(1, 20), "delay_inh": Uniform(1, 20)},
    "adaptation, refractoriness, thresholds": {"adaptation": 0.3, "refractory_exc": 3.0, "v_threshold": Uniform(14, 16)},
    "background": {"background_rate": Uniform(0, 100), "delay_exc": Uniform(0, 9)},
    "input delays": {"delay_input": Uniform(0, 8)},
}


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "_LEAST", 1)


@pytest.mark.parametrize("analog", [False, True], ids=["spikes", "currents"])
@pytest.mark.parametrize("case", CASES)
def test_any_number_of_threads_has_the_bytes_of_one(case: str, analog: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ReservoirSpec.preset("dense", neurons=101, i_bias=Uniform(8, 20)).updated(CASES[case])
    reservoir = build(spec, seed=1, channels=3)
    stimulus = (
        Currents(np.random.default_rng(0).uniform(0, 9, (1, 12, 3)), 9.7) if analog else trains(1, 3, 120.0, 200, seed=2)
    )
    options: dict[str, Any] = {"record": ("spikes", "states", "v", "currents"), "sample_times": 7, "blank": 5.0, "seed": 4}
    options |= {"record_neurons": [0, 3, 60, 99]}
    monkeypatch.setattr(compiled_network, "_ROOM", 5)  # many kernel calls
    runs = []
    for threads in ("1", "2", *(("7", "40") if case == "plain" else ())):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        runs.append(simulate(reservoir, stimulus, engine="compiled", **options))
    assert runs[0].spike_count > 200
    for other in runs[1:]:
        assert other.spikes.equals(runs[0].spikes)
        for name in ("states", "v", "currents"):
            np.testing.assert_array_equal(getattr(other, name), getattr(runs[0], name))
        if "delay_input" not in CASES[case]:
            assert other.state is not None
            for name in ("v", "exc", "inh", "adapted"):
                mine, its = (getattr(one.state.variables, name) for one in (other, runs[0]))
                assert mine.tobytes() == its.tobytes()
            again = [
                simulate(reservoir, stimulus, engine="compiled", state=one.state, **options) for one in (other, runs[0])
            ]
            assert again[0].spikes.equals(again[1].spikes)


def test_a_network_whose_links_change_or_whose_v_is_rounded_is_not_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    plain = build(ReservoirSpec(neurons=40), seed=1, channels=2)
    changing = build(ReservoirSpec(neurons=40, short_term_plasticity=True), seed=1, channels=2)
    for network, divided in ((plain, True), (changing, False), (plain.replace(state_bits=8), False)):
        assert partition.divides(network) is divided
        simulate(network, trains(1, 2, 30.0, 100, seed=1), engine="compiled")
    monkeypatch.setattr(partition, "_LEAST", 41)
    assert not partition.divides(plain)


def test_divergence_in_one_thread_is_that_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    reservoir = build(ReservoirSpec(neurons=40), seed=1, channels=1)
    with pytest.raises(DivergenceError, match="no longer finite"):
        simulate(reservoir, Currents(np.full((1, 2, 1), 1e308), 10.0), engine="compiled")


def test_ctrl_c_ends_all_threads() -> None:
    code = """
    import numpy as np
    from hrsnn import Currents, ReservoirSpec, build, simulate
    from hrsnn.engines.compiled import partition
    partition._LEAST = 1
    reservoir = build(ReservoirSpec(neurons=2000), seed=1, channels=1)
    simulate(reservoir, Currents(np.ones((1, 2, 1)), 5.0), engine="compiled")
    print("begins", flush=True)
    simulate(reservoir, Currents(np.ones((1, 2, 1)), 1e7), engine="compiled")
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        while "begins" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in error
