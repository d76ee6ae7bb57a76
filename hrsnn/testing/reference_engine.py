"""The model as a plain loop over neurons and synapses, which every engine on a grid is compared with.

Nothing of the package's own machinery is used (no propagators, no presentations, no keyed numbers): each rule is
implemented again from the documentation of the model.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from hrsnn.reservoir import Reservoir
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains


@dataclass
class Run:
    """Results of one run."""

    spikes: list[list[tuple[int, int]]]  #: a list of (step, neuron) for each stimulus
    v: list[list[float]]  #: v at the end of each stimulus, blank included
    history: list[list[list[list[float]]]]  #: v, I_exc, I_inh and adaptation after each step of each stimulus
    weight: list[float]
    input_weight: list[float]


@dataclass
class Inputs:
    """What acts on the network in each step of one stimulus."""

    steps: int
    arriving: dict[int, dict[int, float]]  #: {step: {channel: number of spikes}}
    drive: list[list[float]]  #: (steps, neurons) mV
    background: dict[int, list[tuple[int, float]]]  #: {step: [(neuron, jump of its excitatory current)]}


@dataclass(eq=False)  # compared by identity: two synapses may have the same values
class Synapse:
    """A link and its state."""

    source: int
    target: int
    w: float
    w_max: float
    tau_plus: float
    tau_minus: float
    a_plus: float
    a_minus: float
    delay: int
    short_term: tuple[float, float, float] | None = None  #: U, D (ms), F (ms)
    trace_plus: float = 0.0
    trace_minus: float = 0.0
    touched: int = 0
    used: float = 0.0
    resources: float = 1.0
    arrived: int = 0

    def rest(self) -> None:
        self.trace_plus = self.trace_minus = self.used = 0.0
        self.resources, self.touched, self.arrived = 1.0, 0, 0

    def factor(self, step: int, dt: float) -> float:
        """Factor of the weight at a spike, by short-term plasticity."""
        if self.short_term is None:
            return 1.0
        release, recovery, facilitation = self.short_term
        age = (step - self.arrived) * dt
        self.resources = 1 + (self.resources - self.used * self.resources - 1) * math.exp(-age / recovery)
        self.used = release + self.used * (1 - release) * math.exp(-age / facilitation)
        self.arrived = step
        return self.used * self.resources / release

    def decay(self, step: int, dt: float) -> None:
        age = (step - self.touched) * dt
        self.trace_plus *= math.exp(-age / self.tau_plus)
        self.trace_minus *= math.exp(-age / self.tau_minus)
        self.touched = step

    def on_pre(self, step: int, dt: float, count: float) -> None:
        self.decay(step, dt)
        self.trace_plus += count
        self.w = min(max(self.w - count * self.a_minus * self.trace_minus, 0.0), self.w_max)

    def on_post(self, step: int, dt: float) -> None:
        self.decay(step, dt)
        self.trace_minus += 1.0
        self.w = min(max(self.w + self.a_plus * self.trace_plus, 0.0), self.w_max)


def reference_run(
    r: Reservoir, stimulus: SpikeTrains | Currents, plastic: bool = False, blank: float = 0.0, seed: int = 0
) -> Run:
    """Present the stimuli to the reservoir, step by step, neuron by neuron."""
    recurrent, inputs = synapses(r, "recurrent"), synapses(r, "input")
    wanted = {kind: sum(s.w for s in group) for kind, group in groups(r, recurrent, inputs).items()}
    run = Run([], [], [], [], [])
    for index in range(len(stimulus)):
        spikes, history = present(r, recurrent, inputs, inputs_of(r, stimulus, index, blank, seed), plastic)
        run.spikes.append(spikes)
        run.v.append(history[-1][0])
        run.history.append(history)
        if plastic and r.homeostasis:
            restore_sums(r, recurrent, inputs, wanted)
    run.weight, run.input_weight = [s.w for s in recurrent], [s.w for s in inputs]
    return run


def synapses(r: Reservoir, side: str) -> list[Synapse]:
    links = getattr(r, side)
    fields = ("pre", "post", "weight", "w_max", "tau_plus", "tau_minus", "a_plus", "a_minus")
    columns = [getattr(links, name).tolist() for name in fields]
    delays = [round(d / r.dt) for d in links.delay.tolist()]
    short_term: list[tuple[float, float, float] | None] = [None] * len(delays)
    if side == "recurrent" and r.short_term is not None:
        constants = (r.short_term.release, r.short_term.tau_recovery, r.short_term.tau_facilitation)
        short_term = list(zip(*(values.tolist() for values in constants), strict=True))
    return [Synapse(*row) for row in zip(*columns, delays, short_term, strict=True)]


def inputs_of(r: Reservoir, stimulus: SpikeTrains | Currents, index: int, blank: float, seed: int) -> Inputs:
    """What acts on the network during a stimulus."""
    duration = float(stimulus.durations[index])
    stop, steps = whole_steps(duration, r.dt), whole_steps(duration + blank, r.dt)
    arriving = input_spikes(stimulus, index, r.dt, stop)
    drive = analog_drive(r, stimulus, index, stop, steps)
    return Inputs(steps, arriving, drive, background(r, stimulus, index, steps, seed))


def present(
    r: Reservoir, recurrent: list[Synapse], inputs: list[Synapse], now: Inputs, plastic: bool
) -> tuple[list[tuple[int, int]], list[list[list[float]]]]:
    """Simulate one stimulus from rest; return the spikes, and v, I_exc, I_inh and adaptation after each step."""
    n, dt, drive = r.neurons, r.dt, now.drive
    for synapse in recurrent + inputs:
        synapse.rest()
    v = r.v_start.tolist()
    history: list[list[list[float]]] = []
    exc, inh, adapted = [0.0] * n, [0.0] * n, [0.0] * n
    held_until = [0] * n
    factors = [step_factors(r, i) for i in range(n)]
    hold = [round(t / dt) for t in r.refractory.tolist()]
    excitatory, rest, threshold = r.is_excitatory.tolist(), r.v_rest.tolist(), r.v_threshold.tolist()
    outgoing, incoming, from_channel = defaultdict(list), defaultdict(list), defaultdict(list)
    for synapse in recurrent:
        outgoing[synapse.source].append(synapse)
        incoming[synapse.target].append(synapse)
    for synapse in inputs:
        from_channel[synapse.source].append(synapse)
        incoming[synapse.target].append(synapse)
    in_flight: dict[int, list[Synapse]] = defaultdict(list)
    input_in_flight: dict[int, list[tuple[Synapse, float]]] = defaultdict(list)
    spikes: list[tuple[int, int]] = []

    for step in range(now.steps):
        fired = []
        for i in range(n):
            membrane, (exc_to_v, inh_to_v, adapted_to_v), (decay_exc, decay_inh, decay_adapted) = factors[i]
            free = step >= held_until[i]
            if free:
                v_inf = float(r.v_rest[i]) + float(r.i_bias[i]) + drive[step][i]
                v[i] = v_inf + (v[i] - v_inf) * membrane + exc[i] * exc_to_v + inh[i] * inh_to_v
                v[i] -= adapted[i] * adapted_to_v
            exc[i] *= decay_exc
            inh[i] *= decay_inh
            adapted[i] *= decay_adapted
            if free and v[i] > float(r.v_threshold[i]):
                fired.append(i)
                held_until[i] = step + hold[i]
        for i, jump in now.background.get(step, []):
            exc[i] += jump
        for channel, count in now.arriving.get(step, {}).items():
            for synapse in from_channel[channel]:
                input_in_flight[step + synapse.delay].append((synapse, count))
        arrived = input_in_flight.pop(step, [])
        for synapse, count in sorted(arrived, key=lambda one: (one[0].source, one[0].delay, one[0].target)):
            exc[synapse.target] += count * synapse.w
            if plastic:
                synapse.on_pre(step, dt, count)
        for i in fired:
            spikes.append((step, i))
            for synapse in outgoing[i]:
                in_flight[step + synapse.delay].append(synapse)
        for synapse in in_flight.pop(step, []):
            strength = synapse.w * synapse.factor(step, dt)
            if excitatory[synapse.source]:
                exc[synapse.target] += strength
            else:
                inh[synapse.target] -= strength
            if plastic:
                synapse.on_pre(step, dt, 1.0)
        for i in fired:
            if plastic:
                for synapse in incoming[i]:
                    synapse.on_post(step, dt)
            v[i] = float(r.v_reset[i])
            adapted[i] += float(r.adaptation[i])
        if r.state_bits:
            v = [round_to_level(v[i], rest[i], threshold[i], r.state_bits) for i in range(n)]
        history.append([v.copy(), exc.copy(), inh.copy(), adapted.copy()])
    return spikes, history


def round_to_level(v: float, rest: float, threshold: float, bits: int) -> float:
    """The nearest of the levels between the threshold and as far below rest, rounded half up."""
    most: int = 2 ** (bits - 1) - 1
    height = (threshold - rest) / most
    return rest + height * max(-most, min(most, math.floor((v - rest) / height + 0.5)))


def whole_steps(time: float, dt: float) -> int:
    """The number of steps that cover [0, time): the quotient rounded up, but for rounding errors."""
    nearest = round(time / dt)
    return max(1, nearest if abs(time / dt - nearest) < 1e-9 else math.ceil(time / dt))


def step_of(time: float, dt: float) -> int:
    """The step in which a time falls: the quotient rounded down, but for rounding errors."""
    nearest = round(time / dt)
    return nearest if abs(time / dt - nearest) < 1e-9 else math.floor(time / dt)


def step_factors(r: Reservoir, i: int) -> tuple[float, tuple[float, ...], tuple[float, ...]]:
    """The exact solution over one step: the textbook form, and its limit where tau_m and tau_s nearly agree."""
    dt, tau_m = r.dt, float(r.tau_m[i])

    def to_v(tau: float) -> float:
        x = dt * (1 / tau_m - 1 / tau)
        if abs(x) > 1e-3:
            return tau / (tau - tau_m) * (math.exp(-dt / tau) - math.exp(-dt / tau_m))
        return dt / tau_m * math.exp(-dt / tau_m) * (1 + x / 2 + x**2 / 6 + x**3 / 24 + x**4 / 120)

    taus = [float(r.tau_exc[i]), float(r.tau_inh[i]), float(r.tau_adaptation[i])]
    return math.exp(-dt / tau_m), tuple(map(to_v, taus)), tuple(math.exp(-dt / tau) for tau in taus)


def input_spikes(stimulus: SpikeTrains | Currents, index: int, dt: float, stop: int) -> dict[int, dict[int, float]]:
    """{step: {channel: how many}}."""
    arriving: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    if isinstance(stimulus, SpikeTrains):
        a, b = stimulus.offsets[index : index + 2]
        for time, channel in zip(stimulus.times[a:b].tolist(), stimulus.channels[a:b].tolist(), strict=True):
            arriving[min(step_of(time, dt), stop - 1)][channel] += 1.0
    return arriving


def analog_drive(r: Reservoir, stimulus: SpikeTrains | Currents, index: int, stop: int, steps: int) -> list[list[float]]:
    """(steps, neurons) mV; nothing before the delay of a link, and after the end of the stimulus and the delay."""
    drive = [[0.0] * r.neurons for _ in range(steps)]
    if isinstance(stimulus, Currents):
        lags = [round(d / r.dt) for d in r.input.delay.tolist()]
        for step in range(steps):
            links = zip(r.input_channel.tolist(), r.input_post.tolist(), r.input_gain.tolist(), lags, strict=True)
            for channel, target, gain, lag in links:
                if 0 <= step - lag < stop:
                    row = min(step_of((step - lag) * r.dt, stimulus.dt), stimulus.lengths[index] - 1)
                    drive[step][target] += gain * float(stimulus.values[index, row, channel])
    return drive


def background(
    r: Reservoir, stimulus: SpikeTrains | Currents, index: int, steps: int, seed: int
) -> dict[int, list[tuple[int, float]]]:
    """{step: [(neuron, jump)]}: the k-th interval of a neuron is -ln(u(seed, stimulus, neuron, k))/rate."""
    end = steps * r.dt
    frozen = r.background_frozen
    period = stimulus.dt if frozen and isinstance(stimulus, Currents) else end
    jumps: dict[tuple[int, int], float] = defaultdict(float)
    for i in range(r.neurons):
        if r.background_rate[i] == 0:
            continue
        times, time, k = [], 0.0, 0
        while True:
            u = keyed(seed, 0 if frozen else index, i, k)
            time += -math.log(u) * 1000.0 / float(r.background_rate[i])
            if time >= period:
                break
            times.append(time)
            k += 1
        for repeat in range(whole_steps(end, period)):
            for time in times:
                if time + repeat * period < end:
                    jumps[min(step_of(time + repeat * period, r.dt), steps - 1), i] += float(r.background_weight[i])
    by_step: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (step, i), jump in sorted(jumps.items()):
        by_step[step].append((i, jump))
    return by_step


def keyed(*key: int) -> float:
    """SplitMix64's finaliser over the parts of the key, in Python's own whole numbers."""
    mask, state = 2**64 - 1, 0
    for part in key:
        z = (state + part + 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        state = z ^ (z >> 31)
    return ((state >> 12) + 0.5) / 2**52


def restore_sums(
    r: Reservoir, recurrent: list[Synapse], inputs: list[Synapse], wanted: dict[tuple[str, int], float]
) -> None:
    """One factor for each group; what would pass w_max stays there, and the others take the rest."""
    for kind, group in groups(r, recurrent, inputs).items():
        free, missing = list(group), wanted[kind]
        while free and sum(s.w for s in free) > 0:
            factor = max(missing / sum(s.w for s in free), 0.0)
            over = [s for s in free if s.w * factor > s.w_max]
            if not over:
                for s in free:
                    s.w *= factor
                break
            for s in over:
                s.w = s.w_max
                missing -= s.w_max
            free = [s for s in free if s not in over]


def groups(r: Reservoir, recurrent: list[Synapse], inputs: list[Synapse]) -> dict[tuple[str, int], list[Synapse]]:
    found: dict[tuple[str, int], list[Synapse]] = defaultdict(list)
    for s in recurrent:
        found["E" if r.is_excitatory[s.source] else "I", s.target].append(s)
    for s in inputs:
        found["input", s.target].append(s)
    return found


def as_pairs(spikes: SpikeTrains, index: int, dt: float) -> list[tuple[int, int]]:
    """Recorded spikes of one stimulus as (step, neuron)."""
    a, b = spikes.offsets[index : index + 2]
    steps = np.rint(spikes.times[a:b] / dt).astype(int)
    return list(zip(steps.tolist(), spikes.channels[a:b].tolist(), strict=True))
