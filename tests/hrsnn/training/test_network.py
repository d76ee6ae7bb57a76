"""Networks as modules: the spikes of the engines, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from training_networks import EVERYTHING, minibatch, small, two_classes  # noqa: E402

from hrsnn import Currents, InputError, Reservoir, ReservoirSpec, build, simulate  # noqa: E402
from hrsnn.balanced import BalancedNetwork, BalancedSpec, balanced_for_inputs, build_balanced  # noqa: E402
from hrsnn.balanced.inputs import random_input_weights  # noqa: E402
from hrsnn.testing.networks import CASES, currents, trains  # noqa: E402
from hrsnn.training import TrainableNetwork  # noqa: E402

#: What these cases change is STDP, which has no part in training.
SAME = {"fast learning without homeostasis", "fast learning with homeostasis", "input at its bound"}
RESERVOIRS = sorted(set(CASES) - {"short-term plasticity"} - SAME)


def of_case(case: str) -> Reservoir:
    return build(ReservoirSpec.preset("dense", neurons=20).updated({"input_fraction": 0.6, **CASES[case]}), 3, channels=4)


def balanced(**changes: Any) -> BalancedNetwork:
    return build_balanced(BalancedSpec(neurons=30, dimensions=3, dt=0.5, **changes), seed=1)


def saved(network: Reservoir | BalancedNetwork, path: Any) -> bytes:
    network.save(path)
    return path.read_bytes()


def check_spikes(network: Reservoir | BalancedNetwork, stimulus: Any, **options: Any) -> int:
    """Compare the module's spikes with those of the engine; return their number."""
    module = TrainableNetwork(network, 2, dtype="float64", **options)
    batch = minibatch(module, stimulus)
    with torch.no_grad():
        spikes = module(batch).spikes.numpy()
    activity = simulate(network, stimulus)
    for index, length in enumerate(batch.lengths.tolist()):
        times, neurons = activity.spikes.sample(index)
        step, who = np.nonzero(spikes[:length, index])
        np.testing.assert_array_equal(step, np.round(times / network.dt))
        np.testing.assert_array_equal(who, neurons)
    return activity.spike_count


@pytest.mark.parametrize("case", RESERVOIRS)
def test_spikes_are_those_of_the_engine(case: str) -> None:
    reservoir = of_case(case)
    assert check_spikes(reservoir, trains(2, 4, 40.2, 120, seed=1)) > 10
    if not reservoir.input.delay.any():
        check_spikes(reservoir, currents(2, 4, 5, 6.7, seed=2))


def test_delays_beyond_the_longest_that_is_learned_stay() -> None:
    reservoir = build(ReservoirSpec.preset("dense", neurons=20, delay_exc=30, delay_input=12), 3, channels=4)
    stimulus = trains(2, 4, 80.0, 200, seed=1)
    assert check_spikes(reservoir, stimulus, learn=("delays", "input_delays"), longest_delay=2.0) > 10


@pytest.mark.parametrize("control", ["itself", "without_recurrence", "shuffled"])
def test_spikes_of_balanced_networks_are_those_of_the_engine(control: str) -> None:
    network = balanced() if control == "itself" else getattr(balanced(), control)()
    values = np.random.default_rng(0).normal(size=(2, 10, network.channels))
    assert check_spikes(network, Currents(values, 20.0)) > 10
    assert check_spikes(network, trains(2, network.channels, 100.0, 100, seed=1)) > 10


@pytest.mark.parametrize("dale", ["projection", "parametrisation"])
@pytest.mark.parametrize("times", ["neuron", "distribution"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_way_there_and_back_keeps_every_byte(tmp_path: Any, dtype: Any, times: Any, dale: Any) -> None:
    for case in RESERVOIRS:
        reservoir = of_case(case)
        module = TrainableNetwork(reservoir, 3, EVERYTHING, dtype=dtype, times=times, dale=dale)
        module.project()
        assert saved(module.network(), tmp_path / "back.npz") == saved(reservoir, tmp_path / "there.npz"), case


@pytest.mark.parametrize("control", ["itself", "without_recurrence", "shuffled"])
def test_balanced_networks_come_back_with_every_byte(tmp_path: Any, control: str) -> None:
    network = balanced() if control == "itself" else getattr(balanced(), control)()
    for dtype in ("float32", "float64"):
        module = TrainableNetwork(network, 3, ("recurrent", "inputs", "tau_m", "v_threshold"), dtype=dtype)
        module.project()
        assert saved(module.network(), tmp_path / "back.npz") == saved(network, tmp_path / "there.npz")


def moved(module: TrainableNetwork, by: float) -> TrainableNetwork:
    """Move all parameters of the network, in turns up and down."""
    with torch.no_grad():
        for one in module.dynamics.parameters():
            one.add_(by * (1 - 2 * (torch.arange(one.numel()) % 2)).view(one.shape))
    module.project()
    return module


@pytest.mark.parametrize("dale", ["projection", "parametrisation"])
def test_what_moved_is_simulated_as_it_was_trained(dale: Any) -> None:
    reservoir = of_case("everything heterogeneous")
    module = moved(TrainableNetwork(reservoir, 2, EVERYTHING, dale=dale, dtype="float64", longest_delay=9.0), 0.3)
    after = module.network()
    assert isinstance(after, Reservoir)
    for name in ("weight", "input_weight", "tau_m", "tau_exc", "tau_inh", "v_threshold"):
        assert not np.array_equal(getattr(after, name), getattr(reservoir, name)), name
    assert (after.weight >= 0).all()
    assert (after.w_max >= after.weight).all()
    np.testing.assert_array_equal(after.is_excitatory, reservoir.is_excitatory)
    # delays are rounded to steps on the way back: the same as none here
    module = moved(TrainableNetwork(reservoir, 2, EVERYTHING[:-2], dale=dale, dtype="float64"), 0.3)
    stimulus = trains(2, 4, 60.0, 120, seed=1)
    spikes = module(minibatch(module, stimulus)).spikes.detach().numpy()
    activity = simulate(module.network(), stimulus)
    assert activity.spike_count > 100
    for index in range(2):
        np.testing.assert_array_equal(np.nonzero(spikes[:, index])[1], activity.spikes.sample(index)[1])


def test_signs_are_kept_by_projection_and_by_parametrisation() -> None:
    reservoir = of_case("everything heterogeneous")
    for dale, least in (("projection", 0.0), ("parametrisation", 1e-6)):
        module = TrainableNetwork(reservoir, 2, ("recurrent", "inputs"), dale=dale, dtype="float64")
        with torch.no_grad():
            for name in ("recurrent", "inputs"):
                module.dynamics.named[name].theta.fill_(-100.0)
        module.project()
        after = module.network()
        assert isinstance(after, Reservoir)
        for weight in (after.weight, after.input_weight):
            np.testing.assert_allclose(weight, least, rtol=1e-12)


def test_delays_come_back_in_whole_steps_and_within_bounds() -> None:
    reservoir = small(20)
    module = TrainableNetwork(reservoir, 2, ("delays", "input_delays"), longest_delay=4.0)
    after = moved(module, 2.3).network()
    assert isinstance(after, Reservoir)
    for before, now in ((reservoir.recurrent, after.recurrent), (reservoir.input, after.input)):
        assert set(np.round(now.delay[now.delay != before.delay])) <= {0.0, 1.0, 2.0, 3.0, 4.0}
        np.testing.assert_array_equal(now.delay[now.delay != before.delay] % 1, 0)
        assert not np.array_equal(before.delay, now.delay)
    per_source = {pre: set(after.delay[after.pre == pre]) for pre in np.unique(after.pre)}
    assert all(len(delays) == 1 for delays in per_source.values())


def test_the_distribution_of_times_moves_them_together() -> None:
    reservoir = build(ReservoirSpec(neurons=60), seed=1, channels=1)
    module = TrainableNetwork(reservoir, 1, ("tau_m",), times="distribution", dtype="float64")
    assert sum(one.numel() for one in module.dynamics.parameters()) == 4
    with torch.no_grad():
        module.dynamics.named["tau_m"].theta[0] += np.log(1.5)
    after = module.network().tau_m
    np.testing.assert_allclose(after, 1.5 * reservoir.tau_m, rtol=1e-12)


def test_a_signed_network_stays_signed() -> None:
    network = balanced()
    after = moved(TrainableNetwork(network, 2, ("recurrent",), dtype="float64"), 0.01).network()
    assert isinstance(after, BalancedNetwork)
    assert (after.fast < 0).any()
    assert (after.fast > 0).any()
    np.testing.assert_array_equal(np.diag(after.fast), np.diag(network.fast))


@pytest.mark.long
def test_gradients_of_a_balanced_network_stay_finite_only_through_its_reset() -> None:
    """``I - h w w^T`` is no expansion where h = 1/(2 width) is at most ``2/|w|^2``: 1 of that 2 by default."""
    network = balanced_for_inputs(0.25 * random_input_weights(40, 10, seed=1), dt=1.0)
    stimulus, sizes = trains(2, 10, 1500.0, 40, seed=1), {}
    for name, options in {"default": {}, "no reset": {"reset_gradient": False}, "narrow": {"width": 0.005}}.items():
        module = TrainableNetwork(network, 2, ("recurrent", "readout"), tau_readout=500.0, dtype="float64", **options)
        module(module.minibatch(module.samples(stimulus), range(2)), checkpoint=100).outputs[-1].sum().backward()
        sizes[name] = float(module.dynamics.named["fast"].theta.grad.norm())
    assert module.model["reset_gradient"] is True
    assert 0 < sizes["default"] < 1e5
    assert not sizes["no reset"] < 1e12
    assert not sizes["narrow"] < 1e12


def test_slow_weights_of_zero_learn_in_steps_of_the_fast_ones() -> None:
    weights = 0.25 * random_input_weights(40, 10, seed=1)
    dynamics = TrainableNetwork(balanced_for_inputs(weights, memory=2000.0), 2, ("recurrent",)).dynamics
    off = np.abs((weights @ weights.T)[~np.eye(40, dtype=bool)]).mean()
    assert dynamics.named["fast"].unit == pytest.approx(off)
    assert dynamics.named["slow"].unit == pytest.approx(off / 2)  # times the leak, 0.5/s


def test_dense_products_and_sums_over_links_agree() -> None:
    reservoir, responses = small(30), []
    stimulus, _ = two_classes(4)
    for dense in (True, False):
        module = TrainableNetwork(reservoir, 2, ("recurrent", "readout"), dtype="float64")
        module.dynamics.use_dense(dense)
        response = module(minibatch(module, stimulus))
        response.outputs.square().mean().backward()
        responses.append((response.spikes, module.dynamics.named["recurrent"].theta.grad))
    assert torch.equal(responses[0][0], responses[1][0])
    torch.testing.assert_close(responses[0][1], responses[1][1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"learn": ("recurent",)}, "learn = 'recurent': must be of recurrent, inputs, tau_m"),
        ({"learn": ("x" * 5000,)}, "learn = 'xxx"),
        ({"learn": "recurrent"}, "learn = 'recurrent': must be names in a tuple"),
        ({"outputs": 0}, "outputs = 0"),
        ({"surrogate": "step"}, "surrogate = 'step': must be one of fast_sigmoid"),
        ({"width": -1.0}, "width = -1.0: must be positive"),
        ({"dale": "none"}, "dale = 'none': must be one of projection, parametrisation"),
        ({"times": "all"}, "times = 'all': must be one of neuron, distribution"),
        ({"dtype": "float16"}, "dtype = 'float16': must be one of float32, float64"),
        ({"device": "tpu"}, "device = 'tpu': must be one of cpu, cuda"),
        ({"tau_readout": 0.0}, "tau_readout = 0.0: must be positive"),
        ({"network": 3}, "network = 3: must be Reservoir or BalancedNetwork"),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    options = {"network": small(), "outputs": 2, **arguments}
    with pytest.raises(InputError) as refused:
        TrainableNetwork(**options)
    assert str(refused.value).startswith(message)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (lambda: of_case("short-term plasticity"), "network = 'with short-term plasticity'"),
        (lambda: balanced(noise=0.1), "network = 'with noise 0.1'"),
    ],
    ids=["short-term plasticity", "noise"],
)
def test_networks_without_gradients_are_refused(network: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        TrainableNetwork(network(), 2)


def test_delays_of_analog_input_are_refused() -> None:
    module = TrainableNetwork(small(), 2)
    with pytest.raises(InputError, match="network = 'with delays of its input': is trained on spikes"):
        module.samples(currents(2, 2, 5, 6.0, 1))


def test_without_cuda_the_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="device = 'cuda': is not here"):
        TrainableNetwork(small(), 2, device="cuda")
