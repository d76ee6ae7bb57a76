"""Growing: the same bytes for the same seed, branches that do not disturb each other, and the means that were asked for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hrsnn import Constant, Gamma, InputError, LogNormal, Reservoir, ReservoirSpec, SpecError, Uniform, build
from hrsnn.presets import VARIANTS

SPEC = ReservoirSpec.preset("dense", neurons=60)


def arrays(reservoir: Reservoir) -> dict[str, np.ndarray]:
    """Every array by name, those of the links under ``recurrent.`` and ``input.``."""
    flat = {}
    for field in dataclasses.fields(reservoir):
        value = getattr(reservoir, field.name)
        if dataclasses.is_dataclass(value):
            flat |= {f"{field.name}.{inner.name}": getattr(value, inner.name) for inner in dataclasses.fields(value)}
        else:
            flat[field.name] = np.asarray(value)
    return flat


def changed(one: Reservoir, two: Reservoir) -> set[str]:
    """Names of the arrays that differ."""
    first, second = arrays(one), arrays(two)
    return {name for name in first if not np.array_equal(first[name], second[name])}


def test_same_seed_same_bytes():
    one, two = build(SPEC, 7, 5), build(SPEC, 7, 5)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(arrays(one).values(), arrays(two).values(), strict=True))
    assert one.equals(two)
    other = build(SPEC, 8, 5)
    assert not one.equals(other)
    assert {"is_excitatory", "tau_m", "recurrent.weight", "input.post", "input_gain"} <= changed(one, other)


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"tau_m_exc.mean": 20}, {"tau_m"}),
        ({"tau_m_inh": 5}, {"tau_m"}),
        ({"tau_exc": Uniform(2, 4)}, {"tau_exc"}),
        ({"v_threshold": LogNormal(15, 0.01)}, {"v_threshold", "v_reset"}),
        ({"refractory_exc": 1}, {"refractory"}),
        ({"weight_ee": Constant(1.2)}, {"recurrent.weight"}),
        ({"delay_ie": Uniform(1, 2)}, {"recurrent.delay"}),
        ({"delay_inh": Uniform(1, 2)}, {"recurrent.delay"}),
        ({"delay_speed": 0.2}, {"recurrent.delay"}),
        ({"input_weight": Constant(9)}, {"input.weight", "input.w_max", "input.a_plus", "input.a_minus"}),
        ({"input_gain": 3}, {"input_gain"}),
        ({"tau_plus": Uniform(15, 25)}, {"recurrent.tau_plus", "input.tau_plus"}),
        ({"a_minus": 0.001}, {"recurrent.a_minus", "input.a_minus"}),
        ({"background_rate": Uniform(1, 2)}, {"background_rate"}),
        ({"dt": 0.1}, {"dt"}),
        ({"homeostasis": False}, {"homeostasis"}),
    ],
)
def test_changing_one_parameter_leaves_the_other_arrays_the_same(change, moved):
    assert changed(build(SPEC, 1, 5), build(SPEC.updated(change), 1, 5)) == moved


def test_comonotone_pairing_orders_the_same_draws():
    spec = ReservoirSpec(neurons=200)
    apart, together = (build(spec.updated({"stdp_pairing": one}), 1, 4) for one in ("independent", "comonotone"))
    assert changed(apart, together) == {
        f"{side}.{name}" for side in ("recurrent", "input") for name in ("tau_minus", "a_minus")
    }
    for side in ("recurrent", "input"):
        one, other = getattr(apart, side), getattr(together, side)
        np.testing.assert_array_equal(np.sort(one.tau_minus), np.sort(other.tau_minus))
        np.testing.assert_allclose(np.sort(one.a_minus / one.w_max), np.sort(other.a_minus / other.w_max), rtol=1e-12)
        areas = [
            (links.a_plus * links.tau_plus / links.w_max, links.a_minus * links.tau_minus / links.w_max)
            for links in (one, other)
        ]
        np.testing.assert_array_equal(np.argsort(areas[1][0]), np.argsort(areas[1][1]))
        spread = [np.std(np.log(plus / minus)) for plus, minus in areas]
        assert spread[0] == pytest.approx(1.06, abs=0.08)  # a drift of each synapse that no data steers
        assert spread[1] < 0.15


class TestThresholds:
    def test_the_gap_to_the_reset_is_kept(self):
        het, hom = (
            build(ReservoirSpec(neurons=200, v_threshold=Uniform(8, 20), heterogeneous_thresholds=one), 1)
            for one in (True, False)
        )
        np.testing.assert_allclose(het.v_threshold - het.v_reset, 14 - 5, rtol=1e-12)
        assert np.ptp(het.v_threshold) > 10
        assert (set(hom.v_threshold.tolist()), set(hom.v_reset.tolist())) == ({14.0}, {5.0})

    def test_a_reset_of_its_own_stays(self):
        reservoir = build(ReservoirSpec(neurons=50, v_threshold=Uniform(14, 16), v_reset=Uniform(3, 4)), 1)
        assert 3 <= reservoir.v_reset.min() < reservoir.v_reset.max() <= 4


class TestDelays:
    def test_a_delay_of_a_neuron_is_that_of_all_its_links(self):
        array = np.linspace(1, 40, 40)
        reservoir = build(ReservoirSpec(neurons=50, delay_exc=array, delay_inh=2.0), 1)
        of_neuron = np.where(reservoir.is_excitatory, 0.0, 2.0)
        of_neuron[reservoir.is_excitatory] = array
        np.testing.assert_array_equal(reservoir.delay, of_neuron[reservoir.pre])
        assert reservoir.needs() == {"delays_per_neuron"}

    def test_one_number_is_the_same_per_neuron_and_per_link(self):
        per_neuron, per_link = (
            build(ReservoirSpec(neurons=60, **delays), 1)
            for delays in ({"delay_exc": 7, "delay_inh": 0}, {"delay_ee": 7, "delay_ei": 7})
        )
        assert per_neuron.equals(per_link)

    def test_a_speed_makes_delays_of_lengths(self):
        reservoir = build(ReservoirSpec(neurons=60, delay_speed=0.25), 1)
        apart = np.linalg.norm(reservoir.positions[reservoir.pre] - reservoir.positions[reservoir.post], axis=1)
        np.testing.assert_allclose(reservoir.delay, apart / 0.25, rtol=1e-15)

    @pytest.mark.parametrize(
        "delays", [{"delay_exc": Uniform(1, 9), "delay_inh": 0}, {"delay_ee": Uniform(1, 9)}, {"delay_speed": 1}]
    )
    def test_homogeneous_delays_have_the_mean(self, delays):
        het, hom = (build(ReservoirSpec(neurons=300, heterogeneous_delays=one, **delays), 1).delay for one in (True, False))
        assert len(set(hom.tolist()) - {0.0}) == 1
        assert het[het > 0].mean() == pytest.approx(hom.max(), rel=0.1)

    def test_a_wrong_length_is_an_error_in_every_variant(self):
        for switch in (True, False):
            spec = ReservoirSpec(neurons=50, delay_exc=[1.0, 2.0], heterogeneous_delays=switch)
            with pytest.raises(SpecError, match="delay_exc: an array of 2 values, but the network has 40"):
                build(spec, 1)


def test_more_channels_leave_the_neurons_and_recurrent_links_alone():
    assert {name.split(".")[0] for name in changed(build(SPEC, 1, 5), build(SPEC, 1, 6))} == {
        "channels",
        "input",
        "input_gain",
    }


def test_types_are_the_share_that_was_asked_for():
    for share in (0.8, 0.5, 1.0, 0.01):
        reservoir = build(ReservoirSpec(neurons=100, excitatory_fraction=share), 1)
        assert reservoir.is_excitatory.sum() == round(100 * share)


def test_excitatory_and_inhibitory_neurons_draw_from_their_own_distributions():
    r = build(ReservoirSpec(neurons=4000, connectivity="random", connection_probability=0), 1)
    for kind, mean in ((r.is_excitatory, 15.2), (~r.is_excitatory, 10.4)):
        assert r.tau_m[kind].mean() == pytest.approx(mean, rel=0.06)
    assert set(r.refractory[r.is_excitatory]) == {3.0}
    assert set(r.refractory[~r.is_excitatory]) == {2.0}


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_keep_the_means_after_truncation(name):
    """A homogeneous twin has the mean of what is really drawn, not of the distribution before truncation."""
    spec = ReservoirSpec(
        neurons=3000,
        tau_m_exc=Gamma(30, 0.9, 20, 60),
        v_threshold=LogNormal(15, 0.3, 14, 30),
        tau_plus=Gamma(20, 0.8, 10, 25),
        connectivity="random",
        connection_probability=0.005,
    ).variant(name)
    r = build(spec, 2, 20)
    neurons, synapses = VARIANTS[name]
    exc = r.is_excitatory
    for values, distribution, heterogeneous in (
        (r.tau_m[exc], spec.tau_m_exc, neurons),
        (r.v_threshold, spec.v_threshold, neurons),
        (r.recurrent.tau_plus, spec.tau_plus, synapses),
        (r.input.tau_plus, spec.tau_plus, synapses),
    ):
        error = 5 * values.std() / np.sqrt(len(values))
        assert values.mean() == pytest.approx(distribution.truncated_mean, abs=max(error, 1e-9))
        assert bool(np.ptp(values) > 0) is heterogeneous
    assert np.ptp(r.weight) > 0  # the weights are of neither


def test_mean_depression_is_1_05_times_potentiation():
    r = build(ReservoirSpec(neurons=2000, connectivity="random", connection_probability=0.02), 3, 5)
    for links in (r.recurrent, r.input):
        plus, minus = links.a_plus / links.w_max, links.a_minus / links.w_max
        if len(links) > 10_000:
            assert plus.mean() == pytest.approx(0.001, rel=0.01)
            assert minus.mean() / plus.mean() == pytest.approx(1.05, rel=0.02)
            assert stats.pearsonr(plus, minus)[0] == pytest.approx(0, abs=0.02)
            assert minus.std() / minus.mean() == pytest.approx(0.5, rel=0.03)
    homogeneous = build(SPEC.variant("HeNHoS"), 3, 5).recurrent
    np.testing.assert_allclose(homogeneous.a_minus / homogeneous.a_plus, 1.05, rtol=1e-12)
    # other time constants: the areas stay in proportion
    skewed = build(SPEC.variant("HeNHoS").updated({"tau_minus": 40, "depression_ratio": 2}), 3, 5).recurrent
    np.testing.assert_allclose(skewed.a_minus * 40 / (skewed.a_plus * 20), 2, rtol=1e-12)


def test_weights_are_scaled_by_30_over_k_and_stay_below_their_bound():
    spec = ReservoirSpec.preset("dense", neurons=1000, weight_ee=Constant(1.2), weight_ie=Gamma(1.5, 0.7))
    r = build(spec, 1)
    exc = r.is_excitatory
    factor = spec.weight_scale * 30 / 30.6
    ee, ie = exc[r.pre] & exc[r.post], ~exc[r.pre] & exc[r.post]
    np.testing.assert_allclose(r.weight[ee], 1.2 * factor, rtol=1e-3)
    np.testing.assert_allclose(r.w_max[ee], 3.6 * factor, rtol=1e-3)
    np.testing.assert_allclose(r.w_max[ie], 4.5 * factor, rtol=1e-3)
    assert (r.weight <= r.w_max).all()
    assert r.weight[ie].max() > 0.9 * r.w_max[ie].max()  # the bound really cuts


def test_random_links_get_the_mean_total_input_of_distance_links():
    totals = []
    degrees = {"connectivity": "in_degree", "in_degree_exc": 9, "in_degree_inh": 5}
    for extra in ({}, {"connectivity": "random", "connection_probability": 0.05}, degrees):
        r = build(ReservoirSpec.preset("dense", neurons=1500, **extra), 1)
        kinds = [(r.is_excitatory[r.pre] == a) & (r.is_excitatory[r.post] == b) for a in (1, 0) for b in (1, 0)]
        totals.append([r.weight[kind].sum() / 1500 for kind in kinds])
    np.testing.assert_allclose(totals[0], totals[1], rtol=0.15)
    np.testing.assert_allclose(totals[0], totals[2], rtol=0.15)


def test_every_neuron_receives_the_given_numbers():
    r = build(ReservoirSpec(neurons=600, in_degree_exc=3, in_degree_inh=1), 1, channels=30)
    for kind, number in ((r.is_excitatory, 3), (~r.is_excitatory, 1)):
        assert set(np.bincount(r.post[kind[r.pre]], minlength=600).tolist()) == {number}
    assert set(np.bincount(r.input_post, minlength=600).tolist()) == {2}
    assert not (r.pre == r.post).any()
    # where there are fewer of a type than wanted, all of them
    equal = {f"weight_{pair}": Constant(1) for pair in ("ee", "ei", "ie", "ii")}
    every = build(ReservoirSpec(neurons=100, in_degree_exc=10**6, in_degree_inh=10**6, **equal), 1)
    pairs = build(ReservoirSpec(neurons=100, connectivity="random", connection_probability=1, **equal), 1)
    assert every.synapses == pairs.synapses == 9900
    np.testing.assert_allclose(every.weight, pairs.weight, rtol=0.05)  # as strong as links are that are all there
    few = build(ReservoirSpec(neurons=10, in_degree_exc=100, in_degree_inh=0), 1)
    assert few.synapses == 8 * 7 + 2 * 8
    assert few.is_excitatory[few.pre].all()


@pytest.mark.parametrize("connectivity", ["in_degree", "distance", "random"])
def test_normalised_potentials_do_not_depend_on_tau_m(connectivity):
    """A spike's potential is proportional to w/tau_m; the mean of the weights by type stays what it was."""
    equal = {f"weight_{pair}": Constant(1) for pair in ("ee", "ei", "ie", "ii")} | {"input_weight": Constant(1)}
    spec = ReservoirSpec(neurons=200, connectivity=connectivity, psp_normalised=True, **equal)
    r = build(spec, 1, channels=5)
    for links in (r.recurrent, r.input):
        for kind in (r.is_excitatory, ~r.is_excitatory):
            mean = r.tau_m[kind].mean()
            for source in (r.is_excitatory, ~r.is_excitatory) if links is r.recurrent else (np.ones(200, bool),):
                here = kind[links.post] & source[links.pre]
                potential = links.weight[here] / r.tau_m[links.post[here]] * mean
                np.testing.assert_allclose(potential, potential[0], rtol=1e-12)
    plain = build(spec.updated({"psp_normalised": False}), 1, channels=5)
    np.testing.assert_allclose(r.weight / plain.weight, r.w_max / plain.w_max, rtol=1e-12)


def test_input_reaches_a_share_of_the_neurons():
    r = build(ReservoirSpec.preset("dense", neurons=1000), 1, channels=100)
    reached = np.unique(r.input_post)
    assert 280 <= len(reached) <= 300
    # P_IR = min(1, input_channels/channels), each pair of channel and target on its own
    assert len(r.input) == pytest.approx(300 * 4, abs=5 * np.sqrt(300 * 4))
    for channels in (1, 4):
        assert len(build(ReservoirSpec.preset("dense", neurons=1000), 1, channels=channels).input) == 300 * channels
    assert len(build(ReservoirSpec(neurons=10, input_fraction=1e-9), 1).input) == 1
    everyone = build(ReservoirSpec(neurons=50, input_fraction=1, input_probability=1), 1, channels=3)
    np.testing.assert_array_equal(everyone.input_post, np.tile(np.arange(50), 3))


def test_arrays_are_taken_as_they_are():
    threshold = np.linspace(14, 16, 60)
    r = build(SPEC.updated({"v_threshold": threshold}), 1)
    np.testing.assert_array_equal(r.v_threshold, threshold)
    homogeneous = build(SPEC.variant("HoNHoS").updated({"v_threshold": threshold}), 1)
    assert set(homogeneous.v_threshold) == {threshold.mean()}
    exc = build(SPEC.updated({"tau_m_exc": np.arange(1.0, 49)}), 1)
    np.testing.assert_array_equal(exc.tau_m[exc.is_excitatory], np.arange(1.0, 49))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"v_threshold": [15.0, 16.0]}, "v_threshold: an array of 2 values, but the network has 60"),
        ({"tau_m_exc": [15.0, 16.0]}, "tau_m_exc: an array of 2 values, but the network has 48"),
        ({"weight_ee": [1.0]}, "weight_ee: an array of 1 values, but the network has"),
        ({"tau_plus": [1.0]}, "tau_plus: an array of 1 values, but the network has"),
        ({"v_threshold": [15.0], "heterogeneous_neurons": False}, "v_threshold: an array of 1 values"),
    ],
)
def test_arrays_of_the_wrong_length_are_refused(change, message):
    with pytest.raises(SpecError, match=message):
        build(SPEC.updated(change), 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 0}, "channels = 0: must be a whole number >= 1"),
        ({"channels": 2.0}, "channels = 2.0"),
        ({"channels": True}, "channels = True"),
        ({"seed": -1}, "seed = -1: must be a whole number >= 0"),
        ({"seed": 1.5}, "seed = 1.5"),
        ({"spec": SPEC.updated({"v_reset": 20})}, r"v_reset\[0\] = 20.0: must be below v_threshold"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        build(**{"spec": SPEC, **arguments})


@settings(max_examples=40)
@given(
    neurons=st.integers(2, 60),
    seed=st.integers(0, 2**70),
    channels=st.integers(1, 30),
    share=st.floats(0.01, 1),
    connectivity=st.sampled_from(["distance", "random"]),
    p=st.floats(0, 1),
    length_scale=st.floats(0.01, 10),
    weight=st.sampled_from([0, 1e-6, Gamma(1, 2), Uniform(0, 3)]),
    factor=st.floats(1.001, 9),
)
def test_any_spec_grows_a_sound_network(neurons, seed, channels, share, connectivity, p, length_scale, weight, factor):
    r = build(
        ReservoirSpec(
            neurons=neurons,
            excitatory_fraction=share,
            connectivity=connectivity,
            connection_probability=p,
            length_scale=length_scale,
            weight_ee=weight,
            weight_ii=weight,
            input_weight=weight,
            w_max_factor=factor,
        ),
        seed,
        channels,
    )
    assert (r.neurons, r.channels) == (neurons, channels)  # everything else is what a Reservoir checks


def test_clusters_are_networks_of_their_own_with_time_constants_of_their_own():
    spec = ReservoirSpec(neurons=800, clusters=4, cluster_spread=4, inter_cluster_share=0.05)
    reservoir = build(spec, seed=1)
    assert np.bincount(reservoir.cluster).tolist() == [200] * 4
    between = reservoir.cluster[reservoir.pre] != reservoir.cluster[reservoir.post]
    assert between.mean() == pytest.approx(0.05, abs=0.012)
    means = np.array([reservoir.tau_m[reservoir.cluster == k].mean() for k in range(4)])
    np.testing.assert_allclose(means[1:] / means[:-1], 4 ** (1 / 3), rtol=0.25)
    assert reservoir.tau_m.mean() == pytest.approx(build(ReservoirSpec(neurons=800), seed=1).tau_m.mean(), rel=0.08)
    # inside a cluster links obey the distance law, so that none is longer than its grid allows
    apart = np.linalg.norm(reservoir.positions[reservoir.pre] - reservoir.positions[reservoir.post], axis=1)
    assert apart[~between].mean() < 3 < apart[between].mean()
    assert np.array_equal(build(spec, seed=1).weight, reservoir.weight)


def test_an_array_of_time_constants_is_left_alone_by_clusters():
    spec = ReservoirSpec(neurons=40, clusters=2, tau_m_exc=[30.0] * 32, tau_m_inh=[20.0] * 8)
    assert sorted(set(build(spec, seed=0).tau_m.tolist())) == [20.0, 30.0]
