"""Step 4: time constants that are searched, and the distributions that they follow."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Reservoir
from hrsnn.networks import keep_neurons, noise, retune
from hrsnn.networks.retuning import fitted_spec, with_time_constants


def test_retuning_never_lowers_the_objective_and_keeps_the_rest(dense: Reservoir) -> None:
    found = retune(dense, dense, noise(2), trials=4)
    assert found.objective[found.best] >= found.objective[0]
    assert found.points.shape == (4, 4)
    assert np.isfinite(found.largest_exponents).all()
    assert found.reservoir.replace(tau_m=dense.tau_m).equals(dense)
    # the point that it names is the one that it has, and the first one is the network as it was
    for row, network in ((found.best, found.reservoir), (0, dense)):
        exc, inh = fitted_spec(network).tau_m_exc, fitted_spec(network).tau_m_inh
        assert found.points[row] == pytest.approx([exc.mean, exc.cv, inh.mean, inh.cv], rel=0.05)  # the bounds cut a little


def test_retuning_twice_gives_the_same_bytes_and_another_seed_others(dense: Reservoir) -> None:
    one, again, other = (retune(dense, dense, noise(2), trials=6, seed=seed) for seed in (1, 1, 2))
    for name in ("points", "objective", "largest_exponents"):
        assert getattr(one, name).tobytes() == getattr(again, name).tobytes()
    assert again.reservoir.equals(one.reservoir)
    assert not np.array_equal(other.points[1:], one.points[1:])


def test_retuning_finds_time_constants_that_were_taken_away(dense: Reservoir) -> None:
    """The spectrum and the rate of a network whose tau_m were halved are a target that one point of the space meets."""
    spec = fitted_spec(dense)
    changes = {"tau_m_exc.mean": spec.tau_m_exc.mean / 1.8, "tau_m_inh.mean": spec.tau_m_inh.mean / 1.8}
    faster = with_time_constants(dense, spec.updated(changes))
    found = retune(faster, dense, noise(2), target=retune(dense, dense, noise(2), trials=1).largest_exponents[0])
    assert found.objective[found.best] > 0.2 * found.objective[0]


def test_time_constants_follow_the_distributions_of_a_spec(dense: Reservoir) -> None:
    spec = fitted_spec(dense)
    excitatory = dense.is_excitatory
    changes = {"tau_m_exc.mean": 2 * spec.tau_m_exc.mean, "tau_m_inh.cv": spec.tau_m_inh.cv / 2}
    moved = with_time_constants(dense, spec.updated(changes))
    inside = (dense.tau_m < 100) & excitatory
    assert moved.tau_m[inside] == pytest.approx(2 * dense.tau_m[inside])
    spread = np.log(moved.tau_m[~excitatory]).std()
    assert spread == pytest.approx(np.sqrt(np.log1p((spec.tau_m_inh.cv / 2) ** 2)))
    assert fitted_spec(moved).tau_m_inh.mean == pytest.approx(spec.tau_m_inh.mean)
    assert moved.replace(tau_m=dense.tau_m).equals(dense)


@pytest.mark.parametrize("case", ["silent", "excitatory", "equal"])
def test_networks_that_are_hard_to_retune(case: str, dense: Reservoir) -> None:
    network = {
        "silent": lambda: dense.replace(v_threshold=np.full(80, 1e3)),
        "excitatory": lambda: keep_neurons(dense, dense.is_excitatory),
        "equal": lambda: dense.replace(tau_m=np.full(80, 20.0)),
    }[case]()
    found = retune(network, network, noise(2), trials=3)
    if case == "silent":  # without exponents no trial has an objective: it stays as it was
        assert found.best == 0
        assert np.isnan(found.objective).all()
        assert found.reservoir is network
    else:
        assert found.objective[found.best] >= found.objective[0]
        assert found.points.shape == (3, 2 if case == "excitatory" else 4)
        assert len(np.unique(found.reservoir.tau_m[network.is_excitatory])) == (1 if case == "equal" else network.neurons)
