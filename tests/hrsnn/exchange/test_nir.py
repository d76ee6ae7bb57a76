"""NIR graphs: round trips to the last bit, spikes of a plain reader of NIR's equations, graphs of others, bad files."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import (
    Currents,
    FileError,
    HrsnnWarning,
    InputError,
    LogNormal,
    Reservoir,
    ReservoirSpec,
    SpikeTrains,
    Uniform,
    build,
    simulate,
)
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.exchange import from_nir, to_nir

nir = pytest.importorskip("nir", reason="the extra nir is not installed")
pytestmark = pytest.mark.filterwarnings("ignore:NIR")

SPECS: dict[str, dict[str, Any]] = {
    "two currents, axonal delays": {},
    "one current": {"tau_exc": 4, "tau_inh": 4},
    "no delays": {"delay_exc": 0, "delay_inh": 0},
    "a delay for each link": {"delay_ee": Uniform(1, 5), "delay_ie": Uniform(0, 9), "delay_input": Uniform(0, 3)},
    "thresholds": {"v_threshold": LogNormal(mean=15, cv=0.05), "delay_exc": 5, "delay_inh": 2},
}


def network(name: str, neurons: int = 30) -> Reservoir:
    """A reservoir without what NIR cannot say, so that a reader of the graph has all that its spikes depend on."""
    made = build(ReservoirSpec(neurons=neurons, **SPECS[name]), seed=1, channels=4)
    return made.replace(refractory=np.zeros(neurons), v_start=made.v_rest + made.i_bias)


def stimulus(channels: int = 4, duration: float = 200.0) -> SpikeTrains:
    rng = np.random.default_rng(2)
    times = np.sort(rng.integers(0, int(duration) * 2 - 2, 150)) * 0.5
    return SpikeTrains(times, rng.integers(0, channels, 150), [0, 150], channels, duration)


def arrays(reservoir: Reservoir, input: str) -> dict[str, np.ndarray]:
    """What a graph holds of a reservoir."""
    found = {name: getattr(reservoir, name) for name in ("is_excitatory", "tau_m", "tau_exc", "tau_inh")}
    found |= {name: getattr(reservoir, name) for name in ("v_threshold", "v_reset")}
    found["v_leak"] = reservoir.v_rest + reservoir.i_bias
    for name in ("pre", "post", "weight", "delay"):
        found[name] = getattr(reservoir.recurrent, name)
    for name in ("pre", "post", "delay"):
        found[f"input {name}"] = getattr(reservoir.input, name)
    found["input"] = reservoir.input.weight if input == "spikes" else reservoir.input_gain
    return found


@pytest.mark.parametrize("input", ["spikes", "currents"])
@pytest.mark.parametrize("name", SPECS)
def test_a_network_comes_back_from_its_graph(name: str, input: str, tmp_path: Path) -> None:
    reservoir = network(name)
    graph = to_nir(reservoir, tmp_path / "a.nir", input=input)
    for back in (from_nir(graph), from_nir(tmp_path / "a.nir"), from_nir(nir.read(tmp_path / "a.nir"))):
        for what, values in arrays(reservoir, input).items():
            assert np.array_equal(arrays(back, input)[what], values), what
        assert (back.dt, back.channels) == (reservoir.dt, reservoir.channels)


@pytest.mark.parametrize(("discretisation", "unit"), [("euler", "ms"), ("none", "s"), ("euler", "s")])
def test_other_constants_come_back_up_to_rounding(discretisation: str, unit: str) -> None:
    reservoir = network("a delay for each link")
    back = from_nir(to_nir(reservoir, discretisation=discretisation, time_unit=unit))
    for what, values in arrays(reservoir, "spikes").items():
        assert np.allclose(arrays(back, "spikes")[what], values, rtol=1e-12), what


def euler(graph: Any, inputs: np.ndarray, dt: float) -> np.ndarray:
    """Spikes (steps, N) of a graph by NIR's equations and Euler's rule: neurons give their spikes to the next step."""
    before: dict[str, list[str]] = {name: [a for a, b in graph.edges if b == name] for name in graph.nodes}
    order: list[str] = []

    def visit(name: str) -> None:
        for one in before[name]:
            if one != "neurons" and one not in order:
                visit(one)
        if name not in order:
            order.append(name)

    visit("neurons")
    for name in graph.nodes:
        visit(name)
    v, past, outputs, spikes = {}, {}, {}, []
    for step in range(len(inputs)):
        now: dict[str, np.ndarray] = {}
        for name in order:
            node = graph.nodes[name]
            x = sum((outputs["neurons"] if step else 0.0) if one == "neurons" else now[one] for one in before[name])
            if isinstance(node, nir.Input):
                now[name] = inputs[step]
            elif isinstance(node, nir.Linear):
                now[name] = node.weight @ (x if np.ndim(x) else np.zeros(node.weight.shape[1]))
            elif isinstance(node, nir.Delay):
                past.setdefault(name, []).append(np.broadcast_to(x, node.delay.shape))
                late = step - np.rint(node.delay / dt).astype(int)
                now[name] = np.array([past[name][k][i] if k >= 0 else 0.0 for i, k in enumerate(late)])
            elif isinstance(node, nir.LI):
                old = v.get(name, node.v_leak)
                now[name] = v[name] = old + dt / node.tau * (node.v_leak - old + node.r * x)
            elif isinstance(node, nir.CubaLIF):
                current = v.get("current", 0.0)
                v["current"] = current + dt / node.tau_syn * (node.w_in * x - current)
                old = v.get(name, node.v_leak)
                new = old + dt / node.tau_mem * (node.v_leak - old + node.r * v["current"])
                outputs[name] = (new > node.v_threshold).astype(float)
                v[name] = np.where(new > node.v_threshold, node.v_reset, new)
            elif isinstance(node, nir.LIF):
                old = v.get(name, node.v_leak)
                new = old + dt / node.tau * (node.v_leak - old + node.r * x)
                outputs[name] = (new > node.v_threshold).astype(float)
                v[name] = np.where(new > node.v_threshold, node.v_reset, new)
        spikes.append(outputs["neurons"])
    return np.array(spikes)


def shifted(trains: SpikeTrains, dt: float) -> np.ndarray:
    """Input spikes (steps, channels), one step later than those of the engines."""
    dense = trains.to_dense(dt)[0].astype(float)
    return np.vstack([np.zeros((1, dense.shape[1])), dense[:-1]])


@pytest.mark.parametrize("name", SPECS)
def test_eulers_rule_on_the_graph_gives_the_spikes_of_the_engine(name: str) -> None:
    reservoir, trains = network(name), stimulus()
    graph = to_nir(reservoir, discretisation="euler")
    mine = simulate(reservoir, trains, record=("spikes",)).spikes.to_dense(reservoir.dt)[0]
    assert mine.sum() > 30
    assert np.array_equal(euler(graph, shifted(trains, reservoir.dt), reservoir.dt), mine)


def test_eulers_rule_on_the_graph_gives_the_spikes_of_analog_input() -> None:
    reservoir = network("thresholds")
    values = np.repeat(np.random.default_rng(0).uniform(-2, 2, (1, 15, 4)), 40, axis=1)
    mine = simulate(reservoir, Currents(values, dt=reservoir.dt), record=("spikes",)).spikes.to_dense(reservoir.dt)[0]
    graph = to_nir(reservoir, input="currents", discretisation="euler")
    assert mine.sum() > 30
    assert np.array_equal(euler(graph, values[0], reservoir.dt), mine)


def test_pulses_move_a_balanced_graph_as_its_own_spikes_and_input_do() -> None:
    made = build_balanced(BalancedSpec(neurons=20, dimensions=4, leak=15, decay=2), seed=1)
    dt, tau = made.dt, 1000 / made.leak
    share = -np.expm1(-dt / tau)[:, None]  # of a constant input that v reaches in a step
    for input, wanted in (("currents", None), ("spikes", made.hold / 1000)):
        nodes = to_nir(made, input=input, discretisation="euler").nodes
        assert np.allclose(dt / nodes["neurons"].tau, share[:, 0])
        fast = nodes["recurrent_weight_fast"].weight
        assert np.allclose(fast * share, np.diag(np.diag(made.fast)) - made.fast)
        assert np.allclose(nodes["neurons"].v_reset, made.threshold - np.diag(made.fast))
        # r of a spike is 1 and decays with the leak; it moves V by slow_ij (1/s) in a second
        assert np.allclose(nodes["rates"].r * dt / nodes["rates"].tau, 1)
        assert np.allclose(nodes["recurrent_weight_slow"].weight / (tau / 1000)[:, None], made.slow)
        drive = nodes["input_weight"].weight
        given = made.decoder.T @ made.B_weights  # 1/s
        assert np.allclose(drive / (tau / 1000)[:, None] if wanted is None else drive * share / wanted, given)
    with pytest.raises(InputError, match=r"node 'recurrent_weight_slow' = 'Linear': a current, 'rates', must lead into"):
        from_nir(to_nir(made))


def test_what_is_lost_is_said_once_each() -> None:
    spec = ReservoirSpec(neurons=20, adaptation=1, background_rate=5, short_term_plasticity=True, clusters=2)
    reservoir = build(spec, seed=1).replace(labels=[f"n{k}" for k in range(20)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        to_nir(reservoir)
    said = [str(one.message) for one in caught if issubclass(one.category, HrsnnWarning)]
    for word in (
        "refractory",
        "adaptation",
        "short-term",
        "background",
        "v_start",
        "gains",
        "STDP",
        "positions",
        "clusters",
        "labels and cell types",
    ):
        assert sum(word in one for one in said) == 1, word
    assert len(said) == 10


ONE = np.ones(2)


def lif(**more: Any) -> Any:
    return nir.LIF(**{"tau": 20 * ONE, "r": ONE, "v_leak": 0 * ONE, "v_threshold": ONE, "v_reset": 0 * ONE, **more})


def graph_of(middle: dict[str, Any], edges: list[tuple[str, str]], channels: int = 1) -> Any:
    nodes = {"input": nir.Input(np.array([channels])), **middle, "output": nir.Output(np.array([2]))}
    return nir.NIRGraph(nodes, edges, type_check=False)


CHAIN = [("input", "w"), ("w", "n"), ("n", "output")]


def test_a_spike_into_neurons_without_a_current_moves_v_at_once() -> None:
    reservoir = from_nir(graph_of({"w": nir.Linear(np.array([[4.0], [8.0]])), "n": lif()}, CHAIN), dt=0.5)
    activity = simulate(reservoir, SpikeTrains([1.0], [0], [0, 1], 1, 10.0), record=("v",), sample_times=[1.5, 2.0, 4.0])
    jump = np.array([4.0, 8.0]) * -np.expm1(-0.5 / 20)
    for k, elapsed in enumerate((0.0, 0.5, 2.5)):
        assert np.allclose(activity.v[0, k], jump * np.exp(-max(elapsed - 0.5, 0) / 20) if elapsed else 0, rtol=1e-12)


def test_layers_biases_and_scales_of_others_are_one_network() -> None:
    middle = {
        "w": nir.Affine(np.array([[4.0], [8.0]]), np.array([0.1, 0.2])),
        "a": lif(),
        "late": nir.Delay(np.array([1.0, 2.0])),
        "scale": nir.Scale(np.array([2.0, 3.0])),
        "w2": nir.Linear(np.array([[1.0, -1.0], [0.0, -2.0]])),
        "later": nir.Delay(np.array([0.0, 0.5])),
        "current": nir.LI(tau=5 * ONE, r=10 * ONE, v_leak=0.25 * ONE),
        "b": lif(),
    }
    edges = [("input", "w"), ("w", "a"), ("a", "late"), ("late", "scale"), ("scale", "w2"), ("w2", "later")]
    edges += [("later", "current"), ("current", "b"), ("b", "output")]
    reservoir = from_nir(graph_of(middle, edges), dt=0.5)
    assert reservoir.cluster.tolist() == [0, 0, 1, 1]
    assert reservoir.i_bias.tolist() == [0.1, 0.2, 0.25, 0.25]
    assert list(zip(reservoir.pre.tolist(), reservoir.post.tolist(), strict=True)) == [(0, 2), (1, 2), (1, 3)]
    assert reservoir.weight.tolist() == [2.0, 3.0, 6.0]
    assert reservoir.delay.tolist() == [1.0, 2.0, 2.5]
    assert reservoir.is_excitatory.tolist() == [True, False, True, True]
    assert reservoir.tau_inh[2] == reservoir.tau_exc[2] == 5.0


def test_a_graph_within_a_graph_and_a_readout() -> None:
    two = np.array([2])
    nodes = {"i": nir.Input(two), "n": lif(), "w": nir.Linear(np.array([[0, 1.0], [-1.0, 0]])), "o": nir.Output(two)}
    inner = nir.NIRGraph(nodes, [("i", "n"), ("n", "w"), ("w", "n"), ("n", "o")])
    middle = {"w": nir.Linear(np.ones((2, 1))), "inner": inner, "out": nir.Linear(np.eye(2))}
    graph = graph_of(middle, [("input", "w"), ("w", "inner"), ("inner", "out"), ("out", "output")])
    with pytest.warns(HrsnnWarning, match="the readout is left out: out"):
        reservoir = from_nir(graph)
    assert (reservoir.neurons, reservoir.synapses, reservoir.channels) == (2, 2, 1)


LOOP = [*CHAIN, ("n", "r"), ("r", "n")]
IN = nir.Linear(np.ones((2, 1)))
SIGNS = {"w": IN, "n": lif(), "a": lif(), "r": nir.Linear(np.array([[1.0, 0], [-1, 0]]))}
LOOPS = [("input", "w"), ("w", "s"), ("s", "s"), ("s", "n"), ("n", "output")]
BAD: dict[str, tuple[dict[str, Any], list[tuple[str, str]], str]] = {
    "unknown": (
        {"w": IN, "n": lif(), "t": nir.Threshold(ONE)},
        CHAIN,
        "node 't' = 'Threshold': must be one of Input",
    ),
    "no leak": ({"w": IN, "n": nir.IF(ONE, ONE, 0 * ONE)}, CHAIN, "node 'n' = 'IF': must be one of"),
    "both signs": (SIGNS, [*CHAIN, ("n", "r"), ("r", "a")], "neuron 0 of the graph = .* one sign"),
    "itself": ({"w": IN, "n": lif(), "r": nir.Linear(np.eye(2))}, LOOP, "'neuron 0': is linked to itself"),
    "negative input": ({"w": nir.Linear(-np.ones((2, 1))), "n": lif()}, CHAIN, "input spikes must not be negative"),
    "no such node": ({"w": IN, "n": lif()}, [*CHAIN, ("n", "x")], "there is no node 'x'"),
    "twice": ({"w": IN, "n": lif()}, [*CHAIN, CHAIN[0]], r"edges = \('input', 'w'\): is there twice"),
    "loop": ({"w": IN, "s": nir.Scale(ONE), "n": lif()}, LOOPS, "node 's' = 'a loop': there must be neurons in every loop"),
    "sizes": (
        {"w": nir.Linear(np.ones((3, 1))), "n": lif()},
        CHAIN,
        "node 'n' = 2: must have as many values as 'w' gives",
    ),
    "not finite": ({"w": nir.Linear(np.full((2, 1), np.nan)), "n": lif()}, CHAIN, "weight of node 'w' = .*must be finite"),
    "shape": ({"w": nir.Linear(np.ones((2, 1, 1))), "n": lif()}, CHAIN, "must be numbers in two dimensions"),
    "tau": ({"w": IN, "n": lif(tau=0 * ONE)}, CHAIN, r"tau of node 'n' = 0.0: must be above 0 \(ms\)"),
    "one neuron": ({}, [("input", "output")], "must have at least two neurons"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_graph_that_is_no_reservoir_is_refused(what: str) -> None:
    middle, edges, message = BAD[what]
    with pytest.raises(InputError, match=message):
        from_nir(graph_of(middle, edges))


@pytest.mark.parametrize(
    ("field", "value"), [("input", "both"), ("discretisation", "exact"), ("time_unit", "us"), ("dt", -1), ("spec", 3)]
)
def test_a_wrong_option_names_what_is_allowed(field: str, value: Any) -> None:
    graph = graph_of({"w": IN, "n": lif()}, CHAIN)
    with pytest.raises(InputError, match=field):
        from_nir(graph, **{field: value})


def test_a_file_with_a_graph_that_is_no_reservoir_is_named(tmp_path: Path) -> None:
    nir.write(tmp_path / "a.nir", graph_of(*BAD["unknown"][:2]))
    with pytest.raises(FileError, match=r"a\.nir: is no graph of a reservoir: node 't' = 'Threshold'"):
        from_nir(tmp_path / "a.nir")


def test_a_ladder_of_nodes_with_any_number_of_paths_is_refused() -> None:
    middle: dict[str, Any] = {"w": IN, "n": lif()}
    edges, last = [("input", "w"), ("n", "output")], "w"
    for k in range(40):
        middle |= {f"{side}{k}": nir.Scale(ONE) for side in "abc"}
        edges += [(last, f"a{k}"), (last, f"b{k}"), (f"a{k}", f"c{k}"), (f"b{k}", f"c{k}")]
        last = f"c{k}"
    with pytest.raises(InputError, match="at most 20000 nodes in all"):
        from_nir(graph_of(middle, [*edges, (last, "n")]))


def test_a_damaged_file_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.nir"
    to_nir(network("one current", 20), path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for cut in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(FileError, match=r"a\.nir"):
            from_nir(path)
    for _ in range(40):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 8):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        with contextlib.suppress(FileError):
            from_nir(path)
    path.unlink()
    with pytest.raises(FileError, match="does not exist"):
        from_nir(path)


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["node/type"] = "LIF"
    with pytest.raises(FileError, match="it is a 'LIF'"):
        from_nir(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["other"] = 3
    with pytest.raises(FileError, match="'node' is missing"):
        from_nir(tmp_path / "b.h5")


# -- what other programs make of the graphs ------------------------------------------------------------------------------

RIVALS = Path(os.environ.get("HRSNN_RIVALS", Path(sys.prefix) / "rivals"))  # of `make long`


@pytest.fixture
def rivals(monkeypatch: pytest.MonkeyPatch) -> Any:
    """PyTorch, with Norse and NIRTorch from a folder of their own, which would replace PyTorch by another build."""
    torch = pytest.importorskip("torch", reason="the extra torch is not installed")
    if not (RIVALS / "nirtorch").is_dir():
        pytest.skip(f"no NIRTorch in {RIVALS}: make long installs it, HRSNN_RIVALS names another folder")
    monkeypatch.syspath_prepend(str(RIVALS))
    return torch


@pytest.mark.long
@pytest.mark.parametrize("name", SPECS)
def test_nirtorch_runs_the_graph_with_the_spikes_of_the_engine(name: str, rivals: Any, tmp_path: Path) -> None:
    import nirtorch

    torch, dt = rivals, 0.5

    class Stepped(torch.nn.Module):
        """A node by Euler's rule, in double precision."""

        def __init__(self, node: Any) -> None:
            super().__init__()
            self.node = node
            for field in ("tau", "tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in", "delay"):
                if hasattr(node, field):
                    setattr(self, field, torch.as_tensor(np.asarray(getattr(node, field)), dtype=torch.float64))

        def forward(self, x: Any, state: Any = None) -> Any:
            if isinstance(self.node, nir.Delay):
                state = [*(state or []), x + torch.zeros_like(self.delay)]
                late = len(state) - 1 - torch.round(self.delay / dt).long()
                past = torch.stack(state)
                return torch.where(late >= 0, past[late.clamp(min=0), torch.arange(len(late))], 0.0), state
            current, v = state if state is not None else (torch.zeros_like(self.v_leak), self.v_leak)
            if isinstance(self.node, nir.LI):
                v = v + dt / self.tau * (self.v_leak - v + self.r * x)
                return v, (current, v)
            if isinstance(self.node, nir.CubaLIF):
                current = current + dt / self.tau_syn * (self.w_in * x - current)
                v = v + dt / self.tau_mem * (self.v_leak - v + self.r * current)
            else:
                v = v + dt / self.tau * (self.v_leak - v + self.r * x)
            spikes = (v > self.v_threshold).double()
            return spikes, (current, torch.where(spikes > 0, self.v_reset, v))

    reservoir, trains = network(name), stimulus()
    to_nir(reservoir, tmp_path / "a.nir", discretisation="euler")
    kinds = (nir.LIF, nir.CubaLIF, nir.LI, nir.Delay)
    module = nirtorch.nir_to_torch(nir.read(tmp_path / "a.nir"), dict.fromkeys(kinds, Stepped), dtype=torch.float64)
    state, found = None, []
    with torch.no_grad():
        # its nodes pass neurons first where currents are nodes of their own, so that input acts in the step that follows
        given = (
            shifted(trains, dt) if "synapse_exc" not in nir.read(tmp_path / "a.nir").nodes else trains.to_dense(dt)[0] * 1.0
        )
        for row in torch.as_tensor(given):
            out, state = module(row, state)
            found.append(out.numpy())
    mine = simulate(reservoir, trains, record=("spikes",)).spikes.to_dense(dt)[0]
    assert np.array_equal(np.array(found), mine)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_norse_runs_the_graph_with_the_spikes_of_the_engine(rivals: Any) -> None:
    """Norse reads CubaLIF with a reset of 0, and lets the current decay to v_leak: both are 0 here."""
    norse = pytest.importorskip("norse.torch", reason="Norse is not installed: make long installs it")
    spec = ReservoirSpec(
        neurons=60, tau_exc=4, tau_inh=4, delay_exc=0, delay_inh=0, v_reset=0, v_rest=0, i_bias=0, v_start=0
    )
    reservoir = build(spec.updated({"input_weight": 60}), seed=1, channels=4)
    reservoir, trains = reservoir.replace(refractory=np.zeros(60)), stimulus()
    module = norse.from_nir(to_nir(reservoir, discretisation="euler"), dt=reservoir.dt)
    state, found = None, []
    with rivals.no_grad():
        for row in rivals.as_tensor(shifted(trains, reservoir.dt), dtype=rivals.float32):
            out, state = module(row, state)
            found.append(out.numpy())
    mine = simulate(reservoir, trains, record=("spikes",)).spikes.to_dense(reservoir.dt)[0]
    assert mine.sum() > 100
    assert np.array_equal(np.array(found), mine)
