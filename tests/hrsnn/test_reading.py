"""What readouts see of a run: the same numbers as the activity and the decoder have, and nothing of what is not there."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, ReservoirSpec, ReservoirTransformer, SpikeTrains, build, simulate
from hrsnn.analysis import OneStepForecaster, ridge_readout
from hrsnn.analysis.forecasting.closed_loop import held_currents
from hrsnn.analysis.forecasting.starts import starts_of_network, starts_of_system
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.errors import InputError
from hrsnn.reading import ideal_states, read_states, reads_of
from hrsnn.tasks import SeriesTask, load_task

NETWORK = build_balanced(BalancedSpec(neurons=60, dimensions=4), seed=1, channels=2)
VALUES = np.random.default_rng(0).uniform(-1, 1, (3, 10, 2))
STIMULUS = Currents(VALUES, dt=20.0)


def test_each_reading_is_that_of_the_activity() -> None:
    activity = simulate(NETWORK, STIMULUS, record=("spikes", "states", "v"), sample_times=4)
    assert reads_of(NETWORK) == ("states", "v", "decoded")
    np.testing.assert_array_equal(read_states(activity, "states"), activity.states)
    np.testing.assert_array_equal(read_states(activity, "v"), activity.v)
    wanted = NETWORK.decode(activity.spikes, np.array([50.0, 100, 150, 200]))
    np.testing.assert_allclose(read_states(activity, "decoded"), wanted)
    assert wanted.shape == (3, 4, 4)


def test_a_reservoir_has_no_decoded_states() -> None:
    reservoir = build(ReservoirSpec(neurons=20), seed=1, channels=2)
    assert reads_of(reservoir) == ("states", "v")
    assert ideal_states(reservoir, STIMULUS) is None
    with pytest.raises(InputError, match="read = 'decoded': must be states or v: a reservoir has no decoder"):
        read_states(simulate(reservoir, STIMULUS), "decoded")


@pytest.mark.parametrize("windows", [1, 2, 5, 3])
def test_ideal_states_at_the_ends_of_windows(windows: int) -> None:
    """Windows of whole values, against the values one by one; three windows end within values, against halves of thirds."""
    found = ideal_states(NETWORK, STIMULUS, windows)
    assert found is not None
    for index in range(3):
        if 10 % windows == 0:
            wanted = NETWORK.ideal_states(VALUES[index], 20.0)[10 // windows - 1 :: 10 // windows]
        else:
            wanted = NETWORK.ideal_states(np.repeat(VALUES[index], 6, axis=0), 20 / 6)[[19, 39, 59]]
        np.testing.assert_allclose(found[index], wanted, rtol=1e-9, atol=1e-12)


def test_there_are_no_ideal_states_of_an_input_of_spikes() -> None:
    assert ideal_states(NETWORK, SpikeTrains.from_samples([([1.0], [0])], 2, 50.0)) is None


def test_a_system_goes_on_from_a_state() -> None:
    whole = NETWORK.ideal_states(VALUES[0], 20.0)
    rest = NETWORK.ideal_states(VALUES[0, 4:], 20.0, whole[3])
    np.testing.assert_allclose(rest, whole[4:], rtol=1e-10, atol=1e-13)


def test_a_closed_loop_that_is_fed_the_truth_forecasts_as_in_open_loop() -> None:
    """Decoded states value by value through the carried state, or in one run."""
    network = build_balanced(BalancedSpec(neurons=60, dimensions=4), seed=1)
    u = np.sin(0.3 * np.arange(90.0))[:, None]
    whole = simulate(network, Currents(u[None], dt=20.0), sample_times=90)
    states = read_states(whole, "decoded")[0]
    readout = ridge_readout(states[:-1], u[1:], train=60).readout
    begun = simulate(network, Currents(u[None, :60], dt=20.0))
    model = OneStepForecaster(network, readout, begun.state, held_currents(20.0), record="decoded")
    stepped = np.array([model(value) for value in u[60:]])
    np.testing.assert_allclose(stepped, readout(states[60:]), atol=1e-9)


def test_starts_along_a_series_are_those_of_the_whole_run() -> None:
    task = load_task("lorenz63", train=150, test=40, washout=20)
    assert isinstance(task, SeriesTask)
    network = build_balanced(BalancedSpec(neurons=60, dimensions=6, decoder_norm=0.5), seed=1, channels=3)
    times = task.hold * np.arange(1, len(task.inputs) + 1)
    own = network.decode(simulate(network, task.stimulus(), sample_times=times).spikes, times)[0]
    ideal = network.ideal_states(task.inputs, task.hold)
    for states, starts in ((own, starts_of_network), (ideal, starts_of_system)):
        forecast = ridge_readout(states, task.targets, train=task.train.stop, washout=task.washout)
        begin = (
            starts(network, task, forecast, "decoded") if starts is starts_of_network else starts(network, task, forecast)
        )
        for row in (task.test.start, task.test.start + 15):
            first, model = begin(row)
            np.testing.assert_array_equal(first, forecast.prediction[row])
            np.testing.assert_allclose(model(task.inputs[row + 1]), forecast.prediction[row + 1], atol=1e-8)


def test_the_transformer_gives_decoded_states() -> None:
    network = NETWORK
    features = ReservoirTransformer(reservoir=network, plastic=False, features="decoded", windows=2).fit_transform(STIMULUS)
    spikes = simulate(network, STIMULUS).spikes
    np.testing.assert_allclose(features, network.decode(spikes, np.array([100.0, 200.0])).reshape(3, 8))
    assert features.shape == (3, 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spec": ReservoirSpec(neurons=20)}, "features = 'decoded': needs a decoder, which a reservoir does not have"),
        ({"reservoir": NETWORK, "neurons": [1, 2]}, "neurons = .*cannot be chosen for decoded states"),
    ],
    ids=["reservoir", "neurons"],
)
def test_the_transformer_refuses_decoded_states_that_are_not_there(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ReservoirTransformer(features="decoded", plastic=False, **options).fit(STIMULUS)  # type: ignore[arg-type]
