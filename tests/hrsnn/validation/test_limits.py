"""What is too large is refused at once, with its figure and the limit, and nothing that fits is."""

from __future__ import annotations

import contextlib
import pickle
import re
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import Currents, PoissonEncoder, Reservoir, ReservoirSpec, SpikeTrains, build, scripts, simulate
from hrsnn.analysis import (
    binned_counts,
    branching_parameter,
    echo_state_network,
    free_run,
    information_capacity,
    linear_theory,
    lyapunov_spectrum,
    memory_capacity,
    paired_test,
    state_correlation,
)
from hrsnn.analysis.lyapunov.exponents import iterated, lyapunov_exponents
from hrsnn.analysis.protocols.edge_of_chaos import chaos, random_drive
from hrsnn.analysis.protocols.jitter import jittered
from hrsnn.distributions import Gamma
from hrsnn.encoders import LatencyEncoder, LevelCrossingEncoder, ReceptiveFieldEncoder, TemporalDifferenceEncoder
from hrsnn.encoders.cochleagram import Cochleagram
from hrsnn.errors import MESSAGE, FileError, HrsnnError, InputError, SettingError, SpecError
from hrsnn.networks import noise, prune
from hrsnn.networks.pruning import budgets
from hrsnn.search import Space
from hrsnn.search import search as searched
from hrsnn.tasks import load_task
from hrsnn.tasks.fsdd import equal_frames, window_means
from hrsnn.validation import limits
from hrsnn.validation.limits import LIMITS, limit, readable
from hrsnn.validation.network_size import expected_links, network_memory
from hrsnn.validation.numbers import count_of, positive

TRILLION, HUGE = 10**12, 10**400
pytestmark = pytest.mark.usefixtures("in_time")


@pytest.fixture(scope="module")
def small() -> Reservoir:
    return build(ReservoirSpec(neurons=30), seed=1)


# --- the limits themselves


def test_every_limit_has_its_row_in_the_docs(root: Path) -> None:
    page = (root / "docs" / "limits.md").read_text()
    rows = [re.split(r" *\| *", line.strip("| ")) for line in page.splitlines() if line.startswith("|")]
    for one in LIMITS.values():
        value = readable(one.value) if one.unit == "bytes" else f"{one.value:.15g} {one.unit}".rstrip()
        assert [one.what, value if one.value else "all that the machine has", f"`{one.variable}`"] in rows, one
    assert "(limits.md)" in (root / "docs" / "README.md").read_text()


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("text", ["", "much", "0", "-1", "nan", "8 GiB"])
def test_a_bad_value_of_a_variable_is_named(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMITS[name].variable, text)
    with pytest.raises(SettingError, match=f"^{LIMITS[name].variable} = {text!r}: must be a positive number") as refused:
        limit(name)
    assert "\n" not in str(refused.value)


def test_a_bad_variable_is_not_taken_for_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.toml").write_text("neurons = 30")
    monkeypatch.setenv("HRSNN_MAX_TEXT", "x")
    assert scripts.main(["spec", "--spec", str(tmp_path / "a.toml")]) == 2
    said = "hrsnn spec: HRSNN_MAX_TEXT = 'x': must be a positive number (bytes)\n"
    assert capsys.readouterr().err == said


def test_a_variable_sets_a_limit_and_inf_lifts_it(small: Reservoir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e6")
    with pytest.raises(InputError, match=r"about 7.63 MiB of memory, more than 977 KiB \(HRSNN_MAX_MEMORY sets this\)"):
        load_task("memory", values=10**6)
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "inf")
    assert len(load_task("memory", values=10**6).inputs) == 10**6
    monkeypatch.setenv("HRSNN_MAX_DURATION", "50")
    with pytest.raises(InputError, match="at most 50 ms"):
        Currents(np.zeros((1, 6, 1)), dt=10.0)


def test_memory_that_a_process_may_have_is_what_it_is_allowed() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))\n"
        "from hrsnn.validation.limits import limit; print(limit('memory') <= 2**33)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


# --- sizes given to functions

_STATES = np.random.default_rng(0).normal(size=(600, 3))
_INPUTS = np.random.default_rng(1).uniform(-1, 1, 600)
_TRAINS = SpikeTrains([1.0, 2.0], [0, 0], [0, 2], n_channels=1, duration=100.0)
_CURRENTS = Currents(np.zeros((1, 10, 1)), dt=10.0)
_MOVING = [np.random.default_rng(0).normal(size=(20, 2))]
_ZEROS = [np.zeros(100)]


def _still(state: Any, tangent: Any) -> Any:
    return state, tangent


SIZES: dict[str, tuple[Callable[[Reservoir], object], str]] = {
    # of networks
    "10^7 neurons at random": (
        lambda r: build(ReservoirSpec(neurons=10**7, connectivity="random")),
        "neurons = 10000000: a network of 5e.12 links would take about 637 TiB",
    ),
    "links of all to all": (lambda r: build(ReservoirSpec(neurons=10**6, length_scale=1e300)), "neurons = 1000000"),
    "channels": (lambda r: build(ReservoirSpec(), channels=HUGE), "channels = 1"),
    "seed": (lambda r: build(ReservoirSpec(), HUGE), r"seed = 1.*: must be below 2\^128"),
    "seed of 5000 digits": (lambda r: build(ReservoirSpec(), 10**5000), "seed = a whole number of thousands of digits"),
    "clusters": (lambda r: ReservoirSpec(clusters=HUGE), "clusters = 1"),
    # of runs
    "sample_times": (
        lambda r: simulate(r, _CURRENTS, record=("v",), sample_times=TRILLION),
        "sample_times = 10{12}: the run",
    ),
    "sample_times, huge": (lambda r: simulate(r, _CURRENTS, sample_times=HUGE), "sample_times = 1.*over a million EiB"),
    "windows": (lambda r: simulate(r, _CURRENTS, record=("counts",), windows=TRILLION), "windows = 10{12}: the run"),
    "windows, huge": (lambda r: simulate(r, _CURRENTS, record=(), windows=HUGE), "windows = 1.*over a million EiB"),
    "background": (
        lambda r: simulate(r.replace(background_rate=np.full(30, 1e5)), Currents(np.zeros((1, 1, 1)), dt=1e9)),
        "background_rate = .*the run would take about 218 TiB",
    ),
    "delays": (
        lambda r: simulate(r.replace(delay=np.full(r.synapses, 1e6)), _CURRENTS),
        r"recurrent.delay\[0\] = 1000000.0",
    ),
    "blank": (lambda r: simulate(r, _CURRENTS, blank=1e20), r"blank = 1e\+20: duration"),
    "steps": (lambda r: simulate(r.replace(dt=1e-300), _CURRENTS), r"dt = 1e-300: must be from 0.0001 to 100"),
    # of stimuli
    "currents": (lambda r: Currents(np.zeros((1, 10, 1)), dt=1e20), r"dt of 10 values = 1e\+21: duration"),
    "trains": (lambda r: SpikeTrains([1.0], [0], [0, 1], n_channels=1, duration=1e20), r"duration = 1e\+20"),
    "n_channels": (lambda r: SpikeTrains([1.0], [0], [0, 1], n_channels=HUGE, duration=10.0), "n_channels = 1"),
    "to_dense": (lambda r: _TRAINS.to_dense(1e-300), "dt = 1e-300: the dense counts"),
    "counts": (lambda r: _TRAINS.counts(TRILLION), "windows = 10{12}: the counts would take about 3.64 TiB"),
    "counts, huge": (lambda r: _TRAINS.counts(HUGE), "windows = 1"),
    "from_dense": (lambda r: SpikeTrains.from_dense(np.full((1, 1, 1), TRILLION), 1.0), "that many spikes"),
    "from_dense, long": (lambda r: SpikeTrains.from_dense(np.zeros((1, 10, 1), int), 1e20), "dt of 10 steps"),
    "from_events": (lambda r: SpikeTrains.from_events([0], [0], [0], [1], shape=(TRILLION, TRILLION)), "shape = 1"),
    "from_events, wide": (lambda r: SpikeTrains.from_events([0], [0], [0], [1], shape=(10**5, 10**5)), "shape: number"),
    "binned_counts": (lambda r: binned_counts(_TRAINS, 1e-300), r"width = 1e-300: the counts of 1e\+302 bins"),
    "jittered": (lambda r: jittered(_TRAINS, TRILLION), "copies = 10{12}"),
    # of encoders
    "Poisson, long": (lambda r: PoissonEncoder(duration=1e30).fit_transform(np.eye(3)), r"duration = 1e\+30"),
    "Poisson, loud": (lambda r: PoissonEncoder(peak_rate=1e15).fit_transform(np.eye(3)), r"peak_rate = .*3e\+14 spikes"),
    "latency": (lambda r: LatencyEncoder(duration=1e30).fit_transform(np.eye(3)), r"duration = 1e\+30"),
    "level crossing": (lambda r: LevelCrossingEncoder(delta=1e-300).fit_transform(_MOVING), "delta = 1e-300: .* spikes"),
    "temporal difference": (
        lambda r: TemporalDifferenceEncoder(threshold=1e-15).fit_transform(_MOVING),
        "threshold = 1e-15: .* spikes",
    ),
    "receptive fields": (lambda r: ReceptiveFieldEncoder(fields=TRILLION).fit_transform(np.eye(3)), "fields = 10{12}"),
    "cochleagram, window": (lambda r: Cochleagram(window=1e12).fit(_ZEROS), "channels, window = "),
    "cochleagram, rate": (lambda r: Cochleagram(sample_rate=1e20).fit(_ZEROS), "channels, window = "),
    "cochleagram, channels": (lambda r: Cochleagram(channels=TRILLION).fit(_ZEROS), "channels, window = "),
    "frames": (lambda r: equal_frames([_STATES], TRILLION), "frames = 10{12}"),
    "means": (lambda r: window_means([_STATES], TRILLION), "windows = 10{12}"),
    # of tasks
    "memory": (lambda r: load_task("memory", values=10**15), "values = 10{15}: the task would take about 7.11 PiB"),
    "memory, huge": (lambda r: load_task("memory", values=10**29), "values = 10{29}: must be at most 10{15}"),
    "memory, long": (lambda r: load_task("memory", hold=1e30), r"hold = 1e\+30"),
    "lorenz63": (lambda r: load_task("lorenz63", train=10**15), "a series of 10{11}5201 values would take"),
    "lorenz63, slow": (lambda r: load_task("lorenz63", dt=1e20), r"dt = 1e\+20: must be at most 100"),
    "noise": (lambda r: noise(1, duration=1e20), r"duration = 1e\+20"),
    "noise, fast": (lambda r: noise(1, duration=1e9, hold=1e-300), "duration = 1000000000.0: noise of inf values"),
    "noise, wide": (lambda r: noise(10**9, duration=1e6), "duration = 1000000.0"),
    # of scores
    "degree": (lambda r: information_capacity(_STATES, _INPUTS, {TRILLION: 0}), "the information capacity"),
    "degree and delay": (lambda r: information_capacity(_STATES, _INPUTS, {TRILLION: TRILLION}), "too many functions"),
    "surrogates": (lambda r: memory_capacity(_STATES, _INPUTS, 5, surrogates=TRILLION), "surrogates = 10{12}"),
    "bootstrap": (lambda r: memory_capacity(_STATES, _INPUTS, 5, bootstrap=TRILLION), "bootstrap = 10{12}"),
    "max_delay": (lambda r: memory_capacity(_STATES, _INPUTS, HUGE), "max_delay = 1"),
    "max_delay of a theory": (lambda r: linear_theory([[0.5]], [1.0], max_delay=TRILLION), "max_delay = 10{12}"),
    "resamples": (lambda r: paired_test(_INPUTS, resamples=TRILLION), "resamples = 10{12}"),
    "resamples of branching": (lambda r: branching_parameter(abs(_INPUTS), 5, resamples=TRILLION), "resamples = 10{12}"),
    "echo state network": (lambda r: echo_state_network(_STATES, size=10**6), "size = 1000000: .* 21.8 TiB"),
    "steps of a loop": (lambda r: free_run(lambda y: y, [1.0], steps=TRILLION), "steps = 10{12}"),
    "correlations": (lambda r: state_correlation(np.zeros((2, 300_000))), r"states = \(2, 300000\)"),
    "exponents": (lambda r: lyapunov_spectrum(r, 300.0, count=HUGE), "count = 1"),
    "exponents, long": (lambda r: lyapunov_spectrum(r, 1e20), r"stimulus = 1e\+20"),
    "exponents, often": (lambda r: lyapunov_spectrum(r, 300.0, interval=1e-300), "count, interval = "),
    "exponents of a map": (lambda r: lyapunov_exponents(iterated(_still), None, 10**6), "dimension, count, intervals = "),
    "intervals": (
        lambda r: lyapunov_exponents(iterated(_still), None, 2, intervals=TRILLION),
        "dimension, count, intervals",
    ),
    "chaos": (lambda r: chaos(duration=1e20), r"duration = 1e\+20"),
    # of repeats
    "iterations": (lambda r: prune(r, iterations=TRILLION), "iterations = 10{12}: number of seeds, or of other repeats"),
    "budgets": (lambda r: budgets(100, 0.5, TRILLION), "iterations = 10{12}"),
    "batch": (lambda r: _searched(batch=TRILLION), "batch = 10{12}: number of seeds"),
    "seeds of a search": (lambda r: _searched(seeds=TRILLION), "seeds = 10{12}: number of seeds"),
    # of names
    "study": (lambda r: _searched(name="n" * 300), "name = .*has 300 characters: length of a name"),
    "parameter": (lambda r: ReservoirSpec(**{"x" * 10**6: 1}), "has 1000000 characters: length of a name"),
    "parameter, changed": (lambda r: ReservoirSpec().updated({"x" * 300: "1"}), "has 300 characters: length of a name"),
    "labels": (lambda r: r.replace(labels=["a" * 10**7, *map(str, range(29))]), "labels = .*has 10000000 characters"),
    "labels of samples": (lambda r: _TRAINS.save("x.npz", labels=["a" * 300]), "labels = .*has 300 characters"),
    # whole numbers that are no float
    "number": (lambda r: ReservoirSpec(tau_exc=HUGE), "tau_exc = 1.*: must be a number below 1e308"),
    "numbers": (lambda r: ReservoirSpec(tau_exc=[HUGE]), r"tau_exc = \[1.*: must be a number below 1e308"),
    "distribution": (lambda r: Gamma(HUGE, 1), "mean = 1.*: must be a number below 1e308"),
    "bounds": (lambda r: Space.of({"tau_m_exc": {"mean": [1, HUGE]}}), "space.tau_m_exc.mean = "),
    "positive": (lambda r: positive("dt", HUGE, "ms"), "dt = 1.*: must be positive"),
    "count": (lambda r: count_of("n", 10**29), "n = 10{29}: must be at most 10{15}"),
    "problems without end": (lambda r: ReservoirSpec(**{f"x{i}": 1 for i in range(10_000)}), "and more: 10000 in all"),
}


def _searched(**options: Any) -> object:
    space = Space.of({"weight_scale": [1.0, 2.0]})
    return searched(None, space, lambda spec, seed: 0.0, trials=1, **options)


@pytest.mark.parametrize("case", SIZES)
@pytest.mark.filterwarnings("error")
def test_a_size_is_refused_before_anything_is_allocated(
    case: str, small: Reservoir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "machine_memory", lambda: 24 * 2**30)
    call, said = SIZES[case]
    with contextlib.suppress(HrsnnError):
        call(small)  # loads what it needs
    start = time.perf_counter()
    tracemalloc.start()
    with pytest.raises(HrsnnError, match=said) as refused:
        call(small)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    message = str(refused.value)
    assert "\n" not in message
    assert peak < 40e6
    assert time.perf_counter() - start < 5


# --- estimates of memory


def _peak(call: Callable[[], object]) -> float:
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak)


NETWORKS = [
    {"neurons": 3000},
    {"neurons": 2000, "length_scale": 5.0},
    {"neurons": 2000, "connectivity": "random", "connection_probability": 0.3},
    {"neurons": 2000, "connectivity": "random", "connection_probability": 0.3, "short_term_plasticity": True},
    {"neurons": 50_000, "length_scale": 0.5},
    {"neurons": 4000, "clusters": 4, "inter_cluster_share": 0.3},
]


@pytest.mark.parametrize("given", NETWORKS, ids=str)
def test_the_estimate_of_a_network_is_right_within_a_factor_of_two(given: dict[str, Any]) -> None:
    spec = ReservoirSpec(**given)
    build(ReservoirSpec(neurons=20))
    grown: list[Reservoir] = []
    peak = _peak(lambda: grown.append(build(spec, seed=1)))
    assert 0.5 < network_memory(spec, 1) / peak < 2
    assert expected_links(spec) == pytest.approx(grown[0].synapses, rel=0.05)


def test_what_fits_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert network_memory(ReservoirSpec(neurons=10**5), 100) < 2**30
    assert network_memory(ReservoirSpec(neurons=10**7), 100) < 24e9
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "3e8")
    assert simulate(build(ReservoirSpec(neurons=300)), _CURRENTS, record=("v", "states"), sample_times=100).v.size == 30_000


def _estimates(module: Any, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a module's calls of check_memory say."""
    found: list[float] = []
    monkeypatch.setattr(module, "check_memory", lambda field, value, needed, what: found.append(float(needed)))
    return found


def _trains(samples: int, spikes: int) -> SpikeTrains:
    random = np.random.default_rng(0)
    drawn = [(np.sort(random.uniform(0, 1000, spikes)), random.integers(0, 50, spikes)) for _ in range(samples)]
    return SpikeTrains.from_samples(drawn, 50, 1000.0)


def _run(r: Reservoir, values: int, **options: Any) -> object:
    return simulate(r, Currents(np.zeros((1, values, 1)), dt=2.0), **options)


ESTIMATED: dict[str, tuple[str, Callable[[], Callable[[], object]]]] = {
    "to_dense": ("hrsnn.stimuli.spike_trains", lambda: (t := _trains(100, 200)) and (lambda: t.to_dense(1.0))),
    "counts": ("hrsnn.stimuli.spike_trains", lambda: (t := _trains(100, 200)) and (lambda: t.counts(1000))),
    "counts of many spikes": ("hrsnn.stimuli.spike_trains", lambda: (t := _trains(5, 50_000)) and (lambda: t.counts(3))),
    "Poisson": (
        "hrsnn.encoders.poisson",
        lambda: (e := PoissonEncoder(duration=2e4).fit(np.eye(9))) and (lambda: e.transform(np.eye(9))),
    ),
    "level crossing": (
        "hrsnn.encoders.on_off_spikes",
        lambda: (
            (x := [np.sin(np.arange(500.0))[:, None]])
            and (e := LevelCrossingEncoder(delta=1e-3).fit(x))
            and (lambda: e.transform(x))
        ),
    ),
    "states": (
        "hrsnn.simulation.run",
        lambda: (
            (r := build(ReservoirSpec(neurons=200, i_bias=8)))
            and (lambda: _run(r, 500, record=("states", "v"), sample_times=3000))
        ),
    ),
    "counts of a run": (
        "hrsnn.simulation.run",
        lambda: (
            (r := build(ReservoirSpec(neurons=200, i_bias=8))) and (lambda: _run(r, 500, record=("counts",), windows=5000))
        ),
    ),
    "drive": (
        "hrsnn.simulation.run",
        lambda: (r := build(ReservoirSpec(neurons=500, i_bias=0))) and (lambda: _run(r, 2000, record=())),
    ),
    "background": (
        "hrsnn.simulation.run",
        lambda: (
            (r := build(ReservoirSpec(neurons=100, i_bias=0, background_rate=500, background_weight=0)))
            and (lambda: _run(r, 1000, record=()))
        ),
    ),
    "exponents": (
        "hrsnn.analysis.lyapunov.spectrum",
        lambda: (
            (r := build(ReservoirSpec(neurons=150, i_bias=17), seed=1))
            and (lambda: lyapunov_spectrum(r, random_drive(260.0, 1), washout=100.0))
        ),
    ),
    "a few exponents": (
        "hrsnn.analysis.lyapunov.spectrum",
        lambda: (
            (r := build(ReservoirSpec(neurons=400, i_bias=17), seed=1))
            and (lambda: lyapunov_spectrum(r, random_drive(260.0, 1), washout=100.0, count=300))
        ),
    ),
    "memory capacity": ("hrsnn.analysis.capacity.memory", lambda: lambda: _capacity(4000, 200, 50, 20, 200)),
    "delays": ("hrsnn.analysis.capacity.memory", lambda: lambda: _capacity(4000, 50, 200, 20, 20)),
    "bootstrap": ("hrsnn.analysis.capacity.memory", lambda: lambda: _capacity(3000, 20, 20, 19, 2000)),
    "surrogates": ("hrsnn.analysis.capacity.memory", lambda: lambda: _capacity(1500, 20, 20, 500, 20)),
    "information capacity": (
        "hrsnn.analysis.capacity.information",
        lambda: (
            (x := np.random.default_rng(0).normal(size=(5000, 200))).size
            and (lambda: information_capacity(x, np.random.default_rng(1).uniform(-1, 1, 5000), {1: 3}))
        ),
    ),
    "lorenz63": ("hrsnn.tasks.lorenz63", lambda: lambda: load_task("lorenz63", train=3000, transient=100)),
}


def _capacity(times: int, units: int, max_delay: int, surrogates: int, bootstrap: int) -> object:
    random = np.random.default_rng(0)
    x, u = random.normal(size=(times, units)), random.uniform(-1, 1, times)
    return memory_capacity(x, u, max_delay, surrogates=surrogates, bootstrap=bootstrap)


@pytest.mark.parametrize("case", ESTIMATED)
@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
def test_estimates_are_right_within_a_factor_of_two_and_a_half(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, made = ESTIMATED[case]
    call = made()
    call()  # what is loaded or compiled at the first call is none of it
    estimates = _estimates(sys.modules[module], monkeypatch)
    peak = _peak(call)
    assert 0.4 < max(estimates) / peak < 2.5, (max(estimates) / 1e6, peak / 1e6)


# --- text

LONG = "long " * 10_000
ERRORS = {
    "field": (InputError(LONG, 1, "must be 2"), "must be 2"),
    "value": (InputError("x", LONG, "must be 2"), "must be 2"),
    "allowed": (InputError("x", 1, f"must be of {LONG}, end"), "end"),
    "spec": (SpecError([f"{LONG}: no such parameter"] * 100), "no such parameter"),
    "file": (FileError(LONG, "does not exist"), "does not exist"),
    "reason": (FileError("a.npz", f"is damaged: {LONG}, end"), "end"),
    "any": (HrsnnError(f"{LONG}, end"), "end"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_no_message_is_longer_than_600_characters(case: str) -> None:
    error, end = ERRORS[case]
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert len(str(one)) <= MESSAGE == 600
        assert str(one).endswith(end)
