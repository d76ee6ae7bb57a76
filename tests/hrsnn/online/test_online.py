"""Streams beside one run, recursive least squares beside ridge regression, and feedback of a readout."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import BalancedState, Currents, FileError, InputError, NetworkState, ReservoirSpec, build, simulate
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.online import FeedbackReadout, RecursiveLeastSquares, stream

VALUES = np.random.default_rng(0).uniform(-1, 1, (30, 2))
NETWORK = build(ReservoirSpec(neurons=30, background_rate=20, adaptation=0.2), seed=1, channels=2)
BALANCED = build_balanced(BalancedSpec(neurons=40, dimensions=3, noise=0.1), seed=1, channels=2)
WAVE = np.sin(np.arange(400) / 4)[:, None]


@pytest.mark.parametrize(("network", "states"), [(NETWORK, "states"), (NETWORK, "v"), (BALANCED, "decoded")])
@pytest.mark.parametrize("parts", [(1,) * 6 + (24,), (10, 20)])
def test_a_stream_is_one_run_in_steps(network: Any, states: str, parts: tuple[int, ...]) -> None:
    session = stream(network, hold=10, states=states, seed=5)
    cut = np.cumsum((0, *parts))
    found = np.concatenate([session.step(VALUES[first:last]) for first, last in itertools.pairwise(cut)])
    record = "spikes" if states == "decoded" else states
    whole = simulate(network, Currents(VALUES[None], dt=10), record=(record,), sample_times=30, seed=5)
    wanted = network.decode(whole.spikes, whole.sample_times)[0] if states == "decoded" else getattr(whole, states)[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)
    assert session.elapsed == 300
    assert session.step(VALUES[0]).shape == found[0].shape


@pytest.mark.parametrize(("network", "kind"), [(NETWORK, NetworkState), (BALANCED, BalancedState)])
def test_a_saved_state_is_gone_on_from(network: Any, kind: Any, tmp_path: Path) -> None:
    whole = stream(network).step(VALUES)
    first = stream(network)
    first.step(VALUES[:12])
    first.state.save(tmp_path / "state.npz")
    second = stream(network, state=kind.load(tmp_path / "state.npz"))
    assert second.elapsed == 240
    np.testing.assert_allclose(second.step(VALUES[12:]), whole[12:], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, header: header.update(steps=-1), "steps"),
        (lambda arrays, header: header.update(seed="x"), "seed"),
        (lambda arrays, header: header.update(dt=0), "dt"),
        (lambda arrays, header: header.update(network=3), "network"),
        (lambda arrays, header: header.pop("tau_state"), "names"),
        (lambda arrays, header: arrays.update(more=np.zeros(1)), "names"),
        (lambda arrays, header: arrays.update(rates=np.zeros((2, 2))), "rates"),
        (lambda arrays, header: arrays.update(filtered=np.array([np.nan])), "finite"),
    ],
)
def test_a_file_that_holds_no_state_of_a_balanced_network_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    session = stream(BALANCED)
    session.step(VALUES[:2])
    session.state.save(tmp_path / "state.npz")
    arrays, header = read_npz(tmp_path / "state.npz", "balanced state", 1)
    change(arrays, header)
    write_npz(tmp_path / "other.npz", "balanced state", 1, arrays, header)
    with pytest.raises(FileError, match=message):
        BalancedState.load(tmp_path / "other.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.update(voltages=np.zeros((0, 0))), r"voltages = \(0, 0\): must be \(3, "),
        (lambda arrays: arrays.update(voltages=arrays["voltages"][:, :-1]), r"voltages = .*must be \(3, "),
        (lambda arrays: arrays.update(states=arrays["voltages"]), r"states = .*must be \(2, "),
        (lambda arrays: arrays.update(rates=arrays["rates"][:-1]), "rates = .*must be"),
        (lambda arrays: arrays.update(filtered=np.zeros(0)), "filtered = .*must be"),
        (
            lambda arrays: arrays.update(states=np.zeros((2, len(BALANCED.decoder))), voltages=np.zeros((0, 0))),
            "state = 'of the other form'",
        ),
    ],
)
def test_a_state_of_a_balanced_network_has_its_shapes(change: Any, message: str, tmp_path: Path) -> None:
    session = stream(BALANCED)
    session.step(VALUES[:2])
    session.state.save(tmp_path / "state.npz")
    arrays, header = read_npz(tmp_path / "state.npz", "balanced state", 1)
    change(arrays)
    write_npz(tmp_path / "other.npz", "balanced state", 1, arrays, header)
    with pytest.raises(InputError, match=message):
        stream(BALANCED, state=BalancedState.load(tmp_path / "other.npz")).step(VALUES[:2])


@pytest.mark.parametrize("forgetting", [1.0, 0.97])
def test_recursive_least_squares_end_at_the_ridge_regression_of_all_rows(forgetting: float) -> None:
    random = np.random.default_rng(1)
    x, y = random.normal(size=(60, 8)), random.normal(size=(60, 2))
    model = RecursiveLeastSquares(8, 2, penalty=0.3, forgetting=forgetting)
    errors = np.array([model.update(*pair) for pair in zip(x, y, strict=True)])
    rows, weight = np.column_stack([x, np.ones(60)]), forgetting ** np.arange(59, -1, -1.0)
    normal = (rows.T * weight) @ rows + 0.3 * forgetting**60 * np.eye(9)
    np.testing.assert_allclose(model.weights.T, np.linalg.solve(normal, (rows.T * weight) @ y), rtol=1e-8)
    np.testing.assert_allclose(model.predict(x), rows @ model.weights.T)
    np.testing.assert_array_equal(errors[0], y[0])


def test_a_readout_that_is_fed_back_generates_the_wave_it_learned() -> None:
    network = build(ReservoirSpec(neurons=80), seed=1, channels=1)
    model = FeedbackReadout(stream(network, hold=10, states="v"), outputs=1)
    errors = model.learn(WAVE)
    assert np.abs(errors[-50:]).mean() < 0.6 * np.abs(errors[1:50]).mean()
    free = model.run(20)
    assert np.sqrt(np.mean((free - np.sin(np.arange(400, 420) / 4)[:, None]) ** 2)) < 0.5
    # without feedback of its own output the same network gives something else
    other = FeedbackReadout(stream(network, hold=10, states="v", state=model.stream.state), outputs=1)
    other.readout, before = model.readout, model.output
    assert not np.allclose(other.run(5), model.run(5))
    assert before.shape == (1,)


def test_inputs_come_before_what_is_fed_back() -> None:
    network = build(ReservoirSpec(neurons=30), seed=1, channels=3)
    model = FeedbackReadout(stream(network, states="v"), outputs=1)
    model.learn(WAVE[:5], VALUES[:5])
    assert model.run(inputs=VALUES[5:9]).shape == (4, 1)
    wanted = simulate(network, Currents(np.column_stack([VALUES[:1], [[0.0]]])[None], dt=20), record=("v",)).v[0]
    np.testing.assert_array_equal(stream(network, states="v").step(np.append(VALUES[0], 0.0)), wanted[0])


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: stream(NETWORK, hold=20.3), r"hold = 20\.3: must be a whole number of time steps of 0\.5 ms"),
        (lambda: stream(NETWORK).step("a"), "values = 'a': must be numbers"),
        (lambda: stream(3), "network = 3"),  # type: ignore[arg-type]
        (lambda: stream(NETWORK, states="counts"), "states = 'counts'"),
        (lambda: stream(NETWORK, states="decoded"), "needs a decoder"),
        (lambda: stream(NETWORK, hold=0), "hold = 0"),
        (lambda: stream(NETWORK).step([1.0]), "of 2 channels"),
        (lambda: stream(NETWORK).step([1.0, np.nan]), "finite"),
        (lambda: stream(NETWORK).state, "after the first step"),
        (lambda: stream(NETWORK, engine="exact").step([0.0, 0.0]), "state"),
        (lambda: RecursiveLeastSquares(2, 1, forgetting=1.2), "forgetting = 1.2"),
        (lambda: RecursiveLeastSquares(2, 1, penalty=0), "penalty = 0"),
        (lambda: RecursiveLeastSquares(2, 1).update([1.0], [1.0]), "must have 2 units"),
        (lambda: RecursiveLeastSquares(2, 1).update([1.0, 2.0], [np.inf]), "finite"),
        (lambda: FeedbackReadout(stream(NETWORK), outputs=3), "outputs = 3"),
        (lambda: FeedbackReadout(stream(NETWORK), outputs=2).learn(WAVE), "2 columns"),
        (lambda: FeedbackReadout(stream(NETWORK), outputs=1).learn(WAVE), "inputs"),
        (lambda: FeedbackReadout(stream(NETWORK), outputs=2).run(), "steps"),
    ],
)
def test_what_is_refused(work: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        work()
