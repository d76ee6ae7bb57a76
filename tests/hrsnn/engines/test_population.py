"""A population of networks at once: the numbers of each alone, groups, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn import Currents, InputError, ReservoirSpec, Uniform, build, simulate, simulate_population  # noqa: E402
from hrsnn.activity import Activity  # noqa: E402
from hrsnn.engines.torch import population as torch_groups  # noqa: E402
from hrsnn.errors import DivergenceError  # noqa: E402
from hrsnn.testing.networks import HETEROGENEOUS, SHORT_TERM, currents, trains  # noqa: E402

#: What members may have, each drawn with probability 1/2.
OPTIONS = {
    "heterogeneous": HETEROGENEOUS,
    "delays of neurons": {"delay_exc": Uniform(0, 20), "delay_inh": Uniform(0, 3)},
    "delays of links": {"delay_exc": 0, "delay_inh": 0, "delay_ee": Uniform(0, 9), "delay_ie": Uniform(0, 9)},
    "short-term plasticity": SHORT_TERM,
    "adaptation": {"adaptation": Uniform(0, 2)},
    "background": {"background_rate": Uniform(0, 100)},
    "input delays": {"delay_input": Uniform(0, 8)},
}
RECORD = {"record": ("spikes", "counts", "states", "v"), "sample_times": 5, "windows": 3, "blank": 4.0, "seed": 3}


def members(number: int, networks: int = 5):
    """Networks of equal size, everything else drawn: links, delays, adaptation, plasticity, background, channels."""
    rng = np.random.default_rng([22, number])
    size, dt = int(rng.integers(2, 60)), float(rng.choice([0.25, 0.5, 1.0]))
    found = []
    for seed in range(networks):
        changes: dict[str, object] = {"neurons": size, "dt": dt, "weight_scale": float(rng.uniform(1, 8))}
        changes["length_scale"] = float(rng.uniform(0.5, 3))  # unequal numbers of links
        for option in OPTIONS.values():
            if rng.random() < 0.5:
                changes |= option
        if "delay_ee" in changes:
            changes |= {"delay_exc": 0, "delay_inh": 0}
        found.append(build(ReservoirSpec.preset("dense").updated(changes), seed=seed, channels=int(rng.integers(1, 6))))
    return found


def assert_same(ours: Activity, alone: Activity) -> None:
    assert ours.spikes.equals(alone.spikes)
    for name in ("v", "states", "counts", "spike_counts", "durations", "sample_times"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(alone, name))


@pytest.mark.parametrize("number", range(12))
def test_each_network_has_the_bits_of_a_run_alone(number: int) -> None:
    networks = members(number)
    # unequal numbers of stimuli, and of steps
    stimuli = [
        currents(1 + k % 3, one.channels, 5, 9.3, k) if k % 2 else trains(1 + k % 3, one.channels, 40.0 + 5 * k, 200, k)
        for k, one in enumerate(networks)
    ]
    together = simulate_population(networks, stimuli, **RECORD)
    for ours, network, stimulus in zip(together, networks, stimuli, strict=True):
        assert ours.reservoir is network
        assert_same(ours, simulate(network, stimulus, engine="torch", **RECORD))


def test_the_random_members_spike_and_differ() -> None:
    found = [one for number in range(12) for one in members(number)]
    counts = [simulate(one, trains(2, one.channels, 40.0, 200, 0), engine="compiled").spike_count for one in found]
    assert np.median(counts) > 10
    for name in ("short_term_plasticity", "adaptation", "background", "delays_per_link", "input_delays"):
        assert 5 < sum(name in one.needs() for one in found) < 55


def test_the_spikes_are_those_of_the_compiled_engine_with_shared_stimuli() -> None:
    networks = [build(ReservoirSpec(neurons=50), seed=seed, channels=3) for seed in range(4)]
    stimulus = trains(3, 3, 100.0, 200, 5)
    together = simulate_population(networks, stimulus, **RECORD)
    assert min(one.spike_count for one in together) > 20
    for ours, network in zip(together, networks, strict=True):
        assert_same(ours, simulate(network, stimulus, engine="compiled", **RECORD))


@pytest.mark.parametrize(("name", "value"), [("_LANES", 1), ("_LANES", 3), ("_LANES", 6), ("_BYTES", 1)])
def test_groups_change_nothing(name: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    networks = members(3, 4)
    stimuli = [trains(1 + k, one.channels, 30.0, 200, k) for k, one in enumerate(networks)]
    whole = simulate_population(networks, stimuli, **RECORD)
    monkeypatch.setattr(torch_groups, name, value)
    seen: list[tuple[float, float]] = []
    parts = simulate_population(networks, stimuli, progress=lambda *now: seen.append(now), **RECORD)
    for ours, theirs in zip(parts, whole, strict=True):
        assert_same(ours, theirs)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    assert len(seen) > 1


def test_float32_differs_by_rounding_only_at_first() -> None:
    network = build(ReservoirSpec.preset("dense", neurons=80), seed=1, channels=2)
    stimulus = currents(1, 2, 4, 10.0, 1)
    options = {"record": ("spikes", "v"), "sample_times": np.arange(1, 41.0)}
    (double,), (single,) = (simulate_population([network], stimulus, precision=p, **options) for p in ("float64", "float32"))
    assert single.v.dtype == np.float64
    before = int(min(double.spikes.times.min(), 40))
    assert before >= 5
    np.testing.assert_allclose(single.v[0, : before - 1], double.v[0, : before - 1], rtol=0, atol=2e-5)
    assert not np.array_equal(single.v, double.v)


SMALL = build(ReservoirSpec(neurons=10), seed=0, channels=1)
HELD = Currents(np.ones((1, 1, 1)), 5.0)
REFUSED = {
    "no networks": (([], HELD), {}, r"networks = \[\]: must have at least one Reservoir"),
    "none": (([SMALL, "x"], HELD), {}, r"networks\[1\] = 'str': must be a Reservoir: no engine"),
    "size": (
        ([SMALL, build(ReservoirSpec(neurons=11))], HELD),
        {},
        r"networks\[1\].neurons = 11: must be 10, as of the first network",
    ),
    "dt": (([SMALL, SMALL.replace(dt=0.25)], HELD), {}, r"networks\[1\].dt = 0.25: must be 0.5, as of the first network"),
    "stimuli": (([SMALL, SMALL], [HELD]), {}, "stimuli = '1 stimuli': must be one for all networks, or 2, one for each"),
    "channels": (([SMALL], Currents(np.ones((1, 1, 2)), 5.0)), {}, "stimulus = '2 channels': the reservoir has 1"),
    "plastic": (([SMALL], HELD), {"plastic": True}, "cannot simulate STDP and homeostasis: it has no STDP"),
    "precision": (([SMALL], HELD), {"precision": "float16"}, "precision = 'float16': must be one of float64, float32"),
    "engine": (
        ([SMALL], HELD),
        {"engine": "compiled"},
        "engine = 'compiled': simulates no populations; engines that can: torch",
    ),
    "auto": (([SMALL], HELD), {"engine": "auto"}, "engine = 'auto': simulates no populations; engines that can: torch"),
    "record": (([SMALL], HELD), {"record": "w"}, "record = 'w': must be of spikes, counts, states, v"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    given, options, message = REFUSED[case]
    with pytest.raises(InputError, match=message) as caught:
        simulate_population(*given, **options)
    assert "\n" not in str(caught.value)


def test_a_balanced_network_is_refused() -> None:
    from hrsnn.balanced import BalancedSpec, build_balanced

    network = build_balanced(BalancedSpec(neurons=10, dimensions=2, dt=0.5), 0, 1)
    with pytest.raises(InputError, match=r"networks\[1\] = 'balanced': must be a Reservoir"):
        simulate_population([SMALL, network], HELD)


def test_a_network_that_diverges_is_named() -> None:
    far = SMALL.replace(input_gain=np.full(len(SMALL.input), 1e300))
    with pytest.raises(DivergenceError, match="of network 2 is no longer finite"):
        simulate_population([SMALL, SMALL, far], Currents(np.full((1, 2, 1), 1e308), 10.0))


def test_without_pytorch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    found = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name == "torch":
            raise ImportError("No module named 'torch'")
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"engine = 'torch': cannot be loaded here \(it needs PyTorch"):
        simulate_population([SMALL], HELD)
