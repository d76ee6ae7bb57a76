"""A small network on every engine that shares the grid model: all must give the same spikes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from hrsnn.activity import Activity
from hrsnn.builder import build
from hrsnn.diagnosis.finding import Finding
from hrsnn.engines import ENGINES, why_not_loaded
from hrsnn.engines.capabilities import needs
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.spike_trains import SpikeTrains

#: The engine that the others are compared with: Brian2 without a compiler.
REFERENCE = "brian2-numpy"
#: Brian2 would compile the network for up to a minute.
_SLOW = ("brian2", "brian2-cython")
_CHANNELS, _DURATION, _RATE = 8, 100.0, 200.0
_REPORT = "please report it, with the output of this command: https://github.com/hrsnn/hrsnn/issues"


def equal_spikes() -> list[Finding]:
    """Return a finding on each engine of the grid model that is installed: whether its spikes are Brian2's.

    A network of 60 neurons with the default specification (delays, heterogeneous time constants) runs for two stimuli of
    100 ms. Engines without a grid, and those that Brian2 compiles, are left out.
    """
    reservoir = build(ReservoirSpec(neurons=60), seed=1, channels=_CHANNELS)
    stimulus = _poisson()
    try:
        wanted, seconds = _timed(REFERENCE, reservoir, stimulus)
    except Exception as error:  # a diagnosis reports any failure
        return [Finding("equal spikes", REFERENCE, "failed", f"does not run: {_line(error)}", _REPORT)]
    said = f"the reference: {wanted.spike_count} spikes of {reservoir.neurons} neurons in {seconds:.1f} s"
    found = [Finding("equal spikes", REFERENCE, "ok", said)]
    for name in _others(reservoir):
        try:
            got, seconds = _timed(name, reservoir, stimulus)
        except Exception as error:  # as above
            found.append(Finding("equal spikes", name, "failed", f"does not run: {_line(error)}", _REPORT))
            continue
        apart = difference(wanted, got, reservoir.dt)
        value = apart or f"the same spikes, in {seconds:.1f} s"
        found.append(Finding("equal spikes", name, "failed" if apart else "ok", value, _REPORT if apart else ""))
    return found


def difference(wanted: Activity[Reservoir], got: Activity[Reservoir], dt: float) -> str:
    """Return where two runs first differ in the step or the neuron of a spike; empty where they do not."""
    for stimulus in range(len(wanted.spikes)):
        pairs = [_pairs(activity.spikes, stimulus, dt) for activity in (wanted, got)]
        if pairs[0] != pairs[1]:
            step, neuron = min(set(pairs[0]) ^ set(pairs[1]))
            return f"other spikes: the first in stimulus {stimulus}, neuron {neuron}, at {step * dt:g} ms"
    return ""


def _others(reservoir: Reservoir) -> Iterator[str]:
    needed = {"grid", *needs(reservoir)}
    able = ENGINES.where(lambda engine: reservoir.kind in engine.kinds and not engine.lacks(needed))
    for name in able:
        if name not in (REFERENCE, *_SLOW) and (name == "compiled" or not why_not_loaded(name)):
            yield name


def _timed(name: str, reservoir: Reservoir, stimulus: SpikeTrains) -> tuple[Activity[Reservoir], float]:
    start = time.perf_counter()
    return simulate(reservoir, stimulus, engine=name), time.perf_counter() - start


def _poisson() -> SpikeTrains:
    rng = generator(1, "doctor")
    counts = rng.poisson(_RATE * _DURATION / 1000, size=(2, _CHANNELS))
    who = [np.repeat(np.arange(_CHANNELS), row) for row in counts]
    return SpikeTrains.from_samples([(rng.uniform(0, _DURATION, len(w)), w) for w in who], _CHANNELS, _DURATION)


def _pairs(spikes: SpikeTrains, stimulus: int, dt: float) -> list[tuple[int, int]]:
    times, neurons = spikes[stimulus].times, spikes[stimulus].channels
    return sorted(zip(np.rint(times / dt).astype(int).tolist(), neurons.tolist(), strict=True))


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
