"""Hawkes processes: closed forms of the linear case, bounds, the two readings of inhibition, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hrsnn import ReservoirSpec, build
from hrsnn.analysis import binned_counts, firing_rates
from hrsnn.analysis.firing.hawkes import HawkesProcess, hawkes_of, hawkes_spikes, linear_rates
from hrsnn.errors import InputError


def process(**changed: Any) -> HawkesProcess:
    """Two neurons, the second inhibitory, each with a link to the other."""
    given = {"base": [10.0, 20.0], "pre": [0, 1], "post": [1, 0], "weight": [0.5, 0.4], "inhibitory": [False, True]}
    return HawkesProcess(**{**given, **changed})


def test_rates_of_a_linear_process_are_those_of_the_closed_form() -> None:
    rng = np.random.default_rng(3)
    links = np.flatnonzero(rng.random(400) < 0.3)
    linear = HawkesProcess(
        rng.uniform(2, 20, 20), links % 20, links // 20, rng.gamma(1, 0.09, len(links)), np.zeros(20, bool), ceiling=np.inf
    )
    expected = linear_rates(linear)
    assert np.abs(linear.matrix @ expected + linear.base - expected).max() < 1e-9  # the equation that the form solves
    assert 0.4 < np.abs(np.linalg.eigvals(linear.matrix)).max() < 0.9
    found = firing_rates(hawkes_spikes(linear, 600_000.0, seed=4))
    assert np.abs(found / expected - 1).max() < 0.05
    assert abs(found.mean() / expected.mean() - 1) < 0.01


def test_counts_of_a_self_exciting_neuron_are_as_variable_as_hawkes_found() -> None:
    # variance of counts over their mean, in windows much longer than the kernel: 1 / (1 - w)^2
    alone = HawkesProcess([10.0], [0], [0], [0.5], [False], ceiling=np.inf)
    counts = binned_counts(hawkes_spikes(alone, 4_000_000.0, seed=0), 500.0)
    assert counts.mean() / 0.5 == pytest.approx(20, rel=0.02)
    assert counts.var() / counts.mean() == pytest.approx(4, rel=0.1)


def test_without_links_it_is_a_poisson_process_below_the_ceiling() -> None:
    free = HawkesProcess([10.0, 90.0], [], [], [], [False, False], ceiling=40.0)
    trains = hawkes_spikes(free, 300_000.0, seed=1)
    assert firing_rates(trains) == pytest.approx([10, 40], rel=0.04)
    gaps = np.diff(trains.times[trains.channels == 0])
    assert gaps.std() / gaps.mean() == pytest.approx(1, abs=0.05)


def test_inhibition_divides_as_a_product_and_excites_as_a_sum() -> None:
    def rates(**changed: Any) -> np.ndarray:
        return firing_rates(hawkes_spikes(process(pre=[1], post=[0], weight=[0.5], **changed), 400_000.0, seed=2))

    # the drive of slow kernels is nearly constant, half of the rate of the source: 10 / (1 + 10 / 5)
    assert rates(tau_inh=3000.0, half=5.0)[0] == pytest.approx(10 / 3, rel=0.06)
    assert rates(inhibition="sum")[0] == pytest.approx(20, rel=0.03)
    linear = process(pre=[1], post=[0], weight=[0.5], inhibition="sum")
    assert linear_rates(linear) == pytest.approx([20, 20])


def test_a_seed_gives_the_same_spikes_and_another_seed_others() -> None:
    first, again, other = (hawkes_spikes(process(), 5000.0, seed=seed) for seed in (5, 5, 6))
    assert first.times.tolist() == again.times.tolist()
    assert first.times.tolist() != other.times.tolist()
    assert (np.diff(first.times) >= 0).all()
    assert first.times.max() < 5000


def test_a_process_on_a_reservoir_has_equal_means_whatever_the_scale_of_its_weights() -> None:
    reservoir = build(ReservoirSpec(neurons=60, connectivity="distance", length_scale=3.0), seed=2)
    exc = reservoir.is_excitatory
    one, other = (hawkes_of(reservoir, w, branching=0.4) for w in (reservoir.weight, 3 * reservoir.weight))
    assert other.weight == pytest.approx(one.weight)
    for target in (exc, ~exc):
        for source in (exc, ~exc):
            assert one.matrix[np.ix_(target, source)].sum(axis=1).mean() == pytest.approx(0.4)
    assert one.inhibitory.tolist() == (~exc).tolist()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"base": [-1.0, 2.0]}, "base"),
        ({"base": []}, "base"),
        ({"weight": [0.5, -0.4]}, "weight"),
        ({"weight": [0.5]}, "pre"),
        ({"post": [1, 2]}, "post"),
        ({"inhibitory": [False]}, "inhibitory"),
        ({"inhibition": "minus"}, "inhibition"),
        ({"tau_exc": 0.0}, "tau_exc"),
        ({"half": 0.0}, "half"),
        ({"ceiling": 0.0}, "ceiling"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=f"^{said} = "):
        process(**changed)


def test_processes_without_closed_form_are_refused() -> None:
    with pytest.raises(InputError, match="inhibition divides"):
        linear_rates(process())
    with pytest.raises(InputError, match="spectral radius below 1"):
        linear_rates(process(inhibition="sum", weight=[2.0, 2.0]))
    with pytest.raises(InputError, match="spectral radius below 1"):
        hawkes_spikes(process(inhibition="sum", weight=[2.0, 2.0], ceiling=np.inf), 1000.0)
    hawkes_spikes(process(weight=[2.0, 2.0], ceiling=np.inf), 1000.0)  # inhibition divides: nothing runs away
    with pytest.raises(InputError, match="one weight for each"):
        hawkes_of(build(ReservoirSpec(neurons=20), seed=0), [1.0])
