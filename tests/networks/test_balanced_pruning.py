"""Pruning of balanced networks: what is removed, what a method keeps, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from hrsnn import Currents, scripts, simulate
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.errors import InputError
from hrsnn.networks.balanced_links import NEURONS, REFUSED, kept_balanced_links
from hrsnn.networks.balanced_pruning import keep_balanced_links, keep_balanced_neurons, prune_balanced
from hrsnn.networks.methods.registry import METHODS

NETWORK = build_balanced(BalancedSpec(neurons=60, dimensions=4, leak=20.0), seed=3)
LINK_METHODS = sorted({name for name in METHODS.own_names if name not in REFUSED} - {NEURONS})
VALUES = np.random.default_rng(1).uniform(-1, 1, (1, 40, 1))


def spikes_of(network: BalancedNetwork) -> Any:
    return simulate(network, Currents(VALUES, dt=20)).spikes


def test_every_method_of_the_registry_prunes_or_says_why_not() -> None:
    for name in REFUSED:
        with pytest.raises(InputError, match=f"method = '{name}': .*activity_neurons take balanced networks"):
            prune_balanced(NETWORK, name, 0.5)
    assert set(LINK_METHODS) >= {"random", "magnitude", "drive", "signal", "noise", "activity"}


@pytest.mark.parametrize("method", LINK_METHODS)
def test_a_method_meets_its_budget_and_repeats_itself(method: str) -> None:
    kept = kept_balanced_links(NETWORK, method, 0.75, seed=2)
    assert kept.sum() == round(NETWORK.synapses / 4)
    np.testing.assert_array_equal(kept, kept_balanced_links(NETWORK, method, 0.75, seed=2))
    assert kept_balanced_links(NETWORK, method, 0.0).all()


@pytest.mark.parametrize("method", ["drive", "signal"])
def test_by_target_every_neuron_keeps_as_many_links(method: str) -> None:
    kept = kept_balanced_links(NETWORK, method, 0.5)
    counts = np.bincount(NETWORK.post[kept], minlength=60)
    assert np.ptp(counts) <= 1


def test_magnitude_keeps_the_largest_of_either_sign() -> None:
    kept, size = kept_balanced_links(NETWORK, "magnitude", 0.6), np.abs(NETWORK.weight)
    assert size[kept].min() >= size[~kept].max()
    assert (NETWORK.weight[kept] > 0).any()
    assert (NETWORK.weight[kept] < 0).any()


def test_activity_removes_the_links_of_neurons_that_do_not_spike() -> None:
    """Neurons with a threshold out of reach: all of their links go before any other."""
    silent = np.arange(60) % 6 == 0
    network = dataclasses.replace(NETWORK, threshold=np.where(silent, 1e6, NETWORK.threshold))
    touched = silent[network.pre] | silent[network.post]
    np.testing.assert_array_equal(kept_balanced_links(network, "activity", touched.mean()), ~touched)


def test_a_link_leaves_both_matrices_and_the_resets_stay() -> None:
    kept = np.random.default_rng(0).random(NETWORK.synapses) < 0.5
    fewer = keep_balanced_links(NETWORK, kept)
    gone = (NETWORK.post[~kept], NETWORK.pre[~kept])
    for before, after in ((NETWORK.fast, fewer.fast), (NETWORK.slow, fewer.slow)):
        assert not after[gone].any()
        same = np.ones_like(before, dtype=bool)
        same[gone] = False
        np.testing.assert_array_equal(after[same], before[same])
    np.testing.assert_array_equal(fewer.weight, NETWORK.weight[kept])
    assert keep_balanced_links(NETWORK, np.ones_like(kept)).synapses == NETWORK.synapses
    assert spikes_of(keep_balanced_links(NETWORK, np.ones_like(kept))).equals(spikes_of(NETWORK))


def test_a_part_of_the_neurons_is_the_network_of_these_decoders() -> None:
    """By its J states and with N x N weights the same spikes, and weights that are those among the neurons that stay."""
    mask = np.random.default_rng(2).permutation(60) < 40
    part, edited = keep_balanced_neurons(NETWORK, mask), keep_balanced_neurons(NETWORK.with_matrices(), mask)
    np.testing.assert_array_equal(part.decoder, NETWORK.decoder[:, mask])
    np.testing.assert_allclose(part.fast, NETWORK.fast[np.ix_(mask, mask)], rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(edited.fast, NETWORK.fast[np.ix_(mask, mask)])
    assert spikes_of(part).equals(spikes_of(edited))
    with pytest.raises(InputError, match="at least as many neurons"):
        keep_balanced_neurons(NETWORK, np.arange(60) < 3)


def test_the_most_active_neurons_stay_as_many_as_the_budget_has_room_for() -> None:
    low = np.arange(60) < 20
    network = dataclasses.replace(NETWORK, threshold=np.where(low, NETWORK.threshold, 1e6))
    pruned = prune_balanced(network, NEURONS, 1 - 20 * 19 / (60 * 59))
    np.testing.assert_array_equal(pruned.decoder, network.decoder[:, low])
    assert prune_balanced(network, NEURONS, 1 - 20 * 19 / (60 * 59) + 1e-3).neurons == 19
    with pytest.raises(InputError, match=r"synapse_target = 0\.999: leaves 2 neurons, fewer than the 4 states"):
        prune_balanced(network, NEURONS, 0.999)


def test_neurons_can_go_where_links_cannot() -> None:
    """The code is as before with 30 % of the links gone, if they are those of whole neurons; else it runs away."""
    rate = spikes_of(NETWORK).times.size
    assert spikes_of(prune_balanced(NETWORK, NEURONS, 0.3)).times.size < 1.3 * rate
    assert spikes_of(prune_balanced(NETWORK, "random", 0.3)).times.size > 3 * rate


@pytest.mark.parametrize(
    ("method", "target", "said"),
    [
        ("rando", 0.5, "method = 'rando': did you mean 'random'?"),
        ("random", 1.0, "synapse_target = 1.0: must be from 0 to below 1"),
        ("random", float("nan"), "synapse_target = nan: must be from 0"),
        ("random", 0.99999, "synapse_target = 0.99999: leaves none of the 3540 links"),
        ("x" * 5000, 0.5, "method = 'xxx"),
    ],
    ids=["a misspelt method", "all links", "nan", "no link left", "a long name"],
)
def test_bad_input_is_one_line(method: str, target: float, said: str) -> None:
    with pytest.raises(InputError) as caught:
        prune_balanced(NETWORK, method, target)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "method = 'lnp': needs Lyapunov exponents"),
        (("--method", "random", "--iterations", "3"), "--iterations = 3: has no effect on a balanced network"),
        (("--method", "random", "--restore", "bias"), "--restore = 'bias': has no effect on a balanced network"),
        (("--method", "random", "--synapse-target", "1"), "synapse_target = 1.0: must be from 0 to below 1"),
    ],
)
def test_the_command_refuses_what_has_no_effect(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scripts.main(["prune", "--network", "balanced", "--neurons", "40", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_the_command_leaves_the_network_and_its_scores(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["prune", "--network", "balanced", "--neurons", "60", "--method", NEURONS, "--synapse-target", "0.5"]
    assert scripts.main([*words, "--json", "--out", str(tmp_path / "a")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((tmp_path / "a" / "metrics.json").read_text())
    left = BalancedNetwork.load(tmp_path / "a" / "balanced.npz")
    assert (left.neurons, left.synapses) == (found["scores"]["neurons"], found["scores"]["links"])
    assert left.synapses <= 0.5 * found["baselines"]["links"]["dense"]
    ideal = found["baselines"]["memory_capacity_decoded"]["ideal_system"]
    assert 0.8 * ideal < found["scores"]["memory_capacity_decoded"] < 1.1 * ideal
    assert (tmp_path / "a" / "weights.png").stat().st_size > 5000
