"""Balanced networks as data: weights by their formulas, edits, controls, files and what is refused."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import ReservoirTransformer, SpikeTrains
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.distributions import Gamma
from hrsnn.errors import FileError, InputError
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.arrays import rules_of

NETWORK = build_balanced(
    BalancedSpec(
        neurons=30, dimensions=4, leak=Gamma(20, 0.3), decoder_norm=Gamma(0.3, 0.3), quadratic_cost=1e-4, linear_cost=1e-3
    ),
    seed=3,
    channels=2,
)
ARRAYS = tuple(rules_of(BalancedNetwork))


def test_weights_and_thresholds_are_those_of_the_formulas() -> None:
    gamma, leak = NETWORK.decoder, NETWORK.leak
    for i, j in ((0, 0), (3, 7), (29, 1)):
        own = 1e-4 * leak[i] ** 2 if i == j else 0.0
        assert NETWORK.fast[i, j] == pytest.approx(gamma[:, i] @ gamma[:, j] + own, rel=1e-12)
        slow = gamma[:, i] @ (NETWORK.A_weights + leak[j] * np.eye(4)) @ gamma[:, j]
        assert NETWORK.slow[i, j] == pytest.approx(slow, rel=1e-9)
    wanted = (1e-3 * leak + 1e-4 * leak**2 + (gamma**2).sum(axis=0)) / 2
    np.testing.assert_allclose(NETWORK.threshold, wanted, rtol=1e-12)
    assert np.ptp(leak) > 5
    assert np.ptp(np.sqrt((gamma**2).sum(axis=0))) > 0.05


def test_links_are_the_fast_weights_and_edges_have_the_slow_ones_too() -> None:
    pre, post = NETWORK.pre[100], NETWORK.post[100]
    assert NETWORK.synapses == 30 * 29
    assert NETWORK.weight[100] == -NETWORK.fast[post, pre]
    edge = NETWORK.graph().edges[int(pre), int(post)]
    assert (edge["weight"], edge["slow"]) == (NETWORK.weight[100], NETWORK.slow[post, pre])


def test_a_network_with_other_links_has_their_weights() -> None:
    weight = NETWORK.weight.copy()
    weight[::2] = 0.0
    pruned = NETWORK.with_weights(weight, np.empty(0))
    assert pruned.synapses == NETWORK.synapses // 2
    np.testing.assert_array_equal(pruned.weight, weight[1::2])
    np.testing.assert_array_equal(np.diag(pruned.fast), np.diag(NETWORK.fast))
    np.testing.assert_array_equal(pruned.slow, NETWORK.slow)


def test_shuffled_weights_are_the_same_weights() -> None:
    shuffled = NETWORK.shuffled(seed=2)
    np.testing.assert_array_equal(np.sort(shuffled.weight), np.sort(NETWORK.weight))
    np.testing.assert_array_equal(np.diag(shuffled.fast), np.diag(NETWORK.fast))
    assert not np.array_equal(shuffled.weight, NETWORK.weight)
    np.testing.assert_array_equal(NETWORK.shuffled(seed=2).fast, shuffled.fast)


@pytest.mark.parametrize("change", [lambda n: n, lambda n: n.shuffled(), lambda n: n.without_recurrence()])
def test_a_file_and_a_pickle_hold_all_of_it(change: Callable[[BalancedNetwork], BalancedNetwork], tmp_path: Path) -> None:
    network = change(NETWORK)
    network.save(tmp_path / "a.npz")
    for other in (BalancedNetwork.load(tmp_path / "a.npz"), pickle.loads(pickle.dumps(network))):
        for field in dataclasses.fields(BalancedNetwork):
            np.testing.assert_array_equal(getattr(other, field.name), getattr(network, field.name), err_msg=field.name)
        assert not any(getattr(other, name).flags.writeable for name in ARRAYS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda arrays, header: arrays["decoder"].__setitem__((0, 0), np.nan), "must be finite"),
        (lambda arrays, header: arrays["decoder"].__setitem__((slice(None), 5), 0.0), "must be positive"),
        (lambda arrays, header: arrays["threshold"].__setitem__(3, 0.0), "must be positive"),
        (lambda arrays, header: arrays["leak"].__setitem__(3, -1.0), "must be positive"),
        (lambda arrays, header: arrays.update(A=np.eye(5)), "must have shape"),
        (lambda arrays, header: arrays.update(edited_fast=np.eye(5)), "must have shape"),
        (lambda arrays, header: arrays.update(more=np.eye(5)), "none of a balanced network"),
        (lambda arrays, header: arrays.pop("B"), "B"),
        (lambda arrays, header: header.update(dt="x"), "dt"),
        (lambda arrays, header: header.update(linked=1), "linked"),
        (lambda arrays, header: header.update(noise=-1.0), "noise"),
        (lambda arrays, header: header.pop("hold"), "hold"),
    ],
)
def test_a_file_of_something_else_is_refused(change: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    NETWORK.save(path)
    arrays, header = read_npz(path, "balanced", 1)
    arrays = {name: values.copy() for name, values in arrays.items()}
    change(arrays, header)
    write_npz(path, "balanced", 1, arrays, header)
    with pytest.raises(FileError, match=said) as caught:
        BalancedNetwork.load(path)
    assert "\n" not in str(caught.value)


def test_more_states_than_neurons_are_refused() -> None:
    with pytest.raises(InputError, match="at least as many neurons"):
        dataclasses.replace(NETWORK, decoder=np.ones((4, 3)), leak=np.ones(3), threshold=np.ones(3), own_reset=np.zeros(3))


def test_spikes_of_others_are_not_decoded() -> None:
    with pytest.raises(InputError, match="spikes = '7 channels': must be of 30 neurons"):
        NETWORK.decode(SpikeTrains.from_samples([([], [])], 7, 10.0), [1.0])


def test_decoded_states_are_filtered_spikes_times_the_decoder() -> None:
    spikes = SpikeTrains.from_samples([([10.0, 30.0], [2, 5])], 30, 100.0)
    z = NETWORK.decode(spikes, [10.0, 20.0, 50.0])[0]
    first, second = (NETWORK.decoder[:, i] for i in (2, 5))
    leak = NETWORK.leak / 1000
    np.testing.assert_allclose(z[0], 0)  # a spike counts after its time
    np.testing.assert_allclose(z[1], first * np.exp(-10 * leak[2]), rtol=1e-12)
    np.testing.assert_allclose(z[2], first * np.exp(-40 * leak[2]) + second * np.exp(-20 * leak[5]), rtol=1e-12)


def test_the_transformer_takes_it() -> None:
    stimulus = Currents(np.random.default_rng(0).uniform(-1, 1, (3, 5, 2)), dt=10)
    features = ReservoirTransformer(BalancedSpec(neurons=40), plastic=False).fit_transform(stimulus)
    assert features.shape == (3, 200)
    assert features.any()
