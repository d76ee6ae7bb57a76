"""Simulation of a network for a batch of stimuli."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hrsnn.activity import Activity, NetworkType
from hrsnn.balanced.state import BalancedState
from hrsnn.engines import choose
from hrsnn.engines.capabilities import needs
from hrsnn.engines.network_state import NetworkState
from hrsnn.runtime.progress import progress_bar
from hrsnn.simulation.run import Request, Run, check_memory_of
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.units import takes


@takes(sample_times="ms", windows="ms", blank="ms", tau_state="ms")
def simulate(
    reservoir: NetworkType,
    stimulus: Stimulus,
    *,
    plastic: bool = False,
    engine: str = "auto",
    record: Sequence[str] = ("spikes",),
    record_neurons: Sequence[int] | Sequence[str] | None = None,
    sample_times: int | str | Sequence[float] | np.ndarray = 1,
    windows: int | Sequence[float] | np.ndarray = 1,
    blank: float = 0.0,
    tau_state: float = 20.0,
    seed: int = 0,
    state: NetworkState | BalancedState | None = None,
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
        Any of "spikes", "counts", "states", "v", "currents" (excitatory and inhibitory) and "adaptation". The spike count
        of each neuron in each stimulus is always recorded.
    record_neurons : sequence of int or str, optional
        Neurons of "v", "currents" and "adaptation", by ascending numbers or by labels; by default all. They are recorded in
        the order of their numbers.
    sample_times : int, array (ms) or "steps"
        Times of "states", "v", "currents" and "adaptation": the ends of K equal windows of each stimulus's own duration (1:
        its end); ascending times in (0, duration], the same for every stimulus; or "steps", the end of every step of dt, for
        stimuli of one duration. On a grid they are values after all events of the step that ends then or, within a step,
        at its end; in continuous time, values at the time itself, before its events.
    windows : int or array, ms
        Windows of "counts": K equal windows of each stimulus's own duration, or ascending edges [e_k, e_k+1), the same for
        every stimulus; counts are 0 in windows after the end of a stimulus.
    blank : float, ms
        Time without input after each stimulus.
    tau_state : float, ms
        Time constant of "states": x_i(t) = sum over spikes t_k < t of exp(-(t - t_k)/tau_state).
    seed : int
        Seed of the background input; nothing else is random.
    state : NetworkState or BalancedState, optional
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

    The currents of two neurons in every step, 16 bytes a neuron and step:

    >>> record = {"record": ("v", "currents"), "record_neurons": [3, 7], "sample_times": "steps"}
    >>> traced = simulate(reservoir, stimulus, **record)
    >>> traced.v.shape, traced.currents.shape
    ((2, 200, 2), (2, 200, 2, 2))
    """
    request = Request.of(record, sample_times, windows, blank, tau_state, record_neurons)
    check_memory_of([(reservoir, stimulus)], request, seed)
    one = Run(reservoir, stimulus, request, seed, state)
    function = choose(engine, reservoir.kind, needs(reservoir, plastic, state is not None) | request.needs())
    with progress_bar(progress, total=one.total, unit="ms simulated") as done:
        take = one.taken_from(engine, function)
        weights = function(reservoir, one.batch, plastic, take, lambda steps: done(steps * reservoir.dt))
    return one.activity(weights if plastic else None)
