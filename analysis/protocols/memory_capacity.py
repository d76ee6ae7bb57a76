"""Memory capacity read from spikes and from v, with and without recurrent links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hrsnn.activity import Activity
from hrsnn.analysis import MemoryCapacity
from hrsnn.analysis.protocols.task_scores import check_score, further_scores, null_scores
from hrsnn.analysis.runs import RunOptions, SeriesRun, rates_of, run_task
from hrsnn.analysis.runs.rates import Rates
from hrsnn.connectivity.null_models import Kept
from hrsnn.display import Tabular
from hrsnn.distributions import Distribution
from hrsnn.errors import InputError
from hrsnn.kinds import Network, NetworkSpec, build_network
from hrsnn.reading import has_decoder
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks import SeriesTask
from hrsnn.tasks.memory import memory as memory_task
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Noise = Literal["none", "fresh", "frozen"]


@dataclass(frozen=True)
class Memory(Tabular):
    """Memory capacities from spikes and from v, with and without recurrent links, as returned by :func:`memory`."""

    #: `spikes` and `v`: Memory capacity of exponentially filtered spikes, and of membrane potentials.
    spikes: MemoryCapacity
    v: MemoryCapacity
    #: `spikes_uncoupled` and `v_uncoupled`: The same for the reservoir without recurrent links.
    spikes_uncoupled: MemoryCapacity
    v_uncoupled: MemoryCapacity
    #: `spikes_bank` and `v_bank`: The same for the delay bank; None for a network without delays.
    spikes_bank: MemoryCapacity | None
    v_bank: MemoryCapacity | None
    #: Memory capacity of the present input value.
    raw_input: MemoryCapacity
    reservoir: Network
    #: Spikes of the whole run.
    activity: Activity[Network]
    rates: Rates
    #: Background input, as requested.
    noise: Noise | None
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]
    #: `decoded`, `decoded_uncoupled` and `ideal`: From the states that the network's own decoder makes of the spikes, with
    #: and without recurrent links, and from the states of the system that it follows; None for a network without a decoder.
    decoded: MemoryCapacity | None = None
    decoded_uncoupled: MemoryCapacity | None = None
    ideal: MemoryCapacity | None = None
    #: Further scores that were asked for, each as ``network`` and ``no_recurrence``.
    further: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    #: For each score, those of the null models that were asked for, by name.
    nulls: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def curves(self) -> dict[str, MemoryCapacity]:
        """Return all capacities by name, without those that the network does not have."""
        names = ("spikes", "v", "decoded", "spikes_uncoupled", "v_uncoupled", "decoded_uncoupled", "spikes_bank", "v_bank")
        found = {name: getattr(self, name) for name in (*names, "ideal", "raw_input")}
        return {name: one for name, one in found.items() if one is not None}

    def table(self) -> dict[str, list[Any]]:
        """Return the capacities as a table, columns by name: of what, capacity, ends of its interval, span (ms), bits."""
        curves = self.curves()
        ends = {name: [one.interval[k] for one in curves.values()] for k, name in enumerate(("low", "high"))}
        others = {name: [getattr(one, name) for one in curves.values()] for name in ("span", "bits")}
        return {"of": list(curves), "capacity": [one.total for one in curves.values()], **ends, **others}

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw the curves, controls dashed; see :func:`hrsnn.analysis.figures.memory_curve`."""
        from hrsnn.analysis.figures import memory_curve

        curves = self.curves()
        read: dict[str, MemoryCapacity] = {one: curves.pop(one) for one in ("spikes", "v", "decoded") if one in curves}
        return memory_curve(read, controls={_legend(name): one for name, one in curves.items()}, ax=ax)


def _legend(control: str) -> str:
    """Return the name of a control, which begins with what it reads but for the raw input."""
    return "raw input" if control == "raw_input" else control.replace("_", ", ", 1).replace("_", " ")


@takes(hold="ms")
def memory(
    spec: NetworkSpec | None = None,
    *,
    task: SeriesTask | None = None,
    seed: int = 0,
    values: int = 4000,
    hold: float = 20.0,
    max_delay: int = 100,
    noise: Noise | None = None,
    scores: Sequence[str] = (),
    nulls: Sequence[Kept] = (),
    engine: str = "auto",
    progress: bool = False,
) -> Memory:
    """Compute the linear memory capacity of a reservoir with fixed weights for values held for `hold` ms each.

    Parameters
    ----------
    spec : NetworkSpec, optional
        Specification of a network of any kind; by default a reservoir.
    task : SeriesTask, optional
        Values to reconstruct, one channel; by default the task :func:`hrsnn.tasks.memory.memory` of `values` and `hold`.
    seed : int
        Seed of the reservoir, the values, the background and the surrogates.
    values : int
        Number of values, uniform on (-1, 1).
    hold : float
        Time for which each value is held (ms).
    max_delay : int
        Longest delay, in values.
    noise : {"none", "fresh", "frozen"}, optional
        Background input: off, Poisson spikes that never repeat, or spikes that repeat at every value; with the rate and
        weight of the spec, 20 Hz if its rate is 0. Default: as in the spec.
    scores : sequence of str
        Further scores, by their names in :data:`hrsnn.analysis.scoring.registry.SCORES`.
    nulls : sequence of {"degree", "sign", "distance"}
        Null models of the links whose scores are computed too: :func:`hrsnn.connectivity.null_models.null_model`.
    engine : str
    progress : bool

    Returns
    -------
    Memory

    Raises
    ------
    InputError
        When an option is not allowed, or there are too few values.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> result = memory(ReservoirSpec(neurons=30), values=600, max_delay=10)
    >>> result.spikes.total < result.reservoir.neurons
    True
    """
    task = memory_task(values=values, hold=hold, seed=seed) if task is None else task
    options = RunOptions(seed=seed, engine=engine, max_delay=max_delay, progress=progress, watch=Stopwatch())
    background = _with_background(spec or ReservoirSpec(), noise)
    for name in scores:
        check_score(name, task.kind)
    run = run_task(lambda channels: build_network(background, seed, channels), task, options)
    assert isinstance(run, SeriesRun)
    uncoupled, bank, ideal = run.without_recurrence, run.delay_bank, run.of_ideal_system
    return Memory(
        spikes=run.capacity("states"),
        v=run.capacity("v"),
        spikes_uncoupled=uncoupled.capacity("states"),
        v_uncoupled=uncoupled.capacity("v"),
        spikes_bank=None if bank is None else bank.capacity("states"),
        v_bank=None if bank is None else bank.capacity("v"),
        raw_input=run.input_capacity,
        reservoir=run.network,
        activity=run.activity,
        rates=rates_of(run),
        noise=noise,
        decoded=run.capacity("decoded") if has_decoder(run.network) else None,
        decoded_uncoupled=uncoupled.capacity("decoded") if has_decoder(uncoupled.network) else None,
        ideal=None if ideal is None else ideal.capacity("decoded"),
        further=further_scores(run, scores),
        nulls=null_scores(run, nulls, ("memory_capacity", "memory_capacity_v", *scores)),
        timing=options.watch.seconds,
    )


def _with_background(spec: NetworkSpec, noise: Noise | None) -> NetworkSpec:
    if noise is None:
        return spec
    if not isinstance(spec, ReservoirSpec):
        raise InputError("noise", noise, f"is the background input of a reservoir, which a {spec.kind} does not have")
    if noise not in ("none", "fresh", "frozen"):
        raise InputError("noise", noise, "must be none, fresh or frozen")
    if noise == "none":
        return spec.updated({"background_rate": 0.0})
    rate = spec.background_rate
    off = (rate.support[1] if isinstance(rate, Distribution) else rate.max()) == 0
    return spec.updated({**({"background_rate": 20.0} if off else {}), "background_frozen": noise == "frozen"})
