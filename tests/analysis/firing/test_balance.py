"""Mean synaptic currents, read from the membrane of neurons that cannot spike."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import PoissonEncoder, ReservoirSpec, build, simulate
from hrsnn.analysis import UndefinedWarning, firing_rates, mean_currents
from hrsnn.errors import InputError

SPEC = ReservoirSpec(neurons=80)


def test_they_are_what_holds_the_membrane_of_a_mute_neuron() -> None:
    """Without a reset the mean of tau dv/dt is 0 over a long time: mean v = rest + bias + mean currents."""
    duration = 20_000.0
    reservoir = build(SPEC.updated({"background_rate": 30.0, "background_weight": 1.5}), seed=3, channels=6)
    mute = np.arange(80) % 4 == 1
    reservoir = reservoir.replace(v_threshold=np.where(mute, 1e9, reservoir.v_threshold))
    trains = PoissonEncoder(peak_rate=40.0, duration=duration, scale="none").fit_transform(np.linspace(0.2, 1, 6)[None])
    activity = simulate(reservoir, trains, record=("v",), sample_times=int(duration))
    assert activity.spike_counts[0, mute].sum() == 0
    assert activity.rates[~mute].mean() > 1
    currents = mean_currents(reservoir, activity.rates, firing_rates(trains))
    drive = currents.excitatory + currents.input + currents.background - currents.inhibitory
    # after the first 200 ms, in which v leaves its start
    settled = activity.v[0, 200:].mean(axis=0)
    measured = settled - reservoir.v_rest - reservoir.i_bias
    np.testing.assert_allclose(measured[mute], drive[mute], atol=0.02 * np.abs(drive[mute]).max())
    for part in (currents.excitatory, currents.inhibitory, currents.input, currents.background):
        assert part[mute].mean() > 0.02 * drive[mute].mean()


def test_ratios() -> None:
    reservoir = build(SPEC, seed=1, channels=2)
    currents = mean_currents(reservoir, np.full(80, 10.0), [50.0, 0.0])
    assert currents.recurrent_ratio == pytest.approx(currents.inhibitory.sum() / currents.excitatory.sum())
    assert currents.ratio < currents.recurrent_ratio
    twice = mean_currents(reservoir, np.full(80, 20.0), [100.0, 0.0])
    np.testing.assert_allclose(twice.inhibitory, 2 * currents.inhibitory)
    assert twice.ratio == pytest.approx(currents.ratio)


def test_by_hand() -> None:
    reservoir = build(SPEC.updated({"tau_exc": 4.0, "tau_inh": 8.0}), seed=1)
    rates = np.random.default_rng(0).uniform(0, 30, 80)
    currents = mean_currents(reservoir, rates)
    for target in (0, 41, 79):
        into = reservoir.post == target
        excites = reservoir.is_excitatory[reservoir.pre]
        for kind, tau, found in ((excites, 4.0, currents.excitatory), (~excites, 8.0, currents.inhibitory)):
            sources = reservoir.pre[into & kind]
            by_hand = sum(reservoir.weight[into & kind] * rates[sources] / 1000) * tau
            assert found[target] == pytest.approx(by_hand)
    assert not currents.input.any()
    assert not currents.background.any()


def test_silence_is_nan_with_a_warning() -> None:
    currents = mean_currents(build(SPEC, seed=1), np.zeros(80))
    assert not currents.inhibitory.any()
    for ratio in ("ratio", "recurrent_ratio"):
        with pytest.warns(UndefinedWarning, match="balance is undefined"):
            assert np.isnan(getattr(currents, ratio))


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((np.zeros(79),), "rates"),
        ((np.full(80, np.nan),), "rates"),
        ((np.full(80, -1.0),), "rates"),
        ((np.zeros(80), [1.0, 2.0]), "input_rates"),
    ],
)
def test_bad_input(arguments, field: str) -> None:
    with pytest.raises(InputError) as caught:
        mean_currents(build(SPEC, seed=1), *arguments)
    assert caught.value.field == field


def test_short_term_plasticity_is_refused() -> None:
    reservoir = build(SPEC.updated({"short_term_plasticity": True}), seed=1)
    with pytest.raises(InputError, match="short-term plasticity"):
        mean_currents(reservoir, np.zeros(80))
