"""What is too large is refused at once, with its figure and the limit, and nothing that fits is."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
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
from hrsnn.files.npz import load_arrays, read_npz, write_npz
from hrsnn.files.parsing import parsed_json, parsed_toml
from hrsnn.files.reading import read_json
from hrsnn.networks import noise, prune, read_graph
from hrsnn.networks.pruning import budgets
from hrsnn.search import Space
from hrsnn.search import search as searched
from hrsnn.tasks import load_task
from hrsnn.tasks.fsdd import equal_frames, fsdd, window_means
from hrsnn.validation import limits
from hrsnn.validation.limits import LIMITS, limit, readable
from hrsnn.validation.network_size import expected_links, network_memory
from hrsnn.validation.numbers import count_of, positive

TRILLION, HUGE = 10**12, 10**400
_SECONDS = 120


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """A hang is a failure."""

    def over(*_: object) -> None:
        raise AssertionError(f"took more than {_SECONDS} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


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
        "hrsnn.simulation",
        lambda: (
            (r := build(ReservoirSpec(neurons=200, i_bias=8)))
            and (lambda: _run(r, 500, record=("states", "v"), sample_times=3000))
        ),
    ),
    "counts of a run": (
        "hrsnn.simulation",
        lambda: (
            (r := build(ReservoirSpec(neurons=200, i_bias=8))) and (lambda: _run(r, 500, record=("counts",), windows=5000))
        ),
    ),
    "drive": (
        "hrsnn.simulation",
        lambda: (r := build(ReservoirSpec(neurons=500, i_bias=0))) and (lambda: _run(r, 2000, record=())),
    ),
    "background": (
        "hrsnn.simulation",
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

DEEP_TOML = {
    "arrays": "x = " + "[" * 3000,
    "tables": "x = " + "{a=" * 3000,
    "dotted key": "a." * 100_000 + "b = 1",
    "dotted header": "[" + "a." * 100_000 + "b]\nc = 1",
    "key in quotes": '"a".' * 100_000 + "b = 1",
    "spaced key": "a . " * 100_000 + "b = 1",
}


@pytest.mark.parametrize("case", DEEP_TOML)
def test_deep_toml_is_refused_wherever_it_is_read(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = "nesting of TOML, JSON and GraphML must be at most 50 levels (HRSNN_MAX_NESTING raises this)"
    with pytest.raises(ValueError, match=re.escape(said)):
        parsed_toml(DEEP_TOML[case])
    file = tmp_path / "a.toml"
    file.write_text(DEEP_TOML[case])
    inline = DEEP_TOML[case].removeprefix("x = ") if case in ("arrays", "tables") else "{ " + DEEP_TOML[case] + " }"
    options = [["spec", "--spec", file], ["spec", "--set", f"tau_exc={inline}"], ["prune", "--option", f"score={inline}"]]
    for words in [*options, ["search", "--space", file]]:
        if case == "dotted header" and "--spec" not in words and "--space" not in words:
            continue  # no value
        assert scripts.main([str(word) for word in words]) == 2
        shown = capsys.readouterr().err
        assert said in shown
        assert shown.count("\n") == 1


def test_flat_toml_is_not_taken_for_deep() -> None:
    text = "x = [" + "1.5, " * 1000 + "]\n# " + "a b. " * 200 + "\n[a.b.c]\nd = '" + "e, " * 200 + "'"
    assert parsed_toml(text)["a"]["b"]["c"]["d"].startswith("e, ")
    assert parsed_toml("a." * 49 + "b = 1")["a"]
    assert parsed_json("[" * 50 + "]" * 50)


def test_whole_numbers_of_thousands_of_digits_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    long = "1" + "0" * 5000
    for read, text in ((parsed_toml, f"x = {long}"), (parsed_json, long)):
        with pytest.raises(ValueError, match=r"^a whole number must have at most 4300 digits$"):
            read(text)
    for words in (
        ["spec", "--set", f"tau_exc={long}"],
        ["prune", "--option", f"restored={long}"],
        ["memory", "--seed", long],
    ):
        assert scripts.main(words) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_deep_json_is_refused_in_files_and_in_headers(tmp_path: Path) -> None:
    deep = "[" * 3000 + "]" * 3000
    (tmp_path / "a.json").write_text(f'{{"a": {deep}}}')
    with pytest.raises(FileError, match="nesting of TOML, JSON and GraphML"):
        read_json(tmp_path / "a.json", "run")
    np.savez(tmp_path / "a.npz", __about__=np.array(deep))
    with pytest.raises(FileError, match="its header cannot be read"):
        read_npz(tmp_path / "a.npz", "reservoir", 1)


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


# --- commands

COMMANDS = [
    (["memory", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["variants", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["importance", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["pruning_curve", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["pruning_curve", "--iterations", "1000000000000"], "--iterations = 1000000000000: number of seeds"),
    (["prune", "--seeds", "1000000000000"], "--seeds = 1000000000000: number of seeds"),
    (["prune", "--iterations", "1000000000000"], "--iterations = 1000000000000: number of seeds"),
    (["search", "--fresh", "1000000000000"], "--fresh = 1000000000000: number of seeds"),
    (["search", "--seeds", "1000000000000"], "seeds = 1000000000000: number of seeds"),
    (["search", "--batch", "1000000000000"], "batch = 1000000000000: number of seeds"),
    (["map", "--points", "1000000"], "--points = 1000000000000: number of seeds"),
    (["map", "--repeats", "1000000000000"], "--repeats = 1000000000000: number of seeds"),
    (["map", "--copies", "1000000000000"], "copies = 1000000000000: the copies would take"),
    (["rank", "--stimuli", "1000000000000"], "--stimuli = 1000000000000: must be from 10"),
    (["measure", "--stimuli", "1" + "0" * 29], "must be at most 1000000000000000"),
    (["measure", "--neurons", "30", "--window", "1e-300"], "width = 1e-300: the counts"),
    (["memory", "--values", "1000000000000000"], "values = 1000000000000000: the task would take about 7.11 PiB"),
    (["memory", "--values", "1e20"], "error parsing --values: invalid literal for int() with base 10: '1e20'"),
    (["memory", "--hold", "1e20"], "hold = 1e+20: duration of one stimulus must be at most 1000000000 ms"),
    (["memory", "--seed", "1" + "0" * 400], "must be below 2^128"),
    (["variants", "--series", "1000000000000"], "--series = 1000000000000: the task lorenz63"),
    (["forecast", "--train", "1000000000000"], "a series of 1000000005201 values"),
    (["lyapunov", "--neurons", "30", "--duration", "1e20"], "duration = 1e+20: duration of one stimulus"),
    (["lyapunov", "--neurons", "30", "--count", "1000000000000"], "count = 1000000000000: must be at most 90"),
    (["prune", "--neurons", "30", "--duration", "1e20"], "duration = 1e+20: duration of one stimulus"),
    (["memory", "--neurons", "10000000", "--set", "connectivity=random"], "neurons = 10000000: a network of 5e+12 links"),
    (["spec", "--set", "x" * 300 + "=1"], "has 300 characters: length of a name"),
    (["prune", "--option", "x" * 300 + "=1"], "has 300 characters: length of a name"),
]


@pytest.mark.parametrize(
    ("words", "said"), COMMANDS, ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else ""
)
def test_a_command_refuses_in_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "machine_memory", lambda: 24 * 2**30)
    assert scripts.main([*words, "--quiet"]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("verb", scripts.COMMANDS)
@pytest.mark.parametrize("name", ["o" * 300, "\N{PILE OF POO}" * 100, "a/" * 3000], ids=["characters", "bytes", "path"])
def test_a_name_that_is_too_long_is_refused_before_the_work(
    verb: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert scripts.main([verb, "--out", name, "--quiet"]) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "has a name of 300 characters" in shown or "File name too long" in shown
    assert list(tmp_path.iterdir()) == []


# --- files


@contextlib.contextmanager
def _odd(kind: str, folder: Path) -> Iterator[Path]:
    """Something that is no ordinary file."""
    path = folder / {"graph": "odd.graphml"}.get(kind, "odd.npz")
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound, contextlib.chdir(folder):  # a socket's path may have 108 bytes
            bound.bind(path.name)
            yield path
        return
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "long name":
        path = folder / ("n" * 300 + ".npz")
    yield path


KINDS = ("folder", "pipe", "socket", "device", "loop", "long name")
READERS: dict[str, Callable[[Path], object]] = {
    "ReservoirSpec.load": ReservoirSpec.load,
    "Reservoir.load": Reservoir.load,
    "SpikeTrains.load": SpikeTrains.load,
    "SpikeTrains.load_labelled": SpikeTrains.load_labelled,
    "Space.load": Space.load,
    "load_arrays": load_arrays,
    "read_json": lambda path: read_json(path, "run"),
    "task file": lambda path: load_task("file", path=path),
    "a recording": lambda path: _recording(path),
    "read_graph": lambda path: _graph(path),
}


def _recording(path: Path) -> object:
    folder = path.parent / "sounds"
    folder.mkdir()
    for name in ("3_ada_0", "3_ada_5", "7_ada_5"):
        (folder / f"{name}.wav").symlink_to(path)
    return fsdd(folder)


def _graph(path: Path) -> object:
    link = path.parent / "odd.edges"
    link.symlink_to(path)
    return read_graph(link)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", READERS)
def test_readers_refuse_what_is_no_ordinary_file(reader: str, kind: str, tmp_path: Path) -> None:
    with _odd(kind, tmp_path) as path, pytest.raises(FileError) as refused:
        READERS[reader](path)
    message = str(refused.value)
    assert "\n" not in message
    if kind in ("folder", "pipe", "socket", "device"):
        assert f"is a {kind}, and no ordinary file" in message


#: Of each option that names an input file, the commands that have it and what else they need.
OPTIONS = {
    "--spec": [[verb] for verb in scripts.COMMANDS],
    "--graph": [["prune"], ["compare"]],
    "--space": [["search"]],
    "--path": [
        ["classify", "--task", "file"],
        ["classify", "--task", "fsdd"],
        ["measure", "--task", "file"],
        ["measure", "--task", "fsdd"],
        ["search", "--objective", "accuracy", "--task", "fsdd", "--trials", "1"],
        ["variants", "--tasks", "fsdd"],
        ["pruning_curve", "--tasks", "fsdd", "--arms", "dense", "--neurons", "30"],
    ],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("option", "words"), [(option, words) for option, all_words in OPTIONS.items() for words in all_words], ids=str
)
def test_commands_refuse_what_is_no_ordinary_file(
    option: str, words: list[str], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with _odd(kind, tmp_path) as path:
        assert scripts.main([*words, option, str(path), "--quiet", "--seed", "0"]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1), shown.err
    assert path.name[:50] in shown.err


def _zip_of(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _npy(header: str, version: bytes = b"\x01\x00", length: int | None = None) -> bytes:
    text = header.encode() + b"\n"
    width = "<H" if version == b"\x01\x00" else "<L"
    return np.lib.format.MAGIC_PREFIX + version + struct.pack(width, len(text) if length is None else length) + text


def _zeros_bomb(path: Path, size: int = 100_000_000) -> Path:
    """Zeros, of which a thousand take a byte, in a file that does not say what it is."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros.npy", "w", force_zip64=True) as file,
    ):
        file.write(_npy(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},), }}"))
        block = bytes(2**24)
        for done in range(0, size, len(block)):
            file.write(block[: size - done])
    return path


def _millions(path: Path, zip64: bool = False) -> Path:
    """A table of contents of a million entries, all of one array."""
    _zip_of(path, {"a.npy": b""})
    raw = path.read_bytes()
    begin, end = raw.index(b"PK\x01\x02"), raw.index(b"PK\x05\x06")
    entries = raw[begin:end] * 10**6
    size = len(entries)
    if not zip64:
        tail = raw[end : end + 8] + struct.pack("<HHLLH", 1, 1, size, begin, 0)
    else:  # only the larger record tells how long it is
        tail = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 10**6, 10**6, size, begin)
        tail += b"PK\x06\x07" + struct.pack("<LQL", 0, begin + size, 1)
        tail += b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, 46, begin, 0)
    path.write_bytes(raw[:begin] + entries + tail)
    return path


def _sparse(path: Path, size: int, begin: bytes = b"") -> Path:
    with open(path, "wb") as file:
        file.write(begin)
        file.truncate(size)
    return path


def _wav(path: Path, promised: int, size: int = 1000, name: bytes = b"data", order: str = "<") -> Path:
    head = (b"RIFF" if order == "<" else b"RIFX") + struct.pack(f"{order}L", min(promised, 2**32 - 1)) + b"WAVE"
    head += b"fmt " + struct.pack(f"{order}LHHLLHH", 16, 1, 1, 8000, 16000, 2, 16)
    path.write_bytes(head + name + struct.pack(f"{order}L", promised) + bytes(size))
    return path


def _wavs(folder: Path, **options: Any) -> object:
    for name in ("3_ada_0", "3_ada_5", "7_ada_5"):
        _wav(folder / f"{name}.wav", 4_000_000_000, **options)
    return fsdd(folder)


def _laughs(path: Path) -> Path:
    entities = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
    path.write_text(f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><graphml>&l11;</graphml>')
    return path


def _text(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


BOMBS: dict[str, tuple[Callable[[Path], object], str]] = {
    "npz of zeros, of another kind": (
        lambda p: Reservoir.load(_zeros_bomb(p / "a.npz")),
        "is not a file of kind 'reservoir'",
    ),
    "npz of zeros, 300 MB": (
        lambda p: load_arrays(_zeros_bomb(p / "a.npz", 300_000_000)),
        "would unpack to 286 MiB, over 100 times its own size",
    ),
    "npz of a million arrays": (lambda p: Reservoir.load(_millions(p / "a.npz")), "table of contents of 5.* bytes"),
    "npz of a million arrays, zip64": (
        lambda p: Reservoir.load(_millions(p / "a.npz", zip64=True)),
        "table of contents of 5.* bytes",
    ),
    "npz in an npz": (
        lambda p: load_arrays(_zip_of(p / "a.npz", {"b.npz": _zip_of(p / "b.npz", {"c.npy": b"x"}).read_bytes()})),
        "it holds 'b.npz'",
    ),
    "npz with a forged shape": (
        lambda p: load_arrays(
            _zip_of(p / "a.npz", {"a.npy": _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }")})
        ),
        r"an array of shape \(1000000000000,\) and type float64 has not 0 bytes",
    ),
    "npz with a shape that overflows": (
        lambda p: load_arrays(
            _zip_of(p / "a.npz", {"a.npy": _npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**61}, 8), }}")})
        ),
        "has not 0 bytes",
    ),
    "npz with a long header": (
        lambda p: load_arrays(_zip_of(p / "a.npz", {"a.npy": _npy(" " * 3 * 10**7, b"\x02\x00")})),
        "an array's header has 30000001 bytes: must be at most 10000",
    ),
    "npz with a nested header": (
        lambda p: load_arrays(_zip_of(p / "a.npz", {"a.npy": _npy("(" * 9000)})),
        "is damaged or no .npz file",
    ),
    "npz by another compression": (
        lambda p: load_arrays(_zip_of(p / "a.npz", {"a.npy": b"x"}, zipfile.ZIP_LZMA)),
        "method 14 of compression",
    ),
    "npz of objects": (
        lambda p: load_arrays(
            _zip_of(p / "a.npz", {"a.npy": _npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")})
        ),
        "arrays of objects are refused",
    ),
    "text of 10 GB": (
        lambda p: ReservoirSpec.load(_sparse(p / "a.toml", 10**10)),
        r"has 10000000000 bytes: a text file .* must be at most 256 MiB \(HRSNN_MAX_TEXT raises this\)",
    ),
    "GraphML of 10 GB": (lambda p: read_graph(_sparse(p / "a.graphml", 10**10)), "must be at most 256 MiB"),
    "GraphML, a billion laughs": (lambda p: read_graph(_laughs(p / "a.graphml")), "declares the entity 'l0'"),
    "GraphML, deep": (lambda p: read_graph(_text(p / "a.graphml", "<g>" * 10**6)), "nesting of TOML, JSON and GraphML"),
    "edge list in a line": (
        lambda p: read_graph(_text(p / "a.edges", "1 2 " * 10**6)),
        "has a line of 3999999 characters: length of a name",
    ),
    "edge list with a long name": (
        lambda p: Reservoir.from_graph(read_graph(_text(p / "a.edges", f"{'a' * 300} 2 1.0\n2 {'a' * 300} 1.0"))),
        "has 300 characters: length of a name",
    ),
    "JSON, deep": (lambda p: read_json(_text(p / "a.json", "[" * 10**6), "run"), "nesting of TOML, JSON and GraphML"),
    "wav that promises 4 GB": (_wavs, "a part of 4000000000 bytes in a file of 1044"),
    "wav that promises 4 GB, big-endian": (lambda p: _wavs(p, order=">"), "a part of 4000000000 bytes in a file"),
    "wav with a long unknown part": (lambda p: _wavs(p, name=b"LIST"), "a part of 4000000000 bytes in a file"),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_file_that_is_larger_than_it_looks_is_refused(case: str, tmp_path: Path) -> None:
    call, said = BOMBS[case]
    with pytest.raises(HrsnnError, match=said) as refused:
        call(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_recording_larger_than_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e6")
    for name in ("3_ada_0", "3_ada_5", "7_ada_5"):
        _wav(tmp_path / f"{name}.wav", 10**7, size=10**7)
    with pytest.raises(FileError, match=r"would take about 57.* of memory"):
        fsdd(tmp_path)


def test_arrays_larger_than_memory_or_the_limit_are_refused_by_the_table_of_contents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_npz(tmp_path / "a.npz", "kind", 1, {"a": np.zeros(10**6)})
    monkeypatch.setenv("HRSNN_MAX_UNPACKED", "1e6")
    with pytest.raises(FileError, match=r"would unpack to 7.63 MiB: an .npz file once unpacked must be at most 977 KiB"):
        load_arrays(tmp_path / "a.npz")
    monkeypatch.delenv("HRSNN_MAX_UNPACKED")
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e6")
    with pytest.raises(FileError, match=r"would take about 7\.63 MiB of memory"):
        load_arrays(tmp_path / "a.npz")


def test_a_graph_larger_than_memory_is_refused_before_it_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e6")
    nodes = "".join(f'<node id="{k}"/>' for k in range(3000))
    _text(tmp_path / "a.graphml", f"<graphml><graph>{nodes}</graph></graphml>")
    _text(tmp_path / "a.edges", "".join(f"{k} {k + 1}\n" for k in range(3000)))
    for name in ("a.graphml", "a.edges"):
        with pytest.raises(FileError, match=r"would take about 1\.\d+ MiB of memory"):
            read_graph(tmp_path / name)


@pytest.mark.slow
@pytest.mark.parametrize("case", BOMBS)
def test_refusing_takes_little_memory(case: str, tmp_path: Path, root: Path) -> None:
    """In a process of its own, beside one that only loads the same modules; the file is made before."""
    code = (
        "import resource, sys, test_limits\nfrom pathlib import Path\n"
        "call, said = test_limits.BOMBS[sys.argv[1]]\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    call(Path(sys.argv[2]))\nexcept test_limits.HrsnnError:\n    pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}"}
    done = subprocess.run(
        [sys.executable, "-c", code, case, str(tmp_path)], env=environment, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 300_000  # KiB, the making of the file among them
