"""What balanced networks must do: known answers of their codes."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from hrsnn import Currents, simulate
from hrsnn.analysis.firing.coding import coding_error, used_share
from hrsnn.analysis.firing.currents import currents
from hrsnn.analysis.firing.tightness import current_balance
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.balanced.lag import code_of, compensated, expected_lag
from hrsnn.balanced.systems import LinearSystem

LEAK, FREQUENCIES = 20.0, np.array([1.0, 2.0, 3.0])
DIAGONAL = tuple(map(tuple, np.eye(3).tolist()))
#: A network that follows its input: A = -lambda I, and an input of x' + lambda x.
TRACKING = BalancedSpec(
    neurons=400,
    system="matrices",
    matrix=tuple(tuple(-LEAK * v for v in row) for row in DIAGONAL),
    input_matrix=DIAGONAL,
    decoder_norm=0.035,
)


def sinusoids(seconds: float, dt: float = 0.1) -> tuple[np.ndarray, Currents]:
    """x (steps, 3) at the end of each step, and the input for which it is the solution."""
    time = dt / 1000 * np.arange(round(1000 * seconds / dt))[:, None]
    angle = 2 * np.pi * FREQUENCIES * time
    x = np.sin(angle + 2 * np.pi * FREQUENCIES * dt / 1000)
    return x, Currents((2 * np.pi * FREQUENCIES * np.cos(angle) + LEAK * np.sin(angle))[None], dt=dt)


@functools.cache
def tracked(name: str) -> dict[str, float]:
    """Rate, error and balance of a network or its control without links, over 1 s of three sinusoids after 0.3 s."""
    net = build_balanced(TRACKING, seed=1, channels=3)
    net = net if name == "balanced" else net.without_recurrence()
    x, stimulus = sinusoids(1.3)
    activity = simulate(net, stimulus)
    times = 0.1 * np.arange(3000, 13_000, 20)
    z = net.decode(activity.spikes, times)[0]
    target = x[3000 - 1 :: 20][: len(z)]
    # of a control, the decoder of the least error
    scale = 1.0 if name == "balanced" else float((z * target).sum() / (z * z).sum())
    found = currents(net, activity.spikes, stimulus)
    balance = current_balance(found.excitation, found.inhibition, found.dt, washout=3000)
    return {
        "rate": float(activity.rates.mean()),
        "error": coding_error(target, scale * z),
        "tightness": balance.mean_tightness,
        "correlation": balance.mean_correlation,
        "share": used_share(activity.spike_count, 1300, 0.1),
    }


def test_balance_takes_a_tenth_of_the_spikes_at_a_lower_error() -> None:
    balanced, alone = tracked("balanced"), tracked("self-reset")
    assert balanced["error"] < 0.022
    assert balanced["tightness"] > 0.9
    assert balanced["rate"] < 0.1 * alone["rate"]
    assert balanced["error"] < alone["error"]
    assert balanced["share"] < 0.3


def test_shuffled_weights_break_it() -> None:
    """In 100 ms already: the same weights between other neurons fire without end, and say nothing."""
    net = build_balanced(TRACKING, seed=1, channels=3)
    x, stimulus = sinusoids(0.1)
    times = np.arange(50.0, 100, 1)
    activity = simulate(net.shuffled(), stimulus)
    z = net.decode(activity.spikes, times)[0]
    target = x[499::10][: len(z)]
    scale = float((z * target).sum() / (z * z).sum())
    assert activity.rates.mean() > 100 * simulate(net, stimulus).rates.mean()
    assert coding_error(target, scale * z) > 10 * tracked("balanced")["error"]


def error_at(neurons: int, norm: float, dt: float, seed: int) -> float:
    spec = TRACKING.updated({"neurons": neurons, "decoder_norm": norm, "dt": dt})
    net = build_balanced(spec, seed=seed, channels=3)
    x, stimulus = sinusoids(1.0, dt)
    every = round(1 / dt)
    activity = simulate(net, stimulus)
    times = dt * np.arange(round(200 / dt), len(x), every)
    # in the middle of the sawtooth of a step, where a spike of the step counts
    return coding_error(x[round(200 / dt) - 1 :: every][: len(times)], net.decode(activity.spikes, times)[0])


def test_the_error_falls_as_1_over_n() -> None:
    """gamma = c/N, at a dt that does not bind."""
    sizes = np.array([50, 100, 200, 400])
    errors = [np.mean([error_at(n, 10 / n, 0.02, seed) for seed in (1, 2)]) for n in sizes]
    assert np.polyfit(np.log(sizes), np.log(errors), 1)[0] == pytest.approx(-1, abs=0.15)


def test_the_error_is_proportional_to_gamma_at_a_fixed_dt() -> None:
    norms = np.array([0.05, 0.1, 0.2])
    errors = [np.mean([error_at(200, norm, 0.05, seed) for seed in (1, 2)]) for norm in norms]
    assert np.polyfit(np.log(norms), np.log(errors), 1)[0] == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(("dt", "norm"), [(0.1, 0.05), (0.02, 0.05), (0.1, 0.02), (0.02, 0.02)])
def test_an_integrator_drifts_as_its_sawtooth_says(dt: float, norm: float) -> None:
    """Between spikes e' = lambda (y - 2 e), from -gamma/2 to gamma/2 and half a step beyond.

    On average e is then gamma^2/(6 y) + lambda y dt/2, and y' = -lambda e: the drift over 10 s in closed form.
    """
    spec = BalancedSpec(neurons=100, system="integrator", decoder_norm=norm, dt=dt)
    net = build_balanced(spec, seed=1)
    assert net.lag == 0
    values = np.zeros((1, 101, 1))
    values[0, 0] = 10.0  # 10 a second, for 0.1 s
    activity = simulate(net, Currents(values, dt=100))
    z = net.decode(activity.spikes, np.arange(150.0, 10_100, 5))[0, :, 0]
    first, last = z[:100].mean(), z[-100:].mean()
    constant, rate = LEAK * norm**2 / 3, LEAK**2 * dt / 1000
    expected = np.sqrt((first**2 + constant / rate) * np.exp(-rate * 9.45) - constant / rate)
    assert first == pytest.approx(1, abs=0.05)
    assert last - first == pytest.approx(expected - first, rel=0.1)
    gone = net.with_matrices(slow=np.zeros((100, 100)))
    after = gone.decode(simulate(gone, Currents(values[:, :10], dt=100)).spikes, [900.0])[0, 0, 0]
    assert abs(after) < 0.05  # without slow weights it decays with the leak


def frequency_of(net: BalancedNetwork, hertz: float) -> tuple[float, float]:
    """Frequency over 20 periods after a kick, and the amplitude at their end."""
    values = np.zeros((1, round(22 / hertz / 0.02), 1))
    values[0, 0] = 1.0
    activity = simulate(net, Currents(values, dt=20))
    times = np.arange(25.0, 25 + 20_000 / hertz, 1.0)
    z = net.decode(activity.spikes, times)[0]
    phase = np.unwrap(np.arctan2(z[:, 1], z[:, 0]))
    slope = np.polyfit(times / 1000, phase, 1)[0] / (2 * np.pi)
    return abs(float(slope)), float(np.hypot(z[-200:, 0], z[-200:, 1]).mean())


@pytest.mark.parametrize("hertz", [1.0, 5.0])
def test_an_oscillator_keeps_its_frequency(hertz: float) -> None:
    spec = BalancedSpec(neurons=200, system="oscillator", frequency=hertz, decoder_norm=0.05)
    frequency, amplitude = frequency_of(build_balanced(spec, seed=1), hertz)
    assert frequency == pytest.approx(hertz, rel=0.01)
    assert 0.5 < amplitude < 1.5


def test_compensation_takes_the_lag_out_exactly() -> None:
    """With e = lag d, y = z + e of the compensated weights obeys A and B: solved for e, not expanded in the lag."""
    random, lag, leak = np.random.default_rng(0), 2e-3, 20.0
    plain = LinearSystem(random.normal(0, 40, (4, 4)), random.normal(0, 5, (4, 2)))
    weights = compensated(plain, leak, lag)
    m = weights.A + leak * np.eye(4)
    y, u = random.normal(size=4), random.normal(size=2)
    e = np.linalg.solve(np.eye(4) + lag * m, lag * (weights.B @ u + m @ y))  # e = lag (B' u + M (y - e))
    np.testing.assert_allclose(weights.A @ y + weights.B @ u - m @ e, plain.A @ y + plain.B @ u, rtol=1e-10)


@pytest.mark.parametrize(("neurons", "states"), [(400, 16), (400, 32), (1000, 16)])
def test_lag_and_spikes_are_as_expected(neurons: int, states: int) -> None:
    """Regression of the error on the drift, in a run of 4 s; the rule was fitted to other seeds."""
    net = build_balanced(BalancedSpec(neurons=neurons, dimensions=states), seed=11)
    leak = float(net.leak[0])
    values = np.random.default_rng(12).uniform(-1, 1, 200)
    times = np.arange(500.0, 4000, 1.7)
    activity = simulate(net, Currents(values[None, :, None], dt=20), record=("spikes", "v"), sample_times=times)
    z = net.decode(activity.spikes, times)[0]
    e = np.linalg.lstsq(net.decoder.T, activity.v[0].T, rcond=None)[0].T
    u = values[np.minimum((times / 20).astype(int), 199)][:, None]
    drift = u @ net.B_weights.T + z @ (net.A_weights + leak * np.eye(states)).T
    spikes, lag = code_of(net.system, leak, 0.02, 0.3, neurons)
    assert (e * drift).sum() / (drift * drift).sum() == pytest.approx(lag, rel=0.2)
    assert activity.spike_count / 4 == pytest.approx(spikes, rel=0.2)


def test_compensation_brings_fast_rotations_back() -> None:
    """Without it rotations up to 25 Hz grow until one spike a step no longer suffices."""
    spec = BalancedSpec(neurons=400, dimensions=16, frequency=25.0)
    values = np.random.default_rng(0).uniform(-1, 1, 150)
    stimulus, times = Currents(values[None, :, None], dt=20), 20.0 * np.arange(1, 151)
    errors = []
    for lag in ("auto", 0.0):
        net = build_balanced(spec.updated({"lag": lag}), seed=1)
        step, kick = net.system.held(0.02)
        x, ideal = np.zeros(16), []
        for u in values:
            x = step @ x + kick[:, 0] * u
            ideal.append(x)
        errors.append(coding_error(np.array(ideal), net.decode(simulate(net, stimulus).spikes, times)[0]))
    assert errors[0] < 0.3
    assert errors[1] > 1


def test_two_states_have_no_lag() -> None:
    assert expected_lag(100, 0.3, 2, 50) == 0
