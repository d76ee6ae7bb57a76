"""The next crossing of the threshold: none is missed, none is invented, and its time is right."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from hrsnn.engines.exact.threshold_crossing import first_crossing, follow
from hrsnn.engines.jit import jit

#: ms: how far the states are followed
HORIZON = 400.0


@jit
def crossings(horizon, states, out):
    for k in range(len(states)):
        gap, asymptote, exc, inh, adapted, tau_m, tau_exc, tau_inh, tau_adapted = states[k]
        rates = (1 / tau_m, 1 / tau_exc, 1 / tau_inh, 1 / tau_adapted)
        out[k] = first_crossing(horizon, gap, asymptote, exc, inh, adapted, rates)


def solved(states: np.ndarray, horizon: float = HORIZON) -> np.ndarray:
    out = np.empty(len(states))
    crossings(horizon, states, out)
    return out


def random_states(count: int, seed: int, adapting: bool = False) -> np.ndarray:
    """Rows of gap, asymptote, exc, inh, adapted (mV), tau_m, tau_exc, tau_inh, tau_adapted (ms); many near the threshold."""
    rng = np.random.default_rng(seed)
    tau_m = np.clip(rng.gamma(3, 10, count), 3, 200)
    tau_exc, tau_inh, tau_adapted = rng.uniform(0.5, 9, count), rng.uniform(1, 20, count), rng.uniform(10, 200, count)
    equal = rng.random(count)
    tau_exc = np.where(equal < 0.1, tau_m, np.where(equal < 0.2, tau_m * (1 + 1e-9), tau_exc))
    tau_inh = np.where((equal > 0.15) & (equal < 0.25), tau_m, tau_inh)
    exc = rng.exponential(10, count) * (rng.random(count) < 0.9)
    inh = -rng.exponential(10, count) * (rng.random(count) < 0.9)
    adapted = rng.exponential(5, count) * adapting
    gap = -rng.exponential(2, count)
    return np.column_stack(
        [gap, rng.normal(-1, 2, count), exc, inh, adapted, tau_m, tau_exc, tau_inh, tau_adapted]
    )  # fmt: skip


def v_of(states: np.ndarray, t: np.ndarray) -> np.ndarray:
    """v - threshold by the textbook formula, (states, times); t is one row of times, or one for each state."""
    gap, asymptote, exc, inh, adapted, tau_m, *taus = (column[:, None] for column in states.T)

    def phi(tau: np.ndarray) -> np.ndarray:
        x = t * (1 / tau_m - 1 / tau)
        near = np.abs(x) < 1e-5
        far = np.expm1(np.where(near, 1.0, np.minimum(x, 600))) / np.where(near, 1.0, x)
        far = np.where(x > 600, np.exp(np.minimum(t / tau_m, 700) - t / tau) / np.where(near, 1.0, x), far)
        return np.asarray(t / tau_m * np.exp(-t / tau_m) * np.where(near, 1 + x / 2 + x**2 / 6, far))

    v = asymptote + (gap - asymptote) * np.exp(-t / tau_m)
    return np.asarray(v + exc * phi(taus[0]) + inh * phi(taus[1]) - adapted * phi(taus[2]))


@pytest.mark.parametrize("adapting", [False, True])
def test_of_100_000_random_states_none_is_missed(adapting):
    """Against dense sampling: a sample above the threshold means a crossing no later than it."""
    t = np.concatenate([[0.0], np.geomspace(1e-3, HORIZON, 250)])
    found = 0
    for seed in range(20):
        states = random_states(5000, seed, adapting)
        times = solved(states)
        above = v_of(states, t) > 1e-11
        sampled = above.any(axis=1)
        first = np.argmax(above, axis=1)
        assert np.isfinite(times[sampled]).all()
        assert (times[sampled] <= t[first[sampled]] + 1e-9).all()
        # what the samples do not show is a crossing too: v is at the threshold there, and above it right after
        crossed = np.isfinite(times)
        at = times[crossed][:, None]
        assert np.abs(v_of(states[crossed], at)).max() < 1e-10
        assert (v_of(states[crossed], at + 1e-4) > 0).mean() > 0.999
        assert (v_of(states[crossed], at * np.linspace(0, 0.999, 50)) < 1e-11).all()
        found += int(crossed.sum())
    assert found > 25_000


def test_the_time_is_good_to_a_billionth_of_a_microsecond():
    states = random_states(3000, 7)
    times = solved(states)
    checked = 0
    for state, time in zip(states, times, strict=True):
        rates = tuple(1 / state[5:])
        value, slope, _ = follow(time, *state[:5], rates) if np.isfinite(time) else (0.0, 0.0, 0.0)
        if slope / state[5] < 1e-3:  # grazing, or none
            continue
        assert abs(value / (slope / state[5])) < 1e-12
        checked += 1
    assert checked > 500


def test_slope_and_curvature_are_the_derivatives_of_v():
    h = 1e-5
    for adapting in (False, True):
        for state in random_states(50, 3, adapting):
            rates, t = tuple(1 / state[5:]), 4.0
            (low, low_slope, _), (_, slope, turn), (high, high_slope, _) = (
                follow(t + d, *state[:5], rates) for d in (-h, 0.0, h)
            )
            assert slope / state[5] == pytest.approx((high - low) / (2 * h), abs=1e-7)
            assert turn / state[5] == pytest.approx((high_slope - low_slope) / (2 * h) / state[5], abs=1e-7)


CONSTANTS = (20.0, 3.0, 6.0, 100.0)


@pytest.mark.parametrize(
    ("gap", "asymptote", "exc", "inh", "wanted"),
    [
        (-10.0, 5.0, 0.0, 0.0, 20 * math.log(15 / 5)),  # a drive above threshold
        (-10.0, 0.0, 0.0, 0.0, math.inf),  # the threshold is reached after infinite time
        (-10.0, 1e-12, 0.0, 0.0, 20 * math.log(10e12)),  # and all but
        (0.0, 1.0, 0.0, 0.0, 0.0),  # at threshold and rising
        (0.0, -1.0, 0.0, 0.0, math.inf),  # and falling
        (0.0, 0.0, 0.0, 0.0, math.inf),  # no drift at threshold
        (0.0, 0.0, 1.0, -1.0, math.inf),  # no drift, and the slower inhibition wins
        (0.0, 0.0, -1.0, 1.0, 0.0),  # no drift, and a rise later on
        (1.0, -5.0, 0.0, 0.0, 0.0),  # above it already
        (-1.0, -1.0, 0.0, -5.0, math.inf),
        (-1.0, 0.5, 0.0, -1e6, None),  # a huge inhibition to wait for
        (-3.0, -3.0, 1e6, 0.0, None),  # at once
    ],
)
def test_special_states(gap, asymptote, exc, inh, wanted):
    state = np.array([[gap, asymptote, exc, inh, 0.0, *CONSTANTS]])
    if wanted is None:
        wanted = brentq(lambda t: v_of(state, np.array([t]))[0, 0], 0, 1000 if inh else 0.1, xtol=1e-13)
    assert solved(state, 1e4)[0] == pytest.approx(wanted, rel=1e-4 if asymptote == 1e-12 else 1e-10, abs=1e-12)


def test_a_crossing_after_the_horizon_does_not_count():
    state = np.array([[-10.0, 5.0, 0.0, 0.0, 0.0, *CONSTANTS]])
    wanted = 20 * math.log(3)
    assert solved(state, wanted * (1 + 1e-9))[0] == pytest.approx(wanted, rel=1e-14)
    assert solved(state, wanted * (1 - 1e-9))[0] == math.inf


@pytest.mark.parametrize("side", [1e-9, -1e-9])
def test_grazing(side):
    """A maximum a millionth of a microvolt above the threshold is a crossing, one below it is none."""
    state = np.array([[-2.0, -1.0, 15.0, -1.0, 0.0, *CONSTANTS]])
    t = np.linspace(0, 60, 600_001)
    top = v_of(state, t)[0].max()
    state[0, :2] -= top - side  # moves v as a whole
    assert np.isfinite(solved(state)[0]) == (side > 0)


def test_the_second_of_two_maxima_counts():
    """Excitation lifts v and falls away, inhibition holds it down, and the drive brings it up in the end."""
    state = np.array([[-3.0, 0.5, 60.0, -40.0, 0.0, 30.0, 1.0, 5.0, 100.0]])
    t = np.linspace(0, HORIZON, 400_001)
    v = v_of(state, t)[0]
    rising = np.diff(v) > 0
    assert np.count_nonzero(np.diff(rising.astype(int))) == 2
    assert solved(state)[0] == pytest.approx(t[np.argmax(v > 0)], abs=2e-3)
    assert v[: np.argmin(rising)].max() < 0
