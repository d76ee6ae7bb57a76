"""Simulation of several networks of equal size at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat

import numpy as np

from hrsnn.activity import Activity
from hrsnn.engines import ENGINES, check_runs
from hrsnn.engines.capabilities import needs
from hrsnn.engines.contract import PopulationFunction
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.progress import progress_bar
from hrsnn.simulation.run import Request, Run, check_memory_of
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.units import takes

PRECISIONS = ("float64", "float32")


@takes(sample_times="ms", windows="ms", blank="ms", tau_state="ms")
def simulate_population(
    networks: Sequence[Reservoir],
    stimuli: Stimulus | Sequence[Stimulus],
    *,
    plastic: bool = False,
    engine: str = "auto",
    precision: str = "float64",
    record: Sequence[str] = ("spikes",),
    record_neurons: Sequence[int] | Sequence[str] | None = None,
    sample_times: int | str | Sequence[float] | np.ndarray = 1,
    windows: int | Sequence[float] | np.ndarray = 1,
    blank: float = 0.0,
    tau_state: float = 20.0,
    seed: int = 0,
    progress: bool | Callable[[float, float], None] = False,
) -> list[Activity]:
    """Simulate several reservoirs of equal size at once, such as seeds of one spec or specs of a search.

    Each network's result is that of ``simulate(network, stimulus, engine=engine, ...)``, in float64 to the last bit.

    Parameters
    ----------
    networks : sequence of Reservoir
        R networks with the same number of neurons and the same dt; links, delays and all other parameters may differ.
    stimuli : SpikeTrains or Currents, or a sequence of them
        One for all networks, or R of them, one for each network; their numbers of samples and durations may differ.
    plastic : bool
        Refused: networks that learn are simulated one at a time, by :func:`hrsnn.simulate`.
    engine : str
        One that simulates populations: "compiled", "torch" or "torch-cuda", or one of an installed package; "auto" is
        "compiled", and "torch" in float32.
    precision : str
        "float64", or "float32", which the compiled engine does not have, and whose rounding may shift a spike to another
        step, after which the runs part. Dense networks are faster in it: from a density of 0.2 on, currents are products
        with dense matrices, whose rounding depends on the numbers of networks and stimuli.
    record, record_neurons, sample_times, windows, blank, tau_state, progress
        As for :func:`hrsnn.simulate`.
    seed : int
        Seed of the background input, the same for each network.

    Returns
    -------
    list of Activity
        One for each network, in order; without ``state``, which a run of one network has.

    Raises
    ------
    InputError
        When there are no networks, they are none, of unequal size or dt, or are to learn, the number of stimuli is another,
        the engine simulates no populations or lacks a feature, and as for :func:`hrsnn.simulate`.
    DivergenceError
        When v or a current is no longer finite, with the number of the network.

    Notes
    -----
    On the compiled engine the networks are tasks of ``OMP_NUM_THREADS`` threads. On "torch" they are simulated as one
    without links between them: a step has the same number of calls for any number of networks. Memory is bounded there: as
    many networks and stimuli are simulated at once as fit in 256 MiB, at most 256 pairs of them; on an accelerator, in a
    quarter of its free memory.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import Currents, ReservoirSpec, build, simulate_population
    >>> networks = [build(ReservoirSpec(neurons=30), seed=seed, channels=1) for seed in range(5)]
    >>> activities = simulate_population(networks, Currents(np.ones((2, 4, 1)), dt=10))
    >>> len(activities), activities[0].spike_counts.shape
    (5, (2, 30))
    """
    networks = list(networks)
    _check_alike(networks)
    each = _stimuli_of(stimuli, len(networks))
    if precision not in PRECISIONS:
        raise InputError("precision", precision, f"must be one of {', '.join(PRECISIONS)}")
    request = Request.of(record, sample_times, windows, blank, tau_state, record_neurons)
    check_memory_of(list(zip(networks, each, strict=True)), request, seed)
    if plastic:
        raise InputError("plastic", plastic, "must be False: simulate networks that learn one at a time")
    if engine == "auto":
        engine = "torch" if precision == "float32" else "compiled"
    function = _function(engine, request.needs().union(*(needs(one, plastic) for one in networks)))
    runs = [Run(*pair, request, seed) for pair in zip(networks, each, strict=True)]
    take = [run.taken_from(engine, function) for run in runs]
    dt = networks[0].dt
    with progress_bar(progress, total=sum(run.total for run in runs), unit="ms simulated") as done:
        batches = [run.batch for run in runs]
        function(networks, batches, lambda which, *given: take[which](*given), lambda steps: done(steps * dt), precision)
    return [run.activity() for run in runs]


def _check_alike(networks: list[Reservoir]) -> None:
    if not networks:
        raise InputError("networks", networks, "must have at least one Reservoir")
    for index, one in enumerate(networks):
        for name in ("neurons", "dt"):
            value, first = getattr(one, name), getattr(networks[0], name)
            if value != first:
                raise InputError(f"networks[{index}].{name}", value, f"must be {first}, as of the first network")


def _stimuli_of(stimuli: Stimulus | Sequence[Stimulus], networks: int) -> list[Stimulus]:
    if hasattr(stimuli, "durations"):
        return list(repeat(stimuli, networks))  # type: ignore[arg-type]
    each: list[Stimulus] = list(stimuli)
    if len(each) != networks:
        raise InputError("stimuli", f"{len(each)} stimuli", f"must be one for all networks, or {networks}, one for each")
    return each


def _function(engine: str, needed: set[str]) -> PopulationFunction:
    """Return the function of an engine that simulates populations."""
    able = ENGINES.where(lambda one: one.load_population is not None)
    if engine not in able:
        ENGINES.check(engine)
        raise InputError("engine", engine, f"simulates no populations; engines that can: {', '.join(able)}")
    check_runs(engine, "reservoir", needed)
    load = able[engine].load_population
    assert load is not None
    try:
        return load()
    except ImportError as error:
        raise InputError("engine", engine, f"cannot be loaded here ({error})") from error
