"""Tracking and cue accumulation: the published relations, the controls, and what scores read."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from hrsnn import simulate
from hrsnn.analysis.balanced.arms import CUE_ARMS, CueOptions, cue_network, cue_scores, tracked
from hrsnn.analysis.balanced.controls import at_rate, unbalanced
from hrsnn.analysis.balanced.cue_accumulation import accuracy_and_balance
from hrsnn.analysis.balanced.tracking import sinusoids, track
from hrsnn.analysis.firing.tightness import filtered_anticorrelation
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.kinds.balanced import BALANCED
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks import load_task

EYE = np.eye(2).tolist()
TRACKING = BalancedSpec(
    neurons=120, system="matrices", matrix=(-20 * np.eye(2)).tolist(), input_matrix=EYE, decoder_norm=0.1, dt=0.2
)
#: The published sizes but for steps of 1 ms, those of the spikes.
CUE = BalancedSpec().updated(dict(BALANCED.presets["cue"])).updated({"dt": 1.0})
OPTIONS = CueOptions(train=80, test=60, balanced_samples=1)


def test_inputs_move_the_system_along_the_targets() -> None:
    """By the exact solution of a fine grid, for a system whose input matrix is neither square nor diagonal."""
    spec = BalancedSpec(neurons=40, system="matrices", matrix=[[-3, 1], [0, -5]], input_matrix=[[1, 0, 2], [1, 1, 0]])
    network = build_balanced(spec, channels=3)
    dt = 0.05
    _, inputs = sinusoids(network, dt * (np.arange(20_000) + 0.5))
    reached = network.ideal_states(inputs, dt)
    target, _ = sinusoids(network, dt * np.arange(1, 20_001))
    assert np.abs(reached - target).max() < 1e-4


def test_balance_saves_spikes_and_follows_better() -> None:
    found = {arm: tracked(arm, TRACKING, duration=500.0).scores() for arm in ("balanced", "no_recurrence", "shuffled")}
    own, alone, mixed = found.values()
    assert own["rmse"] < 0.04
    assert own["rmse"] < 0.5 * alone["rmse"]
    assert own["mean_rate"] < 0.1 * alone["mean_rate"]
    assert own["tightness"] > 0.85
    assert own["used_share"] < 0.7
    assert mixed["mean_rate"] > 20 * own["mean_rate"]
    assert mixed["coding_error"] > 0.8


def test_a_scaled_estimate_has_the_least_error() -> None:
    run = track(build_balanced(TRACKING, channels=2).without_recurrence(), duration=200.0, scaled=True)
    error = run.scores()["rmse"]
    for factor in (0.98, 1.02):
        assert dataclasses.replace(run, estimate=factor * run.estimate).scores()["rmse"] > error


def test_a_spike_in_nearly_every_step_is_warned_of() -> None:
    with pytest.warns(HrsnnWarning, match="of the steps have a spike, and one at most is possible"):
        tracked("balanced", TRACKING.updated({"decoder_norm": 0.002}), duration=100.0)


def test_without_spikes_nothing_is_read() -> None:
    """All scores read spikes alone: with all of them deleted, accuracies are those of guessing."""
    task = load_task("cue", train=60, test=60)
    network = cue_network("balanced", CUE, task)

    def silent(stimulus: Any) -> SpikeTrains:
        empty = [(np.empty(0), np.empty(0, int))] * len(stimulus)
        return SpikeTrains.from_samples(empty, n_channels=network.neurons, duration=stimulus.durations)

    found = accuracy_and_balance(network, task, simulated=silent)
    guess = np.mean(task.y_test == np.bincount(task.y_train).argmax())
    assert found["accuracy"] == found["accuracy_recall"] == pytest.approx(guess)
    assert found["mean_rate"] == 0
    assert found["silent_share"] == 1


def test_cue_accumulation_has_the_relations_of_the_arms() -> None:
    found = {arm: cue_scores(arm, CUE, OPTIONS, seed=1) for arm in ("balanced", "no_recurrence", "raw_input")}
    assert found["raw_input"]["accuracy"] > 0.9
    assert found["balanced"]["accuracy"] > 0.75
    assert found["no_recurrence"]["accuracy"] > 0.85
    # the delayed answer is in no present spike of the input, nor of the network without slow weights
    assert found["raw_input"]["accuracy_recall"] < 0.75
    assert 0.5 < found["balanced"]["mean_rate"] < 5
    assert found["balanced"]["tightness"] > found["no_recurrence"]["tightness"]


def test_slow_weights_keep_the_cues_until_the_recall() -> None:
    """The readout of the last 150 ms is above that of the same neurons without links by a wide margin."""
    found = [cue_scores(arm, CUE, OPTIONS, seed=1)["accuracy_recall"] for arm in ("balanced_memory", "memory_no_recurrence")]
    assert found[0] > found[1] + 0.15


def test_arms_are_the_controls_they_are_called() -> None:
    task = load_task("cue", train=60, test=20)
    made = {arm: cue_network(arm, CUE, task, seed=2) for arm in CUE_ARMS}
    own = made["balanced"]
    assert not own.several_spikes
    assert all(np.array_equal(one.decoder, own.decoder) for one in made.values())
    assert np.array_equal(np.sort(made["shuffled"].weight), np.sort(own.weight))
    assert made["no_recurrence"].synapses == 0
    assert made["balanced_uncapped"].several_spikes
    assert np.abs(own.slow).max() < 1e-9 < np.abs(made["balanced_memory"].slow).max()
    some = task.x_train[:40]
    rates = [simulate(made[arm], some).rates.mean() for arm in ("balanced", "no_recurrence_at_rate")]
    assert rates[0] == pytest.approx(rates[1], rel=0.021)


def test_unbalanced_weights_are_orthogonal_but_for_the_diagonal() -> None:
    network = build_balanced(CUE, seed=1, channels=40)
    control = unbalanced(network, seed=4)
    fast = control.fast.copy()
    assert np.array_equal(np.diag(fast), np.diag(network.fast))
    np.fill_diagonal(fast, 0)
    gram = fast @ fast.T
    mean = np.diag(gram).mean()
    assert np.abs(gram - mean * np.eye(100)).max() < 0.1 * mean
    assert (fast**2).sum() == pytest.approx((network.weight**2).sum())
    tau = 1000 / control.leak
    assert 1900 <= tau.min() < 1930
    assert 2070 < tau.max() <= 2100
    assert not np.array_equal(unbalanced(network, seed=5).fast, control.fast)


def test_the_published_balance_is_blind_to_size() -> None:
    random = np.random.default_rng(0)
    e = random.uniform(0, 1, (4000, 2))
    i = np.stack([-0.1 * e[:, 0], -random.uniform(0, 1, 4000)], axis=1)
    found = filtered_anticorrelation(e, i)
    assert found[0] == pytest.approx(1.0)
    assert abs(found[1]) < 0.25  # some 200 independent values
    assert filtered_anticorrelation(e, np.zeros_like(e)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cue_network("balance", CUE, load_task("cue", train=20, test=20)), "arm = 'balance': must be one of"),
        (lambda: tracked("none", TRACKING), "arm = 'none': must be one of"),
        (lambda: tracked("balanced", TRACKING, duration=1.0), "duration = 1.0: must be at least 4 ms"),
        (lambda: tracked("balanced", BalancedSpec(system="legendre", dimensions=4, neurons=40)), "input_matrix = 'rank 1'"),
        (lambda: at_rate(build_balanced(CUE, 0, 40), load_task("cue", train=20, test=20).x_train, 0.0), "rate = 0.0"),
        (lambda: at_rate(build_balanced(CUE, 0, 40), load_task("cue", train=20, test=20).x_train[:1], 999.0), "nearest"),
        (lambda: filtered_anticorrelation(np.ones(30), -np.ones(30), cutoff=2.0), "cutoff = 2.0: must be between 0 and 1"),
        (lambda: filtered_anticorrelation(np.ones(9), -np.ones(9)), "must have at least 16 times"),
        (lambda: accuracy_and_balance(build_balanced(CUE, 0, 64), load_task("digits")), "task = 'digits'"),
        (
            lambda: accuracy_and_balance(build_balanced(CUE, 0, 40), load_task("cue", train=20, test=20), end=3000.0),
            "end = 3000.0: must be at most 2250 ms",
        ),
    ],
    ids=range(10),
)
def test_bad_input_is_named(call: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert said in str(caught.value)
