"""The PyTorch engine beyond conformance: bytes of the compiled engine, groups of stimuli, threads, and what is missing."""

from __future__ import annotations

import builtins

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn import Currents, InputError, ReservoirSpec, Uniform, build, simulate  # noqa: E402
from hrsnn.engines import ENGINES, choose, why_not_loaded  # noqa: E402
from hrsnn.engines.torch import population as torch_groups  # noqa: E402
from hrsnn.errors import DivergenceError  # noqa: E402
from hrsnn.testing.networks import CASES, HETEROGENEOUS, currents, trains  # noqa: E402

#: The engine of each device that is there.
HERE = [name for name in ("torch", "torch-cuda") if not why_not_loaded(name)]
on_each_device = pytest.mark.parametrize("engine", HERE)


def random_spec(number: int) -> ReservoirSpec:
    """A spec drawn at random: sizes, steps, delays, adaptation, background, densities."""
    rng = np.random.default_rng([21, number])
    changes = {
        "neurons": int(rng.integers(2, 120)),
        "dt": float(rng.choice([0.1, 0.25, 0.5, 1.0])),
        "length_scale": float(rng.uniform(1, 3)),
        "weight_scale": float(rng.uniform(1, 8)),
        "input_fraction": float(rng.uniform(0.3, 1)),
    }
    options = [
        HETEROGENEOUS,
        {"delay_exc": Uniform(0, 20), "delay_inh": Uniform(0, 3)},
        {"delay_ee": Uniform(0, 9), "delay_ie": Uniform(0, 9)},
        {"adaptation": Uniform(0, 2)},
        {"background_rate": Uniform(0, 100)},
        {"delay_input": Uniform(0, 8)},
    ]
    for option in options:
        if rng.random() < 0.4:
            changes |= option
    if "delay_ee" in changes:
        changes |= {"delay_exc": 0, "delay_inh": 0}
    return ReservoirSpec.preset("dense").updated(changes)


@on_each_device
@pytest.mark.parametrize("number", range(50))
def test_the_spikes_are_those_of_the_compiled_engine(engine: str, number: int) -> None:
    reservoir = build(random_spec(number), seed=number, channels=5)
    stimulus = currents(3, 5, 6, 12.3, number) if number % 3 == 0 else trains(3, 5, 80.0, 150, number)
    options = {"record": ("spikes", "v"), "sample_times": 9, "blank": 5.0, "seed": number}
    ours, theirs = (simulate(reservoir, stimulus, engine=name, **options) for name in (engine, "compiled"))
    assert ours.spikes.equals(theirs.spikes)
    if engine == "torch":  # the same order of operations and sums
        np.testing.assert_array_equal(ours.v, theirs.v)
    else:
        np.testing.assert_allclose(ours.v, theirs.v, rtol=0, atol=1e-9)


def test_the_random_networks_spike() -> None:
    spikes = [simulate(build(random_spec(k), k, 5), trains(3, 5, 80.0, 150, k)).spike_count for k in range(0, 50, 7)]
    assert np.median(spikes) > 50


@on_each_device
def test_groups_of_stimuli_change_nothing(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reservoir = build(ReservoirSpec.preset("dense", neurons=30), seed=1, channels=4)
    stimulus = trains(7, 4, 40.0, 150, seed=2)
    whole = simulate(reservoir, stimulus, engine=engine, record=("spikes", "v"))
    for name, value in (("_LANES", 3), ("_BYTES", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(torch_groups, name, value)
            parts = simulate(reservoir, stimulus, engine=engine, record=("spikes", "v"))
        assert parts.spikes.equals(whole.spikes)
        np.testing.assert_array_equal(parts.v, whole.v)


@on_each_device
@pytest.mark.parametrize("case", ["short-term plasticity", "a delay of each neuron"])
def test_it_goes_on_from_states_of_the_compiled_engine(engine: str, case: str) -> None:
    reservoir = build(ReservoirSpec.preset("dense", neurons=20).updated(CASES[case]), seed=3, channels=4)
    first, second = (Currents(np.random.default_rng(k).uniform(0, 2, (1, 4, 4)), 10.0) for k in (1, 2))
    states = [simulate(reservoir, first, engine=name).state for name in (engine, "compiled")]
    ends = [simulate(reservoir, second, engine="compiled", state=state, record=("spikes", "v")) for state in states]
    ends.append(simulate(reservoir, second, engine=engine, state=states[1], record=("spikes", "v")))
    assert ends[0].spike_count > 10
    for other in ends[1:]:
        assert other.spikes.equals(ends[0].spikes)
        np.testing.assert_allclose(other.v, ends[0].v, rtol=0, atol=1e-9)


def test_threads_and_settings_are_as_before() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        reservoir = build(ReservoirSpec(neurons=20), channels=1)
        simulate(reservoir, Currents(np.ones((1, 1, 1)), 20.0), engine="torch")
        assert torch.get_num_threads() == 2
        assert not torch.are_deterministic_algorithms_enabled()
        assert torch.is_grad_enabled()
    finally:
        torch.set_num_threads(before)


@on_each_device
def test_infinite_currents_are_refused(engine: str) -> None:
    reservoir = build(ReservoirSpec.preset("dense", neurons=20), seed=1, channels=1)
    stimulus = Currents(np.full((1, 2, 1), 1e308), 10.0)
    with pytest.raises(DivergenceError, match="no longer finite"):
        simulate(reservoir.replace(input_gain=np.full(len(reservoir.input), 1e300)), stimulus, engine=engine)


def test_without_pytorch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name == "torch":
            raise ImportError("No module named 'torch'")
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        InputError, match=r"engine = 'torch': cannot be loaded here \(it needs PyTorch: pip install 'hrsnn\["
    ):
        choose("torch")


def test_without_cuda_the_other_engine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ImportError, match="finds no CUDA device here; the engine torch runs on the processor"):
        ENGINES["torch-cuda"].load()
