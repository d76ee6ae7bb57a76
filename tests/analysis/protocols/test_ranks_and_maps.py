"""Capacities of driven reservoirs, jittered copies, maps of rank and separation, and their figures."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import PoissonEncoder, ReservoirSpec, SpikeTrains, build, simulate
from hrsnn.analysis import effective_rank, generalisation_rank, information_capacity, separation
from hrsnn.analysis.figures.capacity import capacity_by_degree
from hrsnn.analysis.figures.maps import heat_maps
from hrsnn.analysis.figures.style import save
from hrsnn.analysis.protocols.information_capacity import capacity
from hrsnn.analysis.protocols.jitter import jittered
from hrsnn.analysis.protocols.rank_maps import rank_map
from hrsnn.errors import InputError

STIMULI = PoissonEncoder(duration=60).fit_transform(np.eye(5))
SPEC = ReservoirSpec.preset("dense", neurons=40)


def test_copies_keep_their_channels_and_move_by_the_deviation() -> None:
    times = np.linspace(100, 900, 4000)
    trains = SpikeTrains(np.tile(times, 2), np.tile(np.arange(4000) % 7, 2), [0, 4000, 8000], 7, [1000.0, 1000.0])
    copies = jittered(trains, 3, deviation=5.0, seed=1)
    assert len(copies) == 6
    np.testing.assert_array_equal(copies.counts()[:, 0], np.repeat(trains.counts()[:, 0], 3, axis=0))
    for copy in range(6):
        moved, channels = copies.sample(copy)
        for channel in range(7):  # the k-th spike of a channel stays the k-th one: they are 1.4 ms apart, or it is near
            shift = moved[channels == channel] - times[np.arange(4000) % 7 == channel]
            assert abs(shift.mean()) < 1
    single = SpikeTrains(np.full(2000, 50.0), np.zeros(2000), [0, 2000], 1, 100.0)
    assert jittered(single, 1, deviation=5.0).times.std() == pytest.approx(5, rel=0.1)
    assert not np.array_equal(copies.sample(0)[0], copies.sample(1)[0])


def test_copies_stay_in_their_sample_whatever_the_deviation() -> None:
    trains = SpikeTrains([0.0, 9.9], [0, 1], [0, 2], n_channels=2, duration=10.0)
    copies = jittered(trains, 200, deviation=50.0)
    assert copies.times.min() >= 0
    assert copies.times.max() < 10
    assert copies.times.mean() == pytest.approx(5, abs=0.6)  # reflected often enough, they are anywhere
    assert jittered(trains, 2, deviation=0.0)[1].equals(trains)


def test_a_point_of_the_map_is_what_its_parts_give() -> None:
    found = rank_map(STIMULI, SPEC, [1.0, 2.0], [2.0, 8.0], copies=4, jittered_stimuli=2, seeds=[3])
    assert {values.shape for values in found.maps.values()} == {(2, 2)}
    reservoir = build(SPEC.updated({"length_scale": 2.0, "weight_scale": 8.0}), 3, channels=5)
    states = simulate(reservoir, STIMULI, record=("states",)).states[:, -1]
    copies = simulate(reservoir, jittered(STIMULI[:2], 4, 2.0, seed=3), record=("states",)).states[:, -1].reshape(2, 4, -1)
    point = found.at(1, 1)
    assert point["effective_rank"] == effective_rank(states)
    assert point["generalisation_rank"] == generalisation_rank(copies)
    assert point["rank_difference"] == point["effective_rank"] - point["generalisation_rank"]
    assert point["separation"] == separation(copies).ratio
    assert point["links"] == reservoir.synapses / 40
    assert found.at(*found.best)["rank_difference"] == found.maps["rank_difference"].max()


def test_input_beside_the_map_is_filtered_as_the_neurons_are() -> None:
    found = rank_map(STIMULI, SPEC, [2.0], [5.0], copies=3, jittered_stimuli=2)
    decay = [np.exp(-(60 - STIMULI.sample(k)[0]) / 20.0) for k in range(5)]
    rows = np.stack([np.bincount(STIMULI.sample(k)[1], weight, minlength=5) for k, weight in enumerate(decay)])
    assert found.input_spikes.effective_rank == effective_rank(rows)
    assert found.input_spikes.separation > 1


def test_a_map_averages_its_seeds_and_does_not_depend_on_jobs() -> None:
    def scales(seeds: list[int], jobs: int = 1) -> np.ndarray:
        found = rank_map(STIMULI, SPEC, [2.0], [5.0, 9.0], copies=2, jittered_stimuli=2, seeds=seeds, jobs=jobs)
        return found.maps["mean_rate"]

    np.testing.assert_allclose(scales([1, 2]), (scales([1]) + scales([2])) / 2)
    np.testing.assert_array_equal(scales([1, 2], jobs=2), scales([1, 2]))


def test_without_recurrent_weight_lambda_changes_nothing() -> None:
    found = rank_map(STIMULI, SPEC, [1.0, 3.0], [0.0, 5.0], copies=3, jittered_stimuli=2)
    assert found.at(0, 0)["effective_rank"] == found.at(0, 1)["effective_rank"] == found.uncoupled.effective_rank
    assert found.at(0, 0)["mean_rate"] == found.at(0, 1)["mean_rate"]
    assert found.maps["links"][0, 1] > found.maps["links"][0, 0]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"length_scales": [2.0, 1.0]}, "length_scales"),
        ({"length_scales": [0.0, 1.0]}, "length_scales"),
        ({"weight_scales": []}, "weight_scales"),
        ({"weight_scales": [-1.0]}, "weight_scales"),
        ({"weight_scales": [1.0, np.nan]}, "weight_scales"),
        ({"copies": 1}, "copies"),
        ({"jittered_stimuli": 1}, "jittered_stimuli"),
        ({"jittered_stimuli": 6}, "jittered_stimuli"),
        ({"jitter": -1.0}, "deviation"),
        ({"seeds": []}, "seeds"),
        ({"spec": SPEC.updated({"connectivity": "random"})}, "connectivity"),
    ],
)
def test_bad_maps(options: dict, field: str) -> None:
    with pytest.raises(InputError) as caught:
        rank_map(STIMULI, **{"spec": SPEC, **options})
    assert caught.value.field == field


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
def test_capacity_of_membranes_below_threshold_is_linear() -> None:
    # no spike: v is a bank of leaky integrators, whose states are linear in the input
    spec = ReservoirSpec(neurons=5, tau_m_exc=20, tau_m_inh=20, i_bias=0, v_start=0, input_gain=1, input_fraction=1)
    result = capacity(spec, values=8000, delays={1: 10, 2: 5, 3: 4})
    assert result.rates.mean_rate == 0
    assert result.spikes.information.total == 0
    information = result.v.information
    assert information.nonlinear == 0
    a = np.exp(-1.0)
    np.testing.assert_allclose(information.linear_curve[:3], (1 - a**2) * a ** (2 * np.arange(3)), atol=0.02)
    assert result.v_uncoupled.information.total == information.total
    assert (result.raw_input.information.linear, result.raw_input.information.nonlinear) == (pytest.approx(1), 0)
    assert result.v.memory.curve.shape == (10,)


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
def test_too_few_values_are_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hrsnn.analysis.protocols.information_capacity.follow", lambda *_: pytest.fail("simulated"))
    with pytest.raises(InputError, match="needs at least"):
        capacity(SPEC, values=250)


def test_bars_add_the_degrees(tmp_path) -> None:
    u = np.random.default_rng(0).uniform(-1, 1, 2000)
    states = np.column_stack([u, np.roll(u, 1) ** 2])
    figure = capacity_by_degree(
        {"both": information_capacity(states, u, {1: 3, 2: 3}), "input": information_capacity(u[:, None], u, {1: 3})}
    )
    ends = [bar.get_x() + bar.get_width() for bar in figure.axes[0].patches]
    np.testing.assert_allclose(ends, [1, 1, 2, 1], atol=0.01)
    save(figure, tmp_path / "bars.png", dpi=60)
    with pytest.raises(InputError):
        capacity_by_degree({})


def test_heat_maps_show_each_value_in_its_cell(tmp_path) -> None:
    values = np.arange(6.0).reshape(2, 3)
    values[1, 0] = np.nan
    figure = heat_maps(
        {"one": values, "two": 10.0 ** (values + 1), "three": np.ones((2, 3))},
        [1.0, 2.0, 3.0],
        [1.0, 100.0],
        x_label="lambda",
        y_label="W",
        marked=(2.0, 1.0),
    )
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    assert [axes.get_title() for axes in panels] == ["one", "two", "three"]
    mesh = panels[0].collections[0]
    np.testing.assert_array_equal(np.ma.filled(mesh.get_array(), np.nan), values)
    edges = mesh.get_coordinates()
    np.testing.assert_allclose(edges[0, :, 0], [0.5, 1.5, 2.5, 3.5])
    np.testing.assert_allclose(edges[:, 0, 1], [0.1, 10, 1000])
    assert panels[0].get_yscale() == "log"
    assert panels[0].get_ylabel() == "W"
    assert panels[2].get_xlabel() == "lambda"
    save(figure, tmp_path / "maps.png", dpi=60)
    with pytest.raises(InputError):
        heat_maps({}, [1], [1], x_label="", y_label="")
    with pytest.raises(InputError):
        heat_maps({"one": np.ones((3, 2))}, [1, 2, 3], [1, 2], x_label="", y_label="")
