"""Weights and v of few bits: levels counted, scales against brute force, and v against a plain loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn import Currents, InputError, Reservoir, ReservoirSpec, build, quantise, simulate
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.quantisation import quantised
from hrsnn.testing.networks import CASES, currents, single, trains
from hrsnn.testing.reference_engine import as_pairs, reference_run

SMALL = build(ReservoirSpec.preset("dense", neurons=30, input_fraction=0.6), seed=1, channels=4)
BALANCED = build_balanced(BalancedSpec(neurons=100, dimensions=6), seed=1)


@given(
    values=st.lists(st.floats(-1e3, 1e3, allow_subnormal=False).filter(lambda w: w == 0 or abs(w) > 1e-3), min_size=1),
    bits=st.integers(1, 10),
)
@settings(max_examples=60, deadline=None)
def test_levels_are_counted_and_rounding_twice_is_rounding_once(values: list[float], bits: int) -> None:
    once = quantised(values, bits)
    assert len(np.unique(np.abs(once))) <= (1 if bits == 1 else 2 ** (bits - 1))
    assert bits == 1 or not np.any(once * np.array(values) < 0)
    np.testing.assert_allclose(quantised(once, bits), once, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("bits", [1, 2, 3, 5])
def test_the_scale_has_the_least_squared_error(bits: int) -> None:
    weights = np.random.default_rng(bits).gamma(2, 1, 300) * np.random.default_rng(9).choice([-1, 1], 300)
    most = max(1, 2 ** (bits - 1) - 1)
    lowest = 1 if bits == 1 else 0
    errors = [
        np.sum((np.abs(weights) - s * np.clip(np.rint(np.abs(weights) / s), lowest, most)) ** 2)
        for s in np.linspace(0.01, np.abs(weights).max(), 20_000)
    ]
    assert np.sum((weights - quantised(weights, bits)) ** 2) <= min(errors) * (1 + 1e-3)


def test_a_reservoir_keeps_its_signs_and_links() -> None:
    few = quantise(SMALL, weight_bits=3)
    excitatory = SMALL.is_excitatory[SMALL.pre]
    for chosen in (excitatory, ~excitatory):
        assert len(np.unique(few.weight[chosen])) <= 4
    assert few.synapses == SMALL.synapses
    assert (few.weight >= 0).all()
    assert (few.w_max >= few.weight).all()
    assert np.ptp(quantise(SMALL, weight_bits=1).weight[excitatory]) < 1e-12
    assert abs(np.corrcoef(quantise(SMALL, weight_bits=8).weight, SMALL.weight)[0, 1] - 1) < 1e-4
    assert quantise(SMALL) is SMALL


@pytest.mark.parametrize("plastic", [False, True], ids=["frozen", "plastic"])
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("case", ["defaults", "everything heterogeneous", "adaptation", "starting above threshold"])
def test_v_is_that_of_the_plain_loop(case: str, bits: int, plastic: bool) -> None:
    spec = ReservoirSpec.preset("dense", neurons=20).updated({"input_fraction": 0.6, "dt": 1.0, **CASES[case]})
    reservoir = quantise(build(spec, seed=3, channels=4), state_bits=bits)
    for stimulus in (trains(2, 4, 60.2, 120, seed=1), currents(2, 4, 5, 6.7, seed=2)):
        got = simulate(reservoir, stimulus, plastic=plastic, record=("spikes", "v"))
        wanted = reference_run(reservoir, stimulus, plastic)
        for index, spikes in enumerate(wanted.spikes):
            assert as_pairs(got.spikes, index, reservoir.dt) == spikes
            np.testing.assert_allclose(got.v[index, -1], wanted.v[index], rtol=0, atol=1e-9)
        height = (reservoir.v_threshold - reservoir.v_rest) / (2 ** (bits - 1) - 1)
        level = (got.v - reservoir.v_rest) / height
        np.testing.assert_allclose(level, np.rint(level), atol=1e-9)


def test_sixteen_bits_of_v_are_nearly_all() -> None:
    values = Currents(np.random.default_rng(0).uniform(0, 3, (1, 40, 4)), 10)
    fine = quantise(SMALL, state_bits=16).replace(dt=1.0)
    assert abs(simulate(fine, values).spike_count / simulate(SMALL.replace(dt=1.0), values).spike_count - 1) < 0.05


def test_the_mean_of_stochastic_rounding_is_the_value() -> None:
    # one neuron without input decays: e^(-t/tau) in the mean, where rounding to the nearest of 7 levels keeps the start
    one = single(v_rest=0.0, v_threshold=15.0, v_reset=0.0, v_start=10.0, tau_m=50.0, i_bias=0.0)
    silent = Currents(np.zeros((400, 1, 1)), 20.0)
    nearest = simulate(quantise(one, state_bits=4), silent, record=("v",)).v[:, -1, 0]
    assert (np.abs(nearest - 10) < 15 / 7).all()
    assert np.ptp(nearest) == 0
    v = simulate(quantise(one, state_bits=4, stochastic_rounding=True), silent, record=("v",)).v[:, -1, 0]
    assert abs(v.mean() - 10 * np.exp(-20 / 50)) < 4 * v.std() / np.sqrt(len(v))
    assert v.std() > 0


@pytest.mark.parametrize("exact", [SMALL, BALANCED], ids=["reservoir", "balanced"])
def test_stochastic_rounding_in_parts_is_that_in_one_piece(exact: Any) -> None:
    network = quantise(exact, state_bits=6, stochastic_rounding=True)
    values = np.random.default_rng(2).uniform(0, 4, (1, 6, exact.channels))
    whole = simulate(network, Currents(values, 10.0), seed=4)
    first = simulate(network, Currents(values[:, :2], 10.0), seed=4)
    second = simulate(network, Currents(values[:, 2:], 10.0), seed=4, state=first.state)
    assert first.spike_count
    np.testing.assert_array_equal(first.spike_counts + second.spike_counts, whole.spike_counts)
    other = simulate(network, Currents(values, 10.0), seed=5)
    assert not other.spikes.equals(whole.spikes)
    with pytest.raises(InputError, match="seed = 5: must stay 4, which the rounding began with"):
        simulate(network, Currents(values[:, 2:], 10.0), seed=5, state=first.state)
    with pytest.raises(InputError, match="of another network"):
        simulate(quantise(network, state_bits=8), Currents(values[:, 2:], 10.0), seed=4, state=first.state)


def test_a_balanced_network_has_few_bits_by_its_decoder_or_by_its_matrices() -> None:
    few = quantise(BALANCED, weight_bits=4, state_bits=8)
    assert len(np.unique(np.abs(few.decoder))) <= 8
    assert few.state_bits == 8
    np.testing.assert_allclose(few.threshold, (few.decoder**2).sum(axis=0) / 2)  # nu = mu = 0
    matrices = quantise(BALANCED, weight_bits=4, form="matrices")
    off = matrices.fast[~np.eye(100, dtype=bool)]
    assert len(np.unique(np.abs(off))) <= 8
    assert len(np.unique(np.abs(matrices.slow))) <= 8
    np.testing.assert_allclose(np.diag(matrices.fast), np.diag(BALANCED.fast))
    activity = simulate(few, Currents(np.random.default_rng(1).uniform(-1, 1, (1, 20, 1)), 20), record=("spikes", "v"))
    level = activity.v / (few.threshold / 127)
    np.testing.assert_allclose(level, np.rint(level), atol=1e-6)


@pytest.mark.parametrize("network", [SMALL, BALANCED], ids=["reservoir", "balanced"])
def test_it_is_saved_and_loaded(network: Any, tmp_path: Any) -> None:
    few = quantise(network, weight_bits=4, state_bits=6, stochastic_rounding=True)
    for each in (few, network):
        each.save(tmp_path / "network.npz")
        again = (Reservoir if network is SMALL else BalancedNetwork).load(tmp_path / "network.npz")
        assert (again.state_bits, again.stochastic_rounding) == (each.state_bits, each.stochastic_rounding)
    if network is SMALL:
        assert few.fingerprint not in (SMALL.fingerprint, few.replace(state_bits=0).fingerprint)


def test_other_engines_refuse_it_with_the_reason() -> None:
    for network, engine in ((SMALL, "exact"), (SMALL, "brian2"), (BALANCED, "brian2-balanced")):
        stimulus = Currents(np.zeros((1, 1, network.channels)), 1.0)
        with pytest.raises(InputError, match=r"cannot round v to a number of bits after each step: .*engines that can: "):
            simulate(quantise(network, state_bits=8), stimulus, engine=engine)


def test_what_has_no_rounding_of_v_refuses_it() -> None:
    """A network of few bits would be another network there."""
    from hrsnn.analysis.lyapunov.spectrum import checked_options
    from hrsnn.engines.brian.balanced import to_network
    from hrsnn.engines.exact.engine import trajectory

    few, stimulus = quantise(SMALL, state_bits=8), Currents(np.zeros((1, 1, 4)), 1.0)
    for run in (
        lambda: trajectory(few, stimulus),
        lambda: checked_options(few, None, 10.0),
        lambda: few.to_brian2(),
        lambda: to_network(quantise(BALANCED, state_bits=8)),
    ):
        with pytest.raises(InputError, match=r"v of few bits|cannot round v"):
            run()


@pytest.mark.parametrize("network", [SMALL, BALANCED], ids=["reservoir", "balanced"])
def test_training_refuses_few_bits_of_v(network: Any) -> None:
    pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")
    from hrsnn.training import TrainableNetwork

    with pytest.raises(InputError, match="network = 'with v of few bits': has no gradients here"):
        TrainableNetwork(quantise(network, state_bits=8), 2)


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        (SMALL, {"weight_bits": 0}, "weight_bits = 0: must be a whole number >= 1"),
        (SMALL, {"weight_bits": 17}, "weight_bits = 17: must be at most 16"),
        (SMALL, {"weight_bits": 2.5}, "weight_bits = 2.5: must be a whole number"),
        (SMALL, {"state_bits": 1}, "state_bits = 1: must be 0 .v is not rounded., or a whole number from 2 to 16"),
        (SMALL, {"state_bits": True}, "state_bits = True: must be a whole number"),
        (SMALL, {"stochastic_rounding": True}, "stochastic_rounding = True: needs state_bits"),
        (SMALL, {"state_bits": 4, "stochastic_rounding": "no"}, "stochastic_rounding = 'no': must be True or False"),
        (SMALL, {"weight_bits": 4, "form": "matrices"}, "form = 'matrices': is of balanced networks"),
        (BALANCED, {"weight_bits": 4, "form": "rows"}, "form = 'rows': must be one of decoder, matrices"),
        (BALANCED.with_matrices(), {"weight_bits": 4}, "form = 'decoder': the weights of this network are N x N"),
        ("net", {"weight_bits": 4}, "network = .*: must be a Reservoir, or a network of another kind"),
        (SMALL.replace(v_rest=np.full(30, 20.0)), {"state_bits": 4}, "v_threshold.* must be above v_rest"),
    ],
)
def test_bad_input(network: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        quantise(network, **options)
