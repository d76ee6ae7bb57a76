"""A population of networks at once: the numbers of each alone, groups, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn import Currents, InputError, ReservoirSpec, Uniform, build, simulate, simulate_population  # noqa: E402
from hrsnn.activity import Activity  # noqa: E402
from hrsnn.engines import why_not_loaded  # noqa: E402
from hrsnn.engines.torch import population as torch_groups  # noqa: E402
from hrsnn.engines.torch.arrivals import Arrivals  # noqa: E402
from hrsnn.engines.torch.dense import DenseArrivals, dense_pays  # noqa: E402
from hrsnn.errors import DivergenceError  # noqa: E402
from hrsnn.testing.networks import HETEROGENEOUS, currents, trains  # noqa: E402

#: The engine of each device that is there.
HERE = [name for name in ("compiled", "torch", "torch-cuda") if not why_not_loaded(name)]
#: What members may have, each drawn with probability 1/2.
OPTIONS = {
    "heterogeneous": HETEROGENEOUS,
    "delays of neurons": {"delay_exc": Uniform(0, 20), "delay_inh": Uniform(0, 3)},
    "delays of links": {"delay_exc": 0, "delay_inh": 0, "delay_ee": Uniform(0, 9), "delay_ie": Uniform(0, 9)},
    "short-term plasticity": {"short_term_plasticity": True},
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
@pytest.mark.parametrize("engine", HERE)
def test_each_network_has_the_bits_of_a_run_alone(engine: str, number: int) -> None:
    networks = members(number)
    # unequal numbers of stimuli, and of steps
    stimuli = [
        currents(1 + k % 3, one.channels, 5, 9.3, k) if k % 2 else trains(1 + k % 3, one.channels, 40.0 + 5 * k, 200, k)
        for k, one in enumerate(networks)
    ]
    together = simulate_population(networks, stimuli, engine=engine, **RECORD)
    for ours, network, stimulus in zip(together, networks, stimuli, strict=True):
        assert ours.reservoir is network
        assert_same(ours, simulate(network, stimulus, engine=engine, **RECORD))


def test_the_random_members_spike_and_differ() -> None:
    found = [one for number in range(12) for one in members(number)]
    counts = [simulate(one, trains(2, one.channels, 40.0, 200, 0), engine="compiled").spike_count for one in found]
    assert np.median(counts) > 10
    for name in ("short_term_plasticity", "adaptation", "background", "delays_per_link", "input_delays"):
        assert 5 < sum(name in one.needs() for one in found) < 55


def test_the_spikes_are_those_of_the_compiled_engine_with_shared_stimuli() -> None:
    networks = [build(ReservoirSpec(neurons=50), seed=seed, channels=3) for seed in range(4)]
    stimulus = trains(3, 3, 100.0, 200, 5)
    together = simulate_population(networks, stimulus, engine="torch", **RECORD)
    assert min(one.spike_count for one in together) > 20
    for ours, network in zip(together, networks, strict=True):
        assert_same(ours, simulate(network, stimulus, engine="compiled", **RECORD))


@pytest.mark.parametrize(("name", "value"), [("_LANES", 1), ("_LANES", 3), ("_LANES", 6), ("_BYTES", 1)])
def test_groups_change_nothing(name: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    networks = members(3, 4)
    stimuli = [trains(1 + k, one.channels, 30.0, 200, k) for k, one in enumerate(networks)]
    whole = simulate_population(networks, stimuli, engine="torch", **RECORD)
    monkeypatch.setattr(torch_groups, name, value)
    seen: list[tuple[float, float]] = []
    parts = simulate_population(networks, stimuli, engine="torch", progress=lambda *now: seen.append(now), **RECORD)
    for ours, theirs in zip(parts, whole, strict=True):
        assert_same(ours, theirs)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    assert len(seen) > 1


def test_float32_differs_by_rounding_only_before_a_spike() -> None:
    network = build(ReservoirSpec(neurons=80, i_bias=12, v_start=5), seed=1, channels=2)
    stimulus = currents(1, 2, 4, 10.0, 1)
    options = {"record": ("spikes", "v"), "sample_times": np.arange(1, 41.0)}
    (double,), (single,) = (simulate_population([network], stimulus, precision=p, **options) for p in ("float64", "float32"))
    assert single.v.dtype == np.float64
    before = int(min(double.spikes.times.min(initial=40), 40))
    assert before >= 5
    np.testing.assert_allclose(single.v[0, :before], double.v[0, :before], rtol=0, atol=2e-5)
    assert not np.array_equal(single.v, double.v)


def test_products_add_what_lists_of_links_add() -> None:
    """In float64 too, where only the order of additions differs."""
    spec = ReservoirSpec(neurons=30, connectivity="random", connection_probability=0.6, delay_exc=Uniform(0, 4))
    networks = [build(spec, seed=seed) for seed in range(3)]
    networks[1] = networks[1].replace(is_excitatory=np.arange(30) % 3 > 0)  # other numbers of sources of each kind
    whole, rng = torch_groups.joined(networks), np.random.default_rng(0)
    by_list, by_product = Arrivals(whole, 4, torch.float64, "cpu"), DenseArrivals(whole, 3, 4, torch.float64, "cpu")
    reached = 0
    for step in range(30):
        spiked = torch.tensor(rng.random((4, 90)) < 0.1)
        ours, theirs = torch.zeros((2, 2, 4, 90), dtype=torch.float64)
        by_list.deliver(step, spiked, theirs)
        by_product.deliver(step, spiked, ours)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)
        reached += int((theirs != 0).sum())
    assert reached > 3000


PRODUCTS = {
    "dense": ({}, 1, torch.float32, True),
    "one delay a neuron": ({"delay_exc": Uniform(0, 9)}, 1, torch.float32, True),
    "double precision": ({}, 1, torch.float64, False),
    "sparse": ({"connection_probability": 0.1}, 1, torch.float32, False),
    "a delay each link": ({"delay_ee": Uniform(0, 9)}, 1, torch.float32, False),
    "short-term plasticity": ({"short_term_plasticity": True}, 1, torch.float32, False),
    "density within members": ({}, 3, torch.float32, True),
}


@pytest.mark.parametrize("case", PRODUCTS)
def test_products_are_for_dense_networks_in_single_precision(case: str) -> None:
    changes, networks, dtype, expected = PRODUCTS[case]
    spec = ReservoirSpec.preset("dense", neurons=30, connectivity="random", connection_probability=0.3).updated(changes)
    whole = torch_groups.joined([build(spec, seed=seed) for seed in range(networks)])
    assert dense_pays(whole, networks, dtype) is expected


def test_a_dense_network_in_float32_follows_the_double_one_at_first() -> None:
    spec = ReservoirSpec(neurons=40, connectivity="random", connection_probability=0.5, delay_exc=Uniform(0, 5))
    networks = [build(spec, seed=seed, channels=3) for seed in range(3)]
    stimulus = trains(2, 3, 30.0, 200, 1)
    options = {"record": ("spikes", "v"), "sample_times": [10.0]}
    double, single = (simulate_population(networks, stimulus, precision=p, **options) for p in ("float64", "float32"))
    for one, other in zip(double, single, strict=True):
        assert (one.spikes.times < 10).sum() > 3
        np.testing.assert_allclose(one.v, other.v, rtol=0, atol=1e-4)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_the_compiled_engine_reports_progress_and_has_one_result_for_any_number_of_threads(
    threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks = [build(ReservoirSpec(neurons=40), seed=seed, channels=3) for seed in range(5)]
    stimuli = [trains(1 + 20 * (k == 2), 3, 30.0, 200, k) for k in range(5)]
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    seen: list[tuple[float, float]] = []
    together = simulate_population(networks, stimuli, progress=lambda *now: seen.append(now))
    for ours, network, stimulus in zip(together, networks, stimuli, strict=True):
        assert ours.spikes.equals(simulate(network, stimulus, engine="compiled").spikes)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    assert len(seen) > 5


SMALL = build(ReservoirSpec(neurons=10), seed=0, channels=1)
HELD = Currents(np.ones((1, 1, 1)), 5.0)
REFUSED = {
    "no networks": (([], HELD), {}, r"networks = \[\]: must have at least one Reservoir"),
    "none": (([SMALL, "x"], HELD), {}, r"networks = .*: must be a list of Reservoir"),
    "size": (
        ([SMALL, build(ReservoirSpec(neurons=11))], HELD),
        {},
        r"networks\[1\].neurons = 11: must be 10, as of the first network",
    ),
    "dt": (([SMALL, SMALL.replace(dt=0.25)], HELD), {}, r"networks\[1\].dt = 0.25: must be 0.5, as of the first network"),
    "stimuli": (([SMALL, SMALL], [HELD]), {}, "stimuli = '1 stimuli': must be one for all networks, or 2, one for each"),
    "channels": (([SMALL], Currents(np.ones((1, 1, 2)), 5.0)), {}, "stimulus = '2 channels': the reservoir has 1"),
    "plastic": (
        ([SMALL], HELD),
        {"plastic": True},
        "plastic = True: must be False: simulate networks that learn one at a time",
    ),
    "precision": (([SMALL], HELD), {"precision": "float16"}, "precision = 'float16': must be one of float64, float32"),
    "engine": (
        ([SMALL], HELD),
        {"engine": "exact"},
        "engine = 'exact': simulates no populations; engines that can: compiled, torch",
    ),
    "no such engine": (([SMALL], HELD), {"engine": "compield"}, "engine = 'compield'"),
    "compiled, single": (
        ([SMALL], HELD),
        {"engine": "compiled", "precision": "float32"},
        "precision = 'float32': must be float64: the kernels have doubles only",
    ),
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
    with pytest.raises(InputError, match=r"networks = .*: must be a list of Reservoir"):
        simulate_population([SMALL, network], HELD)


def test_a_network_that_diverges_is_named() -> None:
    still = SMALL.replace(input_gain=np.zeros(len(SMALL.input)))
    far = SMALL.replace(input_gain=np.full(len(SMALL.input), 1e300))
    with pytest.raises(DivergenceError, match="of network 2 is no longer finite"):
        simulate_population([still, still, far], Currents(np.full((1, 2, 1), 1e308), 10.0), engine="torch")


def test_without_pytorch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    found = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name == "torch":
            raise ImportError("No module named 'torch'")
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"engine = 'torch': cannot be loaded here \(it needs PyTorch"):
        simulate_population([SMALL], HELD, engine="torch")
