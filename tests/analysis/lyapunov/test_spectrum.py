"""Lyapunov exponents of spiking networks: closed forms, finite differences of the exact engine, and an exact identity."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from hrsnn import Currents, PoissonEncoder, ReservoirSpec, Uniform, build
from hrsnn.analysis import largest_lyapunov, lyapunov_spectrum, transient_length
from hrsnn.analysis.lyapunov import spectrum as spiking_spectrum
from hrsnn.analysis.lyapunov.stimulus import driven_by
from hrsnn.analysis.lyapunov.tangent import SpikeTangent
from hrsnn.engines.exact.engine import trajectory
from hrsnn.errors import DivergenceError, InputError

NOISY = {"background_rate": 40, "background_weight": 6}


def network(neurons=30, seed=0, **changes):
    """An autonomous network at some 10 to 20 Hz."""
    return build(
        ReservoirSpec.preset(
            "dense", **{"neurons": neurons, "i_bias": Uniform(13, 17), "v_start": Uniform(6, 14), **changes}
        ),
        seed=seed,
    )


def test_uncoupled_and_below_threshold_every_variable_decays_at_its_own_rate():
    quiet = network(20, i_bias=10)
    found = lyapunov_spectrum(quiet, 1000.0)
    expected = -1000 / np.concatenate([quiet.tau_m, quiet.tau_exc, quiet.tau_inh])
    np.testing.assert_allclose(found.exponents, np.sort(expected)[::-1], atol=1e-10)
    np.testing.assert_allclose(found.per_neuron_v, -1000 / quiet.tau_m, rtol=1e-15)
    assert found.silent.all()
    assert (found.rate, found.kaplan_yorke) == (0, 0)
    assert np.isnan(found.largest_active)
    # the same through the vectors themselves, neurons silent or not
    log = trajectory(quiet, driven_by(1000.0, 1))
    flow = SpikeTangent(quiet, log, np.arange(20), 1e-6)
    _, tangent = flow(flow.start(), np.eye(60), 20.0)
    assert np.linalg.slogdet(tangent)[1] / 20 * 1000 == pytest.approx(expected.sum(), abs=1e-9)


@pytest.mark.parametrize("refractory", [0.0, 3.0])
def test_one_neuron_that_fires_periodically_has_a_zero_exponent(refractory):
    one = network(2, i_bias=[17.0, 10.0], refractory_exc=refractory, refractory_inh=refractory).without_recurrence()
    period = refractory + one.tau_m[0] * np.log((17 - 5) / (17 - 15))
    interval = period / np.ceil(period / 40)
    found = lyapunov_spectrum(one, 25 * period, interval=interval, washout=5 * period)
    np.testing.assert_allclose(found.active_exponents, [0.0, -1000 / 6, -1000 / 3], atol=1e-9)
    np.testing.assert_array_equal(found.silent, [False, True])


DELAYS = [{"delay_ee": d, "delay_ei": d / 2, "delay_ie": d, "delay_ii": d} for d in (0.0, 1.5, 4.0, 7.3)]


def by_differences(reservoir, duration, size=1e-6):
    """(3 n, 3 n): the final state's derivative by the initial one, from runs of the engine alone."""
    n, stimulus = reservoir.neurons, driven_by(duration, reservoir.channels)
    start = np.concatenate([reservoir.v_start, np.zeros(2 * n)])

    def run(state):
        v, exc, inh = np.split(state, 3)
        return trajectory(reservoir, stimulus, v_start=v, exc_start=exc, inh_start=inh)

    base = run(start)
    held = np.flatnonzero(base.release_time > duration)
    columns = []
    for change in np.eye(3 * n) * size:
        up, down = run(start + change), run(start - change)
        assert up.spike_neuron.tolist() == down.spike_neuron.tolist() == base.spike_neuron.tolist()
        ends = [np.concatenate([log.end_v, log.end_exc, log.end_inh]) for log in (up, down)]
        column = ends[0] - ends[1]
        # v of a held neuron is a constant; what differs is when it is released
        column[base.spike_neuron[held]] = -base.drift[held] * (up.release_time[held] - down.release_time[held])
        columns.append(column / (2 * size))
    return np.stack(columns, axis=1), base


@pytest.mark.parametrize("refractory", [0.0, 3.0])
@pytest.mark.parametrize("delays", DELAYS, ids=lambda delays: f"delay {delays['delay_ee']}")
def test_one_spike_against_finite_differences_of_the_engine(delays, refractory):
    # neuron 0 fires first; its spike reaches neuron 1, which fires at about 11 ms and is held when a late one arrives
    pair = network(
        2, i_bias=[20.0, 19.0], v_start=[14.0, 12.0], connectivity="random", connection_probability=1.0,
        tau_m_exc=20, tau_m_inh=15, refractory_exc=refractory, refractory_inh=refractory, **delays,
    )  # fmt: skip
    for duration in (2.0, 9.9, 12.7, 20.3):
        expected, log = by_differences(pair, duration)
        flow = SpikeTangent(pair, log, np.arange(2), 1e-9)
        _, tangent = flow(flow.start(), np.eye(6), duration)
        np.testing.assert_allclose(tangent[:6], expected, atol=1e-7 * max(1, np.abs(expected).max()))
    assert len(log.spike_time) >= 2


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "delays",
    [DELAYS[0], DELAYS[3], {"delay_exc": Uniform(1, 9), "delay_inh": Uniform(1, 9)}],
    ids=["no delay", "delay", "a delay of each neuron"],
)
def test_many_spikes_against_finite_differences(delays, seed):
    six = network(6, seed, i_bias=Uniform(15.5, 18), connectivity="random", connection_probability=0.5, **delays)
    expected, log = by_differences(six, 60.3)
    flow = SpikeTangent(six, log, np.arange(6), 1e-9)
    _, tangent = flow(flow.start(), np.eye(18), 60.3)
    assert len(log.spike_time) >= 5
    np.testing.assert_allclose(tangent[:18], expected, atol=1e-6 * np.abs(expected).max())


def test_a_tangent_may_stop_anywhere_and_its_columns_do_not_mix():
    reservoir = network(60, delay_ee=6.0, delay_ei=2.5)
    log = trajectory(reservoir, driven_by(60.0, 1))
    flow = SpikeTangent(reservoir, log, np.arange(60), 1e-6)
    whole_moment, whole = flow(flow.start(), np.eye(180), 60.0)
    moment, tangent = flow.start(), np.eye(180)
    flying = []
    for length in (7.0, 0.3, 20.7, 32.0):
        moment, tangent = flow(moment, tangent, length)
        flying.append(len(moment.flying))
    assert max(flying) > 0
    np.testing.assert_array_equal(moment.refractory, whole_moment.refractory)
    np.testing.assert_array_equal(moment.flying, whole_moment.flying)
    np.testing.assert_allclose(tangent, whole, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(flow(flow.start(), np.eye(180)[:, 125:131], 60.0)[1], whole[:, 125:131])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"refractory_exc": 0, "refractory_inh": 0},
        {"background_rate": 40, "background_weight": 6},
        {"tau_exc": Uniform(2, 5), "tau_inh": Uniform(4, 9)},  # no directions to leave out
        {"tau_exc": 20, "tau_m_exc": 20, "tau_m_inh": 20},  # tau_m = tau_exc
        {"delay_ee": 3.0, "delay_ei": 1.5},
        {"delay_exc": Uniform(1, 20)},
        {"delay_input": Uniform(0, 30)},
    ],
    ids=lambda changes: ", ".join(changes) or "defaults",
)
def test_exact_sums(changes):
    reservoir = network(40, seed=1, **changes)
    found = lyapunov_spectrum(reservoir, 900.0)
    assert found.rate > 2
    assert len(found.exponents) == 120
    # shares of a whole
    assert found.per_neuron.sum() == pytest.approx(found.exponents.sum(), abs=1e-9)
    if not {"delay_ee", "delay_exc"} & set(changes):
        # what neurons do to each other are shears: the sum of the exponents needs no vectors
        assert found.exponents.sum() == pytest.approx(found.per_neuron_local.sum(), abs=1e-8)


def test_a_stretch_that_ruins_the_conditioning_is_halved():
    # within 40 ms the currents decay by e^-40
    reservoir = network(20, seed=1, tau_exc=1.0, tau_inh=1.0)
    found = lyapunov_spectrum(reservoir, 640.0, interval=40)
    assert found.shortest <= 20
    assert found.times[-1] == pytest.approx(440.0)
    assert found.exponents.sum() == pytest.approx(found.per_neuron_local.sum(), abs=1e-6)


def test_leaving_out_known_directions_changes_no_volume(monkeypatch):
    reservoir = network(30, seed=0)
    few = lyapunov_spectrum(reservoir, 4200.0)
    monkeypatch.setattr(spiking_spectrum, "_reachable", lambda flow, reservoir: None)
    all_of_them = lyapunov_spectrum(reservoir, 4200.0)
    assert few.exponents.sum() == pytest.approx(all_of_them.exponents.sum(), abs=1e-7)
    np.testing.assert_allclose(few.exponents[:25], all_of_them.exponents[:25], atol=1e-6)
    assert np.corrcoef(few.per_neuron_v, all_of_them.per_neuron_v)[0, 1] > 0.999


def test_the_first_few_are_those_of_the_whole_spectrum():
    reservoir = network(40, seed=2, **NOISY)
    whole, few = lyapunov_spectrum(reservoir, 2200.0), lyapunov_spectrum(reservoir, 2200.0, count=6)
    # the same vectors: those that are left out do not act on the others
    distance = np.abs(few.exponents[:, None] - whole.exponents).min(axis=1)
    np.testing.assert_allclose(distance, 0, atol=1e-6)
    assert few.largest == pytest.approx(whole.largest, abs=1e-6)
    assert np.isnan(few.per_neuron).all()
    assert np.isnan(few.per_neuron_v).all()
    np.testing.assert_array_equal(few.per_neuron_local, whole.per_neuron_local)
    assert few.convergence.shape == (100, 6)
    np.testing.assert_allclose(few.times[[0, -1]], [20.0, 2000.0])


def test_an_autonomous_network_has_an_exponent_of_zero():
    # a shift in time is a perturbation that neither grows nor decays
    reservoir = network(20, seed=3, i_bias=Uniform(15.5, 17), weight_scale=1.0)
    found = lyapunov_spectrum(reservoir, 6000.0)
    assert np.abs(found.exponents).min() < 0.15


#: Drives that give exponents from -11 to +10 /s.
BIAS = [Uniform(12, 15), Uniform(13, 16), 14, Uniform(14, 18), Uniform(15, 20)]


@pytest.mark.parametrize("seed", range(10))
def test_two_trajectories_part_at_the_largest_exponent(seed):
    reservoir = build(ReservoirSpec.preset("dense", neurons=60, i_bias=BIAS[seed % 5], **NOISY), seed=seed)
    found = lyapunov_spectrum(reservoir, 3000.0, count=4)
    apart = largest_lyapunov(reservoir, 3000.0, perturbation=1e-9 if found.largest_active > 0 else 1e-4)
    error = np.hypot(found.standard_error[0], apart.standard_error)
    assert abs(apart.exponent - found.largest_active) < 2 * error
    assert abs(apart.exponent - found.largest_active) < 3.0


def test_driven_by_spikes_and_by_currents():
    trains = PoissonEncoder(peak_rate=200, duration=600).fit_transform(np.eye(4)[:3])
    reservoir = build(ReservoirSpec.preset("dense", neurons=40), seed=1, channels=4)
    spectra = [lyapunov_spectrum(reservoir, trains, index=index) for index in (0, 1, 1)]
    assert spectra[0].largest != spectra[1].largest
    np.testing.assert_array_equal(spectra[1].exponents, spectra[2].exponents)
    analog = Currents(np.random.default_rng(0).uniform(-1, 1, (1, 30, 4)), dt=20.0)
    assert lyapunov_spectrum(reservoir, analog).rate > 0


def test_with_and_without_silent_neurons():
    reservoir = network(40, seed=1, **NOISY)
    silenced = reservoir.replace(
        i_bias=np.where(np.arange(40) == 3, -1000.0, reservoir.i_bias),
        tau_m=np.where(np.arange(40) == 3, 1e4, reservoir.tau_m),
    )
    found = lyapunov_spectrum(silenced, 1200.0)
    assert found.silent[3]
    assert -0.1 in found.exponents.round(12)  # -1/tau_m
    assert found.per_neuron_v[3] == pytest.approx(-0.1)
    active = 3 * (~found.silent).sum()
    assert len(found.active_exponents) == active
    known = -1000 / np.stack([silenced.tau_m, silenced.tau_exc, silenced.tau_inh])[:, found.silent]
    np.testing.assert_allclose(np.sort(np.append(found.active_exponents, known)), np.sort(found.exponents))


@pytest.mark.parametrize("delay", [40.0, 450.0, 1000.0])
def test_long_delays(delay):
    reservoir = network(20, seed=1, delay_ee=delay, delay_ei=delay, delay_ie=delay, delay_ii=delay)
    found = lyapunov_spectrum(reservoir, 600.0)
    assert np.isfinite(found.exponents).all()
    assert found.per_neuron.sum() == pytest.approx(found.exponents.sum(), abs=1e-9)


def test_neurons_that_cross_at_the_same_time():
    twins = network(10, i_bias=16, v_start=14, tau_m_exc=30, tau_m_inh=30, connectivity="random", connection_probability=1.0)
    log = trajectory(twins, driven_by(100.0, 1))
    assert (np.diff(log.spike_time) == 0).any()
    found = lyapunov_spectrum(twins, 600.0)
    assert np.isfinite(found.exponents).all()
    assert found.exponents.sum() == pytest.approx(found.per_neuron_local.sum(), abs=1e-8)


def test_a_slope_of_zero_at_the_threshold_meets_the_floor():
    reservoir = network(5, i_bias=17)
    log = trajectory(reservoir, driven_by(100.0, 1))
    grazing = dataclasses.replace(log, drift=np.where(np.arange(len(log.drift)) == 2, 0.0, log.drift))
    flow = SpikeTangent(reservoir, grazing, np.arange(5), 1e-3)
    assert flow.floored == 1
    assert np.isfinite(flow(flow.start(), np.eye(15), 100.0)[1]).all()
    assert lyapunov_spectrum(reservoir, 400.0).floored == 0
    high = lyapunov_spectrum(reservoir, 400.0, drift_floor=100.0)
    assert high.floored == 2 * high.releases  # both slopes of every spike, and no sign is lost
    assert high.exponents.sum() == pytest.approx(high.per_neuron_local.sum(), abs=1e-8)


def test_transients():
    # an uncoupled network below threshold but for its input forgets where it started at its slowest tau_m
    reservoir = network(
        20, i_bias=12, tau_m_exc=20, tau_m_inh=20, background_rate=100, background_weight=8
    ).without_recurrence()
    assert 0 < transient_length(reservoir, 2000.0) < 2000 * 0.9
    strict, loose = (transient_length(reservoir, 2000.0, tolerance=tolerance) for tolerance in (1e-6, 1.0))
    assert strict > loose
    assert transient_length(reservoir, 2000.0, change=1e-9) == 0.0
    # periodic neurons keep their phase for ever
    assert transient_length(network(5, i_bias=18).without_recurrence(), 500.0) == np.inf


def test_runaway_rates_are_an_error():
    wild = network(10, i_bias=1e9, refractory_exc=0, refractory_inh=0)
    with pytest.raises(DivergenceError):
        lyapunov_spectrum(wild, 500.0)


GOOD = network(4)


@pytest.mark.parametrize(
    ("reservoir", "stimulus", "options", "message"),
    [
        (GOOD, 500.0, {"count": 13}, "count = 13: must be at most 12, three variables a neuron"),
        (GOOD, 500.0, {"count": 0}, "count = 0"),
        (GOOD, 500.0, {"interval": 41}, "interval = 41.0: must be at most 40 ms"),
        (GOOD, 500.0, {"interval": 0}, "interval = 0"),
        (GOOD, 500.0, {"washout": 490}, "washout = 490.0: must leave an interval of 20 ms of the 500 ms"),
        (GOOD, 500.0, {"drift_floor": 0}, "drift_floor = 0"),
        (GOOD, -1.0, {}, "stimulus = -1"),
        (GOOD, "long", {}, "stimulus = 'long'"),
        (GOOD, Currents(np.zeros((1, 30, 3)), 20.0), {}, "3 channels': must have 1, as the reservoir has"),
        (GOOD, 500.0, {"index": 1}, "index = 1: must be a sample of the 1"),
        (GOOD, 500.0, {"index": 0.5}, "index = 0.5: must be a whole number"),
        (GOOD, 500.0, {"seed": -1}, "seed = -1: must be a whole number"),
        (network(4, adaptation=1), 500.0, {}, "reservoir = 'with adaptation': must have none"),
        (network(4, short_term_plasticity=True), 500.0, {}, "with short-term plasticity"),
    ],
    ids=lambda value: str(value) if isinstance(value, (dict, str, float)) else "",
)
def test_bad_input(reservoir, stimulus, options, message):
    with pytest.raises(InputError, match=message):
        lyapunov_spectrum(reservoir, stimulus, **options)


@pytest.mark.parametrize(
    "options", [{"perturbation": 0}, {"perturbation": 1e-14}, {"perturbation": 1.0}, {"window": 0}, {"washout": -1}]
)
def test_bad_input_of_two_trajectories(options):
    with pytest.raises(InputError):
        largest_lyapunov(network(10, i_bias=16), 600.0, **options)
