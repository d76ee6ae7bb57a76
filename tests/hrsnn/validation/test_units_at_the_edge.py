"""Quantities at every entry point: spike trains, currents, encoders, scores, pruning and commands."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Callable
from typing import Any

import brian2
import numpy as np
import pytest
from brian2 import ms, us
from unit_cases import HELD, RESERVOIR, TRAINS, UNITS, others

import hrsnn
from hrsnn import (
    Cochleagram,
    CurrentEncoder,
    Currents,
    InputError,
    LatencyEncoder,
    LevelCrossingEncoder,
    PoissonEncoder,
    ReceptiveFieldEncoder,
    ReservoirSpec,
    ReservoirTransformer,
    SpikeTrains,
    TemporalDifferenceEncoder,
    simulate,
)
from hrsnn.search import Space
from hrsnn.tasks import SeriesTask, load_task
from hrsnn.validation.numbers import float_vector, positive, whole_vector
from hrsnn.validation.units import OURS

WAVE = np.sin(np.arange(2000.0))
ROWS = np.linspace(0, 1, 12).reshape(4, 3)
SERIES = [np.linspace(0, 1, 12).reshape(4, 3)]


def spikes_of(trains: SpikeTrains) -> tuple[Any, ...]:
    return trains.times.tolist(), trains.channels.tolist(), trains.durations.tolist()


def values_of(currents: Currents) -> tuple[Any, ...]:
    return currents.values.tolist(), currents.dt


def encoded(encoder: Any, X: Any) -> tuple[Any, ...]:
    made = encoder.fit(X).transform(X)
    return values_of(made) if isinstance(made, Currents) else spikes_of(made)


#: name: (unit, the value as a number, a list where one is taken, what is made of it)
ENTRIES: dict[str, tuple[str, Any, Callable[[Any], Any]]] = {
    "times": ("ms", [1.0, 5.5], lambda x: spikes_of(SpikeTrains(x, [0, 0], [0, 2], 1, 10.0))),
    "duration": ("ms", 10.3, lambda x: spikes_of(SpikeTrains([1.0], [0], [0, 1], 1, x))),
    "durations": ("ms", [10.3, 7.0], lambda x: spikes_of(SpikeTrains([1.0], [0], [0, 1, 1], 1, x))),
    "from_samples": ("ms", [5.5, 1.0], lambda x: spikes_of(SpikeTrains.from_samples([(x, [0, 0])], 1, 10.0))),
    "from_samples duration": ("ms", [10.3], lambda x: spikes_of(SpikeTrains.from_samples([([1.0], [0])], 1, x))),
    "from_dense dt": ("ms", 0.3, lambda x: spikes_of(SpikeTrains.from_dense([[[1], [2]]], x))),
    "from_events t": (
        "ms",
        [1.5, 3.0],
        lambda x: spikes_of(SpikeTrains.from_events([0, 0], [0, 0], None, x, (1, 1), polarities=1, time_unit="ms")),
    ),
    "to_dense dt": ("ms", 0.3, lambda x: TRAINS.to_dense(x).tolist()),
    "counts windows": ("ms", [0.0, 5.0, 9.5], lambda x: TRAINS.counts(x).tolist()),
    "time_slice start": ("ms", 0.7, lambda x: spikes_of(TRAINS.time_slice(x, 9.0))),
    "time_slice stop": ("ms", 9.1, lambda x: spikes_of(TRAINS.time_slice(1.0, x))),
    "Currents dt": ("ms", 0.3, lambda x: values_of(Currents(np.ones((1, 2, 1)), x))),
    "PoissonEncoder peak_rate": ("Hz", 333.3, lambda x: encoded(PoissonEncoder(peak_rate=x), ROWS)),
    "PoissonEncoder duration": ("ms", 20.3, lambda x: encoded(PoissonEncoder(duration=x), ROWS)),
    "PoissonEncoder dt": ("ms", 20.3, lambda x: encoded(PoissonEncoder(dt=x), SERIES)),
    "LatencyEncoder duration": ("ms", 20.3, lambda x: encoded(LatencyEncoder(duration=x), ROWS)),
    "LevelCrossingEncoder dt": ("ms", 20.3, lambda x: encoded(LevelCrossingEncoder(dt=x), SERIES)),
    "TemporalDifferenceEncoder dt": ("ms", 20.3, lambda x: encoded(TemporalDifferenceEncoder(dt=x), SERIES)),
    "CurrentEncoder duration": ("ms", 20.3, lambda x: encoded(CurrentEncoder(duration=x), ROWS)),
    "CurrentEncoder dt": ("ms", 20.3, lambda x: encoded(CurrentEncoder(dt=x), SERIES)),
    "ReceptiveFieldEncoder duration": ("ms", 20.3, lambda x: encoded(ReceptiveFieldEncoder(duration=x), ROWS)),
    "ReceptiveFieldEncoder dt": ("ms", 20.3, lambda x: encoded(ReceptiveFieldEncoder(dt=x), SERIES)),
    "ReceptiveFieldEncoder peak_rate": (
        "Hz",
        333.3,
        lambda x: encoded(ReceptiveFieldEncoder(peak_rate=x, code="rate"), ROWS),
    ),
    "Cochleagram sample_rate": ("Hz", 8000.0, lambda x: Cochleagram(x).fit_transform([WAVE])[0].tolist()),
    "Cochleagram frame": ("ms", 12.5, lambda x: Cochleagram(frame=x).fit_transform([WAVE])[0].tolist()),
    "Cochleagram window": ("ms", 30.5, lambda x: Cochleagram(window=x).fit_transform([WAVE])[0].tolist()),
    "Cochleagram f_min": ("Hz", 30.5, lambda x: Cochleagram(f_min=x).fit_transform([WAVE])[0].tolist()),
    "Cochleagram f_max": ("Hz", 3333.3, lambda x: Cochleagram(f_max=x).fit_transform([WAVE])[0].tolist()),
    "ReservoirTransformer duration": (
        "ms",
        20.5,
        lambda x: (
            ReservoirTransformer(ReservoirSpec(neurons=8), plastic=False, duration=x, features="v")
            .fit_transform(ROWS)
            .tolist()
        ),
    ),
    "ReservoirTransformer blank": (
        "ms",
        20.5,
        lambda x: ReservoirTransformer(ReservoirSpec(neurons=8), blank=x).fit(ROWS).reservoir_.weight.tolist(),
    ),
    "simulate sample_times": (
        "ms",
        [20.0, 60.5],
        lambda x: simulate(RESERVOIR, HELD, record="v", sample_times=x).v.tolist(),
    ),
    "simulate windows": ("ms", [0.0, 60.5], lambda x: simulate(RESERVOIR, HELD, record="counts", windows=x).counts.tolist()),
    "simulate tau_state": ("ms", 15.3, lambda x: simulate(RESERVOIR, HELD, record="states", tau_state=x).states.tolist()),
    "replace tau_m": ("ms", [20.3] * 12, lambda x: RESERVOIR.replace(tau_m=x).tau_m.tolist()),
    "replace weight": ("mV", [0.1] * RESERVOIR.synapses, lambda x: RESERVOIR.replace(weight=x, w_max=x).weight.tolist()),
    "replace dt": ("ms", 0.3, lambda x: RESERVOIR.replace(dt=x).dt),
    "task hold": ("ms", 12.3, lambda x: load_task("memory", values=50, washout=5, hold=x).hold),
    "lorenz63 hold": ("ms", 12.3, lambda x: load_task("lorenz63", train=20, test=5, transient=5, hold=x).hold),
    "SeriesTask hold": ("ms", 12.3, lambda x: SeriesTask("a", ROWS, ROWS, x, slice(0, 2), slice(2, 4), 0).hold),
    "Space mean": ("ms", [8.0, 90.5], lambda x: Space.of({"tau_m_exc": {"mean": x}}).ranges["tau_m_exc"].mean),
    "positive": ("ms", 0.3, lambda x: positive("x", x, "ms")),
    "float_vector": ("mV", [0.3, 5.0], lambda x: float_vector("x", x, "mV").tolist()),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_point_reads_quantities_and_lists_of_them(name):
    unit, number, make = ENTRIES[name]
    wanted = make(number)
    quantity = UNITS[unit]
    forms = [np.array(number) * quantity]
    if isinstance(number, list):
        forms += [[x * quantity for x in number], [*(x * quantity for x in number[:-1]), number[-1]]]
    for form in forms:
        assert make(form) == wanted


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_point_refuses_other_dimensions_by_name(name):
    unit, number, make = ENTRIES[name]
    for wrong in others(unit):
        forms = [np.array(number) * wrong, *([[x * wrong for x in number]] if isinstance(number, list) else [])]
        for form in forms:
            with pytest.raises(InputError, match=r"must be a quantity in"):
                make(form)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("channels", lambda q: SpikeTrains([1.0], [1 * q], [0, 1], 2, 10.0)),
        ("offsets", lambda q: SpikeTrains([1.0], [0], [0, 1 * q], 2, 10.0)),
        ("values", lambda q: Currents([[[1 * q]]], 10.0)),
        ("values", lambda q: Currents(np.ones((1, 1, 1)) * q, 10.0)),
        ("x", lambda q: SpikeTrains.from_events([1 * q], [0], [0], [10], (2, 2))),
        ("X", lambda q: PoissonEncoder().fit(ROWS * q)),
        ("X", lambda q: PoissonEncoder().fit([row.tolist() * q for row in ROWS])),
        ("X", lambda q: LevelCrossingEncoder().fit([SERIES[0] * q])),
        ("X", lambda q: TemporalDifferenceEncoder().fit([SERIES[0] * q])),
        ("X", lambda q: CurrentEncoder(series=True).fit(SERIES[0][None] * q)),
        ("X", lambda q: Cochleagram().fit([WAVE * q])),
        ("X", lambda q: ReservoirTransformer(ReservoirSpec(neurons=8)).fit(ROWS * q)),
        ("threshold", lambda q: LatencyEncoder(threshold=0.1 * q).fit(ROWS)),
        ("threshold", lambda q: ReceptiveFieldEncoder(threshold=0.1 * q).fit(ROWS)),
        ("threshold", lambda q: TemporalDifferenceEncoder(threshold=0.1 * q).fit(SERIES)),
        ("delta", lambda q: LevelCrossingEncoder(delta=0.1 * q).fit(SERIES)),
        ("overlap", lambda q: ReceptiveFieldEncoder(overlap=1 * q).fit(ROWS)),
        ("floor", lambda q: Cochleagram(floor=1 * q).fit([WAVE])),
        ("seed", lambda q: PoissonEncoder(seed=1 * q).fit(ROWS)),
        ("x", lambda q: whole_vector("x", [1 * q], np.int32)),
        ("space.tau_m_exc.cv", lambda q: Space.of({"tau_m_exc": {"mean": [1, 2], "cv": [0.1 * q, 1]}})),
        ("space.weight_scale", lambda q: Space.of({"weight_scale": [1 * q, 2 * q]})),
        ("inputs", lambda q: SeriesTask("a", ROWS * q, ROWS, 20.0, slice(0, 2), slice(2, 4), 0)),
        ("margin", lambda q: hrsnn.networks.LNP(margin=0.1 * q)),
        ("labels", lambda q: RESERVOIR.replace(labels=np.arange(12) * q)),
    ],
)
@pytest.mark.parametrize("unit", OURS)
def test_what_has_no_unit_refuses_quantities_by_name(name, make, unit):
    importlib.import_module("hrsnn.networks")
    with pytest.raises(InputError, match=rf"^{re.escape(name)}(\[.*)? = .*: must be a (number without a unit|whole number)"):
        make(UNITS[unit])


def test_event_times_are_read_in_any_unit():
    common: dict[str, Any] = {"shape": (1, 1), "polarities": 1}
    for unit in ("us", "ms", "s"):
        made = SpikeTrains.from_events([0], [0], None, [1500 * us], time_unit=unit, **common)
        assert made.times.tolist() == [1.5]


def test_spikes_of_a_monitor_are_read_in_ms():
    group = brian2.NeuronGroup(2, "dv/dt = 1/(10*ms) : 1", threshold="v > 0.5", reset="v = 0", method="euler")
    monitor = brian2.SpikeMonitor(group)
    network = brian2.Network(group, monitor)
    before = brian2.prefs["codegen.target"]
    brian2.prefs["codegen.target"] = "numpy"
    try:
        network.run(20 * ms)
    finally:
        brian2.prefs["codegen.target"] = before
    trains = SpikeTrains.from_samples([(monitor.t, monitor.i)], n_channels=2, duration=20 * ms)
    assert trains.n_spikes > 0
    np.testing.assert_array_equal(np.sort(trains.times), np.sort(np.asarray(monitor.t) * 1000).round(9))


def test_rates_of_foreign_trains_are_in_hz():
    @dataclasses.dataclass
    class Foreign:
        channels = np.array([0, 0])
        n_channels = 1
        durations = np.array([100.0]) * ms

    assert hrsnn.analysis.firing_rates(Foreign()).tolist() == [20.0]
