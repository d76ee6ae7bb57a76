"""Closed loops: maps whose orbits are known, and a reservoir that must not notice who feeds it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hrsnn import Currents, LevelCrossingEncoder, ReservoirSpec, build, simulate
from hrsnn.analysis import OneStepForecaster, free_run, nrmse, ridge_readout, valid_prediction_time
from hrsnn.analysis.forecasting.baselines import fit_autoregression
from hrsnn.analysis.forecasting.closed_loop import held_currents
from hrsnn.analysis.forecasting.echo_state import EchoStateNetwork
from hrsnn.analysis.forecasting.errors import valid_times
from hrsnn.analysis.protocols import forecast_freely
from hrsnn.analysis.protocols.closed_loop import until_lost
from hrsnn.errors import InputError
from hrsnn.tasks import SeriesTask, load_task

SPEC = ReservoirSpec(neurons=40)


def test_the_orbit_of_a_map() -> None:
    rotation = np.array([[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]])
    made = free_run(lambda y: rotation @ y, [1.0, 0.0], steps=100)
    angle = 0.1 * np.arange(100)
    np.testing.assert_allclose(made, np.column_stack([np.cos(angle), np.sin(angle)]), atol=1e-12)


def test_what_runs_away_is_nan_from_there_on() -> None:
    made = free_run(lambda y: 10 * y, [1.0], steps=6, limit=500.0)
    assert made[:3, 0].tolist() == [1.0, 10.0, 100.0]
    assert np.isnan(made[3:]).all()
    assert np.isnan(free_run(lambda y: y * np.nan, [1.0], steps=3)[1:]).all()
    assert np.isnan(free_run(lambda y: y, [np.inf], steps=3)).all()


@pytest.mark.parametrize("record", ["states", "v"])
def test_a_reservoir_that_is_fed_the_truth_forecasts_as_in_open_loop(record: str) -> None:
    """Value by value through the carried state, or in one run: the same forecasts."""
    reservoir = build(SPEC, seed=1)
    u = np.sin(0.3 * np.arange(150.0))[:, None]
    whole = simulate(reservoir, Currents(u[None], dt=10.0), record=(record,), sample_times=150)
    states = getattr(whole, record)[0]
    readout = ridge_readout(states[:-1], u[1:], train=100).readout
    begun = simulate(reservoir, Currents(u[None, :100], dt=10.0), record=("states",))
    model = OneStepForecaster(reservoir, readout, begun.state, held_currents(10.0), record=record)
    stepped = np.array([model(value) for value in u[100:]])
    np.testing.assert_allclose(stepped, readout(states[100:]), atol=1e-10)
    assert model.state.elapsed == pytest.approx(1500.0)
    assert begun.state.elapsed == pytest.approx(1000.0)  # that one is still where it was


def test_spikes_can_close_the_loop_too() -> None:
    """Each value is sent as a ramp from the value before, whose level crossings are spikes."""
    encoder = LevelCrossingEncoder(delta=0.1, dt=2.0, scale="none").fit([np.zeros((2, 1))])
    last = np.zeros(1)

    def encode(value: np.ndarray):
        nonlocal last
        ramp = np.linspace(last, value, 5)
        last = value
        return encoder.transform([ramp])

    reservoir = build(SPEC, seed=1, channels=2)
    start = simulate(reservoir, encode(np.array([0.5])), record=("states",))
    model = OneStepForecaster(reservoir, lambda states: 0.5 + 0.1 * np.tanh(states[:, :1]), start.state, encode)
    made = free_run(model, [0.5], steps=10)
    assert np.isfinite(made).all()
    assert model.state.elapsed == pytest.approx(100.0)


def test_a_linear_recurrence_runs_on_by_itself() -> None:
    series = np.column_stack([np.sin(0.2 * np.arange(600.0)), np.cos(0.33 * np.arange(600.0))])
    model = fit_autoregression(series[:-1], series[1:], train=300, lags=4)
    seen = series[:300]

    def step(value: np.ndarray) -> np.ndarray:
        nonlocal seen
        seen = np.vstack([seen, value])
        return model(seen)

    made = free_run(step, model.forecast.prediction[299], steps=200)
    np.testing.assert_allclose(made, series[300:500], atol=1e-6)


def test_echo_state_network_is_that_of_reservoirpy() -> None:
    nodes = pytest.importorskip("reservoirpy.nodes")
    u = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    ours = EchoStateNetwork(2, 30, seed=3, leak=0.4)
    theirs = nodes.Reservoir(W=ours.w, Win=ours.v.T, bias=ours.b, lr=0.4)
    np.testing.assert_allclose(ours(u), theirs.run(u), atol=1e-12)
    np.testing.assert_allclose(ours(u[20:], start=ours(u[:20])[-1]), ours(u)[20:], atol=1e-12)


def test_a_closed_loop_echo_state_network_is_that_of_reservoirpy() -> None:
    """The same network and readout, fed back by either library, tracks Lorenz-63 alike."""
    nodes = pytest.importorskip("reservoirpy.nodes")
    task = load_task("lorenz63", train=2000, test=100)
    assert isinstance(task, SeriesTask)
    row = task.test.start
    ours = EchoStateNetwork(3, 100, seed=0)
    states = ours(task.inputs)
    forecast = ridge_readout(states, task.targets, train=task.train.stop, washout=task.washout)
    state = states[row]

    def step(value: np.ndarray) -> np.ndarray:
        nonlocal state
        state = ours(value[None], start=state)[0]
        return forecast.readout(state[None])[0]

    made = free_run(step, forecast.prediction[row], steps=100)

    theirs = nodes.Reservoir(W=ours.w, Win=ours.v.T, bias=ours.b)
    theirs.run(task.inputs[: row + 1])
    value, again = forecast.prediction[row], []
    for _ in range(100):
        again.append(value)
        value = forecast.readout(np.atleast_2d(theirs(value)))[0]
    np.testing.assert_allclose(made, np.array(again), atol=1e-6)
    scale = task.targets[task.train].std(axis=0)
    found = valid_prediction_time(
        made, task.targets[row : row + 100], 0.5, scale=scale, time_step=0.01, lyapunov_exponent=0.906
    )
    assert found > 0.25


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
def test_each_piece_begins_with_the_open_loop_forecast() -> None:
    task = load_task("lorenz63", train=200, test=40)
    assert isinstance(task, SeriesTask)
    result = forecast_freely(task, SPEC, starts=4, seed=2)
    again = forecast_freely(task, SPEC, starts=4, seed=2)
    first = task.test.start
    states = simulate(
        result.reservoir,
        Currents(task.inputs[None], dt=task.hold),
        record=("states",),
        sample_times=len(task.inputs),
        seed=2,
    ).states[0]
    open_loop = ridge_readout(states, task.targets, train=task.train.stop, washout=task.washout).prediction
    assert result.starts.tolist() == [0, 10, 20, 30]
    np.testing.assert_allclose(result.prediction["reservoir"][result.starts], open_loop[first + result.starts], atol=1e-12)
    np.testing.assert_array_equal(result.prediction["last_value"][:10], np.tile(task.inputs[first], (10, 1)))
    np.testing.assert_array_equal(result.target, task.targets[task.test])
    scale = task.targets[task.train].std(axis=0)
    for name, prediction in result.prediction.items():
        np.testing.assert_array_equal(prediction, again.prediction[name])
        by_hand = [
            valid_prediction_time(
                prediction[s : s + 10], result.target[s : s + 10], 0.1, scale=scale, time_step=0.01, lyapunov_exponent=0.906
            )
            for s in result.starts
        ]
        assert result.valid_time[name][0.1] == pytest.approx(np.mean(by_hand))
        assert np.all(result.valid_times[name] <= result.longest)
    # one step is no chaos: the linear model has it
    assert nrmse(result.prediction["linear_autoregression"][result.starts], result.target[result.starts], scale) < 0.05


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"horizon": 2}, "task"),
        ({"starts": 0}, "starts"),
        ({"starts": 41}, "starts"),
    ],
)
def test_bad_protocol_input(change: dict[str, int], field: str) -> None:
    starts = change.pop("starts", 1)
    task = load_task("lorenz63", train=200, test=40, **change)
    assert isinstance(task, SeriesTask)
    with pytest.raises(InputError) as caught:
        forecast_freely(task, SPEC, starts=starts)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: free_run(lambda y: y, [[1.0]], 3), "first"),
        (lambda: free_run(lambda y: y, [1.0], 0), "steps"),
        (lambda: free_run(lambda y: y, [1.0], 3, limit=0.0), "limit"),
        (lambda: free_run(lambda y: y[:1], [1.0, 2.0], 3), "predict"),
        (lambda: held_currents(0.0), "hold"),
        (lambda: OneStepForecaster(None, None, None, None, record="counts"), "record"),  # type: ignore[arg-type]
        (lambda: ridge_readout(np.eye(9), np.arange(9.0), 9).readout(np.ones((1, 8))), "states"),
    ],
)
def test_bad_input(call, field: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.field == field


@pytest.mark.parametrize("lost", [30, 49, 50, 51, 99, 130, None])
def test_a_lost_forecast_is_cut_after_it_is_lost_and_nothing_else_changes(lost) -> None:
    """In stretches, as a free run in one piece, up to the end of the stretch in which it is lost."""
    task = load_task("lorenz63", train=200, test=130)
    assert isinstance(task, SeriesTask)
    true = task.targets[task.test]

    def step_from(place: list[int]) -> Callable[[np.ndarray], np.ndarray]:
        def step(value: np.ndarray) -> np.ndarray:
            place[0] += 1
            return true[place[0]] + (10.0 if place[0] == lost else 0.0)

        return step

    made = until_lost(true[0], step_from([0]), true, task)
    whole = free_run(step_from([0]), true[0], len(true))
    stretch = len(true) if lost in (None, 130) else min(50 * (lost // 50 + 1), len(true))
    np.testing.assert_array_equal(made[:stretch], whole[:stretch])
    assert np.isnan(made[stretch:]).all()
    assert valid_times(made, true, task) == valid_times(whole, true, task)
