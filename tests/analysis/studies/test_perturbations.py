"""Perturbations: what they change, that readouts stay, and known answers of both."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, InputError, ReservoirSpec, SpikeTrains, build, simulate
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions
from hrsnn.analysis.studies.perturbation_curves import perturbation_curves, perturbed
from hrsnn.analysis.studies.perturbations import PERTURBATIONS, jitter_weights, lose_neurons, noisy_input
from hrsnn.tasks import load_task

RESERVOIR = build(ReservoirSpec(neurons=50, i_bias=15, background_rate=5), seed=1, channels=2)
MEMORY = load_task("memory", values=700)
LORENZ = load_task("lorenz63", train=200, test=50)
DIGITS = load_task("digits").subset(train=40, test=20)
OPTIONS = RunOptions(max_delay=5, surrogates=19, bootstrap=20)


def network(channels: int):
    return build(ReservoirSpec(neurons=40), seed=1, channels=channels)


def test_lost_neurons_are_silent_at_rest_and_nested():
    lost = []
    for level in (0.0, 0.2, 0.5, 1.0):
        damaged = lose_neurons(RESERVOIR, level, seed=4)
        dead = damaged.v_threshold > 1e6
        assert dead.sum() == round(50 * level)
        lost.append(set(np.flatnonzero(dead)))
        run = simulate(damaged, Currents(np.ones((1, 5, 2)), 20.0), record="v")
        assert not run.spike_counts[0, dead].any()
        assert (run.v[0, 0, dead] == 0).all()  # v_rest
        assert not damaged.weight[dead[damaged.post] | dead[damaged.pre]].any()
        alive = ~dead[damaged.post] & ~dead[damaged.pre]
        np.testing.assert_array_equal(damaged.weight[alive], RESERVOIR.weight[alive])
    assert lost[0] < lost[1] < lost[2] < lost[3]
    assert lose_neurons(RESERVOIR, 0.0).equals(RESERVOIR)


def test_jittered_weights_keep_means_and_signs():
    big = build(ReservoirSpec.preset("dense", neurons=1000), seed=1, channels=3)
    for level in (0.1, 1.0):
        found = jitter_weights(big, level)
        for name in ("weight", "input_weight"):
            factor = getattr(found, name) / getattr(big, name)
            assert factor.min() > 0
            assert factor.mean() == pytest.approx(1, abs=0.08 * level)
            assert factor.std() == pytest.approx(level, rel=0.15)
    assert jitter_weights(big, 0.0).equals(big)
    ranks = [np.argsort(jitter_weights(big, level).weight / big.weight) for level in (0.1, 1.0)]
    np.testing.assert_array_equal(*ranks)  # the same draws at each level


def test_noise_of_currents_is_of_the_size_of_the_input():
    values = np.random.default_rng(0).normal(size=(3, 400, 2)) * [1, 5]
    clean = Currents(values, 10.0, np.array([400, 400, 100]))
    noisy = noisy_input(clean, 0.3)
    inside = np.concatenate([noisy.sample(k) - clean.sample(k) for k in range(3)])
    np.testing.assert_allclose(inside.std(axis=0), 0.3 * np.array([1, 5]), rtol=0.1)
    assert not noisy.values[2, 100:].any()
    np.testing.assert_array_equal(noisy_input(clean, 0.0).values, clean.values)


def test_noise_of_spikes_replaces_a_share():
    rng = np.random.default_rng(0)
    clean = SpikeTrains.from_samples([(np.sort(rng.uniform(0, 50, 2000)), np.zeros(2000, int))], 10, 100.0)
    assert noisy_input(clean, 0.0).equals(clean)
    noisy = noisy_input(clean, 0.25)
    assert noisy.n_spikes == 2000
    assert (noisy.times > 50).mean() == pytest.approx(0.125, abs=0.02)  # half of those replaced
    assert (noisy.channels > 0).mean() == pytest.approx(0.25 * 0.9, abs=0.03)
    with pytest.raises(InputError, match=r"level = 1\.5: must be at most 1: it is a share"):
        noisy_input(clean, 1.5)


@pytest.mark.parametrize("task", [MEMORY, DIGITS, LORENZ], ids=lambda task: task.name)
def test_no_damage_changes_no_score_and_much_of_it_ruins_them(task):
    levels = dict.fromkeys(PERTURBATIONS, (0.0, 1.0))
    found = perturbation_curves(network, task, levels, OPTIONS)
    (main, *_), intact = next(iter(found["intact"].items())), found["intact"]
    for name in PERTURBATIONS:
        assert found[f"{name} 0"] == intact
    if task.kind == "series":
        assert found["neurons 1"][main] > 2 * intact[main]
    elif task.kind == "memory":
        assert found["neurons 1"][main] == 0  # nothing varies
    else:
        assert found["neurons 1"][main] <= 0.2  # one class for all


@pytest.mark.parametrize("task", [MEMORY, DIGITS, LORENZ], ids=lambda task: task.name)
def test_readouts_are_those_of_the_intact_network(task):
    """A readout that is fitted to the damaged network does better than the one that is kept, which never sees the damage."""
    run = task_scores(network, task, OPTIONS).run
    after = perturbed(run, "neurons", 0.4, seed=2)
    if task.kind == "classes":
        assert after.on_train is run.on_train
        assert after.train_accuracy == run.train_accuracy
        return
    first = after.scored.start
    np.testing.assert_array_equal(after.states("v")[:first], run.states("v")[:first])
    assert not np.array_equal(after.states("v")[first:], run.states("v")[first:])
    if task.kind == "series":
        refitted = task_scores(lambda _: after.network, task, OPTIONS).scores["nrmse"]
        assert after.error(after.forecast().prediction) > 1.2 * refitted


def test_the_control_has_the_same_damage():
    found = perturbation_curves(network, MEMORY, {"neurons": (0.3,)}, OPTIONS, recurrent=False)
    run = task_scores(lambda channels: network(channels).without_recurrence(), MEMORY, OPTIONS).run
    damaged = perturbed(run, "neurons", 0.3, seed=0).network
    assert damaged.synapses == 0
    np.testing.assert_array_equal(damaged.v_threshold, lose_neurons(network(1), 0.3).v_threshold)
    assert found["intact"]["memory_capacity"] == run.capacity().total


def test_an_unknown_perturbation_is_refused():
    run = task_scores(network, MEMORY, OPTIONS).run
    with pytest.raises(InputError, match="perturbation = 'heat': must be one of neurons, weights, input"):
        perturbed(run, "heat", 0.1, 0)
