"""The protocols: the same numbers as the parts give by hand, and nothing of the test part in what is learnt."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.pipeline import make_pipeline

from hrsnn import (
    CurrentEncoder,
    Gamma,
    HrsnnWarning,
    InputError,
    PoissonEncoder,
    ReservoirSpec,
    ReservoirTransformer,
    SpikeTrains,
)
from hrsnn.analysis import UndefinedWarning, effective_rank
from hrsnn.analysis.protocols import classify, forecast, forecast_freely, memory, rank
from hrsnn.readout import readout
from hrsnn.tasks import ClassificationTask, SeriesTask, load_task

SPEC = ReservoirSpec.preset("dense", neurons=40)


def digits(train: int = 60, test: int = 30) -> ClassificationTask:
    task = load_task("digits")
    assert isinstance(task, ClassificationTask)
    return task.subset(train=train, test=test)


def lorenz() -> SeriesTask:
    task = load_task("lorenz63", train=200, test=50)
    assert isinstance(task, SeriesTask)
    return task


@pytest.mark.parametrize("plastic", [True, False])
def test_classify_is_the_pipeline_of_its_parts(plastic: bool) -> None:
    task = digits()
    result = classify(task, SPEC, seed=5, plastic=plastic)
    pipeline = make_pipeline(clone(task.encoder), ReservoirTransformer(SPEC, plastic=plastic, seed=5), readout())
    predicted = pipeline.fit(task.x_train, task.y_train).predict(task.x_test)
    assert np.array_equal(result.predicted, predicted)
    assert result.accuracy == np.mean(predicted == task.y_test)
    assert result.reservoir.equals(pipeline[1].reservoir_)
    assert result.reservoir.equals(result.initial_reservoir) == (not plastic)

    raw = clone(task.raw_baseline).fit(task.x_train, task.y_train)
    assert result.baselines["raw_input"] == raw.score(task.x_test, task.y_test)
    uncoupled = ReservoirTransformer(reservoir=result.initial_reservoir.without_recurrence(), plastic=plastic, seed=5)
    control = make_pipeline(clone(task.encoder), uncoupled, readout()).fit(task.x_train, task.y_train)
    assert result.baselines["no_recurrence"] == control.score(task.x_test, task.y_test)


def test_classify_takes_currents_and_says_what_their_means_are_worth() -> None:
    task = digits()
    encoder = CurrentEncoder(duration=50)
    result = classify(dataclasses.replace(task, encoder=encoder), SPEC, windows=5)
    assert set(result.baselines) == {"raw_input", "encoder_means", "echo_state_network", "no_recurrence"}
    pixels = [np.tile(encoder.fit(task.x_train).transform(x).values[:, 0], 5) for x in (task.x_train, task.x_test)]
    alone = readout().fit(pixels[0], task.y_train)
    assert result.baselines["encoder_means"] == alone.score(pixels[1], task.y_test)


def test_stdp_reads_no_label_and_the_readout_no_test_label() -> None:
    task = digits()
    result = classify(task, SPEC)
    other = classify(dataclasses.replace(task, y_test=np.roll(task.y_test, 1)), SPEC)
    assert np.array_equal(result.predicted, other.predicted)
    shuffled = classify(dataclasses.replace(task, y_train=np.roll(task.y_train, 1)), SPEC)
    assert result.reservoir.equals(shuffled.reservoir)
    assert not np.array_equal(result.predicted, shuffled.predicted)


class Remembering(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """An encoder that notes what it was fitted on."""

    fitted_on: list[np.ndarray] = []  # noqa: RUF012  # the protocol fits a clone, so that the note must be shared

    def fit(self, x: np.ndarray, y: object = None) -> Remembering:
        self.fitted_on.append(x)
        return self

    def transform(self, x: np.ndarray) -> SpikeTrains:
        trains: SpikeTrains = PoissonEncoder(duration=50).fit_transform(x)
        return trains


def test_encoder_is_fitted_on_the_training_samples_only() -> None:
    task = digits()
    Remembering.fitted_on.clear()
    classify(dataclasses.replace(task, encoder=Remembering()), SPEC, plastic=False)
    (seen,) = Remembering.fitted_on
    assert np.array_equal(seen, task.x_train)


def test_classify_reads_selected_neurons_alone() -> None:
    task = digits()
    few = np.arange(0, 40, 3)
    result = classify(task, SPEC, select=lambda reservoir: few)
    transformer = ReservoirTransformer(SPEC, neurons=few)
    pipeline = make_pipeline(clone(task.encoder), transformer, readout()).fit(task.x_train, task.y_train)
    assert np.array_equal(result.predicted, pipeline.predict(task.x_test))


def test_a_silent_reservoir_names_one_class() -> None:
    silent = SPEC.updated({"i_bias": 0, "v_start": 0, "input_weight": 0.001})
    with pytest.warns(HrsnnWarning, match="no unit varies"):
        result = classify(digits(), silent, plastic=False)
    assert result.rates.silent_share == 1
    assert len(set(result.predicted)) == 1


@pytest.mark.parametrize(
    "protocol",
    [
        lambda spec: forecast(lorenz(), spec),
        lambda spec: forecast_freely(lorenz(), spec),
        lambda spec: rank(PoissonEncoder(duration=50).fit_transform(np.eye(8)), spec),
    ],
    ids=["forecast", "forecast_freely", "rank"],
)
def test_scores_of_a_silent_reservoir_come_with_a_warning(protocol: Callable[[ReservoirSpec], Any]) -> None:
    with pytest.warns(UndefinedWarning, match="no neuron spiked"):
        protocol(SPEC.updated({"i_bias": -100}))


def test_rates_are_those_of_the_test_stimuli() -> None:
    task = digits()
    result = classify(task, SPEC, plastic=False)
    spikes = result.rates.spikes_per_neuron
    # 100 ms a digit
    assert result.rates.mean_rate == pytest.approx(spikes / 0.1)
    assert 0 <= result.rates.silent_share < 1


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
@pytest.mark.parametrize(
    ("noise", "rate", "frozen"), [(None, 7.0, False), ("none", 0.0, False), ("fresh", 7.0, False), ("frozen", 7.0, True)]
)
def test_noise_of_memory(noise: str | None, rate: float, frozen: bool) -> None:
    spec = SPEC.updated({"background_rate": 7.0})
    result = memory(spec, values=500, max_delay=3, noise=noise)  # type: ignore[arg-type]
    assert (result.reservoir.background_rate == rate).all()
    assert result.reservoir.background_frozen == frozen


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
def test_noise_comes_on_where_the_spec_has_none() -> None:
    assert (memory(SPEC, values=500, max_delay=3, noise="fresh").reservoir.background_rate == 20.0).all()
    own = SPEC.updated({"background_rate": Gamma(5, 0.3)})
    assert np.ptp(memory(own, values=500, max_delay=3, noise="fresh").reservoir.background_rate) > 0
    with pytest.raises(InputError, match="must be none, fresh or frozen"):
        memory(SPEC, noise="pink")  # type: ignore[arg-type]


def test_memory_of_uncoupled_membranes_below_threshold_is_that_of_leaky_integrators() -> None:
    # no spike: v is a bank of leaky integrators that all follow one input, so that with one time constant
    # r^2(tau) = (1 - a^2) a^(2 tau) with a = exp(-hold / tau_m), and the spikes hold nothing
    spec = ReservoirSpec(neurons=5, tau_m_exc=20, tau_m_inh=20, i_bias=0, v_start=0, input_gain=1, input_fraction=1)
    with pytest.warns(UserWarning, match="no state varies"):
        result = memory(spec, values=3000, hold=20.0, max_delay=10)
    assert result.rates.mean_rate == 0
    assert result.spikes.total == 0
    a = np.exp(-1.0)
    expected = (1 - a**2) * a ** (2 * np.arange(1, 11))
    assert np.abs(result.v.curve - expected)[:3].max() < 0.03
    assert result.v.total == pytest.approx(result.v_uncoupled.total)
    assert result.raw_input.total < 0.02


def test_forecast_never_sees_the_test_targets() -> None:
    task = lorenz()
    result = forecast(task, SPEC)
    targets = task.targets.copy()
    targets[task.test] = 0.0
    other = forecast(dataclasses.replace(task, targets=targets), SPEC)
    assert np.array_equal(result.prediction, other.prediction)
    assert result.nrmse != other.nrmse


def test_forecast_of_a_held_input_by_the_last_value() -> None:
    task = lorenz()
    result = forecast(task, SPEC)
    error = np.sqrt(np.mean((task.inputs[task.test] - task.targets[task.test]) ** 2, axis=0))
    assert result.baselines["last_value"] == pytest.approx(np.mean(error / task.targets[task.train].std(axis=0)))
    assert result.baselines["linear_autoregression"] < result.baselines["last_value"]


def test_ranks_of_equal_stimuli() -> None:
    stimuli = PoissonEncoder(duration=50).fit_transform(np.tile(np.linspace(0, 1, 8), (6, 1)))
    result = rank(stimuli, ReservoirSpec(neurons=30))
    assert result.ranks.effective == result.ranks.numerical == 1
    assert result.input_counts.effective == 1


def test_ranks_are_those_of_the_states() -> None:
    stimuli = PoissonEncoder(duration=50).fit_transform(np.eye(8))
    result = rank(stimuli, ReservoirSpec(neurons=60), seed=2)
    assert result.states.shape == (8, 60)
    assert result.ranks.effective == effective_rank(result.states)
    assert result.input_counts.numerical == 8
