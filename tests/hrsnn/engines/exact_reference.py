"""The model in continuous time, event by event for the whole network at once: what the exact engine is held against.

Between two events every neuron's v is the textbook sum of exponentials; it is sampled densely, and the first sample above a
threshold is refined by Brent's method. Nothing of the engine is used: no queue, no lazy state, no bracketing by derivatives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from hrsnn import Currents, Reservoir, SpikeTrains
from hrsnn.testing.reference_engine import Synapse, groups, keyed, restore_sums, synapses

#: Samples of v between two events.
_SAMPLES = 100


@dataclass
class ExactRun:
    """What one run did."""

    spikes: list[list[tuple[float, int]]]  #: (time, neuron) for each stimulus
    v: list[np.ndarray]  #: at the end of each stimulus, blank included
    weight: list[float]
    input_weight: list[float]


def exact_run(
    r: Reservoir, stimulus: SpikeTrains | Currents, plastic: bool = False, blank: float = 0.0, seed: int = 0
) -> ExactRun:
    """Present the stimuli to the reservoir, event by event."""
    recurrent, inputs = synapses(r, "recurrent"), synapses(r, "input")
    wanted = {kind: sum(s.w for s in group) for kind, group in groups(r, recurrent, inputs).items()}
    run = ExactRun([], [], [], [])
    for index in range(len(stimulus)):
        for synapse in recurrent + inputs:
            synapse.trace_plus = synapse.trace_minus = 0.0
            synapse.touched = 0
        network = Network(r, recurrent, inputs, plastic)
        network.present(external(r, stimulus, index, blank, seed), float(stimulus.durations[index]) + blank)
        run.spikes.append(network.spikes)
        run.v.append(network.v)
        if plastic and r.homeostasis:
            restore_sums(r, recurrent, inputs, wanted)
    run.weight, run.input_weight = [s.w for s in recurrent], [s.w for s in inputs]
    return run


def external(
    r: Reservoir, stimulus: SpikeTrains | Currents, index: int, blank: float, seed: int
) -> list[tuple[float, int, int, float]]:
    """(time, kind, neuron or place of an input link, amount); kind 1: new drive, 2: background, 3: input spike."""
    events: list[tuple[float, int, int, float]] = []
    end, delays = float(stimulus.durations[index]), r.input.delay.tolist()
    if isinstance(stimulus, Currents):
        rows = stimulus.values.shape[1]
        for i in range(r.neurons):
            links = np.flatnonzero(r.input_post == i).tolist()
            begins = [k * stimulus.dt for k in range(rows)] + ([end] if blank or any(delays) else [])
            for time in sorted({begin + delays[link] for link in links for begin in begins}):
                drive = 0.0
                for link in links:
                    row = math.floor((time - delays[link]) / stimulus.dt + 1e-9)
                    if 0 <= row < rows:
                        drive += float(r.input_gain[link] * stimulus.values[index, row, r.input_channel[link]])
                events.append((time, 1, i, drive))
    else:
        times, channels = stimulus.sample(index)
        for time, channel in zip(times.tolist(), channels.tolist(), strict=True):
            for place in np.flatnonzero(r.input_channel == channel).tolist():
                events.append((time + delays[place], 3, place, 1.0))
    frozen = r.background_frozen
    period = stimulus.dt if frozen and isinstance(stimulus, Currents) else end + blank
    for i in range(r.neurons):
        time, k = 0.0, 0
        while r.background_rate[i] > 0:
            time += -math.log(keyed(seed, 0 if frozen else index, i, k)) * 1000 / float(r.background_rate[i])
            if time >= period:
                break
            k += 1
            for repeat in range(math.ceil((end + blank) / period)):
                events.append((time + repeat * period, 2, i, float(r.background_weight[i])))
    return sorted(event for event in events if event[0] < end + blank)


class Network:
    """The state of all neurons at one time."""

    def __init__(self, r: Reservoir, recurrent: list[Synapse], inputs: list[Synapse], plastic: bool) -> None:
        self.r, self.recurrent, self.inputs, self.plastic = r, recurrent, inputs, plastic
        self.delays = r.delay.tolist()
        self.time = 0.0
        self.v, self.exc, self.inh = r.v_start.copy(), np.zeros(r.neurons), np.zeros(r.neurons)
        self.adapted, self.drive = np.zeros(r.neurons), np.zeros(r.neurons)
        self.release = np.full(r.neurons, -np.inf)
        self.spikes: list[tuple[float, int]] = []
        self.flying: list[tuple[float, float, int, Synapse]] = []  #: arrival, emission, place among the links

    def at(self, age: float | np.ndarray, i: int | slice = slice(None)) -> np.ndarray:
        """v of neurons a time after the present state."""
        r, tau_m = self.r, self.r.tau_m[i]
        base = r.v_rest[i] + r.i_bias[i] + self.drive[i]
        v = base + (self.v[i] - base) * np.exp(-age / tau_m)
        for current, tau in ((self.exc, r.tau_exc), (self.inh, r.tau_inh), (-self.adapted, r.tau_adaptation)):
            ratio = tau[i] / np.where(tau[i] == tau_m, 1, tau[i] - tau_m) * (np.exp(-age / tau[i]) - np.exp(-age / tau_m))
            v = v + current[i] * np.where(tau[i] == tau_m, age / tau_m * np.exp(-age / tau_m), ratio)
        return np.asarray(np.where(self.release[i] > self.time, self.v[i], v))

    def advance(self, time: float) -> None:
        self.v = self.at(time - self.time)
        self.exc *= np.exp(-(time - self.time) / self.r.tau_exc)
        self.inh *= np.exp(-(time - self.time) / self.r.tau_inh)
        self.adapted *= np.exp(-(time - self.time) / self.r.tau_adaptation)
        self.time = time

    def crossing(self, until: float) -> tuple[float, list[int]]:
        """The first crossing up to `until`, and who crosses then."""
        threshold = self.r.v_threshold
        free = self.release <= self.time
        if (free & (self.v > threshold)).any():
            return self.time, np.flatnonzero(free & (self.v > threshold)).tolist()
        ages = np.linspace(0, until - self.time, _SAMPLES + 1)
        above = free & (self.at(ages[:, None]) > threshold)
        if not above.any():
            return math.inf, []
        k = int(np.argmax(above.any(axis=1)))
        found = {
            i: self.time + brentq(lambda t, i=i: float(self.at(t, i)) - threshold[i], ages[k - 1], ages[k], xtol=1e-13)
            for i in np.flatnonzero(above[k]).tolist()
        }
        first = min(found.values())
        return first, sorted(i for i, time in found.items() if time == first)

    def present(self, events: list[tuple[float, int, int, float]], end: float) -> None:
        excitatory = self.r.is_excitatory.tolist()
        while True:
            releases = self.release[self.release > self.time]
            arrivals = [flight[0] for flight in self.flying]
            until = min([end, *(event[0] for event in events[:1]), *releases.tolist(), *arrivals])
            when, who = self.crossing(until)
            now = min(when, until)
            if now >= end:
                return self.advance(end)
            self.advance(now)
            fired = who if when <= until else []
            for i in fired:
                self.spikes.append((now, i))
                for place, synapse in enumerate(self.recurrent):
                    if synapse.source == i:
                        self.flying.append((now + self.delays[place], now, place, synapse))
                self.v[i], self.release[i] = self.r.v_reset[i], now + self.r.refractory[i]
                self.adapted[i] += self.r.adaptation[i]
            while events and events[0][0] <= now:
                _, kind, which, amount = events.pop(0)
                if kind == 1:
                    self.drive[which] = amount
                elif kind == 2:
                    self.exc[which] += amount
                else:
                    self.act(self.inputs[which], True)
            for flight in sorted(f for f in self.flying if f[0] <= now):
                self.act(flight[3], excitatory[flight[3].source])
            self.flying = [flight for flight in self.flying if flight[0] > now]
            for synapse in [*self.recurrent, *self.inputs] if self.plastic else []:
                if synapse.target in fired:
                    synapse.on_post(now, 1.0)

    def act(self, synapse: Synapse, excitatory: bool) -> None:
        (self.exc if excitatory else self.inh)[synapse.target] += synapse.w if excitatory else -synapse.w
        if self.plastic:
            synapse.on_pre(self.time, 1.0, 1.0)
