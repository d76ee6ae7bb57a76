"""The control that has the delays of a network on its input: what it keeps, and that its rate is matched."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, ReservoirSpec, Uniform, build, simulate
from hrsnn.analysis import UndefinedWarning
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions
from hrsnn.analysis.runs.delay_bank import delay_bank
from hrsnn.tasks import load_task
from hrsnn.testing.networks import trains

SPEC = ReservoirSpec(neurons=80, delay_exc=Uniform(5, 150), delay_inh=5)
STIMULI = {
    "spikes": trains(20, 4, 100.0, 60, seed=1),
    "currents": Currents(np.random.default_rng(0).uniform(-1, 1, (1, 100, 4)), 20.0),
}


@pytest.mark.parametrize("kind", STIMULI)
def test_it_is_the_same_neurons_with_delays_of_the_network_on_the_input(kind: str) -> None:
    network, stimulus = build(SPEC, seed=2, channels=4), STIMULI[kind]
    rate = float(simulate(network, stimulus).rates.mean())
    bank = delay_bank(network, stimulus, rate, seed=5)
    assert bank.synapses == 0
    assert set(bank.input.delay.tolist()) <= set(network.delay.tolist())
    for name in ("tau_m", "v_threshold", "i_bias", "input_post", "input_channel"):
        np.testing.assert_array_equal(getattr(bank, name), getattr(network, name))
    factor = bank.input_gain / network.input_gain
    np.testing.assert_allclose(factor, factor[0])
    np.testing.assert_allclose(bank.input_weight / network.input_weight, factor[0])
    assert float(simulate(bank, stimulus).rates.mean()) == pytest.approx(rate, rel=0.02)
    assert delay_bank(network, stimulus, rate, seed=5).equals(bank)
    assert not delay_bank(network, stimulus, rate, seed=6).equals(bank)


def test_a_rate_out_of_reach_is_said() -> None:
    network = build(SPEC, seed=2, channels=4)
    with pytest.warns(UndefinedWarning, match="no strength of the input gives the delay bank 1e.03 Hz"):
        delay_bank(network, STIMULI["currents"], 1000.0)


def test_one_tap_for_each_delay_is_a_delay_line() -> None:
    """Equal delays of a value each remember one more value; the bank of many remembers as many as its longest delay has."""
    task = load_task("memory", values=3000, seed=1)

    def memory(**delays: object) -> tuple[float, float]:
        spec = ReservoirSpec(neurons=300, input_fraction=1).updated(delays)
        found = task_scores(
            lambda channels: build(spec, 3, channels),
            task,
            RunOptions(max_delay=15, seed=3),
            ("memory_capacity",),
            baselines=("no_recurrence", "delay_bank"),
        )
        return tuple(found.baselines["memory_capacity"].values())  # type: ignore[return-value]

    alone, bank = memory(delay_exc=Uniform(1, 100), delay_inh=Uniform(1, 100))
    assert alone < 1.5
    assert 4 < bank < 6.5  # 100 ms are five values of 20 ms


def test_without_delays_there_is_no_bank() -> None:
    task = load_task("memory", values=600)
    found = task_scores(
        lambda channels: build(ReservoirSpec(neurons=30, delay_exc=0, delay_inh=0), 0, channels),
        task,
        RunOptions(max_delay=4),
        baselines=("no_recurrence", "delay_bank", "raw_input"),
    )
    assert list(found.baselines["memory_capacity"]) == ["no_recurrence", "raw_input"]


def test_the_default_network_needs_its_recurrence() -> None:
    """Of 600 neurons it remembers ten times what they do without links, and more than the delay bank; docs/temporal.md."""
    found = task_scores(
        lambda channels: build(ReservoirSpec(neurons=600), 0, channels),
        load_task("memory", values=3000, seed=0),
        RunOptions(max_delay=25, surrogates=19, bootstrap=20),
        ("memory_capacity",),
        baselines=("no_recurrence", "delay_bank"),
    )
    memory, controls = found.scores["memory_capacity"], found.baselines["memory_capacity"]
    assert memory > 10 * controls["no_recurrence"]
    assert memory > 1.1 * controls["delay_bank"]
    assert 1 < found.rates.mean_rate < 20
    assert found.rates.silent_share < 0.2
