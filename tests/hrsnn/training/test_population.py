"""Networks at once are the networks one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from training_networks import minibatch, small  # noqa: E402

from hrsnn import InputError, Reservoir, ReservoirSpec, build, simulate  # noqa: E402
from hrsnn.testing.networks import CASES, currents, trains  # noqa: E402
from hrsnn.training import TrainableNetwork  # noqa: E402
from hrsnn.training.population import joined, repeated, simulate_population  # noqa: E402


def population(case: str, size: int = 3) -> list[Reservoir]:
    spec = ReservoirSpec.preset("dense", neurons=20).updated({"input_fraction": 0.6, **CASES[case]})
    return [build(spec, seed=seed, channels=4) for seed in range(size)]


@pytest.mark.parametrize("engine", ["torch", "compiled"])
@pytest.mark.parametrize(
    "case", ["everything heterogeneous", "a delay of each neuron", "delays of the input", "short-term plasticity"]
)
def test_a_population_is_its_networks_one_by_one(case: str, engine: str) -> None:
    networks, options = population(case), {"record": ("spikes", "v", "counts", "states"), "windows": 2, "blank": 5.0}
    for stimulus in (trains(2, 4, 60.0, 120, seed=1), currents(2, 4, 5, 10.0, seed=2)):
        together = simulate_population(networks, stimulus, engine=engine, **options)
        for network, activity in zip(networks, together, strict=True):
            alone = simulate(network, stimulus, engine=engine, **options)
            assert activity.spikes.equals(alone.spikes)
            # drives through delayed links are differences of sums over all neurons
            np.testing.assert_allclose(activity.v, alone.v, rtol=0, atol=1e-9 if case == "delays of the input" else 0)
            for name in ("counts", "states", "spike_counts"):
                np.testing.assert_array_equal(getattr(activity, name), getattr(alone, name), err_msg=name)
    assert alone.spike_count > 0


def test_a_stimulus_without_spikes_of_a_network_keeps_its_place() -> None:
    networks = [
        one.replace(input_weight=one.input_weight * factor)
        for one, factor in zip(population("defaults", 2), (0, 1), strict=True)
    ]
    stimulus = trains(3, 4, 40.0, 300, seed=1)
    for network, activity in zip(networks, simulate_population(networks, stimulus), strict=True):
        assert activity.spikes.equals(simulate(network, stimulus).spikes)


def test_a_population_is_trained_at_once() -> None:
    networks = [small(12), small(12).replace(tau_m=np.linspace(5, 30, 12))]
    stimulus = trains(2, 2, 30.0, 250, seed=4)
    learn = ("recurrent", "inputs", "tau_m")
    whole = TrainableNetwork(joined(networks), 1, learn, dtype="float64")
    response = whole(minibatch(whole, repeated(stimulus, 2)))
    response.excess.square().sum().backward()
    gradients: dict[str, list[torch.Tensor]] = {name: [] for name in learn}
    for index, network in enumerate(networks):
        alone = TrainableNetwork(network, 1, learn, dtype="float64")
        its = alone(minibatch(alone, stimulus))
        assert torch.equal(its.spikes, response.spikes[:, :, index * 12 : (index + 1) * 12])
        its.excess.square().sum().backward()
        for name in learn:
            gradients[name].append(alone.dynamics.named[name].theta.grad)
    for name in learn:
        torch.testing.assert_close(whole.dynamics.named[name].theta.grad, torch.cat(gradients[name]), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (list, "reservoirs = "),
        (
            lambda: [*population("defaults", 1), build(ReservoirSpec(neurons=10), 0, 4)],
            r"reservoirs\[1\].neurons = 10: must be 20",
        ),
        (lambda: [small(20), *population("defaults", 1)], r"reservoirs\[1\].channels = 4: must be 2"),
        (lambda: population("background"), r"reservoirs\[0\].background_rate"),
        (lambda: [*population("defaults", 1), *population("short-term plasticity", 1)], r"reservoirs\[1\].short_term"),
        (lambda: [*population("defaults", 1), 3], "must be a list of Reservoir"),
    ],
    ids=["none", "sizes", "channels", "background", "short-term", "number"],
)
def test_networks_that_do_not_go_together_are_refused(networks: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        joined(networks())


def test_plastic_populations_are_refused() -> None:
    with pytest.raises(InputError, match="plastic = True: is for single networks"):
        simulate_population(population("defaults"), trains(1, 4, 10.0, 100, seed=1), plastic=True)
