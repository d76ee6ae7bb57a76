"""Generated series: their integrator against SciPy's, their equations, exponents and parts; and series from arrays."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hrsnn.errors import DivergenceError, InputError
from hrsnn.tasks import SeriesTask, load_task, lorenz96, mackey_glass, narma10, rossler
from hrsnn.tasks.integration import delayed_trajectory, trajectory

FLOWS = {
    "rossler": (rossler, np.array([1.0, 2.0, 0.5]), 0.02),
    "lorenz96": (lorenz96, np.random.default_rng(0).normal(0, 1, 8 * 73) * np.repeat([5, 0.5, 0.05], [8, 64, 512]), 0.005),
}


@pytest.mark.parametrize("name", FLOWS)
def test_flows_are_those_of_scipy(name: str) -> None:
    module, start, longest = FLOWS[name]
    times = np.arange(11) * 0.02
    exact = solve_ivp(lambda t, x: module._drift(x), (0, 0.2), start, "DOP853", times, rtol=1e-11, atol=1e-11).y.T
    errors = [np.abs(trajectory(module._drift, start, 10, 0.02, step) - exact).max() for step in (longest, longest / 2)]
    assert errors[0] < 1e-3 * np.abs(exact).max()
    assert errors[0] / errors[1] > 12 or errors[1] < 1e-9  # of fourth order


def test_lorenz96_has_the_equations_of_three_tiers() -> None:
    """The equations as they are printed, index by index."""
    state = np.random.default_rng(1).normal(size=8 * 73)
    x, y, z = state[:8], state[8:72], state[72:]
    change = lorenz96._drift(state)
    b = c = d = e = g = 10.0
    for k in range(8):
        own = x[k - 1] * (x[(k + 1) % 8] - x[k - 2]) - x[k] + 20 - c / b * y[8 * k : 8 * k + 8].sum()
        assert change[k] == pytest.approx(own)
    for j in range(64):
        own = -c * b * y[(j + 1) % 64] * (y[(j + 2) % 64] - y[j - 1]) - c * y[j] + c / b * x[j // 8]
        assert change[8 + j] == pytest.approx(own - e / d * z[8 * j : 8 * j + 8].sum())
    for i in range(512):
        own = e * d * z[i - 1] * (z[(i + 1) % 512] - z[i - 2]) - g * e * z[i] + e / d * y[i // 8]
        assert change[72 + i] == pytest.approx(own)


def test_the_delay_equation_is_solved_by_the_method_of_steps() -> None:
    """On [0, 17] the delayed value is known, and SciPy solves what is left; then on [17, 34] from its solution."""
    past = np.random.default_rng(0).uniform(0.5, 1.3, 18)
    found = delayed_trajectory(mackey_glass._drift, past, 17.0, 34, 1.0, 0.1)
    finer = delayed_trajectory(mackey_glass._drift, past, 17.0, 34, 1.0, 0.025)
    old, start = (lambda t: np.interp(t, np.arange(-17.0, 1.0), past)), past[-1]
    for part in range(2):
        begin = 17.0 * part
        known = solve_ivp(
            lambda t, x, old=old: mackey_glass._drift(x[0], old(t - 17.0)),
            (begin, begin + 17),
            [start],
            "DOP853",
            dense_output=True,
            rtol=1e-10,
            atol=1e-12,
            max_step=0.1,
        )
        times = np.arange(begin, begin + 18)
        exact = known.sol(times)[0]
        # the past has kinks, at the whole numbers
        assert found[times.astype(int)] == pytest.approx(exact, abs=2e-4)
        assert finer[times.astype(int)] == pytest.approx(exact, abs=2e-5)
        old, start = (lambda t, sol=known.sol: sol(t)[0]), exact[-1]


def test_the_exponent_of_rossler_is_that_of_two_trajectories() -> None:
    x = trajectory(rossler._drift, [1.0, 1.0, 0.0], 2000, 0.1, 0.02)[-1]
    apart, growth = np.array([1e-8, 0, 0]), []
    for _ in range(400):
        one, other = (trajectory(rossler._drift, begin, 40, 0.1, 0.02)[-1] for begin in (x, x + apart))
        size = np.linalg.norm(other - one)
        growth.append(np.log(size / 1e-8) / 4)
        x, apart = one, (other - one) * 1e-8 / size
    error = np.std(growth) / np.sqrt(len(growth))
    assert abs(np.mean(growth[10:]) - rossler.LYAPUNOV_EXPONENT) < 3 * error


def test_narma_is_what_its_equation_says(monkeypatch: pytest.MonkeyPatch) -> None:
    task = load_task("narma10", train=300, test=40, horizon=1)
    u, y = task.inputs[:, 0], task.targets[:, 0]
    # in units of the standardised values, the equation is linear in products of u and y: it fits exactly
    rows = []
    for t in range(20, 320):
        products = [y[t - 1], u[t] * u[t - 9], u[t], u[t - 9], *y[t - 10 : t - 1], *(y[t - 1] * y[t - 10 : t])]
        rows.append([1.0, *products])
    fitted = np.array(rows)
    error = y[20:320] - fitted @ np.linalg.lstsq(fitted, y[20:320], rcond=None)[0]
    assert np.abs(error).max() < 1e-9
    assert np.isnan(narma10.output(np.full(60, 2.0))).any()
    monkeypatch.setattr(narma10, "output", lambda u: np.full(len(u), np.nan))
    with pytest.raises(DivergenceError, match="20 inputs"):
        load_task("narma10")


@pytest.mark.parametrize("name", ["lorenz96", "mackey_glass", "rossler"])
def test_one_step_ahead_a_loop_can_be_closed(name: str) -> None:
    task = load_task(name, train=60, test=20, transient=300)
    assert task.is_one_step_ahead
    assert task.lyapunov_exponent is not None
    far = load_task(name, train=60, test=20, transient=300, horizon=5)
    assert np.allclose(far.targets[:-5], far.inputs[5:])
    assert not np.array_equal(task.inputs, load_task(name, train=60, test=20, transient=300, seed=1).inputs)


def test_a_series_from_an_array() -> None:
    random = np.random.default_rng(0)
    wave, aim = random.normal(size=(400, 2)), random.normal(size=400)
    task = SeriesTask.from_array(wave, aim, horizon=3, train=200, washout=50, encoding="poisson")
    assert (task.inputs.shape, task.targets.shape) == ((397, 2), (397, 1))
    assert (task.train, task.test) == (slice(50, 250), slice(250, 397))
    spread = aim[50:250].std()
    assert task.targets[:, 0] == pytest.approx((aim[3:] - aim[50:250].mean()) / spread)
    assert task.spikes is not None
    assert task.spikes.n_channels == 2
    assert SeriesTask.from_array(wave, test=30).train == slice(100, 369)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.zeros(300), {}, "values = 'column 0': must vary in the training part"),
        (np.arange(50.0), {}, "must have 54 values more"),
        (np.full(300, np.nan), {}, "must be finite, also in row 0"),
        (np.zeros((3, 3, 3)), {}, "must have shape"),
        (np.arange(300.0), {"targets": np.arange(9.0)}, "as many as the values, 300"),
        (np.arange(300.0), {"horizon": 0}, "horizon"),
        (np.arange(300.0), {"train": 10**6}, "together at most 199"),
        (np.arange(300.0), {"encoding": "morse"}, "encoding = 'morse'"),
    ],
)
def test_bad_arrays(values: np.ndarray, options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SeriesTask.from_array(values, **options)  # type: ignore[arg-type]
