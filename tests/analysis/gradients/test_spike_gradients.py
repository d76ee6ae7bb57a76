"""Gradients by the adjoint: closed forms, finite differences, and the tangents of the Lyapunov spectrum."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hrsnn import Currents, InputError, Reservoir, ReservoirSpec, SpikeTrains, Uniform, build, simulate
from hrsnn.analysis.gradients.spike_gradients import SpikeGradients, spike_gradients
from hrsnn.analysis.lyapunov.tangent import SpikeTangent
from hrsnn.engines.exact.engine import Trajectory, trajectory
from hrsnn.testing.networks import HETEROGENEOUS, trains

SPEC = ReservoirSpec.preset("dense", neurons=12, weight_scale=4, length_scale=3).updated(HETEROGENEOUS)
CASES: dict[str, dict[str, object]] = {
    "zero delays": {"delay_exc": 0, "delay_inh": 0},
    "delays of neurons": {"delay_exc": Uniform(0.5, 9), "delay_inh": Uniform(0.5, 4)},
    "delays of links": {"delay_exc": 0, "delay_inh": 0, "delay_ee": Uniform(0.2, 9), "delay_ie": Uniform(0.2, 9)},
    "no refractoriness": {"refractory_exc": 0, "refractory_inh": 0},
    "background": {"background_rate": 50, "background_weight": 3},
    "delayed input": {"delay_input": Uniform(0.5, 7)},
    "currents": {},
    "tau_m equals tau_exc": {"tau_m_exc": 4, "tau_exc": 4},
}
DURATION = 60.0


def case_of(name: str) -> tuple[Reservoir, SpikeTrains | Currents]:
    reservoir = build(SPEC.updated(CASES[name]), seed=3, channels=2)
    if name == "currents":
        return reservoir, Currents(np.random.default_rng(1).uniform(-1, 1, (1, 6, 2)), DURATION / 6)
    return reservoir, trains(1, 2, DURATION, 80, 1)


def derivatives(spikes: int, n: int) -> dict[str, np.ndarray]:
    """Derivatives of a loss, drawn for as many spikes as there may be."""
    rng = np.random.default_rng(7)
    return {
        "spike_time": rng.normal(size=1000)[:spikes],
        "v_integral": 0.05 * rng.normal(size=n),
        "v_end": rng.normal(size=n),
    }


def integral_of_v(reservoir: Reservoir, stimulus: SpikeTrains | Currents, run: Trajectory) -> np.ndarray:
    """The integral of each v, by Gauss's rule between all events, from v as the engine records it."""
    spikes = run.spike_time
    events = [np.array([0.0, DURATION]), spikes, run.release_time]
    events += [
        spikes[run.spike_neuron == k] + d for k, d in set(zip(reservoir.pre.tolist(), reservoir.delay.tolist(), strict=True))
    ]
    if isinstance(stimulus, SpikeTrains):
        times, channels = stimulus.sample(0)
        arrivals = set(zip(reservoir.input_channel.tolist(), reservoir.input.delay.tolist(), strict=True))
        events += [times[channels == k] + d for k, d in arrivals]
    else:
        events.append(np.arange(6) * stimulus.dt)
    edges = np.unique(np.concatenate(events))
    edges = edges[edges <= DURATION]
    edges = edges[np.append(True, np.diff(edges) > 1e-9)]
    node, weight = np.polynomial.legendre.leggauss(6)
    half = np.diff(edges) / 2
    times = ((edges[:-1] + half)[:, None] + half[:, None] * node).ravel()
    v = simulate(reservoir, stimulus, engine="exact", record="v", sample_times=times).v[0]
    return (half[:, None] * weight).ravel() @ v


def loss(reservoir: Reservoir, stimulus: SpikeTrains | Currents, spikes: int, with_integral: bool) -> float:
    run = trajectory(reservoir, stimulus)
    assert len(run.spike_time) == spikes
    given = derivatives(spikes, reservoir.neurons)
    total = given["spike_time"] @ run.spike_time + given["v_end"] @ run.end_v
    return float(total + (given["v_integral"] @ integral_of_v(reservoir, stimulus, run) if with_integral else 0.0))


def changed(reservoir: Reservoir, name: str, by: np.ndarray) -> Reservoir:
    return reservoir.replace(**{name: getattr(reservoir, name) + by})


PARAMETERS = ("weight", "delay", "input_weight", "input_gain", "i_bias", "v_threshold", "v_reset", "v_start")


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    """Along a random direction of each parameter, central differences at two steps, extrapolated."""
    reservoir, stimulus = case_of(name)
    run = trajectory(reservoir, stimulus)
    spikes = len(run.spike_time)
    assert spikes > 15
    with_integral = name != "background"  # its times are not those of any event here
    given = derivatives(spikes, reservoir.neurons)
    if not with_integral:
        given["v_integral"] *= 0
    found = spike_gradients(reservoir, stimulus, run, **given)
    rng = np.random.default_rng(5)
    for parameter in PARAMETERS:
        size = getattr(reservoir, parameter).shape
        direction = rng.uniform(0.5, 1, size) * (1 if parameter == "weight" else rng.choice([-1, 1], size))
        if parameter == "delay":  # a delay of 0 cannot be shorter, and equal ones arrive together
            direction = np.where(getattr(reservoir, parameter) > 0, direction, 0)
        predicted = float(getattr(found, parameter) @ direction)

        def difference(h: float, parameter: str = parameter, direction: np.ndarray = direction) -> float:
            ends = [
                loss(changed(reservoir, parameter, sign * h * direction), stimulus, spikes, with_integral)
                for sign in (1, -1)
            ]
            return (ends[0] - ends[1]) / (2 * h)

        expected = (4 * difference(1e-5) - difference(2e-5)) / 3
        assert abs(predicted - expected) < 1e-6 * max(1.0, abs(expected)), parameter
        if parameter in ("weight", "i_bias", "v_threshold", "input_gain" if name == "currents" else "input_weight"):
            assert abs(expected) > 1e-2, parameter


def test_the_first_spike_is_the_closed_form() -> None:
    """v = B (1 - e^(-t/tau)): t = tau ln(B/(B - theta)), dt/dB = -tau theta/(B (B - theta)), dt/dtheta = tau/(B - theta)."""
    spec = ReservoirSpec(
        neurons=2, excitatory_fraction=1, i_bias=20, v_start=0, tau_m_exc=20, connectivity="random", connection_probability=0
    )
    reservoir, nothing = build(spec, channels=1), SpikeTrains([], [], [0, 0], 1, 35.0)
    run = trajectory(reservoir, nothing)
    np.testing.assert_allclose(run.spike_time, 20 * math.log(4), rtol=1e-12)
    found = spike_gradients(reservoir, nothing, run, spike_time=[1.0, 0.0])
    np.testing.assert_allclose(found.i_bias, [-20 * 15 / (20 * 5), 0], rtol=1e-12)
    np.testing.assert_allclose(found.v_threshold, [20 / 5, 0], rtol=1e-12)
    np.testing.assert_allclose(found.v_start, [-20 / 20, 0], rtol=1e-12)
    integral = spike_gradients(reservoir, nothing, run, v_integral=[1.0, 1.0])
    rest, after = 3.0, 35 - run.spike_time[0] - 3  # refractory, and free again from v_reset = 5
    np.testing.assert_allclose(integral.v_reset, np.full(2, rest + 20 * (1 - math.exp(-after / 20))), rtol=1e-12)


def test_a_spike_delayed_by_a_link_moves_with_its_delay() -> None:
    """A neuron that one other drives over its threshold: its spike moves as the arrival does, and as that spike does."""
    spec = ReservoirSpec.preset("dense", neurons=2, excitatory_fraction=1, connectivity="random", connection_probability=1)
    reservoir = build(spec.updated({"delay_exc": 4, "i_bias": 0, "v_start": 0, "tau_m_exc": 20}), seed=0, channels=1)
    reservoir = reservoir.replace(i_bias=np.array([20.0, 0.0]), weight=np.array([900.0, 0.0]), w_max=np.full(2, 900.0))
    nothing = SpikeTrains([], [], [0, 0], 1, 60.0)
    run = trajectory(reservoir, nothing)
    first = int(np.flatnonzero(run.spike_neuron == 1)[0])
    source = int(np.flatnonzero(run.spike_neuron == 0)[0])
    found = spike_gradients(reservoir, nothing, run, spike_time=np.eye(len(run.spike_time))[first])
    assert found.delay[0] == pytest.approx(1, abs=1e-10)
    assert found.spike_time[source] == pytest.approx(1, abs=1e-10)
    assert found.weight[0] < 0  # stronger is sooner


@pytest.mark.parametrize("name", ["zero delays", "delays of neurons", "no refractoriness", "currents"])
def test_the_adjoint_is_the_transpose_of_the_tangent(name: str) -> None:
    """How v at the end moves with v at the start, by forward tangents through all spikes."""
    reservoir, stimulus = case_of(name)
    run, n = trajectory(reservoir, stimulus), reservoir.neurons
    tangent = SpikeTangent(reservoir, run, np.arange(n), 1e-12)
    _, carried = tangent(tangent.start(), np.eye(3 * n)[:, :n], DURATION)
    held = np.isin(np.arange(n), run.spike_neuron[run.release_time > DURATION])
    weights = np.where(held, 0.0, np.random.default_rng(2).normal(size=n))
    found = spike_gradients(reservoir, stimulus, run, v_end=weights)
    expected = weights @ carried[:n]
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(found.v_start, expected, rtol=1e-9, atol=1e-11)


def test_without_spikes_the_gradient_is_that_of_a_linear_filter() -> None:
    """v at the end of one input spike: w phi(T - t) through each link, so dv/dw = phi."""
    reservoir = build(ReservoirSpec(neurons=6, i_bias=0, v_start=0, input_fraction=1), seed=1, channels=1)
    stimulus = SpikeTrains([10.0], [0], [0, 1], 1, 30.0)
    run = trajectory(reservoir, stimulus)
    assert not len(run.spike_time)
    found = spike_gradients(reservoir, stimulus, run, v_end=np.ones(6))
    m, s = (getattr(reservoir, name)[reservoir.input_post] for name in ("tau_m", "tau_exc"))
    phi = s / (s - m) * (np.exp(-20 / s) - np.exp(-20 / m))
    np.testing.assert_allclose(found.input_weight, phi, rtol=1e-10)
    np.testing.assert_array_equal(found.weight, 0)


ALONE = build(ReservoirSpec(neurons=5, i_bias=20), seed=0, channels=1)
NOTHING = SpikeTrains([], [], [0, 0], 1, 30.0)
RUN = trajectory(ALONE, NOTHING)
REFUSED = {
    "adaptation": (
        (ALONE.replace(adaptation=np.ones(5)), NOTHING, RUN),
        {},
        "reservoir = 'with adaptation': has no gradient",
    ),
    "another stimulus": (
        (ALONE, SpikeTrains([], [], [0, 0], 1, 20.0), RUN),
        {},
        "trajectory = 'of 30 ms': must be of this stimulus, 20 ms long",
    ),
    "shape": ((ALONE, NOTHING, RUN), {"v_end": np.ones(4)}, "v_end = .*: must be 5 finite numbers"),
    "nan": ((ALONE, NOTHING, RUN), {"v_integral": [0, 0, 0, 0, np.nan]}, "v_integral = .*: must be 5 finite numbers"),
    "spikes": ((ALONE, NOTHING, RUN), {"spike_time": np.ones(1)}, "spike_time = .*: must be .* finite numbers"),
    "delayed currents": (
        (build(ReservoirSpec(neurons=5, delay_input=3), channels=1), Currents(np.ones((1, 1, 1)), 30.0), RUN),
        {},
        "stimulus = 'currents': must be spikes where input links have delays",
    ),
    "channels": ((ALONE, SpikeTrains([], [], [0, 0], 2, 30.0), RUN), {}, "2 channels"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    given, options, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        spike_gradients(*given, **options)  # type: ignore[arg-type]


def test_zero_derivatives_give_zero() -> None:
    found = spike_gradients(ALONE, NOTHING, RUN)
    assert isinstance(found, SpikeGradients)
    for name in PARAMETERS:
        np.testing.assert_array_equal(getattr(found, name), 0)
        assert getattr(found, name).shape == getattr(ALONE, name).shape
