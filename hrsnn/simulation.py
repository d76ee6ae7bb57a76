"""Simulation of a network for a batch of stimuli."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hrsnn.activity import Activity, NetworkType
from hrsnn.engines import choose
from hrsnn.engines.batch import Batch
from hrsnn.engines.capabilities import needs
from hrsnn.engines.contract import Response
from hrsnn.engines.network_state import NetworkState, state_after
from hrsnn.errors import InputError
from hrsnn.kinds.contract import Network
from hrsnn.recording import filtered_states, window_counts
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.progress import progress_bar
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus, check_stimulus
from hrsnn.stimuli.time_grid import equal_windows_of, windows_of
from hrsnn.validation.annotations import is_whole
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import duration_of, float_vector, positive
from hrsnn.validation.units import takes

#: Bytes of memory for each background spike, as measured.
_EVENT = 80
RECORDS = ("spikes", "counts", "states", "v")


@takes(sample_times="ms", windows="ms", blank="ms", tau_state="ms")
def simulate(
    reservoir: NetworkType,
    stimulus: Stimulus,
    *,
    plastic: bool = False,
    engine: str = "auto",
    record: Sequence[str] = ("spikes",),
    sample_times: int | Sequence[float] | np.ndarray = 1,
    windows: int | Sequence[float] | np.ndarray = 1,
    blank: float = 0.0,
    tau_state: float = 20.0,
    seed: int = 0,
    state: NetworkState | None = None,
    progress: bool | Callable[[float, float], None] = False,
) -> Activity[NetworkType]:
    """Simulate a network for each stimulus, starting from rest, and return the requested records.

    Every stimulus starts with v at v_start, no current, no refractoriness, no trace and no spike in transit. In a plastic
    run, weights carry over from one stimulus to the next; otherwise they do not change.

    Parameters
    ----------
    reservoir : Reservoir or another Network
        Network of any kind that an engine simulates.
    stimulus : SpikeTrains or Currents
        M stimuli over ``reservoir.channels`` channels. Each value u of currents is held for their own ``dt`` and drives a
        neuron by ``input_gain * u`` mV through each link.
    plastic : bool
        Whether STDP is on, with homeostasis after each stimulus if ``reservoir.homeostasis``.
    engine : str
        "compiled" (Numba), "brian2" (Cython where a compiler is found, else NumPy), "brian2-cython", "brian2-numpy", "exact"
        (continuous time, no grid), "torch" and "torch-cuda" (PyTorch, many stimuli at once), or one of an installed package;
        `hrsnn engines` lists them with what each can simulate.
        "auto": the best that can simulate this run and can be loaded, of this package compiled, then Brian2.
    record : sequence of str
        Any of "spikes", "counts", "states", "v". The spike count of each neuron in each stimulus is always recorded.
    sample_times : int or array, ms
        Times of "states" and "v": the ends of K equal windows of each stimulus's own duration (1: its end), or ascending
        times in (0, duration], the same for every stimulus.
    windows : int or array, ms
        Windows of "counts": K equal windows of each stimulus's own duration, or ascending edges [e_k, e_k+1), the same for
        every stimulus; counts are 0 in windows after the end of a stimulus.
    blank : float, ms
        Time without input after each stimulus.
    tau_state : float, ms
        Time constant of "states": x_i(t) = sum over spikes t_k < t of exp(-(t - t_k)/tau_state).
    seed : int
        Seed of the background input; nothing else is random.
    state : NetworkState, optional
        ``earlier.state`` of an earlier run, from which to continue instead of from rest, with ``earlier.reservoir`` and
        the next part of the stimulus as the only one. Time starts at 0 in every part.
    progress : bool or callable
        True: show a bar on stderr when the run takes longer than two seconds. A callable gets (ms done, ms in total).

    Returns
    -------
    Activity

    Raises
    ------
    InputError
        When the stimulus has no samples, its channels differ from the reservoir's, an option is not allowed, the state is
        of another network, the engine cannot simulate this run, or the run would exceed the memory limit.
    DivergenceError
        When v or a current is no longer finite.

    Notes
    -----
    Order of events within a step: state update; threshold; background, then input spikes; recurrent pre events; recurrent
    post events; reset. A spike in step n is reported at time n dt and acts from step n + 1 on. k spikes of a channel
    within one step act as one spike with k times the weight (and trace, and depression). Delays and refractory periods
    are rounded to whole steps.

    A stimulus that does not fit in memory can be simulated in parts, each a whole number of steps long, linked by `state`.
    Spikes and v are then the same as in one run; weights agree up to rounding. Homeostasis is applied after every part, but
    the next part continues from the weights before it. A frozen background repeats with each value of Currents; with
    spike trains it continues from part to part.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import Currents, ReservoirSpec, build, simulate
    >>> reservoir = build(ReservoirSpec(neurons=40), seed=1, channels=1)
    >>> stimulus = Currents(np.ones((2, 10, 1)), dt=10)
    >>> activity = simulate(reservoir, stimulus, record=("counts", "states"), windows=5, sample_times=[50, 100])
    >>> activity.counts.shape, activity.states.shape
    ((2, 5, 40), (2, 2, 40))
    """
    record = _checked_record(record)
    blank, tau_state = duration_of("blank", blank, zero=True), positive("tau_state", tau_state, "ms")
    check_stimulus(stimulus)
    if not len(stimulus):
        raise InputError("stimulus", stimulus, "must hold at least one sample")
    generator(seed)  # raises for an invalid seed
    _check_memory(reservoir, stimulus, record, sample_times, windows, blank)
    times = _sample_times(sample_times, stimulus)
    wanted = _windows(windows)
    window_count = wanted if isinstance(wanted, int) else len(wanted) - 1
    if state is not None:
        if len(stimulus) != 1:
            raise InputError("stimulus", f"{len(stimulus)} samples", "must be one where a state is given")
        if isinstance(reservoir, Reservoir) and reservoir.input.delay.any():
            raise InputError("state", "of an earlier run", "holds no input in transit: with input delays, begin at rest")
        if not isinstance(reservoir, Reservoir):
            raise InputError("state", "of an earlier run", f"can be used with a reservoir, not with a {reservoir.kind}")
        state.check(reservoir, seed, tau_state if "states" in record else None)
        tau_state = state.tau_state
    batch = Batch(reservoir, stimulus, blank, seed, times, "v" in record, state)
    run = choose(engine, reservoir.kind, needs(reservoir, plastic, state is not None))
    samples, n, dt = len(stimulus), reservoir.neurons, reservoir.dt
    moments = len(times[0])

    spike_counts = np.zeros((samples, n), dtype=np.int64)
    counts = np.zeros((samples, window_count, n), dtype=np.int64) if "counts" in record else None
    states = np.zeros((samples, moments, n)) if "states" in record else None
    v = np.zeros((samples, moments, n)) if "v" in record else None
    spikes: list[tuple[np.ndarray, np.ndarray]] = []
    durations = batch.steps * dt
    final_state: NetworkState | None = None
    delivered = 0

    def check_engine(fault: str) -> None:
        # engines of other packages too: without this, numbers of a wrong shape may be broadcast into results
        if fault:
            raise InputError("engine", engine, f"did not keep to the contract of an engine ({run.__module__}): {fault}")

    def deliver(index: int, response: Response) -> None:
        nonlocal final_state, delivered
        check_engine("" if index == delivered else f"it delivered stimulus {index} after {delivered} others")
        check_engine(response.fault(n, moments if v is not None else None))
        delivered += 1
        when, who = response.spike_time, response.spike_neuron
        if when is None:
            when = response.spike_step * dt
        if response.duration is not None:
            durations[index] = response.duration
        spike_counts[index] = np.bincount(who, minlength=n)
        if counts is not None:
            if isinstance(wanted, int):
                window = equal_windows_of(when, stimulus.durations[index], wanted)
            else:
                window = windows_of(when, wanted)
            counts[index] = window_counts(window, who, window_count, n)
        if states is not None:
            states[index] = filtered_states(when, who, times[index % len(times)], tau_state, n)
            if state is not None:
                states[index] += np.exp(-times[index % len(times)] / tau_state)[:, None] * state.filtered
        if v is not None:
            v[index] = response.v
        if "spikes" in record:
            spikes.append((when, who))
        if response.end is not None and isinstance(reservoir, Reservoir) and not reservoir.input.delay.any():
            before = (state, batch.background_after(), tau_state, seed)
            final_state = state_after(response.end, response.spike_step, who, int(batch.steps[0]), reservoir, *before)

    with progress_bar(progress, total=float(batch.steps.sum() * dt), unit="ms simulated") as done:
        weights = run(reservoir, batch, plastic, deliver, lambda steps: done(steps * dt))
    check_engine("" if delivered == samples else f"it delivered {delivered} of {samples} stimuli")
    check_engine(weights.fault(reservoir) if plastic else "")

    return Activity(
        reservoir=reservoir.with_weights(weights.recurrent, weights.input) if plastic else reservoir,
        spike_counts=spike_counts,
        durations=durations,
        sample_times=np.broadcast_to(np.stack(times), (samples, moments)),
        recorded_spikes=_trains(spikes, n, durations) if "spikes" in record else None,
        recorded_counts=counts,
        recorded_states=states,
        recorded_v=v,
        final_state=final_state,
    )


def _check_memory(
    network: Network, stimulus: Stimulus, record: Sequence[str], sample_times: Any, windows: Any, blank: float
) -> None:
    """Check the memory of a run without its spikes, whose number is unknown; an error names the largest contribution."""
    samples, n = len(stimulus), network.neurons
    moments, intervals = (
        int(one) if isinstance(one, (int, np.integer)) else np.size(one) for one in (sample_times, windows)
    )
    # two more copies exist for the stimulus being simulated; the times are stored for all stimuli
    recorded = ("states" in record) * (samples + 2) + ("v" in record) * (samples + 1)
    longest = float(stimulus.durations.max()) + blank
    needed: list[tuple[float, str, object]] = [
        (8 * moments * (recorded * n + 2 * samples), "sample_times", moments),
        (8 * intervals * (("counts" in record) * (samples + 1) * n + samples), "windows", intervals),
        (24.0 * n * (stimulus.values.shape[1] if isinstance(stimulus, Currents) else 0), "stimulus", stimulus),
        (16 * (samples * n + network.channels), "stimulus", stimulus),
    ]
    if isinstance(network, Reservoir):
        rate, delay = network.background_rate, network.delay
        needed += [
            (_EVENT * longest / 1000 * float(rate.sum()), "background_rate", rate),
            (4 * n * (float(delay.max(initial=0.0)) / network.dt + 1), "delay", delay),
        ]
    _, field, value = max(needed, key=lambda one: one[0])
    check_memory(field, value, sum(min(amount, 1e300) for amount, _, _ in needed), "the run")


def _trains(spikes: list[tuple[np.ndarray, np.ndarray]], n: int, durations: np.ndarray) -> SpikeTrains:
    offsets = np.cumsum([0, *(len(when) for when, _ in spikes)])
    return SpikeTrains(
        np.concatenate([when for when, _ in spikes]),
        np.concatenate([who for _, who in spikes]),
        offsets,
        n_channels=n,
        duration=durations,
    )


def _checked_record(record: Sequence[str]) -> tuple[str, ...]:
    names = (record,) if isinstance(record, str) else tuple(record)
    for name in names:
        if name not in RECORDS:
            raise InputError("record", name, f"must be of {', '.join(RECORDS)}")
    return names


def _sample_times(sample_times: int | Sequence[float] | np.ndarray, stimulus: Stimulus) -> list[np.ndarray]:
    """Return the sample times of each stimulus, or one array for all."""
    if is_whole(sample_times):
        if sample_times < 1:
            raise InputError("sample_times", sample_times, "must be at least 1, or a list of times (ms)")
        return [np.linspace(0, duration, int(sample_times) + 1)[1:] for duration in stimulus.durations]
    times = float_vector("sample_times", sample_times)
    shortest = float(stimulus.durations.min())
    if not times.size or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputError("sample_times", times, "must be a list of ascending finite times (ms)")
    if times[0] <= 0 or times[-1] > shortest * (1 + 1e-9):
        raise InputError("sample_times", times, f"must lie in (0, {shortest:g}] ms, the shortest stimulus")
    return [times]


def _windows(windows: int | Sequence[float] | np.ndarray) -> int | np.ndarray:
    """Return `windows`, validated: their number or their edges."""
    if is_whole(windows):
        if windows < 1:
            raise InputError("windows", windows, "must be at least 1")
        return int(windows)
    edges = float_vector("windows", windows) if np.ndim(windows) else np.empty(0)
    if len(edges) < 2 or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any() or edges[0] < 0:
        raise InputError("windows", windows, "must be a number of windows, or ascending edges from 0 ms on")
    return edges
